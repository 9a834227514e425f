"""The statements that go to DynamoDB, and what its refusals amount to."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchflow import ledger
from batchflow.decide import submitted
from batchflow.errors import ConflictError, DuplicateError, StoreError, ThrottledError
from batchflow.model import Job
from batchflow.store import Store
from tests.lambdas.fakes import Dynamo, refusal
from tests.lambdas.samples import NOW, received, signature


@pytest.fixture
def dynamo() -> Dynamo:
    return Dynamo()


@pytest.fixture
def store(dynamo: Dynamo) -> Store:
    return Store(dynamo, "jobs", "audit")


def test_a_record_comes_back_as_it_was_stored(store: Store) -> None:
    job, event = received()
    store.create(job, event)
    assert store.get(job.batch_id) == job
    assert store.events(job.batch_id) == [event]
    assert list(store.active("active-index")) == [job]
    assert store.get("0a" * 32) is None


def test_a_change_and_its_event_are_one_transaction_of_bound_values(dynamo: Dynamo, store: Store) -> None:
    job, event = received()
    store.create(job, event)
    after, following = ledger.append(job, submitted("job-1", NOW, {}), signature())
    store.change(job, after, following)
    first, second = dynamo.made("ExecuteTransaction")
    assert [statement["Statement"] for statement in first["TransactStatements"]] == [
        "INSERT INTO \"jobs\" VALUE {'batch_id': ?, 'status': ?, 'bucket': ?, 'key': ?, 'version_id': ?, 'size': ?, "
        "'received_at': ?, 'updated_at': ?, 'claimed_until': ?, 'progress': ?, 'sequence': ?, 'last_hash': ?, "
        "'active': ?}",
        "INSERT INTO \"audit\" VALUE {'batch_id': ?, 'sequence': ?, 'previous_status': ?, 'status': ?, 'actor': ?, "
        "'detail': ?, 'at': ?, 'expires_at': ?, 'previous_hash': ?, 'hash': ?}",
    ]
    update = second["TransactStatements"][0]
    assert update["Statement"] == (
        'UPDATE "jobs" SET "status"=? SET "claimed_until"=? SET "progress"=? SET "sequence"=? SET "last_hash"=? '
        'SET "job_id"=? SET "submitted_at"=? WHERE "batch_id"=? AND "sequence"=?'
    )
    assert update["Parameters"][0] == {"S": "SUBMITTED"}
    assert update["Parameters"][-2:] == [{"S": job.batch_id}, {"N": "1"}]
    assert store.get(job.batch_id) == after


def test_an_attribute_that_is_none_is_removed(dynamo: Dynamo, store: Store) -> None:
    job, event = received()
    store.create(job, event)
    store.amend(job, replace(job, active=None))
    (call,) = dynamo.made("ExecuteStatement")
    assert call["Statement"] == (
        'UPDATE "jobs" REMOVE "active" WHERE "batch_id"=? AND "sequence"=? AND "claimed_until"=?'
    )
    assert list(store.active("active-index")) == []


def test_twins_that_write_the_same_in_the_same_instant_share_no_token(dynamo: Dynamo, store: Store) -> None:
    """A token made from the content told both that they were the first, and each submitted a job."""
    job, event = received()
    store.create(job, event)
    with pytest.raises(DuplicateError):
        store.create(job, event)
    assert all("ClientRequestToken" not in call for call in dynamo.made("ExecuteTransaction"))


def test_the_same_batch_again_is_a_duplicate(store: Store) -> None:
    job, event = received()
    store.create(job, event)
    with pytest.raises(DuplicateError):
        store.create(job, event)


def test_a_lost_race_is_a_conflict(store: Store) -> None:
    job, event = received()
    store.create(job, event)
    after, following = ledger.append(job, submitted("job-1", NOW, {}), signature())
    store.change(job, after, following)
    with pytest.raises(ConflictError):
        store.change(job, after, following)
    with pytest.raises(ConflictError):
        store.amend(job, replace(job, claimed_until=0))


def cancelled(*codes: str) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    return refusal("ExecuteTransaction", "TransactionCanceledException", CancellationReasons=reasons)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (cancelled("DuplicateItem", "DuplicateItem"), DuplicateError),
        (cancelled("None", "DuplicateItem"), DuplicateError),
        (cancelled("ConditionalCheckFailed", "DuplicateItem"), ConflictError),
        (cancelled("ConditionalCheckFailed", "None"), ConflictError),
        (cancelled("None", "TransactionConflict"), ConflictError),
        (cancelled("ProvisionedThroughputExceeded", "None"), ThrottledError),
        (cancelled("None", "ThrottlingError"), ThrottledError),
        (cancelled("ValidationError", "None"), StoreError),
        (refusal("ExecuteTransaction", "ProvisionedThroughputExceededException"), ThrottledError),
        (refusal("ExecuteTransaction", "ThrottlingException"), ThrottledError),
        (refusal("ExecuteTransaction", "TransactionInProgressException"), ConflictError),
        (refusal("ExecuteTransaction", "IdempotentParameterMismatchException"), ConflictError),
        (refusal("ExecuteTransaction", "AccessDeniedException"), ClientError),
    ],
)
def test_every_refusal_has_its_type(dynamo: Dynamo, store: Store, error: ClientError, expected: type) -> None:
    dynamo.faults["ExecuteTransaction"] = [error]
    with pytest.raises(expected) as caught:
        store.create(*received())
    assert type(caught.value) is expected


def test_all_pages_of_the_active_index_are_read(dynamo: Dynamo, store: Store) -> None:
    job, event = received()
    ids = [f"{index:064x}" for index in range(2500)]
    for index, batch_id in enumerate(ids):
        when = f"2026-11-23T06:00:{index // 1000:02}.{index % 1000:03}Z"
        store.create(replace(job, batch_id=batch_id, received_at=when), replace(event, batch_id=batch_id))
    assert [found.batch_id for found in store.active("active-index")] == ids


@pytest.mark.parametrize("damage", [{"status": {"S": "LOST"}}, {"unknown": {"S": "x"}}])
def test_a_record_of_another_shape_is_an_error(dynamo: Dynamo, store: Store, damage: dict[str, Any]) -> None:
    job, event = received()
    store.create(job, event)
    dynamo.tables["jobs"][(job.batch_id,)].update(damage)
    with pytest.raises(StoreError, match=job.batch_id):
        store.get(job.batch_id)


def test_a_full_record_comes_back(store: Store) -> None:
    job, event = received()
    optional = dict.fromkeys(("job_id", "submitted_at", "reasons", "control", "reason", "duplicate_of"), "x")
    full: Job = replace(job, content_sha256="ab" * 32, lines=3, accepted=2, rejected=1, **optional)  # type: ignore[arg-type]
    store.create(full, event)
    assert store.get(job.batch_id) == full
    assert store.same_content("content-index", "ab" * 32) == [(job.received_at, job.batch_id)]
