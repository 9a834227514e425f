"""What no scenario may do, and what a scenario that proves nothing looks like."""

import pytest
from botocore.exceptions import ClientError

from stackproof.embedded.errors import EmbeddedError
from stackproof.flow.run import Stage
from stackproof.flow.scenario import Scenario


def scenario(*steps: dict[str, object], **expect: object) -> Scenario:
    return Scenario.model_validate(
        {"name": "made-up", "area": "submit", "about": "x", "steps": list(steps), "expect": expect}
    )


UPLOAD = {"do": "upload", "key": "incoming/payments.csv"}
RUN = {"do": "run", "limit": "20m"}


def test_no_datapoint_comes_from_outside(stage: Stage) -> None:
    stage.reset()
    data = [{"MetricName": "JobsFailed", "Value": 1, "Dimensions": [{"Name": "service", "Value": "batchflow"}]}]
    with pytest.raises(EmbeddedError, match="no data point comes from a test"):
        stage.session.client("cloudwatch").put_metric_data(Namespace="stackproof/Batchflow", MetricData=data)


def test_a_fault_that_met_no_call_is_a_problem(stage: Stage) -> None:
    fault = {"do": "fault", "kind": "deny", "service": "batch", "operation": "NoSuchThing"}
    (problem,) = stage.play(scenario(fault, UPLOAD, RUN))
    assert problem.startswith("The fault met no call:")


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ({"do": "job", "vanish": True}, "1 planned jobs were never submitted."),
        (
            {"do": "events", "of": "bus", "action": "drop", "count": 2},
            "2 events of EventBridge that were to be lost never came.",
        ),
        (
            {"do": "events", "of": "SubmitFunction", "action": "duplicate"},
            "1 events of functions that were to be lost or doubled never came.",
        ),
    ],
    ids=["plan", "drop", "duplicate"],
)
def test_a_disturbance_that_met_nothing_is_a_problem(stage: Stage, step: dict[str, object], problem: str) -> None:
    assert problem in stage.play(scenario(step))


def test_an_unnamed_alarm_is_a_problem(stage: Stage) -> None:
    bad = {**UPLOAD, "file": {"transactions": 5, "wrong_sum": True}}
    problems = stage.play(scenario(bad, RUN, {"do": "advance", "by": "5m"}))
    assert "The alarm JobsRejectedAlarm went ALARM, unexpected." in problems


def test_a_wrong_expectation_is_named(stage: Stage) -> None:
    expected = {"key": "incoming/payments.csv", "status": "REJECTED", "attempts": 2, "jobs": 1}
    assert stage.play(scenario(UPLOAD, RUN, batches=[expected])) == [
        "incoming/payments.csv: is SUCCEEDED (None), not REJECTED.",
        "incoming/payments.csv: took [1] attempts, not 2.",
    ]


def test_a_missing_batch_is_named(stage: Stage) -> None:
    expected = {"key": "incoming/other.csv", "status": "SUCCEEDED"}
    assert "No batch of incoming/other.csv, version 1." in stage.play(scenario(UPLOAD, RUN, batches=[expected]))


def test_a_lost_upload_is_named(stage: Stage) -> None:
    drop = {"do": "events", "of": "SubmitFunction", "action": "drop"}
    problems = stage.play(scenario(drop, UPLOAD, RUN))
    assert any(problem.startswith("The file incoming/payments.csv") and "is lost" in problem for problem in problems)


def test_only_the_producer_may_upload(stage: Stage) -> None:
    stage.reset()
    role = stage.stack.resources["SubmitRole"].arn
    (problem,) = stage.play(scenario({**UPLOAD, "as": "SubmitRole"}, RUN))
    assert problem.startswith("incoming/payments.csv could not be uploaded as SubmitRole: ")
    assert "AccessDenied" in problem
    bucket = stage.stack.resources["InboxBucket"].physical_id
    with pytest.raises(ClientError, match="AccessDenied"):
        stage.session.client("s3", principal=role).put_object(Bucket=bucket, Key="incoming/x", Body=b"")


def test_a_stack_is_played_twice_alike(stage: Stage) -> None:
    def calls() -> list[tuple[object, ...]]:
        seen: list[tuple[object, ...]] = []
        stage.reset()
        stage.session.world.seam.observe(watch := lambda c, a: seen.append((c.at, c.name, c.principal.arn, a.status)))
        assert stage.play(scenario(UPLOAD, RUN)) == []
        stage.session.world.seam.remove(watch)
        return seen

    first = calls()
    assert first == calls()
    assert ("batch:SubmitJob", stage.stack.resources["SubmitRole"].arn) in {(name, arn) for _, name, arn, _ in first}


def test_an_event_appended_for_a_batch_that_never_was_shows(stage: Stage) -> None:
    forged = {
        "do": "try",
        "roles": ["MonitorRole"],
        "service": "dynamodb",
        "operation": "ExecuteStatement",
        "parameters": {
            "Statement": "INSERT INTO \"${AuditTable}\" VALUE {'batch_id': ?, 'sequence': ?}",
            "Parameters": [{"S": "forged"}, {"N": "1"}],
        },
        "denied": False,
    }
    assert stage.play(scenario(forged)) == ["The audit table has events of forged, which no record knows."]
