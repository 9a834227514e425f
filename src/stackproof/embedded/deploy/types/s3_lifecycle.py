"""S3 lifecycle rules between CloudFormation's flat form and the API's nested one."""

from collections.abc import Mapping
from typing import Any

_FLAT = {"ExpirationInDays": "Days", "ExpirationDate": "Date", "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}
_FILTER = {
    "Prefix": "Prefix",
    "ObjectSizeGreaterThan": "ObjectSizeGreaterThan",
    "ObjectSizeLessThan": "ObjectSizeLessThan",
}
_DAYS = {
    "Transitions": {"TransitionInDays": "Days", "TransitionDate": "Date"},
    "NoncurrentVersionTransitions": {"TransitionInDays": "NoncurrentDays"},
}


def to_api(value: Mapping[str, Any]) -> dict[str, Any]:
    """`LifecycleConfiguration` for PutBucketLifecycleConfiguration; unknown names stay, and are refused there."""
    rules = value.get("Rules", [])
    rest = {key: item for key, item in value.items() if key not in ("Rules", "TransitionDefaultMinimumObjectSize")}
    return {"Rules": [_rule_to(rule) for rule in rules] if isinstance(rules, list) else rules, **rest}


def _rule_to(rule: Any) -> Any:
    if not isinstance(rule, Mapping):
        return rule
    special = {*_FLAT, *_FILTER, *_DAYS, "Id", "TagFilters"}
    made: dict[str, Any] = {key: item for key, item in rule.items() if key not in special}
    if "Id" in rule:
        made["ID"] = rule["Id"]
    if expiration := {api: rule[key] for key, api in _FLAT.items() if key in rule}:
        made["Expiration"] = expiration
    for key, days in _DAYS.items():
        if key in rule:
            made[key] = [{days.get(name, name): item for name, item in entry.items()} for entry in rule[key]]
    made["Filter"] = _filter(rule)
    return made


def _filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    parts = {api: rule[key] for key, api in _FILTER.items() if key in rule}
    tags = list(rule.get("TagFilters", []))
    if len(parts) + len(tags) > 1:
        return {"And": {**parts, **({"Tags": tags} if tags else {})}}
    return {"Tag": tags[0]} if tags else parts or {"Prefix": ""}


def from_api(rules: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The rules of GetBucketLifecycleConfiguration in CloudFormation's form."""
    return {"Rules": [_rule_from(rule) for rule in rules]}


def _rule_from(rule: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: item for key, item in rule.items() if key not in ("ID", "Expiration", "Filter")}
    made["Id"] = rule.get("ID")
    expiration = rule.get("Expiration", {})
    made |= {key: expiration[api] for key, api in _FLAT.items() if api in expiration}
    for key, days in _DAYS.items():
        back = {api: name for name, api in days.items()}
        if key in rule:
            made[key] = [{back.get(name, name): item for name, item in entry.items()} for entry in rule[key]]
    condition = rule.get("Filter", {})
    flat = {**condition, **condition.get("And", {})}
    made |= {key: flat[key] for key in _FILTER if key in flat}
    tags = flat.get("Tags") or ([flat["Tag"]] if "Tag" in flat else [])
    return {**made, **({"TagFilters": tags} if tags else {})}
