"""Whether queues take jobs."""

from collections.abc import Iterator
from typing import Any

from _rules import Check, Fault, mapping, named, number, sequence, shown

_ORDERS = {"ComputeEnvironmentOrder": "ComputeEnvironment", "ServiceEnvironmentOrder": "ServiceEnvironment"}
_HIGHEST = 1000  # a queue's priority (schema of AWS::Batch::JobQueue)


class BatchQueue(Check):
    """Queues take jobs and hand them to environments."""

    check_id = "CKV_STACKPROOF_BATCH_QUEUE"
    resource_types = ("AWS::Batch::JobQueue",)

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """A queue that is disabled, that has no environment, or whose order can't be told."""
        state = properties.get("State")
        if state not in (None, "ENABLED"):
            yield Fault(key="Properties/State", text=f"State is {shown(state)}: the queue refuses jobs", value=state)
        priority = properties.get("Priority")
        if not 0 <= (-1 if (given := number(priority)) is None else given) <= _HIGHEST:
            yield Fault(
                key="Properties/Priority", text=f"Priority is {shown(priority)}; 0 to {_HIGHEST}", value=priority
            )
        orders = [name for name in _ORDERS if properties.get(name) is not None]
        if not orders:
            yield Fault(key="Properties", text="no ComputeEnvironmentOrder: no environment takes the queue's jobs")
        for name in orders:
            yield from _order(properties[name], name)


def _order(entries: Any, name: str) -> Iterator[Fault]:
    at = f"Properties/{name}"
    if not sequence(entries):
        yield Fault(key=at, text=f"{name} names no environment that takes the queue's jobs", value=entries)
    taken: set[int] = set()
    for index, item in enumerate(sequence(entries)):
        entry, key = mapping(item), f"{at}/[{index}]"
        given = entry.get("Order")
        order = number(given)
        if order is None or order < 0 or order in taken:
            yield Fault(key=f"{key}/Order", text=f"Order is {shown(given)}; each number once", value=given)
        taken |= {order} if order is not None else set()
        environment = entry.get(_ORDERS[name])
        if not named(environment):
            said = f"{_ORDERS[name]} is {shown(environment)} and names no environment"
            yield Fault(key=f"{key}/{_ORDERS[name]}", text=said, value=environment)


check = BatchQueue()
