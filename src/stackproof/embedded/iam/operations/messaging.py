"""SQS, SNS and EventBridge. The sources of the permissions are the services' own lists (authz)."""

from collections.abc import Mapping
from typing import Any

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.operations.entry import Entry, Service, View, parameter


def _queue(view: View) -> str:
    if "QueueName" in view.parameters:
        return view.arn("sqs", view.required("QueueName"))
    account, name = view.required("QueueUrl").rstrip("/").split("/")[-2:]
    if account != view.deployed.account.id:
        raise EmbeddedError(f"The queue {view.required('QueueUrl')} belongs to another account, which is not emulated.")
    return view.arn("sqs", name)


def _sqs(operation: str, action: str) -> Entry:
    return Entry(operation=operation, action=f"sqs:{action}", resource="queue")


SQS = Service(
    name="sqs",
    entries=(
        _sqs("SendMessage", "SendMessage"),
        _sqs("SendMessageBatch", "SendMessage"),
        _sqs("ReceiveMessage", "ReceiveMessage"),
        _sqs("DeleteMessage", "DeleteMessage"),
        _sqs("DeleteMessageBatch", "DeleteMessage"),
        _sqs("ChangeMessageVisibility", "ChangeMessageVisibility"),
        _sqs("GetQueueUrl", "GetQueueUrl"),
        _sqs("GetQueueAttributes", "GetQueueAttributes"),
        _sqs("PurgeQueue", "PurgeQueue"),
    ),
    resources={"queue": _queue},
)


def _topic(view: View) -> str:
    if "PhoneNumber" in view.parameters or "endpoint/" in view.parameters.get("TargetArn", ""):
        raise EmbeddedError("sns:Publish to phones and mobile devices is not emulated.")
    return view.required("TargetArn" if "TargetArn" in view.parameters else "TopicArn")


def _sns(operation: str, action: str, keys: tuple[str, ...] = ()) -> Entry:
    return Entry(operation=operation, action=f"sns:{action}", resource="topic", keys=keys)


SNS = Service(
    name="sns",
    entries=(
        _sns("Publish", "Publish"),
        _sns("PublishBatch", "Publish"),
        _sns("Subscribe", "Subscribe", ("sns:Endpoint", "sns:Protocol")),
        _sns("GetTopicAttributes", "GetTopicAttributes"),
        _sns("SetTopicAttributes", "SetTopicAttributes"),
    ),
    resources={"topic": _topic},
    keys={"sns:Endpoint": parameter("Endpoint"), "sns:Protocol": parameter("Protocol")},
)


def _entries(parameters: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [("PutEvents.Entry", entry) for entry in parameters["Entries"]]


def _bus(view: View) -> str:
    name = view.parameters.get("EventBusName", "default")
    return str(name) if str(name).startswith("arn:") else view.arn("events", f"event-bus/{name}")


EVENTS = Service(
    name="events",
    entries=(
        Entry(
            operation="PutEvents.Entry",
            action="events:PutEvents",
            resource="event-bus",
            keys=("events:source", "events:detail-type"),
        ),
    ),
    resources={"event-bus": _bus},
    keys={"events:source": parameter("Source"), "events:detail-type": parameter("DetailType")},
    parts={"PutEvents": _entries},
    unmodelled=frozenset(
        {
            "events:SystemMetadata/AwsDetailType",
            "events:SystemMetadata/AwsSource",
            "events:SystemMetadata/ContentType",
            "events:eventBusInvocation",
        }
    ),
)
