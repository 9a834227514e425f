"""The gate's report as SARIF 2.1.0, for code scanning.

One run for the whole call, since code-scanning services take few runs a file: rules are the controls of the
catalogue, extensions the engines. A finding that shows in several environments is one result that names them. What is
not known has level and kind of a failure, because unknown never passes. A waived finding is a result with an accepted
suppression; a suppression inside the template is a notification and suppresses nothing. Findings below `--fail-on`
are notes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from stackproof import __version__
from stackproof.findings.outcome import Outcome, Severity, Verdict
from stackproof.findings.report import Finding, GateReport, Report, Waiver
from stackproof.reporters import _view as view
from stackproof.reporters._json import written
from stackproof.reporters._sarif_places import fingerprint, locations, uri, waiver_location
from stackproof.reporters._sarif_rules import LEVELS, controls_of, rules
from stackproof.reporters._text import plain

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

Json = dict[str, Any]


def render(report: GateReport) -> str:
    """The report as a SARIF log, ASCII only, with a line end."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    return written(log)


def _run(report: GateReport) -> Json:
    controls = controls_of(report)
    return {
        "tool": {
            "driver": {
                "name": "stackproof",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": rules(controls),
            },
            "extensions": _extensions(report),
        },
        "automationDetails": {"id": "stackproof/gate/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "artifacts": _artifacts(report),
        "results": list(_results(report, {control.id: index for index, control in enumerate(controls)})),
        "properties": {
            "verdict": str(report.verdict),
            "complete": report.scope.complete,
            "leftOut": [plain(name) for name in report.scope.left_out],
            "reports": [
                {
                    "template": plain(each.template),
                    "environment": None if each.environment is None else plain(each.environment),
                    "verdict": str(each.verdict),
                    "outcomes": {control.id: str(control.outcome) for control in each.controls},
                }
                for each in report.reports
            ],
        },
    }


def _extensions(report: GateReport) -> list[Json]:
    engines = [engine for each in report.reports for engine in each.engines]
    versions = {engine.name: plain(engine.version) for engine in engines if engine.version.strip()}
    names = dict.fromkeys(engine.name for engine in engines)
    return [{"name": name} | ({"version": versions[name]} if name in versions else {}) for name in names]


def _artifacts(report: GateReport) -> list[Json]:
    hashes = {each.template: each.sha256 for each in report.reports}
    return [
        {"location": uri(path), "roles": ["analysisTarget"], "hashes": {"sha-256": sha256}}
        for path, sha256 in hashes.items()
    ]


def _invocation(report: GateReport) -> Json:
    failed = list(_failures(report))
    done = not failed and report.verdict is not Verdict.ERROR
    return {
        "executionSuccessful": done,
        "exitCode": report.exit_code,
        "toolExecutionNotifications": failed + [_notification("note", note) for note in report.notes],
        "toolConfigurationNotifications": list(_configuration(report)),
    }


def _failures(report: GateReport) -> Iterator[Json]:
    for problem in report.errors:
        yield _notification("error", problem.message, path=problem.path)
    for each in report.reports:
        for engine in each.engines:
            if engine.status == "failed":
                yield _notification(
                    "error",
                    f"{engine.name} failed on {view.label(each)}: {engine.error or 'no reason was given'}",
                    path=each.template,
                )


def _configuration(report: GateReport) -> Iterator[Json]:
    if not report.scope.complete:
        names = ", ".join(report.scope.left_out)
        yield _notification("warning", f"{view.NEVER_EVIDENCE} Left out: {names or 'not said'}.")
    seen = {(each.template, suppression): None for each in report.reports for suppression in each.suppressions}
    for template, suppression in seen:
        whom = f" on {suppression.resource}" if suppression.resource else ""
        text = f"A suppression for {suppression.tool}{whom} hides nothing here: {suppression.text}"
        yield _notification("note", text, path=template, line=suppression.line)


def _notification(level: str, text: str, *, path: str | None = None, line: int | None = None) -> Json:
    notification: Json = {"level": level, "message": {"text": _said(text)}}
    if path is not None:
        region = {} if line is None else {"region": {"startLine": line}}
        notification["locations"] = [{"physicalLocation": {"artifactLocation": uri(path), **region}}]
    return notification


def _results(report: GateReport, index: dict[str, int]) -> Iterator[Json]:
    counts: dict[str, int] = {}
    for (template, finding), environments in _merged(report.reports).items():
        key = fingerprint(template, finding)
        counts[key] = counts.get(key, 0) + 1
        level = LEVELS[finding.severity] if view.fails(report, finding) else "note"
        yield _result(template, finding, environments) | {
            "level": level,
            "ruleIndex": index[finding.control],
            "partialFingerprints": {"stackproofFinding/v1": f"{key}:{counts[key]}"},
        }


def _merged(reports: Iterable[Report]) -> dict[tuple[str, Finding], list[str]]:
    """The findings of each template, each once, with the environments in which it shows (none where there is none)."""
    merged: dict[tuple[str, Finding], list[str]] = {}
    for report in reports:
        for finding in report.findings:
            environments = merged.setdefault((report.template, replace(finding, fix="")), [])
            if report.environment is not None:
                environments.append(plain(report.environment))
    return merged


def _result(template: str, finding: Finding, environments: list[str]) -> Json:
    return {
        "ruleId": finding.control,
        "kind": "fail",
        "message": {"text": _message(finding)},
        "locations": locations(template, finding),
        "suppressions": [_suppression(finding.waiver)] if finding.waiver else [],
        "rank": 100.0 - 25.0 * list(Severity).index(finding.severity),
        "properties": {
            "outcome": str(finding.outcome),
            "severity": str(finding.severity),
            "area": str(finding.area),
            "resourceType": None if finding.resource_type is None else plain(finding.resource_type),
            "environments": environments,
            "rules": [str(rule) for rule in finding.rules],
            "path": plain(view.pointer(finding.path) or ""),
            "when": plain(finding.when),
        },
    }


def _message(finding: Finding) -> str:
    text = finding.message or "no reason was given"
    about = "" if finding.resource in (None, "*") else f"{finding.resource}: "
    unknown = "not known, so not passed: " if finding.outcome is Outcome.UNKNOWN else ""
    when = f" (when {finding.when})" if finding.when else ""
    return _said(f"{about}{unknown}{text}{when}")


def _said(text: str) -> str:
    """A text for people. SARIF takes [words](place) in messages for a link: nothing that a template says is one."""
    return plain(text).replace("](", "] (")


def _suppression(waiver: Waiver) -> Json:
    return {
        "kind": "external",
        "status": "accepted",
        "justification": plain(waiver.reason),
        "location": waiver_location(waiver),
        "properties": {
            "owner": plain(waiver.owner),
            "approver": plain(waiver.approver),
            "expires": plain(waiver.expires),
        },
    }
