"""The custom resource: what it writes to the bucket, and what it answers to CloudFormation, over a real socket."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchflow import answer, notification
from batchflow.answer import Answer
from batchflow.merge import Target, merge, same
from tests.lambdas.fakes import S3, refusal

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:"
TARGET = Target(notification_id="fin", function_arn=f"{ARN}fin-submit", prefix="incoming/")
OTHERS: dict[str, Any] = {
    "TopicConfigurations": [{"Id": "t", "TopicArn": "arn:aws:sns:eu-central-1:1:t", "Events": ["s3:ObjectRemoved:*"]}],
    "QueueConfigurations": [{"Id": "q", "QueueArn": "arn:aws:sqs:eu-central-1:1:q", "Events": ["s3:ObjectRestore:*"]}],
    "LambdaFunctionConfigurations": [
        {"Id": "other", "LambdaFunctionArn": f"{ARN}other", "Events": ["s3:ObjectRemoved:*"]}
    ],
    "EventBridgeConfiguration": {},
}
METADATA = {"ResponseMetadata": {"HTTPStatusCode": 200}}

entries = st.lists(
    st.fixed_dictionaries({"Id": st.sampled_from(["a", "b", "fin", "c"]), "LambdaFunctionArn": st.just(f"{ARN}x")}),
    unique_by=lambda entry: entry["Id"],
)
configurations = st.fixed_dictionaries(
    {},
    optional={
        "LambdaFunctionConfigurations": entries,
        "QueueConfigurations": st.just(OTHERS["QueueConfigurations"]),
        "TopicConfigurations": st.just(OTHERS["TopicConfigurations"]),
        "EventBridgeConfiguration": st.just({}),
        "ResponseMetadata": st.just({}),
    },
)


def others(configuration: dict[str, Any]) -> dict[str, Any]:
    """A configuration without our entry."""
    functions = [e for e in configuration.get("LambdaFunctionConfigurations", []) if e["Id"] != "fin"]
    kept = {k: v for k, v in configuration.items() if k not in ("LambdaFunctionConfigurations", "ResponseMetadata")}
    return {**kept, **({"LambdaFunctionConfigurations": functions} if functions else {})}


@given(configurations)
def test_merge_touches_nothing_but_our_entry(current: dict[str, Any]) -> None:
    merged = merge(current, frozenset(), TARGET)
    assert others(merged) == others(current)
    ours = [entry for entry in merged["LambdaFunctionConfigurations"] if entry["Id"] == "fin"]
    assert ours == [TARGET.entry()]
    assert merge(merged, frozenset(), TARGET) == merged
    assert merge(merged, frozenset({"fin"}), None) == others(current)


def test_the_same_configuration_is_recognised_as_s3_returns_it() -> None:
    wanted = merge(OTHERS, frozenset(), TARGET)
    returned = json.loads(json.dumps(wanted).replace('"prefix"', '"Prefix"')) | METADATA
    assert same(returned, wanted)
    assert not same(OTHERS, wanted)
    assert not same({**returned, "LambdaFunctionConfigurations": []}, wanted)


class Receiver(HTTPServer):
    """Takes the answers; refuses as many as a test asks for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.refusals: list[int] = []
        self.answers: list[dict[str, Any]] = []
        self.content_types: list[str | None] = []


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.refusals.pop(0) if self.server.refusals else 200
        if status == 200:
            assert len(body) <= 4096
            self.server.answers.append(json.loads(body))
            self.server.content_types.append(self.headers["Content-Type"])
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> S3:
    fake = S3()
    fake.notifications = {"inbox": dict(OTHERS), "next": {}}
    monkeypatch.setattr(notification.clients, "patient", {"s3": fake}.__getitem__)
    monkeypatch.setattr("batchflow.answer.time.sleep", lambda _: None)
    return fake


def request(receiver: Receiver, kind: str, physical_id: str | None = None, **properties: Any) -> dict[str, Any]:
    wanted = {"BucketName": "inbox", "FunctionArn": f"{ARN}fin-submit", "Prefix": "incoming/", "NotificationId": "fin"}
    event: dict[str, Any] = {
        "RequestType": kind,
        "ResponseURL": f"http://127.0.0.1:{receiver.server_port}/answer?signature=x",
        "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/fin/1",
        "RequestId": "r-1",
        "LogicalResourceId": "InboxNotification",
        "ResourceType": "Custom::BucketNotification",
        "ResourceProperties": {"ServiceToken": f"{ARN}fin-notification", **wanted, **properties},
    }
    return event if physical_id is None else {**event, "PhysicalResourceId": physical_id}


