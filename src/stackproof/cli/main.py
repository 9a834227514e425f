"""Commands. Exit codes: 0 as it should be; 1 it is not; 2 usage, configuration or unreadable input; 3 a part of
stackproof failed or met something it does not know; 130 interrupted."""

import importlib
import os
import sys
import traceback
from typing import Any

import click

from stackproof import __version__
from stackproof.errors import StackproofError

_COMMANDS = {
    "deploy-arguments": "stackproof.cli.deploy",
    "engines": "stackproof.cli.engines",
    "explain": "stackproof.cli.explain",
    "flow": "stackproof.cli.flow",
    "gate": "stackproof.cli.gate",
    "generate": "stackproof.cli.generate",
    "mutate": "stackproof.cli.mutate",
    "new-rule": "stackproof.cli.new_rule",
    "rules": "stackproof.cli.rules",
}


class _Commands(click.Group):
    """Commands are imported when they are called: `--help` needs no engine."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the alphabet."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        try:
            command: click.Command = importlib.import_module(module).command
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("stackproof"):
                raise
            raise StackproofError(
                f"`stackproof {cmd_name}` needs {error.name}, which is not installed. "
                "Install it with: pip install 'stackproof[all]'"
            ) from None
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click does, with a hint at what was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            close = difflib.get_close_matches(args[0], sorted(_COMMANDS), n=1)
            hint = f" Did you mean `stackproof {close[0]}`?" if close else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="stackproof")
def cli() -> None:
    """Prove CloudFormation stacks: judge their templates, and run template, code and flow on an embedded AWS.

    \b
    Examples:
      stackproof gate template.yaml                       # does it comply? findings with lines and fixes
      stackproof gate --fast template.yaml                # for editors and pre-commit hooks
      stackproof explain encryption-s3                    # a control or a rule: why, how to fix, examples
      stackproof mutate template.yaml                     # do the rules bite? seeds faults, counts what is caught
      stackproof flow --transactions 10000
      stackproof flow --scenario host-lost
      stackproof generate --transactions 1000 --bad-share 0.02 payments.csv
      stackproof deploy-arguments template/environments/dev.yaml | xargs aws cloudformation deploy ...
    """


def main() -> None:
    """Run the command line; errors are one clear sentence, never a traceback."""
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        code = _complain("Interrupted.", 130)
    except KeyboardInterrupt:
        code = _complain("Interrupted.", 130)
    except click.ClickException as error:
        error.show()
        code = 2
    except StackproofError as error:
        code = _complain(f"Error: {error}", error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        code = 1
    except Exception as error:  # noqa: BLE001 - the last boundary: a fault of ours, and still no traceback for a user
        code = _complain(_fault(error), 3)
    sys.exit(code if isinstance(code, int) else 0)


def _fault(error: Exception) -> str:
    if os.environ.get("STACKPROOF_DEBUG"):
        return traceback.format_exc()
    return (
        f"Error: a fault in stackproof itself, nothing is proven: {type(error).__name__}: {error}\n"
        "Run it again with STACKPROOF_DEBUG=1 for the details, and report them."
    )


def _complain(text: str, code: int) -> int:
    click.echo(text, err=True)
    return code
