"""The lines of source around a finding, cut to the room there is, with the place marked."""

import re
from dataclasses import dataclass

from rich.cells import cell_len, get_character_cell_size

from stackproof.findings.report import Finding
from stackproof.reporters._text import line_of_source

_MARKED = re.compile(r"""'[^']*'|"[^"]*"|[\w.:-]*[\w-]|\S""")  # the key, text or word that starts at the column
_ELLIPSIS = "…"
_AROUND = 2  # lines shown before and after the finding's own, at most


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of source. On the finding's own one `mark` is the blanks before the marker and its length, in cells."""

    number: int
    text: str
    own: bool = False
    mark: tuple[int, int] | None = None


def excerpt(finding: Finding, room: int) -> list[Line]:
    """The finding's excerpt in at most `room` cells a line (8 at least); empty where there is none.

    Lines too long are cut at the end; where the finding itself would be cut off, all lines start later.
    """
    lines = [
        (number, text)
        for number, text in finding.excerpt
        if finding.line is None or abs(number - finding.line) <= _AROUND
    ]
    texts = {number: line_of_source(text) for number, text in lines}
    place = next((_place(text, finding.column) for number, text in lines if number == finding.line), None)
    skipped = _skipped(texts[finding.line or 0], place, max(room, 8)) if place else 0
    return [
        Line(
            number=number,
            text=_window(text, skipped, max(room, 8)),
            own=number == finding.line,
            mark=_mark(text, place, skipped, max(room, 8)) if place and number == finding.line else None,
        )
        for number, text in texts.items()
    ]


def numbered(finding: Finding, room: int) -> list[str]:
    """The excerpt as plain lines with their numbers, the finding's own with a `>` before it."""
    return [f"{'>' if line.own else ' '} {line.number:>5} | {line.text}".rstrip() for line in excerpt(finding, room)]


def _place(text: str, column: int | None) -> tuple[int, int] | None:
    """Start and end of what the column points to, in characters of the line as it is shown."""
    if column is None:
        return None
    start = min(column - 1, len(text.rstrip()))
    word = _MARKED.match(text, start)
    before = len(line_of_source(text[:start]))
    return before, before + (len(line_of_source(word.group())) if word else 1)


def _skipped(text: str, place: tuple[int, int], room: int) -> int:
    """How many characters to leave out at the start, so that the marked word is seen."""
    start, end = place
    if cell_len(text[: min(end, start + room // 2)]) < room:
        return 0
    return max(start - room // 3, 0)


def _window(text: str, skipped: int, room: int) -> str:
    if not skipped:
        return _cut(text, room)
    return _ELLIPSIS + _cut(text[skipped:], room - 1) if len(text) > skipped else ""


def _cut(text: str, room: int) -> str:
    if cell_len(text) <= room:
        return text
    used = 0
    for index, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > room - 1:
            return text[:index] + _ELLIPSIS
    return text


def _mark(text: str, place: tuple[int, int], skipped: int, room: int) -> tuple[int, int]:
    start, end = place
    before = cell_len(text[skipped:start]) + (1 if skipped else 0)
    return before, max(1, min(cell_len(text[start:end]), room - before))
