"""checkov: a virtual environment of its own, from a lock with hashes."""

import hashlib
import re
import sys
import sysconfig
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from stackproof.engines.setup import manifest, pip
from stackproof.engines.setup.model import Installed, Progress

_FORM = 2  # of the folder: another number, and it is made anew
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
        digest = hashlib.sha256(f"{_FORM}\n{system}\n{self._lock}".encode()).hexdigest()
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
        return {"files": manifest.write(target)}

    def faults(self, target: Path, facts: Mapping[str, str]) -> list[str]:
        """Each file of the environment that is changed, missing or was added: a stray module could shadow a check."""
        return manifest.faults(target, facts.get("files", ""))
