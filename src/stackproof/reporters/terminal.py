"""The gate's report for a person at a terminal: what is wrong, where, how to mend it; a pass is short.

What is the same in several environments is shown once, and they are named.
Readable without colour, and in any width from 60 columns on: everything is wrapped but the places (`path:line:column`),
which stay whole because terminals and editors make links of them.
"""

from collections.abc import Iterator
from io import StringIO

from rich.console import Console
from rich.text import Text

from stackproof.findings.outcome import Outcome, Verdict
from stackproof.findings.report import EngineStatus, Finding, GateReport, Report, Waiver
from stackproof.reporters import _view as view
from stackproof.reporters._excerpt import excerpt
from stackproof.reporters._layout import Wrap
from stackproof.reporters._merge import Sheet, sheets
from stackproof.reporters._table import area_table
from stackproof.reporters._text import plain

_VERDICTS = {Verdict.PASS: "bold green", Verdict.FAIL: "bold red", Verdict.ERROR: "bold white on red"}
_SEVERITIES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
_WORDS = {"fail": "bold red", "unknown": "bold magenta", "waived": "bold blue"}
_NARROWEST = 60
_MANY = 6  # with more reports than these, one that passed takes one line


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
    for sheet in sheets(report.reports):
        if short and sheet.is_quiet:
            for each in sheet.reports:
                line = Text.assemble(_verdict(each.verdict), "  ", view.label(each), ": ", view.summary(each))
                yield from wrap(line, 6)
        else:
            yield from _sheet(sheet, wrap)
    yield from _errors(report, wrap)
    if not report.scope.complete:
        yield from wrap(Text(view.NEVER_EVIDENCE, style="bold yellow"))
        for kind, left_out in view.left_out(report.scope.left_out):
            yield from wrap(Text(f"left out: {_left_out(kind, left_out)}"), 4, first=2)
        yield Text()
    notes = [note for note in (view.threshold(report), *report.notes) if note]
    for note in notes:
        yield from wrap(Text.assemble(("note: ", "bold"), plain(note)), 2)
    if notes:
        yield Text()
    if len(report.reports) != 1 or report.errors:
        yield from wrap(Text.assemble(_verdict(report.verdict), "  all: ", view.overall(report)), 7)


def _left_out(kind: str, names: tuple[str, ...]) -> str:
    if kind == "control" and len(names) > _MANY:
        return f"{view.counted(len(names), 'control')}, those counted as not run; --format json names each"
    return f"{kind} {', '.join(names)}".lstrip()


def _errors(report: GateReport, wrap: Wrap) -> Iterator[Text]:
    for problem in report.errors:
        first, *rest = view.sentence(problem).splitlines()
        yield from wrap(Text.assemble(("error: ", "bold red"), first), 2)
        for line in rest:
            yield from wrap(Text(line), 2, first=2)
    if report.errors:
        yield Text()


def _sheet(sheet: Sheet, wrap: Wrap) -> Iterator[Text]:
    names = [plain(each.environment) for each in sheet.reports if each.environment is not None]
    yield from wrap(Text(plain(sheet.all.template) + (f" ({', '.join(names)})" if names else ""), style="bold"))
    yield Text("─" * wrap.width, style="dim")
    area = None
    for group in view.groups(sheet.all, waived=False):
        if group.area is not area:
            area = group.area
            yield from wrap(Text(area.upper(), style="bold"))
        yield from _group(group, sheet, wrap)
    yield from _waived(sheet, wrap)
    yield from _suppressions(sheet.all, wrap)
    for each, about in sheet.alike(lambda report: report.controls):
        if about and each.controls:
            yield from wrap(Text(f"controls ({about})", style="bold"), 2)
        yield from area_table(each, wrap.width)
    for each, about in sheet.alike(lambda report: report.engines):
        yield from _engines(each.engines, about, wrap)
    yield Text()
    for each in sheet.reports:
        about = f"{plain(each.environment)}: " if each.environment is not None and len(sheet.reports) > 1 else ""
        yield from wrap(Text.assemble(_verdict(each.verdict), "  ", about, view.summary(each)), 6)
    yield Text()


def _verdict(verdict: Verdict) -> tuple[str, str]:
    return verdict.upper(), _VERDICTS[verdict]


