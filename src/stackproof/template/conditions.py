"""Conditions with what is known: each is true, false, or stays undecided and is then judged both ways.

What a condition rests on are its comparisons (`Fn::Equals`). One whose sides are both known is decided. The others
are enumerated: every consistent assignment of them is a variant of the template. Consistent means that one parameter
has one value: of two comparisons of `Env` with "dev" and with "prod" at most one holds, and one of them does when the
parameter allows no other value."""

import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stackproof.template.errors import TemplateError
from stackproof.template.intrinsics import text
from stackproof.template.model import Unknown
from stackproof.template.references import inside

MAX_VARIANTS = 32


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """An undecided `Fn::Equals`: `subject` is the side that is not known (as JSON), `constant` the other one, None when
    neither is known. `allowed` are all values that the subject may have, if that is known."""

    subject: str
    constant: str | None
    allowed: tuple[str, ...] | None = None


Assignment = Mapping[Comparison, bool]


@dataclass(kw_only=True)
class Conditions:
    """The conditions of a template under an assignment of its undecided comparisons. `resolve` gives the value of an
    operand; `allowed` the values that a parameter may have. Comparisons that the assignment lacks are collected in
    `undecided` and taken as false."""

    declared: Mapping[str, Any]
    resolve: Callable[[Any], Any]
    allowed: Callable[[Any], tuple[str, ...] | None]
    assignment: Assignment = field(default_factory=dict)
    undecided: dict[Comparison, None] = field(default_factory=dict)
    compared: dict[tuple[int, int], Comparison | bool] = field(default_factory=dict)
    """What each comparison is, by its operands: the same under every assignment, and shared between them."""
    _known: dict[str, bool] = field(default_factory=dict)
    _asking: list[str] = field(default_factory=list)

    def holds(self, name: str) -> bool:
        """Whether a condition holds.

        Raises: TemplateError when there is none of that name, or it leads back to itself.
        """
        if name in self._known:
            return self._known[name]
        if name not in self.declared:
            raise TemplateError(
                f"there is no condition {name!r}; Conditions has {', '.join(sorted(self.declared)) or 'none'}."
            )
        if name in self._asking:
            raise TemplateError(f"circular conditions: {' -> '.join([*self._asking, name])}.")
        self._asking.append(name)
        try:
            self._known[name] = self.truth(self.declared[name], f"Conditions.{name}")
        finally:
            self._asking.pop()
        return self._known[name]

    def truth(self, value: Any, where: str) -> bool:
        """The truth of a condition function; all parts of it are looked at, so that no comparison is missed."""
        match value:
            case {"Condition": str(name)}:
                return self.holds(name)
            case {"Fn::Equals": [one, other]}:
                return self._equal(one, other)
            case {"Fn::Not": [only]}:
                return not self.truth(only, where)
            case {"Fn::And": [_, *_] as parts}:
                return all([self.truth(part, where) for part in parts])  # noqa: C419
            case {"Fn::Or": [_, *_] as parts}:
                return any([self.truth(part, where) for part in parts])  # noqa: C419
            case _:
                raise TemplateError(f"{where}: {_short(value)} is no condition (Equals, And, Or, Not, Condition).")

    def _equal(self, one: Any, other: Any) -> bool:
        place = (id(one), id(other))  # of the template's own data, which outlives this
        if place not in self.compared:
            self.compared[place] = self._compare(one, other)
        found = self.compared[place]
        if isinstance(found, bool):
            return found
        if found not in self.assignment:
            self.undecided[found] = None
        return self.assignment.get(found, False)

    def _compare(self, one: Any, other: Any) -> Comparison | bool:
        left, right = self.resolve(one), self.resolve(other)
        if _is_known(left) and _is_known(right):
            return bool(text(left) == text(right))
        if _is_known(left):
            one, other, left, right = other, one, right, left
        subject = json.dumps(one, sort_keys=True, default=str)
        constant = str(text(right)) if _is_known(right) else None
        if constant is None:
            subject = json.dumps(sorted([subject, json.dumps(other, sort_keys=True, default=str)]))
        allowed = self.allowed(one) if constant is not None else None
        if allowed is not None and constant not in allowed:
            return False
        return Comparison(subject=subject, constant=constant, allowed=allowed)


def assignments(undecided: list[Comparison], most: int) -> tuple[list[Assignment], bool]:
    """Every consistent assignment of these comparisons, and True; when there are more than `most`, some of them, such
    that each comparison is taken both ways, and False."""
    groups: dict[str, list[Comparison]] = {}
    for comparison in undecided:
        groups.setdefault(comparison.subject, []).append(comparison)
    options = [_options(group) for group in groups.values()]
    if math.prod(map(len, options)) <= most:
        return [_merged(parts) for parts in itertools.product(*options)], True
    return list(itertools.islice(_some(options), most)), False


def _some(options: list[list[Assignment]]) -> Iterator[Assignment]:
    """All at their first option and all at their last, then these with one of them at another."""
    first, last = [some[0] for some in options], [some[-1] for some in options]
    yield from (_merged(first), _merged(last))
    for index, some in enumerate(options):
        for option in some:
            for base in (first, last):
                yield _merged([*base[:index], option, *base[index + 1 :]])


def _merged(parts: Iterable[Assignment]) -> Assignment:
    return {comparison: value for part in parts for comparison, value in part.items()}


def _options(group: list[Comparison]) -> list[Assignment]:
    nothing = dict.fromkeys(group, False)
    options: list[Assignment] = [{**nothing, chosen: True} for chosen in group]
    allowed = group[0].allowed
    if allowed is None or not set(allowed) <= {comparison.constant for comparison in group}:
        options.append(nothing)
    return options


def _is_known(value: Any) -> bool:
    return not isinstance(value, Unknown) and next(inside(value), None) is None


def _short(value: Any) -> str:
    shown = json.dumps(value, default=str)
    return shown if len(shown) < 80 else f"{shown[:77]}..."
