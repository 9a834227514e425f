"""A bare embedded AWS (clock, ids, seam, IAM) without a deployed stack, and makers of roles and keys in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto import mock_aws

from stackproof.embedded.iam import Iam
from stackproof.embedded.identity import Principal
from stackproof.embedded.seam import Call
from stackproof.embedded.world import Account, World

ACCOUNT = "123456789012"
REGION = "eu-central-1"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    """A policy document."""
    return json.dumps({"Version": version, "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A Deny statement."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


ROOT_STATEMENT = allow("kms:*", Sid="Root", Principal={"AWS": ROOT})


@dataclass
class Aws:
    """The world under test."""

    world: World
    iam: Iam

    def role(self, name: str, *statements: dict[str, Any]) -> str:
        """A role with one inline policy `own`; its ARN."""
        client = self.world.client("iam")
        arn: str = client.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        client.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        return arn

    def as_role(self, arn: str, service: str) -> Any:
        """A client of a role's process."""
        return self.world.client(service, self.world.identities.issue(arn, "run-1"))

    def key(self, *statements: dict[str, Any]) -> str:
        """A key with this policy (the account's root by default); its ARN."""
        policy = document(*(statements or (ROOT_STATEMENT,)))
        arn: str = self.world.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
        return arn

    def call(self, role_arn: str, service: str, operation: str, parameters: dict[str, Any]) -> Call:
        """A call as the seam makes it."""
        principal = Principal(arn=role_arn, session="run-1")
        return Call(
            number=1,
            at=self.world.clock.now(),
            principal=principal,
            service=service,
            operation=operation,
            parameters=parameters,
        )


@contextmanager
def running() -> Iterator[Aws]:
    """An account that is in order from the start to the end of the block."""
    world = World(account=Account(), start=datetime(2026, 11, 16, 8, tzinfo=UTC), seed=1)
    with mock_aws(), world.stack:
        for part in (world.ids, world.clock, world.seam):
            part.start()
            world.stack.callback(part.stop)
        iam = Iam(world)
        world.seam.intercept(iam.check)
        yield Aws(world=world, iam=iam)
