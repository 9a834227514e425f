"""Running pip: its output as progress, its failure as a sentence."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from stackproof.engines.protocol import EngineFailure

_FLAGS = ("--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes")


def environment(target: Path) -> Path:
    """Make a virtual environment with pip in `target`; its Python.

    Raises: EngineFailure.
    """
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(target)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if made.returncode:
        raise EngineFailure(
            f"`{Path(sys.executable).name} -m venv` failed: {last_line(made.stdout + made.stderr)}. "
            "Install the venv module of this Python (python3-venv on Debian and Ubuntu), then run `stackproof engines`."
        )
    return target / "bin" / "python"


def python_with_pip(scratch: Path) -> Path:
    """A Python that has pip: this one, else that of an environment made in `scratch` (uv and pipx leave pip out)."""
    if importlib.util.find_spec("pip"):
        return Path(sys.executable)
    return environment(scratch)


def run(python: Path, arguments: Sequence[str], what: str, told: Callable[[str], None]) -> None:
    """`pip` with `arguments`, only from hashes; `told` gets each line of its output, `what` names what it installs.

    Raises: EngineFailure with the last line of pip's error.
    """
    command = [str(python), "-m", "pip", arguments[0], *_FLAGS, *arguments[1:]]
    # PYTHONPATH and the like belong to our process and would lead pip astray; the settings of pip itself are kept.
    settings = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    lines: list[str] = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**settings, "PIP_PROGRESS_BAR": "off"},
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                lines.append(line)
                told(line.strip())
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise EngineFailure(
            f"{what} is not installed and pip could not get it: {last_line(''.join(lines))}. "
            "Run `stackproof engines` where the package index can be reached; "
            "pip's own settings (PIP_INDEX_URL, pip.conf) hold."
        )


def last_line(text: str) -> str:
    """The line of an output that says what went wrong: the last error, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(?i)error\b", line)]
    said = (errors or lines or ["it said nothing"])[-1]
    return re.sub(r"(?i)^error:\s*", "", said).rstrip(".")
