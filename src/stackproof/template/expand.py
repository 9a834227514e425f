"""From a source and an environment's values to the resolved templates, one for each variant."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from stackproof.template import sam
from stackproof.template.bindings import bound
from stackproof.template.coerce import coerce
from stackproof.template.conditions import MAX_VARIANTS, Assignment, Conditions, assignments
from stackproof.template.errors import TemplateError
from stackproof.template.model import Parameter, Path, Resource, Source, Template, Unknown
from stackproof.template.resolve import NO_VALUE, Resolver, Scope, loop
from stackproof.template.values import parameter_values

_TRANSFORMS = {"AWS::LanguageExtensions", sam.TRANSFORM}
_ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy", "DependsOn", "CreationPolicy", "UpdatePolicy")
_SEARCHED = 4096  # assignments looked at, to find the variants that differ
_LOOKED_AT = 1024  # of the variants that differ, to find the most telling ones
_FEW = 30  # conditions of which pairs are looked at


def expand(source: Source, given: Mapping[str, str] | None = None, *, named: str = "") -> tuple[Template, ...]:
    """The template under an environment's parameters: one, or one a variant where conditions stay undecided.

    Raises: TemplateError for wrong parameters, conditions that lead nowhere, or a template that can't be resolved.
    """
    values = parameter_values(source, given or {}, named=named)
    try:
        plain = _plain(source, values)
        probe = _conditions(plain, {})
        for name in probe.declared:
            probe.holds(name)
        chosen, complete = _variants(plain, list(probe.undecided))
        templates = [_template(plain, assignment) for assignment in chosen]
    except TemplateError as error:
        raise TemplateError(f"{source.path}: {error}") from None
    except RecursionError:
        raise TemplateError(f"{source.path}: its values are nested too deep to be resolved.") from None
    if not complete:
        reason = (
            (),
            f"its conditions leave more variants than were judged ({len(templates)}): give the parameters' values (an "
            "environment)",
        )
        templates = [replace(template, undecided=(*template.undecided, reason)) for template in templates]
    return tuple(replace(template, source=source) for template in templates)


@dataclass(frozen=True, kw_only=True)
class _Plain:
    """A template in plain resources, loops unrolled: by logical id their body, place, and the variables of their loop.
    `renamed` are properties that stand elsewhere in the original."""

    source: Source
    values: Mapping[str, Parameter]
    resources: Mapping[str, tuple[Any, Path, Mapping[str, str]]]
    undecided: tuple[tuple[Path, str], ...]
    renamed: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    compared: dict[Any, Any] = field(default_factory=dict, compare=False)

    @cached_property
    def scope(self) -> Scope:
        """What names mean in conditions, which know no resources."""
        return Scope(data=self.source.data, parameters=self.values, resources=frozenset())


def _plain(source: Source, values: Mapping[str, Parameter]) -> _Plain:
    if not sam.is_sam(transforms(source)):
        declared, undecided = _declared(source, values)
        undecided.extend(sam.untranslated(source))
        return _Plain(source=source, values=values, resources=declared, undecided=tuple(undecided))
    translated = sam.translate(source, values)
    declared, undecided = _declared(translated.source, values)
    placed = {name: (body, translated.places[name], bindings) for name, (body, _, bindings) in declared.items()}
    added = {k: v for k, v in translated.source.data.get("Parameters", {}).items() if k not in values}
    more = parameter_values(replace(source, data={"Parameters": added}), {})
    return _Plain(
        source=translated.source,
        values={**more, **values},
        resources=placed,
        undecided=tuple(undecided),
        renamed=translated.renamed,
    )


def _declared(
    source: Source, values: Mapping[str, Parameter]
) -> tuple[dict[str, tuple[Any, Path, Mapping[str, str]]], list[tuple[Path, str]]]:
    """The resources by logical id, loops unrolled: body, place, and the variables of its loop."""
    scope = Scope(data=source.data, parameters=values, resources=frozenset())
    found: dict[str, tuple[Any, Path, Mapping[str, str]]] = {}

    def take(section: Mapping[str, Any], resolver: Resolver, origin: Path) -> None:
        for name, body in section.items():
            if name.startswith("Fn::ForEach::"):
                for turn, inner, place in loop(resolver, name, body, origin):
                    if not isinstance(inner, dict):
                        raise TemplateError(f"{'/'.join(map(str, place))}: the body of Fn::ForEach must be a mapping.")
                    take(inner, turn, place)
            elif name == "Fn::Transform":
                scope.undecided.append(((*origin, name), "a macro (Fn::Transform) adds resources at deployment"))
            else:
                bound_name = bound(name, resolver.bindings)
                if bound_name in found:
                    raise TemplateError(f"{'/'.join(map(str, origin))}: a loop makes the resource {bound_name} twice.")
                found[bound_name] = (body, (*origin, name), resolver.bindings)

    take(source.data["Resources"], Resolver(scope=scope), ("Resources",))
    return found, [*_macros(source), *scope.undecided]


def _macros(source: Source) -> Iterator[tuple[Path, str]]:
    for name in transforms(source):
        if name not in _TRANSFORMS:
            yield ("Transform",), f"the macro {name} changes the template at deployment"
    if "Fn::Transform" in source.data:
        yield ("Fn::Transform",), "a macro (Fn::Transform) changes the template at deployment"
    for section in ("Parameters", "Mappings", "Conditions"):
        if "Fn::Transform" in source.data.get(section, {}):
            yield (section, "Fn::Transform"), f"a macro (Fn::Transform) adds {section} at deployment"


def transforms(source: Source) -> tuple[str, ...]:
    """The names of the template's transforms."""
    value = source.data.get("Transform", [])
    return tuple(
        str(item.get("Name", "?")) if isinstance(item, dict) else str(item)
        for item in (value if isinstance(value, list) else [value])
    )


