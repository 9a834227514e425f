"""A recipe that needs no network, and a home of its own for each test."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from stackproof.engines.setup import install
from stackproof.engines.setup.model import Installed, Progress


class Fake:
    """An engine that is one script. `before` runs in the middle of its making."""

    name = "fake"
    version = "1.0"
    origin = "a test"

    def __init__(self) -> None:
        self.made = 0
        self.before: Callable[[Path], None] = lambda _: None
        self.found: Installed | None = None

    def folder(self) -> str:
        return "fake-1.0-0123"

    def entry(self) -> str:
        return "run"

    def elsewhere(self) -> Installed | None:
        return self.found

    def build(self, target: Path, progress: Progress) -> Mapping[str, str]:
        self.made += 1
        progress("fake 1.0: building")
        (target / "run").write_text("#!/bin/sh\n")
        self.before(target)
        (target / "run").chmod(0o755)
        return {"text": "#!/bin/sh\n"}

    def faults(self, target: Path, facts: Mapping[str, str]) -> list[str]:
        return [] if (target / "run").read_text() == facts["text"] else ["run was changed"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STACKPROOF_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def fake(home: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    recipe = Fake()
    monkeypatch.setattr(install, "_RECIPES", {"fake": recipe})
    return recipe
