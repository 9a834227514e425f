"""Condition blocks of IAM policies. Pure.

Semantics: IAM User Guide, "Condition operators" and "Multivalued context keys". Several values of one key: one must
match (none, for a negated operator); several keys or operators: all must hold. A key that a request does not have
fails a plain operator and satisfies a negated one, an `...IfExists` and `ForAllValues:`.
"""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.match import arn_matches, equals, expand, matches

Compare = Callable[[str, str], bool]


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The condition keys of one request, in lower case. `values` are those it has; a key that matches a pattern in
    `unknown` may be in a real request, with a value that is not known here; all others are not in the request."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()

    def is_unknown(self, key: str) -> bool:
        """Whether the embedded AWS cannot tell what a real request would have under this key."""
        return key not in self.values and any(fnmatchcase(key, pattern) for pattern in self.unknown)

    def get(self, key: str) -> tuple[str, ...] | None:
        """The values of a key, None when the request does not have it.

        Raises: EmbeddedError when that is not known.
        """
        key = key.lower()
        if self.is_unknown(key):
            raise EmbeddedError(f"A policy depends on the condition key {key!r}, which the embedded AWS cannot know.")
        return self.values.get(key)

    def variable(self, key: str) -> str | None:
        """The value of a policy variable; only single values can be one."""
        values = self.get(key)
        return values[0] if values is not None and len(values) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One operator over one key: `quantifier` is `ForAllValues`, `ForAnyValue` or empty."""

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: str = ""
    if_exists: bool = False
    variables: bool = True


def _number(policy: str, request: str) -> tuple[float, float] | None:
    try:
        wanted = float(policy)
    except ValueError:
        raise EmbeddedError(f"A numeric condition compares with {policy!r}, which is no number.") from None
    try:
        return wanted, float(request)
    except ValueError:
        return None


def _instant(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def _date(policy: str, request: str) -> tuple[float, float] | None:
    wanted, given = _instant(policy), _instant(request)
    if wanted is None:
        raise EmbeddedError(f"A date condition compares with {policy!r}, which is no ISO 8601 date.")
    return None if given is None else (wanted, given)


def _ordered(read: Callable[[str, str], tuple[float, float] | None], test: Callable[[float, float], bool]) -> Compare:
    def compare(policy: str, request: str) -> bool:
        pair = read(policy, request)
        return pair is not None and test(pair[1], pair[0])

    return compare


def _address(policy: str, request: str) -> bool:
    try:
        network = ipaddress.ip_network(policy, strict=False)
    except ValueError:
        raise EmbeddedError(f"An address condition compares with {policy!r}, which is no CIDR block.") from None
    try:
        return ipaddress.ip_address(request) in network
    except ValueError:
        return False


def _ignoring_case(policy: str, request: str) -> bool:
    return equals(policy, request, ignore_case=True)


_POSITIVE: dict[str, Compare] = {
    "StringEquals": equals,
    "StringEqualsIgnoreCase": _ignoring_case,
    "StringLike": matches,
    "ArnEquals": arn_matches,
    "ArnLike": arn_matches,
    "Bool": _ignoring_case,
    "BinaryEquals": equals,
    "IpAddress": _address,
    "NumericEquals": _ordered(_number, lambda have, want: have == want),
    "NumericLessThan": _ordered(_number, lambda have, want: have < want),
    "NumericLessThanEquals": _ordered(_number, lambda have, want: have <= want),
    "NumericGreaterThan": _ordered(_number, lambda have, want: have > want),
    "NumericGreaterThanEquals": _ordered(_number, lambda have, want: have >= want),
    "DateEquals": _ordered(_date, lambda have, want: have == want),
    "DateLessThan": _ordered(_date, lambda have, want: have < want),
    "DateLessThanEquals": _ordered(_date, lambda have, want: have <= want),
    "DateGreaterThan": _ordered(_date, lambda have, want: have > want),
    "DateGreaterThanEquals": _ordered(_date, lambda have, want: have >= want),
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
OPERATORS = frozenset({*_POSITIVE, *_NEGATED, "Null"})


def parse(operator: str, key: str, values: tuple[str, ...], *, variables: bool) -> Condition:
    """A condition from its policy form, such as `ForAllValues:StringEqualsIfExists`.

    Raises: EmbeddedError for an operator that does not exist.
    """
    quantifier, _, rest = operator.rpartition(":")
    base = rest.removesuffix("IfExists")
    known = base in OPERATORS and quantifier in ("", "ForAllValues", "ForAnyValue")
    if not known or (base == "Null" and (quantifier or rest != base)):
        raise EmbeddedError(f"The condition operator {operator!r} is not known to the embedded AWS.")
    return Condition(
        operator=base,
        key=key.lower(),
        values=values,
        quantifier=quantifier,
        if_exists=rest != base,
        variables=variables,
    )


def _expanded(condition: Condition, keys: Keys) -> list[str]:
    if not condition.variables:
        return list(condition.values)
    values = [expand(value, keys.variable) for value in condition.values]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        raise EmbeddedError(
            f"A condition on {condition.key!r} uses a policy variable that has no value in this request: "
            f"{', '.join(condition.values)}"
        )
    return known


def _member(condition: Condition, wanted: list[str], given: str) -> bool:
    negated = _NEGATED.get(condition.operator)
    compare = _POSITIVE[negated or condition.operator]
    return any(compare(value, given) for value in wanted) != bool(negated)


def holds(condition: Condition, keys: Keys) -> bool:
    """Whether a request with these keys satisfies the condition.

    Raises: EmbeddedError when the answer depends on something that is not known here.
    """
    given = keys.get(condition.key)
    if condition.operator == "Null":
        return any((value.lower() == "true") == (given is None) for value in condition.values)
    wanted = _expanded(condition, keys)
    if condition.quantifier == "ForAllValues":
        return all(_member(condition, wanted, value) for value in given or ())
    if condition.quantifier == "ForAnyValue":
        return (given is None and condition.if_exists) or any(_member(condition, wanted, v) for v in given or ())
    if given is None:
        return condition.if_exists or condition.operator in _NEGATED
    if len(given) != 1:
        raise EmbeddedError(f"A condition tests {condition.key!r} without ForAllValues or ForAnyValue; it has {given}.")
    return _member(condition, wanted, given[0])
