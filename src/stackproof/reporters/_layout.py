"""Wrapping with a hanging indent, by terminal cells (a wide character takes two)."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text


class Wrap:
    """Wraps texts to the width of a console. Words too long for a line are broken."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.width = console.width

    def __call__(self, text: Text, hang: int = 0, *, first: int = 0) -> Iterator[Text]:
        """The lines of `text`: the first one indented by `first` blanks, all others by `hang`."""
        # Room for the deeper of both indents, and a cell for the mark below.
        indent = max(hang, first)
        lines = text.wrap(self._console, self.width - indent - 1, overflow="fold")
        for index, line in enumerate(lines):
            if line.plain.startswith("::"):  # GitHub takes such a line in a log for a command
                line = Text("\\").append_text(line)
            yield Text(" " * (hang if index else first)).append_text(line)
