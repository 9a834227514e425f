"""SQS as other services use it, and what it tells CloudWatch about the queues."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moto.sqs.models import sqs_backends

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.ports import Access, Metrics
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.services.outages import Outages
from stackproof.embedded.world import World

NAMESPACE = "AWS/SQS"
PERIOD_SECONDS = 60
ACTIVE = timedelta(hours=6)
"""A queue that nobody touched for this long reports no more, unless there is something in it."""
_TICK = "sqs.metrics"
_SENDS = {"SendMessage", "SendMessageBatch"}


@dataclass(kw_only=True)
class _State:
    """When each queue, by name, was last used."""

    used: dict[str, datetime] = field(default_factory=dict)


class Queues:
    """ports.Queues over moto's queues."""

    def __init__(self, world: World, access: Access, metrics: Metrics) -> None:
        self._world, self._access, self._metrics = world, access, metrics
        self._outages = Outages(world, "queues")
        world.clock.on(_TICK, lambda payload: self._report())
        world.seam.observe(self._observe)

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
        """Send with a role's permissions, or as a service under the queue's policy.

        Raises: AwsError when it may not, or when there is no such queue.
        """
        url = self._url(queue_arn)
        self._outages.meet(queue_arn)
        if role_arn is not None:
            self._access.require_role(role_arn, "sqs:SendMessage", queue_arn)
        elif service is not None:
            self._access.require_service(service, "sqs:SendMessage", queue_arn, source_arn=source_arn)
        else:
            raise EmbeddedError(f"A message for {queue_arn} needs a role or a service that sends it.")
        values = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        self._world.client("sqs").send_message(QueueUrl=url, MessageBody=body, MessageAttributes=values)

    def outage(self, queue_arn: str, times: int) -> None:
        """Let the queue refuse the next `times` messages of AWS services (dead letters, deliveries)."""
        self._outages.plan(queue_arn, times)

    def _url(self, arn: str) -> str:
        account, name = arn.split(":")[4:6]
        region = self._world.account.region
        if account != self._world.account.id or name not in sqs_backends[account][region].queues:
            raise AwsError("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
        return f"https://sqs.{region}.amazonaws.com/{account}/{name}"

    def _state(self) -> _State:
        return self._world.state("queues", _State)

    def _observe(self, call: Call, answer: Answer) -> None:
        if call.service != "sqs" or answer.error is not None:
            return
        name = call.parameters.get("QueueName") or str(call.parameters.get("QueueUrl", "")).rpartition("/")[2]
        if not name or call.operation == "DeleteQueue":
            return
        self._state().used[name] = self._world.clock.now()
        if call.operation in _SENDS:
            sent = len(answer.parsed.get("Successful", [1]))
            self._metrics.put(NAMESPACE, "NumberOfMessagesSent", {"QueueName": name}, sent, unit="Count")
        if not self._world.clock.pending(_TICK):
            self._world.clock.after(PERIOD_SECONDS, _TICK)

    def _report(self) -> None:
        now, backend = self._world.clock.now(), sqs_backends[self._world.account.id][self._world.account.region]
        going = False
        for name, queue in backend.queues.items():
            used = self._state().used.get(name)
            if not queue._messages and (used is None or used + ACTIVE < now):
                continue
            going = True
            self._measure(name, queue, now)
        if going:
            self._world.clock.after(PERIOD_SECONDS, _TICK)

    def _measure(self, name: str, queue: Any, now: datetime) -> None:
        by_name = {"QueueName": name}
        counts = {
            "ApproximateNumberOfMessagesVisible": queue.approximate_number_of_messages,
            "ApproximateNumberOfMessagesNotVisible": queue.approximate_number_of_messages_not_visible,
        }
        for metric, value in counts.items():
            self._metrics.put(NAMESPACE, metric, by_name, value, unit="Count")
        sent = [message.sent_timestamp / 1000 for message in queue._messages]
        age = max(0.0, now.timestamp() - min(sent)) if sent else 0.0
        self._metrics.put(NAMESPACE, "ApproximateAgeOfOldestMessage", by_name, age, unit="Seconds")
