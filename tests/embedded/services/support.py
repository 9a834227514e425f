"""A world with moto underneath, and stand-ins for the ports that other modules implement."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto import mock_aws

from stackproof.embedded.errors import AwsError
from stackproof.embedded.identity import Principal
from stackproof.embedded.ports import Context, Decision
from stackproof.embedded.world import Account, World

START = datetime(2026, 11, 16, 8, tzinfo=UTC)
ACCOUNT = Account()
ROLE = "arn:aws:iam::123456789012:role/worker"
CONFIG: Any = {"batch": {"use_docker": False}, "lambda": {"use_docker": False}}


@contextmanager
def running_world(seed: int = 1) -> Iterator[World]:
    world = World(account=ACCOUNT, start=START, seed=seed)
    with mock_aws(config=CONFIG):
        world.ids.start()
        world.clock.start()
        world.seam.start()
        try:
            with world.stack:
                yield world
        finally:
            world.seam.stop()
            world.clock.stop()
            world.ids.stop()


@dataclass
class FakeAccess:
    """Allows everything but what `denied` names as (principal or service, action)."""

    denied: set[tuple[str, str]] = field(default_factory=set)
    asked: list[tuple[str, str, str, str]] = field(default_factory=list)

    def decide(self, principal: Principal, action: str, resource: str, context: Context) -> Decision:
        return Decision(allowed=(principal.arn, action) not in self.denied, reason="stand-in")

    def require_role(self, role_arn: str, action: str, resource: str, context: Context | None = None) -> None:
        self._judge(role_arn, action, resource, "")

    def require_service(self, service: str, action: str, resource: str, *, source_arn: str) -> None:
        self._judge(service, action, resource, source_arn)

    def _judge(self, who: str, action: str, resource: str, source: str) -> None:
        self.asked.append((who, action, resource, source))
        if (who, action) in self.denied:
            raise AwsError("AccessDenied", f"{who} may not {action} on {resource}", status=403)


@dataclass
class FakeMetrics:
    points: list[tuple[str, str, dict[str, str], float]] = field(default_factory=list)

    def put(
        self, namespace: str, name: str, dimensions: Mapping[str, str], value: float, *, unit: str = "None"
    ) -> None:
        self.points.append((namespace, name, dict(dimensions), value))

    def values(self, name: str, **dimensions: str) -> list[float]:
        return [v for _, n, d, v in self.points if n == name and dimensions.items() <= d.items()]


@dataclass
class FakeLogs:
    written: list[tuple[str, str, str, list[str]]] = field(default_factory=list)

    def write(self, *, role_arn: str, group: str, stream: str, lines: list[str]) -> None:
        self.written.append((role_arn, group, stream, lines))


@dataclass
class FakeQueues:
    denied: bool = False
    sent: list[tuple[str, Any, dict[str, str], str | None]] = field(default_factory=list)

    def send(
        self,
        queue_arn: str,
        body: str,
        *,
        attributes: Mapping[str, str],
        role_arn: str | None = None,
        service: str | None = None,
        source_arn: str = "",
    ) -> None:
        if self.denied:
            raise AwsError("AccessDenied", "no", status=403)
        self.sent.append((queue_arn, json.loads(body), dict(attributes), role_arn or service))


def zipped(**sources: str) -> bytes:
    """An artifact; `a__b` stands for the file a/b.py."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, source in sources.items():
            archive.writestr(name.replace("__", "/") + ".py", source)
    return buffer.getvalue()


def make_role(world: World) -> str:
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}  # fmt: skip
    iam = world.client("iam")
    if not any(role["RoleName"] == "worker" for role in iam.list_roles()["Roles"]):
        iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(policy))
    return ROLE


def make_function(world: World, name: str, source: str, **settings: Any) -> str:
    """A function with one module, `code.main`; returns its ARN."""
    values = {
        "FunctionName": name,
        "Role": make_role(world),
        "Runtime": "python3.13",
        "Handler": "app.main.handler",
        "Code": {"ZipFile": zipped(app__main=source, app____init__="")},
        "Timeout": 30,
        **settings,
    }
    arn: str = world.client("lambda").create_function(**values)["FunctionArn"]
    return arn
