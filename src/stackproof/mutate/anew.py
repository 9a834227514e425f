"""Resolve anew only what a mutant changed.

A mutant that changes the bodies of a few resources changes what these resolve to, and nothing else: another resource
sees of them but their names. Whatever else it changes (a parameter, a condition, a name, a loop) is resolved as a
whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from stackproof.template.conditions import Conditions
from stackproof.template.expand import expand, resource
from stackproof.template.model import Source, Template
from stackproof.template.resolve import Scope

_HOLDS = {True: {"Fn::Equals": ["yes", "yes"]}, False: {"Fn::Equals": ["yes", "no"]}}


def changed_bodies(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The logical ids of the resources whose bodies differ, None when anything else does."""
    if before.keys() != after.keys() or any(
        after[name] is not before[name] and after[name] != before[name] for name in before if name != "Resources"
    ):
        return None
    old, new = before["Resources"], after["Resources"]
    if old.keys() != new.keys() or any(name.startswith("Fn::") for name in old):
        return None
    names = tuple(name for name, body in new.items() if body is not old[name] and body != old[name])
    conditional = any(new[name].get("Condition") != old[name].get("Condition") for name in names)
    return None if conditional else names


def resolved(
    source: Source, after: Source, templates: Sequence[Template], parameters: Mapping[str, str]
) -> tuple[Template, ...]:
    """The variants of a changed template; `templates` are those of `source` under the same parameters.

    Raises: TemplateError.
    """
    names = changed_bodies(source.data, after.data)
    if names is None or any(template.undecided or template.transforms for template in templates):
        return expand(after, parameters)
    return tuple(_variant(after, template, names) for template in templates)


def _variant(after: Source, template: Template, names: Sequence[str]) -> Template:
    conditions = Conditions(
        declared={name: _HOLDS[truth] for name, truth in template.conditions.items()},
        resolve=lambda value: value,
        allowed=lambda _: None,
    )
    scope = Scope(
        data=after.data,
        parameters=template.parameters,
        resources=frozenset(after.data["Resources"]),
        conditions=conditions,
    )
    fresh = {
        name: resource(scope, name, after.data["Resources"][name], ("Resources", name), {})
        for name in names
        if name in template.resources
    }
    return replace(
        template,
        source=after,
        resources={name: fresh.get(name, one) for name, one in template.resources.items()},
        undecided=tuple(dict.fromkeys(scope.undecided)),
    )
