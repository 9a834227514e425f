"""What an alarm makes of its data points: a pure decision, after CloudWatch's rules on missing data.

Source: CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data", with its tables; API reference,
PutMetricAlarm. The evaluation range is longer than EvaluationPeriods (the guide's example: 3 periods look at 5 data
points; it gives no other number, so two more are taken for all).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from stackproof.embedded.errors import EmbeddedError

EXTRA = 2
State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

_WORDS: Mapping[str, str] = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_MISSING = ("missing", "ignore", "breaching", "notBreaching")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When an alarm goes off: `datapoints` (M) of the last `periods` (N) data points breach the threshold."""

    comparison: str
    threshold: float
    periods: int
    datapoints: int
    missing: str = "missing"

    def __post_init__(self) -> None:
        if self.comparison not in _WORDS:
            raise EmbeddedError(f"The comparison operator {self.comparison!r} is not emulated.")
        if self.missing not in _MISSING:
            raise EmbeddedError(f"TreatMissingData {self.missing!r} is not emulated.")
        if not 1 <= self.datapoints <= self.periods:
            raise EmbeddedError(f"{self.datapoints} out of {self.periods} data points: M must be from 1 to N.")

    @property
    def range(self) -> int:
        """How many data points are looked at."""
        return self.periods + EXTRA

    def breaches(self, value: float) -> bool:
        """Whether one data point breaches the threshold."""
        match self.comparison:
            case "GreaterThanThreshold":
                return value > self.threshold
            case "GreaterThanOrEqualToThreshold":
                return value >= self.threshold
            case "LessThanThreshold":
                return value < self.threshold
            case _:
                return value <= self.threshold


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The new state, or None to keep the one there is; `reason` as CloudWatch words it."""

    state: State | None
    reason: str = ""


def judge(rule: Rule, points: Sequence[float | None]) -> Verdict:
    """Judge the data points of the evaluation range, oldest first (None: no data), `rule.range` of them."""
    real = [(age, value) for age, value in enumerate(reversed(points), start=1) if value is not None]
    used = real[: rule.periods]  # newest first
    breaching = [age for age, value in used if rule.breaches(value)]
    gaps = rule.periods - len(used)
    filled = gaps if rule.missing == "breaching" else 0
    if len(breaching) + filled >= rule.datapoints:
        return Verdict(state="ALARM", reason=_crossed(rule, used, gaps))
    if gaps == 0 or rule.missing in ("breaching", "notBreaching"):
        return Verdict(state="OK", reason=_crossed(rule, used, gaps))
    if not used:
        return _without_data(rule)
    if len(breaching) < len(used):
        return Verdict(state="OK", reason=_crossed(rule, used, gaps))
    if rule.missing == "missing" and breaching[-1] >= rule.datapoints:
        # every point there is breaches, and the oldest is old enough: no false alarm by one early point
        return Verdict(state="ALARM", reason=_crossed(rule, used, gaps))
    return Verdict(state=None)


def _without_data(rule: Rule) -> Verdict:
    if rule.missing == "ignore":
        return Verdict(state=None)
    plural = "datapoint was" if rule.periods == 1 else "datapoints were"
    return Verdict(state="INSUFFICIENT_DATA", reason=f"Insufficient Data: {rule.periods} {plural} unknown.")


def _crossed(rule: Rule, used: Sequence[tuple[int, float]], gaps: int) -> str:
    breaching = sum(rule.breaches(value) for _, value in used)
    treated = {"breaching": "Breaching", "notBreaching": "NonBreaching"}.get(rule.missing)
    if not used:
        return (
            f"Threshold Crossed: no datapoints were received for {rule.periods} period{'s'[: rule.periods - 1]} and "
            f"{gaps} missing datapoint{' was' if gaps == 1 else 's were'} treated as [{treated}]."
        )
    values = ", ".join(str(value) for _, value in used)
    if breaching:
        text = f"{breaching} out of the last {len(used)} datapoints [{values}] was {_WORDS[rule.comparison]}"
    else:
        text = f"{len(used)} datapoint{'s' if len(used) > 1 else ''} [{values}] was not {_WORDS[rule.comparison]}"
    tail = f"; {gaps} missing treated as [{treated}]" if gaps and treated else ""
    return f"Threshold Crossed: {text} the threshold ({rule.threshold}){tail}."
