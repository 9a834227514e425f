"""Tags in every shape that a template gives them: lists of keys and values, maps, specifications by resource type."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.values import known
from stackproof.rules import Hit, Hits
from stackproof.template.model import Path, Resource, Unknown
from stackproof.template.references import display
from stackproof.template.schemas import tag_property

# Types that take tags although their schema says nothing of it: a launch template by its specifications (EC2), and
# those that only a transform knows (SAM).
_OTHERS = {
    "AWS::EC2::LaunchTemplate": "TagSpecifications",
    "AWS::Serverless::Function": "Tags",
    "AWS::Serverless::Api": "Tags",
    "AWS::Serverless::HttpApi": "Tags",
    "AWS::Serverless::SimpleTable": "Tags",
    "AWS::Serverless::StateMachine": "Tags",
}
_KEYS, _VALUES = ("Key", "key", "TagKey"), ("Value", "value", "TagValue")
_AGREED = 0.75  # of the resources: what so many have is meant for all


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One tag, and where it stands below the resource. A value may be Unknown, a key too."""

    key: Any
    value: Any
    path: Path


def place(resource: Resource) -> str | None:
    """The property that holds a resource's own tags, None for a type that takes none."""
    return _OTHERS.get(resource.type) or tag_property(resource.type)


def tags(value: Any, path: Path) -> list[Tag]:
    """The tags of a property, in whichever shape.

    Raises: UnknownValueError when it is not known as a whole.
    """
    match known(value):
        case Mapping() as items:
            return [Tag(key=key, value=item, path=(*path, key)) for key, item in items.items()]
        case list() as items:
            return [tag for index, item in enumerate(items) for tag in _listed(item, (*path, index))]
    return []


def _listed(item: Any, path: Path) -> Iterator[Tag]:
    if isinstance(item, Unknown):
        yield Tag(key=item, value=item, path=path)
    elif isinstance(item, Mapping):
        yield Tag(key=_first(item, _KEYS), value=_first(item, _VALUES), path=path)


def _first(item: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        if name in item:
            return item[name]
    return None


def specified(value: Any, path: Path, kind: str) -> list[Tag]:
    """The tags that tag specifications give to a kind of resource (instance, volume)."""
    found = known(value)
    return [
        tag
        for index, item in enumerate(found if isinstance(found, list) else ())
        if isinstance(known(item), Mapping) and (kind == "*" or item.get("ResourceType") == kind)
        for tag in tags(item.get("Tags"), (*path, index, "Tags"))
    ]


def own(graph: Graph, resource: Resource) -> list[Tag]:
    """The tags of a resource itself."""
    cached: dict[str, list[Tag]] = graph.cache.setdefault("tags", {})
    if resource.logical_id not in cached:
        cached[resource.logical_id] = _own(resource)
    return cached[resource.logical_id]


def _own(resource: Resource) -> list[Tag]:
    name = place(resource)
    value = resource.properties.get(name) if name else None
    if name != "TagSpecifications":
        return tags(value, ("Properties", name or ""))
    kind = "launch-template" if resource.type == "AWS::EC2::LaunchTemplate" else "*"
    return specified(value, ("Properties", name), kind)


def faults(found: list[Tag], at: Path, policy: Mapping[str, Any], agreed: Mapping[str, Any]) -> Hits:
    """What is wrong with tags that stand at a place: keys that are missing, given twice or without a value, values
    that the policy (`tagging` of the thresholds) does not allow, or that differ from what the template agrees on."""
    required: Mapping[str, list[Any]] = policy["required"]
    yield from _missing(found, at, required)
    counts = Counter(tag.key for tag in found if isinstance(tag.key, str))
    for key in [key for key, count in counts.items() if count > 1]:
        yield Hit(f"the tag {display(key)} is given {counts[key]} times", path=at)
    unknown: Unknown | None = None
    for tag in found:
        if isinstance(tag.value, Unknown):
            unknown = tag.value if _names(tag.key) in required else unknown
        elif tag.key is None or (isinstance(tag.key, str) and not tag.key.strip()):
            yield Hit("a tag has no key", path=tag.path)
        elif why := _value_fault(tag, required, agreed):
            yield Hit(why, path=tag.path)
    known(unknown)


def _names(key: Any) -> str:
    return key if isinstance(key, str) else ""


def _missing(found: list[Tag], at: Path, required: Mapping[str, Any]) -> Hits:
    keys = {tag.key for tag in found if isinstance(tag.key, str)}
    missing = [key for key in required if key not in keys]
    if not missing:
        return
    for tag in found:
        known(tag.key)  # one of them may be what is missing
    close = [key for key in sorted(keys) if key.casefold() in {name.casefold() for name in missing}]
    hint = f" (there is {', '.join(close)}, which is another key)" if close else ""
    what = f"the tag {missing[0]} is" if len(missing) == 1 else f"the tags {', '.join(missing)} are"
    yield Hit(f"{what} missing{hint}", path=at)


def _value_fault(tag: Tag, required: Mapping[str, list[Any]], agreed: Mapping[str, Any]) -> str | None:
    key, value = _names(tag.key), tag.value
    if key not in required:
        return None
    if value is None or isinstance(value, list | Mapping) or not any(map(str.isalnum, str(value))):
        return f"the tag {key} has no value"
    allowed = required[key]
    if allowed and value not in allowed:
        return f"the tag {key} is {display(str(value))}, and may be {', '.join(map(str, allowed))}"
    if key in agreed and value != agreed[key]:
        return f"the tag {key} is {display(str(value))} here, and {display(str(agreed[key]))} nearly everywhere else"
    return None


def agreement(graph: Graph, policy: Mapping[str, Any]) -> Mapping[str, Any]:
    """The value that most resources of the template have, for each key that is to be the same everywhere (`uniform` of
    the policy) and that at least four resources have."""
    if "tags agreed" not in graph.cache:
        graph.cache["tags agreed"] = dict(_agreed(graph, policy.get("uniform", ())))
    found: Mapping[str, Any] = graph.cache["tags agreed"]
    return found


def _agreed(graph: Graph, keys: list[str]) -> Iterator[tuple[str, Any]]:
    counts: dict[str, Counter[str]] = {key: Counter() for key in keys}
    for resource in graph.resources.values():
        name = place(resource)
        if name is None or isinstance(resource.properties.get(name), Unknown):
            continue
        for tag in own(graph, resource):
            if isinstance(tag.key, str) and tag.key in counts and isinstance(tag.value, str):
                counts[tag.key][tag.value] += 1
    for key, values in counts.items():
        value, count = next(iter(values.most_common(1)), ("", 0))
        if count >= 4 and count >= _AGREED * values.total():
            yield key, value
