"""The gate's report as JUnit XML, for CI servers.

A test suite a report, a test case a control (class name: its area) and one an engine. Findings are failures; so is what
is not known, of type `unknown`, because it never passes. Engines that failed are errors, and so are the errors of the
run, in a suite of their own. Waived, not applicable and not evaluated controls are skipped, each with its reason.
Control characters are spelt out, so that it is well-formed whatever a template holds.
"""

import xml.etree.ElementTree as ET
from collections import defaultdict

from stackproof.findings.outcome import Outcome, Verdict
from stackproof.findings.report import ControlResult, EngineStatus, Finding, GateReport, Report
from stackproof.reporters import _view as view
from stackproof.reporters._excerpt import numbered
from stackproof.reporters._text import plain

_ROOM = 160
_SKIPPED = {
    Outcome.NOT_APPLICABLE: "not applicable: the template has nothing that it speaks of",
    Outcome.NOT_EVALUATED: "not evaluated: left out of this run, or its engine failed",
}


def render(report: GateReport) -> str:
    """The report as an XML document."""
    suites = [_suite(report, each) for each in report.reports]
    if report.errors or (report.verdict is Verdict.ERROR and not _errors(suites)) or not suites:
        suites.append(_run_suite(report))
    root = ET.Element("testsuites", name="stackproof gate")
    root.extend(suites)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(run: GateReport, report: Report) -> ET.Element:
    cases = [*(_engine_case(engine) for engine in report.engines), *_control_cases(run, report)]
    if report.verdict is Verdict.ERROR and not any(case.find("error") is not None for case in cases):
        cases.append(_problem("gate", "evaluation", "the verdict is error: nothing is proven"))
    seconds = max((engine.seconds for engine in report.engines), default=0.0)
    suite = _counted(view.label(report), cases, seconds)
    properties = ET.Element("properties")
    values = {
        "verdict": str(report.verdict),
        "template": plain(report.template),
        "sha256": plain(report.sha256),
        "environment": plain(report.environment or ""),
    }
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=value)
    suite.insert(0, properties)
    if report.suppressions:
        lines = [view.suppressed(report, each) for each in report.suppressions]
        text = "\n".join(["Suppressions in the template; they hide nothing:", *lines])
        ET.SubElement(suite, "system-out").text = text
    return suite


def _counted(name: str, cases: list[ET.Element], seconds: float) -> ET.Element:
    suite = ET.Element("testsuite", name=name, tests=str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(1 for case in cases if case.find(tag) is not None)))
    suite.set("time", f"{seconds:.3f}")
    suite.extend(cases)
    return suite


def _errors(suites: list[ET.Element]) -> int:
    return sum(int(suite.get("errors", "0")) for suite in suites)


def _run_suite(report: GateReport) -> ET.Element:
    cases = [
        _problem("gate", plain(problem.path) if problem.path else "run", view.sentence(problem))
        for problem in report.errors
    ]
    if not cases:
        cases.append(_problem("gate", "evaluation", "the verdict is error or nothing was evaluated: nothing is proven"))
    return _counted("stackproof gate", cases, 0.0)


def _problem(area: str, name: str, text: str) -> ET.Element:
    case = ET.Element("testcase", classname=area, name=name, time="0.000")
    ET.SubElement(case, "error", type="error", message=text.partition("\n")[0]).text = text
    return case


def _engine_case(engine: EngineStatus) -> ET.Element:
    name = plain(f"{engine.name} {engine.version}").strip()
    case = ET.Element("testcase", classname="engines", name=name, time=f"{engine.seconds:.3f}")
    if engine.status == "failed":
        text = plain(engine.error or "no reason was given")
        ET.SubElement(case, "error", type="engine", message=text).text = text
    elif engine.status != "ok":
        ET.SubElement(case, "skipped", message="left out of this run")
    return case


def _control_cases(run: GateReport, report: Report) -> list[ET.Element]:
    findings: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        findings[finding.control].append(finding)
    cases = [_control_case(run, report, control, findings.pop(control.id, [])) for control in report.controls]
    # what no listed control speaks of is a finding all the same
    for name, others in findings.items():
        case = ET.Element("testcase", classname=str(others[0].area), name=plain(name), time="0.000")
        _judge(case, run, report, others)
        cases.append(case)
    return cases


def _control_case(run: GateReport, report: Report, control: ControlResult, findings: list[Finding]) -> ET.Element:
    name = plain(f"{control.id}: {control.title}")
    case = ET.Element("testcase", classname=str(control.area), name=name, time="0.000")
    if control.outcome in (Outcome.FAIL, Outcome.UNKNOWN) and all(finding.waiver for finding in findings):
        text = f"{view.WORDS[control.outcome]}, without a finding that says why"
        ET.SubElement(case, "failure", type=str(control.outcome), message=text).text = text
    elif findings:
        _judge(case, run, report, findings)
    elif control.outcome is not Outcome.PASS:
        ET.SubElement(case, "skipped", message=_SKIPPED.get(control.outcome, view.WORDS[control.outcome]))
    return case


def _judge(case: ET.Element, run: GateReport, report: Report, findings: list[Finding]) -> None:
    """One failure for what counts; else skipped for what is waived or milder than what fails the run."""
    text = "\n\n".join(_text(report, finding) for finding in findings)
    counting = [finding for finding in findings if view.fails(run, finding)]
    if counting:
        kind = Outcome.FAIL if any(finding.outcome is Outcome.FAIL for finding in counting) else Outcome.UNKNOWN
        first = counting[0]
        message = f"{view.findings_line(findings)}; {view.subject(first)}: {plain(first.message)}"
        ET.SubElement(case, "failure", type=str(kind), message=message).text = text
        return
    reasons = [f"waived: {plain(finding.waiver.reason)}" for finding in findings if finding.waiver]
    if len(reasons) < len(findings):
        reasons.append(view.threshold(run))
    kind_of_skip = "waived" if all(finding.waiver for finding in findings) else "mild"
    ET.SubElement(case, "skipped", type=kind_of_skip, message=" ".join(dict.fromkeys(reasons))).text = text


def _text(report: Report, finding: Finding) -> str:
    lines = [
        f"{view.place(report, finding)}: {view.word(finding)}: {finding.severity}: {view.subject(finding)}: "
        f"{plain(finding.message)}"
    ]
    lines += numbered(finding, _ROOM)
    lines.append(f"  found by: {view.named(finding.rules)}")
    if finding.when:
        lines.append(f"  when: {plain(finding.when)}")
    if finding.waiver:
        waiver = finding.waiver
        lines.append(
            f"  waived until {plain(waiver.expires)}: {plain(waiver.reason)} Owner {plain(waiver.owner)}, "
            f"approved by {plain(waiver.approver)} ({plain(waiver.file)}:{waiver.line})"
        )
    else:
        lines.append(f"  how to fix: {plain(finding.fix)}")
    return "\n".join(lines)
