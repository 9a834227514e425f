"""The handlers over the fakes: the ways a batch can go, and the ways it can go wrong."""

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from batchflow import ledger, settings, submit
from batchflow.errors import EventError, PartialFailure, SettingError
from batchflow.model import Upload
from tests.lambdas.conftest import World, record
from tests.lambdas.fakes import Context, refusal

STOPPED: dict[str, Any] = {"attempts": [{"startedAt": 1, "stoppedAt": 2}]}


def identity(key: str = "incoming/a.csv", version: str = "v1") -> str:
    return Upload(bucket="inbox", key=key, version_id=version, size=1, sequencer="").batch_id


BATCH = identity()


def trail(world: World, batch_id: str = BATCH) -> list[str]:
    return [event["status"] for event in world.dynamo.trail(batch_id)]


def check_settled(world: World, batch_id: str = BATCH) -> None:
    """The chain is whole, the archive has it all, and the job is off the active index."""
    events = world.dynamo.trail(batch_id)
    job = world.dynamo.job(batch_id)
    assert "active" not in job
    assert [event["sequence"] for event in events] == list(range(1, job["sequence"] + 1))
    assert [event["hash"] for event in events] == [ledger.digest(event) for event in events]
    assert [event["previous_hash"] for event in events] == ["0" * 64, *(event["hash"] for event in events[:-1])]
    assert job["last_hash"] == events[-1]["hash"]
    for event in events:
        copy = world.s3.objects[("archive", f"audit/{batch_id}/{event['sequence']:08d}.json")]
        assert json.loads(copy) == event


def submitted(world: World) -> None:
    world.upload(record())
    world.metrics()


# Submit


def test_upload_to_success_by_events(world: World) -> None:
    world.upload(record())
    assert world.metrics() == {"JobsSubmitted": [1]}
    for status in ("RUNNABLE", "STARTING", "RUNNING"):
        world.event(world.move(status))
        assert world.dynamo.job(BATCH)["status"] == status
    world.publish(BATCH)
    world.event(world.move("SUCCEEDED", **STOPPED, container={"exitCode": 0}))
    job = world.dynamo.job(BATCH)
    assert (job["status"], job["lines"], job["accepted"], job["rejected"]) == ("SUCCEEDED", 10, 9, 1)
    assert json.loads(job["reasons"]) == {"AMOUNT": 1}
    assert json.loads(job["control"])["matches"] is True
    assert [(e["previous_status"], e["status"], e["actor"]) for e in world.dynamo.trail(BATCH)] == [
        ("NONE", "RECEIVED", "batchflow.submit"),
        ("RECEIVED", "SUBMITTED", "batchflow.submit"),
        ("SUBMITTED", "RUNNABLE", "batchflow.monitor"),
        ("RUNNABLE", "STARTING", "batchflow.monitor"),
        ("STARTING", "RUNNING", "batchflow.monitor"),
        ("RUNNING", "SUCCEEDED", "batchflow.monitor"),
    ]
    check_settled(world)
    assert world.metrics() == {
        "JobsSucceeded": [1],
        "TransactionsAccepted": [9],
        "TransactionsRejected": [1],
        "RejectedShare": [10],
        "Throughput": [2],
    }


def test_what_the_job_is_told(world: World) -> None:
    world.upload(record("incoming/red+flower%2B%C3%BC.csv"))
    (request,) = world.batch.made("SubmitJob")
    key = "incoming/red flower+ü.csv"
    assert request == {
        "jobName": identity(key),
        "jobQueue": "arn:aws:batch:eu-central-1:123456789012:job-queue/fin-queue",
        "jobDefinition": "fin-processor",
        "tags": {"Owner": "payments"},
        "containerOverrides": {
            "environment": [
                {"name": "BATCH_ID", "value": identity(key)},
                {"name": "INPUT_BUCKET", "value": "inbox"},
                {"name": "INPUT_KEY", "value": key},
                {"name": "INPUT_VERSION_ID", "value": "v1"},
                {"name": "RESULTS_BUCKET", "value": "results"},
            ]
        },
    }
    received = world.dynamo.trail(identity(key))[0]
    assert json.loads(received["detail"]) == {
        "bucket": "inbox",
        "key": key,
        "version_id": "v1",
        "size": 10,
        "sequencer": "0A",
    }


