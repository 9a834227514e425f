"""Alarms: errors of functions."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.alarms.functions import FUNCTIONS, function_gap
from stackproof.rules import Hit, Hits, Resource, rule


@rule(*FUNCTIONS)
def alarm_function_errors(function: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """Each function has an alarm on its errors."""
    if why := function_gap(graph, function, "Errors", thresholds["alarms"], thresholds["alarms"]["faults_at_most"]):
        yield Hit(f"no alarm tells when the function fails (AWS/Lambda Errors): {why}", path=("Properties",))
