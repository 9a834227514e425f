"""CloudWatch alarms: evaluated on the session's clock, with the actions that follow from a change of state.

Alarms are deployed in moto, which neither starts them as AWS does nor evaluates them. At every full minute each one is
judged on the windows of its period that end now (every ten seconds for periods under a minute). CloudWatch's delay in
taking in data is not simulated, nor are the events that alarms send to EventBridge.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moto.cloudwatch.models import Alarm, cloudwatch_backends

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.ports import Topics
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.services.alarm_definitions import REGION_NAMES, Definition, read, refuse, trigger
from stackproof.embedded.services.evaluation import Verdict, judge
from stackproof.embedded.services.expressions import Node, Series, evaluate, names
from stackproof.embedded.services.metrics import Metrics
from stackproof.embedded.world import World

TICK = "cloudwatch.alarms"
STARTED = "INSUFFICIENT_DATA"
STARTED_REASON = "Unchecked: Initial alarm creation"
Change = tuple[datetime, str, str, str]


@dataclass(kw_only=True)
class Record:
    """One alarm's state and what came before: (when, old state, new state, reason)."""

    state: str = STARTED
    reason: str = STARTED_REASON
    since: datetime
    changes: list[Change] = field(default_factory=list)


@dataclass(kw_only=True)
class Book:
    """What the alarms of a session did. `failed_actions`: (when, alarm, action, why)."""

    records: dict[str, Record] = field(default_factory=dict)
    failed_actions: list[tuple[datetime, str, str, str]] = field(default_factory=list)