def ask(receiver: Receiver, kind: str, physical_id: str | None = None, **properties: Any) -> dict[str, Any]:
    """Run the handler and return what CloudFormation was told."""
    notification.handler(request(receiver, kind, physical_id, **properties), None)
    return receiver.answers[-1]


def test_create_keeps_what_others_own(receiver: Receiver, s3: S3) -> None:
    told = ask(receiver, "Create")
    assert told == {
        "Status": "SUCCESS",
        "Reason": "done",
        "PhysicalResourceId": "inbox/fin",
        "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/fin/1",
        "RequestId": "r-1",
        "LogicalResourceId": "InboxNotification",
    }
    functions = [*OTHERS["LambdaFunctionConfigurations"], TARGET.entry()]
    assert s3.notifications["inbox"] == {**OTHERS, "LambdaFunctionConfigurations": functions}
    assert receiver.content_types == [""]


def test_create_again_writes_nothing(receiver: Receiver, s3: S3) -> None:
    ask(receiver, "Create")
    assert ask(receiver, "Create")["Status"] == "SUCCESS"
    assert len(s3.made("PutBucketNotificationConfiguration")) == 1


def test_update_in_place_keeps_the_physical_id(receiver: Receiver, s3: S3) -> None:
    ask(receiver, "Create")
    told = ask(receiver, "Update", "inbox/fin", FunctionArn=f"{ARN}new", Prefix="in/")
    assert told["PhysicalResourceId"] == "inbox/fin"
    ours = s3.notifications["inbox"]["LambdaFunctionConfigurations"][-1]
    assert ours == Target(notification_id="fin", function_arn=f"{ARN}new", prefix="in/").entry()


def test_update_to_another_bucket_and_the_delete_that_follows(receiver: Receiver, s3: S3) -> None:
    ask(receiver, "Create")
    told = ask(receiver, "Update", "inbox/fin", BucketName="next")
    assert told["PhysicalResourceId"] == "next/fin"
    assert s3.notifications["next"] == {"LambdaFunctionConfigurations": [TARGET.entry()]}
    assert TARGET.entry() in s3.notifications["inbox"]["LambdaFunctionConfigurations"]
    assert ask(receiver, "Delete", "inbox/fin")["Status"] == "SUCCESS"
    assert s3.notifications == {"inbox": OTHERS, "next": {"LambdaFunctionConfigurations": [TARGET.entry()]}}


def test_a_new_name_in_the_same_bucket_replaces_the_old_entry_at_once(receiver: Receiver, s3: S3) -> None:
    ask(receiver, "Create")
    told = ask(receiver, "Update", "inbox/fin", NotificationId="renamed")
    assert told["PhysicalResourceId"] == "inbox/renamed"
    after = s3.notifications["inbox"]
    assert [entry["Id"] for entry in after["LambdaFunctionConfigurations"]] == ["other", "renamed"]
    ask(receiver, "Delete", "inbox/fin")
    assert s3.notifications["inbox"] == after


def test_delete_goes_by_the_physical_id_alone(receiver: Receiver, s3: S3) -> None:
    ask(receiver, "Create")
    told = ask(receiver, "Delete", "inbox/fin", BucketName="", FunctionArn=None)
    assert (told["Status"], told["PhysicalResourceId"]) == ("SUCCESS", "inbox/fin")
    assert s3.notifications["inbox"] == OTHERS


@pytest.mark.parametrize("physical_id", ["gone/fin", "not-created", "2026/11/23/[$LATEST]stream"])
def test_delete_of_what_is_not_there_succeeds(receiver: Receiver, s3: S3, physical_id: str) -> None:
    told = ask(receiver, "Delete", physical_id)
    assert (told["Status"], told["PhysicalResourceId"]) == ("SUCCESS", physical_id)
    assert not s3.made("PutBucketNotificationConfiguration")


