"""What a rule is, and how it says which resources it speaks of."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from stackproof.errors import EngineError
from stackproof.findings.outcome import Outcome
from stackproof.template.model import Path, Resource

TEMPLATE = "*"
"""Instead of types: a rule about the template as a whole. Its first argument is the graph."""

ARGUMENTS = frozenset({"graph", "thresholds", "access", "record"})
"""What a rule may ask for by argument name."""


@dataclass(frozen=True)
class Hit:
    """One fault: what is wrong here, and where (`path` below the resource, such as ("Properties", "Tags", 0)).

    `resource` is another logical id than the rule's own resource, where the fault stands there; `outcome` FAIL, or
    UNKNOWN for what the rule itself can't decide."""

    message: str
    path: Path = ()
    resource: str | None = None
    outcome: Outcome = Outcome.FAIL


Hits = Iterator[Hit]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule. `types` are resource types, with `*` as a wildcard (`AWS::Batch::*`); `where` narrows the population
    (resource, graph) -> bool, or (resource, graph, thresholds) -> bool; `needs` are the names of the arguments after
    the first."""

    name: str
    title: str
    types: tuple[str, ...]
    where: Callable[..., bool] | None
    check: Callable[..., Hits]
    needs: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    """Of `needs`, those that have a default: the rule speaks without them too. Without any other it does not apply."""

    @property
    def is_about_template(self) -> bool:
        """Whether it speaks of the template as a whole."""
        return self.types == (TEMPLATE,)


def rule(*types: str, where: Callable[..., bool] | None = None) -> Callable[[Callable[..., Hits]], Rule]:
    """Declare a rule: the resource types that it speaks of, or TEMPLATE; `where(resource, graph)` narrows them (a third
    argument gets the thresholds)."""
    if not types:
        raise EngineError("A rule names the resource types that it speaks of, or TEMPLATE: @rule('AWS::S3::Bucket').")

    def declare(check: Callable[..., Hits]) -> Rule:
        parameters = inspect.signature(check).parameters
        names = list(parameters)
        needs = tuple(names if types == (TEMPLATE,) else names[1:])
        if stray := sorted(set(needs) - ARGUMENTS):
            raise EngineError(
                f"The rule {check.__name__} asks for {stray[0]!r}; it may ask for {', '.join(sorted(ARGUMENTS))}."
            )
        title = (inspect.getdoc(check) or "").split("\n\n")[0].replace("\n", " ")
        if not title:
            raise EngineError(f"The rule {check.__name__} has no docstring that says what is right.")
        optional = frozenset(name for name in needs if parameters[name].default is not inspect.Parameter.empty)
        return Rule(
            name=check.__name__, title=title, types=types, where=where, check=check, needs=needs, optional=optional
        )

    return declare


def applies(rule_: Rule, resource: Resource | None, graph: Any, thresholds: Any) -> bool:
    """Whether a rule has something to say of a resource of its types; of the template, for a rule about the template,
    whose `where` gets the graph first."""
    if rule_.where is None:
        return True
    if rule_.is_about_template:
        return rule_.where(*(graph, thresholds)[: _arity(rule_.where)])
    return rule_.where(resource, *(graph, thresholds)[: _arity(rule_.where) - 1])


@cache
def _arity(function: Callable[..., Any]) -> int:
    return len(inspect.signature(function).parameters)


def asked(rule_: Rule, offers: dict[str, Any]) -> dict[str, Any]:
    """The arguments that a rule asks for, out of what there is."""
    return {name: offers[name] for name in rule_.needs}


def resource_matches(pattern: str, resource: Resource) -> bool:
    """Whether a resource is of a type, or of the family that `AWS::Batch::*` names."""
    if pattern.endswith("*"):
        return resource.type.startswith(pattern[:-1])
    return resource.type == pattern
