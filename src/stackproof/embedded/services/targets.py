"""Deliveries of EventBridge rules to their targets (EventBridge, Event retry policy and using dead-letter queues)."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.ports import Access, Functions, Metrics, Queues, Topics
from stackproof.embedded.services.outages import Outages
from stackproof.embedded.world import World

NAMESPACE = "AWS/Events"
SERVICE = "events.amazonaws.com"
MAX_ATTEMPTS = 185
MAX_AGE_SECONDS = 86_400
_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 600.0
_RETRY = "events.retry"
_SERVICES = ("lambda", "sqs", "sns")
_NO_PERMISSIONS = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "KMS.AccessDeniedException"}


@dataclass(kw_only=True)
class Delivery:
    """One event on its way to one target; `retries` counts attempts after the first."""

    rule: str
    rule_arn: str
    target: dict[str, Any]
    body: str
    since: datetime
    retries: int = 0


@dataclass(kw_only=True)
class _State:
    """Deliveries that wait for another attempt, by number."""

    waiting: dict[int, Delivery] = field(default_factory=dict)
    made: int = 0


class Targets:
    """Delivers, retries, and gives up into the target's dead-letter queue."""

    def __init__(
        self, world: World, access: Access, functions: Functions, queues: Queues, topics: Topics, metrics: Metrics
    ) -> None:
        self._world, self._access, self._metrics = world, access, metrics
        self._functions, self._queues, self._topics = functions, queues, topics
        self._outages = Outages(world, "bus.targets")
        world.clock.on(_RETRY, lambda payload: self._again(payload["number"]))

    def deliver(self, delivery: Delivery) -> None:
        """One attempt, now."""
        self._count(delivery, "Invocations" if delivery.retries == 0 else "RetryInvocationAttempts")
        try:
            self._send(delivery)
        except AwsError as error:
            if error.status >= 500 or error.code in ("ThrottlingException", "TooManyRequestsException"):
                self._retry(delivery, error)
            else:
                self._give_up(delivery, error, "")

    def outage(self, target_arn: str, times: int) -> None:
        """Let the next deliveries to a target fail as if its service had an outage; they are retried."""
        self._outages.plan(target_arn, times)

    def check(self, target_arn: str) -> None:
        """Whether targets of this kind are emulated.

        Raises: EmbeddedError.
        """
        if target_arn.split(":")[2] not in _SERVICES:
            raise EmbeddedError(f"Rules with the target {target_arn} are not emulated; {', '.join(_SERVICES)} are.")

    def _state(self) -> _State:
        return self._world.state("bus.targets", _State)

    def _send(self, delivery: Delivery) -> None:
        arn = delivery.target["Arn"]
        self.check(arn)
        self._outages.meet(arn)
        match arn.split(":")[2]:
            case "lambda":
                self._access.require_service(SERVICE, "lambda:InvokeFunction", arn, source_arn=delivery.rule_arn)
                self._functions.invoke_async(arn, json.loads(delivery.body))
            case "sqs":
                self._queues.send(arn, delivery.body, attributes={}, service=SERVICE, source_arn=delivery.rule_arn)
            case "sns":
                self._topics.publish(SERVICE, arn, subject="", message=delivery.body, source_arn=delivery.rule_arn)

    def _retry(self, delivery: Delivery, error: AwsError) -> None:
        policy = delivery.target.get("RetryPolicy", {})
        pause = min(_FIRST_PAUSE_SECONDS * 2**delivery.retries, _LONGEST_PAUSE_SECONDS)
        age = (self._world.clock.now() - delivery.since).total_seconds()
        if delivery.retries >= policy.get("MaximumRetryAttempts", MAX_ATTEMPTS):
            self._give_up(delivery, error, "MaximumRetryAttempts")
        elif age + pause > policy.get("MaximumEventAgeInSeconds", MAX_AGE_SECONDS):
            self._give_up(delivery, error, "MaximumEventAgeInSeconds")
        else:
            delivery.retries += 1
            state = self._state()
            state.made += 1
            state.waiting[state.made] = delivery
            self._world.clock.after(pause, _RETRY, number=state.made)

    def _again(self, number: int) -> None:
        self.deliver(self._state().waiting.pop(number))

    def _give_up(self, delivery: Delivery, error: AwsError, condition: str) -> None:
        self._count(delivery, "FailedInvocations")
        queue = delivery.target.get("DeadLetterConfig", {}).get("Arn")
        if not queue:
            return
        attributes = {
            "RULE_ARN": delivery.rule_arn,
            "TARGET_ARN": delivery.target["Arn"],
            "ERROR_CODE": "NO_PERMISSIONS" if error.code in _NO_PERMISSIONS else _code(error),
            "ERROR_MESSAGE": error.message,
            **({"EXHAUSTED_RETRY_CONDITION": condition} if condition else {}),
        }
        try:
            self._queues.send(
                queue, delivery.body, attributes=attributes, service=SERVICE, source_arn=delivery.rule_arn
            )
        except AwsError:
            self._count(delivery, "InvocationsFailedToBeSentToDlq")
        else:
            self._count(delivery, "InvocationsSentToDlq")

    def _count(self, delivery: Delivery, name: str) -> None:
        self._metrics.put(NAMESPACE, name, {"RuleName": delivery.rule}, 1, unit="Count")


def _code(error: AwsError) -> str:
    missing = "NotFound" in error.code or "NonExistent" in error.code
    return "RESOURCE_NOT_FOUND" if missing else "SDK_CLIENT_ERROR" if error.status < 500 else "INTERNAL_ERROR"
