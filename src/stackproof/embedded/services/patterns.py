"""EventBridge event patterns (EventBridge, Comparison operators for use in event patterns). Pure.

An unknown operator is an EmbeddedError: a pattern that would match otherwise on AWS is worse than none.
"""

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from stackproof.embedded.errors import EmbeddedError

_MISSING = object()
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether an event (JSON) matches a pattern (JSON).

    Raises: EmbeddedError for what this module does not know.
    """
    check(pattern)
    return _matches(pattern, event)


def check(pattern: Any) -> None:
    """Look through a whole pattern.

    Raises: EmbeddedError that names what is not understood.
    """
    if not isinstance(pattern, Mapping) or not pattern:
        raise EmbeddedError(f"An event pattern is a JSON object that is not empty, not {pattern!r}.")
    for name, wanted in pattern.items():
        match wanted:
            case Mapping():
                check(wanted)
            case [_, *_] if name == "$or":
                for branch in wanted:
                    check(branch)
            case [_, *_]:
                for rule in wanted:
                    _check_rule(name, rule)
            case _:
                raise EmbeddedError(f"The event pattern needs an object or a filled list for {name!r}, not {wanted!r}.")


def _check_rule(name: str, rule: Any) -> None:
    if isinstance(rule, list):
        raise EmbeddedError(f"The event pattern has a list in the list of {name!r}.")
    if isinstance(rule, Mapping):
        _rule(rule)


def _matches(pattern: Mapping[str, Any], event: Any) -> bool:
    if isinstance(event, list):
        return any(_matches(pattern, item) for item in event)
    present = event if isinstance(event, Mapping) else {}
    for name, wanted in pattern.items():
        if name == "$or" and isinstance(wanted, list):
            met = any(_matches(branch, event) for branch in wanted)
        elif isinstance(wanted, Mapping):
            met = _matches(wanted, present.get(name, {}))
        else:
            met = _value_matches(wanted, present.get(name, _MISSING))
        if not met:
            return False
    return True


def _value_matches(rules: list[Any], value: Any) -> bool:
    if isinstance(value, Mapping):
        value = _MISSING  # a pattern speaks of leaves: an object in a leaf's place is none
    candidates = value if isinstance(value, list) else [value]
    return any(_rule_matches(rule, value, candidates) for rule in rules)


def _rule_matches(rule: Any, value: Any, candidates: list[Any]) -> bool:
    if isinstance(rule, Mapping):
        name, test = _rule(rule)
        if name == "exists":
            return test(value)
        return value is not _MISSING and any(test(candidate) for candidate in candidates)
    return value is not _MISSING and any(_equal(rule, candidate) for candidate in candidates)


def _equal(wanted: Any, value: Any) -> bool:
    """JSON equality: numbers by value, and neither 1 and true nor 1 and "1" are the same."""
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    return bool(wanted == value)


def _rule(rule: Mapping[str, Any]) -> tuple[str, Callable[[Any], bool]]:
    """The operator of a rule and its test of one value."""
    if len(rule) != 1:
        raise EmbeddedError(f"An event pattern's rule has one operator, not {dict(rule)!r}.")
    [(name, wanted)] = rule.items()
    match name, wanted:
        case "exists", bool():
            return name, lambda value: (value is not _MISSING) is wanted
        case "prefix" | "suffix" | "equals-ignore-case" | "wildcard", _:
            return name, _text_test(name, wanted)
        case "anything-but", _:
            return name, _anything_but(wanted)
        case "numeric", [_, *_]:
            return name, _numeric(wanted)
        case "cidr", str():
            return name, _cidr(wanted)
    raise EmbeddedError(f"The event pattern operator {dict(rule)!r} is not emulated.")


def _text_test(name: str, wanted: Any) -> Callable[[Any], bool]:
    match name, wanted:
        case "prefix", str():
            return lambda value: isinstance(value, str) and value.startswith(wanted)
        case "suffix", str():
            return lambda value: isinstance(value, str) and value.endswith(wanted)
        case "prefix", {"equals-ignore-case": str(text)}:
            return lambda value: isinstance(value, str) and value.lower().startswith(text.lower())
        case "suffix", {"equals-ignore-case": str(text)}:
            return lambda value: isinstance(value, str) and value.lower().endswith(text.lower())
        case "equals-ignore-case", str():
            return lambda value: isinstance(value, str) and value.lower() == wanted.lower()
        case "wildcard", str() if "**" not in wanted:
            compiled = re.compile(_wildcard(wanted), re.DOTALL)
            return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None
    raise EmbeddedError(f"The event pattern operator {{{name!r}: {wanted!r}}} is not emulated.")


def _wildcard(text: str) -> str:
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", text)
    return "".join(".*" if part == "*" else re.escape(part[-1] if part[0] == "\\" else part) for part in parts)


def _anything_but(wanted: Any) -> Callable[[Any], bool]:
    if isinstance(wanted, Mapping):
        [(name, inner)] = wanted.items() if len(wanted) == 1 else [("", None)]
        values = inner if isinstance(inner, list) else [inner]
        tests = [_text_test(name, value) for value in values]
        return lambda value: not any(test(value) for test in tests)
    values = wanted if isinstance(wanted, list) else [wanted]
    if not values or not all(isinstance(value, str | int | float) for value in values):
        raise EmbeddedError(f"The event pattern's anything-but takes texts or numbers, not {wanted!r}.")
    return lambda value: not any(_equal(one, value) for one in values)


def _numeric(wanted: list[Any]) -> Callable[[Any], bool]:
    pairs = list(zip(wanted[::2], wanted[1::2], strict=False))
    known = all(sign in _COMPARISONS and isinstance(limit, int | float) for sign, limit in pairs)
    if len(wanted) not in (2, 4) or not known:
        raise EmbeddedError(f"The event pattern's numeric takes one or two comparisons, not {wanted!r}.")

    def test(value: Any) -> bool:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and all(_COMPARISONS[sign](value, limit) for sign, limit in pairs)

    return test


def _cidr(wanted: str) -> Callable[[Any], bool]:
    try:
        network = ipaddress.ip_network(wanted)
    except ValueError as error:
        raise EmbeddedError(f"The event pattern's cidr {wanted!r} is none: {error}.") from None

    def test(value: Any) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return test
