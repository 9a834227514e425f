"""What AWS's documentation says of services, principals and conditions, as data."""

GLOBAL_KEYS = frozenset(
    key.lower()
    for key in (
        # IAM User Guide, AWS global condition context keys
        "aws:CalledVia aws:CalledViaFirst aws:CalledViaLast aws:ChatbotSourceArn aws:CurrentTime aws:Ec2InstanceSourceVpc "
        "aws:Ec2InstanceSourcePrivateIPv4 aws:EpochTime aws:FederatedProvider aws:MultiFactorAuthAge aws:TokenAge "
        "aws:MultiFactorAuthPresent aws:PrincipalAccount aws:PrincipalArn aws:PrincipalIsAWSService aws:PrincipalOrgID "
        "aws:PrincipalOrgPaths aws:PrincipalServiceName aws:PrincipalServiceNamesList aws:PrincipalType aws:referer "
        "aws:RequestedRegion aws:ResourceAccount aws:ResourceOrgID aws:ResourceOrgPaths aws:SecureTransport aws:SourceAccount "
        "aws:SourceArn aws:SourceIdentity aws:SourceIp aws:SourceOrgID aws:SourceOrgPaths aws:SourceOwner aws:SourceVpc "
        "aws:SourceVpcArn aws:SourceVpce aws:TagKeys aws:TokenIssueTime aws:UserAgent aws:userid aws:username "
        "aws:ViaAWSService aws:VpceAccount aws:VpceOrgID aws:VpceOrgPaths aws:VpcSourceIp aws:AssumedRoot "
        "aws:SourceInstanceARN ec2:SourceInstanceARN ec2:RoleDelivery glue:RoleAssumedBy glue:CredentialIssuingService "
        "lambda:SourceFunctionArn ssm:SourceInstanceArn identitystore:UserId aws:IsMcpServiceAction aws:ViaAWSMCPService"
    ).split()
)
GLOBAL_PREFIXES = ("aws:principaltag/", "aws:requesttag/", "aws:resourcetag/")

# IAM User Guide, JSON policy elements: condition operators; each but Null may end in IfExists, each may follow a set operator.
OPERATORS = frozenset(
    (
        "StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike NumericEquals "
        "NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan NumericGreaterThanEquals DateEquals "
        "DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals Bool BinaryEquals IpAddress "
        "NotIpAddress ArnEquals ArnLike ArnNotEquals ArnNotLike Null"
    ).split()
)

# Keys that say on whose behalf a request comes: with exact values they close a policy that is open to everybody.
CLOSING_ACCOUNTS = frozenset(("aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount"))
CLOSING_ARNS = frozenset(("aws:principalarn", "aws:sourcearn"))
CLOSING_OTHERS = frozenset(
    ("aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc", "aws:sourcevpce")
    + ("aws:vpceaccount", "aws:vpceorgid", "s3:dataaccesspointaccount", "s3:dataaccesspointarn", "aws:userid")
)

# The source keys that a service sends when it assumes a role ("account": aws:SourceAccount is demanded; "none": the
# service sends neither, and a condition would lock it out). Lambda, ECS, VPC, EventBridge, Scheduler, Batch and others:
# their guides' pages on the confused deputy.
TRUST_SOURCES = {
    "lambda.amazonaws.com": "account",
    "ecs-tasks.amazonaws.com": "account",
    "vpc-flow-logs.amazonaws.com": "account",
    "scheduler.amazonaws.com": "account",
    "pipes.amazonaws.com": "account",
    "states.amazonaws.com": "account",
    "batch.amazonaws.com": "account",
    "backup.amazonaws.com": "account",
    "firehose.amazonaws.com": "account",
    "codebuild.amazonaws.com": "account",
    "transfer.amazonaws.com": "account",
    "bedrock.amazonaws.com": "account",
    "sagemaker.amazonaws.com": "account",
    "logs.amazonaws.com": "account",
    "ec2.amazonaws.com": "none",
    "spotfleet.amazonaws.com": "none",
    "eks.amazonaws.com": "none",
    "edgelambda.amazonaws.com": "none",
}

