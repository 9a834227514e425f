import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batchflow import clients, clock, monitor, settings, submit
from tests.lambdas.fakes import S3, Batch, Context, Dynamo, Lambda

ENVIRONMENT = {
    "JOBS_TABLE": "jobs",
    "AUDIT_TABLE": "audit",
    "ARCHIVE_BUCKET": "archive",
    "RESULTS_BUCKET": "results",
    "ACTIVE_INDEX": "active-index",
    "CONTENT_INDEX": "content-index",
    "SUBMIT_FUNCTION": "fin-submit",
    "JOB_QUEUE": "arn:aws:batch:eu-central-1:123456789012:job-queue/fin-queue",
    "JOB_DEFINITION": "fin-processor",
    "JOB_TAGS": '{"Owner": "payments"}',
    "AUDIT_RETENTION_DAYS": "365",
    "POWERTOOLS_SERVICE_NAME": "batchflow",
    "POWERTOOLS_METRICS_NAMESPACE": "fin/Batchflow",
}
SHA = "ab" * 32


def record(key: str = "incoming/a.csv", version: str | None = "v1", **more: Any) -> dict[str, Any]:
    """One record of an S3 event; the key as S3 encodes it."""
    item: dict[str, Any] = {"key": key, "size": 10, "eTag": "e", "sequencer": "0A", **more}
    if version is not None:
        item["versionId"] = version
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": "inbox", "arn": "arn:aws:s3:::inbox"}, "object": item},
    }


def manifest(batch_id: str, outcome: str = "processed", **more: Any) -> dict[str, Any]:
    """A manifest as the processor publishes it."""
    return {
        "schema": "batchflow.manifest/1",
        "batch_id": batch_id,
        "outcome": outcome,
        "file_reason": None if outcome == "processed" else "TRAILER_SUM",
        "input": {"bucket": "inbox", "key": "incoming/a.csv", "version_id": "v1"},
        "attempt": "job-1-1",
        "prefix": f"attempts/{batch_id}/job-1-1/",
        "lines": 10,
        "accepted": 9,
        "rejected": 1,
        "reasons": {"AMOUNT": 1},
        "control": {
            "declared": {"count": 10, "sum": "1.00"},
            "computed": {"count": 10, "sum": "1.00"},
            "matches": outcome == "processed",
        },
        "sha256": SHA,
        "objects": {},
        "started_at": "2026-11-23T06:00:00Z",
        "finished_at": "2026-11-23T06:00:05Z",
        "seconds": 5.0,
        **more,
    }


@dataclass
class World:
    """The handlers, over fakes of AWS and a clock that a test moves."""

    capture: pytest.CaptureFixture[str]
    now: datetime = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    dynamo: Dynamo = field(default_factory=Dynamo)
    s3: S3 = field(default_factory=S3)
    batch: Batch = field(default_factory=Batch)
    functions: Lambda = field(default_factory=Lambda)

    def client(self, service: str) -> Any:
        return {"dynamodb": self.dynamo, "s3": self.s3, "batch": self.batch, "lambda": self.functions}[service]

    def pass_time(self, **duration: int) -> None:
        self.now += timedelta(**duration)

    def upload(self, *records: dict[str, Any], remaining: Callable[[], int] = lambda: 60_000) -> Any:
        return submit.handler({"Records": list(records)}, Context(remaining))  # type: ignore[arg-type]

    def hand_over(self) -> None:
        """Deliver what the monitor has asked of the submit function."""
        payloads, self.functions.payloads = self.functions.payloads, []
        for payload in payloads:
            submit.handler(payload, Context())  # type: ignore[arg-type]

    def tick(self, remaining: Callable[[], int] = lambda: 60_000) -> None:
        event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
        monitor.handler(event, Context(remaining))  # type: ignore[arg-type]

    def move(self, status: str, job_id: str = "job-1", **more: Any) -> dict[str, Any]:
        """Bring a job into a status and return the event that says so."""
        self.batch.jobs[job_id] |= {"status": status, **more}
        detail = dict(self.batch.jobs[job_id])
        return {"source": "aws.batch", "detail-type": "Batch Job State Change", "detail": detail}

    def event(self, event: dict[str, Any]) -> None:
        monitor.handler(event, Context())  # type: ignore[arg-type]

    def publish(self, batch_id: str, outcome: str = "processed", **more: Any) -> None:
        body = json.dumps(manifest(batch_id, outcome, **more)).encode()
        self.s3.objects[("results", f"manifests/{batch_id}.json")] = body

    def metrics(self) -> dict[str, list[float]]:
        """Return what was measured since the last call."""
        found: dict[str, list[float]] = {}
        for line in self.capture.readouterr().out.splitlines():
            document = json.loads(line)
            if "_aws" not in document:
                continue
            (definition,) = document["_aws"]["CloudWatchMetrics"]
            assert definition["Namespace"] == "fin/Batchflow"
            assert definition["Dimensions"] == [["service"]]
            assert document["service"] == "batchflow"
            for metric in definition["Metrics"]:
                found.setdefault(metric["Name"], []).extend(document[metric["Name"]])
        return found


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[World]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    world = World(capsys)
    monkeypatch.setattr(clients, "patient", world.client)
    monkeypatch.setattr(clients, "once", world.client)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    settings.submit_settings.cache_clear()
    settings.monitor_settings.cache_clear()
    yield world
    settings.submit_settings.cache_clear()
    settings.monitor_settings.cache_clear()
