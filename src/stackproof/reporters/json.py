"""The gate's report as `stackproof.gate/1`, the contract for programs; docs/schemas/gate-1.schema.json describes it.

Its keys are the contract's and no others. Texts are what the template says, without its private reference tokens;
JSON's own escapes make them harmless. What the contract has no key for stands in the message: under which conditions a
finding shows, and the file and line of one that is not in the template (a waiver that has expired).
"""

from collections.abc import Iterable
from typing import Any

from stackproof.findings.report import ControlResult, EngineStatus, Finding, GateReport, Report, Waiver
from stackproof.findings.result import RuleId
from stackproof.reporters._json import written
from stackproof.reporters._view import pointer
from stackproof.template.references import display

SCHEMA = "stackproof.gate/1"


def render(report: GateReport) -> str:
    """The report as a JSON document, ASCII only, with a line end."""
    return written(document(report))


def document(report: GateReport) -> dict[str, Any]:
    """The report as JSON data."""
    return {
        "schema": SCHEMA,
        "verdict": str(report.verdict),
        "scope": {"complete": report.scope.complete, "left_out": list(report.scope.left_out)},
        "errors": [{"path": problem.path, "message": display(problem.message)} for problem in report.errors],
        "reports": [_report(each) for each in report.reports],
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "template": {"path": report.template, "sha256": report.sha256},
        "environment": report.environment,
        "verdict": str(report.verdict),
        "engines": [_engine(engine) for engine in report.engines],
        "controls": [_control(control) for control in report.controls],
        "findings": [_finding(finding) for finding in report.findings],
    }


def _engine(engine: EngineStatus) -> dict[str, Any]:
    return {
        "name": engine.name,
        "version": engine.version,
        "status": engine.status,
        "error": None if engine.error is None else display(engine.error),
        "rules": engine.rules,
        "seconds": round(engine.seconds, 3),
    }


def _control(control: ControlResult) -> dict[str, Any]:
    return {
        "id": control.id,
        "title": control.title,
        "area": str(control.area),
        "severity": str(control.severity),
        "outcome": str(control.outcome),
        "rules": _rules(control.rules),
        "frameworks": {name: list(requirements) for name, requirements in control.frameworks.items()},
        "resources": {
            "pass": list(control.passed),
            "fail": list(control.failed),
            "unknown": list(control.unknown),
            "waived": list(control.waived),
        },
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rules": _rules(finding.rules),
        "control": finding.control,
        "area": str(finding.area),
        "severity": str(finding.severity),
        "outcome": str(finding.outcome),
        "resource": finding.resource,
        "resource_type": finding.resource_type,
        "path": pointer(finding.path),
        "line": finding.line if finding.file is None else None,
        "column": finding.column if finding.file is None else None,
        "message": _message(finding),
        "fix": finding.fix,
        "waiver": None if finding.waiver is None else _waiver(finding.waiver),
    }


def _message(finding: Finding) -> str:
    text = display(finding.message)
    if finding.file is not None:
        text = f"{finding.file}{'' if finding.line is None else f':{finding.line}'}: {text}"
    return f"{text} (when {display(finding.when)})" if finding.when else text


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "control": waiver.control,
        "rule": waiver.rule,
        "resource": waiver.resource,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "approver": waiver.approver,
        "expires": waiver.expires,
        "file": waiver.file,
        "line": waiver.line,
    }


def _rules(rules: Iterable[RuleId]) -> list[dict[str, str]]:
    return [{"engine": rule.engine, "rule": rule.rule} for rule in rules]
