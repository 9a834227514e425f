"""Local mode: a file in, a folder of results out. The same code and results as in batch mode."""

from __future__ import annotations

import tempfile
from pathlib import Path

from . import outputs
from .errors import BAD_FILE, PROCESSED, InputError, OutputError
from .log import log
from .pipeline import process


def run_local(file: Path, directory: Path) -> int:
    """Process `file` into `directory`; returns the exit code. Results appear there only when they are complete."""
    if not file.exists():
        raise InputError(f"{file}: no such file")
    if not file.is_file():
        raise InputError(f"{file}: not a regular file")
    try:
        source = file.open("rb", buffering=0)
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from error
    with source:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".processor-", dir=directory) as scratch:
                outcome = process(source, Path(scratch))
                for name in (outputs.ACCEPTED, outputs.REJECTED, outputs.TOTALS, outputs.SUMMARY):
                    (directory / name).unlink(missing_ok=True)
                for name in outcome.files:
                    (Path(scratch) / name).rename(directory / name)
        except OSError as error:
            raise OutputError(f"{directory}: {error.strerror or error}") from error
    log("finished", outcome=outcome.status, file_reason=outcome.file_reason, lines=outcome.lines,
        accepted=outcome.accepted, rejected=outcome.rejected)  # fmt: skip
    return PROCESSED if outcome.file_reason is None else BAD_FILE
