"""Resilience: dead-letter queues."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.delivery.destinations import QUEUE
from stackproof.graph.delivery.queues import queue_faults, takes_part
from stackproof.rules import Hits, Resource, rule


@rule(QUEUE, where=takes_part)
def dead_letter_retention(queue: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """A dead-letter queue keeps messages long enough to be looked at, and queues hand on to one that takes them."""
    yield from queue_faults(graph, queue, thresholds["resilience"]["dead_letter_retention_days_at_least"])
