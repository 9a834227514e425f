"""Tagging: whose a resource is, what it costs whom, how its data are classified."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.tags import agreement, faults, own, place
from stackproof.rules import Hits, Resource, rule


@rule("AWS::*", where=lambda resource, graph: place(resource) is not None)
def required_tags(resource: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """Each resource that takes tags has the required ones, once each, with values that are allowed."""
    policy, name = thresholds["tagging"], place(resource) or ""
    at = ("Properties", name) if name in resource.properties else ("Properties",)
    yield from faults(own(graph, resource), at, policy, agreement(graph, policy))
