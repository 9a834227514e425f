"""What becomes of an event that could not be delivered to its target."""

from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.graph.arns import arn
from stackproof.graph.delivery.destinations import (
    FUNCTION,
    QUEUE,
    TOPIC,
    destination,
    role_of,
    sending_fault,
    service_fault,
    source_fault,
)
from stackproof.graph.graph import Graph
from stackproof.graph.values import items, known, mapping, number, text
from stackproof.rules import Hit
from stackproof.template.model import Path, Resource, Unknown
from stackproof.template.references import inside

RULE, SCHEDULE, PIPE = "AWS::Events::Rule", "AWS::Scheduler::Schedule", "AWS::Pipes::Pipe"
_EVENTS = "events.amazonaws.com"
_RETRIES = {"MaximumRetryAttempts": "185 tries", "MaximumEventAgeInSeconds": "a day"}  # the defaults (API RetryPolicy)
_STREAMS = ("KinesisStreamParameters", "DynamoDBStreamParameters")


def target_faults(graph: Graph, resource: Resource) -> Iterator[Hit]:
    """What keeps undeliverable events of a rule, schedule or pipe from being tried again, and then kept."""
    match resource.type:
        case "AWS::Events::Rule":
            yield from _rule_faults(graph, resource)
        case "AWS::Scheduler::Schedule":
            body = mapping(resource.get("Target"))
            yield from _faults(graph, resource, body, ("Properties", "Target"))
        case _:
            yield from _pipe_faults(graph, resource)


def _rule_faults(graph: Graph, rule: Resource) -> Iterator[Hit]:
    if known(rule.get("State")) == "DISABLED":
        yield Hit("it is switched off, so its events go nowhere", path=("Properties", "State"))
    for path in _empty(rule.get("EventPattern"), ("Properties", "EventPattern")):
        yield Hit("its EventPattern can match nothing: an empty list stands in it", path=path)
    bodies = items(rule.get("Targets"))
    if not bodies:
        yield Hit("it has no target, so its events go nowhere", path=("Properties",))
    for index, body in enumerate(bodies):
        path = ("Properties", "Targets", index)
        yield from _faults(graph, rule, mapping(body), path)
        yield from _calling_faults(graph, rule, mapping(body), path)


def _empty(pattern: Any, path: Path) -> Iterator[Path]:
    """The places of empty lists in an event pattern; what is not known in it does not matter here."""
    if isinstance(pattern, Mapping):
        for name, value in pattern.items():
            yield from _empty(value, (*path, str(name)))
    elif isinstance(pattern, list) and not pattern:
        yield path


def _faults(graph: Graph, resource: Resource, body: Mapping[str, Any], path: Path) -> Iterator[Hit]:
    name = body.get("Id") or body.get("Arn")
    what = (
        f"the target {name}" if resource.type == RULE and isinstance(name, str) and name.isprintable() else "its target"
    )
    yield from _retry_faults(body, path, what)
    letters = known(body.get("DeadLetterConfig"))
    if letters is None:
        yield Hit(f"what could not be delivered to {what.removeprefix('its ')} is lost: no DeadLetterConfig", path=path)
        return
    found = destination(graph, mapping(letters).get("Arn"), QUEUE)
    place = (*path, "DeadLetterConfig")
    if found.fault:
        yield Hit(f"the dead-letter queue of {what} {found.fault}", path=place)
    elif found.resource is not None and (fault := _letter_fault(graph, resource, body, found.resource)):
        yield Hit(f"the dead-letter queue of {what} gets nothing: {fault}", path=(*place, "Arn"))


def _letter_fault(graph: Graph, resource: Resource, body: Mapping[str, Any], queue: Resource) -> str:
    if resource.type == RULE:  # EventBridge sends by the queue's policy; a scheduler and a pipe by their own role
        return service_fault(graph, _EVENTS, arn(graph, resource), queue)
    return sending_fault(graph, role_of(graph, body.get("RoleArn")), queue)


def _retry_faults(body: Mapping[str, Any], path: Path, what: str) -> Iterator[Hit]:
    policy = known(body.get("RetryPolicy"))
    if policy is None:
        yield Hit(f"{what} has no RetryPolicy", path=path)
        return
    for name, default in _RETRIES.items():
        value = mapping(policy).get(name)
        if value is None:
            yield Hit(f"the RetryPolicy of {what} leaves {name} at the default, {default}", path=(*path, "RetryPolicy"))
        elif not isinstance(value, Unknown) and (number(value) or 0) < 1:
            yield Hit(f"{what} is not tried again ({name})", path=(*path, "RetryPolicy", name))


def _calling_faults(graph: Graph, rule: Resource, body: Mapping[str, Any], path: Path) -> Iterator[Hit]:
    """A function, topic or queue that does not let the rule's events in: each of them fails, without another try."""
    value, role = body.get("Arn"), body.get("RoleArn")
    target = None if isinstance(value, Unknown) else graph.referred(value, FUNCTION, TOPIC, QUEUE)
    if target is None:
        return
    if role is not None:
        return  # by a role of its own
    fault = (
        _permission_fault(graph, rule, target)
        if target.type == FUNCTION
        else service_fault(graph, _EVENTS, arn(graph, rule), target)
    )
    if fault:
        yield Hit(f"its events do not get in to {target.logical_id}: {fault}", path=(*path, "Arn"))


def _permission_fault(graph: Graph, rule: Resource, function: Resource) -> str:
    source = arn(graph, rule)
    for permission in graph.of_type("AWS::Lambda::Permission"):
        named = permission.get("FunctionName")
        if isinstance(named, Unknown) or not _names(graph, named, function):
            continue
        if (
            text(permission.get("Principal")) != _EVENTS
            or "invokefunction" not in text(permission.get("Action")).lower()
        ):
            continue
        conditions = [("ArnLike", "aws:sourcearn", permission.get("SourceArn"))] if permission.get("SourceArn") else []
        if not conditions or not source_fault(graph, conditions, source):
            return ""
    return f"no permission lets {_EVENTS} call it for {rule.logical_id}"


def _names(graph: Graph, value: Any, function: Resource) -> bool:
    return graph.referred(value) is function or any(one.target == function.logical_id for one in inside(value))


def _pipe_faults(graph: Graph, pipe: Resource) -> Iterator[Hit]:
    source = pipe.get("Source")
    queue = None if isinstance(source, Unknown) else graph.referred(source, QUEUE)
    if queue is not None and known(queue.get("RedrivePolicy")) is None:
        yield Hit(
            f"its source {queue.logical_id} has no RedrivePolicy: what fails is tried until it expires",
            path=("Properties", "Source"),
        )
    parameters = mapping(pipe.get("SourceParameters"))
    for name in _STREAMS:
        if name not in parameters:
            continue
        body, path = mapping(parameters[name]), ("Properties", "SourceParameters", name)
        found = destination(graph, mapping(body.get("DeadLetterConfig")).get("Arn"), QUEUE, TOPIC)
        if found.fault:
            yield Hit(f"its dead-letter queue {found.fault}", path=path)
        elif fault := sending_fault(graph, role_of(graph, pipe.get("RoleArn")), found.resource):
            yield Hit(f"its dead-letter queue gets nothing: {fault}", path=path)
