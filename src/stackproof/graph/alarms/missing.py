"""What an alarm says of missing data, and whether that fits what it watches."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph.alarms import own, table
from stackproof.graph.alarms.model import GREATER, LESS, Alarm, Metric

_VALUES = ("breaching", "notBreaching", "ignore", "missing")


def fault(alarm: Alarm, limits: Mapping[str, Any]) -> str | None:
    """Why the setting for missing data is not sensible, None when it is."""
    value = alarm.get("TreatMissingData")
    if value is None:
        return "the alarm does not say what missing data mean (TreatMissingData)"
    if value not in _VALUES:
        return f"TreatMissingData is {value!r}, which CloudWatch does not know"
    if alarm.operator in LESS and value != "breaching" and any(is_heartbeat(metric) for metric in alarm.metrics):
        return f"the alarm waits for silence, and says that missing data are {value}: silence is missing data"
    if alarm.operator in GREATER and value != "notBreaching":
        return next((why for metric in alarm.metrics if (why := _rise(metric, str(value), limits))), None)
    return None


def is_heartbeat(metric: Metric) -> bool:
    """Whether an alarm on little of a metric is one on silence: it counts work, or it is the user's own and is
    counted."""
    known = table.known(str(metric.namespace), str(metric.name))
    if known is not None:
        return known.kind is table.Kind.WORK
    return not table.is_aws(str(metric.namespace)) and str(metric.statistic) in ("Sum", "SampleCount")


def _rise(metric: Metric, value: str, limits: Mapping[str, Any]) -> str | None:
    """Why a setting does not fit an alarm on much of a metric."""
    known, mine = table.known(str(metric.namespace), str(metric.name)), own.kind(metric, limits)
    if (known is not None and known.sparse) or mine is not None:
        effect = "the alarm fires" if value == "breaching" else "the alarm does not go back to OK"
        return f"{metric.name} has no data while all is well: {effect} when missing data are {value}"
    if known is None and value == "breaching" and not table.is_aws(str(metric.namespace)):
        return f"the alarm is on a rise of {metric.name} and fires on silence too: that needs an alarm of its own"
    return None
