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
        fields={"updatePolicy": "updatePolicy", "computeResources": "computeResources"},
        reads={"DescribeComputeEnvironments": Read(items="computeEnvironments", key="answer:computeEnvironmentName")},
        forgets={"DeleteComputeEnvironment": "computeEnvironment"},
        reason="moto has no update policy, and of an update of the resources it takes the numbers of vCPUs alone",
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
