"""How long dead-letter queues keep what they get, and how queues hand messages on to them."""

from collections.abc import Iterator
from typing import Any

from stackproof.graph.alarms.deadletters import is_dead_letter_queue
from stackproof.graph.arns import arn, common
from stackproof.graph.delivery.destinations import QUEUE
from stackproof.graph.graph import Graph
from stackproof.graph.values import known, mapping, number, text, texts
from stackproof.rules import Hit
from stackproof.template.model import Resource, Unknown
from stackproof.template.references import display, whole

_DAY = 86_400
_DEFAULT = 4 * _DAY  # API SQS SetQueueAttributes
_RECEIVES = range(1, 101)  # SQS takes 1 to 1,000; who can't handle a message a hundred times never will
_REDRIVE = ("Properties", "RedrivePolicy")


def takes_part(queue: Resource, graph: Graph) -> bool:
    """Whether a queue is a dead-letter queue, or hands messages on to one."""
    return queue.get("RedrivePolicy") is not None or is_dead_letter_queue(queue, graph)


def queue_faults(graph: Graph, queue: Resource, days: int) -> Iterator[Hit]:
    """What is wrong with a dead-letter queue's retention, or with a queue's way to its dead-letter queue."""
    if is_dead_letter_queue(queue, graph):
        yield from _retention_faults(graph, queue, days)
    if queue.get("RedrivePolicy") is not None:
        yield from _redrive_faults(graph, queue)


def _retention_faults(graph: Graph, queue: Resource, days: int) -> Iterator[Hit]:
    value = known(queue.get("MessageRetentionPeriod"))
    kept = _retention(queue)
    path = ("Properties",) if value is None else ("Properties", "MessageRetentionPeriod")
    if kept < days * _DAY:
        default = ", the default" if value is None else ""
        yield Hit(
            f"it keeps messages for {_days(kept)}{default}; {days} days are the least for a dead-letter queue",
            path=path,
        )
    for source in _sources(graph, queue):
        if _retention(source) > kept:
            message = f"it keeps messages for {_days(kept)}, {source.logical_id} for {_days(_retention(source))}"
            yield Hit(f"{message}: their age goes on counting, so they may be gone at once", path=path)


def _retention(queue: Resource) -> int:
    value = known(queue.get("MessageRetentionPeriod"))
    return _DEFAULT if value is None else number(value) or 0


def _days(seconds: int) -> str:
    return f"{seconds / _DAY:.3g} days" if seconds >= _DAY else f"{seconds} seconds"


def _sources(graph: Graph, queue: Resource) -> list[Resource]:
    aims = {one.logical_id: _aim(graph, one) for one in graph.of_type(QUEUE) if _is_readable(one)}
    return [graph.resources[name] for name, aim in aims.items() if aim is queue and name != queue.logical_id]


def _is_readable(queue: Resource) -> bool:
    policy = queue.get("RedrivePolicy")
    return policy is not None and not isinstance(policy, Unknown)


def _aim(graph: Graph, queue: Resource) -> Resource | None:
    value = mapping(queue.get("RedrivePolicy")).get("deadLetterTargetArn")
    return None if isinstance(value, Unknown) else _queue(graph, value)


def _queue(graph: Graph, value: Any) -> Resource | None:
    if not isinstance(value, str):
        return None
    reference = whole(value)
    if reference is not None:
        return graph.referred(value, QUEUE) if reference.attribute == "Arn" else None
    wanted = common(graph, value)
    return next((one for one in graph.of_type(QUEUE) if arn(graph, one) == wanted), None)


def _redrive_faults(graph: Graph, queue: Resource) -> Iterator[Hit]:
    policy = mapping(queue.get("RedrivePolicy"))
    value = known(policy.get("deadLetterTargetArn"))
    aim = _queue(graph, value)
    shown = display(value) if isinstance(value, str) else "nothing"
    is_other = isinstance(value, str) and common(graph, value).startswith("arn:aws:sqs:") and whole(value) is None
    if aim is None and not is_other:
        yield Hit(f"its RedrivePolicy leads to {shown}, which is no queue's ARN", path=_REDRIVE)
    elif aim is queue:
        yield Hit("its RedrivePolicy leads back to itself", path=_REDRIVE)
    elif aim is not None:
        yield from _pair_faults(graph, queue, aim)
    receives = number(policy.get("maxReceiveCount"))
    if receives not in _RECEIVES:
        yield Hit(
            f"maxReceiveCount is {receives if receives is not None else 'no number'}, not 1 to {_RECEIVES.stop - 1}",
            path=_REDRIVE,
        )


def _pair_faults(graph: Graph, queue: Resource, aim: Resource) -> Iterator[Hit]:
    if (known(queue.get("FifoQueue")) is True) != (known(aim.get("FifoQueue")) is True):
        yield Hit(f"one of it and {aim.logical_id} is FIFO and the other is not", path=_REDRIVE)
    allowed = mapping(aim.get("RedriveAllowPolicy"))
    permission = text(allowed.get("redrivePermission"))
    sources = [common(graph, value) for value in texts(allowed.get("sourceQueueArns"))]
    if permission == "denyAll" or (permission == "byQueue" and arn(graph, queue) not in sources):
        yield Hit(f"the RedriveAllowPolicy of {aim.logical_id} does not take what it hands on", path=_REDRIVE)
