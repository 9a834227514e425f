"""What a run checks: everything, or what its options narrow it to. A narrowed run says what it left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from stackproof.catalogue import GATE, Catalogue
from stackproof.errors import StackproofError
from stackproof.findings.outcome import Area
from stackproof.findings.report import Scope

ENGINES = ("cfn-lint", "cfn-guard", "checkov", "graph")
FAST = ("schema", "cfn-guard", "graph")


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The controls and engines of a run; `rules` by engine. An engine without a rule is left out."""

    controls: frozenset[str]
    rules: dict[str, tuple[str, ...]]
    scope: Scope


def select(
    catalogue: Catalogue,
    *,
    controls: Sequence[str] = (),
    areas: Sequence[str] = (),
    engines: Sequence[str] = (),
    fast: bool = False,
) -> Selection:
    """What these options leave.

    Raises: StackproofError for a control, area or engine that does not exist, or when nothing is left.
    """
    chosen = _controls(catalogue, controls, areas)
    available = FAST if fast else ENGINES
    for name in engines:
        if name not in (*ENGINES, "schema"):
            raise StackproofError(f"There is no engine {name!r}; the engines are {', '.join((*ENGINES, 'schema'))}.")
    running = tuple(name for name in (*ENGINES, "schema") if name in (engines or available))
    rules = {engine: _rules(catalogue, engine, chosen) for engine in running}
    rules = {engine: names for engine, names in rules.items() if names}
    if not rules:
        raise StackproofError("Nothing is left to check: no rule of these controls runs on these engines.")
    left_out = [f"engine {name}" for name in ENGINES if name not in running]
    left_out += [f"control {name}" for name in catalogue.controls if name not in chosen]
    return Selection(controls=chosen, rules=rules, scope=Scope(complete=not left_out, left_out=tuple(left_out)))


def _controls(catalogue: Catalogue, controls: Sequence[str], areas: Sequence[str]) -> frozenset[str]:
    for area in areas:
        if area not in list(Area):
            raise StackproofError(f"There is no area {area!r}; the areas are {', '.join(Area)}.")
    if not controls and not areas:
        return frozenset(catalogue.controls)
    named = {catalogue.control(name).id for name in controls}
    return frozenset(named | {c.id for c in catalogue.controls.values() if c.area in areas})


def _rules(catalogue: Catalogue, engine: str, controls: frozenset[str]) -> tuple[str, ...]:
    return tuple(
        rule.rule
        for control in catalogue.controls.values()
        if control.id in controls
        for rule in control.rules
        if rule.engine == engine and rule.engine != GATE
    )
