"""`stackproof engines`."""

import sys
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stackproof.cli.progress import telling
from stackproof.engines import setup
from stackproof.engines.protocol import EngineFailure
from stackproof.engines.setup import Status

_WIDTH = 80


@click.command("engines")
@click.option("--verify", is_flag=True, help="Compare every file with what was installed; takes seconds.")
@click.option("--offline", is_flag=True, help="Install nothing: only say what is there.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(verify: bool, offline: bool, quiet: bool) -> None:
    """Install the engines that are not there, and say how each one stands.

    checkov gets an environment of its own and cfn-guard its binary, both pinned by hash, once, in a cache folder
    (STACKPROOF_HOME, else stackproof in the user's cache). The gate does the same the first time; afterwards nothing
    needs the network. pip's own settings say where packages come from.

    \b
    Examples:
      stackproof engines                    # once, before working offline or in a CI image
      stackproof engines --verify           # has anybody changed what was installed?
      stackproof engines --offline          # what is there

    Exit codes: 0 all are there and whole; 2 usage; 3 an engine is missing, broken, or could not be installed.
    """
    problems: list[str] = []
    with telling(quiet=quiet) as progress:
        known = [status.name for status in setup.status()]
        if not offline:
            problems = [problem for name in known if (problem := _install(name, progress))]
        if verify:
            progress("comparing files with what was installed")
        statuses = [setup.verify(name) if verify else status for name, status in _by_name().items()]
    show(statuses, Console(width=None if sys.stdout.isatty() else _WIDTH), setup.home())
    for problem in [*problems, *_remedies(statuses, offline=offline, told=bool(problems))]:
        click.echo(f"stackproof: {problem}", err=True)
    sys.exit(0 if all(is_whole(status) for status in statuses) else 3)


def is_whole(status: Status) -> bool:
    """Whether an engine is there and, as far as anybody looked, as it was installed."""
    return status.installed is not None and status.intact is not False


def show(statuses: list[Status], console: Console, home: Path) -> None:
    """One row an engine; what is wrong with it stands below it."""
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for heading in ("engine", "version", "state", "from"):
        table.add_column(heading, no_wrap=heading in ("engine", "version"), overflow="fold")
    for status in statuses:
        state, style = _state(status)
        origin = status.installed.origin if status.installed else "-"
        table.add_row(status.name, status.version, Text(state, style), Text(origin))
    console.print(table)
    for status in statuses:
        for fault in status.faults[:10]:
            console.print(f"  {status.name}: {fault}", markup=False, highlight=False)
        if len(status.faults) > 10:
            console.print(f"  {status.name}: and {len(status.faults) - 10} more", markup=False, highlight=False)
    console.print(
        f"cfn-lint and the graph engine are part of stackproof. Folder: {home}", markup=False, highlight=False
    )


def _install(name: str, progress: Callable[[str], None]) -> str:
    try:
        setup.ensure(name, progress)
    except EngineFailure as failure:
        return str(failure)
    return ""


def _by_name() -> dict[str, Status]:
    return {status.name: status for status in setup.status()}


def _state(status: Status) -> tuple[str, str]:
    if status.installed is None:
        return "missing", "red"
    match status.intact:
        case True:
            return "intact", "green"
        case False:
            return "changed", "red"
        case _:
            return "there", "green"


def _remedies(statuses: list[Status], *, offline: bool, told: bool) -> list[str]:
    missing = [status.name for status in statuses if status.installed is None]
    changed = [status.name for status in statuses if status.intact is False]
    remedies = []
    if missing and (offline or not told):
        remedies.append(f"{' and '.join(missing)} not installed. Run `stackproof engines` where packages can be had.")
    if changed:
        folders = ", ".join(
            str(status.installed.path) for status in statuses if status.name in changed and status.installed
        )
        remedies.append(
            f"{' and '.join(changed)} not as installed ({folders}). Remove its folder in {setup.home()} and run "
            "`stackproof engines` again."
        )
    return remedies