def test_a_delivery_again_is_no_second_job(world: World) -> None:
    for _ in range(3):
        world.upload(record(), record(sequencer="0B"))
        world.pass_time(minutes=10)
    assert list(world.batch.jobs) == ["job-1"]
    assert trail(world) == ["RECEIVED", "SUBMITTED"]


def test_a_new_version_is_a_new_batch(world: World) -> None:
    world.upload(record(), record(version="v2"))
    assert {job["jobName"] for job in world.batch.jobs.values()} == {BATCH, identity(version="v2")}


def test_a_twin_during_the_lease_waits(world: World) -> None:
    world.batch.faults["SubmitJob"] = [ReadTimeoutError(endpoint_url="batch")]
    with pytest.raises(PartialFailure, match=f"{BATCH}: UncertainError: SubmitJob: ReadTimeoutError"):
        world.upload(record())
    world.upload(record())
    assert not world.batch.jobs
    assert trail(world) == ["RECEIVED"]
    assert world.metrics() == {"SubmissionErrors": [1]}


def test_after_a_lost_answer_the_job_is_found_and_not_made_again(world: World) -> None:
    world.batch.faults["SubmitJob"] = [ReadTimeoutError(endpoint_url="batch")]
    with pytest.raises(PartialFailure):
        world.upload(record())
    for _ in range(2):  # it was made after all, even twice; and a job of another name is listed beside it
        world.batch.submit_job(jobName=BATCH, jobQueue="q", jobDefinition="d")
    world.batch.submit_job(jobName=BATCH.upper(), jobQueue="q", jobDefinition="d")
    world.pass_time(minutes=3)
    world.tick()
    world.hand_over()
    assert world.dynamo.job(BATCH)["job_id"] == "job-1"
    assert len(world.batch.made("SubmitJob")) == 4
    assert json.loads(world.dynamo.trail(BATCH)[-1]["detail"])["found"] == "a job of this name"


def test_a_refusal_releases_the_lease_so_that_the_retry_goes_on_at_once(world: World) -> None:
    world.batch.faults["SubmitJob"] = [refusal("SubmitJob", "ClientException")]
    with pytest.raises(PartialFailure, match=f"{BATCH}: RefusedError: SubmitJob: ClientException"):
        world.upload(record())
    assert world.dynamo.job(BATCH)["claimed_until"] == 0
    world.upload(record())
    assert trail(world) == ["RECEIVED", "SUBMITTED"]
    assert len(world.batch.made("ListJobs")) == 1
    assert world.metrics() == {"SubmissionErrors": [1], "JobsSubmitted": [1]}


def test_a_failing_service_keeps_the_lease(world: World) -> None:
    world.batch.faults["SubmitJob"] = [refusal("SubmitJob", "ServerException", 500)]
    with pytest.raises(PartialFailure, match="UncertainError"):
        world.upload(record())
    assert world.dynamo.job(BATCH)["claimed_until"] > world.now.timestamp()


def test_throttling_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("batchflow.batch.time.sleep", pauses.append)
    world.batch.faults["SubmitJob"] = [refusal("SubmitJob", "TooManyRequestsException", 429) for _ in range(2)]
    world.upload(record())
    assert pauses == [0.2, 0.6]
    assert trail(world) == ["RECEIVED", "SUBMITTED"]


def test_one_record_never_loses_the_others(world: World) -> None:
    world.batch.faults["SubmitJob"] = [refusal("SubmitJob", "ClientException")]
    with pytest.raises(PartialFailure) as caught:
        world.upload(record("a.csv"), record("bad.csv", version="null"), record("b.csv"), record("c.csv"))
    assert set(caught.value.failures) == {"Records[1]", identity("a.csv")}
    assert {job["jobName"] for job in world.batch.jobs.values()} == {identity("b.csv"), identity("c.csv")}
    assert world.metrics() == {"JobsSubmitted": [1, 1], "SubmissionErrors": [2]}


