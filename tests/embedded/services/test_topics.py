"""SNS: who gets what, and who gets nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from stackproof.embedded.errors import AwsError
from stackproof.embedded.services.functions import Functions
from stackproof.embedded.services.queues import Queues
from stackproof.embedded.services.topics import Topics
from stackproof.embedded.world import World
from tests.embedded.services.support import FakeAccess, FakeLogs, FakeMetrics, make_function, running_world

TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:inbox"


@dataclass
class Stage:
    world: World
    access: FakeAccess
    metrics: FakeMetrics
    functions: Functions
    topics: Topics

    def subscribe(self, protocol: str, endpoint: str, **attributes: str) -> str:
        arn: str = self.world.client("sns").subscribe(
            TopicArn=TOPIC, Protocol=protocol, Endpoint=endpoint, Attributes=attributes, ReturnSubscriptionArn=True
        )["SubscriptionArn"]
        return arn

    def publish(self, message: str = "body") -> None:
        self.topics.publish("cloudwatch.amazonaws.com", TOPIC, subject="ALARM", message=message, source_arn="arn:alarm")


@pytest.fixture
def stage() -> Iterator[Stage]:
    with running_world() as world:
        access, metrics = FakeAccess(), FakeMetrics()
        queues = Queues(world, access, metrics)
        functions = Functions(world, access, queues, FakeLogs(), metrics)
        topics = Topics(world, access, queues, functions, metrics)
        world.client("sns").create_topic(Name="alarms")
        world.client("sqs").create_queue(QueueName="inbox")
        yield Stage(world, access, metrics, functions, topics)


def test_mail_only_after_confirmation(stage: Stage) -> None:
    arn = stage.subscribe("email", "ops@example.org")
    stage.publish("lost")
    assert stage.topics.pending() == [arn]
    attributes = stage.world.client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert attributes["PendingConfirmation"] == "true"
    stage.topics.confirm(arn)
    stage.publish("seen")
    [mail] = stage.topics.outbox()
    assert (mail.topic, mail.subject, mail.message, mail.protocol, mail.endpoint, mail.at) == (
        TOPIC, "ALARM", "seen", "email", "ops@example.org", stage.world.clock.now(),
    )  # fmt: skip
    assert stage.topics.pending() == []
    assert stage.metrics.values("NumberOfMessagesPublished", TopicName="alarms") == [1, 1]
    assert stage.metrics.values("NumberOfNotificationsDelivered", TopicName="alarms") == [1]


def test_publishing_needs_permission_and_a_topic(stage: Stage) -> None:
    stage.access.denied.add(("cloudwatch.amazonaws.com", "sns:Publish"))
    with pytest.raises(AwsError, match="AccessDenied"):
        stage.publish()
    with pytest.raises(AwsError, match="NotFound"):
        stage.topics.publish("s3.amazonaws.com", TOPIC + "x", subject="", message="m", source_arn="")


def test_queue_gets_an_envelope_or_the_raw_message(stage: Stage) -> None:
    arn = stage.subscribe("sqs", QUEUE)
    stage.publish("one")
    stage.world.client("sns").set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue="true"
    )
    stage.publish("two")
    sqs = stage.world.client("sqs")
    found = sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName="inbox")["QueueUrl"], MaxNumberOfMessages=10)
    first, second = (message["Body"] for message in found["Messages"])
    assert {"TopicArn": TOPIC, "Subject": "ALARM", "Message": "one"}.items() <= json.loads(first).items()
    assert second == "two"


def test_denied_delivery_is_a_metric(stage: Stage) -> None:
    stage.subscribe("sqs", QUEUE)
    stage.access.denied.add(("sns.amazonaws.com", "sqs:SendMessage"))
    stage.publish()
    assert stage.metrics.values("NumberOfNotificationsFailed", TopicName="alarms") == [1]


def test_function_gets_a_record(stage: Stage) -> None:
    function = make_function(
        stage.world, "reader", "def handler(e, c):\n    return e['Records'][0]['Sns']['Message']\n"
    )
    stage.subscribe("lambda", function)
    stage.publish("hello")
    stage.world.clock.advance(1)
    assert [done.result for done in stage.functions.events.invocations()] == ["hello"]


def test_outage(stage: Stage) -> None:
    stage.topics.confirm(stage.subscribe("email", "ops@example.org"))
    stage.topics.outage(TOPIC, 1)
    stage.publish("lost")
    stage.publish("seen")
    assert [mail.message for mail in stage.topics.outbox()] == ["seen"]
    assert stage.metrics.values("NumberOfNotificationsFailed", TopicName="alarms") == [1]
