"""The handlers over the fakes: the ways a batch can go."""

from tests.lambdas.conftest import World, record


def only(world: World) -> str:
    ((batch_id,),) = world.dynamo.tables["jobs"]
    return batch_id


def statuses(world: World, batch_id: str) -> list[tuple[str, str, str]]:
    return [(event["previous_status"], event["status"], event["actor"]) for event in world.dynamo.trail(batch_id)]


def test_upload_to_success_by_events(world: World) -> None:
    world.upload(record())
    batch_id = only(world)
    assert world.dynamo.job(batch_id)["status"] == "SUBMITTED"
    assert world.metrics() == {"JobsSubmitted": [1]}
    for status in ("RUNNABLE", "STARTING", "RUNNING"):
        world.event(world.move(status))
        assert world.dynamo.job(batch_id)["status"] == status
    world.publish(batch_id)
    world.event(world.move("SUCCEEDED", attempts=[{"startedAt": 1, "stoppedAt": 2}], container={"exitCode": 0}))
    job = world.dynamo.job(batch_id)
    assert (job["status"], job["lines"], job["accepted"], job["rejected"]) == ("SUCCEEDED", 10, 9, 1)
    assert "active" not in job
    assert statuses(world, batch_id) == [
        ("NONE", "RECEIVED", "batchflow.submit"),
        ("RECEIVED", "SUBMITTED", "batchflow.submit"),
        ("SUBMITTED", "RUNNABLE", "batchflow.monitor"),
        ("RUNNABLE", "STARTING", "batchflow.monitor"),
        ("STARTING", "RUNNING", "batchflow.monitor"),
        ("RUNNING", "SUCCEEDED", "batchflow.monitor"),
    ]
    archived = {key for bucket, key in world.s3.objects if bucket == "archive"}
    assert archived == {f"audit/{batch_id}/{number:08d}.json" for number in range(1, 7)}
    assert world.metrics() == {
        "JobsSucceeded": [1],
        "TransactionsAccepted": [9],
        "TransactionsRejected": [1],
        "RejectedShare": [10],
        "Throughput": [2],
    }
