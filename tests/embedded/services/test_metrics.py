"""CloudWatch metrics and metric math."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.services.expressions import Series, evaluate, names, parse
from stackproof.embedded.services.metrics import Metric, Metrics, statistic_of
from stackproof.embedded.world import World
from tests.embedded.services.support import ROLE, START, running_world

ERRORS = Metric.of("AWS/Lambda", "Errors", {"FunctionName": "f"})


@pytest.fixture
def world() -> Iterator[World]:
    with running_world() as made:
        yield made


def test_a_datapoint_is_of_one_metric_and_one_window(world: World) -> None:
    metrics = Metrics(world)
    for value in (1, 2):
        metrics.put("AWS/Lambda", "Errors", {"FunctionName": "f"}, value, unit="Count")
        world.clock.advance(60)
    metrics.put("AWS/Lambda", "Errors", {"FunctionName": "g"}, 9)
    minute = timedelta(minutes=1)

    def point(statistic: str, minutes: int, unit: str | None = None) -> float | None:
        return metrics.datapoint(ERRORS, statistic, start=START, end=START + minutes * minute, unit=unit)

    assert [point("Sum", 1), point("Sum", 2), point("Average", 5)] == [1, 3, 1.5]
    assert [point("Minimum", 2), point("Maximum", 2), point("SampleCount", 2), point("p50", 2)] == [1, 2, 2, 1]
    assert [point("Sum", 2, "Count"), point("Sum", 2, "Seconds")] == [3, None]
    assert metrics.datapoint(ERRORS, "Sum", start=START + 2 * minute, end=START + 9 * minute) is None


def test_values_are_kept_by_the_minute_unless_they_are_of_high_resolution(world: World) -> None:
    metrics = Metrics(world)
    at = START + timedelta(seconds=45)
    window = {"start": START + timedelta(seconds=40), "end": START + timedelta(seconds=50)}
    metrics.add(ERRORS, [1], unit="Count", at=at)
    assert metrics.values(ERRORS, **window) == []
    metrics.add(ERRORS, [2], unit="Count", at=at, high_resolution=True)
    assert metrics.values(ERRORS, **window) == [2]


def test_the_data_points_are_what_cloudwatch_answers(world: World) -> None:
    metrics = Metrics(world)
    metrics.put("AWS/Lambda", "Errors", {"FunctionName": "f"}, 2, unit="Count")
    metrics.put("AWS/Lambda", "Errors", {"FunctionName": "f"}, 3, unit="Count")
    client = world.client("cloudwatch")
    listed = client.list_metrics(Namespace="AWS/Lambda")["Metrics"]
    assert [(m["MetricName"], m["Dimensions"]) for m in listed] == [
        ("Errors", [{"Name": "FunctionName", "Value": "f"}])
    ]
    answer = client.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=listed[0]["Dimensions"],
        StartTime=START - timedelta(minutes=1),
        EndTime=START + timedelta(minutes=5),
        Period=60,
        Statistics=["Sum", "Maximum"],
    )
    assert [(p["Sum"], p["Maximum"]) for p in answer["Datapoints"]] == [(5, 3)]
    stat = {"Metric": {"Namespace": "AWS/Lambda", **listed[0]}, "Period": 60, "Stat": "Average"}
    query = {"StartTime": START, "EndTime": START + timedelta(minutes=5)}
    data = client.get_metric_data(MetricDataQueries=[{"Id": "q", "MetricStat": stat}], **query)
    assert data["MetricDataResults"][0]["Values"] == [2.5]
    with pytest.raises(EmbeddedError, match="only the statistics"):
        client.get_metric_data(MetricDataQueries=[{"Id": "q", "MetricStat": stat | {"Stat": "p99"}}], **query)


def test_no_data_point_comes_from_a_test(world: World) -> None:
    metrics = Metrics(world)
    data = {"Namespace": "n", "MetricData": [{"MetricName": "m", "Values": [1, 2], "Counts": [1, 2]}]}
    with pytest.raises(EmbeddedError, match="no data point comes from a test"):
        world.client("cloudwatch").put_metric_data(**data)
    assert metrics.listed() == []
    role = world.client("cloudwatch", world.identities.issue(ROLE, "one"))
    role.put_metric_data(**data)
    metric = Metric(namespace="n", name="m")
    assert metrics.values(metric, start=START, end=START + timedelta(minutes=1)) == [1, 2, 2]


@pytest.mark.parametrize("statistic", ["tm99", "p101", "pp", "IQM", ""])
def test_other_statistics_are_not_guessed(statistic: str) -> None:
    with pytest.raises(EmbeddedError, match="not emulated"):
        statistic_of(statistic, [1.0])


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.integers(0, 100))
def test_a_percentile_is_one_of_the_values_and_splits_them(values: list[float], share: int) -> None:
    found = statistic_of(f"p{share}", values)
    assert found in values
    assert sum(value <= found for value in values) >= share / 100 * len(values)
    assert sum(value < found for value in values) <= share / 100 * len(values)


SERIES: dict[str, Series] = {"m1": [1.0, None, 3.0], "m2": [10.0, 20.0, None], "none": [None, None, None]}


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("m1", [1, None, 3]),
        ("m1 + m2 * 2", [21, None, None]),
        ("-m1 + 10", [9, None, 7]),
        ("2 ^ 3 - 1", [7, 7, 7]),
        ("10 - 2 - 3", [5, 5, 5]),
        ("m2 / 0", [None, None, None]),
        ("1 / 0", [None, None, None]),
        ("FILL(m1, 0)", [1, 0, 3]),
        ("FILL(m1, REPEAT)", [1, 1, 3]),
        ("FILL(none, 0)", [0, 0, 0]),
        ("FILL(m1, m2)", [1, 20, 3]),
        ("SUM(METRICS())", [11, 20, 3]),
        ("SUM([m1, m2])", [11, 20, 3]),
        ("SUM(FILL(METRICS(), 5))", [16, 30, 13]),
        ("100 * FILL(m1, 0) / (FILL(m1, 0) + FILL(m2, 0))", [100 / 11, 0, 100]),
        ("IF(m2 > 15, 1, 0)", [0, 1, None]),
        ("IF(FILL(m1, 0) > 0 AND FILL(m2, 0) == 0, m1, 7)", [7, 7, 3]),
        ("AVG(m1)", [2, 2, 2]),
        ("MAX([m1, m2]) - MIN([m1, m2])", [9, 0, 0]),
        ("ABS(0 - m1)", [1, None, 3]),
    ],
)
def test_metric_math(expression: str, result: Series) -> None:
    found = evaluate(parse(expression), SERIES, SERIES, 3)
    assert found == result


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "m1 +",
        "(m1",
        "m1 m2",
        "ANOMALY_DETECTION_BAND(m1, 2)",
        "SEARCH('x', 'Sum')",
        "FILL(m1)",
        "RATE(m1)",
        "m1 ? 1",
        "SELECT 1",
    ],
)
def test_what_metric_math_does_not_know_it_says(expression: str) -> None:
    with pytest.raises(EmbeddedError, match="not emulated"):
        parse(expression)


@given(st.lists(st.sampled_from([*"mM12 ()[],+-*/^<>=&", "m1", "FILL(", "IF(", "METRICS()", "SUM(", "AND", "=="])))
def test_any_text_is_evaluated_or_refused(pieces: list[str]) -> None:
    try:
        found = evaluate(parse("".join(pieces)), SERIES, SERIES, 3)
    except EmbeddedError:
        return
    assert len(found) == 3


@pytest.mark.parametrize("expression", ["METRICS()", "[m1, m2]", "m9"])
def test_an_alarm_watches_one_known_series(expression: str) -> None:
    with pytest.raises(EmbeddedError):
        evaluate(parse(expression), SERIES, SERIES, 3)


@given(
    st.recursive(
        st.sampled_from(["a", "b", "1", "2.5"]),
        lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    )
)
def test_arithmetic_agrees_with_python(expression: str) -> None:
    node = parse(expression)
    assert names(node) <= {"a", "b"}
    expected = eval(expression, {"a": 3.0, "b": -0.5})  # arithmetic that the strategy above made
    assert evaluate(node, {"a": [3.0], "b": [-0.5]}, {}, 1) == [pytest.approx(expected)]
