"""Lambda's asynchronous events: delivery with the clock, retries, dead letters, destinations; and their disorder.

Times: a failed attempt is repeated after one minute, then after two; a throttled one with growing pauses until the
event is too old (Lambda, How Lambda handles errors and retries with asynchronous invocation).
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.ports import Access, Invocation, Metrics, Queues
from stackproof.embedded.services.settings import Deployed, Settings, name_of
from stackproof.embedded.world import World

NAMESPACE = "AWS/Lambda"
DELIVERY_SECONDS = 0.2
RETRY_SECONDS = (60, 120)
MAX_AGE_SECONDS = 21_600
MAX_RETRIES = 2
_THROTTLE_SECONDS = 300
_DELIVER = "lambda.deliver"
Run = Callable[[Settings, Any, str], Invocation]


@dataclass(kw_only=True)
class Event:
    """One queued event. `attempts` counts runs, `throttles` the refusals."""

    function: str
    request_id: str
    payload: Any
    received: datetime
    attempts: int = 0
    throttles: int = 0


@dataclass(kw_only=True)
class _State:
    events: dict[int, Event] = field(default_factory=dict)
    made: int = 0
    duplicate: dict[str, int] = field(default_factory=dict)
    drop: dict[str, int] = field(default_factory=dict)
    held: dict[str, list[int]] = field(default_factory=dict)
    invocations: list[Invocation] = field(default_factory=list)


class Asynchronous:
    """The event queue of every function."""

    def __init__(
        self,
        world: World,
        access: Access,
        queues: Queues,
        metrics: Metrics,
        deployed: Deployed,
        *,
        run: Run,
        has_room: Callable[[Settings], bool],
    ) -> None:
        self._world, self._access, self._queues, self._metrics = world, access, queues, metrics
        self._deployed, self._run, self._has_room = deployed, run, has_room
        world.clock.on(_DELIVER, lambda payload: self._deliver(payload["number"]))

    def put(self, settings: Settings, payload: Any) -> str:
        """Queue an event; returns its request id."""
        state = self._state()
        request_id = str(self._world.ids.uuid4())
        if _take(state.drop, settings.name):
            return request_id
        self._count(settings.name, "AsyncEventsReceived")
        copies = 2 if _take(state.duplicate, settings.name) else 1
        for _ in range(copies):
            state.made += 1
            state.events[state.made] = Event(
                function=settings.name,
                request_id=request_id,
                payload=json.loads(json.dumps(payload)),
                received=self._world.clock.now(),
            )
            if settings.name in state.held:
                state.held[settings.name].append(state.made)
            else:
                self._world.clock.after(DELIVERY_SECONDS, _DELIVER, number=state.made)
        return request_id

    def duplicate_next(self, function: str, times: int = 1) -> None:
        """Deliver each of the next `times` events twice."""
        _add(self._state().duplicate, function, times)

    def drop_next(self, function: str, times: int = 1) -> None:
        """Lose the next `times` events, as if they had never been sent."""
        _add(self._state().drop, function, times)

    def unmet(self) -> int:
        """How many of the events that were to be lost or doubled never came."""
        return sum(self._state().drop.values()) + sum(self._state().duplicate.values())

    def hold(self, function: str) -> None:
        """Keep coming events back until `release`."""
        self._state().held.setdefault(name_of(function), [])

    def release(self, function: str, order: str | Sequence[int] = "received") -> None:
        """Deliver what was held: `received`, `reversed`, `shuffled` (by the session's seed), or positions from 0."""
        held = self._state().held.pop(name_of(function), [])
        for number in arranged(held, order, self._world.ids.hex(8)):
            self._world.clock.after(DELIVERY_SECONDS, _DELIVER, number=number)

    def waiting(self, function: str) -> list[Event]:
        """The events that are queued, held, or between two attempts."""
        return [event for event in self._state().events.values() if event.function == name_of(function)]

    def invocations(self) -> list[Invocation]:
        """Every run of an event so far, in order."""
        return list(self._state().invocations)

    def _state(self) -> _State:
        return self._world.state("functions.events", _State)

    def _deliver(self, number: int) -> None:
        event = self._state().events[number]
        try:
            settings = self._deployed.settings(event.function)
        except AwsError:
            del self._state().events[number]  # the function is gone, and its queue with it
            return
        age = (self._world.clock.now() - event.received).total_seconds()
        if age > settings.event_config.get("MaximumEventAgeInSeconds", MAX_AGE_SECONDS):
            self._give_up(number, settings, "EventAgeExceeded", None)
            return
        if not self._has_room(settings):
            event.throttles += 1
            self._count(settings.name, "Throttles")
            pause = min(2.0 ** (event.throttles - 1), _THROTTLE_SECONDS)
            self._world.clock.after(pause, _DELIVER, number=number)
            return
        self._metrics.put(NAMESPACE, "AsyncEventAge", {"FunctionName": settings.name}, age * 1000, unit="Milliseconds")
        self._attempt(number, event, settings)

    def _attempt(self, number: int, event: Event, settings: Settings) -> None:
        event.attempts += 1
        done = self._run(settings, event.payload, event.request_id)
        self._state().invocations.append(done)
        if done.error is None:
            del self._state().events[number]
            self._send_to_destination(settings, event, "OnSuccess", "Success", done)
        elif event.attempts > settings.event_config.get("MaximumRetryAttempts", MAX_RETRIES):
            self._give_up(number, settings, "RetriesExhausted", done)
        else:
            self._world.clock.after(RETRY_SECONDS[event.attempts - 1], _DELIVER, number=number)

    def _give_up(self, number: int, settings: Settings, condition: str, done: Invocation | None) -> None:
        event = self._state().events.pop(number)
        self._count(settings.name, "AsyncEventsDropped")
        self._send_to_destination(settings, event, "OnFailure", condition, done)
        if settings.dead_letters is None:
            return
        error = done.error if done and done.error else {"errorMessage": "Rate Exceeded."}
        attributes = {
            "RequestID": event.request_id,
            "ErrorCode": "200" if done else "429",
            "ErrorMessage": str(error["errorMessage"])[:1024],
        }
        try:
            self._send(settings, settings.dead_letters, event.payload, attributes)
        except AwsError:
            self._count(settings.name, "DeadLetterErrors")

    def _send_to_destination(
        self, settings: Settings, event: Event, kind: str, condition: str, done: Invocation | None
    ) -> None:
        destinations: Mapping[str, Any] = settings.event_config.get("DestinationConfig") or {}
        target = destinations.get(kind, {}).get("Destination")
        if not target:
            return
        record = {
            "version": "1.0",
            "timestamp": f"{self._world.clock.now():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            "requestContext": {
                "requestId": event.request_id,
                "functionArn": f"{settings.arn}:$LATEST",
                "condition": condition,
                "approximateInvokeCount": event.attempts,
            },
            "requestPayload": event.payload,
        }
        if done is not None:
            failed = {"functionError": "Unhandled"} if done.error else {}
            record["responseContext"] = {"statusCode": 200, "executedVersion": "$LATEST", **failed}
            record["responsePayload"] = done.error or done.result
        try:
            self._send(settings, target, record, {})
        except AwsError:
            self._count(settings.name, "DestinationDeliveryFailures")

    def _send(self, settings: Settings, target: str, payload: Any, attributes: Mapping[str, str]) -> None:
        body = json.dumps(payload)
        match target.split(":")[2]:
            case "sqs":
                self._queues.send(target, body, attributes=attributes, role_arn=settings.role)
            case "sns":
                self._access.require_role(settings.role, "sns:Publish", target)
                values = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
                self._world.client("sns").publish(TopicArn=target, Message=body, MessageAttributes=values)
            case "lambda":
                self._access.require_role(settings.role, "lambda:InvokeFunction", target)
                self.put(self._deployed.settings(target), payload)
            case other:
                raise EmbeddedError(
                    f"{settings.name} sends its failed events to {other} ({target}); that is not emulated."
                )

    def _count(self, function: str, name: str) -> None:
        self._metrics.put(NAMESPACE, name, {"FunctionName": function}, 1, unit="Count")


def arranged(items: list[Any], order: str | Sequence[int], seed: str) -> list[Any]:
    """The items in an order: `received`, `reversed`, `shuffled`, or positions from 0 (each exactly once)."""
    match order:
        case "received":
            return list(items)
        case "reversed":
            return items[::-1]
        case "shuffled":
            return random.Random(seed).sample(items, len(items))
        case str():
            raise EmbeddedError(f"No order {order!r}; there are received, reversed, shuffled, and a list of positions.")
        case _:
            if sorted(order) != list(range(len(items))):
                raise EmbeddedError(f"The order {list(order)} does not name each of the {len(items)} held events once.")
            return [items[position] for position in order]


def _add(counts: dict[str, int], function: str, times: int) -> None:
    counts[name_of(function)] = counts.get(name_of(function), 0) + times


def _take(counts: dict[str, int], name: str) -> bool:
    if counts.get(name, 0) < 1:
        return False
    counts[name] -= 1
    return True
