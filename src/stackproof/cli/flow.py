"""`stackproof flow`."""

import sys
from pathlib import Path

import click
from rich.console import Console

from stackproof.cli.progress import telling
from stackproof.errors import StackproofError
from stackproof.flow import report
from stackproof.flow.run import Outcome, run_files, run_scenarios, setting


@click.command("flow")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--transactions", type=click.IntRange(1, 50_000_000), help="Upload a generated file of N transactions.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the generated file.")
@click.option("--scenario", "names", multiple=True, help="Play a named scenario; `all` plays every one.")
@click.option("--list", "listing", is_flag=True, help="List the scenarios of the template.")
@click.option(
    "--template",
    type=click.Path(path_type=Path),
    default=Path("template/stack.yaml"),
    show_default=True,
    help="The template; its scenarios and environments stand beside it.",
)
@click.option("--environment", help="Name or file of an environment; without it the first one beside the template.")
@click.option("--image", type=click.Path(path_type=Path), help="Folder of the job's code [default: processor/].")
@click.option("--format", "form", type=click.Choice(["terminal", "json"]), default="terminal", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write there instead of printing.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    files: tuple[Path, ...],
    transactions: int | None,
    seed: int,
    names: tuple[str, ...],
    listing: bool,
    template: Path,
    environment: str | None,
    image: Path | None,
    form: str,
    output: Path | None,
    quiet: bool,
) -> None:
    """Deploy the template into an embedded AWS, upload FILES, and let the real code run to the end.

    The handlers run from the deployed zip, the processor from its folder, every call under the role's own permissions.

    \b
    Examples:
      stackproof flow                                  # a file of 1,000 transactions
      stackproof flow --transactions 1000000
      stackproof flow payments.csv other.csv --environment prod
      stackproof flow --scenario host-lost --format json
      stackproof flow --scenario all

    Exit codes: 0 it ended as it should, 1 it did not, 2 usage or configuration, 3 the embedded AWS met something it
    does not know.
    """
    if names and (files or transactions):
        raise click.UsageError("--scenario brings its own files; leave out FILES and --transactions.")
    for path in files:
        if not path.is_file():
            raise StackproofError(f"{path}: no such file. Name a transaction file, or let --transactions make one.")
    chosen = setting(template, environment, image)
    if listing:
        for s in chosen.scenarios.scenarios:
            click.echo(f"{s.area:12} {s.name:36} {s.about}")
        return
    with telling(quiet=quiet) as progress:
        outcomes: list[Outcome] = []
        if names:
            known = chosen.scenarios
            wanted = list(known.scenarios) if names == ("all",) else [known.named(name) for name in names]
            outcomes = run_scenarios(chosen, wanted, progress=progress)
        else:
            count = transactions or (0 if files else 1000)
            outcomes.append(run_files(chosen, list(files), transactions=count, seed=seed, progress=progress))
    _write(outcomes, form, output)
    sys.exit(0 if all(outcome.ok for outcome in outcomes) else 1)


def _write(outcomes: list[Outcome], form: str, output: Path | None) -> None:
    try:
        stream = output.open("w", encoding="utf-8") if output else sys.stdout
    except OSError as error:
        raise StackproofError(f"{output}: {error.strerror}.") from None
    try:
        if form == "json":
            print(report.as_json(outcomes), file=stream)
        else:
            report.show(outcomes, Console(file=stream))
    finally:
        if output:
            stream.close()
