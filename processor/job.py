"""Batch mode: one object version in, an attempt's objects and at most one manifest out."""

from __future__ import annotations

import hashlib
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import BAD_FILE, PROCESSED, TemporaryError
from .log import log
from .pipeline import Outcome, process
from .settings import JobSettings
from .storage import Storage

MANIFEST_SCHEMA = "batchflow.manifest/1"
_EXIT_CODES = {"processed": PROCESSED, "rejected": BAD_FILE}


def run_job(settings: JobSettings, storage: Storage) -> int:
    """Process the input of one job; returns the exit code. Scratch space is under TMPDIR and is given back.

    Only one attempt of a batch gets to publish; any other one ends with the exit code of the published outcome.
    """
    started = time.time()
    log("started", batch_id=settings.batch_id, attempt=settings.attempt)
    with tempfile.TemporaryDirectory(prefix="processor-") as scratch:
        directory = Path(scratch)
        outcome = _process(settings, storage, directory)
        objects = _upload(settings, storage, outcome, directory)
    manifest = _manifest(settings, outcome, objects, started=started)
    published = storage.publish(bucket=settings.results_bucket, key=settings.manifest_key, manifest=manifest)
    if published.get("attempt") != settings.attempt:
        log("another attempt published first", attempt=settings.attempt, published=published.get("attempt"))
    log(
        "finished", batch_id=settings.batch_id, outcome=outcome.status, lines=outcome.lines, seconds=manifest["seconds"]
    )
    code = _EXIT_CODES.get(str(published.get("outcome")))
    if code is None:
        raise TemporaryError("the published manifest has no known outcome")
    return code


def _process(settings: JobSettings, storage: Storage, directory: Path) -> Outcome:
    """Fetch into scratch, so that a retry of the transfer resumes and ids can be read back, and process it."""
    path = directory / "input"
    with path.open("w+b", buffering=0) as source:
        size = storage.fetch(
            bucket=settings.input_bucket,
            key=settings.input_key,
            version_id=settings.input_version_id,
            target=source,
        )
        log("fetched", batch_id=settings.batch_id, bytes=size)
        source.seek(0)
        outcome = process(source, directory)
    if outcome.size != size:
        raise TemporaryError(f"{outcome.size} of {size} bytes could be read back from scratch")
    path.unlink()
    return outcome


def _upload(settings: JobSettings, storage: Storage, outcome: Outcome, directory: Path) -> dict[str, Any]:
    """Write the attempt's objects; returns what the manifest says of them."""
    objects = {}
    for name in outcome.files:
        path, key = directory / name, settings.prefix + name
        storage.upload(bucket=settings.results_bucket, key=key, path=path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        objects[name] = {"key": key, "sha256": digest, "bytes": path.stat().st_size}
    return objects


def _manifest(settings: JobSettings, outcome: Outcome, objects: dict[str, Any], *, started: float) -> dict[str, Any]:
    finished = time.time()
    return {
        "schema": MANIFEST_SCHEMA,
        "batch_id": settings.batch_id,
        **outcome.report(),
        "input": {
            "bucket": settings.input_bucket,
            "key": settings.input_key,
            "version_id": settings.input_version_id,
        },
        "attempt": settings.attempt,
        "prefix": settings.prefix,
        "objects": objects,
        "started_at": _instant(started),
        "finished_at": _instant(finished),
        "seconds": round(finished - started, 3),
    }


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
