"""CloudFormation's functions over values that are resolved already."""

import base64
import ipaddress
import json
from collections.abc import Callable
from typing import Any

from stackproof.template.errors import TemplateError


def text(value: Any) -> Any:
    """A scalar as CloudFormation writes it into a text; lists and mappings stay as they are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, list | dict) else str(value)


def apply(name: str, argument: Any, where: str) -> Any:
    """The value of the function `name`.

    Raises: TemplateError that names the place when the function is unknown or its argument wrong.
    """
    function = _FUNCTIONS.get(name)
    if function is None:
        raise TemplateError(f"{where}: the function {name} is not emulated.")
    try:
        return function(argument)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
        raise TemplateError(f"{where}: {name} does not take {argument!r}: {error}") from None


def _join(argument: Any) -> str:
    delimiter, parts = argument
    if not isinstance(delimiter, str) or not isinstance(parts, list):
        raise TypeError("it needs a delimiter and a list")
    if wrong := [part for part in parts if isinstance(part, list | dict)]:
        raise TypeError(f"{wrong[0]!r} is no text")
    return delimiter.join(text(part) for part in parts)


def _select(argument: Any) -> Any:
    index, items = argument
    if not isinstance(items, list):
        raise TypeError("it needs a list")
    if not 0 <= int(index) < len(items):
        raise IndexError(f"there is no item {index} of {len(items)}")
    return items[int(index)]


def _split(argument: Any) -> list[str]:
    delimiter, value = argument
    return list(value.split(delimiter))


def _cidr(argument: Any) -> list[str]:
    block, count, *bits = argument
    network = ipaddress.ip_network(block)
    new_prefix = network.max_prefixlen - (int(bits[0]) if bits else 8)
    if not 1 <= int(count) <= min(256, 2 ** max(0, new_prefix - network.prefixlen)):
        raise ValueError(f"{block} has no {count} blocks of that size")
    blocks = network.subnets(new_prefix=new_prefix)
    return [str(next(blocks)) for _ in range(int(count))]


def _base64(argument: Any) -> str:
    return base64.b64encode(argument.encode()).decode()


def _json(argument: Any) -> str:
    if not isinstance(argument, dict | list):
        raise TypeError("it needs a mapping or a list")
    return json.dumps(argument, separators=(",", ":"), ensure_ascii=False)


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::Join": _join,
    "Fn::Length": len,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::ToJsonString": _json,
}
