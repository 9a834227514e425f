"""Small YAML files that people write about a stack."""

from pathlib import Path
from typing import Any

from stackproof.errors import StackproofError
from stackproof.template.document import parse
from stackproof.template.errors import TemplateError
from stackproof.template.model import Span
from stackproof.template.read import read_text


def load_yaml(path: Path) -> Any:
    """The data of a YAML file: the same strict reading as a template's.

    Raises: StackproofError that says what is wrong and where.
    """
    return load_placed(path)[0]


def load_placed(path: Path) -> tuple[Any, dict[tuple[str | int, ...], Span]]:
    """The data of a YAML file, and where each value stands.

    Raises: StackproofError that says what is wrong and where.
    """
    try:
        return parse(read_text(path, path.name))
    except TemplateError as error:
        text = str(error)
        raise StackproofError(text if text.startswith(str(path)) else f"{path}: {text}") from None
