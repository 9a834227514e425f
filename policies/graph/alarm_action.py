"""Alarms: whom they tell."""

from stackproof.graph import Graph
from stackproof.graph.alarms.model import ALARM, COMPOSITE
from stackproof.graph.alarms.telling import TOPIC, deafness, faults, told
from stackproof.rules import Hits, Resource, rule


def _is_told(resource: Resource, graph: Graph) -> bool:
    return resource.type != TOPIC or told(graph, resource)


@rule(ALARM, COMPOSITE, TOPIC, where=_is_told)
def alarm_action(resource: Resource, graph: Graph) -> Hits:
    """Each alarm has an enabled alarm action on an SNS topic, to which somebody has subscribed and CloudWatch may
    publish."""
    yield from deafness(graph, resource) if resource.type == TOPIC else faults(graph, resource)
