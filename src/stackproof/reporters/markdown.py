"""The gate's report as GitHub's Markdown, for a comment on a pull request.

Verdict and numbers first, then the findings, then what is folded away. A comment takes 65,536 characters: what does not
fit is left out from the least important on, and counted at the end.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from stackproof.findings.outcome import Outcome, Verdict
from stackproof.findings.report import EngineStatus, Finding, GateReport, Report
from stackproof.reporters import _view as view
from stackproof.reporters._excerpt import numbered
from stackproof.reporters._markdown_text import block, cell, code, marked, prose
from stackproof.reporters._merge import Sheet, sheets
from stackproof.reporters._text import plain

LIMIT = 65_536
_RESERVE = 600  # for the note that says what was left out
_ROOM = 120
_MARKS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.ERROR: "⚠️"}


@dataclass(frozen=True, kw_only=True)
class _Block:
    """A part of the page. `rank`: 0 is kept first. `about` names it when left out, `size` counts what it holds."""

    rank: int
    text: str
    about: str
    size: int = 1


def render(report: GateReport) -> str:
    """The report in fewer than 65,536 UTF-16 units."""
    blocks = list(_page(report))
    kept, used = set[int](), 0
    for index in sorted(range(len(blocks)), key=lambda index: (blocks[index].rank, index)):
        used += _units(blocks[index].text) + 2
        if used > LIMIT - _RESERVE:
            break  # all that follows is less important, or stands below a heading that is left out
        kept.add(index)
    texts = [block.text for index, block in enumerate(blocks) if index in kept]
    if len(kept) < len(blocks):
        texts.append(_truncated([block for index, block in enumerate(blocks) if index not in kept]))
    return "\n\n".join(texts) + "\n"


def _units(text: str) -> int:
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def _truncated(blocks: Iterable[_Block]) -> str:
    counts: Counter[str] = Counter()
    for each in blocks:
        counts[each.about] += each.size
    names = ", ".join(view.counted(number, about) for about, number in counts.items())
    return (
        f"> **Truncated.** A comment takes {LIMIT:,} characters. Left out here: {names}. "
        "The numbers above count everything; `stackproof gate --format html` shows it."
    )


def _page(report: GateReport) -> Iterator[_Block]:
    head = f"## {_MARKS[report.verdict]} stackproof gate: {report.verdict}\n\n{prose(view.overall(report))}"
    yield _Block(rank=0, text=head, about="summary")
    if not report.scope.complete:
        kinds = view.left_out(report.scope.left_out)
        names = "; ".join(f"{prose(kind)} {', '.join(map(code, mine))}".lstrip() for kind, mine in kinds) or "not said"
        text = f"> [!WARNING]\n> {view.NEVER_EVIDENCE} Left out: {names}"
        short = text if len(text) < 5_000 else f"> [!WARNING]\n> {view.NEVER_EVIDENCE}"
        yield _Block(rank=0, text=short, about="warning")
    for problem in report.errors:
        text = " ".join(prose(line) for line in view.sentence(problem).splitlines())
        yield _Block(rank=1, text=f"**Error:** {text}", about="error")
    for note in (view.threshold(report), *report.notes):
        if note:
            yield _Block(rank=4, text=f"Note: {prose(note)}", about="note")
    for sheet in sheets(report.reports):
        yield from _sheet(sheet)


def _sheet(sheet: Sheet) -> Iterator[_Block]:
    for report in sheet.reports:
        yield _head(report)
    for group in view.groups(sheet.all, waived=False):
        yield from _group(sheet, group)
    waived = [finding for group in view.groups(sheet.all, waived=True) for finding in group.findings]
    if waived:
        lines = [_waived(sheet, finding) for finding in waived]
        text = _details(f"Waived: {view.counted(len(waived), 'finding')}", "\n".join(lines))
        yield _Block(rank=3, text=text, about="waived finding", size=len(waived))
    suppressions = sheet.all.suppressions
    if suppressions:
        lines = [f"- {prose(view.suppressed(sheet.all, suppression))}" for suppression in suppressions]
        title = f"Suppressions in the template: {len(lines)}; they hide nothing"
        yield _Block(rank=3, text=_details(title, "\n".join(lines)), about="suppression", size=len(lines))
    for report, about in sheet.alike(lambda report: report.controls):
        if report.controls:
            yield _Block(rank=4, text=_controls(report, about), about="table of controls")
    for report, about in sheet.alike(lambda report: report.engines):
        rows = [_engine_row(engine) for engine in report.engines]
        if rows:
            head = "| engine | version | status | rules | seconds |\n|---|---|---|--:|--:|\n"
            text = _details(f"Engines{_of(about)}", head + "\n".join(rows))
            yield _Block(rank=5, text=text, about="table of engines")


def _head(report: Report) -> _Block:
    head = (
        f"### {_MARKS[report.verdict]} {prose(view.label(report))}: {report.verdict}\n\n{prose(view.summary(report))}"
    )
    for engine in report.engines:
        if engine.status == "failed":
            head += f"\n\n**{prose(engine.name)} failed:** {prose(engine.error or 'no reason was given')}"
    return _Block(rank=1, text=head, about="report")


def _of(about: str) -> str:
    return f" ({prose(about)})" if about else ""


def _engine_row(engine: EngineStatus) -> str:
    status = engine.status.replace("_", " ")
    return f"| {prose(engine.name)} | {prose(engine.version)} | {status} | {engine.rules} | {engine.seconds:.1f} |"


def _details(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def _group(sheet: Sheet, group: view.Group) -> Iterator[_Block]:
    title = f": {prose(group.title)}" if group.title else ""
    head = [f"#### {code(group.control)}{title} ({group.severity})"]
    head += [f"**How to fix:** {marked(fix)}" for fix in dict.fromkeys(f.fix for f in group.findings if f.fix)]
    for index, finding in enumerate(group.findings):
        parts = [_finding(sheet, finding)] if index else [*head, _finding(sheet, finding)]
        yield _Block(rank=2, text="\n\n".join(parts), about="finding")


def _finding(sheet: Sheet, finding: Finding) -> str:
    text = f"**{view.word(finding)}** {_place(sheet.all, finding)} {_subject(finding)}: {prose(finding.message)}"
    if finding.when:
        text += f" (when {prose(finding.when)})"
    text += f"<br>found by {', '.join(code(str(rule)) for rule in finding.rules)}"
    if names := sheet.environments(finding):
        text += f"; in {prose(', '.join(names))}"
    lines = numbered(finding, _ROOM)
    return text + ("\n\n" + block(lines) if lines else "")


def _subject(finding: Finding) -> str:
    if finding.resource in (None, "*"):
        return "the template"
    kind = f" ({code(finding.resource_type)})" if finding.resource_type else ""
    return code(finding.resource or "") + kind


def _place(report: Report, finding: Finding) -> str:
    path = plain(finding.file or report.template)
    anchor = f"#L{finding.line}" if finding.line is not None else ""
    shown = code(path + anchor)
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        return shown  # it is not below the repository's root, so there is nothing to link to
    return f"[{shown}]({quote(pure.as_posix(), safe='/')}{anchor})"


def _waived(sheet: Sheet, finding: Finding) -> str:
    waiver = finding.waiver
    if waiver is None:
        return ""
    return (
        f"- {code(finding.control)} {_place(sheet.all, finding)} {_subject(finding)}: {prose(finding.message)}<br>"
        f"{prose(waiver.reason)}<br>owner {prose(waiver.owner)}, approved by {prose(waiver.approver)}, "
        f"expires {prose(waiver.expires)} ({code(f'{waiver.file}:{waiver.line}')})"
        + (f"<br>in {prose(', '.join(names))}" if (names := sheet.environments(finding)) else "")
    )


def _controls(report: Report, about: str) -> str:
    rows = [
        "| area | control | severity | outcome | passed | failed | unknown | waived |",
        "|---|---|---|---|--:|--:|--:|--:|",
    ]
    for area, controls in view.by_area(report.controls).items():
        for control in controls:
            word = view.WORDS[control.outcome]
            outcome = f"**{word}**" if control.outcome in (Outcome.FAIL, Outcome.UNKNOWN) else word
            counts = (control.passed, control.failed, control.unknown, control.waived)
            numbers = " | ".join(str(len(resources)) for resources in counts)
            rows.append(
                f"| {area} | {cell(control.id)} {prose(control.title)} | {control.severity} | {outcome} | {numbers} |"
            )
    return _details(f"{view.controls_line(report.controls)}{_of(about)}", "\n".join(rows))
