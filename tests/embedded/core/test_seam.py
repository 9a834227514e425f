"""The call seam, the clock, the identities, faults and snapshots: what everything else hangs on."""

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from stackproof.embedded.clock import Clock
from stackproof.embedded.errors import AwsError, EmbeddedError, ProcessKilled
from stackproof.embedded.faults import Fault, FaultKind, Faults, parse
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.snapshot import MotoSnapshot
from stackproof.embedded.world import Account, World

START = datetime(2026, 11, 16, 8, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/worker"


@pytest.fixture
def world() -> Iterator[World]:
    world = World(account=Account(), start=START, seed=7)
    with mock_aws():
        parts = (world.ids, world.clock, world.seam)
        for part in parts:
            part.start()
        yield world
        for part in reversed(parts):
            part.stop()
        world.stack.close()


@pytest.fixture
def table(world: World) -> str:
    world.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return "t"


def worker(world: World, service: str, session: str = "w") -> Any:
    return world.client(service, world.identities.issue(ROLE, session))


def put(client: Any, key: str) -> None:
    client.put_item(TableName="t", Item={"k": {"S": key}})


def keys(world: World) -> set[str]:
    return {item["k"]["S"] for item in world.client("dynamodb").scan(TableName="t")["Items"]}


def test_a_call_carries_who_what_and_when(world: World, table: str) -> None:
    seen: list[tuple[Call, Answer]] = []
    world.seam.observe(lambda call, answer: seen.append((call, answer)))
    put(worker(world, "dynamodb"), "a")
    ((call, answer),) = seen
    assert (call.name, call.principal.arn, call.principal.session) == ("dynamodb:PutItem", ROLE, "w")
    assert (call.at, call.parameters["Item"]) == (START, {"k": {"S": "a"}})
    assert (answer.status, answer.error) == (200, None)


def test_threads_of_a_client_keep_their_owner(world: World) -> None:
    world.client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    owners: set[str] = set()
    world.seam.observe(lambda call, answer: owners.add(call.principal.session))
    client = worker(world, "s3", "threads")
    threads = [
        threading.Thread(target=client.put_object, kwargs={"Bucket": "bucket", "Key": str(n), "Body": b"x"})
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert owners == {"threads"}
    assert len(world.client("s3").list_objects_v2(Bucket="bucket")["Contents"]) == 8


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("dynamodb", "list_tables", {}),
        ("s3", "list_buckets", {}),
        ("sns", "list_topics", {}),
        ("sqs", "list_queues", {}),
        ("batch", "describe_job_queues", {}),
        ("ec2", "describe_vpcs", {}),
        ("iam", "list_roles", {}),
        ("kms", "list_keys", {}),
        ("events", "list_rules", {}),
        ("lambda", "list_functions", {}),
        ("logs", "describe_log_groups", {}),
    ],
)
def test_an_interceptors_error_reaches_the_client_in_each_protocol(
    world: World, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    def refuse(call: Call) -> None:
        raise AwsError("NoWay", "because <of> & reasons", status=418)

    world.seam.intercept(refuse)
    with pytest.raises(ClientError) as error:
        getattr(world.client(service), operation)(**arguments)
    assert error.value.response["Error"]["Code"] == "NoWay"
    assert error.value.response["Error"]["Message"] == "because <of> & reasons"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 418


def test_an_unknown_key_is_refused(world: World) -> None:
    import boto3

    stranger = boto3.client("sts", "eu-central-1", aws_access_key_id="AKIASTRANGER", aws_secret_access_key="x")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        stranger.get_caller_identity()


def test_what_can_not_be_emulated_breaks_the_session_even_if_the_caller_swallows_it(world: World) -> None:
    def give_up(call: Call) -> None:
        raise EmbeddedError("no emulation of this")

    world.seam.intercept(give_up)
    with contextlib.suppress(Exception):
        world.client("s3").list_buckets()
    assert str(world.seam.broken) == "no emulation of this"


# ------------------------------------------------------------------------------------------------------------- faults


def test_a_throttled_call_is_retried_below_the_seam_and_counted(world: World, table: str) -> None:
    faults = Faults(world)
    faults.arm(Fault(kind=FaultKind.THROTTLE, service="dynamodb", operation="PutItem", times=2))
    before = world.clock.now()
    put(worker(world, "dynamodb"), "a")
    assert keys(world) == {"a"}
    assert [hits for _, hits in faults.hits()] == [2]
    assert world.clock.now() > before, "the client's waiting takes session time"


def test_an_answer_lost_after_the_write(world: World, table: str) -> None:
    Faults(world).arm(Fault(kind=FaultKind.FAIL_AFTER, operation="PutItem", times=None))
    credentials = world.identities.issue(ROLE, "once")
    import boto3

    client = boto3.client(
        "dynamodb",
        "eu-central-1",
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ClientError, match="InternalServerError"):
        put(client, "a")
    assert keys(world) == {"a"}


@pytest.mark.parametrize(("kind", "left"), [(FaultKind.KILL_BEFORE, set()), (FaultKind.KILL_AFTER, {"a"})])
def test_a_killed_process_has_no_effect_any_more(world: World, table: str, kind: FaultKind, left: set[str]) -> None:
    Faults(world).arm(Fault(kind=kind, operation="PutItem"))
    client = worker(world, "dynamodb")

    def process() -> None:
        try:
            put(client, "a")
        except Exception:
            put(client, "handled")
        finally:
            put(client, "cleaned up")

    with pytest.raises(ProcessKilled):
        process()
    assert keys(world) == left
    put(worker(world, "dynamodb", "another process"), "b")
    assert keys(world) == left | {"b"}


def test_a_delay_takes_session_time(world: World, table: str) -> None:
    Faults(world).arm(Fault(kind=FaultKind.DELAY, operation="PutItem", seconds=90))
    put(worker(world, "dynamodb"), "a")
    assert world.clock.now() == START + timedelta(seconds=90)


def test_faults_meet_only_what_they_name(world: World, table: str) -> None:
    faults = Faults(world)
    faults.arm(Fault(kind=FaultKind.DENY, operation="PutItem", where={"Item": "'b'"}, skip=1))
    client = worker(world, "dynamodb")
    for key in ("a", "b"):
        put(client, key)
    with pytest.raises(ClientError, match="AccessDenied"):
        put(client, "b")
    put(world.client("dynamodb"), "b")  # the operator is never hit
    assert [hits for _, hits in faults.hits()] == [1]


@pytest.mark.parametrize("data", [{"kind": "explode"}, {}, {"kind": "deny", "oepration": "x"}], ids=str)
def test_a_fault_that_is_not_understood_is_named(data: dict[str, Any]) -> None:
    with pytest.raises(EmbeddedError):
        parse(data)


# -------------------------------------------------------------------------------------------------------------- clock


def test_handlers_sleep_and_ids_are_the_sessions(world: World) -> None:
    assert datetime.now(UTC) == START
    time.sleep(30)
    assert time.time() == START.timestamp() + 30
    assert uuid.uuid4() == World(account=Account(), start=START, seed=7).ids.uuid4()


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(EmbeddedError, match="time zone"):
        Clock(datetime(2026, 1, 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 500), max_size=20), st.lists(st.integers(0, 120), min_size=1, max_size=8))
