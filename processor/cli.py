"""The command line: picks the mode, turns errors into one log line and an exit code."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from .errors import TERMINATED, ProcessorError, TemporaryError, Terminated, UsageError
from .log import log_error, logging_to_stderr


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Report wrong arguments as any other error."""
        raise UsageError(f"{message} (see --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run once; returns the exit code: 0 processed, 65 bad file, anything else: no result (see errors.py)."""
    with logging_to_stderr():
        try:
            with _terminable():
                return _run(arguments)
        except ProcessorError as error:
            log_error(str(error), exit_code=error.exit_code)
            return error.exit_code
        except (OSError, MemoryError) as error:
            log_error(f"{type(error).__name__}: {error}", exit_code=TemporaryError.exit_code)
            return TemporaryError.exit_code
        except Terminated:
            log_error("terminated", exit_code=TERMINATED)
            return TERMINATED


def _run(arguments: Sequence[str] | None) -> int:
    options = _parse(arguments)
    if options.input is not None:
        from .local import run_local

        return run_local(options.input, options.output)
    from .job import run_job
    from .settings import JobSettings

    settings = JobSettings.read(os.environ)
    from .storage import Storage

    return run_job(settings, Storage.connect())


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(
        prog="python -m processor",
        description="Process one transaction file. Without arguments: the AWS Batch job that the environment names.",
    )
    parser.add_argument("--input", type=Path, metavar="FILE", help="a local file to process")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where its results go")
    options = parser.parse_args(arguments)
    if (options.input is None) != (options.output is None):
        raise UsageError("--input and --output go together (see --help)")
    return options


@contextmanager
def _terminable() -> Iterator[None]:
    """Make SIGTERM end the run with its clean-ups done. Signals belong to the main thread: elsewhere, do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
