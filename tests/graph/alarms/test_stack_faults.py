"""Faults seeded into each alarm of the stack: the rule that is for it finds each, at that alarm."""

import dataclasses
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from stackproof import deployment
from stackproof.engines.graph import GraphEngine, load_rule
from stackproof.engines.protocol import Subject
from stackproof.findings.outcome import Outcome
from stackproof.template.expand import expand
from stackproof.template.model import Template
from stackproof.template.read import read

ROOT = Path(__file__).parents[3]
GRAPH = ROOT / "policies" / "graph"
THRESHOLDS = yaml.safe_load((ROOT / "policies" / "thresholds.yaml").read_text(encoding="utf-8"))


@cache
def _stack() -> Template:
    given = deployment.load(ROOT / "template" / "environments" / "prod.yaml").parameters
    (template,) = expand(read(str(ROOT / "template" / "stack.yaml")), given)
    return template


ALARMS = [name for name, item in _stack().resources.items() if item.type == "AWS::CloudWatch::Alarm"]
PLAIN = [name for name in ALARMS if "MetricName" in _stack().resources[name].properties]


def _failed(rule: str, name: str, **changes: Any) -> set[str | None]:
    """What fails, after changes to the properties of one resource (None: the property is gone)."""
    stack = _stack()
    old = stack.resources[name]
    properties = {key: value for key, value in {**old.properties, **changes}.items() if value is not None}
    resources = {**stack.resources, name: dataclasses.replace(old, properties=properties)}
    return _judged(rule, dataclasses.replace(stack, resources=resources))


def _judged(rule: str, template: Template) -> set[str | None]:
    subject = Subject(key="stack", template=template, rendered=None)
    results = GraphEngine().judge(subject, [load_rule(GRAPH / f"{rule}.py")], THRESHOLDS)
    return {result.resource for result in results if result.outcome is not Outcome.PASS}


@pytest.mark.parametrize("rule", ["alarm_metric", "alarm_action", "alarm_missing_data"])
def test_the_stack_as_it_is_passes(rule) -> None:
    assert _judged(rule, _stack()) == set()


@pytest.mark.parametrize("name", ALARMS)
@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("alarm_action", {"ActionsEnabled": False}),
        ("alarm_action", {"AlarmActions": []}),
        ("alarm_action", {"AlarmActions": None}),
        ("alarm_missing_data", {"TreatMissingData": None}),
        ("alarm_missing_data", {"TreatMissingData": "ignore"}),
        ("alarm_metric", {"EvaluationPeriods": 1000}),
        ("alarm_metric", {"EvaluationPeriods": 0}),
        ("alarm_metric", {"ComparisonOperator": "Greater"}),
        ("alarm_metric", {"Threshold": None}),
    ],
    ids=lambda value: str(value),
)
def test_a_fault_of_any_alarm(rule, changes, name) -> None:
    assert name in _failed(rule, name, **changes)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize(
    "changes",
    [{"Period": 0}, {"Period": 90}, {"Statistic": "sum"}, {"Namespace": "Nobodys"}, {"Dimensions": [{"Name": "x"}]}],
    ids=lambda value: str(value),
)
def test_a_fault_of_a_plain_alarm(changes, name) -> None:
    assert name in _failed("alarm_metric", name, **changes)


COVERING = {
    "SubmitErrorsAlarm": ("alarm_function_errors", "SubmitFunction"),
    "MonitorThrottlesAlarm": ("alarm_function_throttles", "MonitorFunction"),
    "NotificationDurationAlarm": ("alarm_function_duration", "NotificationFunction"),
    "MonitorDeadLetterErrorsAlarm": ("alarm_dead_letters", "MonitorFunction"),
    "EventsDeadLettersAlarm": ("alarm_dead_letters", "EventsDeadLetterQueue"),
    "JobsTableThrottlesAlarm": ("alarm_tables", "JobsTable"),
    "ContentIndexThrottlesAlarm": ("alarm_tables", "JobsTable"),
    "AuditTableThrottlesAlarm": ("alarm_tables", "AuditTable"),
    "QueueJobsFailedAlarm": ("alarm_jobs", "JobQueue"),
    "RejectedShareAlarm": ("alarm_jobs", "Dashboard"),
    "QueueBlockedRuleFailedInvocationsAlarm": ("alarm_event_targets", "QueueBlockedRule"),
    "JobStateRuleLostEventsAlarm": ("alarm_event_targets", "JobStateRule"),
    "SilentMonitorAlarm": ("alarm_schedules", "MonitorSchedule"),
    "NotificationsFailedAlarm": ("alarm_metric", "Dashboard"),
}


@pytest.mark.parametrize("name", COVERING)
def test_an_alarm_that_is_gone(name) -> None:
    rule, uncovered = COVERING[name]
    stack = _stack()
    resources = {key: value for key, value in stack.resources.items() if key != name}
    assert _judged(rule, dataclasses.replace(stack, resources=resources)) == {uncovered}


def test_a_subscription_that_is_gone() -> None:
    stack = _stack()
    resources = {key: value for key, value in stack.resources.items() if key != "AlarmSubscription"}
    assert _judged("alarm_action", dataclasses.replace(stack, resources=resources)) == {"AlarmTopic"}
