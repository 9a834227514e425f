"""Questions about conditions are answered once: whether a set of them can hold together goes to a SAT solver."""

from functools import lru_cache
from typing import Any

from cfnlint.conditions.conditions import Conditions as TemplateConditions
from cfnlint.context.conditions._conditions import Conditions as ContextConditions
from cfnlint.context.conditions.exceptions import Unsatisfiable
from sympy.logic import inference

_evolve = ContextConditions.evolve
_satisfiable = TemplateConditions.satisfiable


def _evolve_once(self: Any, status: Any, assumed: bool = False) -> Any:
    if not status:
        return self
    known = self.__dict__.setdefault("_stackproof_evolved", {})
    key = (tuple(status.items()), assumed)
    if key not in known:
        try:
            known[key] = _evolve(self, status, assumed)
        except Unsatisfiable:
            known[key] = None
    if known[key] is None:
        raise Unsatisfiable(new_status=status, current_status=self.status)
    return known[key]


def _satisfiable_once(self: Any, conditions: Any, parameter_values: Any) -> Any:
    known = self.__dict__.setdefault("_stackproof_satisfiable", {})
    values = tuple((name, repr(value)) for name, value in parameter_values.items()) if conditions else ()
    key = (tuple(conditions.items()), values)
    if key not in known:
        known[key] = _satisfiable(self, conditions, parameter_values)
    return known[key]


def install() -> None:
    """Put these in the place of cfn-lint's, and look for optional solvers only once."""
    inference.import_module = lru_cache(maxsize=None)(inference.import_module)
    ContextConditions.evolve = _evolve_once
    TemplateConditions.satisfiable = _satisfiable_once
