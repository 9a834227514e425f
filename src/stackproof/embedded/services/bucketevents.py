"""A bucket's notification configuration: how S3 keeps it, and which events it wants. Pure.

Source: API PutBucketNotificationConfiguration; S3, Configuring event notifications using object key name filtering.
"""

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

from stackproof.embedded.errors import AwsError

KINDS = {
    "LambdaFunctionConfigurations": ("LambdaFunctionArn", "lambda:InvokeFunction"),
    "QueueConfigurations": ("QueueArn", "sqs:SendMessage"),
    "TopicConfigurations": ("TopicArn", "sns:Publish"),
}


def normalised(wanted: Mapping[str, Any], new_id: Callable[[], str]) -> dict[str, Any]:
    """The configuration as S3 gives it back: every entry with an id, the names of filters capitalised.

    Raises: AwsError InvalidArgument for filters that there are not, or entries that overlap.
    """
    kept: dict[str, Any] = {kind: [_entry(one, new_id) for one in wanted[kind]] for kind in KINDS if wanted.get(kind)}
    if "EventBridgeConfiguration" in wanted:
        kept["EventBridgeConfiguration"] = {}
    for one, other in combinations([one for kind in KINDS for one in kept.get(kind, [])], 2):
        if _overlap(one, other):
            text = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
            raise AwsError("InvalidArgument", text)
    return kept


def wants(one: Mapping[str, Any], event: str, key: str) -> bool:
    """Whether a normalised entry wants an event (`ObjectCreated:Put`) of a key."""
    return any(_covers(pattern, f"s3:{event}") for pattern in one["Events"]) and (
        key.startswith(_filter(one, "Prefix")) and key.endswith(_filter(one, "Suffix"))
    )


def _entry(one: Mapping[str, Any], new_id: Callable[[], str]) -> dict[str, Any]:
    entry = {**one, "Id": one.get("Id") or new_id(), "Events": list(one["Events"])}
    rules = one.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    named = [{"Name": rule["Name"].capitalize(), "Value": rule.get("Value", "")} for rule in rules]
    names = [rule["Name"] for rule in named]
    if set(names) - {"Prefix", "Suffix"} or len(set(names)) < len(names):
        raise AwsError("InvalidArgument", "filter rule name must be either prefix or suffix, each at most once")
    if named:
        entry["Filter"] = {"Key": {"FilterRules": named}}
    return entry


def _filter(one: Mapping[str, Any], name: str) -> str:
    rules = one.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return next((str(rule["Value"]) for rule in rules if rule["Name"] == name), "")


def _covers(pattern: str, event: str) -> bool:
    return pattern == event or (pattern.endswith(":*") and event.startswith(pattern[:-1]))


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    prefixes, suffixes = ([_filter(entry, name) for entry in (one, other)] for name in ("Prefix", "Suffix"))
    same_keys = (prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0])) and (
        suffixes[0].endswith(suffixes[1]) or suffixes[1].endswith(suffixes[0])
    )
    return same_keys and any(_covers(a, b) or _covers(b, a) for a in one["Events"] for b in other["Events"])