def test_no_record_is_begun_without_time_for_it(world: World) -> None:
    left = iter([60_000, 60_000, 4_000])
    with pytest.raises(PartialFailure, match=f"{identity('b.csv')}: not tried: no time left"):
        world.upload(record("a.csv"), record("b.csv"), remaining=lambda: next(left))
    assert [job["jobName"] for job in world.batch.jobs.values()] == [identity("a.csv")]


def test_the_monitor_may_be_faster_than_submit_s_own_record(world: World) -> None:
    real = world.batch.submit_job

    def submit_job(**parameters: Any) -> Any:
        answer = real(**parameters)
        world.event(world.move("RUNNABLE"))
        return answer

    world.batch.submit_job = submit_job  # type: ignore[method-assign]
    world.upload(record())
    assert trail(world) == ["RECEIVED", "SUBMITTED", "RUNNABLE"]
    assert world.dynamo.trail(BATCH)[1]["actor"] == "batchflow.monitor"
    assert world.metrics() == {"JobsSubmitted": [1]}


def test_a_conflict_of_transactions_is_tried_again(world: World) -> None:
    conflict = refusal(
        "ExecuteTransaction",
        "TransactionCanceledException",
        CancellationReasons=[{"Code": "TransactionConflict"}, {"Code": "None"}],
    )
    real = world.batch.submit_job

    def submit_job(**parameters: Any) -> Any:
        world.dynamo.faults["ExecuteTransaction"] = [conflict]
        return real(**parameters)

    world.batch.submit_job = submit_job  # type: ignore[method-assign]
    world.upload(record())
    assert trail(world) == ["RECEIVED", "SUBMITTED"]


def test_a_failed_archive_write_stops_nothing_but_is_reported(world: World) -> None:
    world.s3.faults["PutObject"] = [refusal("PutObject", "AccessDenied", 403)]
    with pytest.raises(PartialFailure, match=f"archive of {BATCH} event 1: PutObject: AccessDenied"):
        world.upload(record())
    assert trail(world) == ["RECEIVED", "SUBMITTED"]
    world.event(world.move("FAILED", **STOPPED, statusReason="gone"))
    check_settled(world)


@pytest.mark.parametrize("event", [{}, {"Records": [record(version=None)]}, {"source": "batchflow.monitor"}])
def test_a_malformed_event_is_an_error_and_counted(world: World, event: dict[str, Any]) -> None:
    with pytest.raises((EventError, PartialFailure)):
        submit.handler(event, Context())  # type: ignore[arg-type]
    assert world.metrics() == {"SubmissionErrors": [1]}
    assert not world.dynamo.calls


def test_what_needs_no_work_makes_no_call(world: World) -> None:
    submit.handler({"Service": "Amazon S3", "Event": "s3:TestEvent"}, Context())  # type: ignore[arg-type]
    world.upload(record("incoming/", size=0))
    assert not world.dynamo.calls
    assert world.metrics() == {}


def test_a_batch_without_a_record_is_an_error(world: World) -> None:
    with pytest.raises(PartialFailure, match=f"{BATCH}: StoreError: batch {BATCH} has no job record"):
        submit.handler({"source": "batchflow.monitor", "batch_ids": [BATCH]}, Context())  # type: ignore[arg-type]


def test_a_twin_that_takes_over_first_is_left_to_it(world: World) -> None:
    world.batch.faults["SubmitJob"] = [refusal("SubmitJob", "ClientException")]
    with pytest.raises(PartialFailure):
        world.upload(record())
    world.dynamo.faults["ExecuteStatement"] = [refusal("ExecuteStatement", "ConditionalCheckFailedException")]
    world.upload(record())
    assert trail(world) == ["RECEIVED"]
    assert not world.batch.jobs


