"""What the deployed state says: the batches, their records, audit chains, archive copies, manifests and jobs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from stackproof.embedded.services.jobs import Job
from stackproof.embedded.session import Embedded, Stack
from stackproof.flow import chain
from stackproof.flow.scenario import Parts

_deserialize = TypeDeserializer().deserialize


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One uploaded object version, as every part of the system knows it."""

    batch_id: str
    key: str
    version_id: str
    record: Mapping[str, Any]
    events: list[Mapping[str, Any]]
    copies: Mapping[str, bytes]
    """The archive's objects of the batch: name -> the bytes of the first version."""
    manifests: list[Mapping[str, Any]]
    """Every version of the batch's manifest, the oldest first; more than one means published twice."""
    jobs: list[Job] = field(default_factory=list)

    @property
    def status(self) -> str:
        """The status in the record."""
        return str(self.record.get("status", "MISSING"))

    @property
    def statuses(self) -> list[str]:
        """Each status that the audit chain recorded, in order."""
        return [str(event["status"]) for event in self.events]

    @property
    def chain_breaks(self) -> list[str]:
        """What is wrong with the audit chain, the record's pointer to it and the archive's copy, in words."""
        found = chain.breaks(self.events) + chain.differences(self.events, self.copies)
        last = self.events[-1]["hash"] if self.events else None
        if self.record and self.record.get("last_hash") != last:
            found.append("the job record does not point to the last event")
        return found


class Observer:
    """Reads the state of a deployed stack as its operator."""

    def __init__(self, session: Embedded, stack: Stack, parts: Parts) -> None:
        self._session = session
        self._stack = stack
        self._parts = parts

    def name(self, part: str) -> str:
        """The physical id of the resource that plays a part."""
        return self._stack.resources[getattr(self._parts, part)].physical_id

    def records(self) -> list[dict[str, Any]]:
        """Every record of the jobs table."""
        pages = self._session.client("dynamodb").get_paginator("scan").paginate(TableName=self.name("jobs"))
        return [plain(item) for page in pages for item in page["Items"]]

    def active(self) -> list[dict[str, Any]]:
        """The records that are not settled."""
        return [record for record in self.records() if "active" in record]

    def batches(self) -> list[Batch]:
        """Every batch that the tables know, in the order received."""
        events = self._events()
        jobs = self._jobs()
        batches = [
            Batch(
                batch_id=record["batch_id"],
                key=record["key"],
                version_id=record["version_id"],
                record=record,
                events=events.get(record["batch_id"], []),
                copies=dict(self._copies(record["batch_id"])),
                manifests=list(self._manifests(record["batch_id"])),
                jobs=jobs.get(record["batch_id"], []),
            )
            for record in self.records()
        ]
        return sorted(batches, key=lambda b: (str(b.record["received_at"]), b.batch_id))

    def orphans(self) -> list[str]:
        """Batch ids that have audit events and no record: somebody appended what never happened."""
        return sorted(self._events().keys() - {record["batch_id"] for record in self.records()})

    def _events(self) -> dict[str, list[Mapping[str, Any]]]:
        found: dict[str, list[Mapping[str, Any]]] = {}
        pages = self._session.client("dynamodb").get_paginator("scan").paginate(TableName=self.name("audit"))
        for page in pages:
            for item in page["Items"]:
                event = plain(item)
                found.setdefault(event["batch_id"], []).append(event)
        return {batch: sorted(events, key=lambda e: int(e["sequence"])) for batch, events in found.items()}

    def _copies(self, batch_id: str) -> Iterator[tuple[str, bytes]]:
        prefix = f"audit/{batch_id}/"
        for key, versions in self._versions("archive", prefix).items():
            yield key.removeprefix(prefix), self._read("archive", key, versions[0])

    def _manifests(self, batch_id: str) -> Iterator[Mapping[str, Any]]:
        for key, versions in self._versions("results", f"manifests/{batch_id}.json").items():
            for version in versions:
                yield json.loads(self._read("results", key, version))

    def _versions(self, part: str, prefix: str) -> dict[str, list[str]]:
        """Version ids by key, the oldest first."""
        found: dict[str, list[tuple[Any, str]]] = {}
        pages = self._session.client("s3").get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self.name(part), Prefix=prefix):
            for version in page.get("Versions", []):
                found.setdefault(version["Key"], []).append((version["LastModified"], version["VersionId"]))
        return {key: [v for _, v in reversed(versions)] for key, versions in found.items()}

    def _read(self, part: str, key: str, version_id: str) -> bytes:
        answer = self._session.client("s3").get_object(Bucket=self.name(part), Key=key, VersionId=version_id)
        body: bytes = answer["Body"].read()
        return body

    def _jobs(self) -> dict[str, list[Job]]:
        """The jobs of AWS Batch by name, which is the batch id."""
        found: dict[str, list[Job]] = {}
        for job in self._session.batch.jobs():
            found.setdefault(job.name, []).append(job)
        return found


@dataclass(frozen=True, kw_only=True)
class Summary:
    """All values of one of the stack's own metrics; `unit` as CloudWatch names it."""

    unit: str
    count: int
    total: float
    maximum: float


def own_metrics(session: Embedded) -> dict[str, Summary]:
    """The stack's own metrics by name; those of AWS services are left out."""
    end = session.now() + timedelta(seconds=1)
    found: dict[str, Summary] = {}
    for metric in session.metrics.listed():
        if not metric.namespace.startswith("AWS/"):
            values = session.metrics.values(metric, start=session.world.start, end=end)
            unit = "/".join(session.metrics.units(metric))
            found[metric.name] = Summary(unit=unit, count=len(values), total=sum(values), maximum=max(values))
    return found


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item of DynamoDB as plain values; whole numbers become `int`."""
    values = {name: _deserialize(value) for name, value in item.items()}
    return {name: _number(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def _number(value: Decimal) -> int | Decimal:
    return int(value) if value == value.to_integral_value() else value
