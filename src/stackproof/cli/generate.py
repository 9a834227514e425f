"""`stackproof generate`."""

import json
from pathlib import Path

import click

from stackproof.cli.progress import telling
from stackproof.errors import StackproofError
from stackproof.generate import KINDS, generate


@click.command("generate")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--transactions", type=click.IntRange(0), default=1000, show_default=True, help="Data lines.")
@click.option("--bad-share", type=click.FloatRange(0, 1), default=0.01, show_default=True, help="Share of bad lines.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(sorted(KINDS)), help="Only these kinds of bad lines.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--truth", type=click.Path(path_type=Path, dir_okay=False), help="Write what must come out, as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    file: Path, transactions: int, bad_share: float, kinds: tuple[str, ...], seed: int, truth: Path | None, quiet: bool
) -> None:
    """Write a transaction FILE with a known share of each kind of bad line.

    \b
    Examples:
      stackproof generate payments.csv
      stackproof generate --transactions 1000000 --bad-share 0.02 --truth expected.json payments.csv
      stackproof generate --kind iban --kind duplicate --bad-share 0.5 nasty.csv
    """
    try:
        with telling(quiet=quiet) as progress:
            progress(f"generating {transactions:,} transactions")
            made = generate(
                file, transactions=transactions, seed=seed, bad_share=bad_share, kinds=kinds or tuple(KINDS)
            )
        if truth is not None:
            truth.write_text(json.dumps(made.report(), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StackproofError(f"{error.filename}: {error.strerror}.") from None
    click.echo(f"{file}: {made.lines:,} lines, {made.accepted:,} good, {made.rejected:,} bad, {made.size:,} bytes")