def test_a_lease_that_cannot_be_released_runs_out(world: World) -> None:
    world.batch.faults["SubmitJob"] = [refusal("SubmitJob", "ClientException")]
    world.dynamo.faults["ExecuteStatement"] = [refusal("ExecuteStatement", "ThrottlingException")]
    with pytest.raises(PartialFailure, match="RefusedError"):
        world.upload(record())
    world.upload(record())
    assert not world.batch.jobs
    world.pass_time(minutes=2)
    world.upload(record())
    assert trail(world) == ["RECEIVED", "SUBMITTED"]


def test_a_record_that_will_not_keep_still_is_left_to_the_monitor(world: World) -> None:
    real = world.batch.submit_job
    reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}]

    def submit_job(**parameters: Any) -> Any:
        world.dynamo.faults["ExecuteTransaction"] = [
            refusal("ExecuteTransaction", "TransactionCanceledException", CancellationReasons=reasons) for _ in range(3)
        ]
        return real(**parameters)

    world.batch.submit_job = submit_job  # type: ignore[method-assign]
    with pytest.raises(PartialFailure, match=f"job job-1 of batch {BATCH} is not recorded yet"):
        world.upload(record())
    world.event(world.move("RUNNING"))
    assert trail(world) == ["RECEIVED", "SUBMITTED", "RUNNING"]


def test_a_second_job_of_one_batch_is_noted_and_does_no_harm(world: World) -> None:
    real = world.batch.submit_job

    def submit_job(**parameters: Any) -> Any:
        real(**parameters)
        world.event(world.move("RUNNABLE"))
        return real(**parameters)

    world.batch.submit_job = submit_job  # type: ignore[method-assign]
    world.upload(record())
    world.event(world.move("FAILED", "job-2", **STOPPED))
    assert world.dynamo.job(BATCH)["job_id"] == "job-1"
    assert trail(world) == ["RECEIVED", "SUBMITTED", "RUNNABLE"]
    world.publish(BATCH)
    world.event(world.move("SUCCEEDED", "job-2", **STOPPED))
    assert trail(world) == ["RECEIVED", "SUBMITTED", "RUNNABLE", "SUCCEEDED"]
    check_settled(world)


# Settings


