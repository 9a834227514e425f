"""What becomes of a call that a function failed at."""

from collections.abc import Iterator
from typing import Any

from stackproof.graph.delivery.destinations import (
    BUCKET,
    BUS,
    FUNCTION,
    QUEUE,
    TOPIC,
    destination,
    role_of,
    sending_fault,
)
from stackproof.graph.graph import Graph
from stackproof.graph.values import known, mapping
from stackproof.rules import Hit
from stackproof.template.model import Path, Resource, Unknown
from stackproof.template.references import inside

INVOKE_CONFIG = "AWS::Lambda::EventInvokeConfig"
_ON_FAILURE = ("DestinationConfig", "OnFailure", "Destination")


def failure_faults(graph: Graph, function: Resource) -> Iterator[Hit]:
    """What keeps a call that a function failed at from being kept: no dead-letter queue or destination on failure, or
    one that can't take it."""
    named = list(_named(graph, function))
    yield from _config_faults(graph, function)
    if not named:
        message = "what it fails at is discarded: it has no DeadLetterConfig and no EventInvokeConfig with OnFailure"
        yield Hit(message, path=("Properties",))
    for holder, path, value, kinds in named:
        found = destination(graph, value, *kinds)
        what = "its dead-letter queue" if holder is function else "its destination on failure"
        if found.fault:
            yield Hit(f"{what} {found.fault}", path=path, resource=holder.logical_id)
        elif found.resource is function:
            yield Hit(f"{what} is the function itself", path=path, resource=holder.logical_id)
        elif fault := sending_fault(graph, role_of(graph, function.get("Role")), found.resource):
            yield Hit(f"{what} gets nothing: {fault}", path=path, resource=holder.logical_id)


def _config_faults(graph: Graph, function: Resource) -> Iterator[Hit]:
    seen: dict[str, Resource] = {}
    for config in graph.of_type(INVOKE_CONFIG):
        qualifier = config.get("Qualifier")
        if not _is_of(graph, config, function) or not isinstance(qualifier, str):
            continue
        path = ("Properties", "Qualifier")
        if qualifier in seen:
            message = f"{seen[qualifier].logical_id} is about {function.logical_id} too, and AWS takes only one"
            yield Hit(message, path=("Properties", "FunctionName"), resource=config.logical_id)
        elif qualifier.startswith("$") and qualifier != "$LATEST":
            yield Hit(f"there is no version {qualifier}; the newest is $LATEST", path=path, resource=config.logical_id)
        seen[qualifier] = config


def _named(graph: Graph, function: Resource) -> Iterator[tuple[Resource, Path, Any, tuple[str, ...]]]:
    letters = known(function.get("DeadLetterConfig"))
    if letters is not None:
        value = mapping(letters).get("TargetArn")
        place: Path = ("Properties", "DeadLetterConfig")
        yield function, place if value is None else (*place, "TargetArn"), value, (QUEUE, TOPIC)
    for config in graph.of_type(INVOKE_CONFIG):
        value = config.get(*_ON_FAILURE)
        if value is not None and _is_of(graph, config, function):
            yield config, ("Properties", *_ON_FAILURE), value, (QUEUE, TOPIC, FUNCTION, BUCKET, BUS)


def _is_of(graph: Graph, config: Resource, function: Resource) -> bool:
    value = config.get("FunctionName")
    if isinstance(value, Unknown):
        return False
    return graph.referred(value) is function or any(one.target == function.logical_id for one in inside(value))
