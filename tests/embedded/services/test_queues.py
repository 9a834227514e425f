"""SQS as services use it, and its metrics."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from stackproof.embedded.errors import AwsError
from stackproof.embedded.services.queues import Queues
from stackproof.embedded.world import World
from tests.embedded.services.support import ROLE, FakeAccess, FakeMetrics, running_world

ARN = "arn:aws:sqs:eu-central-1:123456789012:dead"


@dataclass
class Stage:
    world: World
    access: FakeAccess
    metrics: FakeMetrics
    queues: Queues
    url: str

    def received(self) -> list[Any]:
        found = self.world.client("sqs").receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
        )
        messages: list[Any] = found.get("Messages", [])
        return messages


@pytest.fixture
def stage() -> Iterator[Stage]:
    with running_world() as world:
        access, metrics = FakeAccess(), FakeMetrics()
        queues = Queues(world, access, metrics)
        url = world.client("sqs").create_queue(QueueName="dead")["QueueUrl"]
        yield Stage(world, access, metrics, queues, url)


def test_send_as_role_and_as_service(stage: Stage) -> None:
    stage.queues.send(ARN, json.dumps({"n": 1}), attributes={"RequestID": "r"}, role_arn=ROLE)
    stage.queues.send(ARN, "two", attributes={}, service="events.amazonaws.com", source_arn="arn:rule")
    assert stage.access.asked == [
        (ROLE, "sqs:SendMessage", ARN, ""),
        ("events.amazonaws.com", "sqs:SendMessage", ARN, "arn:rule"),
    ]
    first, second = stage.received()
    assert (first["Body"], first["MessageAttributes"]["RequestID"]["StringValue"]) == ('{"n": 1}', "r")
    assert second["Body"] == "two"


def test_refusals(stage: Stage) -> None:
    stage.access.denied.add((ROLE, "sqs:SendMessage"))
    with pytest.raises(AwsError, match="AccessDenied"):
        stage.queues.send(ARN, "x", attributes={}, role_arn=ROLE)
    with pytest.raises(AwsError, match="NonExistentQueue"):
        stage.queues.send(ARN + "-not", "x", attributes={}, role_arn="other")
    assert stage.received() == []


def test_depth_is_reported_every_minute_until_the_queue_is_idle(stage: Stage) -> None:
    stage.world.clock.advance(120)
    stage.queues.send(ARN, "x", attributes={}, role_arn=ROLE)
    stage.world.clock.advance(60)
    visible = "ApproximateNumberOfMessagesVisible"
    assert stage.metrics.values(visible, QueueName="dead") == [0, 0, 1]
    assert stage.metrics.values("ApproximateAgeOfOldestMessage", QueueName="dead")[-1] == pytest.approx(60)
    stage.world.clock.advance(86_400)
    assert stage.metrics.values(visible, QueueName="dead")[-1] == 1
    stage.world.client("sqs").purge_queue(QueueUrl=stage.url)
    stage.world.clock.advance(86_400)
    reported = len(stage.metrics.points)
    stage.world.clock.advance(3_600)
    assert len(stage.metrics.points) == reported
    assert stage.world.clock.pending("sqs.metrics") == []


def test_outage(stage: Stage) -> None:
    stage.queues.outage(ARN, 1)
    with pytest.raises(AwsError, match="unavailable"):
        stage.queues.send(ARN, "lost", attributes={}, role_arn=ROLE)
    stage.queues.send(ARN, "kept", attributes={}, role_arn=ROLE)
    assert [message["Body"] for message in stage.received()] == ["kept"]