def _group(group: view.Group, sheet: Sheet, wrap: Wrap) -> Iterator[Text]:
    head = Text.assemble((group.severity, _SEVERITIES[group.severity]), "  ", (plain(group.control), "bold"))
    if group.title:
        head.append("  ").append(plain(group.title))
    yield from wrap(head, 2)
    yield Text()
    for finding in group.findings:
        yield from _finding(finding, sheet, wrap)
        yield Text()
    for fix in dict.fromkeys(finding.fix for finding in group.findings if finding.fix):
        yield from wrap(Text.assemble(("how to fix: ", "bold green"), plain(fix)), 4, first=2)
        yield Text()


def _finding(finding: Finding, sheet: Sheet, wrap: Wrap) -> Iterator[Text]:
    word = view.word(finding)
    about = (view.subject(finding), "bold")
    said = plain(finding.message) or "no reason given"
    yield from wrap(Text.assemble((word, _WORDS[word]), ": ", about, ": ", said), 4, first=2)
    margin = " " * (_digits(finding) + 2)
    yield Text.assemble((f"{margin[:-1]}--> ", "dim"), view.place(sheet.all, finding))
    for line in excerpt(finding, wrap.width - 6 - _digits(finding)):
        number = f"{line.number:>{_digits(finding) + 2}} | "
        yield Text.assemble((number, "dim"), line.text)
        if line.mark:
            blanks, length = line.mark
            yield Text.assemble((f"{margin} | ", "dim"), " " * blanks, ("^" * length, _WORDS[word]))
    details = [("found by", view.named(finding.rules))]
    if finding.when:
        details.append(("when", plain(finding.when)))
    if names := sheet.environments(finding):
        details.append(("in", ", ".join(names)))
    for name, text in details:
        yield from wrap(Text.assemble((f"= {name}: ", "dim"), text), len(margin) + 3, first=len(margin) + 1)


def _digits(finding: Finding) -> int:
    return max((3, *(len(str(number)) for number, _ in finding.excerpt)))


def _waived(sheet: Sheet, wrap: Wrap) -> Iterator[Text]:
    chosen = view.groups(sheet.all, waived=True)
    if not chosen:
        return
    yield Text("Waived: accepted exceptions, each with its end", style="bold")
    yield Text()
    for finding in (finding for group in chosen for finding in group.findings):
        if finding.waiver is not None:
            yield from _waiver(finding, finding.waiver, sheet, wrap)
            yield Text()


def _waiver(finding: Finding, waiver: Waiver, sheet: Sheet, wrap: Wrap) -> Iterator[Text]:
    heading = Text.assemble(("waived", _WORDS["waived"]), f": {plain(finding.control)} ({finding.severity}): ")
    heading.append(view.subject(finding), style="bold").append(f": {plain(finding.message)}")
    if finding.outcome is Outcome.UNKNOWN:
        heading.append(" (unknown)")
    yield from wrap(heading, 4, first=2)
    yield Text.assemble(("    --> ", "dim"), view.place(sheet.all, finding))
    details = [
        ("reason", plain(waiver.reason)),
        ("owner", f"{plain(waiver.owner)}, approved by {plain(waiver.approver)}, expires {plain(waiver.expires)}"),
        ("found by", view.named(finding.rules)),
    ]
    if names := sheet.environments(finding):
        details.append(("in", ", ".join(names)))
    for name, text in details:
        yield from wrap(Text.assemble((f"= {name}: ", "dim"), text), 8, first=6)
    yield Text.assemble(("      = waiver: ", "dim"), f"{plain(waiver.file)}:{waiver.line}")


def _suppressions(report: Report, wrap: Wrap) -> Iterator[Text]:
    if not report.suppressions:
        return
    yield from wrap(Text("Suppressions in the template: they hide nothing here", style="bold"))
    for suppression in report.suppressions:
        yield from wrap(Text(view.suppressed(report, suppression)), 4, first=2)
    yield Text()


def _engines(engines: tuple[EngineStatus, ...], about: str, wrap: Wrap) -> Iterator[Text]:
    names = [
        f"{plain(engine.name)} {plain(engine.version)} {engine.status.replace('_', ' ')}".replace("  ", " ")
        + (f" ({engine.rules} rules, {engine.seconds:.1f}s)" if engine.status == "ok" else "")
        for engine in engines
    ]
    head = f"engines ({about}): " if about else "engines: "
    yield from wrap(Text.assemble((head, "bold"), "; ".join(names) or "none ran"), 2)
    for engine in engines:
        if engine.status == "failed":
            reason = plain(engine.error or "no reason was given")
            yield from wrap(Text.assemble((f"{plain(engine.name)} failed: ", "bold red"), reason), 4, first=2)
