"""Recording: a change and its event in one transaction, then the event's copy in the archive.

A failed archive write stops nothing: the settlement writes every missing copy before it lets go of a job. It is kept
and raised at the end of the run all the same, so that it is seen.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from batchflow import clock, ledger
from batchflow.ledger import Change, Signature
from batchflow.model import AuditEvent, Job


class JobStore(Protocol):
    """What a flow needs of the tables; `store.Store` is it."""

    def get(self, batch_id: str) -> Job | None:
        """Return the record of a batch as it is now."""

    def create(self, job: Job, event: AuditEvent) -> None:
        """Record a new batch; DuplicateError if it is recorded already."""

    def change(self, before: Job, after: Job, event: AuditEvent) -> None:
        """Record a change; ConflictError if the record is no longer as it was before."""

    def amend(self, before: Job, after: Job) -> None:
        """Write what is no change of status; ConflictError as above."""

    def events(self, batch_id: str) -> list[AuditEvent]:
        """Return the audit events of a batch, in order."""

    def same_content(self, index: str, content_sha256: str) -> list[tuple[str, str]]:
        """Return (received_at, batch_id) of the batches with this content, the oldest first."""


class EventArchive(Protocol):
    """What a flow needs of the archive; `archive.Archive` is it."""

    def put(self, event: AuditEvent) -> None:
        """Store an event once."""


class Journal:
    """Records in the name of one actor, and remembers the archive writes that failed."""

    def __init__(self, store: JobStore, archive: EventArchive, *, actor: str, retention_days: int) -> None:
        self.store = store
        self.archive = archive
        self.failures: dict[str, str] = {}
        """Archive writes that failed: error by batch and event number."""
        self._actor = actor
        self._retention_days = retention_days

    def create(self, job: Job, detail: Mapping[str, Any]) -> Job:
        """Record a new batch with event number 1; DuplicateError if it is recorded already."""
        job, event = ledger.first(job, detail, self._signature())
        self.store.create(job, event)
        self._copy(event)
        return job

    def change(self, job: Job, change: Change) -> Job:
        """Record a change and return the job after it; ConflictError if it is no longer as given."""
        after, event = ledger.append(job, change, self._signature())
        self.store.change(job, after, event)
        self._copy(event)
        return after

    def _signature(self) -> Signature:
        return Signature(actor=self._actor, at=clock.now(), retention_days=self._retention_days)

    def _copy(self, event: AuditEvent) -> None:
        try:
            self.archive.put(event)
        except (BotoCoreError, ClientError) as error:
            self.failures[f"archive of {event.batch_id} event {event.sequence}"] = describe(error)


def describe(error: Exception) -> str:
    """Return an error in one short line for logs: for AWS's own, operation and code, without what it quotes."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response['Error']['Code']}"
    return f"{type(error).__name__}: {error}"[:300]
