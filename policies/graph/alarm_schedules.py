"""Alarms: schedules that stay silent."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.alarms.schedules import RULE, SCHEDULE, is_disabled, is_rare, is_schedule, silence
from stackproof.rules import Hit, Hits, Resource, rule


@rule(RULE, SCHEDULE, where=is_schedule)
def alarm_schedules(schedule: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """Each schedule is switched on, and an alarm rings when it, or what it calls, stays silent, unless it runs too
    seldom for that."""
    if is_disabled(schedule):
        yield Hit("the schedule is switched off", path=("Properties", "State"))
    elif not is_rare(schedule) and (why := silence(graph, schedule, thresholds["alarms"]["heartbeats_at_most"])):
        yield Hit(f"nothing tells when the schedule stays silent: {why}", path=("Properties",))
