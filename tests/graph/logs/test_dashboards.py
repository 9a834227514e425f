"""Dashboards out of their JSON text."""

import json

import pytest

from stackproof.graph import widgets
from stackproof.graph.dashboards import dashboard


def _dashboard(graph, *items):
    return _of(graph, json.dumps({"widgets": list(items)}))


def _of(graph, body):
    resources = {"Board": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": {"Fn::Sub": body}}}}
    found = graph(json.dumps({"Resources": {**resources, "Function": {"Type": "AWS::Lambda::Function"}}}))
    return found, dashboard(found, found.resources["Board"])


def _widget(*rows, **more):
    properties = {"region": "${AWS::Region}", "title": "T", "metrics": list(rows), **more}
    return {"type": "metric", "x": 0, "y": 0, "width": 6, "height": 6, "properties": properties}


def test_rows_with_their_short_forms(graph) -> None:
    widget = _widget(
        ["AWS/Lambda", "Errors", "FunctionName", "a", {"stat": "Sum", "period": 60}],
        [".", "Throttles", ".", "b"],
        ["...", "c"],
        [{"expression": "m1 / 2", "id": "e"}],
        stat="Maximum",
    )
    _, found = _dashboard(graph, widget)
    assert [(m.namespace, m.name, m.dimensions, m.statistic, m.period) for _, m in found.metrics] == [
        ("AWS/Lambda", "Errors", {"FunctionName": "a"}, "Sum", 60),
        ("AWS/Lambda", "Throttles", {"FunctionName": "b"}, "Maximum", 300),
        ("AWS/Lambda", "Throttles", {"FunctionName": "c"}, "Maximum", 300),
    ]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("{", "its body is no JSON"),
        ("[]", "its body has no list of widgets"),
        ('{"widgets": [7]}', "not all of its widgets are mappings"),
        ("[" * 100_000, "its body is no JSON"),
    ],
)
def test_a_body_that_is_none(graph, body, fault) -> None:
    assert _of(graph, body)[1].fault.startswith(fault)


ROW = ["AWS/Lambda", "Errors", "FunctionName", "${Function}"]


@pytest.mark.parametrize(
    ("items", "messages"),
    [
        ([_widget(ROW)], []),
        ([_widget(ROW), {**_widget(ROW), "y": 6}], []),
        ([_widget(ROW), _widget(ROW)], ["the widget 'T' lies over the widget 'T'"]),
        ([{**_widget(ROW), "x": 20}], ["the widget 'T' reaches beyond the grid of 24"]),
        ([{**_widget(ROW), "height": 1}], ["the widget 'T' is too small to show anything"]),
        ([_widget()], ["the widget 'T' shows no metric"]),
        ([_widget(ROW, region="here")], ["the widget 'T' has no region, or one that is none"]),
        ([_widget(ROW, view="lines")], ["the widget 'T' has a view that is none: 'lines'"]),
        ([{"type": "metrics"}], ["widget 1 is of no type of widget: 'metrics'"]),
        (
            [_widget([{"expression": "a + b"}], [*ROW, {"id": "a"}])],
            ["the widget 'T' has an expression that names b, which is no metric of it"],
        ),
    ],
)
def test_what_is_wrong_with_widgets(graph, items, messages) -> None:
    assert [hit.message for hit in widgets.faults(*_dashboard(graph, *items))] == messages


@pytest.mark.parametrize(
    ("alarm", "messages"),
    [
        ("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:x", []),
        ("x", ["widget 1 has an alarm that is no ARN: x"]),
        ("${Function.Arn}", ["widget 1 names an alarm that is none: ${Function.Arn}"]),
    ],
)
def test_the_alarms_that_a_widget_names(graph, alarm, messages) -> None:
    found = _dashboard(graph, {"type": "alarm", "properties": {"alarms": [alarm]}})
    assert [hit.message for hit in widgets.alarm_faults(*found)] == messages
