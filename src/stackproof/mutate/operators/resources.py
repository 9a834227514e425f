"""Faults in whole resources: one is missing, or is not kept."""

from collections.abc import Iterator
from typing import Any

from stackproof.mutate import tree
from stackproof.mutate.alarmed import ALARM, OWN, watched
from stackproof.mutate.model import Mutant
from stackproof.mutate.registry import operator
from stackproof.mutate.target import Target, variables
from stackproof.template.model import Resource

_POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")


@operator("delete-resource")
def delete_resource(target: Target) -> Iterator[Mutant]:
    """A resource that a control asks for is removed, with what refers to it."""
    for resource in target.resources.values():
        controls, record = _missed(target, resource)
        if controls:
            data = without(target, resource)
            what = f"{resource.logical_id} ({resource.type}) is removed"
            yield target.change(target.body(resource), data, what, controls, before=resource.type, needs_record=record)


@operator("retention-policy")
def retention_policy(target: Target) -> Iterator[Mutant]:
    """What must last is deleted with the stack, or when it is replaced."""
    for resource in target.of_type(*sorted(target.stateful_types)):
        body = target.body(resource)
        for name in _POLICIES:
            path = (*body, name)
            if not tree.has(target.data, path):
                continue
            before = tree.at(target.data, path)
            gone = tree.removed(target.data, path)
            yield target.change(path, gone, f"{name} is removed", ("recovery-retain",), before=before)
            for value in ("Delete", "Retian"):
                data = tree.replaced(target.data, path, value)
                expected = ("recovery-retain", *(("lint-template",) if value != "Delete" else ()))
                yield target.change(path, data, f"{name} is {value}", expected, before=before, after=value)


def _missed(target: Target, resource: Resource) -> tuple[tuple[str, ...], str]:
    if resource.type != ALARM:
        return target.speaks.deleted(resource.type), ""
    metrics = watched(target, resource)
    asked = tuple(dict.fromkeys(control for metric in metrics for control in metric.asked_for))
    if any(metric.is_own for metric in metrics):
        return asked, OWN
    others = {metric.namespace for metric in metrics if _one_of_several(target, metric)}
    return (() if others else asked), ""


def _one_of_several(target: Target, metric: Any) -> bool:
    """Whether another alarm is as good: the control takes one of two metrics, and both are watched."""
    entry = target.speaks.alarms.get(metric.namespace)
    return bool(entry and metric.name in entry.any_of)


def without(target: Target, resource: Resource) -> Any:
    """The template without a resource and without the references to it: items and entries that are nothing else
    vanish, a text that names it names nothing instead."""
    data = tree.removed(target.data, target.body(resource))
    name = resource.logical_id
    kept = {other: _cut(body, name) for other, body in data["Resources"].items()}
    outputs = {key: body for key, body in data.get("Outputs", {}).items() if not _names(body, name)}
    return {**data, "Resources": kept, **({"Outputs": outputs} if "Outputs" in data else {})}


def _cut(value: Any, name: str) -> Any:
    match value:
        case {"Fn::Sub": str(text)}:
            parts = text.split("${")
            kept = [parts[0]]
            for part in parts[1:]:
                variable, _, rest = part.partition("}")
                kept.append(f"gone{rest}" if variable.split(".")[0].strip() == name else "${" + part)
            return {"Fn::Sub": "".join(kept)}
        case dict():
            return {key: _cut(item, name) for key, item in value.items() if not _is(key, item, name)}
        case list():
            return [_cut(item, name) for item in value if not _is("", item, name)]
        case _:
            return value


def _is(key: str, item: Any, name: str) -> bool:
    match item:
        case {"Ref": str(known)} | {"Fn::GetAtt": [str(known), _]}:
            return known == name
        case str():
            return key in ("DependsOn", "") and item == name
        case _:
            return False


def _names(value: Any, name: str) -> bool:
    match value:
        case {"Ref": str(known)} | {"Fn::GetAtt": [str(known), _]}:
            return known == name
        case {"Fn::Sub": str(text)}:
            return name in variables(text)
        case dict():
            return any(_names(item, name) for item in value.values())
        case list():
            return any(_names(item, name) for item in value)
        case _:
            return False
