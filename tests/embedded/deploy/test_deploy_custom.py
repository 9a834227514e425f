"""Custom resources: what is sent, and what becomes of each answer."""

from collections.abc import Mapping
from typing import Any

import pytest

from stackproof.embedded.deploy import DeploymentFailed
from stackproof.embedded.errors import AwsError, EmbeddedError
from tests.embedded.deploy.support import Site, success

TOKEN = "arn:aws:lambda:eu-central-1:123456789012:function:maker"


def thing(**properties: Any) -> dict[str, Any]:
    return {"Thing": {"Type": "Custom::Thing", "Properties": {"ServiceToken": TOKEN, **properties}}}


def kinds(site: Site) -> list[tuple[str, str | None]]:
    return [(event["RequestType"], event.get("PhysicalResourceId")) for event in site.functions.events]


def test_create_sends_texts_and_takes_data(site: Site) -> None:
    site.functions.answer = lambda event: {**success(event), "Data": {"Colour": "red"}}
    resources = {
        **thing(Count=3, On=True, Nested={"List": [1, {"Deep": False}]}),
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${Thing}-${Thing.Colour}"}}},
    }
    stack = site.deploy(resources)
    event = site.functions.events[0]
    assert event["RequestType"] == "Create"
    assert event["ResourceType"] == "Custom::Thing"
    assert event["StackId"] == stack.id
    nested = {"List": ["1", {"Deep": "false"}]}
    assert event["ResourceProperties"] == {"ServiceToken": TOKEN, "Count": "3", "On": "true", "Nested": nested}
    assert "PhysicalResourceId" not in event
    assert stack.resources["Queue"].attributes["QueueName"] == "thing-1-red"
    assert site.functions.statuses == [200]


def test_update_sends_the_old_properties_and_delete_the_last(site: Site) -> None:
    site.deploy(thing(A="1"))
    site.deploy(thing(A="2"))
    site.deployer.delete("small")
    assert kinds(site) == [("Create", None), ("Update", "thing-1"), ("Delete", "thing-1")]
    update = site.functions.events[1]
    assert update["OldResourceProperties"] == {"ServiceToken": TOKEN, "A": "1"}
    assert update["ResourceProperties"]["A"] == "2"
    assert site.functions.events[2]["ResourceProperties"]["A"] == "2"


def test_another_physical_id_deletes_the_old_one_afterwards(site: Site) -> None:
    site.functions.answer = lambda event: {**success(event), "PhysicalResourceId": event["ResourceProperties"]["A"]}
    site.deploy(thing(A="one"))
    stack = site.deploy(thing(A="two"))
    assert stack.resources["Thing"].physical_id == "two"
    assert kinds(site) == [("Create", None), ("Update", "one"), ("Delete", "one")]
    assert site.functions.events[2]["ResourceProperties"]["A"] == "one"


def test_a_failed_create_is_deleted_in_the_rollback(site: Site) -> None:
    def answer(event: Mapping[str, Any]) -> dict[str, Any]:
        return {**success(event), **({"Status": "FAILED", "Reason": "no"} if event["RequestType"] == "Create" else {})}

    site.functions.answer = answer
    resources = {"Queue": {"Type": "AWS::SQS::Queue"}, **thing(Needs={"Ref": "Queue"})}
    with pytest.raises(DeploymentFailed, match=r"Thing \(Custom::Thing\): Create: the function answered FAILED: no"):
        site.deploy(resources)
    assert kinds(site) == [("Create", None), ("Delete", "thing-1")]
    assert site.client("sqs").list_queues().get("QueueUrls", []) == []


def test_a_failed_update_goes_back_to_what_was(site: Site) -> None:
    site.deploy(thing(A="1"))

    def answer(event: Mapping[str, Any]) -> dict[str, Any]:
        bad = event["ResourceProperties"]["A"] == "2"
        return {**success(event), **({"Status": "FAILED", "Reason": "not 2"} if bad else {})}

    site.functions.answer = answer
    with pytest.raises(DeploymentFailed, match="Update: the function answered FAILED: not 2"):
        site.deploy(thing(A="2"))
    assert [event["ResourceProperties"]["A"] for event in site.functions.events] == ["1", "2", "1"]
    assert site.deployer.stack("small").resources["Thing"].properties["A"] == "1"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, r"no answer came within ServiceTimeout \(7 s\)"),
        (b"x" * 5000, "An answer of 5000 bytes was refused: at most 4096"),
        (b"not json", "no JSON object"),
        (b"[]", "no JSON object"),
        ({"RequestId": "other"}, "the answer's RequestId is 'other'"),
        ({"Status": "DONE"}, "Status is 'DONE'"),
        ({"PhysicalResourceId": ""}, "Invalid PhysicalResourceId"),
    ],
)
def test_answers_that_are_none(site: Site, answer: Any, said: str) -> None:
    def reply(event: Mapping[str, Any]) -> Any:
        if event["RequestType"] == "Delete":
            return success(event)
        return {**success(event), **answer} if isinstance(answer, dict) else answer

    site.functions.answer = reply
    with pytest.raises(DeploymentFailed, match=said):
        site.deploy(thing(ServiceTimeout=7))


@pytest.mark.parametrize("timeout", [0, 3601, "soon"])
def test_a_service_timeout_out_of_bounds(site: Site, timeout: Any) -> None:
    with pytest.raises(DeploymentFailed, match=r"ServiceTimeout: .* is not 1 to 3600"):
        site.deploy(thing(ServiceTimeout=timeout))


def test_the_token_cannot_change(site: Site) -> None:
    site.deploy(thing())
    with pytest.raises(DeploymentFailed, match="ServiceToken: changing it is not supported"):
        site.deploy(thing(ServiceToken=f"{TOKEN}-2"))


def test_a_function_that_is_not_there_and_a_token_that_is_no_function(site: Site) -> None:
    def missing(event: Mapping[str, Any]) -> None:
        raise AwsError("ResourceNotFoundException", "Function not found: maker")

    site.functions.answer = missing
    with pytest.raises(DeploymentFailed, match=r"Thing .*ServiceToken: ResourceNotFoundException: Function not found"):
        site.deploy(thing())
    with pytest.raises(EmbeddedError, match=r"Thing\.ServiceToken: only functions are emulated"):
        site.deploy(thing(ServiceToken="arn:aws:sns:eu-central-1:123456789012:topic"))
