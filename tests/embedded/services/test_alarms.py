"""CloudWatch alarms: M of N, missing data, actions."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.services.alarms import Alarms
from stackproof.embedded.services.evaluation import Rule, judge
from stackproof.embedded.services.metrics import Metrics
from stackproof.embedded.world import World
from tests.embedded.services.support import START, running_world

TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


@dataclass
class FakeTopics:
    denied: bool = False
    published: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, service: str, topic_arn: str, *, subject: str, message: str, source_arn: str) -> None:
        if self.denied:
            raise AwsError("AuthorizationError", "no", status=403)
        self.published.append(
            {"service": service, "topic": topic_arn, "subject": subject, "source": source_arn, **json.loads(message)}
        )


@dataclass
class Stage:
    world: World
    metrics: Metrics
    topics: FakeTopics
    alarms: Alarms

    @property
    def client(self) -> Any:
        return self.world.client("cloudwatch")

    def alarm(self, name: str = "a", **changes: Any) -> None:
        settings: dict[str, Any] = {
            "AlarmName": name,
            "Namespace": "app",
            "MetricName": "Errors",
            "Dimensions": [{"Name": "service", "Value": "batchflow"}],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [TOPIC],
            "OKActions": [TOPIC],
        } | changes
        self.client.put_metric_alarm(**{key: value for key, value in settings.items() if value is not None})

    def emit(self, value: float, name: str = "Errors", namespace: str = "app", **dimensions: str) -> None:
        self.metrics.put(namespace, name, dimensions or {"service": "batchflow"}, value, unit="Count")

    def minutes(self, count: int) -> None:
        self.world.clock.advance(60 * count)

    def states(self, name: str = "a") -> list[str]:
        return [new for _, _, new, _ in self.alarms.history(name)]


@pytest.fixture
def stage() -> Iterator[Stage]:
    with running_world() as world:
        metrics, topics = Metrics(world), FakeTopics()
        yield Stage(world=world, metrics=metrics, topics=topics, alarms=Alarms(world, metrics, topics))


def test_an_alarm_starts_without_data_and_follows_its_metric(stage: Stage) -> None:
    stage.alarm()
    shown = stage.client.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]
    assert shown["StateValue"] == stage.alarms.state("a") == "INSUFFICIENT_DATA"
    stage.minutes(1)
    stage.emit(2)
    stage.minutes(1)
    shown = stage.client.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]
    assert shown["StateValue"] == "ALARM"
    assert shown["StateReason"] == (
        "Threshold Crossed: 1 out of the last 1 datapoints [2.0] was greater than the threshold (0.0)."
    )
    stage.minutes(5)
    assert stage.states() == ["OK", "ALARM", "OK"]
    at, old, new, _ = stage.alarms.history("a")[1]
    assert ((at - START).total_seconds(), old, new) == (120, "OK", "ALARM")


def test_the_message_is_the_one_that_cloudwatch_publishes(stage: Stage) -> None:
    stage.alarm(AlarmDescription="what to do")
    stage.emit(1)
    stage.minutes(1)
    (message,) = stage.topics.published
    arn = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a"
    assert (message["service"], message["topic"], message["source"]) == ("cloudwatch.amazonaws.com", TOPIC, arn)
    assert message["subject"] == 'ALARM: "a" in EU (Frankfurt)'
    assert (message["AlarmName"], message["AlarmDescription"], message["AlarmArn"]) == ("a", "what to do", arn)
    assert (message["OldStateValue"], message["NewStateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert message["StateChangeTime"] == "2026-11-16T08:01:00.000+0000"
    assert message["Trigger"] == {
        "MetricName": "Errors",
        "Namespace": "app",
        "StatisticType": "Statistic",
        "Statistic": "SUM",
        "Unit": None,
        "Dimensions": [{"value": "batchflow", "name": "service"}],
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0.0,
        "TreatMissingData": "notBreaching",
        "EvaluateLowSampleCountPercentile": "",
    }


def test_only_the_named_dimension_set_counts(stage: Stage) -> None:
    stage.alarm(Dimensions=[])
    stage.emit(1)
    stage.minutes(2)
    assert stage.states() == ["OK"]


def test_a_longer_period_slides_with_every_minute(stage: Stage) -> None:
    stage.alarm(Period=300, Threshold=2)
    stage.minutes(3)
    stage.emit(2)
    stage.minutes(1)
    assert stage.states() == ["OK"]
    stage.emit(1)
    stage.minutes(10)
    changes = [((at - START).total_seconds(), new) for at, _, new, _ in stage.alarms.history("a")]
    # The two values share a window from minute 5 to 8, the second is alone in that of minute 9. Then the newest window
    # is empty and the last real one counts again, which CloudWatch's guide warns of, until it has left the range.
    assert changes == [(60, "OK"), (300, "ALARM"), (540, "OK"), (600, "ALARM"), (840, "OK")]


def test_a_silent_heartbeat_alarms_when_the_last_point_has_left_the_range(stage: Stage) -> None:
    stage.alarm(Threshold=1, ComparisonOperator="LessThanThreshold", EvaluationPeriods=3, TreatMissingData="breaching")
    for _ in range(5):
        stage.emit(1)
        stage.minutes(1)
    assert stage.states() == ["OK"]
    stage.minutes(10)
    (_, alarm) = stage.alarms.history("a")
    assert ((alarm[0] - START).total_seconds(), alarm[2]) == ((5 + 5) * 60, "ALARM")
    assert "no datapoints were received for 3 periods" in alarm[3]
    stage.emit(1)
    stage.minutes(1)
    assert stage.states() == ["OK", "ALARM", "OK"]


def test_dynamodb_alarms_ignore_missing_data_unless_it_is_filled(stage: Stage) -> None:
    table = [{"Name": "TableName", "Value": "t"}]
    stage.alarm(Namespace="AWS/DynamoDB", MetricName="WriteThrottleEvents", Dimensions=table)
    plain = {"Namespace": None, "MetricName": None, "Dimensions": None, "Statistic": None, "Period": None}
    metric = {"Namespace": "AWS/DynamoDB", "MetricName": "WriteThrottleEvents", "Dimensions": table}
    stage.alarm(
        "filled",
        **plain,
        Metrics=[
            {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
            {"Id": "e1", "Expression": "FILL(m1, 0)", "Label": "Throttled", "ReturnData": True},
        ],
    )
    stage.emit(3, "WriteThrottleEvents", "AWS/DynamoDB", TableName="t")
    stage.minutes(30)
    assert stage.states("a") == ["ALARM"]
    assert stage.states("filled") == ["ALARM", "OK"]
    told = next(m["Trigger"] for m in stage.topics.published if m["AlarmName"] == "filled")["Metrics"]
    assert [query["Id"] for query in told] == ["m1", "e1"]
    assert told[1] == {"Id": "e1", "ReturnData": True, "Label": "Throttled", "Expression": "FILL(m1, 0)"}


def test_a_share_is_watched_by_metric_math(stage: Stage) -> None:
    def query(identifier: str, name: str) -> dict[str, Any]:
        dimensions = [{"Name": "service", "Value": "batchflow"}]
        metric = {"Namespace": "app", "MetricName": name, "Dimensions": dimensions}
        return {"Id": identifier, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False}

    stage.alarm(
        Namespace=None,
        MetricName=None,
        Dimensions=None,
        Statistic=None,
        Period=None,
        Threshold=10,
        Metrics=[
            {"Id": "share", "Expression": "100 * bad / all", "ReturnData": True},
            {"Id": "all", "Expression": "SUM([good, bad])", "ReturnData": False},
            query("good", "Accepted"),
            query("bad", "Rejected"),
        ],
    )
    for good, bad in ((90, 10), (80, 20)):
        stage.emit(good, "Accepted")
        stage.emit(bad, "Rejected")
        stage.minutes(1)
    assert stage.states() == ["OK", "ALARM"]


def test_high_resolution_alarms_are_judged_every_ten_seconds(stage: Stage) -> None:
    stage.alarm(Period=10)
    stage.minutes(1)
    stage.world.clock.advance(5)
    stage.emit(1)
    stage.world.clock.advance(5)
    assert stage.states() == ["OK", "ALARM"]
    stage.minutes(1)
    assert stage.states() == ["OK", "ALARM", "OK"]


def test_after_a_leap_the_alarms_are_judged_once_at_its_end(stage: Stage) -> None:
    stage.alarm()
    stage.emit(1)
    stage.world.clock.leap(95)
    assert stage.states() == ["ALARM"]
    stage.world.clock.leap(3600)
    assert stage.states() == ["ALARM", "OK"]
    assert stage.world.clock.pending()[0].when.second == 0


def test_actions_follow_the_state_and_can_be_off(stage: Stage) -> None:
    stage.alarm("silent", ActionsEnabled=False)
    stage.alarm("mute", AlarmActions=None, OKActions=None)
    stage.alarm("loud", OKActions=None, TreatMissingData="missing", InsufficientDataActions=[TOPIC])
    stage.emit(1)
    stage.minutes(10)
    assert {name: stage.states(name) for name in ("silent", "mute", "loud")} == {
        "silent": ["ALARM", "OK"],
        "mute": ["ALARM", "OK"],
        "loud": ["ALARM", "INSUFFICIENT_DATA"],
    }
    assert [(m["AlarmName"], m["NewStateValue"]) for m in stage.topics.published] == [
        ("loud", "ALARM"),
        ("loud", "INSUFFICIENT_DATA"),
    ]


def test_a_refused_action_is_recorded(stage: Stage) -> None:
    stage.topics.denied = True
    stage.alarm()
    stage.emit(1)
    stage.minutes(1)
    ((at, name, action, why),) = stage.alarms.failed_actions
    assert ((at - START).total_seconds(), name, action, why) == (60, "a", TOPIC, "AuthorizationError: no")
    assert stage.alarms.state("a") == "ALARM"


def test_the_operator_can_set_a_state_and_its_actions_follow(stage: Stage) -> None:
    stage.alarm()
    stage.client.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="a drill")
    assert [m["NewStateReason"] for m in stage.topics.published] == ["a drill"]
    stage.minutes(1)
    assert stage.states() == ["ALARM", "OK"]


def test_a_changed_definition_keeps_the_state_and_a_deleted_alarm_loses_it(stage: Stage) -> None:
    stage.alarm()
    stage.emit(1)
    stage.minutes(1)
    stage.alarm(Threshold=5)
    assert stage.client.describe_alarms()["MetricAlarms"][0]["StateValue"] == "ALARM"
    stage.client.delete_alarms(AlarmNames=["a"])
    stage.minutes(1)
    stage.alarm()
    assert stage.alarms.state("a") == "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    "changes",
    [
        {"ThresholdMetricId": "x"},
        {"ComparisonOperator": "GreaterThanUpperThreshold"},
        {"EvaluateLowSampleCountPercentile": "ignore"},
        {"Period": 45},
        {"DatapointsToAlarm": 2},
        {"Statistic": None},
    ],
)
def test_what_is_not_emulated_says_so(stage: Stage, changes: dict[str, Any]) -> None:
    with pytest.raises(EmbeddedError, match="The alarm a"):
        stage.alarm(**changes)


def test_other_actions_are_not_emulated(stage: Stage) -> None:
    stage.alarm(AlarmActions=["arn:aws:automate:eu-central-1:ec2:stop"])
    stage.emit(1)
    with pytest.raises(EmbeddedError, match="ec2:stop"):
        stage.minutes(1)


def test_a_saved_session_goes_on_from_its_states(stage: Stage) -> None:
    stage.alarm()
    stage.emit(1)
    stage.minutes(1)
    clock, before = stage.world.clock.state(), stage.alarms.history("a")
    stage.minutes(10)
    assert stage.states() == ["ALARM", "OK"]
    stage.world.states["cloudwatch.alarms"].records["a"].changes[:] = before
    stage.world.clock.restore(clock)
    assert stage.states() == ["ALARM"]


def test_a_quiet_week_ends_as_missing_data_are_treated(stage: Stage) -> None:
    for number, treatment in enumerate(TREATMENTS):
        stage.alarm(f"a{number}", TreatMissingData=treatment)
    stage.emit(1)
    stage.minutes(7 * 24 * 60)
    last = {treatment: stage.alarms.state(f"a{number}") for number, treatment in enumerate(TREATMENTS)}
    assert last == {"missing": "INSUFFICIENT_DATA", "ignore": "ALARM", "breaching": "ALARM", "notBreaching": "OK"}


def points(text: str) -> list[float | None]:
    """As in the guide's tables, oldest first: X breaches, 0 does not, - is missing."""
    return [{"X": 1.0, "0": 0.0, "-": None}[sign] for sign in text.split()]


