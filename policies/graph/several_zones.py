"""Resilience: zones."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.network.zones import TYPES, is_spread, zone_faults
from stackproof.rules import Hits, Resource, rule


@rule(*TYPES, where=is_spread)
def several_zones(resource: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """Compute runs in several zones, and the interface endpoints that it calls are in each of them."""
    yield from zone_faults(graph, resource, thresholds["resilience"]["zones_at_least"])
