"""Alarms: missing data."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.alarms.missing import fault
from stackproof.graph.alarms.model import ALARM, of
from stackproof.rules import Hit, Hits, Resource, rule


@rule(ALARM)
def alarm_missing_data(resource: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """Each alarm says what missing data mean, and that fits what it watches."""
    if why := fault(of(graph, resource), thresholds["alarms"]):
        given = "TreatMissingData" in resource.properties
        yield Hit(why, path=("Properties", "TreatMissingData") if given else ("Properties",))
