"""Functions: the alarms on their errors, throttled calls and durations."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph.alarms.aliases import alias_gap
from stackproof.graph.alarms.coverage import LONGEST, Need, gap
from stackproof.graph.graph import Graph
from stackproof.graph.values import number
from stackproof.template.model import Resource

FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
_TIMEOUT = 3  # seconds, where the template gives none


def function_gap(
    graph: Graph, function: Resource, metric: str, limits: Mapping[str, Any], fires_at: float
) -> str | None:
    """Why no alarm on a fault metric covers a function, None when one does."""
    need = Need(
        namespace="AWS/Lambda",
        names=(metric,),
        dimension="FunctionName",
        value=fires_at,
        periods=limits["bad_periods_at_most"],
        seconds=limits["seconds_at_most"],
        by_band=True,
    )
    return _gap(graph, function, need)


def duration_gap(graph: Graph, function: Resource, limits: Mapping[str, Any]) -> str | None:
    """Why no alarm on its duration fires before a function's timeout, and not in every run; None when one does."""
    timeout = number(function.properties.get("Timeout"))
    milliseconds = 1000 * (_TIMEOUT if timeout is None else timeout)
    need = Need(
        namespace="AWS/Lambda",
        names=("Duration",),
        dimension="FunctionName",
        statistics=LONGEST,
        value=limits["duration_share_at_most"] * milliseconds,
        rest=limits["duration_share_at_least"] * milliseconds,
        periods=limits["bad_periods_at_most"],
        seconds=limits["seconds_at_most"],
    )
    return _gap(graph, function, need)


def _gap(graph: Graph, function: Resource, need: Need) -> str | None:
    """Why no alarm on the function, nor on all of the aliases by which alone it is called, covers it."""
    why = gap(graph, function, need)
    by_alias = alias_gap(graph, function, need) if why is not None else None
    return by_alias or why if by_alias is not None else None