@pytest.mark.parametrize(
    "name", ["JOBS_TABLE", "AUDIT_RETENTION_DAYS", "JOB_TAGS", "JOB_QUEUE", "POWERTOOLS_METRICS_NAMESPACE"]
)
def test_a_missing_setting_is_named(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(SettingError, match=f"environment variable {name} is missing"):
        world.upload(record())


@pytest.mark.parametrize(
    ("name", "value"),
    [("AUDIT_RETENTION_DAYS", "-1"), ("AUDIT_RETENTION_DAYS", "x"), ("JOB_TAGS", "{"), ("JOB_TAGS", "[]")],
)
def test_a_wrong_setting_is_named(world: World, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=f"environment variable {name}"):
        world.upload(record())


def test_settings_are_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = settings.monitor_settings()
    monkeypatch.delenv("ACTIVE_INDEX")
    assert settings.monitor_settings() is first


# Monitor: events


def test_a_retried_host_loss(world: World) -> None:
    submitted(world)
    lost = {"startedAt": 1, "stoppedAt": 2, "statusReason": "Host EC2 (instance i-1) terminated."}
    late = world.move("RUNNING")
    world.event(late)
    world.event(world.move("RUNNABLE", attempts=[lost]))
    world.event(late)
    world.event(world.move("RUNNING", attempts=[lost]))
    world.publish(BATCH)
    world.event(world.move("SUCCEEDED", attempts=[lost, {"startedAt": 3, "stoppedAt": 4}]))
    world.event(late)
    assert trail(world) == ["RECEIVED", "SUBMITTED", "RUNNING", "RUNNABLE", "RUNNING", "SUCCEEDED"]
    check_settled(world)


def test_the_manifest_wins_over_a_host_lost_after_publishing(world: World) -> None:
    submitted(world)
    world.publish(BATCH)
    world.event(world.move("FAILED", **STOPPED, statusReason="Host EC2 (instance i-1) terminated."))
    assert world.dynamo.job(BATCH)["status"] == "SUCCEEDED"
    assert "JobsFailed" not in world.metrics()


def test_a_rejected_file(world: World) -> None:
    submitted(world)
    world.publish(BATCH, "rejected", accepted=0, rejected=0, lines=0, reasons={}, file_reason="TRAILER_SUM")
    world.event(world.move("FAILED", **STOPPED, container={"exitCode": 65}))
    job = world.dynamo.job(BATCH)
    assert (job["status"], job["reason"]) == ("REJECTED", "TRAILER_SUM")
    assert json.loads(world.dynamo.trail(BATCH)[-1]["detail"])["exit_code"] == 65
    assert world.metrics() == {"JobsRejected": [1], "ControlTotalMismatch": [1]}
    check_settled(world)


def test_a_failure_says_why(world: World) -> None:
    submitted(world)
    container = {"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}
    world.event(world.move("FAILED", **STOPPED, statusReason="Essential container in task exited", container=container))
    assert world.dynamo.job(BATCH)["reason"] == (
        "Essential container in task exited; OutOfMemoryError: Container killed due to memory usage; exit code 137"
    )
    assert world.metrics() == {"JobsFailed": [1]}


def test_a_repeated_end_is_measured_once(world: World) -> None:
    submitted(world)
    world.publish(BATCH)
    end = world.move("SUCCEEDED", **STOPPED)
    for _ in range(3):
        world.event(end)
    world.tick()
    assert world.metrics()["JobsSucceeded"] == [1]
    assert trail(world) == ["RECEIVED", "SUBMITTED", "SUCCEEDED"]


def test_denied_is_not_absent(world: World) -> None:
    submitted(world)
    world.s3.faults["GetObject"] = [refusal("GetObject", "AccessDenied", 403)]
    with pytest.raises(PartialFailure, match=f"{BATCH}: GetObject: AccessDenied"):
        world.event(world.move("SUCCEEDED", **STOPPED))
    assert world.dynamo.job(BATCH)["status"] == "SUBMITTED"


def test_a_broken_manifest_leaves_the_job_active_and_is_reported(world: World) -> None:
    submitted(world)
    world.publish(BATCH, lines=11)
    with pytest.raises(PartialFailure, match="ManifestError"):
        world.event(world.move("SUCCEEDED", **STOPPED))
    assert world.dynamo.job(BATCH)["active"] == "ACTIVE"


@pytest.mark.parametrize("name", ["somebody-else-s", "0f" * 32])
def test_foreign_jobs_are_ignored(world: World, name: str) -> None:
    world.batch.submit_job(jobName=name, jobQueue="q", jobDefinition="d")
    world.event(world.move("RUNNING"))
    assert not world.dynamo.made("ExecuteTransaction")


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"source": "aws.batch", "detail-type": "Batch Job Queue Blocked", "detail": {}},
        {"source": "aws.batch", "detail-type": "Batch Job State Change"},
        {"source": "aws.batch", "detail-type": "Batch Job State Change", "detail": {"jobId": "j"}},
        {
            "source": "aws.batch",
            "detail-type": "Batch Job State Change",
            "detail": {"jobId": "j", "status": "REJECTED"},
        },
    ],
)
def test_an_unknown_event_is_an_error(world: World, event: dict[str, Any]) -> None:
    with pytest.raises(EventError):
        world.event(event)


def test_a_writer_in_between_is_read_again(world: World) -> None:
    submitted(world)
    starting, running = world.move("STARTING"), world.move("RUNNING")
    world.dynamo.before_write = lambda: world.event(running)
    world.event(starting)
    assert trail(world) == ["RECEIVED", "SUBMITTED", "RUNNING"]


# Monitor: the schedule


