"""Creating, changing, replacing, rolling back and deleting."""

import json
from typing import Any

import pytest

from stackproof.embedded.deploy import DeploymentFailed, TemplateError
from stackproof.embedded.errors import EmbeddedError, UnsupportedProperty
from stackproof.errors import StackproofError
from tests.embedded.deploy.support import Site, new_world, producer_exists

QUEUE = {"Type": "AWS::SQS::Queue"}


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def urls(site: Site) -> list[str]:
    found: list[str] = site.client("sqs").list_queues().get("QueueUrls", [])
    return found


def test_create_tells_each_step_and_gives_outputs(site: Site) -> None:
    stack = site.deploy(
        {"B": queue(QueueName={"Fn::Sub": "${A.QueueName}-b"}), "A": queue(QueueName="a")},
        Outputs={"Name": {"Value": {"Fn::GetAtt": ["B", "QueueName"]}}, "Url": {"Value": {"Ref": "A"}}},
    )
    assert site.seen == [
        ("A", "AWS::SQS::Queue", "CREATE_IN_PROGRESS"),
        ("A", "AWS::SQS::Queue", "CREATE_COMPLETE"),
        ("B", "AWS::SQS::Queue", "CREATE_IN_PROGRESS"),
        ("B", "AWS::SQS::Queue", "CREATE_COMPLETE"),
    ]
    assert stack.outputs == {"Name": "a-b", "Url": stack.resources["A"].physical_id}
    assert site.deployer.stack("small") == stack


def test_depends_on_orders_and_a_false_condition_leaves_out(site: Site) -> None:
    stack = site.deploy(
        {"A": {**QUEUE, "DependsOn": ["B", "C"]}, "B": QUEUE, "C": {**QUEUE, "Condition": "No"}},
        Conditions={"No": {"Fn::Equals": ["a", "b"]}},
    )
    assert list(stack.resources) == ["B", "A"]
    assert stack.conditions == {"No": False}


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ({"A": queue(QueueName={"Ref": "Gone"})}, "A refers to Gone"),
        ({"A": {**QUEUE, "DependsOn": "Gone"}}, "A: DependsOn Gone"),
        ({"A": queue(QueueName={"Fn::GetAtt": ["C", "Arn"]}), "C": {**QUEUE, "Condition": "No"}}, "A needs C"),
        ({"A": queue(QueueName={"Ref": "B"}), "B": queue(QueueName={"Ref": "A"})}, "A -> B -> A"),
        ({"A": queue(Name="x")}, r"A\.Name: the embedded AWS does not keep this property of AWS::SQS::Queue"),
        ({"A": {"Type": "AWS::No::Such"}}, "A: the embedded AWS has no resource type AWS::No::Such"),
        ({"A": queue(QueueName={"Fn::GetAtt": ["B", "Colour"]}), "B": QUEUE}, "GetAtt B.Colour"),
    ],
)
def test_what_is_wrong_in_the_template_is_named(site: Site, resources: dict[str, Any], said: str) -> None:
    with pytest.raises(StackproofError, match=said):
        site.deploy(resources, Conditions={"No": {"Fn::Equals": ["a", "b"]}})
    assert urls(site) == []


