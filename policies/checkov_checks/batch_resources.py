"""Whether jobs say what they need."""

from collections.abc import Iterator
from typing import Any

from _batch import JobCheck, Place, containers
from _rules import Fault, is_unknown, mapping, sequence, shown, text

# The least that AWS Batch takes, and the older property that says the same. (API ResourceRequirement)
_NEEDED = {"VCPU": (0.0, "Vcpus"), "MEMORY": (4.0, "Memory")}


class BatchResources(JobCheck):
    """Jobs say how many vCPUs and how much memory they need."""

    check_id = "CKV_STACKPROOF_BATCH_RESOURCES"

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """Each container that can't be placed, since nobody knows what it needs."""
        places = list(containers(properties))
        if not places:
            yield Fault(key="Properties", text="no container is declared, so nothing is known of its needs")
        for place in places:
            yield from _pod(place) if place.kubernetes else _container(place)


def _container(place: Place) -> Iterator[Fault]:
    listed = {
        text(item.get("Type")): (index, item.get("Value"))
        for index, item in enumerate(map(mapping, sequence(place.container.get("ResourceRequirements"))))
    }
    for name, (least, older) in _NEEDED.items():
        index, given = listed.get(name, (None, place.container.get(older)))
        amount = _amount(given)
        if amount is None or amount <= 0 or amount < least:
            key = older if index is None and given is not None else "ResourceRequirements"
            key = key if index is None else f"{key}/[{index}]/Value"
            yield Fault(
                key=f"{place.key}/{key}", text=f"{name} is {shown(given)}: the job can't be placed", value=given
            )

    yield from _scratch(place, _amount(listed.get("MEMORY", (None, place.container.get("Memory")))[1]))


def _scratch(place: Place, memory: float | None) -> Iterator[Fault]:
    """Volumes in memory count as memory of the job: they have to leave some for its program."""
    volumes = sequence(mapping(place.container.get("LinuxParameters")).get("Tmpfs"))
    sizes = [mapping(volume).get("Size") for volume in volumes]
    at = f"{place.key}/LinuxParameters/Tmpfs"
    for index, size in enumerate(sizes):
        if (_amount(size) or 0) <= 0:
            yield Fault(key=f"{at}/[{index}]/Size", text=f"Size is {shown(size)}, and not so many MiB", value=size)
    total = sum(_amount(size) or 0 for size in sizes)
    if memory is not None and total >= memory:
        yield Fault(key=at, text=f"the volumes in memory take {total:g} MiB of the job's {memory:g}")


def _pod(place: Place) -> Iterator[Fault]:
    if "/InitContainers/" in place.key:
        return
    resources = mapping(place.container.get("Resources"))
    given = {**mapping(resources.get("Limits")), **mapping(resources.get("Requests"))}
    for name in ("cpu", "memory"):
        if name not in given:
            said = f"{name} stands neither in Limits nor in Requests: the job can't be placed"
            yield Fault(key=f"{place.key}/Resources", text=said)


def _amount(value: Any) -> float | None:
    """A number of vCPUs (also a share: "0.25") or of MiB; None for anything else."""
    if is_unknown(value) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


check = BatchResources()
