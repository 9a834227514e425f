"""How a bucket's notification configuration changes when one entry of ours comes, changes or goes. Pure.

S3 knows one configuration a bucket, written as a whole: other owners' entries (topics, queues, functions, EventBridge)
are kept as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FUNCTIONS = "LambdaFunctionConfigurations"
KINDS = (FUNCTIONS, "QueueConfigurations", "TopicConfigurations", "EventBridgeConfiguration")
CREATED = "s3:ObjectCreated:*"


@dataclass(frozen=True, kw_only=True)
class Target:
    """The notification that the stack wants: objects created under a prefix invoke a function."""

    notification_id: str
    """Names our entry among those of the bucket."""
    function_arn: str
    prefix: str

    def entry(self) -> dict[str, Any]:
        """Return the entry in S3's form."""
        return {
            "Id": self.notification_id,
            "LambdaFunctionArn": self.function_arn,
            "Events": [CREATED],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": self.prefix}]}},
        }


def merge(current: Mapping[str, Any], remove: frozenset[str], target: Target | None) -> dict[str, Any]:
    """Return the configuration to write: `current` without the entries named in `remove`, with the target's entry.

    `current` may be an answer of S3 as it is: what is no part of a configuration (its metadata) is left out.
    """
    gone = remove | ({target.notification_id} if target else frozenset())
    kept = {kind: current[kind] for kind in KINDS if kind in current}
    functions = [entry for entry in kept.pop(FUNCTIONS, []) if entry.get("Id") not in gone]
    if target:
        functions.append(target.entry())
    return {**kept, FUNCTIONS: functions} if functions else kept


def same(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Say whether a configuration holds just what is wanted, in whatever order and whatever case of rule names."""
    return _normal(current) == _normal(wanted)


def _normal(configuration: Mapping[str, Any]) -> dict[str, Any]:
    lists = {kind: sorted(map(_shape, configuration.get(kind, [])), key=repr) for kind in KINDS[:3]}
    return {**lists, KINDS[3]: KINDS[3] in configuration}


def _shape(entry: Mapping[str, Any]) -> dict[str, Any]:
    rules = entry.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    shape = {name: value for name, value in sorted(entry.items()) if name not in ("Filter", "Events")}
    shape["Events"] = sorted(entry.get("Events", []))
    shape["Rules"] = sorted((rule["Name"].lower(), rule["Value"]) for rule in rules)
    return shape
