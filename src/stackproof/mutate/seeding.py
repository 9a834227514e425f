"""What a run is held to, and the mutants that it judges."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stackproof.catalogue import Catalogue
from stackproof.mutate import speaks
from stackproof.mutate.model import Mutant
from stackproof.mutate.registry import Operator
from stackproof.mutate.target import Target
from stackproof.mutate.trial import Stage
from stackproof.template.model import Source

NAMES = ("graph", "cfn-guard", "checkov", "cfn-lint")
"""The engines that judge, in the order in which they do. `schema` is for editors and kills nothing here."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run is held to. `rules` by engine; an engine without rules is left out. `areas`: seed no faults of
    others."""

    catalogue: Catalogue
    policies: Path
    rules: Mapping[str, tuple[str, ...]]
    operators: Sequence[Operator]
    areas: frozenset[str] = frozenset()
    workers: int | None = None
    access: object = None
    sample: int | None = None
    """At most so many mutants of an operator for the same controls; such a run proves nothing of the rest."""


def seed(source: Source, stages: Sequence[Stage], settings: Settings) -> tuple[Mutant, ...]:
    """The mutants of a template: of all operators, on what exists under the first environment, then what others add.

    Raises: EngineError when an operator fails.
    """
    found: list[Mutant] = []
    seen: set[tuple[str, object]] = set()
    for one in stages:
        here: set[tuple[str, object]] = set()
        for template in one.templates[:1]:
            target = Target(
                source=source,
                template=template,
                parameters=one.parameters,
                speaks=speaks.load(),
                catalogue=settings.catalogue,
            )
            for operator in settings.operators:
                for mutant in operator.mutants(target):
                    key = (mutant.operator, mutant.path)
                    if key not in seen and (not settings.areas or mutant.area in settings.areas):
                        here.add(key)
                        found.append(mutant)
        seen |= here
    return tuple(_sampled(found, settings.sample))


def _sampled(mutants: Sequence[Mutant], most: int | None) -> Iterator[Mutant]:
    """The first ones of each kind: operator, controls, new value, name of the property."""
    count: dict[object, int] = {}
    for mutant in mutants:
        name = next((step for step in reversed(mutant.path) if isinstance(step, str)), "")
        key = (mutant.operator, mutant.expected, mutant.after, name)
        count[key] = count.get(key, 0) + 1
        if most is None or count[key] <= most:
            yield mutant
