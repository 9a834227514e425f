"""Composite alarms: whether their rule names alarms that exist."""

import re

from stackproof.graph.alarms.model import ALARM, COMPOSITE
from stackproof.graph.alarms.telling import operands
from stackproof.graph.graph import Graph
from stackproof.rules import Hit, Hits
from stackproof.template.model import Resource
from stackproof.template.references import display, inside

_PLACE = ("Properties", "AlarmRule")
_ANY = re.compile(r"\b(ALARM|OK|INSUFFICIENT_DATA)\s*\(", re.IGNORECASE)
_CONSTANT = re.compile(r"\s*(NOT\s+)?(TRUE|FALSE)\s*", re.IGNORECASE)


def faults(graph: Graph, composite: Resource) -> Hits:
    """What keeps a composite alarm from firing when its alarms do."""
    rule = composite.properties.get("AlarmRule")
    if not isinstance(rule, str):
        yield Hit(f"the alarm has no rule: {str(rule)!r}", path=("Properties",))  # an Unknown raises here
        return
    if _CONSTANT.fullmatch(rule) or not _ANY.search(rule):
        yield Hit(f"the rule names no alarm: {display(rule)}", path=_PLACE)
        return
    if rule.count("(") != rule.count(")"):
        yield Hit(f"the parentheses of the rule do not match: {display(rule)}", path=_PLACE)
    for reference in inside(rule):
        found = graph.resources.get(reference.target)
        if not reference.is_pseudo and (found is None or found.type not in (ALARM, COMPOSITE)):
            yield Hit(f"the rule names {reference.target}, which is no alarm of the template", path=_PLACE)
    if any(found is composite for found, _ in operands(graph, rule)):
        yield Hit("the alarm waits for itself", path=_PLACE)
