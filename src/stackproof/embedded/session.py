"""The embedded AWS as a library session: deploy a template, step the clock, be a client as any principal.

    with Embedded() as aws:
        stack = aws.deploy(Path("template/stack.yaml"), parameters={...}, image=Path("processor"))
        aws.client("s3", principal=producer).put_object(...)
        aws.advance(60)

One session at a time in a process: it freezes Python's clock and stands between boto3 and moto.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from moto import mock_aws

from stackproof.embedded.deploy import Deployer, Resource, Stack
from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.faults import Faults
from stackproof.embedded.iam import Iam
from stackproof.embedded.identity import Credentials
from stackproof.embedded.services.alarms import Alarms
from stackproof.embedded.services.batch import Batch
from stackproof.embedded.services.bus import Bus
from stackproof.embedded.services.functions import Functions
from stackproof.embedded.services.logs import Logs
from stackproof.embedded.services.metrics import Metrics
from stackproof.embedded.services.notifications import Notifications
from stackproof.embedded.services.objects import Objects
from stackproof.embedded.services.queues import Queues
from stackproof.embedded.services.tables import Tables
from stackproof.embedded.services.topics import Topics
from stackproof.embedded.snapshot import MotoSnapshot
from stackproof.embedded.world import Account, World

__all__ = ["Account", "Embedded", "Resource", "Snapshot", "Stack"]

START = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
_MOTO: Any = {"batch": {"use_docker": False}, "iam": {"load_aws_managed_policies": True}}


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A session at one moment; valid in the process and the session that took it."""

    moto: MotoSnapshot
    states: Mapping[str, Any]
    core: Mapping[str, Any]


class Embedded:
    """An AWS account in this process."""

    def __init__(self, *, account: Account | None = None, start: datetime = START, seed: int = 1) -> None:
        self.world = World(account=account or Account(), start=start, seed=seed)
        self._moto = mock_aws(config=_MOTO)
        self._principals: dict[str, Credentials] = {}

    def __enter__(self) -> "Embedded":
        world = self.world
        world.stack.enter_context(self._moto)
        for part in (world.ids, world.clock, world.seam):
            part.start()
            world.stack.callback(part.stop)
        self._build()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.world.stack.close()

    def _build(self) -> None:
        """Make the parts and tell each whom it asks."""
        world = self.world
        self.faults = Faults(world)
        self.iam = Iam(world)
        world.seam.intercept(self.iam.check)
        self.metrics = Metrics(world)
        self.logs = Logs(world, self.iam, self.metrics)
        self.queues = Queues(world, self.iam, self.metrics)
        self.functions = Functions(world, self.iam, self.queues, self.logs, self.metrics)
        self.topics = Topics(world, self.iam, self.queues, self.functions, self.metrics)
        self.bus = Bus(world, self.iam, self.functions, self.queues, self.topics, self.metrics)
        self.notifications = Notifications(world, self.iam, self.functions, self.queues, self.topics, self.bus)
        self.objects = Objects(world)
        self.tables = Tables(world, self.metrics)
        self.batch = Batch(world, self.iam, self.bus, self.logs, self.metrics)
        self.alarms = Alarms(world, self.metrics, self.topics)
        self.deployer = Deployer(world, functions=self.functions, access=self.iam)

    def deploy(
        self,
        template: Path,
        *,
        stack_name: str = "stackproof",
        parameters: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        image: Path | None = None,
        on_progress: Callable[[str, str, str], None] | None = None,
    ) -> Stack:
        """Create or update a stack; `image` is the folder of the package that the job definition's image holds.

        Raises: StackproofError when the template or a parameter is wrong, or a resource can't be made.
        """
        stack = self.deployer.deploy(
            template,
            stack_name=stack_name,
            parameters=parameters or {},
            tags=tags or {},
            on_progress=on_progress,
        )
        for resource in stack.resources.values():
            if image is not None and resource.type == "AWS::Batch::JobDefinition":
                self.batch.register_image(_repository(resource.properties["ContainerProperties"]["Image"]), image)
        self._check()
        return stack

    def client(self, service: str, principal: str | None = None) -> Any:
        """A boto3 client of the operator, or of the role with the ARN `principal`."""
        if principal is None:
            return self.world.client(service)
        if principal not in self._principals:
            self._principals[principal] = self.world.identities.issue(principal, f"client of {principal}")
        return self.world.client(service, self._principals[principal])

    def now(self) -> datetime:
        """The session's time."""
        return self.world.clock.now()

    def advance(self, seconds: float) -> None:
        """Let time pass, and everything that falls due on the way."""
        self.world.clock.advance(seconds)
        self._check()

    def leap(self, seconds: float) -> None:
        """Let time pass at once; what recurs runs once, at the end."""
        self.world.clock.leap(seconds)
        self._check()

    def run_until(self, done: Callable[[], bool], *, limit: float, step: float = 15) -> bool:
        """Let time pass until `done()`, asked every `step` seconds; False when `limit` seconds were not enough."""
        end = self.now().timestamp() + limit
        while not done():
            if self.now().timestamp() >= end:
                return False
            self.advance(step)
        return True

    def save(self) -> Snapshot:
        """The whole session at this moment."""
        world = self.world
        return Snapshot(
            moto=MotoSnapshot(regions={world.account.region}),
            states=copy.deepcopy(world.states),
            core=copy.deepcopy(
                {
                    "clock": world.clock.state(),
                    "ids": world.ids.state(),
                    "identities": world.identities.state(),
                    "calls": world.seam.count,
                }
            ),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Return to a saved moment, as often as wanted."""
        world = self.world
        snapshot.moto.restore()
        world.states.clear()
        world.states.update(copy.deepcopy(dict(snapshot.states)))
        core = copy.deepcopy(dict(snapshot.core))
        world.clock.restore(core["clock"])
        world.ids.restore(core["ids"])
        world.identities.restore(core["identities"])
        world.seam.count, world.seam.broken = core["calls"], None
        self._principals.clear()
        world.forget_clients()
        self.iam.forget()

    def _check(self) -> None:
        """A part that met something it can't emulate has broken the session, whoever swallowed the error."""
        if self.world.seam.broken is not None:
            raise EmbeddedError(str(self.world.seam.broken))


def _repository(image: str) -> str:
    """An image's URI without its digest or tag."""
    name = image.partition("@")[0]
    head, _, last = name.rpartition("/")
    return f"{head}/{last.partition(':')[0]}" if head else last.partition(":")[0]
