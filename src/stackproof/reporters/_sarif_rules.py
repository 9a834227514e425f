"""The rules of a SARIF run: the controls of the catalogue, with their prose."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from stackproof.findings.outcome import Outcome, Severity
from stackproof.findings.report import ControlResult, GateReport

Json = dict[str, Any]

LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "warning"}
"""Every severity fails by default, so none is a mere note."""

_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.5"}
"""In the middle of what code scanning calls critical (over 9.0), high, medium (4.0 to 6.9) and low."""


def controls_of(report: GateReport) -> list[ControlResult]:
    """Every control of all reports once, also one that only a finding names."""
    controls: dict[str, ControlResult] = {}
    for each in report.reports:
        for control in each.controls:
            controls.setdefault(control.id, replace(control, outcome=Outcome.NOT_EVALUATED))
        for finding in each.findings:
            controls.setdefault(
                finding.control,
                ControlResult(
                    id=finding.control,
                    title=finding.control,
                    area=finding.area,
                    severity=finding.severity,
                    outcome=Outcome.NOT_EVALUATED,
                    rules=finding.rules,
                    frameworks={},
                    fix=finding.fix,
                ),
            )
    return list(controls.values())


def rules(controls: Iterable[ControlResult]) -> list[Json]:
    """The controls as reporting descriptors."""
    return [_rule(control) for control in controls]


def _rule(control: ControlResult) -> Json:
    requirements = [f"{name} {each}" for name, every in control.frameworks.items() for each in every]
    return {
        "id": control.id,
        "name": "".join(part.capitalize() for part in control.id.split("-")),
        "shortDescription": {"text": control.title or control.id},
        "fullDescription": {"text": control.why or control.title or control.id},
        "help": {"text": _help(control), "markdown": _help_markdown(control, requirements)},
        "defaultConfiguration": {"level": LEVELS[control.severity]},
        "properties": {
            "tags": ["security", "compliance", str(control.area), *requirements],
            "security-severity": _SCORES[control.severity],
            "severity": str(control.severity),
            "area": str(control.area),
            "frameworks": {name: list(every) for name, every in control.frameworks.items()},
            "implementedBy": [str(rule) for rule in control.rules],
        },
    }


def _help(control: ControlResult) -> str:
    parts = [control.title, control.why, f"How to fix: {control.fix}" if control.fix else ""]
    return "\n\n".join(part for part in parts if part) or control.id


def _help_markdown(control: ControlResult, requirements: list[str]) -> str:
    parts = [f"**{control.title or control.id}**"]
    if control.why:
        parts.append(f"## Why\n\n{control.why}")
    if control.fix:
        parts.append(f"## How to fix\n\n{control.fix}")
    parts.append("## Checked by\n\n" + "\n".join(f"- `{rule}`" for rule in control.rules))
    if requirements:
        parts.append("## Answers\n\n" + "\n".join(f"- {requirement}" for requirement in requirements))
    return "\n\n".join(parts)
