"""The gate's report for a person at a terminal: what is wrong, where, how to mend it; a pass is short.

Readable without colour, and in any width from 60 columns on: everything is wrapped but the places (`path:line:column`),
which stay whole because terminals and editors make links of them.
"""

from collections.abc import Iterable, Iterator
from io import StringIO

from rich.console import Console
from rich.text import Text

from stackproof.findings.outcome import Outcome, Verdict
from stackproof.findings.report import EngineStatus, Finding, GateReport, Report
from stackproof.reporters import _view as view
from stackproof.reporters._excerpt import excerpt
from stackproof.reporters._layout import Wrap
from stackproof.reporters._table import area_table
from stackproof.reporters._text import plain

_VERDICTS = {Verdict.PASS: "bold green", Verdict.FAIL: "bold red", Verdict.ERROR: "bold white on red"}
_SEVERITIES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
_WORDS = {"fail": "bold red", "unknown": "bold magenta", "waived": "bold blue"}
_NARROWEST = 60
_MANY = 6  # with more reports than these, one that passed takes one line

_Key = tuple[object, ...]


def render(report: GateReport, *, width: int = 80, colour: bool = False) -> str:
    """The whole report, in lines of at most `width` cells (60 at least) apart from places that are longer."""
    console = Console(
        file=StringIO(),
        width=max(width, _NARROWEST),
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
    )
    with console.capture() as captured:
        for line in _page(report, Wrap(console)):
            line.rstrip()
            console.print(line, no_wrap=True, overflow="ignore", crop=False, highlight=False, soft_wrap=True)
    return captured.get()


def _page(report: GateReport, wrap: Wrap) -> Iterator[Text]:
    short = len(report.reports) > _MANY
    shown: dict[_Key, str] = {}
    for each in report.reports:
        if short and each.verdict is Verdict.PASS and not each.findings and not each.suppressions:
            yield from wrap(Text.assemble(_verdict(each.verdict), "  ", view.label(each), ": ", view.summary(each)), 6)
            continue
        yield from _report(each, wrap, shown)
    yield from _errors(report, wrap)
    if not report.scope.complete:
        yield from wrap(Text(view.NEVER_EVIDENCE, style="bold yellow"))
        for left_out in report.scope.left_out:
            yield from wrap(Text(f"left out: {plain(left_out)}"), 4, first=2)
        yield Text()
    notes = [note for note in (view.threshold(report), *report.notes) if note]
    for note in notes:
        yield from wrap(Text.assemble(("note: ", "bold"), plain(note)), 2)
    if notes:
        yield Text()
    if len(report.reports) != 1 or report.errors:
        yield from wrap(Text.assemble(_verdict(report.verdict), "  all: ", view.overall(report)), 7)


def _errors(report: GateReport, wrap: Wrap) -> Iterator[Text]:
    for problem in report.errors:
        first, *rest = view.sentence(problem).splitlines()
        yield from wrap(Text.assemble(("error: ", "bold red"), first), 2)
        for line in rest:
            yield from wrap(Text(line), 2, first=2)
    if report.errors:
        yield Text()


def _report(report: Report, wrap: Wrap, shown: dict[_Key, str]) -> Iterator[Text]:
    yield from wrap(Text(view.label(report), style="bold"))
    yield Text("─" * wrap.width, style="dim")
    area = None
    for group in view.groups(report, waived=False):
        if group.area is not area:
            area = group.area
            yield from wrap(Text(area.upper(), style="bold"))
        yield from _group(group, report, wrap, shown)
    yield from _waived(report, wrap)
    yield from _suppressions(report, wrap)
    yield from area_table(report, wrap.width)
    yield from _engines(report.engines, wrap)
    yield Text()
    yield from wrap(Text.assemble(_verdict(report.verdict), "  ", view.summary(report)), 6)
    yield Text()


def _verdict(verdict: Verdict) -> tuple[str, str]:
    return verdict.upper(), _VERDICTS[verdict]


