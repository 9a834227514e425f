"""Scalars in the types of the schema: CloudFormation takes "true" for true and "35" for 35, rules should not have
to."""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from stackproof.template import schemas
from stackproof.template.model import Unknown

_NUMBER = re.compile(r"\s*[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?\s*", re.ASCII)
_TRUTH = {"true": True, "false": False}


def coerce(resource_type: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """`properties` with every scalar as the schema of its type has it. What does not fit stays as it is."""
    root = schemas.schema(resource_type)
    if root is None:
        return dict(properties)
    return _mapping(root, root, properties)


def _mapping(root: Mapping[str, Any], schema: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(root, schemas.child(root, schema, name), item) for name, item in value.items()}


def _value(root: Mapping[str, Any], schema: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, Unknown) or not schema:
        return value
    schema = schemas.follow(root, schema)
    match value:
        case dict():
            return _mapping(root, schema, value)
        case list():
            return [_value(root, schemas.child(root, schema, i), item) for i, item in enumerate(value)]
        case str():
            return _text(_kinds(schema), value)
        case bool():
            return str(value).lower() if _kinds(schema) == {"string"} else value
        case int() | float():
            return str(value) if _kinds(schema) == {"string"} else value
        case _:
            return value


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    kind = schema.get("type", ())
    return {kind} if isinstance(kind, str) else set(kind)


def _text(kinds: set[str], value: str) -> Any:
    if "string" in kinds:
        return value
    if "boolean" in kinds and value.lower() in _TRUTH:
        return _TRUTH[value.lower()]
    if ("integer" in kinds or "number" in kinds) and _NUMBER.fullmatch(value):
        number = float(value)
        return int(value) if "." not in value and "e" not in value.lower() else number if isfinite(number) else value
    return value
