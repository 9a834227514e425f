"""What several formats show alike: places, groups of findings, counts and the summary line."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stackproof.findings.outcome import Area, Outcome, Severity, Verdict
from stackproof.findings.report import ControlResult, EngineStatus, Finding, GateReport, Problem, Report, Suppression
from stackproof.findings.result import Path, RuleId
from stackproof.reporters._text import lines_of, plain

WORDS = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.UNKNOWN: "unknown",
    Outcome.WAIVED: "waived",
    Outcome.NOT_APPLICABLE: "not applicable",
    Outcome.NOT_EVALUATED: "not evaluated",
}
"""Outcomes for people, in the order in which counts name them."""

NEVER_EVIDENCE = "A narrowed run: it is never evidence of compliance."


@dataclass(frozen=True, kw_only=True)
class Group:
    """The findings of one control in a report. `title` is '' for a control that the report does not list."""

    area: Area
    control: str
    title: str
    severity: Severity
    findings: tuple[Finding, ...]


def pointer(path: Path) -> str | None:
    """A place as a text, "Resources/Bucket/Properties/Tags/0", as a JSON pointer escapes it; None for no place."""
    if not path:
        return None
    return "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in path)


def label(report: Report) -> str:
    """A report by name: its template and environment."""
    return plain(report.template) + (f" ({plain(report.environment)})" if report.environment is not None else "")


def place(report: Report, finding: Finding) -> str:
    """Where a finding is, as editors and terminals know it: path:line:column, as far as it is known."""
    parts = [plain(finding.file or report.template)]
    if finding.line is not None:
        parts.append(str(finding.line))
        if finding.column is not None:
            parts.append(str(finding.column))
    return ":".join(parts)


def subject(finding: Finding) -> str:
    """What a finding is about: the logical id and type, or the template as a whole."""
    if finding.resource in (None, "*"):
        return "the template"
    kind = f" ({plain(finding.resource_type)})" if finding.resource_type else ""
    return plain(finding.resource or "") + kind


def named(rules: Iterable[RuleId]) -> str:
    """Rules by name, as `engine:rule`."""
    return ", ".join(plain(str(rule)) for rule in rules)


def word(finding: Finding) -> str:
    """The outcome of a finding in one word; a waived one is waived."""
    return WORDS[Outcome.WAIVED if finding.waiver else finding.outcome]


def fails(report: GateReport, finding: Finding) -> bool:
    """Whether a finding counts for the verdict: it is not waived, and not milder than `--fail-on`."""
    return not finding.waiver and (report.fail_on is None or finding.severity.rank <= report.fail_on.rank)


def threshold(report: GateReport) -> str:
    """What `--fail-on` means for this run, as a sentence; '' where every severity fails."""
    if report.fail_on in (None, Severity.LOW):
        return ""
    return f"Findings milder than {report.fail_on} do not fail this run (--fail-on {report.fail_on})."


def groups(report: Report, *, waived: bool) -> list[Group]:
    """The findings that are waived, or those that are not, by area and control, the worst first within an area."""
    titles = {control.id: control.title for control in report.controls}
    chosen: dict[tuple[Area, str], list[Finding]] = {}
    for finding in report.findings:
        if (finding.waiver is not None) == waived:
            chosen.setdefault((finding.area, finding.control), []).append(finding)
    found = [
        Group(
            area=area,
            control=control,
            title=titles.get(control, ""),
            severity=min((f.severity for f in findings), key=lambda severity: severity.rank),
            findings=tuple(findings),
        )
        for (area, control), findings in chosen.items()
    ]
    areas = list(Area)
    return sorted(found, key=lambda group: (areas.index(group.area), group.severity.rank, group.control))


def by_area(controls: Sequence[ControlResult]) -> dict[Area, list[ControlResult]]:
    """Controls by area, in the order of the areas; areas without one are left out."""
    return {area: mine for area in Area if (mine := [control for control in controls if control.area is area])}


def population(control: ControlResult) -> int:
    """How many resources a control was judged on."""
    return len(control.passed) + len(control.failed) + len(control.unknown) + len(control.waived)


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 control", "2 controls"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def findings_line(findings: Iterable[Finding]) -> str:
    """Findings in numbers: "3 findings (1 critical, 2 high), 2 unknown, 1 waived"."""
    every = tuple(findings)
    failed = Counter(f.severity for f in every if not f.waiver and f.outcome is not Outcome.UNKNOWN)
    unknown = sum(1 for f in every if not f.waiver and f.outcome is Outcome.UNKNOWN)
    waived = sum(1 for f in every if f.waiver)
    text = counted(failed.total(), "finding") if failed else "no findings"
    if failed:
        text += f" ({', '.join(f'{failed[severity]} {severity}' for severity in Severity if failed[severity])})"
    return text + (f", {unknown} unknown" if unknown else "") + (f", {waived} waived" if waived else "")


def outcomes_line(counts: Mapping[Outcome, int]) -> str:
    """Outcomes in numbers: "60 pass, 3 fail"."""
    return ", ".join(f"{counts[outcome]} {name}" for outcome, name in WORDS.items() if counts.get(outcome))


def controls_line(controls: Sequence[ControlResult]) -> str:
    """Controls in numbers: "66 controls: 60 pass, 3 fail"."""
    if not controls:
        return "no control was evaluated"
    return f"{counted(len(controls), 'control')}: {outcomes_line(Counter(c.outcome for c in controls))}"


def engines_line(engines: Sequence[EngineStatus]) -> str:
    """Engines in numbers: "4 engines ok in 5.1s" (they run side by side: the slowest counts)."""
    states = Counter(engine.status for engine in engines)
    names = {"ok": "ok", "failed": "failed", "left_out": "left out"}
    parts = [f"{states[state]} {name}" for state, name in names.items() if states[state]]
    if not parts:
        return "no engine ran"
    first, *others = parts
    number, _, state = first.partition(" ")
    text = ", ".join([f"{counted(int(number), 'engine')} {state}", *others])
    return f"{text} in {max(engine.seconds for engine in engines):.1f}s"


def summary(report: Report) -> str:
    """A report in one line, without its verdict."""
    return "; ".join((findings_line(report.findings), controls_line(report.controls), engines_line(report.engines)))


def overall(report: GateReport) -> str:
    """The whole call in one line, without its verdict."""
    verdicts = Counter(each.verdict for each in report.reports)
    parts = [findings_line(f for each in report.reports for f in each.findings)]
    states = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in Verdict if verdicts[verdict])
    parts.append(f"{counted(len(report.reports), 'report')}: {states}" if states else "nothing was evaluated")
    if report.errors:
        parts.append(counted(len(report.errors), "error"))
    return "; ".join(parts)


def sentence(problem: Problem) -> str:
    """An error of the run as a text that begins with its file, of several lines where the message has them."""
    message = "\n".join(lines_of(problem.message)) or "no reason was given"
    if problem.path is None or message.startswith(plain(problem.path)):
        return message
    return f"{plain(problem.path)}: {message}"


def left_out(names: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    """What a run left out, by kind: ("engine", ("checkov", "graph")), as the scope names it ("engine checkov")."""
    kinds: dict[str, list[str]] = {}
    for name in names:
        kind, blank, rest = plain(name).partition(" ")
        kinds.setdefault(kind if blank else "", []).append(rest if blank else kind)
    return [(kind, tuple(mine)) for kind, mine in kinds.items()]


def suppressed(report: Report, suppression: Suppression) -> str:
    """A suppression inside the template, as a sentence."""
    where = plain(report.template) + (f":{suppression.line}" if suppression.line is not None else "")
    whom = f" on {plain(suppression.resource)}" if suppression.resource else ""
    return f"{where}: {plain(suppression.tool)}{whom}: {plain(suppression.text)}"


def requirement(name: str, framework: str, titles: Mapping[str, Mapping[str, str]]) -> str:
    """A requirement's id, with its short title where there is one."""
    title = titles.get(framework, {}).get(name, "")
    return f"{plain(name)} {plain(title)}".rstrip()
