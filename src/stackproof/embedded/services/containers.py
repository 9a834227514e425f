"""Containers of AWS Batch jobs: the image's own code, run in this process as if it were a process of its own.

An image is the folder that its Dockerfile copies; the command must be `python -m <module> [arguments]`. The code sees
only the container's environment, its own scratch folder (TMPDIR, removed afterwards; none when the root file system is
read-only and nothing else is mounted there), freshly loaded modules, its own standard streams, logging tree, boto3
session, signal handlers and working folder. Not emulated: other writes to a read-only root file system, the user,
memory and CPU limits, the image's own Python and libraries (those of the session are used).
"""

import io
import logging
import os
import runpy
import shutil
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any
from unittest import mock

import boto3
import botocore.session
from botocore.loaders import Loader

from stackproof.embedded.clock import real_seconds
from stackproof.embedded.errors import EmbeddedError, ProcessKilled

IMAGE_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a container ended: `exit_code` is None when it was `killed` from outside; `lines` are what it wrote to its
    standard streams; `seconds` are of real time, to show to people."""

    exit_code: int | None
    killed: bool
    lines: list[str]
    seconds: float


def snapshot(directory: Path, module: str, target: Path) -> Path:
    """Copy the top-level package or module of `module` into `target` (once), and return it.

    `directory` is the folder that holds the package, or the package itself. Raises: EmbeddedError when it is neither.
    """
    top = module.partition(".")[0]
    source = directory if directory.name == top and (directory / "__init__.py").is_file() else directory / top
    copied = target / top
    if copied.exists() or copied.with_suffix(".py").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, copied, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    elif source.with_suffix(".py").is_file():
        shutil.copyfile(source.with_suffix(".py"), copied.with_suffix(".py"))
    else:
        raise EmbeddedError(f"The image folder {directory} holds no package or module {top!r}.")
    return target


def module_of(command: Sequence[str]) -> str:
    """The module that a command runs. Raises: EmbeddedError for a command that is not `python -m <module> ...`."""
    match list(command):
        case ["python" | "python3", "-m", module, *_]:
            return module
    raise EmbeddedError(f"A job's command must be `python -m <module> [arguments]`, not {list(command)!r}.")


def has_scratch(container: Mapping[str, Any]) -> bool:
    """Whether the code finds a folder for temporary files; a TMPDIR that the image sets itself is taken to be right."""
    if not container.get("readonlyRootFilesystem"):
        return True
    mounts = [*(container.get("linuxParameters") or {}).get("tmpfs", []), *(container.get("mountPoints") or [])]
    paths = [PurePosixPath(mount["containerPath"]) for mount in mounts if not mount.get("readOnly")]
    given = [item["value"] for item in container.get("environment", []) if item["name"] == "TMPDIR"]
    return any(not given or PurePosixPath(given[0]).is_relative_to(path) for path in paths)


def run(
    command: Sequence[str], environment: Mapping[str, str], image: Path, loader: Loader, *, scratch: bool = True
) -> Run:
    """Run the command over the image's folder. `loader` reads the models of boto3, which all processes may share;
    without `scratch` there is no folder for temporary files.

    Raises: EmbeddedError when the code met something that the embedded AWS does not emulate.
    """
    module = module_of(command)
    output = io.StringIO()
    began = real_seconds()
    killed, code = False, None
    with ExitStack() as stack:
        stack.enter_context(_process(module, list(command[3:]), environment, image, output, loader))
        if not scratch:
            stack.enter_context(mock.patch.object(tempfile, "_candidate_tempdir_list", list))
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
            code = 0
        except SystemExit as ended:
            code = _exit_code(ended, output)
        except ProcessKilled:
            killed = True
        except (EmbeddedError, KeyboardInterrupt):
            raise
        except BaseException:  # noqa: BLE001  (the boundary to code that is not ours)
            traceback.print_exc(file=output)
            code = 1
    lines = [line for line in output.getvalue().splitlines() if line]
    return Run(exit_code=code, killed=killed, lines=lines, seconds=real_seconds() - began)


def _exit_code(ended: SystemExit, output: io.StringIO) -> int:
    if ended.code is None:
        return 0
    if isinstance(ended.code, int):
        return ended.code & 0xFF
    output.write(f"{ended.code}\n")
    return 1


@contextmanager
def _process(
    module: str,
    arguments: list[str],
    environment: Mapping[str, str],
    image: Path,
    output: io.StringIO,
    loader: Loader,
) -> Iterator[None]:
    with ExitStack() as stack:
        enter = stack.enter_context
        scratch = enter(tempfile.TemporaryDirectory(prefix="batch-scratch-", ignore_cleanup_errors=True))
        own = {"PATH": IMAGE_PATH, "LANG": "C.UTF-8", "HOME": scratch, **environment, "TMPDIR": scratch}
        enter(_standing_in(Path.cwd()))
        enter(_signal_handlers())
        enter(_own_modules(module.partition(".")[0]))
        enter(_own_logging())
        enter(mock.patch.dict(os.environ, own, clear=True))
        enter(mock.patch.object(sys, "path", [str(image), *sys.path]))
        enter(mock.patch.object(sys, "argv", [module, *arguments]))
        enter(mock.patch.object(tempfile, "tempdir", None))
        enter(mock.patch.object(boto3, "DEFAULT_SESSION", _default_session(loader)))
        enter(redirect_stdout(output))
        enter(redirect_stderr(output))
        os.chdir(image)
        yield


def _default_session(loader: Loader) -> Any:
    """What `boto3.client` uses; without the files that a person may have at home."""
    session = botocore.session.Session()
    session.set_config_variable("config_file", os.devnull)
    session.set_config_variable("credentials_file", os.devnull)
    session.register_component("data_loader", loader)
    return boto3.session.Session(botocore_session=session)


@contextmanager
def _standing_in(folder: Path) -> Iterator[None]:
    try:
        yield
    finally:
        os.chdir(folder)


@contextmanager
def _signal_handlers() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _own_modules(top: str) -> Iterator[None]:
    """The image's modules are loaded anew, and those that the session may have under the same names come back."""
    outer = _take_modules(top)
    try:
        yield
    finally:
        _take_modules(top)
        sys.modules.update(outer)


def _take_modules(top: str) -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name == top or name.startswith(f"{top}.")]
    return {name: sys.modules.pop(name) for name in names}


@contextmanager
def _own_logging() -> Iterator[None]:
    root = logging.RootLogger(logging.WARNING)
    with (
        mock.patch.object(logging, "root", root),
        mock.patch.object(logging.Logger, "root", root),
        mock.patch.object(logging.Logger, "manager", logging.Manager(root)),
    ):
        yield
