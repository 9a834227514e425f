"""EventBridge's default bus: rules, deliveries to their targets with retries and dead letters, and their disorder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest import mock

from moto.events.models import Rule, events_backends

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.ports import Access, Functions, Metrics, Queues, Topics
from stackproof.embedded.seam import Call
from stackproof.embedded.services import patterns
from stackproof.embedded.services.asynchronous import arranged
from stackproof.embedded.services.inputs import target_input
from stackproof.embedded.services.schedules import Schedules
from stackproof.embedded.services.targets import Delivery, Targets
from stackproof.embedded.world import World

NAMESPACE = "AWS/Events"
ARRIVAL_SECONDS = 0.5
_ARRIVE = "events.arrive"
_TARGET_KEYS = {"Id", "Arn", "Input", "InputPath", "InputTransformer", "DeadLetterConfig", "RetryPolicy"}


@dataclass(kw_only=True)
class _State:
    drop: int = 0
    duplicate: int = 0
    held: list[dict[str, Any]] | None = None
    matched: list[tuple[datetime, str, dict[str, Any]]] = field(default_factory=list)


class Bus:
    """ports.Bus; `drop_next`, `duplicate_next`, `hold` and `release` make events late, lost or repeated."""

    def __init__(
        self, world: World, access: Access, functions: Functions, queues: Queues, topics: Topics, metrics: Metrics
    ) -> None:
        self._world, self._metrics = world, metrics
        self.targets = Targets(world, access, functions, queues, topics, metrics)
        self.schedules = Schedules(world, self._fire)
        world.clock.on(_ARRIVE, lambda payload: self._route(payload["event"]))
        world.seam.override("events", "PutEvents", self._put_events)
        world.seam.override("events", "TestEventPattern", _test_pattern)
        world.seam.intercept(self._check)
        world.stack.enter_context(mock.patch.object(Rule, "send_to_targets", return_value=None))

    def put(self, event: Mapping[str, Any]) -> None:
        """An event of an AWS service: `source`, `detail-type`, `resources`, `detail`; the rest is added."""
        self._receive(self._complete(event))

    def drop_next(self, times: int = 1) -> None:
        """Lose the next events: EventBridge is best effort for some services."""
        self._state().drop += times

    def unmet_drops(self) -> int:
        """How many of the events that were to be lost never came."""
        return self._state().drop

    def duplicate_next(self, times: int = 1) -> None:
        """Deliver each of the next events twice."""
        self._state().duplicate += times

    def hold(self) -> None:
        """Keep coming events back until `release`."""
        state = self._state()
        state.held = state.held or []

    def release(self, order: str | Sequence[int] = "received") -> None:
        """Let the held events go: `received`, `reversed`, `shuffled` (by the session's seed), or positions from 0."""
        state = self._state()
        held, state.held = state.held or [], None
        for event in arranged(held, order, self._world.ids.hex(8)):
            self._world.clock.after(ARRIVAL_SECONDS, _ARRIVE, event=event)

    def matched(self) -> list[tuple[datetime, str, dict[str, Any]]]:
        """(time, rule name, event) of every match and every due schedule so far."""
        return list(self._state().matched)

    def _state(self) -> _State:
        return self._world.state("bus", _State)

    def _rules(self) -> list[Any]:
        backend = events_backends[self._world.account.id][self._world.account.region]
        return [rule for rule in backend.event_buses["default"].rules.values() if rule.state.startswith("ENABLED")]

    def _complete(self, event: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "version": "0",
            "id": str(self._world.ids.uuid4()),
            "detail-type": event["detail-type"],
            "source": event["source"],
            "account": self._world.account.id,
            "time": event.get("time") or f"{self._world.clock.now():%Y-%m-%dT%H:%M:%SZ}",
            "region": self._world.account.region,
            "resources": list(event.get("resources", [])),
            "detail": json.loads(json.dumps(event["detail"])),
        }

    def _receive(self, event: dict[str, Any]) -> None:
        state = self._state()
        if state.drop > 0:
            state.drop -= 1
            return
        copies = 2 if state.duplicate > 0 else 1
        state.duplicate = max(0, state.duplicate - 1)
        for _ in range(copies):
            if state.held is not None:
                state.held.append(event)
            else:
                self._world.clock.after(ARRIVAL_SECONDS, _ARRIVE, event=event)

    def _route(self, event: dict[str, Any]) -> None:
        for rule in self._rules():
            pattern = rule.event_pattern.get_pattern()
            if pattern and patterns.matches(pattern, event):
                self._metrics.put(NAMESPACE, "MatchedEvents", {"RuleName": rule.name}, 1, unit="Count")
                self._trigger(rule, event)

    def _fire(self, rule: Any) -> None:
        event = {"detail-type": "Scheduled Event", "source": "aws.events", "resources": [rule.arn], "detail": {}}
        self._trigger(rule, self._complete(event))

    def _trigger(self, rule: Any, event: dict[str, Any]) -> None:
        now = self._world.clock.now()
        self._state().matched.append((now, rule.name, event))
        self._metrics.put(NAMESPACE, "TriggeredRules", {"RuleName": rule.name}, 1, unit="Count")
        for target in list(rule.targets):
            delivery = Delivery(
                rule=rule.name,
                rule_arn=rule.arn,
                target=dict(target),
                body=target_input(target, event, rule.arn),
                since=now,
            )
            self.targets.deliver(delivery)

    def _put_events(self, call: Call) -> Mapping[str, Any]:
        entries = [self._entry(entry) for entry in call.parameters["Entries"]]
        return {"FailedEntryCount": sum("ErrorCode" in entry for entry in entries), "Entries": entries}

    def _entry(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        if entry.get("EventBusName", "default").rpartition("/")[2] != "default":
            raise EmbeddedError(f"The event bus {entry['EventBusName']} is not emulated; only the default bus is.")
        if missing := [name for name in ("Source", "DetailType", "Detail") if not entry.get(name)]:
            text = f"Parameter {missing[0]} is not valid. Reason: {missing[0]} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": text}
        if entry["Source"].startswith("aws."):
            return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        if not isinstance(detail, dict):
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        given = {
            "source": entry["Source"],
            "detail-type": entry["DetailType"],
            "resources": entry.get("Resources", []),
            "detail": detail,
        }
        event = self._complete(given)
        self._receive(event)
        return {"EventId": event["id"]}

    def _check(self, call: Call) -> None:
        """What a rule or target asks for and would not get."""
        if call.service != "events" or call.operation not in ("PutRule", "PutTargets"):
            return
        if call.parameters.get("EventBusName", "default").rpartition("/")[2] != "default":
            raise EmbeddedError(f"{call.name} on the event bus {call.parameters['EventBusName']} is not emulated.")
        if call.parameters.get("EventPattern"):
            try:
                pattern = json.loads(call.parameters["EventPattern"])
            except ValueError:
                text = "Event pattern is not valid. Reason: Invalid JSON"
                raise AwsError("InvalidEventPatternException", text) from None
            patterns.check(pattern)
        for target in call.parameters.get("Targets", []):
            if unknown := set(target) - _TARGET_KEYS:
                raise EmbeddedError(f"A rule's target with {', '.join(sorted(unknown))} is not emulated.")
            self.targets.check(target["Arn"])


def _test_pattern(call: Call) -> Mapping[str, Any]:
    pattern, event = (json.loads(call.parameters[name]) for name in ("EventPattern", "Event"))
    return {"Result": patterns.matches(pattern, event)}
