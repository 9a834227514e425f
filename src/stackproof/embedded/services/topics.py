"""SNS: publishing under the topic's policy, deliveries to subscriptions, and mails, which people confirm first."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unittest import mock

from moto.sns.models import SNSBackend, Subscription, sns_backends

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.ports import Access, Functions, Metrics, Queues
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.services.outages import Outages
from stackproof.embedded.world import World

NAMESPACE = "AWS/SNS"
SERVICE = "sns.amazonaws.com"
_BY_PERSON = {"email", "email-json"}


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What a person got."""

    topic: str
    subject: str
    message: str
    protocol: str
    endpoint: str
    at: datetime


class Topics:
    """ports.Topics over moto's topics."""

    def __init__(self, world: World, access: Access, queues: Queues, functions: Functions, metrics: Metrics) -> None:
        self._world, self._access, self._metrics = world, access, metrics
        self._queues, self._functions = queues, functions
        self._outages = Outages(world, "topics")
        subscribe = SNSBackend.subscribe

        def subscribed(backend: SNSBackend, *args: Any, **kwargs: Any) -> Subscription:
            before = set(backend.subscriptions)
            subscription = subscribe(backend, *args, **kwargs)
            if subscription.protocol in _BY_PERSON and subscription.arn not in before:
                subscription.attributes["PendingConfirmation"] = True
                subscription.attributes["ConfirmationWasAuthenticated"] = False
            return subscription

        def deliver(subscription: Subscription, *args: Any, **kwargs: Any) -> None:
            self._deliver(subscription, *args, **kwargs)

        world.stack.enter_context(mock.patch.object(SNSBackend, "subscribe", subscribed))
        world.stack.enter_context(mock.patch.object(Subscription, "publish", deliver))
        world.seam.observe(self._observe)

    def publish(self, service: str, topic_arn: str, *, subject: str, message: str, source_arn: str) -> None:
        """Publish as a service under the topic's policy and its key's; an empty subject is none.

        Raises: AwsError when it may not, or when there is no such topic.
        """
        if topic_arn not in self._backend().topics:
            raise AwsError("NotFound", "Topic does not exist", status=404)
        self._access.require_service(service, "sns:Publish", topic_arn, source_arn=source_arn)
        given = {"Subject": subject} if subject else {}
        self._world.client("sns").publish(TopicArn=topic_arn, Message=message, **given)

    def pending(self) -> list[str]:
        """ARNs of the subscriptions that nobody has confirmed."""
        return [arn for arn, found in self._backend().subscriptions.items() if found.attributes["PendingConfirmation"]]

    def confirm(self, subscription_arn: str) -> None:
        """The person clicks on the link in the mail."""
        subscription = self._backend().subscriptions.get(subscription_arn)
        if subscription is None:
            raise EmbeddedError(f"There is no subscription {subscription_arn} to confirm.")
        subscription.attributes["PendingConfirmation"] = False
        subscription.attributes["ConfirmationWasAuthenticated"] = True

    def outage(self, topic_arn: str, times: int) -> None:
        """Let the next `times` deliveries to subscriptions of a topic fail for good, as a mailbox that is gone does."""
        self._outages.plan(topic_arn, times)

    def outbox(self) -> list[Mail]:
        """All mails that people got, in order."""
        return list(self._mails())

    def _mails(self) -> list[Mail]:
        return self._world.state("topics.outbox", list[Mail])

    def _backend(self) -> Any:
        return sns_backends[self._world.account.id][self._world.account.region]

    def _observe(self, call: Call, answer: Answer) -> None:
        if call.name == "sns:Publish" and answer.error is None and "TopicArn" in call.parameters:
            self._count(call.parameters["TopicArn"], "NumberOfMessagesPublished")

    def _deliver(
        self,
        subscription: Subscription,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> None:
        if subscription.attributes.get("PendingConfirmation"):
            return
        matcher = subscription._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            self._count(subscription.topic_arn, "NumberOfNotificationsFilteredOut")
            return
        if message_structure == "json":
            message = subscription._parse_message_structure(message, subscription.protocol)
        send = self._ways().get(subscription.protocol)
        if send is None:
            raise EmbeddedError(
                f"SNS deliveries by {subscription.protocol} ({subscription.endpoint}) are not emulated."
            )
        envelope = self._envelope(subscription, message, message_id, subject, message_attributes or {})
        try:
            self._outages.meet(subscription.topic_arn)
            send(subscription, envelope)
        except AwsError:
            self._count(subscription.topic_arn, "NumberOfNotificationsFailed")
        else:
            self._count(subscription.topic_arn, "NumberOfNotificationsDelivered")

    def _ways(self) -> dict[str, Callable[[Subscription, dict[str, Any]], None]]:
        return {"sqs": self._to_queue, "lambda": self._to_function, "email": self._mail, "email-json": self._mail}

    def _to_queue(self, subscription: Subscription, envelope: dict[str, Any]) -> None:
        raw = str(subscription.attributes.get("RawMessageDelivery", False)).lower() == "true"
        attributes = {name: str(value["Value"]) for name, value in envelope.get("MessageAttributes", {}).items()}
        self._queues.send(
            subscription.endpoint,
            envelope["Message"] if raw else json.dumps(envelope),
            attributes=attributes if raw else {},
            service=SERVICE,
            source_arn=subscription.topic_arn,
        )

    def _to_function(self, subscription: Subscription, envelope: dict[str, Any]) -> None:
        self._access.require_service(
            SERVICE, "lambda:InvokeFunction", subscription.endpoint, source_arn=subscription.topic_arn
        )
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription.arn,
            "Sns": envelope,
        }
        self._functions.invoke_async(subscription.endpoint, {"Records": [record]})

    def _mail(self, subscription: Subscription, envelope: dict[str, Any]) -> None:
        self._mails().append(
            Mail(
                topic=subscription.topic_arn,
                subject=envelope.get("Subject") or "AWS Notification Message",
                message=envelope["Message"] if subscription.protocol == "email" else json.dumps(envelope),
                protocol=subscription.protocol,
                endpoint=subscription.endpoint,
                at=self._world.clock.now(),
            )
        )

    def _envelope(
        self,
        subscription: Subscription,
        message: str,
        message_id: str,
        subject: str | None,
        attributes: Mapping[str, Any],
    ) -> dict[str, Any]:
        """SNS's JSON form; without a signature, as there is no certificate to check one against."""
        return {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": subscription.topic_arn,
            **({"Subject": subject} if subject else {}),
            "Message": message,
            "Timestamp": f"{self._world.clock.now():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            **({"MessageAttributes": dict(attributes)} if attributes else {}),
        }

    def _count(self, topic_arn: str, name: str) -> None:
        topic = {"TopicName": topic_arn.rpartition(":")[2]}
        self._metrics.put(NAMESPACE, name, topic, 1, unit="Count")