def _conditions(plain: _Plain, assignment: Assignment) -> Conditions:
    values = plain.values
    resolver = Resolver(scope=plain.scope)

    def allowed(operand: Any) -> tuple[str, ...] | None:
        name = operand.get("Ref") if isinstance(operand, dict) else None
        options = values[name].declaration.get("AllowedValues") if isinstance(name, str) and name in values else None
        return (
            tuple(str(option).lower() if isinstance(option, bool) else str(option) for option in options)
            if options
            else None
        )

    return Conditions(
        declared=plain.source.data.get("Conditions", {}),
        resolve=resolver.plain,
        allowed=allowed,
        assignment=assignment,
        compared=plain.compared,
    )


def _variants(plain: _Plain, undecided: list[Any]) -> tuple[list[Assignment], bool]:
    """The assignments whose conditions differ, and whether that is all of them."""
    if not undecided:
        return [{}], True
    some, complete = assignments(undecided, _SEARCHED)
    chosen: dict[tuple[bool, ...], Assignment] = {}
    for assignment in some:
        conditions = _conditions(plain, assignment)
        chosen.setdefault(tuple(conditions.holds(name) for name in conditions.declared), assignment)
    if complete and len(chosen) <= MAX_VARIANTS:
        return list(chosen.values()), True
    return list(itertools.islice(_covering(chosen), MAX_VARIANTS)), False


