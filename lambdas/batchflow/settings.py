"""What the functions read from their environment: once, and with the missing variable named."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from batchflow.errors import SettingError

POWERTOOLS = ("POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE")
"""Read by Powertools itself; without them metrics would go astray, or fail after the work is done."""


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What both functions need to record jobs and events."""

    jobs: str
    audit: str
    archive_bucket: str
    results_bucket: str
    retention_days: int
    """Days that an audit event stays in its table; the archive keeps it by its own retention."""


@dataclass(frozen=True, kw_only=True)
class SubmitSettings:
    """The environment of the submit function."""

    tables: Tables
    job_queue: str
    """ARN."""
    job_definition: str
    """Name without revision: the latest active one is used."""
    job_tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class MonitorSettings:
    """The environment of the monitor function."""

    tables: Tables
    active_index: str
    content_index: str
    submit_function: str


def _required(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise SettingError(f"environment variable {name} is missing or empty: set it in the function's environment")
    return value


def _days(name: str) -> int:
    text = _required(name)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise SettingError(f"environment variable {name} must be a whole number of days, at least 1")
    return int(text)


def _tags(name: str) -> dict[str, str]:
    try:
        tags = json.loads(_required(name))
    except ValueError as error:
        raise SettingError(f"environment variable {name} is no JSON: {error}") from None
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise SettingError(f"environment variable {name} must be a JSON object of texts")
    return tags


def _tables() -> Tables:
    for name in POWERTOOLS:
        _required(name)
    return Tables(
        jobs=_required("JOBS_TABLE"),
        audit=_required("AUDIT_TABLE"),
        archive_bucket=_required("ARCHIVE_BUCKET"),
        results_bucket=_required("RESULTS_BUCKET"),
        retention_days=_days("AUDIT_RETENTION_DAYS"),
    )


@cache
def submit_settings() -> SubmitSettings:
    """Read the submit function's settings; SettingError names what is missing."""
    return SubmitSettings(
        tables=_tables(),
        job_queue=_required("JOB_QUEUE"),
        job_definition=_required("JOB_DEFINITION"),
        job_tags=_tags("JOB_TAGS"),
    )


@cache
def monitor_settings() -> MonitorSettings:
    """Read the monitor function's settings; SettingError names what is missing."""
    return MonitorSettings(
        tables=_tables(),
        active_index=_required("ACTIVE_INDEX"),
        content_index=_required("CONTENT_INDEX"),
        submit_function=_required("SUBMIT_FUNCTION"),
    )
