"""Whether jobs can change their own files."""

from collections.abc import Iterator
from typing import Any

from _batch import JobCheck, Place, containers
from _rules import Fault, boolean, mapping, sequence, shown, text

# What a volume in memory may be mounted with; exec, suid and dev are left out. (API Tmpfs)
_OPTIONS = (
    "async", "atime", "bind", "defaults", "diratime", "dirsync", "gid", "mand", "mode", "mpol", "noatime", "nodev",
    "nodiratime", "noexec", "nomand", "norelatime", "nostrictatime", "nosuid", "nr_blocks", "nr_inodes", "private",
    "rbind", "relatime", "remount", "ro", "rprivate", "rshared", "rslave", "runbindable", "rw", "shared", "slave",
    "strictatime", "sync", "uid", "unbindable",
)  # fmt: skip


class BatchReadOnlyRoot(JobCheck):
    """The root file systems of jobs are read-only."""

    check_id = "CKV_STACKPROOF_BATCH_READ_ONLY_ROOT"

    def applies(self, properties: dict[str, Any]) -> bool:
        """Windows has no read-only root."""
        places = list(containers(properties))
        return not places or not all(_windows(place) for place in places)

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """Each container that can write into its image."""
        places = [place for place in containers(properties) if not _windows(place)]
        if not places:
            yield Fault(key="Properties", text="no container is declared, so no root file system either")
        for place in places:
            holder = mapping(place.container.get("SecurityContext")) if place.kubernetes else place.container
            name = "ReadOnlyRootFilesystem" if place.kubernetes else "ReadonlyRootFilesystem"
            if boolean(holder.get(name)) is not True:
                key = f"{place.key}/SecurityContext/{name}" if place.kubernetes else f"{place.key}/{name}"
                yield Fault(key=key, text=f"{name} is {shown(holder.get(name))}, not true", value=holder.get(name))
            yield from _scratch(place)


def _scratch(place: Place) -> Iterator[Fault]:
    """Volumes in memory from which programs run: what a job was made to write there is as good as a changed image."""
    volumes = sequence(mapping(place.container.get("LinuxParameters")).get("Tmpfs"))
    for index, volume in enumerate(volumes):
        for option in sequence(mapping(volume).get("MountOptions")):
            if (text(option) or "").split("=")[0] not in _OPTIONS:
                key = f"{place.key}/LinuxParameters/Tmpfs/[{index}]/MountOptions"
                yield Fault(key=key, text=f"a volume is mounted with {shown(option)}", value=option)


def _windows(place: Place) -> bool:
    family = mapping(place.task.get("RuntimePlatform")).get("OperatingSystemFamily")
    return (text(family) or "").upper().startswith("WINDOWS")


check = BatchReadOnlyRoot()
