"""`stackproof mutate`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stackproof.errors import StackproofError
from stackproof.findings.outcome import Area

if TYPE_CHECKING:
    from stackproof.deployment import Deployment
    from stackproof.mutate.model import MutationReport

_FIRST = "prod"


@click.command("mutate")
@click.argument("template", metavar="TEMPLATE")
@click.option("--format", "form", type=click.Choice(("terminal", "json")), default="terminal", show_default=True)
@click.option(
    "--environment", metavar="NAME|FILE", help="Judge under this one alone [default: prod first, then the others]."
)
@click.option(
    "--area",
    "areas",
    multiple=True,
    type=click.Choice([area.value for area in Area]),
    help="Seed only faults of an area.",
)
@click.option("--operator", "operators", multiple=True, metavar="NAME", help="Seed only with an operator.")
@click.option("--sample", type=click.IntRange(1), help="At most so many faults of a kind: a quick look.")
@click.option("--policies", type=click.Path(path_type=Path), help="Catalogue and rules [default: those of stackproof].")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write there instead of printing.")
@click.option("--list", "listing", is_flag=True, help="Print the operators and stop.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    template: str,
    form: str,
    environment: str | None,
    areas: tuple[str, ...],
    operators: tuple[str, ...],
    sample: int | None,
    policies: Path | None,
    output: Path | None,
    listing: bool,
    quiet: bool,
) -> None:
    """Seed faults into TEMPLATE, one at a time, and tell which rules catch which.

    A fault is killed when a rule of a control that must find it reports something new. One that only the code can show
    is listed apart. docs/mutation.md says how operators are written, and how to bring your own.

    \b
    Examples:
      stackproof mutate template/stack.yaml
      stackproof mutate template/stack.yaml --area iam --format json --output mutants.json
      stackproof mutate template/stack.yaml --operator delete-statement

    Exit codes: 0 all killed; 1 survivors; 2 usage, configuration or an unreadable template; 3 an engine failed.
    """
    from stackproof.catalogue import default_policies
    from stackproof.catalogue import load as load_catalogue
    from stackproof.gate.access import load as load_access
    from stackproof.gate.inputs import said_about
    from stackproof.mutate import registry
    from stackproof.mutate.run import run
    from stackproof.mutate.seeding import NAMES, Settings
    from stackproof.template.read import read

    chosen = registry.operators(operators)
    if listing:
        click.echo("\n".join(f"{one.name:<26}{one.title}" for one in chosen))
        return
    folder = policies or default_policies()
    catalogue = load_catalogue(folder)
    home = Path(template)
    access = said_about(home, "access.yaml") if home.exists() else None
    settings = Settings(
        catalogue=catalogue,
        policies=folder,
        rules={name: catalogue.rules_of(name) for name in NAMES},
        operators=chosen,
        areas=frozenset(Area(area) for area in areas),
        sample=sample,
        access=load_access(access) if access else None,
    )
    with _progress(quiet=quiet) as tell:
        report = run(read(template), _environments(home, environment), settings, tell)
    _write(report, form, output)
    sys.exit(report.exit_code)


def _environments(template: Path, name: str | None) -> "list[Deployment | None]":
    from stackproof import deployment

    if name is not None:
        return [deployment.choose(template, name)]
    known = sorted(deployment.beside(template), key=lambda one: one.name != _FIRST)
    return [*known] or [None]


def _write(report: "MutationReport", form: str, output: Path | None) -> None:
    from rich.console import Console

    from stackproof.mutate import document, terminal

    if form == "json":
        text = document.render(report)
    else:
        console = Console()
        text = terminal.render(report, width=min(console.width, 120) if console.is_terminal else 80)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StackproofError(f"{output}: cannot be written: {error.strerror}.") from None
    click.echo(f"exit code {report.exit_code}: written to {output}", err=True)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal; else a line for each new stage."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if quiet:
        yield lambda *_: None
        return
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (TimeElapsedColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as live:
        task = live.add_task("starting", total=None)
        yield lambda stage, done, total: live.update(task, description=stage, completed=done, total=total or None)


class _Lines:
    def __init__(self, console: "object") -> None:
        self._console = console
        self._stage = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self._stage = stage
            click.echo(f"{stage}{f': {total}' if total else ''}", err=True)
