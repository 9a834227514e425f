"""Logs as JSON lines on standard error. What is logged: states, counts and durations, never accounts or raw lines."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

logger = logging.getLogger("processor")


class JsonFormatter(logging.Formatter):
    """One JSON object a record: time (UTC), level, message, and the `fields` given with it."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        entry: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "message": record.getMessage(),
        }
        entry.update(getattr(record, "fields", {}))
        return json.dumps(entry, default=str)


@contextmanager
def logging_to_stderr() -> Iterator[None]:
    """Log as JSON lines while the block runs; what was set up before is put back."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


def log(message: str, **fields: object) -> None:
    """Log one event with its fields."""
    logger.info(message, extra={"fields": fields})


def log_error(message: str, **fields: object) -> None:
    """Log why a run ended without a result."""
    logger.error(message, extra={"fields": fields})
