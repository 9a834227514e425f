"""The submit function: S3 tells it of new files, the monitor of batches that somebody left half-submitted."""

from collections.abc import Callable
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from batchflow import clients, intake, telemetry
from batchflow.archive import Archive
from batchflow.batch import Submitter
from batchflow.errors import BatchflowError, EventError, PartialFailure
from batchflow.intake import Intake
from batchflow.journal import Journal, describe
from batchflow.plan import Step
from batchflow.settings import SubmitSettings, submit_settings
from batchflow.store import Store
from batchflow.submission import Submission

ACTOR = "batchflow.submit"
SPARE_MILLISECONDS = 5_000
"""Less time than this left: no further batch is begun."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Submit what the event asks for; PartialFailure, after all has been tried, makes Lambda try again."""
    journal, submission = _wire(submit_settings(), context.get_remaining_time_in_millis)
    try:
        asked = intake.read(event)
    except EventError as error:
        telemetry.emit([telemetry.count("SubmissionErrors")])
        telemetry.logger.error("nothing submitted", error=str(error))
        raise
    for why in asked.ignored:
        telemetry.logger.info("ignored", why=why)
    failures = dict(asked.malformed or {}) | run(submission, asked, context.get_remaining_time_in_millis)
    failures |= journal.failures
    if failures:
        telemetry.emit([telemetry.count("SubmissionErrors", len(failures))])
        telemetry.logger.error("not all submitted", failures=failures)
        raise PartialFailure(failures)
    return {"batches": len(asked.uploads) + len(asked.batch_ids)}


def run(submission: Submission, asked: Intake, remaining: Callable[[], int]) -> dict[str, str]:
    """Try every batch and return the errors by batch."""
    work: dict[str, Callable[[], Step]] = {
        upload.batch_id: partial(submission.upload, upload) for upload in asked.uploads
    }
    work |= {batch_id: partial(submission.resume, batch_id) for batch_id in asked.batch_ids}
    failures: dict[str, str] = {}
    for batch_id, submit in work.items():
        if remaining() < SPARE_MILLISECONDS:
            failures[batch_id] = "not tried: no time left"
            continue
        try:
            step = submit()
        except (BatchflowError, BotoCoreError, ClientError) as error:
            failures[batch_id] = describe(error)
        else:
            telemetry.logger.info("batch handled", batch_id=batch_id, step=step.name)
    return failures


def _wire(settings: SubmitSettings, remaining: Callable[[], int]) -> tuple[Journal, Submission]:
    tables = settings.tables
    journal = Journal(
        Store(clients.patient("dynamodb"), tables.jobs, tables.audit),
        Archive(clients.patient("s3"), tables.archive_bucket),
        actor=ACTOR,
        retention_days=tables.retention_days,
    )
    jobs = Submitter(
        clients.once("batch"), clients.patient("batch"), settings.job_queue, settings.job_definition, settings.job_tags
    )
    return journal, Submission(journal, jobs, tables.results_bucket, remaining)
