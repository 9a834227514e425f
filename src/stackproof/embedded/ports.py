"""What the parts of the embedded AWS ask of each other: each is made with the `World` and the ports that it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from stackproof.embedded.identity import Principal

Context = Mapping[str, str | list[str]]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether a request is allowed, and why: `reason` names the statement (Sid) that decided, or that none allows."""

    allowed: bool
    reason: str


class Access(Protocol):
    """IAM: decides requests on the policies that are deployed."""

    def decide(self, principal: Principal, action: str, resource: str, context: Context) -> Decision:
        """One request of a role, by its identity policies and the policy of the resource."""

    def require_role(self, role_arn: str, action: str, resource: str, context: Context | None = None) -> None:
        """What an AWS service does with a role (log delivery, dead letters, image pulls).

        Raises: AwsError (AccessDenied) when the role may not.
        """

    def require_service(self, service: str, action: str, resource: str, *, source_arn: str) -> None:
        """What an AWS service does as itself: `events.amazonaws.com` sends to a queue, invokes a function, publishes to
        a topic and, when the resource is encrypted, uses its key. Judged by the resource's policy, with
        `aws:SourceArn` and `aws:SourceAccount` in the context as far as the service passes them on.

        Raises: AwsError (AccessDenied) when the resource's policy does not let it.
        """


class Metrics(Protocol):
    """CloudWatch's data points."""

    def put(
        self, namespace: str, name: str, dimensions: Mapping[str, str], value: float, *, unit: str = "None"
    ) -> None:
        """One value, now."""


class Logs(Protocol):
    """CloudWatch Logs: writes lines and extracts embedded metrics from them."""

    def write(self, *, role_arn: str, group: str, stream: str, lines: list[str]) -> None:
        """Put the lines with the permissions of `role_arn`; a denied write loses them, as on AWS."""


class Queues(Protocol):
    """SQS as AWS services use it."""

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
        """Send with a role's permissions (a function's dead letters), or as a service under the queue's policy.

        Raises: AwsError when it may not.
        """


class Topics(Protocol):
    """SNS as AWS services use it."""

    def publish(self, service: str, topic_arn: str, *, subject: str, message: str, source_arn: str) -> None:
        """Publish as a service under the topic's policy and its key's.

        Raises: AwsError when it may not.
        """


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One run of a function: its answer or its error, and its log lines."""

    function: str
    request_id: str
    payload: Any
    result: Any = None
    error: Mapping[str, Any] | None = None
    killed: bool = False
    lines: list[str] = field(default_factory=list)


class Functions(Protocol):
    """Lambda."""

    def invoke(self, function: str, payload: Any) -> Invocation:
        """Run it now (name or ARN) and wait."""

    def invoke_async(self, function: str, payload: Any) -> str:
        """Queue an event for it; retries and dead letters follow as its settings say. Returns the request id.

        Raises: AwsError ResourceNotFoundException when there is no such function.
        """


class Bus(Protocol):
    """EventBridge's default bus."""

    def put(self, event: Mapping[str, Any]) -> None:
        """An event of an AWS service: `source`, `detail-type`, `resources`, `detail`; the rest is added."""
