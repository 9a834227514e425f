"""What the page counts: requirements by framework with the controls that answer them, and the population."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stackproof.findings.outcome import Outcome
from stackproof.findings.report import ControlResult, Report

_WORST_FIRST = (
    Outcome.FAIL,
    Outcome.UNKNOWN,
    Outcome.NOT_EVALUATED,
    Outcome.WAIVED,
    Outcome.PASS,
    Outcome.NOT_APPLICABLE,
)


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A requirement of a framework: the worst outcome of the controls that answer it, and these controls."""

    id: str
    title: str
    outcome: Outcome
    controls: tuple[ControlResult, ...]


def coverage(
    controls: Iterable[ControlResult], titles: Mapping[str, Mapping[str, str]]
) -> dict[str, list[Requirement]]:
    """The requirements of each framework, in the order of their ids."""
    answers: dict[str, dict[str, list[ControlResult]]] = {}
    for control in controls:
        for framework, requirements in control.frameworks.items():
            for requirement in requirements:
                answers.setdefault(framework, {}).setdefault(requirement, []).append(control)
    return {
        framework: [
            Requirement(
                id=requirement,
                title=titles.get(framework, {}).get(requirement, ""),
                outcome=min((control.outcome for control in mine), key=_WORST_FIRST.index),
                controls=tuple(mine),
            )
            for requirement, mine in sorted(requirements.items(), key=lambda item: _natural(item[0]))
        ]
        for framework, requirements in sorted(answers.items())
    }


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """So that 3.10 comes after 3.9."""
    parts = text.replace("-", ".").replace("(", ".").replace(")", "").split(".")
    return tuple((int(part), "") if part.isascii() and part.isdigit() else (-1, part) for part in parts)


def resources(control: ControlResult) -> list[tuple[str, tuple[str, ...]]]:
    """The population of a control by outcome, empty ones left out."""
    every = (
        ("passed", control.passed),
        ("failed", control.failed),
        ("unknown", control.unknown),
        ("waived", control.waived),
    )
    return [(name, ids) for name, ids in every if ids]


def totals(report: Report) -> dict[str, int]:
    """A report in numbers, for its tiles."""
    outcomes = [control.outcome for control in report.controls]
    standing = [finding for finding in report.findings if not finding.waiver]
    named = {name for c in report.controls for name in (*c.passed, *c.failed, *c.unknown, *c.waived)} - {"*"}
    checks = sum(len(ids) for control in report.controls for _, ids in resources(control))
    return {
        "controls": len(outcomes),
        "passed": outcomes.count(Outcome.PASS),
        "failed": sum(1 for finding in standing if finding.outcome is Outcome.FAIL),
        "unknown": sum(1 for finding in standing if finding.outcome is Outcome.UNKNOWN),
        "waived": len(report.findings) - len(standing),
        "resources": len(named),
        "checks": checks,
    }
