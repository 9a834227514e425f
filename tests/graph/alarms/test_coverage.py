"""Why an alarm does not cover a resource."""

import pytest

from stackproof.graph.alarms.coverage import DEPTH, Need, gap
from stackproof.template.model import UnknownValueError

ERRORS = Need(namespace="AWS/Lambda", names=("Errors",), dimension="FunctionName", value=5.0)
TEMPLATE = """
Parameters: {P: {Type: String}}
Resources:
  Function: {Type: 'AWS::Lambda::Function'}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: {Namespace: AWS/Lambda, MetricName: Errors, Dimensions: [{Name: FunctionName, Value: !Ref %s}], %s}
"""
FINE = {
    "Statistic": "Sum",
    "Period": "60",
    "EvaluationPeriods": "1",
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Threshold": "1",
}


def _gap(graph, need=ERRORS, of="Function", **changes):
    properties = ", ".join(f"{name}: {value}" for name, value in {**FINE, **changes}.items())
    found = graph(TEMPLATE % (of, properties))
    return gap(found, found.resources["Function"], need)


def test_an_alarm_that_fires_in_time_covers(graph) -> None:
    assert _gap(graph) is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"ActionsEnabled": "false"}, "its actions are switched off"),
        ({"ComparisonOperator": "LessThanThreshold"}, "its comparison is LessThanThreshold"),
        ({"Statistic": "SampleCount"}, "its statistic SampleCount does not show it"),
        ({"Statistic": "Average"}, "it does not fire at 0.5"),
        ({"EvaluationPeriods": "4"}, "it fires only after 4 bad periods"),
        ({"Period": "7200"}, "it fires too late"),
        ({"Threshold": "6"}, "it does not fire at 5"),
        ({"Threshold": "0"}, "it always fires"),
    ],
)
def test_what_keeps_an_alarm_from_covering(graph, changes, why) -> None:
    assert _gap(graph, **changes) == f"Alarm watches it, but {why}"


def test_an_average_that_fires_at_half_is_enough(graph) -> None:
    assert _gap(graph, Statistic="Average", Threshold="0.1") is None


def test_an_alarm_on_something_else_does_not_watch_it(graph) -> None:
    depth = Need(namespace="AWS/SQS", names=("NumberOfMessagesSent",), dimension="QueueName", statistics=DEPTH)
    assert _gap(graph, need=depth) == "no alarm watches it"


def test_an_alarm_that_may_be_about_it_leaves_it_open(graph) -> None:
    with pytest.raises(UnknownValueError):
        _gap(graph, of="P")
