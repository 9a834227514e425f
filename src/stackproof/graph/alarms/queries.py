"""Alarms on a query over many metrics (Metrics Insights): whether the metric exists."""

from stackproof.graph.alarms import math, table
from stackproof.graph.alarms.model import Alarm
from stackproof.rules import Hit, Hits


def faults(alarm: Alarm) -> Hits:
    """What is wrong with the queries of an alarm."""
    for expression in alarm.expressions:
        found = math.query(str(expression.text)) if math.is_query(str(expression.text)) else None
        if found is None or not table.is_listed(found[0]):
            continue
        if table.known(found[0], found[1]) is None:
            yield Hit(f"{found[0]} publishes no metric {found[1]}", path=expression.path)
