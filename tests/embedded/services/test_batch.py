"""AWS Batch: submitting, looking up, and the states of jobs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stackproof.embedded.errors import EmbeddedError
from tests.embedded.services.batch_support import EXECUTION_ROLE, LOG_GROUP, Stage, batch_stage

EVALUATE = [
    {"onStatusReason": "Host EC2*", "action": "RETRY"},
    {"onExitCode": "65", "action": "exit"},
    {"onReason": "CannotPullContainerError*", "action": "EXIT"},
]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with batch_stage(tmp_path) as made:
        made.define(retryStrategy={"attempts": 3, "evaluateOnExit": EVALUATE}, timeout={"attemptDurationSeconds": 600})
        yield made


def refused(stage: Stage, **changes: Any) -> str:
    with pytest.raises(ClientError) as caught:
        stage.submit(**changes)
    assert caught.value.response["Error"]["Code"] == "ClientException"
    return str(caught.value.response["Error"]["Message"])


def test_a_job_goes_through_every_state_and_tells_each_but_the_first(stage: Stage) -> None:
    job = stage.submit()
    assert stage.described(job)["status"] == "SUBMITTED"
    stage.world.clock.advance(1000)
    assert stage.bus.statuses(job) == ["PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
    detail = stage.described(job)
    assert detail["container"]["exitCode"] == 0
    assert [a["container"]["exitCode"] for a in detail["attempts"]] == [0]
    assert detail["attempts"][0]["stoppedAt"] - detail["attempts"][0]["startedAt"] == 30_000
    assert detail["statusReason"] == "Essential container in task exited"
    assert stage.logs.written == [(EXECUTION_ROLE, LOG_GROUP, detail["container"]["logStreamName"], ["done"])]
    assert detail["container"]["logStreamName"].startswith("work/default/")


def test_the_event_carries_what_describe_jobs_shows(stage: Stage) -> None:
    job = stage.submit()
    stage.world.clock.advance(1000)
    event = stage.bus.events[-1]
    detail = stage.described(job)
    assert event["source"] == "aws.batch"
    assert event["detail-type"] == "Batch Job State Change"
    assert event["resources"] == [detail["jobArn"]]
    assert event["detail"]["jobQueue"] == stage.queue
    assert {key: event["detail"][key] for key in detail} == detail


def test_a_running_attempt_is_not_listed_before_it_stopped(stage: Stage) -> None:
    job = stage.submit()
    stage.world.clock.advance(90)
    detail = stage.described(job)
    assert (detail["status"], detail["attempts"]) == ("RUNNING", [])
    assert "startedAt" in detail
    assert "stoppedAt" not in detail


def test_a_lost_host_is_retried_from_runnable(stage: Stage) -> None:
    stage.batch.plan(host_lost_on_attempt=1)
    job = stage.submit()
    stage.world.clock.advance(1000)
    again = ["RUNNABLE", "STARTING", "RUNNING"]
    assert stage.bus.statuses(job) == ["PENDING", *again, *again, "SUCCEEDED"]
    first, second = stage.described(job)["attempts"]
    assert first["statusReason"].startswith("Host EC2 (instance i-")
    assert first["statusReason"].endswith(") terminated.")
    assert "exitCode" not in first["container"]
    assert second["container"]["exitCode"] == 0
    assert first["container"]["taskArn"] != second["container"]["taskArn"]
    assert stage.metrics.values("JobsRetried", JobQueueName="queue") == [1]


def test_bad_data_is_not_retried(stage: Stage) -> None:
    stage.image_says("raise SystemExit(65)\n")
    job = stage.submit()
    stage.world.clock.advance(1000)
    detail = stage.described(job)
    assert detail["status"] == "FAILED"
    assert [a["container"]["exitCode"] for a in detail["attempts"]] == [65]


def test_without_a_match_the_job_is_retried_until_its_attempts_end(stage: Stage) -> None:
    stage.image_says("raise SystemExit(1)\n")
    job = stage.submit()
    stage.world.clock.advance(1000)
    assert [a["container"]["exitCode"] for a in stage.described(job)["attempts"]] == [1, 1, 1]


def test_a_timeout_ends_the_job_for_good(stage: Stage) -> None:
    stage.batch.plan(run_seconds=5000)
    job = stage.submit()
    stage.world.clock.advance(1000)
    detail = stage.described(job)
    assert detail["status"] == "FAILED"
    assert detail["statusReason"] == "Job attempt duration exceeded timeout"
    (attempt,) = detail["attempts"]
    assert attempt["container"]["exitCode"] == 137
    assert attempt["stoppedAt"] - attempt["startedAt"] == 600_000
    assert stage.logs.written == []


@pytest.mark.parametrize(
    ("seconds", "call", "flag"),
    [(10, "cancel_job", "isCancelled"), (10, "terminate_job", "isCancelled"), (90, "terminate_job", "isTerminated")],
)
def test_a_job_ended_by_hand_is_not_retried(stage: Stage, seconds: float, call: str, flag: str) -> None:
    job = stage.submit()
    stage.world.clock.advance(seconds)
    getattr(stage.client, call)(jobId=job, reason="enough")
    stage.world.clock.advance(1000)
    detail = stage.described(job)
    assert (detail["status"], detail["statusReason"], detail[flag]) == ("FAILED", "enough", True)
    assert stage.logs.written == []


def test_cancelling_a_running_job_does_nothing(stage: Stage) -> None:
    job = stage.submit()
    stage.world.clock.advance(90)
    stage.client.cancel_job(jobId=job, reason="too late")
    stage.world.clock.advance(1000)
    assert stage.described(job)["status"] == "SUCCEEDED"


def test_a_stuck_job_is_told_and_cancelled_by_the_queues_limit(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
    limit = {"reason": reason, "state": "RUNNABLE", "maxTimeSeconds": 900, "action": "CANCEL"}
    monkeypatch.setattr(stage.batch._resources, "time_limits", lambda queue: [limit])
    stage.batch.plan(stuck_runnable=reason)
    job = stage.submit()
    stage.world.clock.advance(600)
    assert stage.described(job)["statusReason"] == reason
    (blocked,) = [e for e in stage.bus.events if e["detail-type"] == "Batch Job Queue Blocked"]
    assert blocked["resources"] == [stage.described(job)["jobArn"], stage.queue]
    assert blocked["detail"]["statusReason"] == reason
    stage.world.clock.advance(600)
    detail = stage.described(job)
    assert (detail["status"], detail["attempts"]) == ("FAILED", [])
    assert detail["statusReason"].endswith(reason)


def test_a_stuck_job_goes_on_when_it_is_released(stage: Stage) -> None:
    stage.batch.plan(stuck_runnable=True)
    job = stage.submit()
    stage.world.clock.advance(5000)
    assert stage.described(job)["statusReason"] == "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
    stage.batch.release(job)
    stage.world.clock.advance(200)
    assert stage.described(job)["status"] == "SUCCEEDED"
    assert stage.bus.statuses(job) == ["PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]


def test_jobs_wait_for_capacity_and_start_when_another_ends(stage: Stage) -> None:
    jobs = [stage.submit(f"job{n}") for n in range(5)]
    stage.world.clock.advance(90)
    assert [stage.described(j)["status"] for j in jobs] == ["RUNNING"] * 4 + ["RUNNABLE"]
    stage.world.clock.advance(200)
    assert {stage.described(j)["status"] for j in jobs} == {"SUCCEEDED"}


def test_a_job_larger_than_its_environment_stays_runnable(stage: Stage) -> None:
    resources = [{"type": "VCPU", "value": "17"}]
    job = stage.submit(containerOverrides={"resourceRequirements": resources})
    stage.world.clock.advance(1000)
    detail = stage.described(job)
    assert detail["status"] == "RUNNABLE"
    assert detail["statusReason"] == "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"


@pytest.mark.parametrize("action", ["ecr:GetAuthorizationToken", "ecr:BatchGetImage"])
def test_without_the_pull_permission_the_container_does_not_start(stage: Stage, action: str) -> None:
    stage.access.denied.add((EXECUTION_ROLE, action))
    job = stage.submit()
    stage.world.clock.advance(1000)
    detail = stage.described(job)
    assert detail["status"] == "FAILED"
    (attempt,) = detail["attempts"]
    assert attempt["statusReason"] == "Task failed to start"
    assert attempt["container"]["reason"].startswith("CannotPullContainerError:")
    assert "RUNNING" not in stage.bus.statuses(job)


def test_without_an_execution_role_the_instance_role_pulls_and_logs(stage: Stage) -> None:
    stage.define(container={"executionRoleArn": ""})
    stage.submit()
    stage.world.clock.advance(1000)
    instance = "arn:aws:iam::123456789012:role/instance"
    assert [written[0] for written in stage.logs.written] == [instance]
    repository = "arn:aws:ecr:eu-central-1:123456789012:repository/processor"
    assert (instance, "ecr:BatchGetImage", repository, "") in stage.access.asked


def test_a_vanished_job_is_neither_told_nor_described(stage: Stage) -> None:
    stage.batch.plan("gone", vanish=True)
    kept, gone = stage.submit("kept"), stage.submit("gone")
    stage.world.clock.advance(1000)
    assert stage.bus.statuses(gone) == ["PENDING", "RUNNABLE", "STARTING"]
    assert [j["jobId"] for j in stage.client.describe_jobs(jobs=[gone, kept])["jobs"]] == [kept]


def test_ended_jobs_are_known_for_seven_days(stage: Stage) -> None:
    job = stage.submit()
    stage.world.clock.advance(1000)
    stage.world.clock.advance(7 * 24 * 3600 - 1000)
    assert stage.described(job)["status"] == "SUCCEEDED"
    stage.world.clock.advance(1000)
    assert stage.client.describe_jobs(jobs=[job])["jobs"] == []


@pytest.mark.parametrize("name", ["", "-one", "a b", "a" * 129, "é"])
def test_bad_job_names_are_refused(stage: Stage, name: str) -> None:
    assert "valid pattern" in refused(stage, name=name)


def test_what_aws_refuses_of_a_submission(stage: Stage) -> None:
    big = [{"name": "X", "value": "x" * 31_000}]
    assert "payload" in refused(stage, containerOverrides={"environment": big})
    reserved = [{"name": "AWS_BATCH_JOB_ID", "value": "x"}]
    assert "AWS_BATCH" in refused(stage, containerOverrides={"environment": reserved})
    assert "attemptDurationSeconds" in refused(stage, timeout={"attemptDurationSeconds": 59})
    assert "other" in refused(stage, jobQueue="other")
    assert "other" in refused(stage, jobDefinition="other")


def test_the_definition_is_found_by_name_revision_and_arn(stage: Stage) -> None:
    second = stage.define()
    first = second[:-1] + "1"
    for given, found in {"work": second, "work:1": first, first: first, second[:-2]: second}.items():
        assert stage.described(stage.submit(jobDefinition=given))["jobDefinition"] == found
    stage.client.deregister_job_definition(jobDefinition=second)
    assert stage.described(stage.submit())["jobDefinition"] == first
    assert "active" in refused(stage, jobDefinition="work:2")


def test_overrides_parameters_and_tags_reach_the_job(stage: Stage) -> None:
    stage.define(container={"command": ["python", "-m", "work", "Ref::file", "Ref::other"]}, parameters={"file": "a"})
    job = stage.submit(
        parameters={"file": "b"},
        tags={"owner": "me"},
        propagateTags=True,
        containerOverrides={"environment": [{"name": "COLOUR", "value": "blue"}, {"name": "SIZE", "value": "1"}]},
        retryStrategy={"attempts": 2},
        timeout={"attemptDurationSeconds": 60},
    )
    detail = stage.described(job)
    assert detail["container"]["command"] == ["python", "-m", "work", "b", "Ref::other"]
    assert {e["name"]: e["value"] for e in detail["container"]["environment"]} == {"COLOUR": "blue", "SIZE": "1"}
    assert (detail["tags"], detail["propagateTags"]) == ({"owner": "me"}, True)
    assert detail["retryStrategy"] == {"attempts": 2, "evaluateOnExit": []}
    assert detail["timeout"] == {"attemptDurationSeconds": 60}


def test_describe_jobs_takes_one_to_a_hundred_ids(stage: Stage) -> None:
    job = stage.submit()
    assert [j["jobId"] for j in stage.client.describe_jobs(jobs=[job, "unknown"])["jobs"]] == [job]
    for ids in ([], ["x"] * 101):
        with pytest.raises(ClientError, match="ClientException"):
            stage.client.describe_jobs(jobs=ids)


def test_list_jobs_shows_running_jobs_unless_asked_otherwise(stage: Stage) -> None:
    job = stage.submit()
    assert stage.client.list_jobs(jobQueue="queue")["jobSummaryList"] == []
    (summary,) = stage.client.list_jobs(jobQueue=stage.queue, jobStatus="SUBMITTED")["jobSummaryList"]
    assert (summary["jobId"], summary["jobName"], summary["status"]) == (job, "one", "SUBMITTED")
    stage.world.clock.advance(90)
    assert [j["jobId"] for j in stage.client.list_jobs(jobQueue="queue")["jobSummaryList"]] == [job]
    with pytest.raises(ClientError, match="jobQueue"):
        stage.client.list_jobs()


def test_list_jobs_by_name_ignores_case_and_status_newest_first(stage: Stage) -> None:
    made = []
    for name in ("Alpha", "alphabet", "ALPHA"):
        made.append(stage.submit(name))
        stage.world.clock.advance(10)

    def found(value: str) -> list[str]:
        name_filter = [{"name": "JOB_NAME", "values": [value]}]
        answer = stage.client.list_jobs(jobQueue="queue", jobStatus="FAILED", filters=name_filter)
        return [job["jobId"] for job in answer["jobSummaryList"]]

    assert found("alpha") == [made[2], made[0]]
    assert found("alpha*") == [made[2], made[1], made[0]]
    assert found("alph") == []


def test_list_jobs_comes_in_pages_of_a_hundred(stage: Stage) -> None:
    made = {stage.submit(f"job{n}") for n in range(150)}
    pages = list(stage.client.get_paginator("list_jobs").paginate(jobQueue="queue", jobStatus="SUBMITTED"))
    assert [len(page["jobSummaryList"]) for page in pages] == [100, 50]
    assert {job["jobId"] for page in pages for job in page["jobSummaryList"]} == made


def test_what_is_not_emulated_says_so(stage: Stage) -> None:
    with pytest.raises(EmbeddedError, match="arrayProperties"):
        stage.submit(arrayProperties={"size": 2})
    with pytest.raises(EmbeddedError, match="BEFORE_CREATED_AT"):
        stage.client.list_jobs(jobQueue="queue", filters=[{"name": "BEFORE_CREATED_AT", "values": ["1"]}])
