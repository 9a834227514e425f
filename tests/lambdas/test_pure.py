"""Intake, plan, ledger and manifest: what they take, and what they refuse."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchflow import clock, intake, ledger
from batchflow import manifest as manifests
from batchflow.errors import EventError, ManifestError
from batchflow.model import Status, Upload
from batchflow.plan import Step, lease_end, plan
from tests.lambdas.conftest import manifest, record
from tests.lambdas.samples import NOW, received, signature

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda key: len(key.encode()) <= 1024)


@given(KEYS)
def test_any_key_arrives_as_it_was_written(key: str) -> None:
    (upload,) = intake.read({"Records": [record(quote_plus(key))]}).uploads
    assert upload.key == key


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("incoming/red+flower.csv", "incoming/red flower.csv"),
        ("incoming/a%2Bb.csv", "incoming/a+b.csv"),
        ("incoming/100%25.csv", "incoming/100%.csv"),
        ("incoming/%C3%BCber/%E9%8A%80.csv", "incoming/über/銀.csv"),
        ("incoming/" + "x" * 1015, "incoming/" + "x" * 1015),
        ("incoming/%2541.csv", "incoming/%41.csv"),
    ],
)
def test_keys_are_form_decoded_once(encoded: str, key: str) -> None:
    (upload,) = intake.read({"Records": [record(encoded)]}).uploads
    assert upload.key == key


@pytest.mark.parametrize("event", [None, [], {}, {"Records": []}, {"Records": {}}, {"source": "aws.events"}])
def test_an_event_of_no_known_form_is_refused(event: Any) -> None:
    with pytest.raises(EventError, match="event"):
        intake.read(event)


@pytest.mark.parametrize("ids", [None, [], "ab", ["x" * 64], ["AB" * 32], [1]])
def test_a_hand_over_names_batch_ids(ids: Any) -> None:
    with pytest.raises(EventError, match="batch_ids"):
        intake.read({"source": "batchflow.monitor", "batch_ids": ids})


def test_a_hand_over_is_read_without_repetitions() -> None:
    asked = intake.read({"source": "batchflow.monitor", "batch_ids": ["0a" * 32, "0b" * 32, "0a" * 32]})
    assert asked == intake.Intake(batch_ids=("0a" * 32, "0b" * 32))


def without(*path: str) -> dict[str, Any]:
    """A record that lacks one of its parts."""
    whole = record()
    part: Any = whole
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    return whole


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (7, "no JSON object"),
        (without("eventName"), "no eventName"),
        (without("s3"), "no S3 object in it (KeyError)"),
        (without("s3", "bucket", "name"), "no S3 object in it (KeyError)"),
        (without("s3", "object", "key"), "no S3 object in it (KeyError)"),
        (without("s3", "object", "size"), "no S3 object in it (KeyError)"),
        (record(size="many"), "no S3 object in it (ValueError)"),
        (record("a%FF.csv"), "no S3 object in it (UnicodeDecodeError)"),
        (record("a\ud800.csv"), "no S3 object in it (UnicodeEncodeError)"),
        (record(size=-1), "empty or wrong"),
        (record(version=None), "no version"),
        (record(version=""), "no version"),
        (record(version="null"), "no version"),
    ],
)
def test_a_malformed_record_spoils_no_other(item: Any, why: str) -> None:
    asked = intake.read({"Records": [record("good.csv"), item, record("better.csv")]})
    assert [upload.key for upload in asked.uploads] == ["good.csv", "better.csv"]
    assert asked.malformed is not None
    assert list(asked.malformed) == ["Records[1]"]
    assert why in asked.malformed["Records[1]"]


def test_what_needs_no_work_is_ignored() -> None:
    assert intake.read({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "inbox"}).ignored
    marker = intake.read({"Records": [record("incoming/2026/", size=0)]})
    assert (marker.uploads, marker.ignored) == ((), ("a folder marker, no file",))
    removed = intake.read({"Records": [record() | {"eventName": "ObjectRemoved:Delete"}]})
    assert (removed.uploads, removed.ignored) == ((), ("event 'ObjectRemoved:Delete' creates no object",))


def test_a_repeated_record_is_one_upload() -> None:
    assert len(intake.read({"Records": [record(), record(sequencer="0B")]}).uploads) == 1


@given(st.tuples(KEYS, KEYS, KEYS), st.tuples(KEYS, KEYS, KEYS))
def test_batch_ids_tell_uploads_apart(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    def batch_id(parts: tuple[str, str, str]) -> str:
        return Upload(bucket=parts[0], key=parts[1], version_id=parts[2], size=1, sequencer="").batch_id

    assert (batch_id(one) == batch_id(other)) == (one == other) or any("\0" in part for part in (*one, *other))


def test_plan_goes_by_the_lease() -> None:
    job, _ = received()
    assert plan(job, job.claimed_until - 1) is Step.WAIT
    assert plan(job, job.claimed_until) is Step.CLAIM
    for status in set(Status) - {Status.RECEIVED}:
        assert plan(replace(job, status=status), 0) is Step.DONE


@given(st.integers(0, 2**33), st.integers(-1000, 900_000))
def test_a_lease_outlives_its_holder(now: int, remaining: int) -> None:
    assert lease_end(now, remaining) - 60 >= now + remaining / 1000


def test_an_event_links_to_the_one_before() -> None:
    job, event = received()
    assert (event.sequence, event.previous_status, event.previous_hash) == (1, "NONE", "0" * 64)
    change = ledger.Change(status=Status.FAILED, detail={"b": 1, "a": "ü"}, fields={"reason": "lost"})
    after, following = ledger.append(job, change, signature(NOW + timedelta(seconds=1)))
    assert (after.status, after.sequence, after.reason) == (Status.FAILED, 2, "lost")
    assert (following.previous_hash, following.previous_status) == (event.hash, "RECEIVED")
    assert following.detail == '{"a":"\\u00fc","b":1}'
    assert following.at == after.updated_at == "2026-11-23T06:00:01.000Z"
    assert following.expires_at == int(NOW.timestamp()) + 1 + 365 * 86_400
    assert after.last_hash == following.hash


@pytest.mark.parametrize("name", ["batch_id", "sequence", "status", "detail", "at", "actor", "previous_hash"])
def test_no_attribute_can_be_altered_unseen(name: str) -> None:
    event = asdict(received()[1])
    assert ledger.digest(event) == event["hash"]
    assert ledger.digest({**event, name: "other"}) != event["hash"]


def test_the_archived_event_is_its_own_proof() -> None:
    event = received()[1]
    stored = json.loads(ledger.document(event))
    assert stored == asdict(event)
    assert ledger.digest(stored) == stored["hash"]


@given(st.datetimes(), st.datetimes())
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    first, second = (clock.iso(moment.replace(tzinfo=UTC)) for moment in (one, other))
    assert (one < other) >= (first < second)
    assert abs(clock.parse(first) - one.replace(tzinfo=UTC)) < timedelta(milliseconds=1)


BATCH = "0f" * 32


def parse(**more: Any) -> manifests.Manifest:
    return manifests.parse(json.dumps(manifest(BATCH) | more).encode(), BATCH)


def test_a_manifest_is_read() -> None:
    found = parse()
    assert (found.outcome, found.lines, found.accepted, found.rejected) == (manifests.Outcome.PROCESSED, 10, 9, 1)
    assert json.loads(found.reasons) == {"AMOUNT": 1}
    assert found.control_matches
    assert found.seconds == 5.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"schema": "batchflow.manifest/2"},
        {"batch_id": "1f" * 32},
        {"outcome": "done"},
        {"lines": 11},
        {"lines": -1},
        {"accepted": "9"},
        {"accepted": True},
        {"sha256": "ab"},
        {"sha256": None},
        {"control": {}},
        {"control": {"matches": "yes"}},
        {"reasons": []},
        {"seconds": "long"},
        {"file_reason": 7},
    ],
)
def test_a_wrong_manifest_is_an_error_and_no_absence(wrong: dict[str, Any]) -> None:
    with pytest.raises(ManifestError, match=f"manifest of {BATCH}"):
        parse(**wrong)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_no_manifest_at_all(body: bytes) -> None:
    with pytest.raises(ManifestError, match=f"manifest of {BATCH}"):
        manifests.parse(body, BATCH)
