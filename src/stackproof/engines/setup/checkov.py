"""checkov: a virtual environment of its own, from a lock with hashes."""

import base64
import csv
import hashlib
import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from stackproof.engines.setup import pip
from stackproof.engines.setup.model import Installed, Progress

_LOCK = Path(__file__).with_name("checkov.lock")


class CheckovRecipe:
    """checkov as `checkov.lock` pins it, for the Python that runs us."""

    name = "checkov"
    origin = "an environment of its own, from the lock"

    @cached_property
    def _lock(self) -> str:
        return _LOCK.read_text("utf-8")

    @cached_property
    def version(self) -> str:
        """What the lock pins."""
        found = re.search(r"^checkov==(\S+)", self._lock, re.MULTILINE)
        assert found, "the lock has no checkov"
        return found.group(1)

    @cached_property
    def _folder(self) -> str:
        system = f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}"
        digest = hashlib.sha256(f"{system}\n{self._lock}".encode()).hexdigest()
        return f"checkov-{self.version}-{digest[:12]}"

    def folder(self) -> str:
        """By version, lock, Python and platform: compiled packages fit one of these only."""
        return self._folder

    def entry(self) -> str:
        """The environment's Python."""
        return "bin/python"

    def elsewhere(self) -> Installed | None:
        """Never: an environment that somebody else made has other versions in it."""
        return None

    def build(self, target: Path, progress: Progress) -> Mapping[str, str]:
        """Make the environment and install the lock into it."""
        what = f"checkov {self.version}"
        progress(f"{what}: making its environment")
        python = pip.environment(target)
        all_of_them = len(re.findall(r"^[\w.-]+==", self._lock, re.MULTILINE))
        seen: set[str] = set()

        def told(line: str) -> None:
            if found := re.match(r"(?:Collecting|Processing) (?:\S*/)?(\w(?:[\w.-]*?\w)?)(?:-\d|==|\s|$)", line):
                seen.add(found.group(1))
                progress(f"{what}: {len(seen)} of about {all_of_them} packages, {found.group(1)}")
            elif line.startswith("Installing collected packages"):
                progress(f"{what}: installing")

        pip.run(python, ["install", "-r", str(_LOCK)], what, told)
        return {"records": _digest(_records(target))}

    def faults(self, target: Path, facts: Mapping[str, str]) -> list[str]:
        """Each file that is not as its package's own record (RECORD, a hash a file) says, and changed records."""
        records = _records(target)
        found = [] if _digest(records) == facts.get("records") else ["its list of packages is not the installed one"]
        return found + [fault for record in records for fault in _changed(record)]


def _records(target: Path) -> list[Path]:
    return sorted(target.glob("lib/python*/site-packages/*.dist-info/RECORD"))


def _digest(records: list[Path]) -> str:
    digest = hashlib.sha256()
    for record in records:
        digest.update(record.parent.name.encode() + b"\0" + record.read_bytes() + b"\0")
    return digest.hexdigest()


def _changed(record: Path) -> Iterator[str]:
    site = record.parent.parent
    for name, expected, *_ in csv.reader(record.read_text("utf-8").splitlines()):
        if not expected.startswith("sha256=") or name.startswith("../"):  # scripts in bin/: written at installation
            continue
        file = site / name
        if not file.is_file():
            yield f"{name} is missing"
        elif _sha256(file) != expected.removeprefix("sha256="):
            yield f"{name} was changed"


def _sha256(file: Path) -> str:
    """As RECORD files write it: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest()).rstrip(b"=").decode()