TABLE_3_OF_3 = [
    ("0 - X - X", "OK", "OK", "OK", "OK"),
    ("0 - - - -", "OK", "OK", "OK", "OK"),
    ("- - - - -", "INSUFFICIENT_DATA", None, "ALARM", "OK"),
    ("0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("- - X - -", "ALARM", None, "ALARM", "OK"),
    ("- - - - X", None, None, "ALARM", "OK"),
    ("- - - X -", None, None, "ALARM", "OK"),
]
TABLE_2_OF_3 = [
    ("0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 - X - -", "OK", "OK", "ALARM", "OK"),
    ("- - - - 0", "OK", "OK", "ALARM", "OK"),
    ("- - - X -", "ALARM", None, "ALARM", "OK"),
]


@pytest.mark.parametrize(
    ("needed", "row"), [(3, row) for row in TABLE_3_OF_3] + [(2, row) for row in TABLE_2_OF_3], ids=lambda v: str(v)
)
def test_missing_data_is_treated_as_in_the_guides_tables(needed: int, row: tuple[str, ...]) -> None:
    for treatment, state in zip(TREATMENTS, row[1:], strict=True):
        rule = Rule(comparison="GreaterThanThreshold", threshold=0, periods=3, datapoints=needed, missing=treatment)
        assert judge(rule, points(row[0])).state == state, treatment


def naive(needed: int, periods: int, treatment: str, signs: Sequence[str]) -> str | None:
    """M of N, told anew: take what there is, newest first; fill what is missing; count."""
    real = [sign for sign in reversed(signs) if sign != "-"][:periods]
    fill = {"breaching": "X", "notBreaching": "0"}.get(treatment)
    seen = real + [fill] * (periods - len(real)) if fill else real
    if seen.count("X") >= needed:
        return "ALARM"
    if len(seen) == periods or "0" in seen:
        return "OK"
    if not seen:
        return "INSUFFICIENT_DATA" if treatment == "missing" else None
    oldest = len(signs) - list(signs).index("X")
    return "ALARM" if treatment == "missing" and oldest >= needed else None


@given(st.data(), st.integers(1, 6), st.sampled_from(TREATMENTS))
def test_m_of_n_agrees_with_a_naive_telling(data: st.DataObject, periods: int, treatment: str) -> None:
    needed = data.draw(st.integers(1, periods))
    signs = data.draw(st.lists(st.sampled_from("X0-"), min_size=periods + 2, max_size=periods + 2))
    rule = Rule(comparison="GreaterThanThreshold", threshold=0, periods=periods, datapoints=needed, missing=treatment)
    assert judge(rule, points(" ".join(signs))).state == naive(needed, periods, treatment, signs)


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_every_comparison(value: float, threshold: float) -> None:
    expected = {
        "GreaterThanThreshold": value > threshold,
        "GreaterThanOrEqualToThreshold": value >= threshold,
        "LessThanThreshold": value < threshold,
        "LessThanOrEqualToThreshold": value <= threshold,
    }
    for comparison, breaching in expected.items():
        rule = Rule(comparison=comparison, threshold=threshold, periods=1, datapoints=1)
        assert judge(rule, [None, None, value]).state == ("ALARM" if breaching else "OK")
