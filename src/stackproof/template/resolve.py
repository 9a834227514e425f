"""Resolve the values of a template: functions, parameters, mappings, conditions, pseudo parameters, loops.

Pure. What can't be known before a deployment becomes an `Unknown` that says why; a reference to a resource becomes a
token (`references`). Where a resolved value stands elsewhere than its original does (a branch of `Fn::If`, an item
after one that vanished), `origins` leads back."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stackproof.template import intrinsics
from stackproof.template.bindings import bound
from stackproof.template.budget import MAX_TEXT, Budget, size
from stackproof.template.conditions import Conditions
from stackproof.template.errors import TemplateError
from stackproof.template.model import Parameter, Path, Unknown
from stackproof.template.references import Reference, inside, whole

PSEUDO = ("AccountId", "NotificationARNs", "Partition", "Region", "StackId", "StackName", "URLSuffix")
ZONES = "AWS::AvailabilityZones"
_VARIABLE = re.compile(r"\$\{(!?)\s*([^${}!][^${}]*?)\s*\}")
_DYNAMIC = "{{resolve:"
_MANY_ZONES = 6  # no region has more
# What is given in Base64 and read as what it encodes: rules see the text. Anywhere else the code itself is the value.
_ENCODED = ("UserData", "UserDataOverride", "CustomData")


class _NoValue:
    """What `AWS::NoValue` gives: the property is left out."""

    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE = _NoValue()


@dataclass(kw_only=True)
class Scope:
    """What names mean in a template: its sections, the values of its parameters, its conditions under one
    assignment."""

    data: Mapping[str, Any]
    parameters: Mapping[str, Parameter]
    resources: frozenset[str]
    conditions: Conditions | None = None
    undecided: list[tuple[Path, str]] = field(default_factory=list)
    budget: Budget = field(default_factory=Budget)


@dataclass(kw_only=True)
class Resolver:
    """Resolves one tree of values. `at` below is a path in the result, `origin` one in the original template;
    `bindings` are the variables of the loops around."""

    scope: Scope
    origins: dict[Path, Path] = field(default_factory=dict)
    bindings: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, value: Any, at: Path, origin: Path) -> Any:
        """`value` without functions. May be `NO_VALUE`."""
        self.scope.budget.spend()
        match value:
            case dict():
                if len(value) == 1:
                    name, argument = next(iter(value.items()))
                    if name == "Ref" or (name.startswith("Fn::") and not name.startswith("Fn::ForEach::")):
                        return self._function(name, argument, at, (*origin, name))
                return self._mapping(value, at, origin)
            case list():
                return self._list(value, at, origin)
            case str():
                return self._literal(value)
            case _:
                return value

    def _mapping(self, value: Mapping[str, Any], at: Path, origin: Path) -> dict[str, Any]:
        result = {}
        for name, item in value.items():
            if name.startswith("Fn::ForEach::"):
                for resolver, body, place in loop(self, name, item, origin):
                    result.update(resolver._mapping(body, at, place) if isinstance(body, dict) else {})
                continue
            if name == "Fn::Transform":
                self.scope.undecided.append(((*origin, name), "a macro (Fn::Transform) changes this at deployment"))
                continue
            shown = self._bound(name)
            resolved = self._child(item, (*at, shown), (*origin, name))
            if resolved is not NO_VALUE:
                result[shown] = resolved
        return result

    def _list(self, value: list[Any], at: Path, origin: Path) -> list[Any]:
        result: list[Any] = []
        for index, item in enumerate(value):
            resolved = self._child(item, (*at, len(result)), (*origin, index))
            if resolved is not NO_VALUE:
                result.append(resolved)
        return result

    def _child(self, value: Any, at: Path, origin: Path) -> Any:
        parent = self.origins.get(at[:-1], None)
        if at[-1:] != origin[-1:] or parent != origin[:-1]:
            self.origins[at] = origin
        return self.resolve(value, at, origin)

    def _bound(self, text: str) -> str:
        return bound(text, self.bindings)

    def _literal(self, text: str) -> Any:
        return _dynamic(self._bound(text))

    def plain(self, value: Any, origin: Path = ()) -> Any:
        """`value` resolved by itself, outside of the tree: an operand, an argument."""
        return Resolver(scope=self.scope, bindings=self.bindings).resolve(value, (), origin)

    def _function(self, name: str, argument: Any, at: Path, origin: Path) -> Any:
        match name, argument:
            case "Ref", str():
                return self._ref(self._bound(argument))
            case "Fn::If", [str(condition), _, _]:
                branch = 1 if self._holds(condition, origin) else 2
                self.origins[at] = (*origin, branch)
                return self.resolve(argument[branch], at, (*origin, branch))
            case "Fn::GetAtt", [str(target), attribute]:
                return self._attribute(self._bound(target), self.plain(attribute))
            case "Fn::GetAtt", str() if "." in argument:
                return self._attribute(*self._bound(argument).split(".", 1))
            case "Fn::Sub", str():
                return self._substitute(argument, {})
            case "Fn::Sub", [str(text), dict(variables)]:
                return self._substitute(text, {key: self.plain(item) for key, item in variables.items()})
            case "Fn::FindInMap", [_, _, _, *_]:
                return self._find_in_map(argument)
            case "Fn::GetAZs", _:
                return [Reference(target=ZONES, attribute=str(i)).token for i in range(_MANY_ZONES)]
            case "Fn::ImportValue", _:
                return Unknown("an import from another stack is read at deployment")
            case "Fn::Base64", _ if at[-1:] and at[-1] in _ENCODED:
                return self.resolve(argument, at, origin)
            case "Fn::Transform", _:
                self.scope.undecided.append((origin, "a macro (Fn::Transform) gives this at deployment"))
                return Unknown("a macro (Fn::Transform) gives this at deployment")
        return self._compute(name, argument, origin)

    def _compute(self, name: str, argument: Any, origin: Path) -> Any:
        value = self.plain(argument, origin)
        self.scope.budget.text(size(value), _where(origin))
        if (unknown := next(_unknowns(value), None)) is not None:
            return self._joined(value, unknown) if name == "Fn::Join" else unknown
        if name != "Fn::ToJsonString" and name != "Fn::Join" and _opaque(name, value):
            return Unknown(f"{name} of a value that a resource has at deployment")
        try:
            result = intrinsics.apply(name, value, _where(origin))
        except TemplateError as error:
            return Unknown(str(error))
        self.scope.budget.text(size(result), _where(origin))
        return _dynamic(result)

    def _joined(self, value: Any, unknown: Unknown) -> Unknown:
        match value:
            case [str(delimiter), list(parts)]:
                texts = [part.text if isinstance(part, Unknown) else str(intrinsics.text(part)) for part in parts]
                return Unknown(unknown.reason, delimiter.join(texts))
        return unknown

    def _holds(self, condition: str, origin: Path) -> bool:
        if self.scope.conditions is None:
            raise TemplateError(f"{_where(origin)}: Fn::If has no place here.")
        return self.scope.conditions.holds(self._bound(condition))

    def _ref(self, name: str) -> Any:
        if name in self.bindings:
            return self.bindings[name]
        if name == "AWS::NoValue":
            return NO_VALUE
        if name.removeprefix("AWS::") in PSEUDO and name.startswith("AWS::"):
            return Reference(target=name).token
        if name in self.scope.parameters:
            value = self.scope.parameters[name].value
            self.scope.budget.spend(len(value) if isinstance(value, list) else 1)
            return [_dynamic(item) for item in value] if isinstance(value, list) else _dynamic(value)
        if name in self.scope.resources:
            return Reference(target=name).token
        return Unknown(f"{name} is neither a parameter nor a resource", f"{{{name}?}}")

    def _attribute(self, target: str, attribute: Any) -> Any:
        if isinstance(attribute, Unknown):
            return attribute
        if target not in self.scope.resources:
            return Unknown(f"{target} is no resource", f"{{{target}.{attribute}?}}")
        return Reference(target=target, attribute=str(attribute)).token

    def _substitute(self, text: str, variables: Mapping[str, Any]) -> Any:
        missing: list[Unknown] = []
        length = 0

        def value(found: re.Match[str]) -> str:
            nonlocal length
            replaced = replacement(found)
            length += len(replaced)
            self.scope.budget.text(len(replaced) if length <= MAX_TEXT else length, "Fn::Sub")
            return replaced

        def replacement(found: re.Match[str]) -> str:
            literal, name = found[1], found[2]
            if literal:
                return f"${{{name}}}"
            got = variables[name] if name in variables else self._name(name)
            if isinstance(got, list | dict) or got is NO_VALUE:
                got = Unknown(f"${{{name}}} is no text", f"{{{name}?}}")
            if isinstance(got, Unknown):
                missing.append(got)
                return got.text
            return str(intrinsics.text(got))

        result = _VARIABLE.sub(value, self._bound(text))
        if missing:
            return Unknown(missing[0].reason, result)
        return self._literal(result)

    def _name(self, name: str) -> Any:
        target, dot, attribute = name.partition(".")
        return self._attribute(target, attribute) if dot else self._ref(name)

    def _find_in_map(self, argument: list[Any]) -> Any:
        table, top, second = (self.plain(part) for part in argument[:3])
        default = (
            argument[3].get("DefaultValue", NO_VALUE) if argument[3:] and isinstance(argument[3], dict) else NO_VALUE
        )
        for key in (table, top, second):
            if isinstance(key, Unknown):
                return key
        mappings = self.scope.data.get("Mappings", {})
        rows = mappings.get(table) if isinstance(table, str) else None
        if not isinstance(rows, dict):
            return Unknown(f"there is no mapping {table}")
        if next(inside([top, second]), None) is not None:
            return self._any_row(table, rows, second, default)
        try:
            return self.plain(rows[str(intrinsics.text(top))][str(intrinsics.text(second))])
        except (KeyError, TypeError):
            if default is not NO_VALUE:
                return self.plain(default)
            return Unknown(f"there is no {table}.{top}.{second} in Mappings")

    def _any_row(self, table: str, rows: Mapping[str, Any], second: Any, default: Any) -> Any:
        """A row chosen at deployment (by region, say): known when all rows say the same, and the default too, which
        stands for all that have no row."""
        values = [row.get(second) for row in rows.values() if isinstance(row, dict) and isinstance(second, str)]
        if default is not NO_VALUE:
            values = [default if value is None else value for value in values] + [default]
        if values and all(value == values[0] and value is not None for value in values):
            return self.plain(values[0])
        return Unknown(f"the row of the mapping {table} is chosen at deployment")


def loop(resolver: Resolver, name: str, item: Any, origin: Path) -> Iterator[tuple[Resolver, Any, Path]]:
    """The turns of an `Fn::ForEach`: a resolver with the turn's variable bound, the body, and the body's place."""
    match item:
        case [str(variable), collection, body]:
            values = resolver.plain(collection)
        case _:
            raise TemplateError(f"{_where((*origin, name))}: Fn::ForEach takes [variable, collection, body].")
    values = list(values) if isinstance(values, list) else [values]
    for value in values:
        resolver.scope.budget.spend(100)
        if isinstance(value, Unknown) or not isinstance(value, str) or whole(value):
            reason = value.reason if isinstance(value, Unknown) else f"{value!r} is no text"
            resolver.scope.undecided.append(((*origin, name), f"the loop's collection is not known: {reason}"))
            continue
        turn = Resolver(scope=resolver.scope, origins=resolver.origins, bindings={**resolver.bindings, variable: value})
        yield turn, body, (*origin, name, 2)


def _dynamic(value: Any) -> Any:
    """`value`, or that it is not known: a dynamic reference is read at deployment, whoever put its text together."""
    if isinstance(value, str) and _DYNAMIC in value:
        return Unknown("a dynamic reference is read at deployment", value)
    return value


def _opaque(name: str, value: Any) -> bool:
    """Whether a function looks into a text that is a reference (`!Split` of an ARN)."""
    match name, value:
        case "Fn::Select", [_, list()]:
            return False
        case "Fn::Length", list():
            return False
        case _:
            return next(inside(value), None) is not None


def _unknowns(value: Any) -> Iterator[Unknown]:
    match value:
        case Unknown():
            yield value
        case list():
            for item in value:
                yield from _unknowns(item)
        case dict():
            for item in value.values():
                yield from _unknowns(item)


def _where(path: Path) -> str:
    return "/".join(map(str, path))
