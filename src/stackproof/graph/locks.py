"""Object Lock: whether a bucket's default retention is whole, and holds."""

from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.graph.values import known, mapping, there
from stackproof.rules import Hit
from stackproof.template.model import Path, Resource

_LOCK: Path = ("Properties", "ObjectLockConfiguration")
_RETENTION: Path = (*_LOCK, "Rule", "DefaultRetention")
_DAYS = {"Days": 1, "Years": 365}
_LONGEST = 100 * 365  # days; S3 takes no longer lock (S3, Object Lock, retention periods)


def lock_days(bucket: Resource) -> int:
    """For how many days each version is locked by default, 0 where it is not, or not known how."""
    retention = mapping(bucket.get("ObjectLockConfiguration", "Rule", "DefaultRetention"))
    return sum(number * _DAYS[unit] for unit in _DAYS if _is_count(number := known(retention.get(unit))))


def lock_faults(bucket: Resource, *, strict: bool, limits: Mapping[str, Any]) -> Iterator[Hit]:
    """What keeps the default retention of a bucket with Object Lock from protecting each version. With `strict` (an
    environment whose archive counts as evidence) nobody may lift it, and it lasts as long as the limits ask."""
    yield from _switch_faults(bucket, strict)
    retention = mapping(bucket.get("ObjectLockConfiguration", "Rule", "DefaultRetention"))
    given = [unit for unit in _DAYS if retention.get(unit) is not None]
    if len(given) != 1:
        said = "both Days and Years" if given else "neither Days nor Years"
        yield Hit(f"the default retention has {said}: exactly one sets its time", path=there(bucket, _RETENTION))
    elif not 1 <= lock_days(bucket) <= _LONGEST:
        yield Hit(
            "the default retention lasts no whole number of days from 1 to 100 years", path=(*_RETENTION, given[0])
        )
    elif strict and lock_days(bucket) < limits["lock_days_at_least"]:
        message = f"versions are locked for {lock_days(bucket)} days, not for {limits['lock_days_at_least']}"
        yield Hit(message, path=(*_RETENTION, given[0]))
    elif expiry := _early_expiry(bucket):
        yield Hit("a lifecycle rule hides objects behind a delete marker while they are still locked", path=expiry)


def _switch_faults(bucket: Resource, strict: bool) -> Iterator[Hit]:
    if bucket.get("ObjectLockConfiguration", "ObjectLockEnabled") != "Enabled":
        message = "ObjectLockConfiguration.ObjectLockEnabled is not Enabled, so no version is locked by default"
        yield Hit(message, path=there(bucket, (*_LOCK, "ObjectLockEnabled")))
    mode = bucket.get("ObjectLockConfiguration", "Rule", "DefaultRetention", "Mode")
    if mode not in ("GOVERNANCE", "COMPLIANCE"):
        yield Hit(
            "the default retention has no Mode, GOVERNANCE or COMPLIANCE", path=there(bucket, (*_RETENTION, "Mode"))
        )
    elif strict and mode != "COMPLIANCE":
        message = "in GOVERNANCE mode whoever holds s3:BypassGovernanceRetention can delete what is locked"
        yield Hit(message, path=(*_RETENTION, "Mode"))


def _early_expiry(bucket: Resource) -> Path:
    """The place of a lifecycle rule that expires current objects before their lock ends, () where none does."""
    rules = bucket.get("LifecycleConfiguration", "Rules")
    for index, item in enumerate(rules if isinstance(rules, list) else ()):
        body = mapping(item)
        if body.get("Status") != "Enabled":
            continue
        days = known(body.get("ExpirationInDays"))
        if (_is_count(days) and days < lock_days(bucket)) or body.get("ExpirationDate") is not None:
            name = "ExpirationDate" if body.get("ExpirationDate") is not None else "ExpirationInDays"
            return ("Properties", "LifecycleConfiguration", "Rules", index, name)
    return ()


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