def test_everything_by_the_schedule_alone(world: World) -> None:
    submitted(world)
    world.move("RUNNING")
    world.tick()
    assert trail(world) == ["RECEIVED", "SUBMITTED", "RUNNING"]
    world.publish(BATCH)
    world.move("SUCCEEDED", **STOPPED)
    world.pass_time(minutes=5)
    world.tick()
    assert trail(world) == ["RECEIVED", "SUBMITTED", "RUNNING", "SUCCEEDED"]
    check_settled(world)
    world.metrics()
    world.tick()
    assert world.metrics() == {"MonitorRuns": [1], "JobsActive": [0], "OldestActiveJobAge": [0]}


def test_a_quiet_run_writes_nothing(world: World) -> None:
    submitted(world)
    world.move("RUNNING")
    world.tick()
    world.metrics()
    writes = len(world.dynamo.made("ExecuteTransaction"))
    world.pass_time(minutes=5)
    world.tick()
    assert len(world.dynamo.made("ExecuteTransaction")) == writes
    assert world.metrics() == {"MonitorRuns": [1], "JobsActive": [1], "OldestActiveJobAge": [300]}


def test_a_stuck_batch_is_handed_back_once_its_lease_has_run_out(world: World) -> None:
    world.batch.faults["SubmitJob"] = [ReadTimeoutError(endpoint_url="batch")]
    with pytest.raises(PartialFailure):
        world.upload(record())
    world.tick()
    assert world.functions.payloads == []
    world.pass_time(minutes=2)
    world.tick()
    assert world.functions.payloads == [{"source": "batchflow.monitor", "batch_ids": [BATCH]}]
    assert world.functions.made("Invoke")[0]["FunctionName"] == "fin-submit"
    world.tick()
    world.hand_over()
    assert trail(world) == ["RECEIVED", "SUBMITTED"]
    assert list(world.batch.jobs) == ["job-1"]


def test_an_event_finishes_what_submit_left(world: World) -> None:
    world.batch.faults["SubmitJob"] = [ReadTimeoutError(endpoint_url="batch")]
    with pytest.raises(PartialFailure):
        world.upload(record())
    world.metrics()
    world.batch.submit_job(jobName=BATCH, jobQueue="q", jobDefinition="d")
    world.publish(BATCH)
    world.event(world.move("SUCCEEDED", **STOPPED))
    assert trail(world) == ["RECEIVED", "SUBMITTED", "SUCCEEDED"]
    assert world.metrics()["JobsSubmitted"] == [1]
    check_settled(world)


@pytest.mark.parametrize(("published", "status"), [(True, "SUCCEEDED"), (False, "FAILED")])
def test_a_job_that_batch_has_forgotten(world: World, published: bool, status: str) -> None:
    submitted(world)
    world.batch.jobs.clear()
    if published:
        world.publish(BATCH)
    world.tick()
    assert trail(world) == ["RECEIVED", "SUBMITTED"]
    world.pass_time(minutes=16)
    world.tick()
    assert trail(world) == ["RECEIVED", "SUBMITTED", status]
    check_settled(world)


def test_a_crash_before_the_settlement_is_finished_by_the_schedule(world: World) -> None:
    submitted(world)
    world.s3.faults["PutObject"] = [refusal("PutObject", "SlowDown", 503) for _ in range(2)]
    world.publish(BATCH)
    with pytest.raises(PartialFailure, match="PutObject: SlowDown"):
        world.event(world.move("SUCCEEDED", **STOPPED))
    assert world.dynamo.job(BATCH)["active"] == "ACTIVE"
    world.tick()
    check_settled(world)
    assert world.metrics()["JobsSucceeded"] == [1]


def test_the_archive_s_first_copy_stays(world: World) -> None:
    submitted(world)
    place = ("archive", f"audit/{BATCH}/00000001.json")
    world.s3.objects[place] = b"first"
    world.event(world.move("FAILED", **STOPPED))
    assert world.s3.objects[place] == b"first"
    assert "active" not in world.dynamo.job(BATCH)


def test_two_writers_of_one_archive_key(world: World) -> None:
    world.s3.faults["PutObject"] = [refusal("PutObject", "ConditionalRequestConflict", 409)]
    submitted(world)
    assert ("archive", f"audit/{BATCH}/00000001.json") in world.s3.objects


