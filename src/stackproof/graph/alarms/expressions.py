"""Metric math: the expressions that an alarm may hold, over aligned series of data points.

A series is a list of numbers, oldest first, None where there is no data; a scalar is a number. Known: numbers, metric
ids, `+ - * / ^`, comparisons (1 or 0), `AND OR`, and the functions FILL, IF, SUM, AVG, MIN, MAX, ABS, CEIL, FLOOR,
METRICS. Everything else is an ExpressionError, never a guess.
Source: CloudWatch user guide, "Using math expressions with CloudWatch metrics".
"""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stackproof.errors import StackproofError


class ExpressionError(StackproofError):
    """An expression that is not understood: never a guess."""


Series = list[float | None]
Value = float | Series | list[Series]

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d*)?|\.\d+)|([A-Za-z_]\w*)|(\"[^\"]*\")|(<=|>=|==|!=|&&|\|\||[-+*/^()<>,\[\]]))")
_PRECEDENCE: Final[Mapping[str, int]] = {
    "OR": 1, "||": 1, "AND": 2, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4, "+": 5, "-": 5, "*": 6,
    "/": 6, "^": 7,
}  # fmt: skip
_NEGATION = 7
_LONGEST = 2048  # characters; CloudWatch takes no more (API MetricDataQuery)
_MOST_TOKENS = 250  # each may be a level of nesting


def _divide(left: float, right: float) -> float | None:
    return left / right if right else None


def _power(left: float, right: float) -> float | None:
    try:
        result = left**right
    except (OverflowError, ZeroDivisionError):
        return None
    return result if isinstance(result, int | float) else None


_BINARY: Final[Mapping[str, Callable[[float, float], float | None]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "^": _power,
    "<": lambda a, b: float(a < b),
    ">": lambda a, b: float(a > b),
    "<=": lambda a, b: float(a <= b),
    ">=": lambda a, b: float(a >= b),
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "AND": lambda a, b: float(bool(a) and bool(b)),
    "&&": lambda a, b: float(bool(a) and bool(b)),
    "OR": lambda a, b: float(bool(a) or bool(b)),
    "||": lambda a, b: float(bool(a) or bool(b)),
}
_AGGREGATES: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "SUM": math.fsum,
    "AVG": lambda values: math.fsum(values) / len(values),
    "MIN": min,
    "MAX": max,
}
_ELEMENTWISE: Final[Mapping[str, Callable[[float], float]]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}


