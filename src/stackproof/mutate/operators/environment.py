"""Faults in the values of an environment, for properties that a control speaks of."""

from collections.abc import Iterator
from typing import Any

from stackproof.mutate import tree
from stackproof.mutate.model import Mutant
from stackproof.mutate.registry import operator
from stackproof.mutate.target import Place, Target
from stackproof.template.errors import TemplateError
from stackproof.template.values import parameter_values


@operator("weaken-parameter")
def weaken_parameter(target: Target) -> Iterator[Mutant]:
    """An environment gives a parameter a value that is worse, as far as the template allows it."""
    seen: set[tuple[str, str]] = set()
    for resource in target.resources.values():
        for place, spoken in target.spoken(resource):
            name = _parameter(target, place)
            for value in spoken.weak if name else ():
                text = str(value).lower() if isinstance(value, bool) else str(value)
                if (name, text) not in seen and _allowed(target, name or "", text):
                    seen.add((name or "", text))
                    yield _given(target, name or "", text, spoken.controls)


@operator("no-concurrency")
def switch_off(target: Target) -> Iterator[Mutant]:
    """An environment reserves no concurrency for a function."""
    for function in target.of_type("AWS::Lambda::Function"):
        place = target.place(function, "ReservedConcurrentExecutions")
        name = _parameter(target, place) if place else None
        if name and _allowed(target, name, "0"):
            yield _given(target, name, "0", ("resilience-concurrency",))


def _parameter(target: Target, place: Place) -> str | None:
    raw: Any = tree.at(target.data, place.origin)
    name = raw.get("Ref") if isinstance(raw, dict) else None
    return name if name in target.data.get("Parameters", {}) else None


def _allowed(target: Target, name: str, value: str) -> bool:
    if target.parameters.get(name) == value:
        return False
    try:
        parameter_values(target.source, {**target.parameters, name: value})
    except TemplateError:
        return False
    return True


def _given(target: Target, name: str, value: str, controls: tuple[str, ...]) -> Mutant:
    from dataclasses import replace

    before = target.template.parameters[name].value
    what = f"the environment gives {name} the value {value}"
    made = target.change(("Parameters", name), target.data, what, controls, before=before, after=value)
    return replace(made, parameters={**target.parameters, name: value})