def _group(group: view.Group, report: Report, wrap: Wrap, shown: dict[_Key, str]) -> Iterator[Text]:
    head = Text.assemble((group.severity, _SEVERITIES[group.severity]), "  ", (plain(group.control), "bold"))
    if group.title:
        head.append("  ").append(plain(group.title))
    yield from wrap(head, 2)
    yield Text()
    fixes = {f.fix: None for f in group.findings if f.fix and (report.template, *_identity(f)) not in shown}
    for finding in group.findings:
        key = (report.template, *_identity(finding))
        yield from _finding(finding, report, wrap, shown.get(key))
        shown.setdefault(key, view.label(report))
        yield Text()
    for fix in fixes:
        yield from wrap(Text.assemble(("how to fix: ", "bold green"), plain(fix)), 4, first=2)
        yield Text()


def _identity(finding: Finding) -> _Key:
    return finding.control, finding.outcome, finding.resource, finding.path, finding.line, finding.message, finding.when


def _finding(finding: Finding, report: Report, wrap: Wrap, before: str | None) -> Iterator[Text]:
    word = view.word(finding)
    yield from wrap(
        Text.assemble(
            (word, _WORDS[word]),
            ": ",
            (view.subject(finding), "bold"),
            ": ",
            plain(finding.message) or "no reason given",
        ),
        4,
        first=2,
    )
    lines = [] if before else excerpt(finding, wrap.width - 6 - _digits(finding))
    margin = " " * (_digits(finding) + 2)
    yield Text.assemble((f"{margin[:-1]}--> ", "dim"), view.place(report, finding))
    for line in lines:
        number = f"{line.number:>{_digits(finding) + 2}} | "
        yield Text.assemble((number, "dim"), line.text)
        if line.mark:
            blanks, length = line.mark
            yield Text.assemble((f"{margin} | ", "dim"), " " * blanks, ("^" * length, _WORDS[word]))
    details = [("found by", view.named(finding.rules))]
    if finding.when:
        details.append(("when", plain(finding.when)))
    if before:
        details.append(("as under", f"{before}, above"))
    for name, text in details:
        yield from wrap(Text.assemble((f"= {name}: ", "dim"), text), len(margin) + 3, first=len(margin) + 1)


def _digits(finding: Finding) -> int:
    return max((3, *(len(str(number)) for number, _ in finding.excerpt)))


def _waived(report: Report, wrap: Wrap) -> Iterator[Text]:
    chosen = view.groups(report, waived=True)
    if not chosen:
        return
    yield Text("Waived: accepted exceptions, each with its end", style="bold")
    yield Text()
    for finding in (finding for group in chosen for finding in group.findings):
        waiver = finding.waiver
        if waiver is None:
            continue
        heading = Text.assemble(("waived", _WORDS["waived"]), f": {plain(finding.control)} ({finding.severity}): ")
        heading.append(view.subject(finding), style="bold").append(f": {plain(finding.message)}")
        if finding.outcome is Outcome.UNKNOWN:
            heading.append(" (unknown)")
        yield from wrap(heading, 4, first=2)
        yield Text.assemble(("    --> ", "dim"), view.place(report, finding))
        for name, text in (
            ("reason", plain(waiver.reason)),
            ("owner", f"{plain(waiver.owner)}, approved by {plain(waiver.approver)}, expires {plain(waiver.expires)}"),
            ("found by", view.named(finding.rules)),
        ):
            yield from wrap(Text.assemble((f"= {name}: ", "dim"), text), 8, first=6)
        yield Text.assemble(("      = waiver: ", "dim"), f"{plain(waiver.file)}:{waiver.line}")
        yield Text()


def _suppressions(report: Report, wrap: Wrap) -> Iterator[Text]:
    if not report.suppressions:
        return
    yield from wrap(Text("Suppressions in the template: they hide nothing here", style="bold"))
    for suppression in report.suppressions:
        yield from wrap(Text(view.suppressed(report, suppression)), 4, first=2)
    yield Text()


def _engines(engines: Iterable[EngineStatus], wrap: Wrap) -> Iterator[Text]:
    every = tuple(engines)
    names = [
        f"{plain(engine.name)} {plain(engine.version)} {engine.status.replace('_', ' ')}".replace("  ", " ")
        + (f" ({engine.rules} rules, {engine.seconds:.1f}s)" if engine.status == "ok" else "")
        for engine in every
    ]
    yield from wrap(Text.assemble(("engines: ", "bold"), "; ".join(names) or "none ran"), 2)
    for engine in every:
        if engine.status == "failed":
            reason = plain(engine.error or "no reason was given")
            yield from wrap(Text.assemble((f"{plain(engine.name)} failed: ", "bold red"), reason), 4, first=2)
