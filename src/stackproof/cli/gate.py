"""`stackproof gate`."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stackproof.catalogue import default_policies
from stackproof.catalogue import load as load_catalogue
from stackproof.catalogue.shelves import strays
from stackproof.cli.progress import telling
from stackproof.errors import StackproofError
from stackproof.findings.outcome import Severity
from stackproof.findings.report import GateReport
from stackproof.gate.gate import Settings, judge
from stackproof.gate.inputs import Inputs, gather
from stackproof.gate.running import Progress
from stackproof.gate.scope import Selection, select

if TYPE_CHECKING:
    from stackproof.engines.protocol import Engine

FORMATS = ("terminal", "json", "sarif", "junit", "html", "markdown")


@click.command("gate")
@click.argument("templates", nargs=-1, required=True, metavar="TEMPLATE...")
@click.option(
    "--environment", "environments", multiple=True, metavar="NAME|FILE", help="Judge under this environment only."
)
@click.option(
    "--as", "like", metavar="TEMPLATE", help="Judge as a version of that stack: its environments, waivers, invariants."
)
@click.option("--policies", type=click.Path(path_type=Path), help="Catalogue and rules [default: those of stackproof].")
@click.option("--format", "form", type=click.Choice(FORMATS), default="terminal", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write there instead of printing.")
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    default=Severity.LOW.value,
    show_default=True,
    help="The least severity that fails.",
)
@click.option("--control", "controls", multiple=True, help="Narrow to a control.")
@click.option("--area", "areas", multiple=True, help="Narrow to an area.")
@click.option("--engine", "engines", multiple=True, help="Narrow to an engine.")
@click.option(
    "--fast", is_flag=True, help="Only what answers at once: cfn-guard, graph, schema. For editors and hooks."
)
@click.option("--no-cache", is_flag=True, help="Run every engine anew.")
@click.option(
    "--timeout", type=click.FloatRange(1), default=600.0, show_default=True, help="Seconds an engine may take."
)
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    templates: tuple[str, ...],
    environments: tuple[str, ...],
    like: str | None,
    policies: Path | None,
    form: str,
    output: Path | None,
    fail_on: str,
    controls: tuple[str, ...],
    areas: tuple[str, ...],
    engines: tuple[str, ...],
    fast: bool,
    no_cache: bool,
    timeout: float,
    quiet: bool,
) -> None:
    """Judge TEMPLATEs against the catalogue of controls, with all engines, under every environment.

    \b
    Examples:
      stackproof gate template/stack.yaml
      stackproof gate template/stack.yaml --environment prod --format html --output report.html
      stackproof gate changed.yaml --as template/stack.yaml
      stackproof gate --fast template/stack.yaml          # editors, pre-commit hooks; never evidence
      stackproof gate *.yaml --area iam --format sarif --output findings.sarif

    Exit codes: 0 compliant; 1 findings; 2 usage, configuration or an unreadable template; 3 an engine or a rule
    failed, or nothing was evaluated. Of several the highest counts, and every report that could be made is printed.
    """
    folder = policies or default_policies()
    catalogue = load_catalogue(folder)
    if found := strays(folder, catalogue):
        raise StackproofError(
            f"{found[0]}: no control names this rule, so it would not run. Name it in {folder / 'controls.yaml'}, or"
            " remove the file; `stackproof rules --check` says what else is missing."
        )
    selection = select(catalogue, controls=controls, areas=areas, engines=engines, fast=fast)
    settings = Settings(
        catalogue=catalogue,
        policies=folder,
        selection=selection,
        today=datetime.now(UTC).date(),  # where it runs, and in which time zone, changes no verdict
        fail_on=Severity(fail_on),
        timeout=timeout,
    )
    with telling(quiet=quiet) as progress:
        inputs = gather(templates, environments=environments, like=like)
        engines_ = engines_for(selection, inputs, progress, cached=not no_cache, today=settings.today)
        report = judge(inputs, engines_, settings, progress)
    write(report, form, output)
    sys.exit(report.exit_code)


def engines_for(
    selection: Selection, inputs: Inputs, progress: Progress, *, cached: bool, today: date | None = None
) -> "list[Engine]":
    """The engines of a selection, those that run as processes first, the one that computes here last."""
    access = {s.key: judged.access for stack in inputs.stacks for judged in stack.judged for s in judged.subjects}
    made: list[Engine] = []
    if "checkov" in selection.rules:
        from stackproof.engines.checkov import CheckovEngine

        made.append(CheckovEngine(progress))
    if "cfn-lint" in selection.rules:
        from stackproof.engines.cfnlint import CfnLintEngine

        made.append(CfnLintEngine(today=today))
    if "cfn-guard" in selection.rules:
        from stackproof.engines.guard import GuardEngine

        made.append(GuardEngine(progress=progress))
    if "schema" in selection.rules:
        from stackproof.engines.schema import SchemaEngine

        made.append(SchemaEngine())
    if "graph" in selection.rules:
        from stackproof.engines.graph import GraphEngine

        made.append(GraphEngine(access))
    if not cached:
        return made
    from stackproof.gate.cache import CachedEngine

    return [CachedEngine(engine, beside=access if engine.name == "graph" else {}) for engine in made]


def write(report: GateReport, form: str, output: Path | None) -> None:
    """Render and print, or write to a file."""
    text = _render(report, form, to_file=output is not None)
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StackproofError(f"{output}: cannot be written: {error.strerror}.") from None
    click.echo(f"{report.verdict}: written to {output}", err=True)


def _render(report: GateReport, form: str, *, to_file: bool) -> str:
    from stackproof.reporters import REPORTERS

    if form != "terminal":
        return REPORTERS[form](report)
    from rich.console import Console

    from stackproof.reporters.terminal import render

    console = Console()
    colour = not to_file and console.is_terminal and console.color_system is not None and not console.no_color
    return render(report, width=min(console.width, 120) if console.is_terminal else 80, colour=colour)
