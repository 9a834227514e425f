"""Schedules, and the alarm that rings when one stays silent."""

import pytest

from stackproof.graph.alarms.schedules import interval, is_rare, silence, targets

TEMPLATE = """
Resources:
  Function: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: pay}}
  Rule:
    Type: AWS::Events::Rule
    Properties: {ScheduleExpression: '%s', Targets: [{Id: f, Arn: %s}]}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/Lambda
      MetricName: Invocations
      Dimensions: [{Name: FunctionName, Value: pay}]
      Statistic: Sum
      Period: %s
      EvaluationPeriods: %s
      ComparisonOperator: LessThanThreshold
      Threshold: %s
      TreatMissingData: breaching
"""


def _silence(graph, expression="rate(1 minute)", arn="!GetAtt Function.Arn", period=60, periods=5, threshold=1):
    found = graph(TEMPLATE % (expression, arn, period, periods, threshold))
    return silence(found, found.resources["Rule"], 15)


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(2 hours)", 7200), ("cron(0 4 * * ? *)", None)],
)
def test_how_often_a_schedule_runs(graph, expression, seconds) -> None:
    found = graph(TEMPLATE % (expression, "x", 60, 5, 1))
    assert interval(found.resources["Rule"]) == seconds


@pytest.mark.parametrize("arn", ["!GetAtt Function.Arn", "arn:aws:lambda:eu-west-1:123456789012:function:pay"])
def test_what_a_rule_calls(graph, arn) -> None:
    found = graph(TEMPLATE % ("rate(1 minute)", arn, 60, 5, 1))
    assert [item.logical_id for item in targets(found, found.resources["Rule"])] == ["Function"]


def test_a_heartbeat_covers(graph) -> None:
    assert _silence(graph) is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"expression": "rate(1 hour)"}, "it rings between two runs: it looks at 300 s, and a run comes every 3600 s"),
        ({"threshold": 0}, "it does not fire at 0"),
        ({"threshold": 2}, "it fires while all is well, at 1 in a period"),
        ({"periods": 100}, "it rings only after 6000 s of silence"),
    ],
)
def test_what_keeps_a_heartbeat_from_telling(graph, changes, why) -> None:
    assert _silence(graph, **changes) == f"Alarm watches it, but {why}"


def test_a_heartbeat_of_something_else_tells_nothing(graph) -> None:
    assert _silence(graph, arn="arn:aws:lambda:eu-west-1:123456789012:function:x") == "no alarm watches for its silence"


@pytest.mark.parametrize(
    ("expression", "seldom"),
    [
        ("rate(7 days)", False),
        ("rate(8 days)", True),
        ("rate(1 month)", False),
        ("cron(0 4 * * ? *)", False),
        ("cron(0 4 ? * MON *)", False),
        ("cron(0 4 ? * L *)", False),
        ("cron(0 4 ? * 2#1 *)", True),
        ("cron(0 4 ? * FRIL *)", True),
        ("cron(0 4 1 * ? *)", True),
        ("cron(0 4 L * ? *)", True),
        ("cron(0 4 1,15 * ? *)", True),
        ("cron(0 4 1,8,15,22 * ? *)", False),
        ("cron(0 4 1-7 * ? *)", True),
        ("cron(0 4 */5 * ? *)", False),
        ("cron(0 4 */0 * ? *)", False),
        ("cron(0 4 * 1-12 ? *)", False),
        ("cron(0 4 * JAN,APR ? *)", True),
        ("cron(0 4 * */3 ? *)", True),
        ("cron(0 4 x * ? *)", False),
        ("cron(0 4 * * ? 2027)", False),
    ],
)
def test_no_alarm_looks_back_more_than_a_week(graph, expression, seldom) -> None:
    found = graph(TEMPLATE % (expression, "x", 60, 5, 1))
    assert is_rare(found.resources["Rule"]) is seldom
