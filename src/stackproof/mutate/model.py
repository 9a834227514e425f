"""A mutant, and what became of it, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from stackproof.findings.outcome import Area
from stackproof.findings.result import Path, RuleId


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One fault, seeded at one place of a template.

    `path` is the place in the ORIGINAL template; `description` says what was changed, for people. `expected` are the
    ids of the controls of which one must find it; () lets any finding count. `data` is the whole changed template (long
    form), `parameters` the whole changed values of the environment where the fault lies there. `needs_record` is the
    reason why only the code can show it. `operator` may be left out: the registry knows it."""

    path: Path
    description: str
    area: Area
    expected: tuple[str, ...]
    data: Mapping[str, Any] = field(repr=False)
    operator: str = ""
    parameters: Mapping[str, str] | None = None
    before: str = ""
    after: str = ""
    needs_record: str = ""


class Status(StrEnum):
    """What became of a mutant. `FAILED`: an engine could not judge it, so nothing is known."""

    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    NEEDS_RECORD = "needs_record"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, order=True)
class Caught:
    """A finding that was not there before: the rule, its control, the resource."""

    rule: RuleId
    control: str
    resource: str


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A mutant with its verdict. `killed_by` are the findings of an expected control, `others` those of other controls;
    `reason` is why it is equivalent, needs the record, or failed. `line` is in the original file."""

    mutant: Mutant
    status: Status
    killed_by: tuple[Caught, ...] = ()
    others: tuple[Caught, ...] = ()
    reason: str = ""
    line: int | None = None
    environment: str | None = None


@dataclass(frozen=True, kw_only=True)
class MutationReport:
    """A run. `idle` are the rules that ran and killed nothing; `baseline` is the number of findings that the template
    had before any fault; `engines` are name -> version, `failures` the sentences of engines that failed."""

    template: str
    sha256: str
    environments: tuple[str, ...]
    judged: tuple[Judged, ...]
    idle: tuple[RuleId, ...]
    baseline: int
    engines: Mapping[str, str]
    failures: tuple[str, ...]
    seconds: float
    left_out: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 all killed, 1 survivors, 3 an engine failed or nothing was seeded."""
        counted = [one for one in self.judged if one.status is not Status.NEEDS_RECORD]
        if self.failures or not counted or any(one.status is Status.FAILED for one in counted):
            return 3
        return 1 if any(one.status is Status.SURVIVED for one in counted) else 0


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Counts of an area."""

    area: str
    mutants: int
    killed: int
    survived: int
    equivalent: int
    needs_record: int

    @property
    def rate(self) -> float | None:
        """The share of the mutants that count (not equivalent, not waiting for the record) that were killed."""
        counted = self.killed + self.survived
        return self.killed / counted if counted else None


def tallies(judged: tuple[Judged, ...]) -> tuple[Tally, ...]:
    """One tally an area, in the order of the areas, and one for all."""
    groups = [(str(area), [one for one in judged if one.mutant.area is area]) for area in Area]
    return tuple(_tally(name, group) for name, group in (*groups, ("all", list(judged))) if group)


def _tally(name: str, group: list[Judged]) -> Tally:
    count = {status: sum(one.status is status for one in group) for status in Status}
    return Tally(
        area=name,
        mutants=len(group),
        killed=count[Status.KILLED],
        survived=count[Status.SURVIVED] + count[Status.FAILED],
        equivalent=count[Status.EQUIVALENT],
        needs_record=count[Status.NEEDS_RECORD],
    )
