"""Tagging: what runs and costs is not in the template, but made from it."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.propagation import CHECKS, is_concerned
from stackproof.rules import Hits, Resource, rule


@rule(*CHECKS, where=is_concerned)
def tag_propagation(resource: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """What starts instances, volumes, jobs and tasks passes the required tags on to them."""
    yield from CHECKS[resource.type](resource, graph, thresholds["tagging"])
