"""Resilience: jobs that can't start."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.delivery.jobs import has_runnable_jobs, limit_faults
from stackproof.rules import Hits, Resource, rule


@rule("AWS::Batch::JobQueue", where=has_runnable_jobs)
def job_queue_time_limits(queue: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """A job that can't start is cancelled after a while, whatever the reason, rather than blocking its queue."""
    yield from limit_faults(graph, queue, thresholds["resilience"]["job_limit_seconds"])