class Alarms:
    """Evaluates every metric alarm that is deployed."""

    def __init__(self, world: World, metrics: Metrics, topics: Topics) -> None:
        self._world = world
        self._metrics = metrics
        self._topics = topics
        self._read: dict[str, tuple[Alarm, Definition]] = {}
        self._silent: dict[str, Verdict] = {}
        world.seam.intercept(self._before)
        world.seam.observe(self._after)
        world.clock.on(TICK, self._tick)
        self._next_tick()

    def history(self, name: str) -> list[Change]:
        """The changes of an alarm's state: (when, old state, new state, reason)."""
        record = self._book.records.get(name)
        return list(record.changes) if record else []

    def state(self, name: str) -> str:
        """An alarm's state. Raises: EmbeddedError when there is no such alarm."""
        return self._record(self._deployed(name)).state

    @property
    def failed_actions(self) -> list[tuple[datetime, str, str, str]]:
        """Actions that the topic or its key refused: (when, alarm, action, why)."""
        return list(self._book.failed_actions)

    @property
    def _book(self) -> Book:
        return self._world.state("cloudwatch.alarms", lambda: Book())

    @property
    def _alarms(self) -> dict[str, Alarm]:
        account = self._world.account
        return cloudwatch_backends[account.id][account.region].alarms

    def _deployed(self, name: str) -> Alarm:
        if name not in self._alarms:
            raise EmbeddedError(f"There is no alarm {name!r}.")
        return self._alarms[name]

    def _before(self, call: Call) -> None:
        if call.service == "cloudwatch":
            refuse(call.operation, call.parameters)

    def _after(self, call: Call, answer: Answer) -> None:
        if call.service != "cloudwatch" or answer.error is not None:
            return
        match call.operation:
            case "PutMetricAlarm":
                alarm = self._deployed(call.parameters["AlarmName"])
                self._definition(alarm)
                self._show(alarm, self._record(alarm))
            case "DeleteAlarms":
                for name in call.parameters["AlarmNames"]:
                    self._book.records.pop(name, None)
            case "SetAlarmState":
                alarm = self._deployed(call.parameters["AlarmName"])
                self._change(alarm, call.parameters["StateValue"], call.parameters["StateReason"])

    def _next_tick(self) -> None:
        fine = any(self._definition(alarm).period < 60 for alarm in self._alarms.values())
        step = 10 if fine else 60
        now = self._world.clock.now()
        due = now.replace(second=now.second - now.second % step, microsecond=0) + timedelta(seconds=step)
        self._world.clock.after((due - now).total_seconds(), TICK, due=due)

    def _tick(self, payload: Mapping[str, Any]) -> None:
        now = self._world.clock.now()
        late = now != payload["due"]  # after a leap, or behind a process that slept
        for alarm in list(self._alarms.values()):
            definition = self._definition(alarm)
            step = min(definition.period, 60)
            end = now.replace(second=now.second - now.second % step, microsecond=0)
            if end != now and not late:
                continue
            verdict = self._verdict(definition, end)
            if verdict.state is not None:
                self._change(alarm, verdict.state, verdict.reason)
        self._next_tick()

    def _verdict(self, definition: Definition, now: datetime) -> Verdict:
        """Without any data the verdict is always the same, and most alarms have none most of the time."""
        begin = now - timedelta(seconds=definition.period * definition.rule.range)
        if any(not self._metrics.silent_since(source.metric, begin) for source in definition.sources.values()):
            return judge(definition.rule, self._points(definition, now))
        if definition.name not in self._silent:
            self._silent[definition.name] = judge(definition.rule, self._points(definition, now))
        return self._silent[definition.name]

    def _points(self, definition: Definition, now: datetime) -> Series:
        length = definition.rule.range
        period = timedelta(seconds=definition.period)
        starts = [now - period * back for back in range(length, 0, -1)]
        series: dict[str, Series] = {
            identifier: [
                self._metrics.datapoint(
                    source.metric, source.statistic, start=start, end=start + period, unit=source.unit
                )
                for start in starts
            ]
            for identifier, source in definition.sources.items()
        }
        metrics = dict(series)
        pending = dict(definition.expressions)
        while definition.watched not in series:
            ready = [i for i, node in pending.items() if not _waits(node, pending)]
            if not ready:
                raise EmbeddedError(f"The alarm {definition.name}: its expressions name each other in a circle.")
            for identifier in ready:
                series[identifier] = evaluate(pending.pop(identifier), series, metrics, length)
        return series[definition.watched]

    def _definition(self, alarm: Alarm) -> Definition:
        known = self._read.get(alarm.name)
        if known is None or known[0] is not alarm:
            known = self._read[alarm.name] = (alarm, read(alarm))
            self._silent.pop(alarm.name, None)
        return known[1]

    def _record(self, alarm: Alarm) -> Record:
        return self._book.records.setdefault(alarm.name, Record(since=self._world.clock.now()))

    def _change(self, alarm: Alarm, state: str, reason: str) -> None:
        record = self._record(alarm)
        old = record.state
        if state == old:
            return
        now = self._world.clock.now()
        record.changes.append((now, old, state, reason))
        record.state, record.reason, record.since = state, reason, now
        self._show(alarm, record)
        if alarm.actions_enabled:
            self._act(alarm, old, record)

    def _show(self, alarm: Alarm, record: Record) -> None:
        """DescribeAlarms shows the state; a changed definition leaves it as it is."""
        alarm.state_value = record.state
        alarm.state_reason = record.reason
        alarm.state_updated_timestamp = record.since.replace(tzinfo=None)

    def _act(self, alarm: Alarm, old: str, record: Record) -> None:
        actions = {
            "ALARM": alarm.alarm_actions,
            "OK": alarm.ok_actions,
            STARTED: alarm.insufficient_data_actions,
        }[record.state]
        region = self._world.account.region
        subject = f'{record.state}: "{alarm.name}" in {REGION_NAMES.get(region, region)}'
        message = json.dumps(self._message(alarm, old, record))
        for action in actions:
            if ":sns:" not in action:
                raise EmbeddedError(f"The alarm {alarm.name}: the action {action} is not emulated.")
            try:
                self._topics.publish(
                    "cloudwatch.amazonaws.com",
                    action,
                    subject=subject[:100],
                    message=message,
                    source_arn=alarm.alarm_arn,
                )
            except AwsError as error:
                self._book.failed_actions.append((record.since, alarm.name, action, str(error)))

    def _message(self, alarm: Alarm, old: str, record: Record) -> dict[str, Any]:
        account = self._world.account
        return {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": account.id,
            "AlarmConfigurationUpdatedTimestamp": _stamp(alarm.configuration_updated_timestamp),
            "NewStateValue": record.state,
            "NewStateReason": record.reason,
            "StateChangeTime": _stamp(record.since),
            "Region": REGION_NAMES.get(account.region, account.region),
            "AlarmArn": alarm.alarm_arn,
            "OldStateValue": old,
            "OKActions": alarm.ok_actions,
            "AlarmActions": alarm.alarm_actions,
            "InsufficientDataActions": alarm.insufficient_data_actions,
            "Trigger": trigger(alarm),
        }


def _waits(node: Node, pending: Mapping[str, Node]) -> bool:
    return bool(names(node) & pending.keys())


def _stamp(when: datetime) -> str:
    """As in CloudWatch's messages: milliseconds, and the zone without a colon."""
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}+0000"
