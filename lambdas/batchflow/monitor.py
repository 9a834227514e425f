"""The monitor function: follows every job to its end, by events of AWS Batch and by a schedule for what they lost."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from batchflow import batch, clients, telemetry
from batchflow.archive import Archive
from batchflow.errors import BatchflowError, EventError, PartialFailure
from batchflow.following import Follower
from batchflow.intake import BATCH_ID, HAND_OVER_SOURCE
from batchflow.journal import Journal, describe
from batchflow.manifest import Manifests
from batchflow.settings import MonitorSettings, monitor_settings
from batchflow.store import Store
from batchflow.watch import Watch

ACTOR = "batchflow.monitor"


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Follow one job (state change) or all active ones (schedule); PartialFailure names those that failed."""
    settings = monitor_settings()
    store = Store(clients.patient("dynamodb"), settings.tables.jobs, settings.tables.audit)
    journal = _journal(settings, store)
    manifests = Manifests(clients.patient("s3"), settings.tables.results_bucket)
    follower = Follower(journal, manifests, settings.content_index)
    match event:
        case {"source": "aws.batch", "detail-type": "Batch Job State Change", "detail": dict(detail)}:
            failures = state_change(detail, store, follower)
        case {"source": "aws.events", "detail-type": "Scheduled Event"}:
            watch = Watch(
                follower=follower,
                ask=partial(batch.describe, clients.patient("batch")),
                submit=partial(hand_over, clients.patient("lambda"), settings.submit_function),
                remaining=context.get_remaining_time_in_millis,
            )
            failures = watch.run(list(store.active(settings.active_index)))
        case _:
            raise EventError("neither a Batch Job State Change nor a Scheduled Event")
    failures |= journal.failures
    if failures:
        telemetry.logger.error("not all jobs followed", failures=failures)
        raise PartialFailure(failures)


def state_change(detail: dict[str, Any], store: Store, follower: Follower) -> dict[str, str]:
    """Follow the job of an event and return its error, if any. A job whose name is no batch of ours is ignored."""
    seen = batch.seen(detail)
    batch_id = str(detail.get("jobName"))
    job = store.get(batch_id) if BATCH_ID.fullmatch(batch_id) else None
    if job is None:
        telemetry.logger.warning("no job of this stack", job_id=seen.job_id)
        return {}
    try:
        follower.follow(job, seen)
    except (BatchflowError, BotoCoreError, ClientError) as error:
        return {batch_id: describe(error)}
    return {}


def hand_over(client: Any, function: str, batch_ids: Sequence[str]) -> None:
    """Ask the submit function, without waiting for it, to go on with batches."""
    payload = json.dumps({"source": HAND_OVER_SOURCE, "batch_ids": list(batch_ids)})
    client.invoke(FunctionName=function, InvocationType="Event", Payload=payload.encode("ascii"))


def _journal(settings: MonitorSettings, store: Store) -> Journal:
    archive = Archive(clients.patient("s3"), settings.tables.archive_bucket)
    return Journal(store, archive, actor=ACTOR, retention_days=settings.tables.retention_days)
