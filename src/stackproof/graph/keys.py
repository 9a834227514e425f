"""What a customer key is: a key (or alias) of the template, or the name of one elsewhere, never one that AWS manages."""

import re
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.values import known
from stackproof.template.model import Unknown, UnknownValueError
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
    if resource.get("Enabled") is False:
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
