"""Alarms: events that can't be delivered."""

from stackproof.graph import Graph
from stackproof.graph.alarms.events import has_targets, lost_gap, target_gap
from stackproof.graph.alarms.schedules import RULE, SCHEDULE
from stackproof.rules import Hit, Hits, Resource, rule


@rule(RULE, SCHEDULE, where=has_targets)
def alarm_event_targets(resource: Resource, graph: Graph) -> Hits:
    """Each rule or schedule with targets has an alarm on events that could not be delivered; where most rules have one
    on those that even the dead-letter queue did not take, each has."""
    if why := target_gap(graph, resource):
        yield Hit(f"no alarm tells of events that could not be delivered: {why}", path=("Properties",))
    elif why := lost_gap(graph, resource):
        yield Hit(f"no alarm tells of events that the dead-letter queue did not take: {why}", path=("Properties",))
