"""Metric math for the emulated alarms: that of `stackproof.graph.alarms.expressions`, with the emulator's own error."""

from collections.abc import Mapping

from stackproof.embedded.errors import EmbeddedError
from stackproof.graph.alarms import expressions
from stackproof.graph.alarms.expressions import Node, Series, names

__all__ = ["Node", "Series", "evaluate", "names", "parse"]


def parse(text: str) -> Node:
    """The tree of an expression.

    Raises: EmbeddedError, naming the expression, for what is not understood.
    """
    try:
        return expressions.parse(text)
    except expressions.ExpressionError as error:
        raise EmbeddedError(str(error).replace("is not understood", "is not emulated")) from None


def evaluate(node: Node, series: Mapping[str, Series], metrics: Mapping[str, Series], length: int) -> Series:
    """The result as a series of `length`. `series` holds what ids stand for; METRICS() stands for all of `metrics`.

    Raises: EmbeddedError for what is not understood.
    """
    try:
        return expressions.evaluate(node, series, metrics, length)
    except expressions.ExpressionError as error:
        raise EmbeddedError(str(error).replace("is not understood", "is not emulated")) from None
