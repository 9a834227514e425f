"""EventBridge rules with a schedule: they are due with the clock, while they are enabled."""

from collections.abc import Callable
from typing import Any

from moto.events.models import events_backends

from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.services.cron import next_after
from stackproof.embedded.world import World

_DUE = "events.schedule"
_STARTS = {"PutRule", "EnableRule", "DisableRule", "DeleteRule"}


class Schedules:
    """Sets a timer for each enabled rule that has a schedule; `fire` gets the rule (moto's) when it is due.

    A rate counts from when the rule was put or enabled (API PutRule)."""

    def __init__(self, world: World, fire: Callable[[Any], None]) -> None:
        self._world, self._fire = world, fire
        world.clock.on(_DUE, lambda payload: self._due(payload["rule"]))
        world.seam.intercept(self._check)
        world.seam.observe(self._observe)

    def _check(self, call: Call) -> None:
        expression = call.parameters.get("ScheduleExpression") if call.name == "events:PutRule" else None
        if expression:
            next_after(expression, self._world.clock.now())

    def _observe(self, call: Call, answer: Answer) -> None:
        if call.service != "events" or call.operation not in _STARTS or answer.error is not None:
            return
        name = call.parameters["Name"]
        self._world.clock.cancel(_DUE, rule=name)
        self._set(name)

    def _rule(self, name: str) -> Any:
        backend = events_backends[self._world.account.id][self._world.account.region]
        rule = backend.event_buses["default"].rules.get(name)
        return rule if rule is not None and rule.state.startswith("ENABLED") and rule.scheduled_expression else None

    def _set(self, name: str) -> None:
        rule = self._rule(name)
        due = next_after(rule.scheduled_expression, self._world.clock.now()) if rule is not None else None
        if due is not None:
            self._world.clock.after((due - self._world.clock.now()).total_seconds(), _DUE, rule=name)

    def _due(self, name: str) -> None:
        rule = self._rule(name)
        if rule is None:
            return
        self._set(name)
        self._fire(rule)