@dataclass(frozen=True, kw_only=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True, kw_only=True)
class Name:
    """The id of another query."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Array:
    """`[a, b]`."""

    items: tuple["Node", ...]


@dataclass(frozen=True, kw_only=True)
class Apply:
    """A function or an operator with its arguments."""

    function: str
    arguments: tuple["Node", ...]


Node = Number | Name | Array | Apply


def parse(text: str) -> Node:
    """The expression as a tree.

    Raises: ExpressionError, naming the expression, for what is not understood.
    """
    if len(text) > _LONGEST or len(_TOKEN.findall(text)) > _MOST_TOKENS:
        raise ExpressionError(f"The metric math expression {text[:40]!r}... is longer than any that can be followed.")
    return _Parser(text).parse()


def names(node: Node) -> set[str]:
    """The ids that an expression names (without those that METRICS() stands for)."""
    match node:
        case Name(name=name):
            return {name}
        case Array(items=parts) | Apply(arguments=parts):
            return {name for part in parts for name in names(part)}
        case _:
            return set()


def evaluate(node: Node, series: Mapping[str, Series], metrics: Mapping[str, Series], length: int) -> Series:
    """The result as a series of `length`. `series` holds what ids stand for; METRICS() stands for all of `metrics`."""
    result = _Evaluation(series, metrics).of(node)
    if isinstance(result, float):
        return [None if math.isnan(result) else result] * length
    if result and isinstance(result[0], list):
        raise ExpressionError("An alarm cannot watch a metric math expression that gives several series.")
    return list(_one(result))


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split()

    def parse(self) -> Node:
        node = self._expression(0)
        if self._tokens:
            raise self._refused(f"at {self._tokens[0]!r}")
        return node

    def _split(self) -> list[str]:
        tokens, position = [], 0
        text = self._text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._refused(f"at {text[position:]!r}")
            tokens.append(found.group().strip())
            position = found.end()
        return tokens

    def _expression(self, floor: int) -> Node:
        left = self._operand()
        while self._tokens and _PRECEDENCE.get(self._tokens[0], 0) > floor:
            sign = self._tokens.pop(0)
            left = Apply(function=sign, arguments=(left, self._expression(_PRECEDENCE[sign])))
        return left

    def _operand(self) -> Node:
        if not self._tokens:
            raise self._refused("it ends too early")
        token = self._tokens.pop(0)
        if token == "-":
            return Apply(function="-", arguments=(Number(value=0.0), self._expression(_NEGATION - 1)))
        if token == "(":
            node = self._expression(0)
            self._expect(")")
            return node
        if token == "[":
            items = self._list("]")
            if not items:
                raise self._refused("an empty array")
            return Array(items=items)
        if token[0].isdigit() or token[0] == ".":
            return Number(value=float(token))
        if not (token[0].isalpha() or token[0] == "_") or token in _BINARY:
            raise self._refused(f"at {token!r}")
        if self._tokens[:1] == ["("]:
            self._tokens.pop(0)
            return self._call(token)
        return Name(name=token)

    def _call(self, function: str) -> Node:
        known = {"FILL": 2, "IF": 3, "METRICS": 0} | dict.fromkeys((*_AGGREGATES, *_ELEMENTWISE), 1)
        if function not in known:
            raise self._refused(f"the function {function}")
        arguments = self._list(")")
        if len(arguments) != known[function]:
            raise self._refused(f"{function} with {len(arguments)} arguments")
        return Apply(function=function, arguments=arguments)

    def _list(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        if self._tokens[:1] == [end]:
            self._tokens.pop(0)
            return ()
        while True:
            items.append(self._expression(0))
            if self._tokens[:1] != [","]:
                break
            self._tokens.pop(0)
        self._expect(end)
        return tuple(items)

    def _expect(self, token: str) -> None:
        if self._tokens[:1] != [token]:
            raise self._refused(f"{token!r} is missing")
        self._tokens.pop(0)

    def _refused(self, why: str) -> ExpressionError:
        return ExpressionError(f"The metric math expression {self._text!r} is not understood: {why}.")


class _Evaluation:
    def __init__(self, series: Mapping[str, Series], metrics: Mapping[str, Series]) -> None:
        self._series = series
        self._metrics = metrics

    def of(self, node: Node) -> Value:
        match node:
            case Number(value=value):
                return value
            case Name(name=name):
                if name not in self._series:
                    raise ExpressionError(f"The metric math id {name!r} is not among the alarm's metrics.")
                return self._series[name]
            case Array(items=items):
                return [_one(self.of(item)) for item in items]
            case Apply(function="METRICS"):
                return list(self._metrics.values())
            case Apply(function="FILL", arguments=(filled, Name(name="REPEAT"))):
                return _each(self.of(filled), _repeat)
            case Apply(function="FILL", arguments=(filled, replacement)):
                other = self.of(replacement)
                return _each(self.of(filled), lambda series: _fill(series, other))
            case Apply(function="IF", arguments=(condition, then, otherwise)):
                return _choose(self.of(condition), self.of(then), self.of(otherwise))
            case Apply(function=function, arguments=(argument,)) if function in _AGGREGATES:
                return _aggregate(_AGGREGATES[function], self.of(argument))
            case Apply(function=function, arguments=(argument,)):
                return _map(_ELEMENTWISE[function], self.of(argument))
            case Apply(function=function, arguments=(left, right)):
                return _combine(_BINARY[function], self.of(left), self.of(right))
        raise ExpressionError(f"The metric math node {node!r} is not understood.")


def _one(value: Value) -> Series:
    if isinstance(value, float) or (value and isinstance(value[0], list)):
        raise ExpressionError("Metric math over arrays of arrays or of constants is not understood.")
    return value  # type: ignore[return-value]  # a list whose first item is no list is one series


def _each(value: Value, change: Callable[[Series], Series]) -> Value:
    if isinstance(value, float):
        return value
    if value and isinstance(value[0], list):
        return [change(series) for series in value if isinstance(series, list)]
    return change(_one(value))


def _fill(series: Series, value: Value) -> Series:
    if isinstance(value, float):
        return [value if point is None else point for point in series]
    return [other if point is None else point for point, other in zip(series, _one(value), strict=True)]


def _repeat(series: Series) -> Series:
    result: Series = []
    for point in series:
        result.append(point if point is not None or not result else result[-1])
    return result


def _aggregate(function: Callable[[Sequence[float]], float], value: Value) -> Value:
    if isinstance(value, float):
        return value
    if value and isinstance(value[0], list):
        columns = zip(*(series for series in value if isinstance(series, list)), strict=True)
        return [function(found) if (found := [p for p in column if p is not None]) else None for column in columns]
    points = [point for point in _one(value) if point is not None]
    nothing: Series = [None] * len(value)
    return function(points) if points else nothing


def _map(function: Callable[[float], float], value: Value) -> Value:
    if isinstance(value, float):
        return float(function(value)) if math.isfinite(value) else value
    return _each(value, lambda series: [p if p is None or not math.isfinite(p) else float(function(p)) for p in series])


def _combine(function: Callable[[float, float], float | None], left: Value, right: Value) -> Value:
    if isinstance(left, float) and isinstance(right, float):
        result = function(left, right)
        return math.nan if result is None else result
    length = max(len(side) for side in (left, right) if not isinstance(side, float))
    pairs = zip(_spread(left, length), _spread(right, length), strict=True)
    return [None if a is None or b is None else function(a, b) for a, b in pairs]


def _choose(condition: Value, then: Value, otherwise: Value) -> Value:
    if isinstance(condition, float):
        return then if condition else otherwise
    length = len(condition)
    sides = zip(_one(condition), _spread(then, length), _spread(otherwise, length), strict=True)
    return [None if test is None else (yes if test else no) for test, yes, no in sides]


def _spread(value: Value, length: int) -> Series:
    return [value] * length if isinstance(value, float) else _one(value)
