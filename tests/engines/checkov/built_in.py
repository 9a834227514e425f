"""For each of checkov's own checks that the catalogue names: a resource that passes, and some that fail at a place."""

from typing import Any

Json = Any
KEY = {"Ref": "Key"}
OPEN = [{"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "CidrIp": "0.0.0.0/0"}]
OPEN_6 = [{"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "CidrIpv6": "::/0"}]
CLOSED = [{"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "CidrIp": "10.0.0.0/8"}]


def _trust(principal: Json) -> Json:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def _distribution(**settings: Json) -> Json:
    return {"DistributionConfig": settings}


def _switch(kind: str, *path: str, on: Json = True, off: Json = False) -> tuple[str, Json, dict[str, Json]]:
    """A check that wants `on` at a path, and takes neither `off` nor nothing."""

    def at(value: Json) -> Json:
        for step in reversed(path):
            value = {step: value}
        return value

    return kind, at(on), {"/".join(("Properties", *path)): at(off), "Properties": {}}


def _key(kind: str, *path: str) -> tuple[str, Json, dict[str, Json]]:
    """A check that wants a value at a path, whichever."""
    _, good, _ = _switch(kind, *path, on=KEY)
    return kind, good, {"Properties": {}}


# check: (type, properties that pass, {place of the fault: properties that fail})
BUILT_IN: dict[str, tuple[str, Json, dict[str, Json]]] = {
    "CKV_AWS_3": _switch("AWS::EC2::Volume", "Encrypted"),
    "CKV_AWS_5": _switch("AWS::Elasticsearch::Domain", "EncryptionAtRestOptions", "Enabled"),
    "CKV_AWS_6": _switch("AWS::Elasticsearch::Domain", "NodeToNodeEncryptionOptions", "Enabled"),
    "CKV_AWS_17": (
        "AWS::RDS::DBInstance",
        {"PubliclyAccessible": False},
        {"Properties/PubliclyAccessible": {"PubliclyAccessible": True}},
    ),
    "CKV_AWS_20": (
        "AWS::S3::Bucket",
        {"AccessControl": "Private"},
        {"Properties/AccessControl": {"AccessControl": "PublicRead"}},
    ),
    "CKV_AWS_21": _switch("AWS::S3::Bucket", "VersioningConfiguration", "Status", on="Enabled", off="Suspended"),
    "CKV_AWS_24": (
        "AWS::EC2::SecurityGroup",
        {"SecurityGroupIngress": CLOSED},
        {"Properties/SecurityGroupIngress": {"SecurityGroupIngress": OPEN}},
    ),
    "CKV_AWS_25": (
        "AWS::EC2::SecurityGroup",
        {"SecurityGroupIngress": CLOSED},
        {"Properties/SecurityGroupIngress": {"SecurityGroupIngress": OPEN_6}},
    ),
    "CKV_AWS_26": _key("AWS::SNS::Topic", "KmsMasterKeyId"),
    "CKV_AWS_27": _key("AWS::SQS::Queue", "KmsMasterKeyId"),
    "CKV_AWS_28": _switch("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"),
    "CKV_AWS_29": _switch("AWS::ElastiCache::ReplicationGroup", "AtRestEncryptionEnabled"),
    "CKV_AWS_30": _switch("AWS::ElastiCache::ReplicationGroup", "TransitEncryptionEnabled"),
    "CKV_AWS_34": (
        "AWS::CloudFront::Distribution",
        _distribution(DefaultCacheBehavior={"ViewerProtocolPolicy": "redirect-to-https"}),
        {
            "Properties/DistributionConfig/DefaultCacheBehavior/ViewerProtocolPolicy": _distribution(
                DefaultCacheBehavior={"ViewerProtocolPolicy": "allow-all"}
            ),
            "Properties/DistributionConfig/CacheBehaviors/1/ViewerProtocolPolicy": _distribution(
                CacheBehaviors=[{"ViewerProtocolPolicy": "https-only"}, {"ViewerProtocolPolicy": "allow-all"}]
            ),
        },
    ),
    "CKV_AWS_35": _key("AWS::CloudTrail::Trail", "KMSKeyId"),
    "CKV_AWS_36": _switch("AWS::CloudTrail::Trail", "EnableLogFileValidation"),
    "CKV_AWS_42": _switch("AWS::EFS::FileSystem", "Encrypted"),
    "CKV_AWS_43": _switch("AWS::Kinesis::Stream", "StreamEncryption", "EncryptionType", on="KMS", off="NONE"),
    "CKV_AWS_44": _switch("AWS::Neptune::DBCluster", "StorageEncrypted"),
    "CKV_AWS_47": _switch("AWS::DAX::Cluster", "SSESpecification", "SSEEnabled"),
    "CKV_AWS_53": _switch("AWS::S3::Bucket", "PublicAccessBlockConfiguration", "BlockPublicAcls"),
    "CKV_AWS_54": _switch("AWS::S3::Bucket", "PublicAccessBlockConfiguration", "BlockPublicPolicy"),
    "CKV_AWS_55": _switch("AWS::S3::Bucket", "PublicAccessBlockConfiguration", "IgnorePublicAcls"),
    "CKV_AWS_56": _switch("AWS::S3::Bucket", "PublicAccessBlockConfiguration", "RestrictPublicBuckets"),
    "CKV_AWS_57": (
        "AWS::S3::Bucket",
        {"AccessControl": "Private"},
        {"Properties/AccessControl": {"AccessControl": "PublicReadWrite"}},
    ),
    "CKV_AWS_58": (
        "AWS::EKS::Cluster",
        {"EncryptionConfig": [{"Resources": ["secrets"], "Provider": {"KeyArn": KEY}}]},
        {"Properties": {}, "Properties/EncryptionConfig": {"EncryptionConfig": [{"Provider": {"KeyArn": KEY}}]}},
    ),
    "CKV_AWS_60": (
        "AWS::IAM::Role",
        _trust({"Service": "lambda.amazonaws.com"}),
        {"Properties/AssumeRolePolicyDocument/Statement/0/Principal/AWS": _trust({"AWS": "*"})},
    ),
    "CKV_AWS_64": _switch("AWS::Redshift::Cluster", "Encrypted"),
    "CKV_AWS_69": _switch("AWS::AmazonMQ::Broker", "PubliclyAccessible", on=False, off=True),
    "CKV_AWS_74": _switch("AWS::DocDB::DBCluster", "StorageEncrypted"),
    "CKV_AWS_76": _key("AWS::ApiGateway::Stage", "AccessLogSetting", "DestinationArn"),
    "CKV_AWS_78": (
        "AWS::CodeBuild::Project",
        {"Artifacts": {"Type": "S3"}},
        {"Properties/Artifacts": {"Artifacts": {"Type": "S3", "EncryptionDisabled": True}}},
    ),
    "CKV_AWS_79": _switch(
        "AWS::EC2::LaunchTemplate", "LaunchTemplateData", "MetadataOptions", "HttpTokens", on="required", off="optional"
    ),
    "CKV_AWS_80": (
        "AWS::MSK::Cluster",
        {"LoggingInfo": {"BrokerLogs": {"S3": {"Enabled": True}}}},
        {"Properties": {}, "Properties/LoggingInfo": {"LoggingInfo": {"BrokerLogs": {"S3": {"Enabled": False}}}}},
    ),
    "CKV_AWS_83": _switch("AWS::Elasticsearch::Domain", "DomainEndpointOptions", "EnforceHTTPS"),
    "CKV_AWS_84": (
        "AWS::OpenSearchService::Domain",
        {"LogPublishingOptions": {"AUDIT_LOGS": {"Enabled": True}}},
        {
            "": {},
            "Properties/LogPublishingOptions": {"LogPublishingOptions": {"AUDIT_LOGS": {"Enabled": False}}},
        },
    ),
    "CKV_AWS_85": (
        "AWS::DocDB::DBCluster",
        {"EnableCloudwatchLogsExports": ["audit"]},
        {"Properties": {}, "Properties/EnableCloudwatchLogsExports": {"EnableCloudwatchLogsExports": ["none"]}},
    ),
    "CKV_AWS_89": _switch("AWS::DMS::ReplicationInstance", "PubliclyAccessible", on=False, off=True),
    "CKV_AWS_90": (
        "AWS::DocDB::DBClusterParameterGroup",
        {"Parameters": {"tls": "enabled"}},
        {"Properties/Parameters/tls": {"Parameters": {"tls": "disabled"}}},
    ),
    "CKV_AWS_92": _switch("AWS::ElasticLoadBalancing::LoadBalancer", "AccessLoggingPolicy", "Enabled"),
    "CKV_AWS_94": (
        "AWS::Glue::DataCatalogEncryptionSettings",
        {
            "DataCatalogEncryptionSettings": {
                "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": True},
                "EncryptionAtRest": {"CatalogEncryptionMode": "SSE-KMS"},
            }
        },
        {
            "Properties": {},
            "Properties/DataCatalogEncryptionSettings": {
                "DataCatalogEncryptionSettings": {"EncryptionAtRest": {"CatalogEncryptionMode": "SSE-KMS"}}
            },
        },
    ),
    "CKV_AWS_95": _key("AWS::ApiGatewayV2::Stage", "AccessLogSettings", "DestinationArn"),
    "CKV_AWS_96": _switch("AWS::RDS::DBCluster", "StorageEncrypted"),
    "CKV_AWS_97": (
        "AWS::ECS::TaskDefinition",
        {"Volumes": [{"EFSVolumeConfiguration": {"TransitEncryption": "ENABLED"}}]},
        {
            "Properties/Volumes/0/EFSVolumeConfiguration": {
                "Volumes": [{"EFSVolumeConfiguration": {"TransitEncryption": "DISABLED"}}]
            }
        },
    ),
    "CKV_AWS_99": (
        "AWS::Glue::SecurityConfiguration",
        {
            "EncryptionConfiguration": {
                "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS"},
                "JobBookmarksEncryption": {"JobBookmarksEncryptionMode": "CSE-KMS"},
                "S3Encryptions": [{"S3EncryptionMode": "SSE-KMS"}],
            }
        },
        {"Properties": {}, "Properties/EncryptionConfiguration": {"EncryptionConfiguration": {"S3Encryptions": []}}},
    ),
    "CKV_AWS_100": (
        "AWS::EKS::Nodegroup",
        {"RemoteAccess": {"Ec2SshKey": "key", "SourceSecurityGroups": ["sg-1"]}},
        {"Properties/RemoteAccess/Ec2SshKey": {"RemoteAccess": {"Ec2SshKey": "key"}}},
    ),
    "CKV_AWS_101": (
        "AWS::Neptune::DBCluster",
        {"EnableCloudwatchLogsExports": ["audit"]},
        {"Properties": {}, "Properties/EnableCloudwatchLogsExports": {"EnableCloudwatchLogsExports": []}},
    ),
    "CKV_AWS_105": (
        "AWS::Redshift::ClusterParameterGroup",
        {"Parameters": [{"ParameterName": "require_ssl", "ParameterValue": "true"}]},
        {
            "Properties": {},
            "Properties/Parameters": {"Parameters": [{"ParameterName": "require_ssl", "ParameterValue": "false"}]},
        },
    ),
    "CKV_AWS_119": (
        "AWS::DynamoDB::Table",
        {"SSESpecification": {"SSEEnabled": True, "KMSMasterKeyId": KEY}},
        {"Properties": {}, "Properties/SSESpecification/SSEEnabled": {"SSESpecification": {"SSEEnabled": True}}},
    ),
    "CKV_AWS_149": (
        "AWS::SecretsManager::Secret",
        {"KmsKeyId": KEY},
        {"Properties": {}, "Properties/KmsKeyId": {"KmsKeyId": "alias/aws/secretsmanager"}},
    ),
    "CKV_AWS_155": _switch("AWS::WorkSpaces::Workspace", "UserVolumeEncryptionEnabled"),
    "CKV_AWS_156": _switch("AWS::WorkSpaces::Workspace", "RootVolumeEncryptionEnabled"),
    "CKV_AWS_158": _key("AWS::Logs::LogGroup", "KmsKeyId"),
    "CKV_AWS_160": _key("AWS::Timestream::Database", "KmsKeyId"),
    "CKV_AWS_164": _switch("AWS::Transfer::Server", "EndpointType", on="VPC", off="PUBLIC"),
    "CKV_AWS_166": _key("AWS::Backup::BackupVault", "EncryptionKeyArn"),
    "CKV_AWS_173": (
        "AWS::Lambda::Function",
        {"Environment": {"Variables": {"A": "b"}}, "KmsKeyArn": KEY},
        {"Properties": {"Environment": {"Variables": {"A": "b"}}}},
    ),
    "CKV_AWS_174": _switch(
        "AWS::CloudFront::Distribution",
        "DistributionConfig",
        "ViewerCertificate",
        "MinimumProtocolVersion",
        on="TLSv1.2_2021",
        off="TLSv1.1_2016",
    ),
    "CKV_AWS_187": _key("AWS::SageMaker::NotebookInstance", "KmsKeyId"),
    "CKV_AWS_193": _key("AWS::AppSync::GraphQLApi", "LogConfig", "CloudWatchLogsRoleArn"),
    "CKV_AWS_197": _switch("AWS::AmazonMQ::Broker", "Logs", "Audit"),
    "CKV_AWS_258": (
        "AWS::Lambda::Url",
        {"AuthType": "AWS_IAM"},
        {"Properties/AuthType": {"AuthType": "NONE"}},
    ),
    "CKV_AWS_291": (
        "AWS::MSK::Cluster",
        {"BrokerNodeGroupInfo": {"ConnectivityInfo": {"PublicAccess": {"Type": "DISABLED"}}}},
        {
            "Properties/BrokerNodeGroupInfo/ConnectivityInfo/PublicAccess/Type": {
                "BrokerNodeGroupInfo": {"ConnectivityInfo": {"PublicAccess": {"Type": "SERVICE_PROVIDED_EIPS"}}}
            }
        },
    ),
    "CKV_AWS_360": (
        "AWS::DocDB::DBCluster",
        {"BackupRetentionPeriod": 7},
        {"Properties": {}, "Properties/BackupRetentionPeriod": {"BackupRetentionPeriod": 6}},
    ),
    "CKV_AWS_361": (
        "AWS::Neptune::DBCluster",
        {"BackupRetentionPeriod": 7},
        {"Properties": {}, "Properties/BackupRetentionPeriod": {"BackupRetentionPeriod": 6}},
    ),
    "CKV_AWS_364": (
        "AWS::Lambda::Permission",
        {"Principal": "s3.amazonaws.com", "SourceAccount": "123456789012"},
        {"Properties/Principal": {"Principal": "s3.amazonaws.com"}},
    ),
    "CKV_AWS_373": _key("AWS::Bedrock::Agent", "CustomerEncryptionKeyArn"),
}
