"""When a schedule expression is due: `rate(...)` and `cron(...)` (EventBridge, Setting a schedule pattern). Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stackproof.embedded.errors import EmbeddedError

_RATE = re.compile(r"rate\(([1-9][0-9]*) (minute|minutes|hour|hours|day|days)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


@dataclass(frozen=True, kw_only=True)
class _Fields:
    """The values that each field of a cron expression allows; None for `?`."""

    minutes: set[int]
    hours: set[int]
    days: set[int] | None
    months: set[int]
    weekdays: set[int] | None
    years: set[int]


def next_after(expression: str, moment: datetime) -> datetime | None:
    """When the expression is due next after `moment`, which is the last time (or the start) of a rate; UTC.

    None when it never is again. Raises: EmbeddedError for an expression that is not understood.
    """
    rate = _RATE.fullmatch(expression)
    if rate is not None:
        if (rate[1] == "1") is rate[2].endswith("s"):
            raise EmbeddedError(f"The schedule {expression!r} is refused by EventBridge: 1 minute, but 2 minutes.")
        return moment + timedelta(seconds=int(rate[1]) * _SECONDS[rate[2].removesuffix("s")])
    if not (expression.startswith("cron(") and expression.endswith(")")):
        raise EmbeddedError(f"The schedule {expression!r} is neither rate(...) nor cron(...).")
    return next(_due(_fields(expression), moment), None)


def _fields(expression: str) -> _Fields:
    parts = expression[5:-1].split()
    if len(parts) != 6:
        raise EmbeddedError(f"The schedule {expression!r} needs six fields.")
    minutes, hours, days, months, weekdays, years = parts
    if (days == "?") is (weekdays == "?"):
        raise EmbeddedError(f"The schedule {expression!r} needs ? for the day of the month or of the week, not both.")
    return _Fields(
        minutes=_values(minutes, 0, 59, []),
        hours=_values(hours, 0, 23, []),
        days=None if days == "?" else _values(days, 1, 31, []),
        months=_values(months, 1, 12, _MONTHS),
        weekdays=None if weekdays == "?" else _values(weekdays, 1, 7, _DAYS),
        years=_values(years, 1970, 2199, []),
    )


def _values(field: str, low: int, high: int, names: list[str]) -> set[int]:
    allowed: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        try:
            start = low if span == "*" else _number(first, names)
            end = _number(last, names) if dash else high if span == "*" or step else start
            every = int(step) if step else 1
        except ValueError:
            raise EmbeddedError(f"The field {field!r} of a cron expression is not emulated.") from None
        if not (low <= start <= end <= high and every > 0):
            raise EmbeddedError(f"The field {field!r} of a cron expression must lie between {low} and {high}.")
        allowed.update(range(start, end + 1, every))
    return allowed


def _number(text: str, names: list[str]) -> int:
    return names.index(text.upper()) + 1 if text.upper() in names else int(text)


def _due(fields: _Fields, moment: datetime) -> Iterator[datetime]:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    while day.year <= max(fields.years):
        if _is_day(fields, day):
            for hour in sorted(fields.hours):
                for minute in sorted(fields.minutes):
                    due = day.replace(hour=hour, minute=minute)
                    if due > moment:
                        yield due
        day += timedelta(days=1)


def _is_day(fields: _Fields, day: datetime) -> bool:
    weekday = (day.weekday() + 1) % 7 + 1  # EventBridge counts from Sunday = 1
    return (
        day.year in fields.years
        and day.month in fields.months
        and (fields.days is None or day.day in fields.days)
        and (fields.weekdays is None or weekday in fields.weekdays)
    )
