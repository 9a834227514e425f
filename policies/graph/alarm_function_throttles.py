"""Alarms: throttled calls of functions."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.alarms.functions import FUNCTIONS, function_gap
from stackproof.rules import Hit, Hits, Resource, rule


@rule(*FUNCTIONS)
def alarm_function_throttles(function: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """Each function has an alarm on its throttled calls."""
    limits = thresholds["alarms"]
    if why := function_gap(graph, function, "Throttles", limits, limits["throttles_at_most"]):
        yield Hit(f"no alarm tells when the function is throttled (AWS/Lambda Throttles): {why}", path=("Properties",))
