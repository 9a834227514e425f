"""Rules and schedules: the alarms on events that could not be delivered."""

from dataclasses import replace

from stackproof.graph.alarms.coverage import Need, gap, watched_by_siblings
from stackproof.graph.alarms.schedules import RULE, SCHEDULE, is_disabled
from stackproof.graph.graph import Graph
from stackproof.graph.values import items, mapping
from stackproof.template.model import Resource

_UNDELIVERED = Need(
    namespace="AWS/Events", names=("FailedInvocations", "InvocationsSentToDlq"), dimension="RuleName", periods=1
)
_LOST = Need(namespace="AWS/Events", names=("InvocationsFailedToBeSentToDlq",), dimension="RuleName", periods=1)
_DROPPED = Need(
    namespace="AWS/Scheduler",
    names=("InvocationDroppedCount", "InvocationsSentToDeadLetterCount", "TargetErrorCount"),
    dimension="ScheduleGroup",
    periods=1,
)


def has_targets(resource: Resource, graph: Graph) -> bool:
    """Whether a rule or schedule calls something, now or when it is switched on."""
    return resource.type == SCHEDULE or bool(resource.properties.get("Targets"))


def target_gap(graph: Graph, resource: Resource) -> str | None:
    """Why no alarm tells of events that a rule could not deliver, None when one does. Where each target has a
    dead-letter queue, which has an alarm of its own, one on what the queue did not take is enough, unless most of the
    rules have both."""
    if resource.type != RULE:
        return _schedule_gap(graph, resource)
    why = _rule_gap(graph, resource, _UNDELIVERED)
    if why is None or not _has_dead_letters(resource) or _rule_gap(graph, resource, _LOST) is not None:
        return why
    return why if watched_by_siblings(graph, resource, _active(graph), _UNDELIVERED) else None


def _rule_gap(graph: Graph, rule: Resource, need: Need) -> str | None:
    """The metrics of a rule on a bus of its own come with the name of the bus as well."""
    why = gap(graph, rule, need)
    if why is not None and rule.properties.get("EventBusName") is not None:
        return gap(graph, rule, replace(need, more=(("EventBusName", None),)))
    return why


def _has_dead_letters(rule: Resource) -> bool:
    """Whether each target of a rule has a dead-letter queue."""
    targets = [mapping(target) for target in items(rule.properties.get("Targets"))]
    return all(mapping(target.get("DeadLetterConfig")).get("Arn") for target in targets)


def _active(graph: Graph) -> list[Resource]:
    return [rule for rule in graph.of_type(RULE) if has_targets(rule, graph) and not is_disabled(rule)]


def _schedule_gap(graph: Graph, schedule: Resource) -> str | None:
    """A schedule has no metrics of its own, its group has."""
    group = graph.referred(schedule.properties.get("GroupName"), "AWS::Scheduler::ScheduleGroup")
    return gap(graph, group or schedule, _DROPPED)


def lost_gap(graph: Graph, resource: Resource) -> str | None:
    """Why no alarm tells of events that a rule could not even give to its dead-letter queue, where at least half of the
    rules have such an alarm; None when one does, or most have none."""
    if resource.type != RULE or not watched_by_siblings(graph, resource, _active(graph), _LOST):
        return None
    return gap(graph, resource, _LOST)