@pytest.mark.parametrize("name", ["BucketName", "FunctionArn", "Prefix", "NotificationId"])
@pytest.mark.parametrize("value", [None, "", 7, ["x"]])
def test_a_wrong_property_is_named(receiver: Receiver, s3: S3, name: str, value: Any) -> None:
    told = ask(receiver, "Create", **{name: value})
    assert told["Status"] == "FAILED"
    assert told["Reason"].startswith(f"RequestError: property {name} is missing")
    assert told["PhysicalResourceId"] == ("inbox/fin" if name in ("FunctionArn", "Prefix") else "not-created")


@pytest.mark.parametrize("kind", ["create", None, "Read"])
def test_an_unknown_request_is_answered(receiver: Receiver, s3: S3, kind: Any) -> None:
    told = ask(receiver, kind, "inbox/fin")
    assert told["Status"] == "FAILED"
    assert told["Reason"] == f"RequestError: RequestType must be Create, Update or Delete, not {kind!r}"
    assert told["PhysicalResourceId"] == "inbox/fin"


@pytest.mark.parametrize(
    "error", [refusal("PutBucketNotificationConfiguration", "AccessDenied", 403), RuntimeError("ü" * 9000)]
)
def test_any_error_is_answered(receiver: Receiver, s3: S3, error: Exception) -> None:
    s3.faults["PutBucketNotificationConfiguration"] = [error]
    told = ask(receiver, "Create")
    assert told["Status"] == "FAILED"
    assert told["Reason"].startswith(f"{type(error).__name__}: ")
    assert ask(receiver, "Delete", told["PhysicalResourceId"])["Status"] == "SUCCESS"


@pytest.mark.parametrize(("refusals", "status"), [(2, "SUCCESS"), (3, "FAILED")])
def test_a_permission_that_is_not_seen_yet_is_waited_for(
    receiver: Receiver, s3: S3, refusals: int, status: str
) -> None:
    invalid = [refusal("PutBucketNotificationConfiguration", "InvalidArgument") for _ in range(refusals)]
    s3.faults["PutBucketNotificationConfiguration"] = [*invalid]
    assert ask(receiver, "Create")["Status"] == status


def test_a_failed_update_keeps_the_old_physical_id(receiver: Receiver, s3: S3) -> None:
    ask(receiver, "Create")
    told = ask(receiver, "Update", "inbox/fin", BucketName="gone")
    assert (told["Status"], told["PhysicalResourceId"]) == ("FAILED", "inbox/fin")
    assert "NoSuchBucket" in told["Reason"]


def test_no_client_is_answered_too(receiver: Receiver, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_service: str) -> Any:
        raise RuntimeError("no region")

    monkeypatch.setattr(notification.clients, "patient", broken)
    assert ask(receiver, "Create")["Reason"] == "RuntimeError: no region"


def test_it_imports_nothing_that_could_fail_beside_boto3() -> None:
    program = "import sys, batchflow.notification; sys.exit('aws_lambda_powertools' in sys.modules)"
    folder = Path(notification.__file__).parents[1]
    assert subprocess.run([sys.executable, "-B", "-c", program], cwd=folder, check=False).returncode == 0


def test_the_answer_is_tried_again(receiver: Receiver, s3: S3) -> None:
    receiver.refusals = [503, 500]
    assert ask(receiver, "Create")["Status"] == "SUCCESS"


@pytest.mark.parametrize("refusals", [[503, 503, 503], [403]])
def test_an_answer_that_nobody_takes_is_an_error(receiver: Receiver, s3: S3, refusals: list[int]) -> None:
    receiver.refusals = [*refusals]
    with pytest.raises(OSError, match="HTTP Error"):
        notification.handler(request(receiver, "Create"), None)
    assert (receiver.refusals, receiver.answers) == ([], [])


@given(st.text())
@example("\x01" * 9000)
@example("\U0001f4b6" * 9000)
@example("\ud800")
def test_the_answer_is_small(reason: str) -> None:
    event = {"StackId": "s" * 300, "RequestId": "r" * 36, "LogicalResourceId": "l" * 255}
    text = answer.body(event, Answer(physical_id="b" * 63 + "/" + "n" * 100, reason=reason * 50))
    assert len(text) <= 4096
    assert json.loads(text)["Status"] == ("FAILED" if reason else "SUCCESS")
