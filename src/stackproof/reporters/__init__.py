"""What the gate's report looks like: one pure function a format, `render(report) -> str`.

A format shows; it never judges: verdict and exit code stand in the report before any of these runs. Each module is
imported when its format is asked for, so that the terminal does not wait for the HTML engine.
"""

from collections.abc import Callable
from importlib import import_module

from stackproof.findings.report import GateReport

Reporter = Callable[[GateReport], str]


def _reporter(name: str) -> Reporter:
    def render(report: GateReport) -> str:
        return str(import_module(f"stackproof.reporters.{name}").render(report))

    return render


REPORTERS: dict[str, Reporter] = {
    name: _reporter(name) for name in ("terminal", "json", "sarif", "junit", "html", "markdown")
}
"""By the name that `--format` takes. The terminal's own `render` takes a width and a colour too."""