def test_timers_run_at_their_instant_and_in_order(delays: list[int], steps: list[int]) -> None:
    clock = Clock(START)
    ran: list[tuple[int, datetime]] = []
    clock.on("tick", lambda payload: ran.append((payload["delay"], clock.now())))
    for delay in delays:
        clock.after(delay, "tick", delay=delay)
    for step in steps:
        clock.advance(step)
    due = sorted(d for d in delays if d <= sum(steps))
    assert ran == [(delay, START + timedelta(seconds=delay)) for delay in due]
    assert clock.now() == START + timedelta(seconds=sum(steps))


def test_a_leap_runs_what_was_due_late_and_what_recurs_once() -> None:
    clock = Clock(START)
    ran: list[datetime] = []

    def tick(payload: Any) -> None:
        ran.append(clock.now())
        clock.after(60, "tick")

    clock.on("tick", tick)
    clock.after(60, "tick")
    clock.leap(3600)
    assert ran == [START + timedelta(hours=1)]


# ----------------------------------------------------------------------------------------------------------- snapshot


def test_a_snapshot_brings_back_what_was_and_forgets_what_came_since(world: World, table: str) -> None:
    s3 = world.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="bucket", Key="k", Body=b"before")
    put(world.client("dynamodb"), "a")
    key = world.client("kms").create_key()["KeyMetadata"]["KeyId"]
    snapshot = MotoSnapshot(regions={"eu-central-1"})
    for _ in range(2):
        s3.put_object(Bucket="bucket", Key="k", Body=b"after")
        put(world.client("dynamodb"), "b")
        world.client("sqs").create_queue(QueueName="new")
        snapshot.restore()
        assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"before"
        assert keys(world) == {"a"}
        assert world.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
        assert "QueueUrls" not in world.client("sqs").list_queues()
