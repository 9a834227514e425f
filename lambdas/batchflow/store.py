"""The jobs and the audit table.

A job's change and its audit event are one transaction. Everything is written by PartiQL, because INSERT is the only
write of DynamoDB that can never replace an item and that IAM can grant by itself (`dynamodb:PartiQLInsert`): with
PutItem a role could rewrite history. All values are bound; names of attributes are quoted, as some are reserved words;
UPDATE has one SET or REMOVE for each attribute, which is the documented syntax.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from batchflow.errors import ConflictError, DuplicateError, StoreError, ThrottledError
from batchflow.model import AuditEvent, Job, Status

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()

CONFLICTS = {"ConditionalCheckFailed", "TransactionConflict", "TransactionInProgress", "IdempotentParameterMismatch"}
THROTTLES = {"ProvisionedThroughputExceeded", "ThrottlingError", "Throttling", "RequestLimitExceeded"}


class Store:
    """Access to both tables; every error is a StoreError, unless AWS refused the request itself."""

    def __init__(self, dynamodb: Any, jobs: str, audit: str) -> None:
        self._dynamodb = dynamodb
        self._jobs = jobs
        self._audit = audit

    def get(self, batch_id: str) -> Job | None:
        """Return the record of a batch as it is now, None if there is none."""
        answer = self._dynamodb.get_item(TableName=self._jobs, Key=_item({"batch_id": batch_id}), ConsistentRead=True)
        return _job(answer["Item"]) if "Item" in answer else None

    def active(self, index: str) -> Iterator[Job]:
        """Yield the active jobs, the oldest first. The index may lag a moment behind the table."""
        for item in self._query(self._jobs, "active", "ACTIVE", IndexName=index):
            yield _job(item)

    def same_content(self, index: str, content_sha256: str) -> list[tuple[str, str]]:
        """Return (received_at, batch_id) of all batches with this content, the oldest first; the index may lag."""
        found = (_plain(item) for item in self._query(self._jobs, "content_sha256", content_sha256, IndexName=index))
        return sorted((item["received_at"], item["batch_id"]) for item in found)

    def events(self, batch_id: str) -> list[AuditEvent]:
        """Return the audit events of a batch, in order. Expired ones may or may not be among them."""
        found = self._query(self._audit, "batch_id", batch_id, ConsistentRead=True)
        return [AuditEvent(**_plain(item)) for item in found]

    def create(self, job: Job, event: AuditEvent) -> None:
        """Record a new batch and its first event; DuplicateError if the batch is recorded already."""
        self._transact([_insert(self._jobs, _attributes(job)), _insert(self._audit, asdict(event))])

    def change(self, before: Job, after: Job, event: AuditEvent) -> None:
        """Record a change and its event; ConflictError if the record is no longer as it was `before`."""
        update = _update(self._jobs, before, after, {"sequence": before.sequence})
        self._transact([update, _insert(self._audit, asdict(event))])

    def amend(self, before: Job, after: Job) -> None:
        """Write what is no change of status and no event (a lease, the active mark); ConflictError as in `change`."""
        condition = {"sequence": before.sequence, "claimed_until": before.claimed_until}
        with _typed_refusals():
            self._dynamodb.execute_statement(**_update(self._jobs, before, after, condition))

    def _query(self, table: str, name: str, value: str, **options: Any) -> Iterator[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=table,
            KeyConditionExpression="#name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": {"S": value}},
            **options,
        )
        for page in pages:
            yield from page["Items"]

    def _transact(self, statements: list[dict[str, Any]]) -> None:
        # The client makes up the idempotency token: one for a call and its retries. A token made from the content would
        # tell twins that write the same content in the same instant that each of them was the first.
        with _typed_refusals():
            self._dynamodb.execute_transaction(TransactStatements=statements)


@contextmanager
def _typed_refusals() -> Iterator[None]:
    """Raise a refusal as the StoreError that it amounts to; a ClientError that is none of them passes as it is."""
    try:
        yield
    except ClientError as error:
        if (typed := _typed(error)) is None:
            raise
        raise typed from error


def _typed(error: ClientError) -> StoreError | None:
    """Return what a refusal amounts to, None if it says nothing of the items.

    A lost race shows as a failed condition of the record, and often as a duplicate event beside it.
    """
    reasons = {reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])} - {"None"}
    codes = reasons | {error.response["Error"]["Code"].removesuffix("Exception")}
    if codes & CONFLICTS:
        return ConflictError("the record changed since it was read")
    if codes & THROTTLES:
        return ThrottledError("the tables are out of capacity")
    if "DuplicateItem" in codes:
        return DuplicateError("the batch, or an audit event of this number, is recorded already")
    return StoreError(f"transaction refused: {', '.join(sorted(reasons))}") if reasons else None


def _insert(table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    names = ", ".join(f"'{name}': ?" for name in values)
    return {"Statement": f'INSERT INTO "{table}" VALUE {{{names}}}', "Parameters": _bound(values.values())}


def _update(table: str, before: Job, after: Job, condition: Mapping[str, Any]) -> dict[str, Any]:
    old, new = _attributes(before), _attributes(after)
    changed = {name: value for name, value in new.items() if old.get(name) != value}
    paths = [f'SET "{name}"=?' for name in changed] + [f'REMOVE "{name}"' for name in old if name not in new]
    where = {"batch_id": before.batch_id, **condition}
    clause = " AND ".join(f'"{name}"=?' for name in where)
    return {
        "Statement": f'UPDATE "{table}" {" ".join(paths)} WHERE {clause}',
        "Parameters": _bound([*changed.values(), *where.values()]),
    }


def _bound(values: Any) -> list[dict[str, Any]]:
    return [_serializer.serialize(value) for value in values]


def _item(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _serializer.serialize(value) for name, value in values.items()}


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item with whole numbers as int; the tables hold no others."""
    return {name: int(value["N"]) if "N" in value else _deserializer.deserialize(value) for name, value in item.items()}


def _attributes(job: Job) -> dict[str, Any]:
    """Return the attributes of a record; a status is text there, and None is absence."""
    return {
        name: str(value) if isinstance(value, Status) else value
        for name, value in asdict(job).items()
        if value is not None
    }


def _job(item: Mapping[str, Any]) -> Job:
    values = _plain(item)
    try:
        return Job(**{**values, "status": Status(values["status"])})
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"job record {values.get('batch_id')!r} is not as this code writes it: {error}") from None
