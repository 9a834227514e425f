"""CloudWatch Logs and the embedded metrics in its lines."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.services.emf import extract
from stackproof.embedded.services.logs import Logs
from stackproof.embedded.services.metrics import Metric, Metrics
from stackproof.embedded.world import World
from tests.embedded.services.support import ROLE, START, FakeAccess, running_world

GROUP = "/aws/lambda/f"
STREAM_ARN = f"arn:aws:logs:eu-central-1:123456789012:log-group:{GROUP}:log-stream:s"
NOW_MS = int(START.timestamp() * 1000)


@dataclass
class Stage:
    world: World
    access: FakeAccess
    metrics: Metrics
    logs: Logs

    def write(self, *lines: str, group: str = GROUP) -> None:
        self.logs.write(role_arn=ROLE, group=group, stream="s", lines=list(lines))


@pytest.fixture
def stage() -> Iterator[Stage]:
    with running_world() as world:
        access, metrics = FakeAccess(), Metrics(world)
        world.client("logs").create_log_group(logGroupName=GROUP)
        yield Stage(world=world, access=access, metrics=metrics, logs=Logs(world, access, metrics))


def line(**changes: Any) -> str:
    directive = {"Namespace": "app", "Dimensions": [["service"]], "Metrics": [{"Name": "Jobs", "Unit": "Count"}]}
    directive |= changes.pop("directive", {})
    aws = {"Timestamp": NOW_MS, "CloudWatchMetrics": [directive]} | changes.pop("aws", {})
    return json.dumps({"_aws": aws, "service": "batchflow", "Jobs": 3} | changes)


def test_lines_are_kept_and_their_metrics_extracted(stage: Stage) -> None:
    stage.write("hello", line())
    events = stage.world.client("logs").get_log_events(logGroupName=GROUP, logStreamName="s")["events"]
    assert [(e["message"], e["timestamp"]) for e in events] == [("hello", NOW_MS), (line(), NOW_MS)]
    assert stage.logs.lines(GROUP) == stage.logs.lines(GROUP, "s") == ["hello", line()]
    assert stage.metrics.listed() == [Metric.of("app", "Jobs", {"service": "batchflow"})]
    asked = [(role, action, arn) for role, action, arn, _ in stage.access.asked]
    assert asked == [(ROLE, "logs:CreateLogStream", STREAM_ARN), (ROLE, "logs:PutLogEvents", STREAM_ARN)]


def test_the_stream_is_made_once(stage: Stage) -> None:
    stage.write("one")
    stage.write("two")
    assert [action for _, action, _, _ in stage.access.asked].count("logs:CreateLogStream") == 1
    assert stage.logs.lines(GROUP) == ["one", "two"]


@pytest.mark.parametrize("action", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_a_denied_write_loses_the_lines_and_their_metrics(stage: Stage, action: str) -> None:
    stage.access.denied.add((ROLE, action))
    stage.write("hello", line())
    assert stage.logs.lines(GROUP) == []
    assert stage.metrics.listed() == []
    assert stage.logs.delivery.lost == {GROUP: 2}
    assert action in stage.logs.delivery.why_lost[GROUP]


def test_a_missing_group_is_not_created(stage: Stage) -> None:
    stage.write(line(), group="/other")
    assert stage.logs.delivery.lost == {"/other": 1}
    assert stage.metrics.listed() == []
    assert [g["logGroupName"] for g in stage.world.client("logs").describe_log_groups()["logGroups"]] == [GROUP]


def test_metric_filters_are_not_emulated(stage: Stage) -> None:
    stage.world.client("logs").put_metric_filter(
        logGroupName=GROUP,
        filterName="f",
        filterPattern="ERROR",
        metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
    )
    with pytest.raises(EmbeddedError, match="metric filter"):
        stage.write("hello")


def test_each_dimension_set_is_a_metric_of_its_own() -> None:
    sets = [["service"], ["service", "kind"], []]
    found = extract(line(directive={"Dimensions": sets}, kind="x", Jobs=[1, 2]), START)
    service = {"service": "batchflow"}
    assert found.dropped == []
    assert [(s.metric, s.values, s.unit) for s in found.samples] == [
        (Metric.of("app", "Jobs", dimensions), (1.0, 2.0), "Count")
        for dimensions in (service, service | {"kind": "x"}, {})
    ]


def test_timestamp_and_resolution_are_taken_from_the_line() -> None:
    metrics = [{"Name": "Jobs", "StorageResolution": 1}]
    (sample,) = extract(line(directive={"Metrics": metrics}, aws={"Timestamp": NOW_MS - 1500}), START).samples
    assert (sample.at, sample.high_resolution, sample.unit) == (START - timedelta(milliseconds=1500), True, "None")


@pytest.mark.parametrize(
    "broken",
    [
        line(aws={"Timestamp": "now"}),
        line(aws={"Timestamp": NOW_MS - 15 * 24 * 3600 * 1000}),
        line(aws={"Timestamp": NOW_MS + 3 * 3600 * 1000}),
        line(aws={"Timestamp": 10**30}),
        line(aws={"CloudWatchMetrics": {}}),
        line(aws={"CloudWatchMetrics": [1]}),
        line(directive={"Namespace": ""}),
        line(directive={"Dimensions": None}),
        line(directive={"Dimensions": [["unknown"]]}),
        line(directive={"Metrics": [{"Unit": "Count"}]}),
        line(directive={"Metrics": [{"Name": "Jobs", "StorageResolution": 5}]}),
        line(Jobs="three"),
        line(Jobs=True),
        line(Jobs=[]),
        line(Jobs=[1] * 101),
        line(Jobs=float("nan")),
        line(service=7),
    ],
)
def test_what_breaks_the_specification_is_dropped_and_counted(broken: str) -> None:
    found = extract(broken, START)
    assert found.samples == []
    assert len(found.dropped) == 1


def test_one_bad_metric_does_not_lose_the_others(stage: Stage) -> None:
    stage.write(line(directive={"Metrics": [{"Name": "Missing"}, {"Name": "Jobs"}]}))
    assert [m.name for m in stage.metrics.listed()] == ["Jobs"]
    assert stage.logs.delivery.dropped == {GROUP: ["Missing is not a number or a list of 1 to 100 numbers"]}


@pytest.mark.parametrize("text", ["", "plain", '{"a": 1}', '"_aws"', '{"_aws": 1}', '{"_aws": {}}', '{"_aws": '])
def test_other_lines_hold_no_metrics(text: str) -> None:
    found = extract(text, START)
    assert (found.samples, found.dropped) == ([], [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["_aws", "Name", "x"]), inner),
)


@given(JSON, JSON, JSON, JSON)
def test_no_line_breaks_the_extraction(timestamp: Any, dimensions: Any, metrics: Any, value: Any) -> None:
    extract(line(aws={"Timestamp": timestamp}), START)
    extract(line(directive={"Dimensions": dimensions, "Metrics": metrics}, Jobs=value, x=value), START)
