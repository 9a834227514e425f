"""checkov's environment: from the lock, by hash, for one Python; its set-up is told and can fail in words."""

import re
import sys
from pathlib import Path

import pytest

from stackproof.engines import setup
from stackproof.engines.protocol import EngineFailure
from stackproof.engines.setup import pip
from stackproof.engines.setup.checkov import CheckovRecipe

LOCK = Path(pip.__file__).with_name("checkov.lock").read_text()


@pytest.fixture
def fake_pip(home: Path, monkeypatch: pytest.MonkeyPatch):
    calls: list[list[str]] = []

    def environment(target: Path) -> Path:
        (target / "bin").mkdir()
        (target / "bin" / "python").symlink_to(sys.executable)
        return target / "bin" / "python"

    def run(python: Path, arguments: list[str], what: str, told) -> None:
        calls.append(arguments)
        for line in (
            "Collecting aiodns==3.6.1 (from -r checkov.lock (line 5))",
            "Processing ./wheels/attrs-26.1.0-py3-none-any.whl",
            "  Using cached attrs",
            "Collecting aiodns==3.6.1",
            "Installing collected packages: aiodns, attrs",
        ):
            told(line)
        (python.parent.parent / "module.py").write_text("x = 1\n")

    monkeypatch.setattr(pip, "environment", environment)
    monkeypatch.setattr(pip, "run", run)
    return calls


def test_environment_is_made_from_the_lock_and_told(fake_pip, home: Path) -> None:
    told: list[str] = []
    installed = setup.ensure("checkov", told.append)
    assert installed.path == home / CheckovRecipe().folder() / "bin" / "python"
    assert [call[0] for call in fake_pip] == ["install"]
    count = len(re.findall(r"^[\w.-]+==", LOCK, re.MULTILINE))
    assert [line.removeprefix(f"checkov {installed.version}: ") for line in told] == [
        "making its environment",
        f"1 of about {count} packages, aiodns",
        f"2 of about {count} packages, attrs",
        f"2 of about {count} packages, aiodns",
        "installing",
        "ready",
    ]


def test_environment_is_checked_file_by_file(fake_pip, home: Path) -> None:
    folder = setup.ensure("checkov").path.parent.parent
    assert setup.verify("checkov").intact is True
    (folder / "sitecustomize.py").write_text("")
    assert setup.verify("checkov").faults == ("sitecustomize.py was added",)


def test_folder_depends_on_python_and_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    here = CheckovRecipe().folder()
    monkeypatch.setattr("sysconfig.get_platform", lambda: "macosx-15.0-arm64")
    assert CheckovRecipe().folder() != here


def test_every_package_of_the_lock_has_hashes_and_none_a_host() -> None:
    blocks = re.split(r"\n(?=\w)", re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE).strip())
    assert len(blocks) > 80
    for block in blocks:
        assert re.match(r"[\w.-]+==\S+( ;[^\\]*)? \\\n    --hash=sha256:[0-9a-f]{64}", block), block[:80]
    assert "://" not in LOCK
    assert "index-url" not in re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE)


def test_set_up_only_takes_what_has_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import sys; print(sys.argv[1:])"
    told: list[str] = []
    monkeypatch.setattr(pip.subprocess, "Popen", _popen(script))
    pip.run(Path(sys.executable), ["install", "-r", "lock"], "checkov", told.append)
    assert told[0].startswith(
        "['install', '--disable-pip-version-check', '--no-input', '--no-deps', '--require-hashes'"
    )


def test_pip_that_fails_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "print('Collecting x\\nERROR: No matching distribution found for x==1\\nbye'); raise SystemExit(1)"
    monkeypatch.setattr(pip.subprocess, "Popen", _popen(script))
    with pytest.raises(EngineFailure) as raised:
        pip.run(Path(sys.executable), ["install"], "checkov 3.3.30", lambda _: None)
    assert str(raised.value) == (
        "checkov 3.3.30 is not installed and pip could not get it: No matching distribution found for x==1. "
        "Run `stackproof engines` where the package index can be reached; "
        "pip's own settings (PIP_INDEX_URL, pip.conf) hold."
    )


def test_interrupted_pip_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    real = pip.subprocess.Popen

    def popen(command, **options):
        started.append(
            real([command[0], "-c", "print('Collecting x', flush=True); import time; time.sleep(60)"], **options)
        )
        return started[0]

    monkeypatch.setattr(pip.subprocess, "Popen", popen)

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pip.run(Path(sys.executable), ["install"], "checkov", interrupt)
    assert started[0].poll() is not None


def _popen(script: str):
    real = pip.subprocess.Popen
    return lambda command, **options: real([command[0], "-c", script, *command[3:]], **options)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("", "it said nothing"),
        ("one\ntwo\n\n", "two"),
        ("ERROR: a\nERROR: b.\nlast", "b"),
        ("error: externally managed", "externally managed"),
    ],
)
def test_last_line_says_what_went_wrong(output: str, said: str) -> None:
    assert pip.last_line(output) == said


def test_venv_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho 'ensurepip is not available' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(pip.sys, "executable", str(program))
    with pytest.raises(EngineFailure, match=r"`python -m venv` failed: ensurepip is not available.*python3-venv"):
        pip.environment(tmp_path / "target")
