"""The data of the supplements: what moto 5.2 loses, where it is written and read, and why the entry is there."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Read:
    """Where a kept value appears: in each item at `items` of the answer ("" is the answer itself); the item's name is
    at `key` (of the parameters, or after `answer:` of the item)."""

    items: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Supplement:
    """`writes`: operation -> where the name of the thing is; `fields`: parameter -> its place in the item read."""

    name: str
    service: str
    writes: Mapping[str, str]
    fields: Mapping[str, str]
    reads: Mapping[str, Read]
    reason: str
    forgets: Mapping[str, str] = field(default_factory=dict)


TABLE: tuple[Supplement, ...] = (
    Supplement(
        name="compute environment",
        service="batch",
        writes={
            "CreateComputeEnvironment": "computeEnvironmentName",
            "UpdateComputeEnvironment": "computeEnvironment",
        },
        fields={
            "computeResources": "computeResources",
            "ecsSettings": "ecsSettings",
            "updatePolicy": "updatePolicy",
        },
        reads={"DescribeComputeEnvironments": Read(items="computeEnvironments", key="answer:computeEnvironmentName")},
        forgets={"DeleteComputeEnvironment": "computeEnvironment"},
        reason="moto has no update policy and no ECS settings; an updated resource keeps but its numbers of vCPUs",
    ),
    Supplement(
        name="job definition",
        service="batch",
        writes={"RegisterJobDefinition": "answer:jobDefinitionArn"},
        fields={"schedulingPriority": "schedulingPriority"},
        reads={"DescribeJobDefinitions": Read(items="jobDefinitions", key="answer:jobDefinitionArn")},
        reason="moto has no scheduling priority",
    ),
    Supplement(
        name="table",
        service="dynamodb",
        writes={"CreateTable": "TableName", "UpdateTable": "TableName"},
        fields={"TableClass": "TableClassSummary.TableClass"},
        reads={"DescribeTable": Read(items="Table", key="answer:TableName")},
        forgets={"DeleteTable": "TableName"},
        reason="moto has no table classes",
    ),
    Supplement(
        name="endpoint",
        service="ec2",
        writes={"CreateVpcEndpoint": "answer:VpcEndpoint.VpcEndpointId"},
        fields={"IpAddressType": "IpAddressType"},
        reads={"DescribeVpcEndpoints": Read(items="VpcEndpoints", key="answer:VpcEndpointId")},
        reason="moto does not return the address type",
    ),
    Supplement(
        name="log group",
        service="logs",
        writes={"CreateLogGroup": "logGroupName"},
        fields={"deletionProtectionEnabled": "deletionProtectionEnabled", "logGroupClass": "logGroupClass"},
        reads={"DescribeLogGroups": Read(items="logGroups", key="answer:logGroupName")},
        forgets={"DeleteLogGroup": "logGroupName"},
        reason="moto has no classes of log groups and no deletion protection",
    ),
    Supplement(
        name="lifecycle",
        service="s3",
        writes={"PutBucketLifecycleConfiguration": "Bucket"},
        fields={"LifecycleConfiguration.Rules": "Rules"},
        reads={"GetBucketLifecycleConfiguration": Read(items="", key="Bucket")},
        forgets={"DeleteBucketLifecycle": "Bucket", "DeleteBucket": "Bucket"},
        reason="moto loses size filters and NewerNoncurrentVersions",
    ),
    Supplement(
        name="reserved concurrency",
        service="lambda",
        writes={"PutFunctionConcurrency": "FunctionName"},
        fields={"ReservedConcurrentExecutions": "Concurrency.ReservedConcurrentExecutions"},
        reads={"GetFunction": Read(items="", key="answer:Configuration.FunctionName")},
        forgets={"DeleteFunctionConcurrency": "FunctionName", "DeleteFunction": "FunctionName"},
        reason="moto returns none when it is 0, which stops the function",
    ),
    Supplement(
        name="function",
        service="lambda",
        writes={"CreateFunction": "FunctionName", "UpdateFunctionConfiguration": "FunctionName"},
        fields={"LoggingConfig": "LoggingConfig", "DeadLetterConfig": "DeadLetterConfig"},
        reads={
            "GetFunction": Read(items="Configuration", key="answer:FunctionName"),
            "GetFunctionConfiguration": Read(items="", key="answer:FunctionName"),
            "ListFunctions": Read(items="Functions", key="answer:FunctionName"),
        },
        forgets={"DeleteFunction": "FunctionName"},
        reason="moto has no logging configuration, and never returns the dead-letter target",
    ),
    Supplement(
        name="job queue",
        service="batch",
        writes={"CreateJobQueue": "jobQueueName", "UpdateJobQueue": "jobQueue"},
        fields={"jobStateTimeLimitActions": "jobStateTimeLimitActions"},
        reads={"DescribeJobQueues": Read(items="jobQueues", key="answer:jobQueueName")},
        forgets={"DeleteJobQueue": "jobQueue"},
        reason="moto has no job state time limits",
    ),
    Supplement(
        name="kms rotation",
        service="kms",
        writes={"EnableKeyRotation": "KeyId"},
        fields={"RotationPeriodInDays": "RotationPeriodInDays"},
        reads={"GetKeyRotationStatus": Read(items="", key="KeyId")},
        forgets={"DisableKeyRotation": "KeyId"},
        reason="moto knows rotation as on or off, without its period",
    ),
)