def test_one_job_s_failure_never_loses_the_others(world: World) -> None:
    world.upload(record("a.csv"), record("b.csv"), record("c.csv"))
    for job_id in list(world.batch.jobs):
        world.move("SUCCEEDED", job_id, **STOPPED)
        world.publish(world.batch.jobs[job_id]["jobName"], sha256=job_id.encode().hex().ljust(64, "0"))
    world.publish(identity("a.csv"), lines=99)
    world.metrics()
    with pytest.raises(PartialFailure) as caught:
        world.tick()
    assert list(caught.value.failures) == [identity("a.csv")]
    for key in ("b.csv", "c.csv"):
        check_settled(world, identity(key))
    measured = world.metrics()
    assert (measured["MonitorRuns"], measured["JobsActive"], measured["JobsSucceeded"]) == ([1], [1], [1, 1])


def many(world: World, number: int) -> None:
    """Put so many running jobs into the table, as copies of one."""
    submitted(world)
    world.event(world.move("RUNNING"))
    job, detail = world.dynamo.tables["jobs"].pop((BATCH,)), world.batch.jobs.pop("job-1")
    for index in range(number):
        batch_id, job_id = f"{index:064x}", f"job-{index}"
        when = f"2026-11-23T05:{index // 1000:02}:00.{index % 1000:03}Z"
        copy = {**job, "batch_id": {"S": batch_id}, "job_id": {"S": job_id}, "received_at": {"S": when}}
        world.dynamo.tables["jobs"][(batch_id,)] = copy
        world.batch.jobs[job_id] = {**detail, "jobId": job_id, "jobName": batch_id}
    world.metrics()
    world.dynamo.calls.clear()


def test_ten_thousand_active_jobs_take_a_hundred_calls(world: World) -> None:
    many(world, 10_000)
    for job_id in ("job-7", "job-9999"):
        world.move("RUNNABLE", job_id, **STOPPED)
    world.tick()
    asked = [call["jobs"] for call in world.batch.made("DescribeJobs")]
    assert [job_id for page in asked for job_id in page] == [f"job-{index}" for index in range(10_000)]
    assert len(asked) == 100
    assert [name for name, _ in world.dynamo.calls] == ["Query", "ExecuteTransaction", "ExecuteTransaction"]
    assert world.metrics() == {"MonitorRuns": [1], "JobsActive": [10_000], "OldestActiveJobAge": [3600]}


def test_a_run_stops_in_time_and_the_rest_comes_next(world: World) -> None:
    many(world, 300)
    left = iter([60_000] * 101 + [14_000] * 400)
    world.tick(lambda: next(left))
    assert len(world.batch.made("DescribeJobs")) == 1
    assert world.metrics()["MonitorRuns"] == [1]
    world.tick()
    assert len(world.batch.made("DescribeJobs")) == 4


def test_a_page_that_fails_does_not_lose_the_next(world: World) -> None:
    many(world, 150)
    world.batch.faults["DescribeJobs"] = [refusal("DescribeJobs", "ServerException", 500)]
    world.move("STARTING", "job-120", **STOPPED)
    with pytest.raises(PartialFailure, match=f"100 jobs from {0:064x} on: DescribeJobs: ServerException"):
        world.tick()
    assert world.dynamo.job(f"{120:064x}")["status"] == "STARTING"
    assert world.metrics()["JobsActive"] == [150]


def test_a_hand_over_that_fails_is_reported_and_tried_in_the_next_run(world: World) -> None:
    world.batch.faults["SubmitJob"] = [refusal("SubmitJob", "ServerException", 500)]
    with pytest.raises(PartialFailure):
        world.upload(record())
    world.pass_time(minutes=2)
    world.functions.faults["Invoke"] = [refusal("Invoke", "TooManyRequestsException", 429)]
    with pytest.raises(PartialFailure, match=f"hand-over of {BATCH}: Invoke: TooManyRequestsException"):
        world.tick()
    assert world.metrics()["MonitorRuns"] == [1]
    world.tick()
    world.hand_over()
    assert trail(world) == ["RECEIVED", "SUBMITTED"]


