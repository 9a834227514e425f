"""Faults in alarms: what they watch, when they fire, whom they tell."""

from collections.abc import Iterator
from typing import Any

from stackproof.mutate import tree
from stackproof.mutate.alarmed import OWN, Watched, alarms, controls, watched
from stackproof.mutate.model import Mutant
from stackproof.mutate.operators.properties import repointed
from stackproof.mutate.registry import operator
from stackproof.mutate.target import Place, Target, reference

_OTHER_STATISTIC = {"Sum": "Minimum", "Maximum": "Minimum", "Minimum": "Maximum", "Average": "SampleCount"}
_ROUND = {
    "GreaterThanThreshold": "LessThanThreshold",
    "GreaterThanOrEqualToThreshold": "LessThanThreshold",
    "LessThanThreshold": "GreaterThanThreshold",
    "LessThanOrEqualToThreshold": "GreaterThanThreshold",
}


def _metrics(target: Target) -> Iterator[tuple[Watched, tuple[str, ...], str]]:
    for alarm in alarms(target):
        for metric in watched(target, alarm):
            yield metric, ("alarms-metric", *metric.asked_for), OWN if metric.is_own else ""


@operator("misspell-metric")
def misspell_metric(target: Target) -> Iterator[Mutant]:
    """The name or the namespace of an alarm's metric is misspelt."""
    for metric, expected, record in _metrics(target):
        for name in ("MetricName", "Namespace"):
            if (place := metric.place(name)) is not None and isinstance(place.value, str):
                raw = tree.at(target.data, place.origin)
                wrong = {"Fn::Sub": f"{raw['Fn::Sub']}s"} if isinstance(raw, dict) and "Fn::Sub" in raw else f"{raw}s"
                yield target.replace(place, wrong, expected, needs_record=record)


@operator("other-metric")
def other_metric(target: Target) -> Iterator[Mutant]:
    """An alarm watches another metric of the same service than the one that is asked for."""
    names: dict[str, set[str]] = {}
    found = list(_metrics(target))
    for metric, _, _ in found:
        names.setdefault(metric.namespace, set()).add(metric.name)
    for metric, _, record in found:
        entry = target.speaks.alarms.get(metric.namespace)
        as_good = {metric.name, *(entry.any_of if entry else ())}
        other = next((name for name in sorted(names[metric.namespace]) if name not in as_good), "Invocations")
        place = metric.place("MetricName")
        if place is not None and (metric.asked_for or metric.is_own):
            yield target.replace(place, other, ("alarms-metric", *metric.asked_for), needs_record=record)


@operator("dimension")
def dimension(target: Target) -> Iterator[Mutant]:
    """A dimension is removed, misspelt, added, or names something else."""
    for metric, expected, record in _metrics(target):
        for item, name, value in metric.dimensions():
            yield target.delete(item, expected, needs_record=record)
            if name is not None:
                yield target.replace(name, f"{name.value}s", expected, needs_record=record)
            if value is not None:
                for wrong in _elsewhere(target, value, asked=bool(metric.asked_for)):
                    yield target.replace(value, wrong, expected, needs_record=record)
        if (whole := metric.place("Dimensions")) is not None and isinstance(whole.value, list):
            path = (*whole.origin, len(tree.at(target.data, whole.origin)))
            extra = {"Name": "Stage", "Value": "live"}
            data = tree.replaced(target.data, path, extra)
            yield target.change(path, data, "a dimension is added", expected, after=extra, needs_record=record)
            yield target.delete(whole, expected, needs_record=record)


def _elsewhere(target: Target, value: Place, *, asked: bool) -> Iterator[Any]:
    """A text that names nothing; another resource of the type, where a control asks for this one; one of another."""
    yield "nothing-of-this-name"
    name = reference(value.value)
    if name not in target.resources:
        return
    raw = tree.at(target.data, value.origin)
    kind = target.resources[name or ""].type
    same = [r.logical_id for r in target.of_type(kind) if r.logical_id != name]
    other = [r.logical_id for r in target.resources.values() if r.type == "AWS::IAM::Role"]
    for candidate in (*(same[:1] if asked else ()), *other[:1]):
        if (changed := repointed(raw, name or "", candidate)) is not None:
            yield changed


