"""What every part of the embedded AWS shares: the account, the clock, the ids, the seam, and one place for state."""

import functools
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import boto3
import botocore.session
from botocore.loaders import Loader

from stackproof.embedded.clock import Clock
from stackproof.embedded.identity import OPERATOR_KEY, Credentials, Identities
from stackproof.embedded.ids import Ids
from stackproof.embedded.seam import Seam

State = TypeVar("State")


@functools.cache
def models() -> Loader:
    """botocore's service models, read once: they are data that never change, and reading them takes most of the time
    that a new client takes."""
    return Loader()


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where the stack is deployed."""

    id: str = "123456789012"
    region: str = "eu-central-1"
    partition: str = "aws"

    def arn(self, service: str, resource: str, *, region: bool = True) -> str:
        """An ARN of this account; `region=False` for global services."""
        return f"arn:{self.partition}:{service}:{self.region if region else ''}:{self.id}:{resource}"


@dataclass(kw_only=True)
class World:
    """Shared by all parts. A part keeps everything that changes as plain data in `state(...)`, so that saving and
    restoring a session is one deep copy; it sets timers on the clock and hooks on the seam when it is made."""

    account: Account
    start: datetime
    seed: int
    clock: Clock = field(init=False)
    ids: Ids = field(init=False)
    identities: Identities = field(init=False)
    seam: Seam = field(init=False)
    states: dict[str, Any] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _sessions: dict[str, boto3.session.Session] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = Clock(self.start)
        self.ids = Ids(self.seed)
        self.identities = Identities(self.account.id)
        self.seam = Seam(clock=self.clock, identities=self.identities)

    def state(self, part: str, make: Callable[[], State]) -> State:
        """The state of a part, made once. Ask for it on every use: `restore` replaces it."""
        if part not in self.states:
            self.states[part] = make()
        state: State = self.states[part]
        return state

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """A boto3 client of the operator, or of whoever the credentials belong to; made once."""
        key = credentials.access_key_id if credentials else OPERATOR_KEY
        if (service, key) not in self._clients:
            session = botocore.session.Session()
            session.register_component("data_loader", models())
            self._clients[service, key] = boto3.session.Session(
                botocore_session=session,
                aws_access_key_id=key,
                aws_secret_access_key=credentials.secret_access_key if credentials else "embedded",
                aws_session_token=credentials.session_token if credentials else None,
                region_name=self.account.region,
            ).client(service)
        return self._clients[service, key]

    def forget_clients(self) -> None:
        """Make new clients from here on: the keys of the old ones are gone."""
        self._clients.clear()
        self._sessions.clear()
