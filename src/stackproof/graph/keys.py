"""What a customer key is: a key (or alias) of the template, or the name of one elsewhere, never one of AWS's own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class KeyProperty:
    """A property that names a key: whether only the key's ARN will do there (the schemas of the types), and whether a
    key that AWS manages will."""

    path: Path
    needs_arn: bool = False
    takes_managed: bool = False


# Buckets and volumes have rules of their own. Of services that the catalogue does not ask a customer key of, it is only
# asked that what they name is a key.
KEY_PROPERTIES: Mapping[str, tuple[KeyProperty, ...]] = {
    "AWS::DynamoDB::Table": (KeyProperty(path=("SSESpecification", "KMSMasterKeyId")),),
    "AWS::DynamoDB::GlobalTable": (KeyProperty(path=("Replicas", "*", "SSESpecification", "KMSMasterKeyId")),),
    "AWS::SNS::Topic": (KeyProperty(path=("KmsMasterKeyId",)),),
    "AWS::SQS::Queue": (KeyProperty(path=("KmsMasterKeyId",)),),
    "AWS::Logs::LogGroup": (KeyProperty(path=("KmsKeyId",), needs_arn=True),),
    "AWS::Lambda::Function": (KeyProperty(path=("KmsKeyArn",), needs_arn=True),),
    "AWS::Serverless::Function": (KeyProperty(path=("KmsKeyArn",), needs_arn=True),),
    "AWS::Kinesis::Stream": (KeyProperty(path=("StreamEncryption", "KeyId"), takes_managed=True),),
    "AWS::SecretsManager::Secret": (KeyProperty(path=("KmsKeyId",), takes_managed=True),),
    "AWS::ECR::Repository": (KeyProperty(path=("EncryptionConfiguration", "KmsKey"), takes_managed=True),),
    "AWS::EFS::FileSystem": (KeyProperty(path=("KmsKeyId",), takes_managed=True),),
    "AWS::RDS::DBInstance": (KeyProperty(path=("KmsKeyId",), takes_managed=True),),
    "AWS::RDS::DBCluster": (KeyProperty(path=("KmsKeyId",), takes_managed=True),),
    "AWS::CloudTrail::Trail": (KeyProperty(path=("KMSKeyId",), takes_managed=True),),
    "AWS::Scheduler::Schedule": (KeyProperty(path=("KmsKeyArn",), needs_arn=True),),
}


def key_fault(graph: Graph, value: Any, *, takes_managed: bool = False) -> str:
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
        is_managed = alias.startswith("aws/") and not takes_managed
        return f"names {display(value)}, a key that AWS manages" if is_managed else ""
    inner = whole(value.split("key/", 1)[1]) if found["key"] else None
    return _reference_fault(graph, inner) if inner else ""


def alias_fault(graph: Graph, value: Any) -> str:
    """What keeps a value from being what an alias can stand for: a key of any kind and use, but no other alias."""
    if (reference := whole(known(value))) and (resource := graph.resources.get(reference.target)):
        is_key = resource.type in KEYS and reference.attribute in _KEY_ATTRIBUTES
        is_key = is_key or resource.type.startswith(_OPAQUE)
        return "" if is_key else f"stands for {display(reference.token)}, which is no key"
    fault = key_fault(graph, value)
    return fault or ("stands for another alias" if "alias/" in value else "")


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
    if resource.type not in KEYS:
        return f"names {name}, which is no key but of type {resource.type}"
    if reference.attribute not in _KEY_ATTRIBUTES:
        return f"names {name}, which is no key"
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
