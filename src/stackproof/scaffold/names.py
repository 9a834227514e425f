"""The names of a new rule, in each engine's own way."""

import keyword
import re
from dataclasses import dataclass

from stackproof.catalogue import Catalogue
from stackproof.catalogue.shelves import CHECKOV_PREFIX, SHELVES, Shelf
from stackproof.errors import StackproofError
from stackproof.findings.result import RuleId

ENGINES = tuple(shelf.engine for shelf in SHELVES)
"""The engines that take rules of one's own."""

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LINT = re.compile(r"[EW]9[0-9]{3}")


@dataclass(frozen=True, kw_only=True)
class Names:
    """A new rule by all its names: its id, the stem of its files, its class, the control that it would begin."""

    rule: RuleId
    stem: str
    class_name: str
    control: str
    shelf: Shelf


def names(engine: str, name: str, catalogue: Catalogue) -> Names:
    """The names of a new rule.

    Raises: StackproofError that says how a name must look.
    """
    shelf = next((shelf for shelf in SHELVES if shelf.engine == engine), None)
    if shelf is None:
        raise StackproofError(f"The engine {engine!r} takes no rules of one's own; choose {', '.join(ENGINES)}.")
    stem = _lint(name, catalogue) if engine == "cfn-lint" else _snake(name)
    return Names(
        rule=RuleId(engine=engine, rule=shelf.rule(stem)),
        stem=stem,
        class_name="".join(part.capitalize() for part in stem.split("_")),
        control=f"lint-{stem.lower()}" if engine == "cfn-lint" else stem.replace("_", "-"),
        shelf=shelf,
    )


def _snake(name: str) -> str:
    stem = name.removeprefix(CHECKOV_PREFIX).lower() if name.startswith(CHECKOV_PREFIX) else name
    if not _SNAKE.fullmatch(stem) or keyword.iskeyword(stem):
        raise StackproofError(
            f"{name!r} is no name of a rule. Write it in lower case with underscores, what it speaks of first:"
            " s3_bucket_named."
        )
    return stem


def _lint(name: str, catalogue: Catalogue) -> str:
    if _LINT.fullmatch(name):
        return name
    taken = set(catalogue.rules_of("cfn-lint"))
    free = next(number for number in range(9001, 10_000) if not taken & {f"E{number}", f"W{number}"})
    raise StackproofError(
        f"{name!r} is no id of a cfn-lint rule of one's own. Those are E9nnn for errors and W9nnn for warnings;"
        f" E{free} is free."
    )
