"""Properties in CloudFormation's spelling as parameters of an API operation, held against botocore's model of it.

CloudFormation writes numbers and booleans also as texts, policies also as mappings, and every name with a capital;
what the operation's model does not know is refused by its path.
"""

import json
from collections.abc import Mapping
from typing import Any

from botocore.model import Shape

from stackproof.embedded.errors import UnsupportedProperty

Renames = Mapping[str, str]


def to_api(value: Any, shape: Shape, path: str, renames: Renames) -> Any:
    """`value` as the API wants it. `renames` maps CloudFormation's names to the API's, where they differ.

    Raises: UnsupportedProperty with the path of what the model does not know or take.
    """
    match shape.type_name:
        case "structure":
            return _structure(value, shape, path, renames)
        case "list" if isinstance(value, list):
            return [to_api(item, shape.member, f"{path}[{i}]", renames) for i, item in enumerate(value)]
        case "map" if isinstance(value, dict):
            return {str(k): to_api(v, shape.value, f"{path}.{k}", renames) for k, v in value.items()}
        case "list" | "map":
            raise UnsupportedProperty(f"{path}: {value!r} is no {shape.type_name}.")
        case _:
            return scalar(value, shape.type_name, path)


def scalar(value: Any, kind: str, path: str) -> Any:
    """One value of a simple type."""
    try:
        match kind, value:
            case "string", dict() | list():
                return json.dumps(value)
            case "string", bool():
                return str(value).lower()
            case "string" | "timestamp", _:
                return str(value)
            case "boolean", bool():
                return value
            case "boolean", "true" | "false":
                return value == "true"
            case "integer" | "long", str() | int() if not isinstance(value, bool):
                return int(value)
            case "double" | "float", str() | int() | float() if not isinstance(value, bool):
                return float(value)
            case "blob", str():
                return value.encode()
    except ValueError:
        pass
    raise UnsupportedProperty(f"{path}: {value!r} is no {kind}.")


def member_name(name: str, members: Mapping[str, Any], renames: Renames) -> str | None:
    """The API's name of a property: renamed, the same, or with a small first letter."""
    for candidate in (renames.get(name), name, name[:1].lower() + name[1:]):
        if candidate in members and (name[:1].isupper() or name in renames):
            return candidate
    return None


def _structure(value: Any, shape: Shape, path: str, renames: Renames) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnsupportedProperty(f"{path}: {value!r} is no mapping.")
    members: Mapping[str, Shape] = shape.members
    result = {}
    for key, item in value.items():
        name = member_name(key, members, renames)
        if name is None:
            raise UnsupportedProperty(f"{path}.{key}: the embedded AWS knows no such property.")
        result[name] = to_api(item, members[name], f"{path}.{key}", renames)
    return result
