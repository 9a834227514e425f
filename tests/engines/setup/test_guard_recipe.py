"""cfn-guard's binary comes out of one wheel, for the machine that it runs on, or not at all."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from stackproof.engines import setup
from stackproof.engines.protocol import EngineFailure
from stackproof.engines.setup import guard, pip
from stackproof.engines.setup.guard import GuardRecipe

BINARY = b"the binary"


def wheel(folder: str, content: bytes) -> bytes:
    inner, outer = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        entry = tarfile.TarInfo(f"package/bin/{folder}/cfn-guard")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("pkg/_jsii/thing@0.0.62.jsii.tgz", inner.getvalue())
    return outer.getvalue()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    """A machine of that kind, on which pip downloads that wheel, and no cfn-guard on PATH."""

    def become(system: str, processor: str, content: bytes) -> list[list[str]]:
        calls: list[list[str]] = []

        def download(python: Path, arguments: list[str], what: str, told) -> None:
            calls.append(arguments)
            into = Path(arguments[arguments.index("--dest") + 1])
            (into / "thing-0.0.62-py3-none-any.whl").write_bytes(content)

        monkeypatch.setattr(guard.platform, "system", lambda: system)
        monkeypatch.setattr(guard.platform, "machine", lambda: processor)
        monkeypatch.setattr(guard.shutil, "which", lambda _: None)
        monkeypatch.setattr(pip, "run", download)
        return calls

    return become


@pytest.mark.parametrize(
    ("system", "processor", "folder"),
    [
        ("Linux", "x86_64", "ubuntu/x86_64"),
        ("Linux", "aarch64", "ubuntu/aarch64"),
        ("Darwin", "x86_64", "macos/x86_64"),
        ("Darwin", "arm64", "macos/aarch64"),
    ],
)
def test_binary_of_the_machine_is_unpacked(
    machine, home, monkeypatch, system: str, processor: str, folder: str
) -> None:
    pinned = hashlib.sha256(BINARY).hexdigest()
    monkeypatch.setattr(guard, "_BINARIES", {key: (where, pinned) for key, (where, _) in guard._BINARIES.items()})
    calls = machine(system, processor, wheel(folder, BINARY))
    installed = setup.ensure("cfn-guard")
    assert installed.path.read_bytes() == BINARY
    assert installed.path.stat().st_mode & 0o111
    assert installed.version == "3.1.1"
    assert [call[0] for call in calls] == ["download"]
    assert setup.verify("cfn-guard").intact is True
    installed.path.write_bytes(b"another")
    assert setup.verify("cfn-guard").intact is False


def test_binary_that_is_not_the_pinned_one_is_refused(machine, home: Path) -> None:
    machine("Linux", "x86_64", wheel("ubuntu/x86_64", b"evil"))
    with pytest.raises(EngineFailure, match=r"the binary's sha256 is .* and not the pinned .* Nothing was installed"):
        setup.ensure("cfn-guard")
    assert setup.find("cfn-guard") is None


@pytest.mark.parametrize("content", [wheel("other/x86_64", BINARY), wheel("ubuntu/x86_64", b"")])
def test_wheel_without_the_binary_is_refused(machine, home: Path, content: bytes) -> None:
    machine("Linux", "x86_64", content)
    with pytest.raises(EngineFailure, match="Nothing was installed"):
        setup.ensure("cfn-guard")


def test_machine_without_a_binary_is_told_what_to_do(machine, home: Path) -> None:
    machine("Windows", "AMD64", b"")
    with pytest.raises(
        EngineFailure, match=r"has no binary for Windows x86_64: put a cfn-guard of this version on PATH"
    ):
        setup.ensure("cfn-guard")


@pytest.mark.parametrize(("said", "serves"), [("cfn-guard 3.1.1", True), ("cfn-guard 3.0.0", False), ("", False)])
def test_same_version_on_path_serves(tmp_path: Path, monkeypatch, said: str, serves: bool) -> None:
    program = tmp_path / "cfn-guard"
    program.write_text(f"#!/bin/sh\necho {said}\n")
    program.chmod(0o755)
    monkeypatch.setattr(guard.shutil, "which", lambda _: str(program))
    found = GuardRecipe().elsewhere()
    assert (found is not None and found.path == program and found.origin == "PATH") is serves
