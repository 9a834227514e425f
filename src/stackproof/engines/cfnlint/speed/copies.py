"""Copies of cfn-lint's immutable values: contexts, paths, filters.

cfn-lint makes a changed copy at every step of its descent, each by walking `dataclasses.fields` and calling the
constructor. These copies have the same fields; they take them over from the original's `__dict__`.
"""

from collections import deque
from typing import Any

from cfnlint.context.context import Context, Path
from cfnlint.helpers import FUNCTIONS
from cfnlint.jsonschema._filter import FunctionFilter

_FUNCTIONS = frozenset(FUNCTIONS)
_MOST = 64


def copy_with(value: Any, changes: dict[str, Any]) -> Any:
    """A copy of `value` with these fields changed; no constructor is called."""
    new = object.__new__(value.__class__)
    fields = new.__dict__
    fields.update(value.__dict__)
    fields.update(changes)
    return new


def _evolve(self: Any, **changes: Any) -> Any:
    return copy_with(self, changes)


def _evolve_context(self: Any, **changes: Any) -> Any:
    if "ref_values" in changes:
        changes["ref_values"] = {**self.ref_values, **changes["ref_values"]}
    return copy_with(self, changes)


_modules: dict[int, tuple[Any, tuple[str, ...]]] = {}


def _module_names(self: Any) -> tuple[str, ...]:
    """The logical ids of modules among the resources; the resources are the same for nearly every copy."""
    resources = self.resources
    kept = _modules.get(id(resources))
    if kept is None or len(kept[0]) != len(resources):
        if len(_modules) >= _MOST:
            _modules.clear()
        names = tuple(
            name
            for name, resource in resources.items()
            if resource.type.endswith("::MODULE") or resource.type.startswith("AWS::Serverless::")
        )
        kept = _modules[id(resources)] = (resources, names)  # holds them, so that their identity stays their own
    return kept[1]


def _descend_path(self: Any, path: Any = None, value_path: Any = None, cfn_path: Any = None) -> Any:
    if cfn_path is not None:
        if isinstance(cfn_path, str) and cfn_path in _FUNCTIONS:
            raise ValueError(f"{cfn_path!r} cannot be in 'cfn_path'")
        if isinstance(cfn_path, int):
            raise ValueError(f"{cfn_path!r} cannot be an integer")
    changes: dict[str, deque[Any]] = {}
    if path is not None:
        changes["path"] = steps = self.path.copy()
        steps.append(path)
    if value_path is not None:
        changes["value_path"] = steps = self.value_path.copy()
        steps.append(value_path)
    if cfn_path is not None:
        changes["cfn_path"] = steps = self.cfn_path.copy()
        steps.append(cfn_path)
    return copy_with(self, changes)


def install() -> None:
    """Put these copies in the place of cfn-lint's."""
    Context.evolve = _evolve_context
    Context.module_names = property(_module_names)
    Path.evolve = _evolve
    Path.descend = _descend_path
    FunctionFilter.evolve = _evolve