def test_a_record_under_constant_change_is_given_up_for_this_run(world: World) -> None:
    submitted(world)
    reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}]
    world.dynamo.faults["ExecuteTransaction"] = [
        refusal("ExecuteTransaction", "TransactionCanceledException", CancellationReasons=reasons) for _ in range(4)
    ]
    with pytest.raises(PartialFailure, match=f"batch {BATCH} is being changed by others all the time"):
        world.event(world.move("RUNNING"))
    world.tick()
    assert trail(world) == ["RECEIVED", "SUBMITTED", "RUNNING"]


def test_many_stuck_batches_are_handed_back_in_portions(world: World) -> None:
    keys = [f"{index}.csv" for index in range(30)]
    world.batch.faults["SubmitJob"] = [refusal("SubmitJob", "ServerException", 500) for _ in keys]
    with pytest.raises(PartialFailure):
        world.upload(*(record(key) for key in keys))
    world.pass_time(minutes=2)
    world.tick()
    portions = [payload["batch_ids"] for payload in world.functions.payloads]
    assert [len(portion) for portion in portions] == [25, 5]
    assert {batch_id for portion in portions for batch_id in portion} == {identity(key) for key in keys}
    world.hand_over()
    assert {job["jobName"] for job in world.batch.jobs.values()} == {identity(key) for key in keys}


# Same content


def finish(world: World, key: str, job_id: str) -> None:
    world.publish(identity(key))
    world.event(world.move("SUCCEEDED", job_id, **STOPPED))


@pytest.mark.parametrize("order", [("a.csv", "b.csv"), ("b.csv", "a.csv")])
def test_the_later_batch_of_one_content_is_flagged_whichever_ends_first(world: World, order: tuple[str, str]) -> None:
    jobs = {"a.csv": "job-1", "b.csv": "job-2"}
    for key in jobs:
        world.upload(record(key))
        world.pass_time(minutes=1)
    world.metrics()
    for key in order:
        finish(world, key, jobs[key])
        world.pass_time(minutes=1)
    world.tick()
    assert "duplicate_of" not in world.dynamo.job(identity("a.csv"))
    assert world.dynamo.job(identity("b.csv"))["duplicate_of"] == identity("a.csv")
    assert json.loads(world.dynamo.trail(identity("b.csv"))[-1]["detail"]) == {"duplicate_of": identity("a.csv")}
    assert trail(world, identity("b.csv"))[-2:] == ["SUCCEEDED", "SUCCEEDED"]
    for key in jobs:
        check_settled(world, identity(key))
    measured = world.metrics()
    assert (measured["DuplicateContent"], measured["JobsSucceeded"]) == ([1], [1, 1])


def test_two_batches_of_one_content_that_end_before_the_index_shows_either_are_told_apart_later(world: World) -> None:
    for key in ("a.csv", "b.csv"):
        world.upload(record(key))
        world.pass_time(minutes=1)
    world.dynamo.unindexed = {identity("a.csv"), identity("b.csv")}
    finish(world, "a.csv", "job-1")
    finish(world, "b.csv", "job-2")
    for key in ("a.csv", "b.csv"):
        record_now = world.dynamo.job(identity(key))
        assert (record_now["status"], record_now["active"]) == ("SUCCEEDED", "ACTIVE")
    world.dynamo.unindexed = set()
    world.tick()
    assert "duplicate_of" not in world.dynamo.job(identity("a.csv"))
    assert world.dynamo.job(identity("b.csv"))["duplicate_of"] == identity("a.csv")
    for key in ("a.csv", "b.csv"):
        check_settled(world, identity(key))


# Logs


def test_logs_name_batches_and_no_content(world: World) -> None:
    world.upload(record("incoming/DE89370400440532013000.csv"))
    world.publish(identity("incoming/DE89370400440532013000.csv"))
    world.event(world.move("SUCCEEDED", **STOPPED))
    assert "DE89370400440532013000" not in world.capture.readouterr().out
