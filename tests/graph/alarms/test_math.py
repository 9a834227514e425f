"""What metric math does with a metric that rises."""

import pytest

from stackproof.graph.alarms import math
from stackproof.graph.alarms.expressions import ExpressionError, names, parse
from stackproof.graph.alarms.model import alarms
from stackproof.template.model import UnknownValueError

TEMPLATE = """
Resources:
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Metrics:
        - {Id: e, Expression: '%s', ReturnData: true}
        - {Id: a, ReturnData: false, MetricStat: {Stat: Sum, Period: 60, Metric: {Namespace: '%s', MetricName: '%s'}}}
        - {Id: b, ReturnData: false, MetricStat: {Stat: Sum, Period: 60, Metric: {Namespace: '%s', MetricName: '%s'}}}
      ComparisonOperator: GreaterThanOrEqualToThreshold
      Threshold: 5
      EvaluationPeriods: 1
"""
LAMBDA = ("AWS/Lambda", "Errors", "AWS/Lambda", "Invocations")
TABLE = ("AWS/DynamoDB", "ReadThrottleEvents", "AWS/DynamoDB", "WriteThrottleEvents")


def _alarm(graph, expression, metrics):
    (alarm,) = alarms(graph(TEMPLATE % (expression, *metrics)))
    return alarm


@pytest.mark.parametrize(
    ("expression", "metrics", "fires"),
    [
        ("a", LAMBDA, True),
        ("a + b", LAMBDA, True),
        ("100 * a / b", LAMBDA, True),
        ("b", LAMBDA, False),
        ("0 * a", LAMBDA, False),
        ("a / 100", LAMBDA, False),
        ("b - a", LAMBDA, False),
        ("a + b", TABLE, False),
        ("FILL(a, 0) + FILL(b, 0)", TABLE, True),
        ("MAX([FILL(a, 0), FILL(b, 0)])", TABLE, True),
        ("SUM(METRICS())", TABLE, True),
        ("IF(a > 1, 10, 0)", LAMBDA, True),
    ],
)
def test_whether_a_rise_of_the_first_metric_fires(graph, expression, metrics, fires) -> None:
    alarm = _alarm(graph, expression, metrics)
    assert math.fires(alarm, alarm.metrics[0], 10.0) is fires


def test_an_expression_that_is_not_understood_is_unknown(graph) -> None:
    alarm = _alarm(graph, "RATE(a)", LAMBDA)
    with pytest.raises(UnknownValueError):
        math.fires(alarm, alarm.metrics[0], 10.0)


@pytest.mark.parametrize(("expression", "rest"), [("a + b", 0.0), ("a + 7", 7.0), ("a / b", None)])
def test_what_the_alarm_sees_at_rest(graph, expression, rest) -> None:
    assert math.at_rest(_alarm(graph, expression, LAMBDA)) == rest


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("FILL(reads, 0) + FILL(writes, 0)", {"reads", "writes"}),
        ("IF(m1 > 5, m2, REPEAT)", {"m1", "m2"}),
        ("ANOMALY_DETECTION_BAND(m1, 2)", {"m1"}),
        ('SEARCH("{AWS/Lambda} x", "Sum")', set()),
    ],
)
def test_the_ids_that_an_expression_names(text, ids) -> None:
    assert math.named_ids(text) - {"REPEAT"} == ids


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('SELECT SUM(Errors) FROM SCHEMA("AWS/Lambda", FunctionName)', ("AWS/Lambda", "Errors", "")),
        (
            "SELECT MAX(Errors) FROM \"AWS/Lambda\" WHERE FunctionName = 'x'",
            ("AWS/Lambda", "Errors", "WHERE FunctionName = 'x'"),
        ),
        ("SELECT Errors", None),
    ],
)
def test_queries(text, parts) -> None:
    assert math.is_query(text)
    assert math.query(text) == parts


@pytest.mark.parametrize("text", ["(" * 250 + "m" + ")" * 250, "1" + "+m" * 900, "(" * 90_000, "m" * 3000], ids=len)
def test_an_expression_that_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="longer than any"):
        parse(text)


@pytest.mark.parametrize("text", ["(" * 120 + "m" + ")" * 120, "m" + "+m" * 120, "-" * 240 + "m"], ids=len)
def test_an_expression_that_is_just_short_enough_is_followed(text: str) -> None:
    assert names(parse(text)) == {"m"}
