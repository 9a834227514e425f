"""Alarms: functions that near their timeout."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.alarms.functions import FUNCTIONS, duration_gap
from stackproof.rules import Hit, Hits, Resource, rule


@rule(*FUNCTIONS)
def alarm_function_duration(function: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """Each function has an alarm on its duration, which fires before the function's own timeout."""
    if why := duration_gap(graph, function, thresholds["alarms"]):
        yield Hit(
            f"no alarm tells when the function nears its timeout (AWS/Lambda Duration): {why}", path=("Properties",)
        )
