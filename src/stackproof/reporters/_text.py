"""Texts of a template made harmless for people: what it says is shown, what it would do to a terminal or page is not.

A logical id, a message or a line of source may hold anything: escape sequences that rewrite the screen, marks that turn
the reading direction, characters that XML forbids, halves of surrogate pairs that no encoding takes.
"""

import re

from stackproof.template.references import display

_JOINERS = "\u200c\u200d"  # inside emoji and some scripts; they neither move nor hide anything
_TAB = "    "
_COMMAND = re.compile(r"##(?=\w*\[)")  # build servers take ##[..], ##vso[..] and ##teamcity[..] in a log for commands


def plain(text: str) -> str:
    """`text` on one line: tokens as `${Name}`, runs of blanks and line ends as one blank, control characters
    spelt out, and no line that a build server takes for a command."""
    line = _spelt(" ".join(display(text).split()))
    return f"\\x3a{line[1:]}" if line.startswith("::") else line


def lines_of(text: str) -> list[str]:
    """A text of several lines, each as `plain` writes it, empty ones left out."""
    return [line for part in display(text).splitlines() if (line := plain(part))]


def line_of_source(text: str) -> str:
    """A line of source: its indentation kept, tabs as four blanks, control characters spelt out."""
    return _spelt(text.rstrip("\r\n").replace("\t", _TAB))


def source_text(text: str) -> str:
    """Lines of source as they are, tabs and all, with other control characters spelt out."""
    return "\n".join("\t".join(map(_spelt, line.split("\t"))) for line in text.split("\n"))


def _spelt(text: str) -> str:
    text = _COMMAND.sub(r"#\\x23", text)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else _escape(ord(c)) for c in text)


def _escape(code: int) -> str:
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
