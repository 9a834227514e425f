"""What jobs may do to the host that they run on."""

import posixpath
from collections.abc import Iterator
from typing import Any

from _batch import JobCheck, Place, containers
from _rules import Fault, boolean, is_unknown, mapping, sequence, shown, text

# Folders of a host with which a container owns it, or reads the secrets of the others on it.
_SENSITIVE = (
    "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/opt/ecs", "/proc", "/root", "/run", "/sbin", "/sys",
    "/usr", "/var/lib/cloud", "/var/lib/containerd", "/var/lib/docker", "/var/lib/ecs", "/var/lib/kubelet", "/var/log",
    "/var/run",
)  # fmt: skip
_HARMLESS = ("/dev/shm", "/etc/localtime", "/etc/pki", "/etc/ssl", "/usr/share/zoneinfo")
_RAW_DEVICES = ("/dev/mem", "/dev/kmem", "/dev/port", "/dev/nvme", "/dev/sd", "/dev/xvd", "/dev/dm-", "/dev/mapper")


class BatchPrivileges(JobCheck):
    """Containers have no power over their host."""

    check_id = "CKV_STACKPROOF_BATCH_PRIVILEGES"

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """Privileged containers, the host's network, processes, devices and folders."""
        places = list(containers(properties))
        if not places:
            yield Fault(key="Properties", text="no container is declared, so nothing is known of its privileges")
        for place in places:
            yield from _container(place)
        for task_key, task in {place.task_key: place for place in places}.items():
            yield from _task(task_key, task)


def _container(place: Place) -> Iterator[Fault]:
    inner = mapping(place.container.get("SecurityContext")) if place.kubernetes else place.container
    key = f"{place.key}/SecurityContext" if place.kubernetes else place.key
    for name in ("Privileged", "AllowPrivilegeEscalation"):
        if inner.get(name) is not None and boolean(inner[name]) is not False:
            yield Fault(key=f"{key}/{name}", text=f"{name} is {shown(inner[name])}", value=inner[name])
    devices = sequence(mapping(place.container.get("LinuxParameters")).get("Devices"))
    for index, device in enumerate(devices):
        path = mapping(device).get("HostPath")
        if is_unknown(path) or (text(path) or "").startswith(_RAW_DEVICES):
            where = f"{place.key}/LinuxParameters/Devices/[{index}]/HostPath"
            yield Fault(key=where, text=f"the host's device {shown(path)} is handed in", value=path)


def _task(key: str, place: Place) -> Iterator[Fault]:
    task = place.task
    for name in ("IpcMode", "PidMode", "NetworkMode"):
        mode = task.get(name)
        if is_unknown(mode) or mode == "host":
            yield Fault(key=f"{key}/{name}", text=f"{name} is {shown(mode)}: the host's own is shared", value=mode)
    if place.kubernetes and boolean(task.get("HostNetwork")) is not False:
        given = task.get("HostNetwork")
        said = f"HostNetwork is {shown(given)}; unless it is false, a pod of AWS Batch is in the host's network"
        yield Fault(key=f"{key}/HostNetwork", text=said, value=given)
    kind, name = ("HostPath", "Path") if place.kubernetes else ("Host", "SourcePath")
    for index, volume in enumerate(sequence(task.get("Volumes"))):
        path = mapping(mapping(volume).get(kind)).get(name)
        if is_unknown(path) or _is_sensitive(text(path)):
            yield Fault(
                key=f"{key}/Volumes/[{index}]/{kind}/{name}", text=f"the host's {shown(path)} is mounted", value=path
            )


def _is_sensitive(path: str | None) -> bool:
    if not path:
        return False
    clean = posixpath.normpath("/" + path.lstrip("/"))
    if any(clean == safe or clean.startswith(f"{safe}/") for safe in _HARMLESS):
        return False
    return clean == "/" or any(f"{clean}/".startswith(f"{one}/") or one.startswith(f"{clean}/") for one in _SENSITIVE)


check = BatchPrivileges()
