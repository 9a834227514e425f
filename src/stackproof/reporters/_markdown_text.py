"""Texts of a template inside GitHub's Markdown: shown as they are, without any effect."""

import re
from html import escape

from stackproof.reporters._text import plain

_LONGEST = 1_000
_SPECIAL = re.compile(r"([\\`*_\[\]|~])")
_SPLIT = "<!-- -->"  # ends a text node, so that GitHub makes neither a mention nor a link of what follows
_LINKING = re.compile(r"(@|#|://|www\.)")


def prose(text: str) -> str:
    """A text for a paragraph or a table cell: no markup, no HTML, no mention of people, no link, no formula."""
    safe = _SPECIAL.sub(r"\\\1", escape(_short(plain(text)), quote=False))
    return _LINKING.sub(rf"\1{_SPLIT}", safe.replace("://", f":{_SPLIT}//")).replace("$", "&#36;")


def marked(text: str) -> str:
    """Prose of the catalogue: what stands there between backticks is code here too, the rest as `prose` writes it."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return prose(text)
    return "".join(code(part) if index % 2 else _between(part) for index, part in enumerate(parts))


def _between(text: str) -> str:
    """Prose with the blanks at its ends, which separate it from the code beside it."""
    before, after = (" " if end.isspace() else "" for end in (text[:1], text[-1:]))
    return f"{before}{prose(text)}{after}" if text.strip() else " " * bool(text)


def code(text: str) -> str:
    """A text as a code span for a paragraph, '' for an empty one."""
    content = _short(plain(text))
    if not content:
        return ""
    fence = _fence(content, 1)
    return f"{fence}{content}{fence}" if "`" not in content else f"{fence} {content} {fence}"


def cell(text: str) -> str:
    """A text as a code span for a table cell."""
    return code(text).replace("|", "\\|")


def block(lines: list[str]) -> str:
    """Lines of source as a fenced block that nothing inside them ends."""
    fence = _fence("\n".join(lines), 3)
    return "\n".join((f"{fence}text", *lines, fence))


def _fence(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
