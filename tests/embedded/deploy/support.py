"""A world to deploy into, templates in a few lines, and functions that answer as a test says."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from stackproof.embedded.deploy import Deployer, Stack
from stackproof.embedded.ports import Invocation
from stackproof.embedded.world import World
from tests.embedded.services.support import FakeAccess, running_world

ROOT = Path(__file__).parents[3]
TEMPLATE = ROOT / "template" / "stack.yaml"
PRODUCER = "payments-file-producer"
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy the machine is behind
Answer = Callable[[Mapping[str, Any]], Mapping[str, Any] | bytes | None]


def success(event: Mapping[str, Any]) -> dict[str, Any]:
    """What a well-behaved custom resource answers."""
    names = ("StackId", "RequestId", "LogicalResourceId")
    physical = event.get("PhysicalResourceId", "thing-1")
    return {"Status": "SUCCESS", "PhysicalResourceId": physical, **{name: event[name] for name in names}}


@dataclass
class FakeFunctions:
    """Runs custom resources: `answer` gives what is PUT to the ResponseURL, None for silence."""

    answer: Answer = success
    events: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def invoke(self, function: str, payload: Any) -> Invocation:
        self.events.append(dict(payload))
        answer = self.answer(payload)
        if answer is not None:
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            request = urllib.request.Request(payload["ResponseURL"], data=body, method="PUT")
            try:
                with _direct.open(request) as response:
                    self.statuses.append(response.status)
            except urllib.error.HTTPError as error:
                self.statuses.append(error.code)
        return Invocation(function=function, request_id="r", payload=payload)

    def invoke_async(self, function: str, payload: Any) -> str:
        raise AssertionError("nothing is queued here")


@dataclass
class Site:
    """A world with a deployer, and a folder for templates."""

    world: World
    folder: Path
    functions: FakeFunctions = field(default_factory=FakeFunctions)
    access: FakeAccess = field(default_factory=FakeAccess)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    deployer: Deployer = field(init=False)

    def __post_init__(self) -> None:
        self.deployer = Deployer(self.world, functions=self.functions, access=self.access)

    def deploy(self, resources: Mapping[str, Any], *, name: str = "small", **sections: Any) -> Stack:
        """Deploy resources written as data; `parameters` and `tags` are the deployment's, the rest are sections."""
        given = sections.pop("parameters", {})
        tags = sections.pop("tags", {})
        path = self.folder / "template.yaml"
        path.write_text(json.dumps({"Resources": resources, **sections}))
        self.seen.clear()
        return self.deployer.deploy(
            path, stack_name=name, parameters=given, tags=tags, on_progress=lambda *step: self.seen.append(step)
        )

    def deploy_stack(self, environment: str, **parameters: str) -> Stack:
        """Deploy the project's own template with the values of an environment."""
        values = yaml.safe_load((TEMPLATE.parent / "environments" / f"{environment}.yaml").read_text())
        given = {name: str(value) for name, value in values["parameters"].items()}
        return self.deployer.deploy(
            TEMPLATE, stack_name="batchflow", parameters={**given, **parameters}, tags=values.get("tags", {})
        )

    def client(self, service: str) -> Any:
        return self.world.client(service)


def producer_exists(world: World) -> None:
    """The role that writes files is another system's: it is there before the stack is."""
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    world.client("iam").create_role(RoleName=PRODUCER, AssumeRolePolicyDocument=json.dumps(trust))


def new_world() -> AbstractContextManager[World]:
    """A world with nothing in it."""
    return running_world()
