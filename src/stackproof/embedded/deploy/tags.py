"""The tags of a resource: its own, the stack's, and CloudFormation's."""

from collections.abc import Mapping
from typing import Any

from stackproof.embedded.deploy.model import TemplateError
from stackproof.embedded.deploy.registry import ResourceType


def merged_tags(
    kind: ResourceType,
    identity: Mapping[str, str],
    stack: Mapping[str, str],
    properties: Mapping[str, Any],
    logical_id: str,
) -> dict[str, str]:
    """All tags that the resource gets; its own win over the stack's. None when the type takes no tags.

    Raises: TemplateError for a tag in another form, a key that stands twice, or one in AWS's own name space.
    """
    if kind.tags is None:
        return {}
    own = _own(kind, properties.get("Tags", {} if kind.tags == "map" else []), f"{logical_id}.Tags")
    for key in own:
        if key.lower().startswith("aws:"):
            raise TemplateError(f"{logical_id}.Tags: the key {key!r} is in AWS's own name space.")
    return {**(identity if kind.system_tags else {}), **stack, **own}


def _own(kind: ResourceType, declared: Any, path: str) -> dict[str, str]:
    if kind.tags == "map":
        if not isinstance(declared, dict):
            raise TemplateError(f"{path}: {kind.type_name} takes a mapping, not {declared!r}.")
        return {str(key): str(value) for key, value in declared.items()}
    own: dict[str, str] = {}
    for tag in declared if isinstance(declared, list) else [declared]:
        if not isinstance(tag, dict) or set(tag) != {"Key", "Value"}:
            raise TemplateError(f"{path}: {kind.type_name} takes a list of Key and Value, not {tag!r}.")
        if tag["Key"] in own:
            raise TemplateError(f"{path}: the key {tag['Key']!r} stands twice.")
        own[str(tag["Key"])] = str(tag["Value"])
    return own


def read_tags(answer: Any) -> dict[str, str]:
    """Tags as a describe call returns them, in whichever spelling."""
    if isinstance(answer, dict):
        return dict(answer)
    small = [{name.lower().removeprefix("tag"): value for name, value in tag.items()} for tag in answer or []]
    return {tag["key"]: tag["value"] for tag in small}
