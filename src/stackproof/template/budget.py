"""What resolving a template may take: a few lines of nested functions can ask for more than any machine has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.template.errors import TemplateError
from stackproof.template.model import Unknown

MAX_STEPS = 500_000  # many times what a template of CloudFormation's size takes (our stack: 5,000)
MAX_TEXT = 1_000_000  # characters; a whole template may have no more
_CHARACTERS = 64  # of text that count as a step


@dataclass(kw_only=True)
class Budget:
    """What has been spent so far, in steps."""

    spent: int = 0

    def spend(self, steps: int = 1) -> None:
        """Count what is done.

        Raises: TemplateError when it is too much.
        """
        self.spent += steps
        if self.spent > MAX_STEPS:
            raise TemplateError("its functions and loops ask for more than any template of use does.")

    def text(self, size: int, where: str) -> None:
        """Count a text of so many characters.

        Raises: TemplateError when it is longer than a template may be.
        """
        self.spend(size // _CHARACTERS)
        if size > MAX_TEXT:
            raise TemplateError(f"{where}: a text of {size} characters; a whole template has at most {MAX_TEXT}.")


def size(value: Any) -> int:
    """The characters of all texts of a value, also as a join of them would have; each item counts as one at least."""
    match value:
        case Unknown():
            return len(value.text)
        case str():
            return len(value)
        case [str(delimiter), list(items)]:
            return sum(1 + size(item) for item in items) + len(delimiter) * (len(items) + 1)
        case list():
            return sum(1 + size(item) for item in value)
        case Mapping():
            return sum(len(str(name)) + size(item) for name, item in value.items())
    return 1
