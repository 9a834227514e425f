"""The gate's report as one HTML page for auditors: no network, no script needed, light and dark, made for print too.

Every text passes `plain` and the engine's escaping on its way out (`finalize`, autoescape), and a security policy
(CSP) lets nothing run or load but this page's own style and script, by their hashes: what a template says is inert.
"""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from stackproof import __version__
from stackproof.findings.outcome import Area
from stackproof.findings.report import GateReport
from stackproof.reporters import _view as view
from stackproof.reporters._excerpt import excerpt
from stackproof.reporters._text import plain
from stackproof.reporters.html._coverage import coverage, resources, totals

_ROOM = 160


class _Source(str):
    """A line of source that `line_of_source` has made harmless; its blanks stay."""

    __slots__ = ()


def render(report: GateReport) -> str:
    """The page."""
    style, script = _read("page.css"), _read("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            run=report,
            style=Markup(style),  # ours, from the package
            script=Markup(script),
            policy=_policy(style, script),
            version=__version__,
        )
        + "\n"
    )


def _read(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> Markup:
    allowed = f"default-src 'none'; style-src {_hashed(style)}; script-src {_hashed(script)}"
    return Markup(f"{allowed}; base-uri 'none'; form-action 'none'")


def _hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        view=view,
        coverage=coverage,
        totals=totals,
        resources=resources,
        excerpt=lambda finding: [(line, _Source(line.text)) for line in excerpt(finding, _ROOM)],
        blanks=lambda number: _Source(" " * number),
        marked=_marked,
        areas=[str(area) for area in Area],
        words={str(outcome): word for outcome, word in view.WORDS.items()},
    )
    return environment


def _marked(text: str) -> Markup:
    """Prose of the catalogue: what stands there between backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(plain(text))
    texts = (escape(_within(part)) for part in parts)
    return Markup("").join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(texts))


def _within(text: str) -> str:
    """A part of a line, with the blanks at its ends."""
    before, after = (" " if end.isspace() else "" for end in (text[:1], text[-1:]))
    return f"{before}{plain(text)}{after}" if text.strip() else " " * bool(text)


def _finalize(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, (Markup, _Source)):
        return plain(value)
    return value