@pytest.mark.parametrize(
    ("name", "tags", "said"),
    [("1a", {}, "stack name '1a'"), ("a" * 129, {}, "stack name"), ("ok", {"aws:x": "1"}, "stack tag 'aws:x'")],
)
def test_stack_names_and_tags(site: Site, name: str, tags: dict[str, str], said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        site.deploy({"A": QUEUE}, name=name, tags=tags)


def test_a_failure_rolls_back_what_was_made(site: Site) -> None:
    resources = {"A": QUEUE, "B": {**queue(DelaySeconds="soon"), "DependsOn": "A"}}
    with pytest.raises(DeploymentFailed, match=r"B \(AWS::SQS::Queue\): DelaySeconds: InvalidAttributeValue"):
        site.deploy(resources)
    assert urls(site) == []
    with pytest.raises(StackproofError, match="no stack 'small'"):
        site.deployer.stack("small")


@pytest.mark.parametrize(("policy", "left"), [("Retain", 1), ("RetainExceptOnCreate", 0), ("Delete", 0)])
def test_what_a_failed_create_leaves_behind(site: Site, policy: str, left: int) -> None:
    resources = {"A": {**QUEUE, "DeletionPolicy": policy}, "B": {**queue(DelaySeconds="soon"), "DependsOn": "A"}}
    with pytest.raises(DeploymentFailed) as raised:
        site.deploy(resources)
    assert len(urls(site)) == left
    assert ("Left behind by their policy: A." in str(raised.value)) is bool(left)


def test_delete_honours_the_policies_and_goes_backwards(site: Site) -> None:
    stack = site.deploy(
        {"A": QUEUE, "B": {**queue(QueueName={"Fn::Sub": "${A.QueueName}-b"}), "DeletionPolicy": "Retain"}}
    )
    steps: list[tuple[str, str, str]] = []
    site.deployer.delete("small", on_progress=lambda *step: steps.append(step))
    assert [(step[0], step[2]) for step in steps] == [
        ("B", "DELETE_SKIPPED"),
        ("A", "DELETE_IN_PROGRESS"),
        ("A", "DELETE_COMPLETE"),
    ]
    assert urls(site) == [stack.resources["B"].physical_id]


def test_a_bucket_with_objects_stops_the_delete(site: Site) -> None:
    stack = site.deploy({"A": {"Type": "AWS::S3::Bucket"}, "B": QUEUE})
    bucket = stack.resources["A"].physical_id
    site.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    with pytest.raises(DeploymentFailed, match=r"A \(AWS::S3::Bucket\): s3:DeleteBucket: BucketNotEmpty"):
        site.deployer.delete("small")
    assert list(site.deployer.stack("small").resources) == ["A"]


def test_update_in_place_keeps_the_resource(site: Site) -> None:
    before = site.deploy({"A": queue(VisibilityTimeout=30)}).resources["A"]
    after = site.deploy({"A": queue(VisibilityTimeout=60)}).resources["A"]
    assert after.physical_id == before.physical_id
    answer = site.client("sqs").get_queue_attributes(QueueUrl=after.physical_id, AttributeNames=["All"])
    assert answer["Attributes"]["VisibilityTimeout"] == "60"
    assert [step[2] for step in site.seen] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_a_create_only_property_replaces_and_then_deletes_the_old(site: Site) -> None:
    site.deploy({"A": queue(QueueName="one")})
    site.deploy({"A": queue(QueueName="two")})
    assert [url.rsplit("/", 1)[1] for url in urls(site)] == ["two"]
    assert [step[2] for step in site.seen][-1] == "DELETE_COMPLETE"


def test_a_replaced_resource_that_cannot_be_deleted_is_named_and_the_update_stands(site: Site) -> None:
    site.deploy({"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "bucket-one"}}})
    site.client("s3").put_object(Bucket="bucket-one", Key="k", Body=b"x")
    with pytest.raises(DeploymentFailed, match=r"A \(AWS::S3::Bucket\): s3:DeleteBucket"):
        site.deploy({"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "bucket-two"}}})
    assert site.deployer.stack("small").resources["A"].physical_id == "bucket-two"


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_update_replace_policy_retain_keeps_the_old(site: Site, policy: str) -> None:
    site.deploy({"A": {**queue(QueueName="one"), "UpdateReplacePolicy": policy}})
    site.deploy({"A": {**queue(QueueName="two"), "UpdateReplacePolicy": policy}})
    assert sorted(url.rsplit("/", 1)[1] for url in urls(site)) == ["one", "two"]


def test_what_is_no_longer_declared_stays_under_retain(site: Site) -> None:
    site.deploy({"A": queue(QueueName="one"), "B": {**queue(QueueName="two"), "DeletionPolicy": "Retain"}})
    site.deploy({"A": queue(QueueName="one")})
    assert sorted(url.rsplit("/", 1)[1] for url in urls(site)) == ["one", "two"]


def test_what_is_no_longer_declared_is_deleted(site: Site) -> None:
    site.deploy({"A": queue(QueueName="one"), "B": queue(QueueName="two")})
    stack = site.deploy({"A": queue(QueueName="one")})
    assert list(stack.resources) == ["A"]
    assert [url.rsplit("/", 1)[1] for url in urls(site)] == ["one"]


def test_a_failed_update_is_taken_back(site: Site) -> None:
    site.deploy({"A": queue(VisibilityTimeout=30)})
    with pytest.raises(DeploymentFailed, match="B "):
        site.deploy({"A": queue(VisibilityTimeout=60), "B": {**queue(DelaySeconds="soon"), "DependsOn": "A"}})
    stack = site.deployer.stack("small")
    assert stack.resources["A"].properties == {"VisibilityTimeout": 30}
    url = stack.resources["A"].physical_id
    answer = site.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    assert answer["Attributes"]["VisibilityTimeout"] == "30"


def test_another_type_under_the_same_logical_id_is_refused(site: Site) -> None:
    site.deploy({"A": QUEUE})
    with pytest.raises(DeploymentFailed, match="its type changed from AWS::SQS::Queue to AWS::SNS::Topic"):
        site.deploy({"A": {"Type": "AWS::SNS::Topic"}})


def test_an_update_that_is_not_emulated_says_so(site: Site) -> None:
    role = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [_trust()]}}
    site.deploy({"A": {"Type": "AWS::IAM::Role", "Properties": role}})
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    with pytest.raises(EmbeddedError, match=r"A \(AWS::IAM::Role\): the update of PermissionsBoundary is not emulated"):
        site.deploy({"A": {"Type": "AWS::IAM::Role", "Properties": {**role, "PermissionsBoundary": boundary}}})


def test_stack_tags_follow_an_update_and_their_own_tags_win(site: Site) -> None:
    own = [{"Key": "Owner", "Value": "me"}]
    stack = site.deploy({"A": queue(Tags=own)}, tags={"Owner": "stack", "Stage": "dev"})
    url = stack.resources["A"].physical_id
    assert site.client("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"Owner": "me", "Stage": "dev"}
    site.deploy({"A": queue(Tags=own)}, tags={"Stage": "prod"})
    assert site.client("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"Owner": "me", "Stage": "prod"}


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}], "'a' stands twice"),
        ([{"Key": "aws:a", "Value": "1"}], "'aws:a' is in AWS's own name space"),
        ([{"Name": "a", "Value": "1"}], "A.Tags"),
        ({"a": "1"}, "A.Tags"),
    ],
)
def test_tags_in_another_form(site: Site, tags: Any, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        site.deploy({"A": queue(Tags=tags)})


def test_a_property_that_does_not_come_back_is_an_error_and_rolled_back(site: Site) -> None:
    site.world.seam.amend("sqs", "GetQueueAttributes", lambda call, parsed: {"Attributes": {}})
    with pytest.raises(UnsupportedProperty, match=r"A\.VisibilityTimeout: declared 30, the describe call returns None"):
        site.deploy({"A": queue(VisibilityTimeout=30)})
    assert urls(site) == []


def test_the_whole_stack_is_updated_and_deleted(site: Site) -> None:
    producer_exists(site.world)
    before = site.deploy_stack("dev")
    after = site.deploy_stack("dev", LogRetentionDays="30", MaxvCpus="32")
    changed = {n for n, r in after.resources.items() if r.physical_id != before.resources[n].physical_id}
    assert changed == set()
    group = after.resources["SubmitLogGroup"].physical_id
    found = site.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    assert found["retentionInDays"] == 30
    environment = after.resources["ComputeEnvironment"].physical_id
    answer = site.client("batch").describe_compute_environments(computeEnvironments=[environment])
    assert answer["computeEnvironments"][0]["computeResources"]["maxvCpus"] == 32
    site.deployer.delete("batchflow")
    assert site.client("lambda").list_functions()["Functions"] == []
    left = {bucket["Name"] for bucket in site.client("s3").list_buckets()["Buckets"]}
    kept = {r.physical_id for r in after.resources.values() if r.deletion_policy != "Delete"}
    assert left == {name for name in left if name in kept}
    assert {after.resources["JobsTable"].physical_id} <= kept


def test_the_same_seed_makes_the_same_names(tmp_path: Any) -> None:
    names = []
    for _ in range(2):
        with new_world() as world:
            stack = Site(world=world, folder=tmp_path).deploy({"A": QUEUE, "B": {"Type": "AWS::S3::Bucket"}})
            names.append([resource.physical_id for resource in stack.resources.values()])
    assert names[0] == names[1]


def _trust() -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def test_the_state_is_plain_data(site: Site) -> None:
    stack = site.deploy({"A": QUEUE})
    assert json.loads(json.dumps(dict(stack.resources["A"].properties))) == {}