# Which service takes a role that a resource names: (type, property path) -> service principal.
ROLE_USERS = {
    ("AWS::Lambda::Function", ("Role",)): "lambda.amazonaws.com",
    ("AWS::IAM::InstanceProfile", ("Roles", "*")): "ec2.amazonaws.com",
    ("AWS::Batch::JobDefinition", ("ContainerProperties", "JobRoleArn")): "ecs-tasks.amazonaws.com",
    ("AWS::Batch::JobDefinition", ("ContainerProperties", "ExecutionRoleArn")): "ecs-tasks.amazonaws.com",
    ("AWS::Batch::JobDefinition", ("EcsProperties", "TaskProperties", "*", "TaskRoleArn")): "ecs-tasks.amazonaws.com",
    ("AWS::Batch::JobDefinition", ("EcsProperties", "TaskProperties", "*", "ExecutionRoleArn")): "ecs-tasks.amazonaws.com",
    ("AWS::Batch::ComputeEnvironment", ("ServiceRole",)): "batch.amazonaws.com",
    ("AWS::ECS::TaskDefinition", ("TaskRoleArn",)): "ecs-tasks.amazonaws.com",
    ("AWS::ECS::TaskDefinition", ("ExecutionRoleArn",)): "ecs-tasks.amazonaws.com",
    ("AWS::EC2::FlowLog", ("DeliverLogsPermissionArn",)): "vpc-flow-logs.amazonaws.com",
    ("AWS::Scheduler::Schedule", ("Target", "RoleArn")): "scheduler.amazonaws.com",
    ("AWS::Events::Rule", ("Targets", "*", "RoleArn")): "events.amazonaws.com",
    ("AWS::Pipes::Pipe", ("RoleArn",)): "pipes.amazonaws.com",
    ("AWS::StepFunctions::StateMachine", ("RoleArn",)): "states.amazonaws.com",
    ("AWS::CodeBuild::Project", ("ServiceRole",)): "codebuild.amazonaws.com",
    ("AWS::KinesisFirehose::DeliveryStream", ("ExtendedS3DestinationConfiguration", "RoleARN")): "firehose.amazonaws.com",
    ("AWS::Backup::BackupSelection", ("BackupSelection", "IamRoleArn")): "backup.amazonaws.com",
}

# Service principals to which a key's policy may give the use of the key without a source condition: EventBridge sends
# none to an encrypted topic, and delivery would stop without a sound (SNS, Key management, Important).
KEY_WITHOUT_SOURCE = frozenset(("events.amazonaws.com",))

# Made while the stack runs, under names that a template can't know: a grant on all of them is no wildcard by choice.
RUNTIME_KINDS = frozenset(
    (
        "batch:job ecs:container-instance ecs:task ec2:instance ec2:volume ec2:network-interface ec2:snapshot "
        "states:execution states:express codebuild:build logs:log-stream ssm:session ecs:cluster"
    ).split()
)
# ... of which these only where the template has somebody who makes them.
RUNTIME_MAKERS = {"ecs:cluster": "AWS::Batch::ComputeEnvironment"}

# Managed policies of AWS that grant whole services or the account, by name; and two whose names do not show it.
BROAD_MANAGED = (
    "AdministratorAccess*",
    "PowerUserAccess",
    "*FullAccess*",
    "SystemAdministrator",
    "DatabaseAdministrator",
    "NetworkAdministrator",
    "DataScientist",
    "IAMSelfManageServiceSpecificCredentials",
    "AmazonEC2RoleforSSM",
    "ReadOnlyAccess",
)

# Accounts of Elastic Load Balancing that deliver access logs in regions opened before August 2022 (ELB, Access logs).
AWS_ACCOUNTS = frozenset(
    (
        "127311923021 033677994240 027434742980 797873946194 098369216593 754344448648 589379963580 718504428378 383597477331 "
        "600734575887 114774131450 783225319266 582318560864 985666609251 054676820928 156460612806 652711504416 635631232127 "
        "009996457667 897822967062 076674570225 507241528517"
    ).split()
)
