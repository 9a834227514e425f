"""Progress for people: one line on the error output that says what is going on and for how long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def telling(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A function that takes the current stage. On a terminal it is a live line; else each new stage is a line."""
    console = Console(stderr=True)
    if quiet:
        yield lambda _: None
    elif console.is_terminal:
        columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
        with Progress(*columns, console=console, transient=True) as live:
            task = live.add_task("starting")
            yield lambda text: live.update(task, description=text[: max(console.width - 14, 20)])
    else:
        yield _Lines(console)


class _Lines:
    """Without a terminal: the first word of a stage changes, and a line is written."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stage = ""

    def __call__(self, text: str) -> None:
        stage = text.split(" ", 1)[0]
        if stage != self._stage:
            self._stage = stage
            self._console.print(text, markup=False, highlight=False)
