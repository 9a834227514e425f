"""What the containers of ECS tasks may do to their host."""

from collections.abc import Iterator, Mapping

from stackproof.graph.values import items, known, text, texts
from stackproof.template.model import Path, Resource

_MIGHTY = ("ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "NET_ADMIN", "SYS_RAWIO")


def power_faults(task: Resource) -> Iterator[tuple[str, Path]]:
    """What gives a task's containers power over their host: (message, place below the resource).

    Raises: UnknownValueError.
    """
    for name in ("PidMode", "IpcMode", "NetworkMode"):
        if text(task.properties.get(name)).lower() == "host":
            yield f"{name} is host: the task shares that of its host", ("Properties", name)
    for index, container in enumerate(items(task.properties.get("ContainerDefinitions"))):
        place: Path = ("Properties", "ContainerDefinitions", index)
        if not isinstance(known(container), Mapping):
            continue
        privileged = known(container.get("Privileged"))
        if privileged not in (None, False):
            yield "Privileged is true: the container owns its host", (*place, "Privileged")
        linux = known(container.get("LinuxParameters"))
        added = known(linux.get("Capabilities")) if isinstance(linux, Mapping) else None
        for capability in texts(added.get("Add")) if isinstance(added, Mapping) else ():
            if capability.upper() in _MIGHTY:
                path = (*place, "LinuxParameters", "Capabilities", "Add")
                yield f"the container may do {capability}, which gives it power over its host", path
