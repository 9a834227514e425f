"""Alarms: throttled tables."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.alarms.tables import TABLES, index_gaps, table_gaps
from stackproof.rules import Hit, Hits, Resource, rule


@rule(*TABLES)
def alarm_tables(table: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """Each table has alarms on throttled reads and writes; so has each of its indexes, where most indexes have."""
    for what, why in table_gaps(graph, table, thresholds["alarms"]):
        yield Hit(f"no alarm tells when {what} of the table are throttled: {why}", path=("Properties",))
    for number, what, why in index_gaps(graph, table, thresholds["alarms"]):
        path = ("Properties", "GlobalSecondaryIndexes", number)
        yield Hit(f"no alarm tells when {what} are throttled: {why}", path=path)
