"""Instances whose volumes Auto Scaling may not encrypt never come, and the jobs wait."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from moto.batch.models import batch_backends

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.iam import Iam
from stackproof.embedded.services.containers import has_scratch
from stackproof.embedded.services.launches import BLOCKED
from tests.embedded.iam.support import ROOT_STATEMENT, Aws, allow, document
from tests.embedded.services.batch_support import Stage, batch_stage
from tests.embedded.services.support import running_world

KEY = "arn:aws:kms:eu-central-1:123456789012:key/2c1f0a52-8a59-4cf4-8a75-8f0f1f2f3f4f"
ROLE = "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with batch_stage(tmp_path) as stage:
        yield stage


def volumes(stage: Stage, *, version: str = "1", key: str | None = KEY) -> None:
    """Let the environment start its instances from a template whose volumes have this key."""
    ebs = {"Encrypted": True, "VolumeSize": 50, **({"KmsKeyId": key} if key else {})}
    data = {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": ebs}]}
    made = stage.world.client("ec2").create_launch_template(LaunchTemplateName="own", LaunchTemplateData=data)
    environment = batch_backends["123456789012"]["eu-central-1"].get_compute_environment("environment")
    given = {"launchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "version": version}
    environment.compute_resources["launchTemplate"] = given  # type: ignore[union-attr,index]


@pytest.mark.parametrize("action", ["kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt"])
def test_a_job_waits_for_ever_when_the_key_does_not_let_auto_scaling(stage: Stage, action: str) -> None:
    volumes(stage)
    stage.access.denied.add((ROLE, action))
    stage.define()
    job = stage.submit()
    stage.world.clock.advance(24 * 3600)
    assert stage.bus.statuses(job) == ["PENDING", "RUNNABLE"]
    assert stage.described(job)["statusReason"] == BLOCKED
    assert [e["detail-type"] for e in stage.bus.events][-1] == "Batch Job Queue Blocked"


@pytest.mark.parametrize("version", ["1", "$Latest", "$Default"])
def test_a_job_runs_when_the_key_lets_auto_scaling(stage: Stage, version: str) -> None:
    volumes(stage, version=version)
    stage.define()
    job = stage.submit()
    stage.world.clock.advance(3600)
    assert stage.bus.statuses(job)[-1] == "SUCCEEDED"
    assert (ROLE, "kms:CreateGrant", KEY, "") in stage.access.asked


@pytest.mark.parametrize("key", [None, "alias/aws/ebs"])
def test_the_key_of_aws_needs_no_permission(stage: Stage, key: str | None) -> None:
    volumes(stage, key=key)
    stage.define()
    job = stage.submit()
    stage.world.clock.advance(3600)
    assert stage.bus.statuses(job)[-1] == "SUCCEEDED"
    assert not [who for who, *_ in stage.access.asked if who == ROLE]


def test_a_version_that_is_not_there_is_named(stage: Stage) -> None:
    volumes(stage, version="7")
    stage.define()
    stage.submit()
    with pytest.raises(EmbeddedError, match="has no version 7"):
        stage.world.clock.advance(3600)


def test_iam_policies_of_the_account_do_not_open_a_key_to_a_service_linked_role() -> None:
    with running_world() as world:
        aws = Aws(world=world, iam=Iam(world))
        closed = aws.key()
        by_condition = {"Principal": {"AWS": "*"}, "Condition": {"ArnLike": {"aws:PrincipalArn": ROLE}}}
        opened = aws.key(ROOT_STATEMENT, allow("kms:CreateGrant", **by_condition))
        aws.iam.require_role(ROLE, "kms:CreateGrant", opened)
        with pytest.raises(AwsError, match="kms:CreateGrant"):
            aws.iam.require_role(ROLE, "kms:CreateGrant", closed)


def test_a_job_waits_for_ever_when_ec2_may_not_take_the_instances_role(stage: Stage) -> None:
    stage.access.denied.add(("ec2.amazonaws.com", "sts:AssumeRole"))
    stage.define()
    job = stage.submit()
    stage.world.clock.advance(3600)
    assert stage.bus.statuses(job) == ["PENDING", "RUNNABLE"]


def test_a_role_that_ecs_may_not_assume_fails_the_start(stage: Stage) -> None:
    stage.access.denied.add(("ecs-tasks.amazonaws.com", "sts:AssumeRole"))
    stage.define()
    job = stage.submit()
    stage.world.clock.advance(3600)
    assert stage.bus.statuses(job)[-1] == "FAILED"
    assert "ECS was unable to assume the role" in stage.described(job)["attempts"][0]["container"]["reason"]


@pytest.mark.parametrize(
    ("service", "condition", "allowed"),
    [
        ("lambda", {"StringEquals": {"aws:SourceAccount": "123456789012"}}, True),
        ("lambda", {"StringEquals": {"aws:SourceAccount": "999999999999"}}, False),
        ("ec2", {}, True),
        ("ec2", {"StringEquals": {"aws:SourceAccount": "123456789012"}}, False),
        ("sns", {}, False),
    ],
)
def test_trust_is_judged_with_its_conditions(service: str, condition: dict[str, object], allowed: bool) -> None:
    principal = {"Service": [f"{name}.amazonaws.com" for name in ("lambda", "ec2")]}
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}
    with running_world() as world:
        iam = Iam(world)
        answer = world.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document(trust))
        arn, source = answer["Role"]["Arn"], "arn:aws:lambda:eu-central-1:123456789012:function:f"
        ask = partial(iam.require_service, f"{service}.amazonaws.com", "sts:AssumeRole", arn, source_arn=source)
        if allowed:
            ask()
        else:
            with pytest.raises(AwsError, match="sts:AssumeRole"):
                ask()


TMPFS = {"linuxParameters": {"tmpfs": [{"containerPath": "/scratch", "size": 64}]}}
READ_ONLY: dict[str, Any] = {"readonlyRootFilesystem": True}


@pytest.mark.parametrize(
    ("container", "found"),
    [
        ({}, True),
        (READ_ONLY, False),
        ({**READ_ONLY, **TMPFS}, True),
        ({**READ_ONLY, **TMPFS, "environment": [{"name": "TMPDIR", "value": "/scratch/own"}]}, True),
        ({**READ_ONLY, **TMPFS, "environment": [{"name": "TMPDIR", "value": "/tmp"}]}, False),
        ({**READ_ONLY, "mountPoints": [{"containerPath": "/data", "sourceVolume": "v", "readOnly": True}]}, False),
    ],
)
def test_a_read_only_root_leaves_no_room_for_temporary_files(container: dict[str, Any], found: bool) -> None:
    assert has_scratch(container) is found


def test_without_scratch_there_are_no_temporary_files_and_no_region(stage: Stage) -> None:
    stage.image_says("import os, tempfile\nprint(os.environ.get('AWS_REGION'))\ntempfile.mkdtemp()\n")
    stage.define(container=READ_ONLY)
    job = stage.submit()
    stage.world.clock.advance(3600)
    assert stage.job(job).attempts[0]["container"]["exitCode"] == 1
    lines = [line for call in stage.logs.written for line in call[-1]]
    assert lines[0] == "None"
    assert "No usable temporary directory found" in lines[-1]
