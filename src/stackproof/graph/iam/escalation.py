"""Combinations of grants that are as good as administrator rights.

Source: the actions' descriptions in the Service Authorization Reference; the combinations are those that published research on
IAM privilege escalation names (attach or rewrite a policy, take over a login, pass a stronger role to compute).
"""

# Each is a set of actions that together raise their holder's rights. An action on a resource of one's own choice matters:
# on one named role, key or function of the stack it is judged by the other controls.
ALONE = (
    ("iam:CreatePolicyVersion",),
    ("iam:SetDefaultPolicyVersion",),
    ("iam:AttachUserPolicy",),
    ("iam:AttachGroupPolicy",),
    ("iam:AttachRolePolicy",),
    ("iam:PutUserPolicy",),
    ("iam:PutGroupPolicy",),
    ("iam:PutRolePolicy",),
    ("iam:AddUserToGroup",),
    ("iam:UpdateAssumeRolePolicy",),
    ("iam:DeleteRolePermissionsBoundary",),
    ("iam:DeleteUserPermissionsBoundary",),
    ("iam:PutRolePermissionsBoundary",),
    ("iam:CreateAccessKey",),
    ("iam:CreateLoginProfile",),
    ("iam:UpdateLoginProfile",),
    ("iam:CreateServiceSpecificCredential",),
    ("iam:UpdateSAMLProvider",),
    ("sts:AssumeRole",),
    ("lambda:UpdateFunctionCode",),
    ("lambda:UpdateFunctionConfiguration",),
    ("ssm:SendCommand",),
    ("ssm:StartSession",),
    ("ecs:ExecuteCommand",),
    ("codebuild:StartBuild", "codebuild:UpdateProject"),
    ("cloudformation:UpdateStack",),
    ("cloudformation:ExecuteChangeSet", "cloudformation:CreateChangeSet"),
    ("ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"),
)
# With iam:PassRole: what starts something under the role that is passed.
WITH_PASS_ROLE = (
    ("lambda:CreateFunction",),
    ("ec2:RunInstances",),
    ("ecs:RunTask",),
    ("ecs:RegisterTaskDefinition",),
    ("ecs:CreateService",),
    ("batch:RegisterJobDefinition",),
    ("batch:SubmitJob",),
    ("cloudformation:CreateStack",),
    ("cloudformation:CreateChangeSet",),
    ("glue:CreateDevEndpoint",),
    ("glue:CreateJob",),
    ("glue:UpdateJob",),
    ("sagemaker:CreateNotebookInstance",),
    ("sagemaker:CreateTrainingJob",),
    ("sagemaker:CreateProcessingJob",),
    ("codebuild:CreateProject",),
    ("codepipeline:CreatePipeline",),
    ("datapipeline:CreatePipeline",),
    ("states:CreateStateMachine",),
    ("states:UpdateStateMachine",),
    ("scheduler:CreateSchedule",),
    ("events:PutTargets",),
    ("apprunner:CreateService",),
    ("ssm:StartAutomationExecution",),
    ("iam:AddRoleToInstanceProfile",),
    ("bedrock:CreateAgent",),
)
