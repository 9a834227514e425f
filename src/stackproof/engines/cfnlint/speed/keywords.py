"""Keywords of the schemas that cfn-lint walks through in full to find the few that matter."""

from functools import lru_cache
from typing import Any

import regex
from cfnlint.helpers import ensure_list
from cfnlint.jsonschema import CfnTemplateValidator, StandardValidator, _keywords
from cfnlint.jsonschema._filter import FunctionFilter, _all_types
from cfnlint.jsonschema._utils import Unset

_MOST = 8192
_HOLDERS = frozenset({"properties", "additionalProperties", "patternProperties"})
_BOOLEANS = frozenset({"true", "false"})


def _properties(validator: Any, properties: Any, instance: Any, schema: Any) -> Any:
    if not isinstance(instance, dict):
        return
    for name, subschema in properties.items():
        if name in instance:
            key = next((key for key in instance if key == name), name)  # the template's own key knows its place
            yield from validator.descend(instance[name], subschema, path=key, schema_path=name, property_path=name)


def _enum(validator: Any, enums: Any, instance: Any, schema: Any) -> Any:
    if isinstance(instance, str) and instance.lower() not in _BOOLEANS and _is_among(instance, enums):
        return
    yield from _plain_enum(validator, enums, instance, schema)


def _is_among(text: str, enums: Any) -> bool:
    return any(each is text or (isinstance(each, str) and each == text) for each in enums)


_plain_enum = _keywords.enum


class _Split:
    """A schema in its two parts: what holds for a value as it stands, and what needs its conditions decided."""

    def __init__(self, schema: Any, groups: Any) -> None:
        self.schema = schema  # held, so that its identity stays its own
        self.group = {key: value for key, value in schema.items() if key in groups}
        self.standard = {key: value for key, value in schema.items() if key not in groups}
        self.add = "$ref" not in self.standard
        self.filled = _filled(self.standard)
        self.by_place: dict[tuple[str, ...], Any] = {}


def _filled(standard: Any) -> Any:
    filled = dict(standard)
    if "object" in ensure_list(standard.get("type", [])) and not _HOLDERS.intersection(standard):
        filled["patternProperties"] = {".*": {"type": _all_types}}
    if "array" in standard.get("type", []) and "items" not in standard:
        filled["items"] = {"type": _all_types}
    return filled


_splits: dict[int, _Split] = {}


def _filter_schemas(self: Any, schema: Any, validator: Any) -> Any:
    path = validator.context.path
    if path.path and path.path[-1] == "Fn::If":
        return schema, None
    if (split := _splits.get(id(schema))) is None:
        if len(_splits) >= _MOST:
            _splits.clear()
        split = _splits[id(schema)] = _Split(schema, self.group_functions)
    if not (self.add_cfn_lint_keyword and split.add):
        return split.filled, split.group
    place = tuple(path.cfn_path)
    if (standard := split.by_place.get(place)) is None:
        with_place = dict(split.standard)
        with_place["cfnLint"] = [*ensure_list(with_place.get("cfnLint", [])), "/".join(place)]
        standard = split.by_place[place] = _filled(with_place)
    return standard, split.group


def _cfn_lint(self: Any, validator: Any, keywords: Any, instance: Any, schema: Any) -> Any:
    by_keyword = _by_keyword(self)
    rules = [(keyword, rule) for keyword in keywords for rule in by_keyword.get(keyword, ())]
    if not rules:
        return
    validator = validator.evolve(function_filter=validator.function_filter.evolve(add_cfn_lint_keyword=False))
    for keyword, rule in rules:
        for error in rule.validate(validator, keyword, instance, schema):
            if error.rule is None and isinstance(error.validator, Unset):
                error.rule = rule
            yield error


def _by_keyword(self: Any) -> dict[str, list[Any]]:
    """The child rules by the keywords that they wait for, in their order; forgotten at the start of each run."""
    if "_stackproof_by_keyword" not in self.__dict__:
        found: dict[str, list[Any]] = {}
        for rule in self.child_rules.values():
            if rule is not None and rule.id:
                for keyword in rule.keywords:
                    found.setdefault(keyword, []).append(rule)
        self.__dict__["_stackproof_by_keyword"] = found
    kept: dict[str, list[Any]] = self.__dict__["_stackproof_by_keyword"]
    return kept


class _Patterns:
    """The `regex` module with its `search` compiled once a pattern."""

    def __init__(self) -> None:
        self._compiled = lru_cache(_MOST)(regex.compile)

    def search(self, pattern: Any, text: Any) -> Any:
        return self._compiled(pattern).search(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(regex, name)


def install() -> None:
    """Put these in the place of cfn-lint's."""
    for validator_class in (CfnTemplateValidator, StandardValidator):
        keywords = validator_class({}).validators
        keywords["properties"] = _properties
        keywords["enum"] = _enum
    _keywords.properties = _properties
    _keywords.enum = _enum
    _keywords.re = _Patterns()
    FunctionFilter._filter_schemas = _filter_schemas


def install_on(rules: Any) -> None:
    """Put the faster choice of rules in the place of E1101's."""
    type(rules["E1101"]).cfnLint = _cfn_lint
