"""`stackproof rules`."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from stackproof.catalogue import ENGINES, GATE, Catalogue, Control, check, default_policies, load
from stackproof.catalogue.shelves import RuleFiles, files_of
from stackproof.errors import StackproofError
from stackproof.findings.outcome import Area
from stackproof.findings.result import RuleId

_WIDE = 200  # where nobody looks at it on a terminal, no line is broken


@dataclass(frozen=True, kw_only=True)
class Row:
    """One rule with its control. `files` is None for a rule that its engine brings."""

    rule: RuleId
    control: Control
    files: RuleFiles | None


@click.command("rules")
@click.option("--engine", type=click.Choice((*ENGINES, GATE)), help="Only rules of this engine.")
@click.option("--area", type=click.Choice([str(area) for area in Area]), help="Only rules of controls in this area.")
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", show_default=True)
@click.option("--check", "whole", is_flag=True, help="Check the rules themselves: is anything missing or unfinished?")
@click.option(
    "--guard-hook",
    "hook",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the cfn-guard rules there as one text, for an AWS::CloudFormation::GuardHook.",
)
@click.option("--policies", type=click.Path(path_type=Path), help="Catalogue and rules [default: those of stackproof].")
def command(
    engine: str | None, area: str | None, form: str, whole: bool, hook: Path | None, policies: Path | None
) -> None:
    """List every rule: its control, area and severity, and whether its file and its cases are there.

    \b
    Examples:
      stackproof rules
      stackproof rules --area iam --engine graph
      stackproof rules --format json
      stackproof rules --check                # are all rules, cases, prose and requirements there?
      stackproof rules --guard-hook hook.guard

    Exit codes: 0; 2 usage, an unreadable catalogue, or --check found something.
    """
    folder = policies or default_policies()
    catalogue = load(folder)
    if whole:
        sys.exit(_check(folder, catalogue))
    if hook is not None:
        _write_hook(hook, folder, catalogue)
        return
    rows = [
        row
        for row in _rows(catalogue, folder)
        if engine in (None, row.rule.engine) and area in (None, str(row.control.area))
    ]
    if form == "json":
        click.echo(json.dumps(_document(rows, folder), indent=2))
        return
    Console(width=None if sys.stdout.isatty() else _WIDE).print(_table(rows))
    controls = len({row.control.id for row in rows})
    click.echo(f"\n{_counted(len(rows), 'rule')} of {_counted(controls, 'control')}.")


def _write_hook(target: Path, policies: Path, catalogue: Catalogue) -> None:
    from stackproof.engines.guard import hook_bundle

    text = hook_bundle(policies, catalogue.thresholds)
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StackproofError(f"{target}: cannot be written: {error.strerror}.") from None
    click.echo(f"{target}: {_counted(len(catalogue.rules_of('cfn-guard')), 'rule')} of cfn-guard", err=True)


def _check(policies: Path, catalogue: Catalogue) -> int:
    """Say what is missing on the error output, and give the exit code."""
    sentences = check(policies)
    for sentence in sentences:
        click.echo(sentence, err=True)
    if sentences:
        click.echo(f"{_counted(len(sentences), 'thing')} to mend in {policies}.", err=True)
        return 2
    rules = sum(len(control.rules) for control in catalogue.controls.values())
    click.echo(f"Nothing is missing: {_counted(len(catalogue.controls), 'control')}, {_counted(rules, 'rule')}.")
    return 0


def _rows(catalogue: Catalogue, policies: Path) -> Iterator[Row]:
    for control in catalogue.controls.values():
        for rule in control.rules:
            yield Row(rule=rule, control=control, files=files_of(policies, rule))


def _document(rows: list[Row], policies: Path) -> dict[str, object]:
    def there(path: Path) -> str | None:
        return path.relative_to(policies).as_posix() if path.is_file() else None

    return {
        "schema": "stackproof.rules/1",
        "rules": [
            {
                "engine": row.rule.engine,
                "rule": row.rule.rule,
                "control": row.control.id,
                "area": str(row.control.area),
                "severity": str(row.control.severity),
                "built_in": row.files is None,
                "file": there(row.files.file) if row.files else None,
                "cases": there(row.files.cases) if row.files else None,
            }
            for row in rows
        ],
    }


def _table(rows: list[Row]) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for heading in ("engine", "rule", "control", "area", "severity", "file", "cases"):
        table.add_column(heading, no_wrap=heading in ("engine", "area", "severity"), overflow="fold")
    for row in rows:
        control = row.control
        names = (row.rule.engine, row.rule.rule, control.id, str(control.area), str(control.severity))
        table.add_row(*names, *_state(row.files))
    return table


def _state(files: RuleFiles | None) -> tuple[str, str]:
    if files is None:
        return "built in", "-"
    there, missing = "there", "[red]missing[/]"
    return there if files.file.is_file() else missing, there if files.cases.is_file() else missing


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
