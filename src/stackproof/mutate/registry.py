"""The operators: ours, found by their modules, and those that other packages bring (entry points `stackproof.mutate`).

An operator is a callable that takes a `Target` and yields `Mutant`s: plain data, so that it need know nothing else of
stackproof. docs/mutation.md shows one.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from typing import Any

from stackproof.errors import EngineError, StackproofError
from stackproof.mutate.model import Mutant
from stackproof.mutate.target import Target

GROUP = "stackproof.mutate"
Make = Callable[[Target], Iterable[Mutant]]
_OURS: dict[str, "Operator"] = {}


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One way to seed faults. `title` is the first line of its docstring."""

    name: str
    title: str
    make: Make

    def mutants(self, target: Target) -> Iterator[Mutant]:
        """Its mutants of a template.

        Raises: EngineError when the operator fails, or yields something else.
        """
        try:
            for mutant in self.make(target):
                if not isinstance(mutant, Mutant):
                    raise TypeError(f"it yielded {type(mutant).__name__}, not a Mutant")
                for control in mutant.expected:
                    target.catalogue.control(control)
                yield replace(mutant, operator=self.name)
        except StackproofError as error:
            raise EngineError(f"The operator {self.name} failed: {error}") from error
        except Exception as error:
            raise EngineError(f"The operator {self.name} failed: {type(error).__name__}: {error}") from error


def operator(name: str) -> Callable[[Make], Make]:
    """Declare an operator; its docstring's first line says what it does."""

    def declare(make: Make) -> Make:
        if name in _OURS:
            raise EngineError(f"Two operators are named {name}: rename one.")
        _OURS[name] = Operator(name=name, title=_title(make), make=make)
        return make

    return declare


def operators(names: Iterable[str] = ()) -> tuple[Operator, ...]:
    """The operators of these names, all without.

    Raises: StackproofError for a name that none has, EngineError for a plug-in that does not load.
    """
    package = importlib.import_module("stackproof.mutate.operators")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    known = {**_OURS, **_plugged()}
    wanted = tuple(names)
    if stray := [name for name in wanted if name not in known]:
        raise StackproofError(f"There is no operator {stray[0]!r}; the operators are {', '.join(sorted(known))}.")
    return tuple(one for name, one in sorted(known.items()) if not wanted or name in wanted)


def _plugged() -> dict[str, Operator]:
    found = {}
    for point in entry_points(group=GROUP):
        if point.name in _OURS:
            raise EngineError(f"The operator {point.name} of {point.value} has the name of one of stackproof's.")
        try:
            make: Any = point.load()
        except Exception as error:
            raise EngineError(f"The operator {point.name} ({point.value}) does not load: {error}") from error
        found[point.name] = Operator(name=point.name, title=_title(make), make=make)
    return found


def _title(make: Make) -> str:
    return (make.__doc__ or "").strip().split("\n")[0]
