"""Recovery: a key that was deleted by mistake can be had back."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph.values import known, number
from stackproof.rules import Hit, Hits, Resource, rule

_LONGEST = 30  # days, and the default (KMS API, ScheduleKeyDeletion)


@rule("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
def key_deletion_window(key: Resource, thresholds: Mapping[str, Any]) -> Hits:
    """A key waits long enough between the order to delete it and its end, which is the end of its data."""
    least = thresholds["recovery"]["key_window_days_at_least"]
    window = known(key.get("PendingWindowInDays"))
    days = _LONGEST if window is None else number(window)
    if days is None or not least <= days <= _LONGEST:
        message = f"a key that was deleted can be had back for {window} days; {least} to {_LONGEST} are right"
        yield Hit(message, path=("Properties", "PendingWindowInDays"))
