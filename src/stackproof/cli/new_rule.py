"""`stackproof new-rule`."""

from pathlib import Path

import click

from stackproof.catalogue import check, default_policies
from stackproof.errors import StackproofError
from stackproof.scaffold import Plan, plan, write
from stackproof.scaffold.names import ENGINES

_PACKAGE = Path(__file__).resolve().parents[1]


@click.command("new-rule")
@click.argument("engine", type=click.Choice(ENGINES))
@click.argument("name")
@click.option("--control", metavar="ID", help="The control that it serves [default: a new one of the rule's name].")
@click.option(
    "--policies", type=click.Path(path_type=Path), help="Where to write [default: the repository's policies]."
)
def command(engine: str, name: str, control: str | None, policies: Path | None) -> None:
    """Begin a rule NAME of an ENGINE: its file, its cases, its entry in the catalogue. Nothing is overwritten.

    What has to be written is marked with TODO. Until none is left the self-check, which this command runs at the end,
    names each of them with file and line, and so does `stackproof rules --check`.

    \b
    Examples:
      stackproof new-rule graph sqs_visibility --control resilience-failure-destinations
      stackproof new-rule cfn-guard ecr_immutable_tags
      stackproof new-rule checkov efs_backups --control recovery-backups
      stackproof new-rule cfn-lint E9005 --policies mine
    """
    planned = plan(_writable(policies), engine, name, control=control)
    before = set(check(planned.policies))
    written = write(planned)
    for path in written:
        click.echo(f"{'added to' if path.name == 'controls.yaml' else 'made'}  {path}")
    _say_what_is_left(planned, before)


def _writable(policies: Path | None) -> Path:
    folder = policies or default_policies()
    if policies is None and folder.is_relative_to(_PACKAGE):
        raise StackproofError(
            f"{folder} belongs to the installed stackproof. Copy that folder to a place of yours, and name it with"
            " --policies."
        )
    return folder


def _say_what_is_left(planned: Plan, before: set[str]) -> None:
    sentences = check(planned.policies)
    own = [sentence for sentence in sentences if sentence not in before]
    click.echo(f"\n{planned.rule} serves {planned.control}. The self-check still misses:")
    for sentence in own:
        click.echo(f"  {sentence}")
    if others := len(sentences) - len(own):
        click.echo(f"  and {others} that were missing before: stackproof rules --check names them.")