@operator("statistic")
def statistic(target: Target) -> Iterator[Mutant]:
    """An alarm looks at a statistic that hides the fault."""
    for metric, expected, _ in _metrics(target):
        place = metric.target.place(metric.alarm, *metric.stat, metric.stat_name)
        if place is not None and place.value in _OTHER_STATISTIC:
            yield target.replace(place, _OTHER_STATISTIC[place.value], expected)
            yield target.replace(place, str(place.value)[:-1], ("lint-template", *expected))


@operator("period")
def period(target: Target) -> Iterator[Mutant]:
    """The period or the number of periods is none, or so long that the alarm comes days late."""
    for metric, expected, _ in _metrics(target):
        place = metric.target.place(metric.alarm, *metric.stat, "Period")
        if place is not None:
            for wrong in (0, -60, 7, 604800):
                yield target.replace(place, wrong, (*expected, "lint-template"))
    for alarm in alarms(target):
        for name, values in (("EvaluationPeriods", (0, -1, 10000)), ("DatapointsToAlarm", (0, -1, 10000))):
            if (place := target.place(alarm, name)) is not None:
                for wrong in values:
                    yield target.replace(place, wrong, (*controls(target, alarm), "lint-template"))


@operator("threshold")
def threshold(target: Target) -> Iterator[Mutant]:
    """The threshold is out of reach, or is always reached, or is turned round."""
    for alarm in alarms(target):
        expected = controls(target, alarm)
        place, comparison = target.place(alarm, "Threshold"), target.place(alarm, "ComparisonOperator")
        if place is not None and isinstance(place.value, int | float):
            low = str(comparison.value).startswith("Less") if comparison else False
            for wrong in (-1, 0) if low else (10**12, -1):
                yield target.replace(place, wrong, expected)
            yield target.delete(place, (*expected, "lint-template"))
        if comparison is not None and comparison.value in _ROUND:
            yield target.replace(comparison, _ROUND[comparison.value], expected)
            yield target.replace(comparison, str(comparison.value)[:-1], ("lint-template", *expected))


@operator("missing-data")
def missing_data(target: Target) -> Iterator[Mutant]:
    """Missing data mean the contrary of what they should."""
    for alarm in alarms(target):
        place = target.place(alarm, "TreatMissingData")
        if place is not None:
            wrong = "notBreaching" if place.value == "breaching" else "breaching"
            yield target.replace(place, wrong, ("alarms-missing-data", *controls(target, alarm)))


@operator("alarm-actions")
def alarm_actions(target: Target) -> Iterator[Mutant]:
    """An alarm is switched off, or tells only good news, or something that is no topic."""
    for alarm in alarms(target):
        base = (*target.body(alarm), "Properties")
        data = tree.replaced(target.data, (*base, "ActionsEnabled"), False)
        yield target.change(base, data, "ActionsEnabled is false", ("alarms-action",), after=False)
        place = target.place(alarm, "AlarmActions")
        if place is None:
            continue
        told = tree.replaced(target.data, (*base, "OKActions"), tree.at(target.data, place.origin))
        yield target.change(
            place.slot, tree.removed(told, place.slot), "AlarmActions become OKActions", ("alarms-action",)
        )
        for wrong in ("arn:aws:sns:eu-central-1:999999999999:elsewhere", "arn:aws:automate:eu-central-1:ec2:stop"):
            yield target.replace(place, [wrong], ("alarms-action",))
        for role in [*target.of_type("AWS::IAM::Role")][:1]:
            wrong_type = [{"Fn::GetAtt": [role.logical_id, "Arn"]}]
            yield target.replace(place, wrong_type, ("alarms-action", "lint-template"))


@operator("metric-math")
def metric_math(target: Target) -> Iterator[Mutant]:
    """An expression is constant, forgets a metric, or is not what the alarm looks at."""
    for alarm in alarms(target):
        expected, queries = controls(target, alarm), alarm.get("Metrics")
        for index, query in enumerate(queries) if isinstance(queries, list) else ():
            if (place := target.place(alarm, "Metrics", index, "Expression")) is not None:
                first = str(place.value).split("+")[0].strip()
                for wrong in ("0", *([first] if first != place.value else [])):
                    yield target.replace(place, wrong, (*expected, "lint-template"))
            if (whole := target.place(alarm, "Metrics", index)) is not None:
                yield target.delete(whole, (*expected, "lint-template"))
            shows = target.place(alarm, "Metrics", index, "ReturnData")
            if shows is not None and isinstance(query, dict):
                yield target.replace(shows, not shows.value, (*expected, "lint-template"))