def _covering(chosen: Mapping[tuple[bool, ...], Assignment]) -> Iterator[Assignment]:
    """Assignments such that each condition, and then each pair of a few, is seen both ways, the most telling first."""
    width = 1 if len(next(iter(chosen))) > _FEW else 2
    truths = list(chosen)
    if len(truths) > _LOOKED_AT:  # the first and the last are the most unlike
        truths = [*truths[: _LOOKED_AT // 2], *truths[-_LOOKED_AT // 2 :]]
    rest = {truth: frozenset(itertools.combinations(enumerate(truth), width)) for truth in truths}
    missing = set().union(*rest.values())
    while rest and missing:
        best = max(rest, key=lambda truth: len(missing & rest[truth]))
        missing -= rest.pop(best)
        yield chosen[best]


def _template(plain: _Plain, assignment: Assignment) -> Template:
    source, values = plain.source, plain.values
    conditions = _conditions(plain, assignment)
    scope = Scope(data=source.data, parameters=values, resources=frozenset(plain.resources), conditions=conditions)
    resources = {}
    for name, (body, origin, bindings) in plain.resources.items():
        named = condition(body, bindings)
        if named is None or conditions.holds(named):
            resources[name] = _moved(resource(scope, name, body, origin, bindings), origin, plain.renamed)
    truth = {name: conditions.holds(name) for name in conditions.declared}
    probe = _conditions(plain, {})
    open_conditions = [name for name in truth if (probe.holds(name), bool(probe.undecided)) and _rests_on(probe, name)]
    outputs = Resolver(scope=scope).resolve(source.data.get("Outputs", {}), ("Outputs",), ("Outputs",))
    return Template(
        source=source,
        resources=resources,
        parameters=values,
        outputs=outputs,
        conditions=truth,
        variant={name: truth[name] for name in open_conditions} if assignment else {},
        transforms=transforms(source),
        undecided=tuple(dict.fromkeys([*plain.undecided, *scope.undecided])),
    )


def _moved(one: Resource, origin: Path, renamed: Mapping[tuple[str, str], Path]) -> Resource:
    """A resource with the places of properties that stand elsewhere in the original."""
    origins = dict(one.origins)
    for name in one.properties:
        if place := renamed.get((one.logical_id, name)):
            old = (*origin, "Properties", name)
            for at, its in one.origins.items():
                if its[: len(old)] == old:
                    origins[at] = (*place, *its[len(old) :])
            origins["Properties", name] = place
    return replace(one, origins=origins) if origins != one.origins else one


def _rests_on(probe: Conditions, name: str) -> bool:
    alone = replace(probe, assignment={}, undecided={}, _known={}, _asking=[])
    alone.holds(name)
    return bool(alone.undecided)


def condition(body: Any, bindings: Mapping[str, str]) -> str | None:
    """The condition of a resource, its loop's variables put in; None without one."""
    named = body.get("Condition") if isinstance(body, dict) else None
    return None if named is None else bound(str(named), bindings)


def resource(scope: Scope, name: str, body: Any, origin: Path, bindings: Mapping[str, str]) -> Resource:
    """One resource, resolved, its scalars in the types of the schema."""
    if not isinstance(body, dict) or not isinstance(body.get("Type"), str):
        raise TemplateError(f"resource {name}: Type is missing or no text.")
    if "Fn::Transform" in body:
        scope.undecided.append(((*origin, "Fn::Transform"), "a macro (Fn::Transform) changes this at deployment"))
    resolver = Resolver(scope=scope, origins={(): origin}, bindings=bindings)
    resolver.origins[("Properties",)] = (*origin, "Properties")
    properties = resolver.resolve(body.get("Properties", {}), ("Properties",), (*origin, "Properties"))
    attributes = {}
    for key in _ATTRIBUTES:
        if key in body:
            resolver.origins[(key,)] = (*origin, key)
            value = resolver.resolve(body[key], (key,), (*origin, key))
            if value is not NO_VALUE:
                attributes[key] = value
    if not isinstance(properties, dict):
        raise TemplateError(f"resource {name}: its properties are not known before deployment.")
    kind = bound(body["Type"], bindings)
    metadata = body.get("Metadata", {})
    return Resource(
        logical_id=name,
        type=kind,
        properties=coerce(kind, properties),
        attributes=attributes,
        metadata=metadata if isinstance(metadata, dict) else {},
        condition=condition(body, bindings),
        origins=resolver.origins,
    )


def unknowns(value: Any) -> Iterator[Unknown]:
    """Every unknown value inside a value."""
    match value:
        case Unknown():
            yield value
        case dict():
            for item in value.values():
                yield from unknowns(item)
        case list():
            for item in value:
                yield from unknowns(item)
