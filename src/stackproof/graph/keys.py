"""What a customer key is: a key (or alias) of the template, or the name of one elsewhere, never one of AWS's own."""

import re
from collections.abc import Mapping
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.values import known
from stackproof.template.model import Path, Unknown, UnknownValueError
from stackproof.template.references import Reference, display, substitute, whole

KEYS = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
_ALIAS = "AWS::KMS::Alias"
_KEY_ATTRIBUTES = (None, "Arn", "KeyId")
# Values that only a deployment shows: a nested stack's outputs, a custom resource's data, a parameter's content.
_OPAQUE = ("Custom::", "AWS::CloudFormation::", "AWS::SSM::Parameter")
_LITERAL = re.compile(
    r"arn:[^:]+:kms:[^:]+:[^:]+:key/(?P<key>.+)|(?:arn:[^:]+:kms:[^:]+:[^:]+:)?alias/(?P<alias>.+)"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}"
)

# Where resources name a key, and whether only its ARN will do there (the schemas of the types). Buckets and volumes
# have rules of their own.
KEY_PROPERTIES: Mapping[str, tuple[tuple[Path, bool], ...]] = {
    "AWS::DynamoDB::Table": ((("SSESpecification", "KMSMasterKeyId"), False),),
    "AWS::DynamoDB::GlobalTable": ((("Replicas", "*", "SSESpecification", "KMSMasterKeyId"), False),),
    "AWS::SNS::Topic": ((("KmsMasterKeyId",), False),),
    "AWS::SQS::Queue": ((("KmsMasterKeyId",), False),),
    "AWS::Logs::LogGroup": ((("KmsKeyId",), True),),
    "AWS::Lambda::Function": ((("KmsKeyArn",), True),),
    "AWS::Kinesis::Stream": ((("StreamEncryption", "KeyId"), False),),
    "AWS::SecretsManager::Secret": ((("KmsKeyId",), False),),
    "AWS::ECR::Repository": ((("EncryptionConfiguration", "KmsKey"), False),),
    "AWS::EFS::FileSystem": ((("KmsKeyId",), False),),
    "AWS::RDS::DBInstance": ((("KmsKeyId",), False), (("PerformanceInsightsKMSKeyId",), False)),
    "AWS::RDS::DBCluster": ((("KmsKeyId",), False), (("PerformanceInsightsKmsKeyId",), False)),
    "AWS::CloudTrail::Trail": ((("KMSKeyId",), False),),
    "AWS::Scheduler::Schedule": ((("KmsKeyArn",), True),),
}


def key_fault(graph: Graph, value: Any) -> str:
    """What keeps a value from being a customer key, as the end of a sentence ("names no key"), '' when nothing does."""
    value = known(value)
    if value is None or value == "":
        return "names no key"
    if not isinstance(value, str):
        return "names no key: its value is no text"
    if reference := whole(value):
        return _reference_fault(graph, reference)
    plain = substitute(value, lambda reference: f"<{reference.target.replace('::', '.')}.{reference.attribute or ''}>")
    found = _LITERAL.fullmatch(plain)
    if found is None:
        return f"names {display(value)}, which is no key"
    if alias := found["alias"]:
        return f"names {display(value)}, a key that AWS manages" if alias.startswith("aws/") else ""
    inner = whole(value.split("key/", 1)[1]) if found["key"] else None
    return _reference_fault(graph, inner) if inner else ""


def arn_fault(graph: Graph, value: Any) -> str:
    """Why a customer key is not named by its ARN, '' when it is (a Ref of a key is its id, of an alias its name)."""
    reference = whole(value)
    if reference is not None:
        own = reference.target in graph.resources
        return f"is {display(reference.token)}, not the key's ARN" if own and reference.attribute != "Arn" else ""
    return "" if isinstance(value, str) and value.startswith("arn:") else "is not the key's ARN"


def _reference_fault(graph: Graph, reference: Reference) -> str:
    name = display(reference.token)
    resource = graph.resources.get(reference.target)
    if resource is None:
        return f"names {name}, which is no key of this template"
    if resource.type.startswith(_OPAQUE):
        raise UnknownValueError(Unknown(f"{name} is known only at deployment"))
    if resource.type == _ALIAS:
        return _alias_fault(graph, reference)
    if resource.type not in KEYS or reference.attribute not in _KEY_ATTRIBUTES:
        return f"names {name}, which is no key but a {resource.type}"
    if known(resource.get("Enabled")) is False:
        return f"names {name}, a key that is disabled"
    if known(resource.get("KeySpec", default="SYMMETRIC_DEFAULT")) != "SYMMETRIC_DEFAULT":
        return f"names {name}, a key that encrypts no data (KeySpec)"
    return ""


def _alias_fault(graph: Graph, reference: Reference) -> str:
    if reference.attribute is not None:
        return f"names {display(reference.token)}, which is no key"
    aimed = graph.resources[reference.target].get("TargetKeyId")
    inner = whole(aimed)
    if inner and (resource := graph.resources.get(inner.target)) and resource.type == _ALIAS:
        return f"names {display(reference.token)}, an alias of an alias"
    return key_fault(graph, aimed)
