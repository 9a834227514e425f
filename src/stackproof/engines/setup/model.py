"""What is said about an engine that stands in the cache folder, and what a recipe for one must give."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Progress = Callable[[str], None]
"""Told one short line at a time, in words for people, while an engine is being set up."""


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An engine that is there. `path` is what to run: the Python of checkov's environment, the binary of cfn-guard.
    `origin` says where it comes from ("the pinned wheel", "PATH")."""

    path: Path
    version: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """How an engine stands: `installed` None when it is not there. `intact` is None when nobody looked; `faults` says
    what is not as it was installed, a sentence each."""

    name: str
    version: str
    installed: Installed | None
    intact: bool | None = None
    faults: tuple[str, ...] = ()


class Recipe(Protocol):
    """How one engine is made."""

    @property
    def name(self) -> str:
        """The engine."""
        ...

    @property
    def version(self) -> str:
        """The version that is made."""
        ...

    @property
    def origin(self) -> str:
        """Where it comes from, in words."""
        ...

    def folder(self) -> str:
        """The name of its folder: version, and a hash of all that decides its content."""
        ...

    def entry(self) -> str:
        """What to run, relative to the folder."""
        ...

    def build(self, target: Path, progress: Progress) -> Mapping[str, str]:
        """Make it in `target`, an empty folder that is moved afterwards, and return what `faults` needs to know later.

        Raises: EngineFailure.
        """
        ...

    def faults(self, target: Path, facts: Mapping[str, str]) -> list[str]:
        """What is not as it was installed; [] when it is whole."""
        ...

    def elsewhere(self) -> Installed | None:
        """The same version from somewhere else on this machine, None where there is none."""
        ...


def home() -> Path:
    """The folder in which engines live: $STACKPROOF_HOME, else stackproof in the user's cache folder."""
    if chosen := os.environ.get("STACKPROOF_HOME"):
        return Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "stackproof"
