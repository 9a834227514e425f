"""EventBridge: patterns, deliveries, dead letters, disorder and schedules."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.services import patterns
from stackproof.embedded.services.bus import Bus
from stackproof.embedded.services.cron import next_after
from stackproof.embedded.services.functions import Functions
from stackproof.embedded.services.inputs import target_input
from stackproof.embedded.services.queues import Queues
from stackproof.embedded.services.topics import Topics
from stackproof.embedded.world import World
from tests.embedded.services.support import START, FakeAccess, FakeLogs, FakeMetrics, make_function, running_world

DEAD = "arn:aws:sqs:eu-central-1:123456789012:dead"
RULE = "arn:aws:events:eu-central-1:123456789012:rule/jobs"
EVENT: dict[str, Any] = {
    "source": "aws.batch", "detail-type": "Batch Job State Change", "resources": ["arn:job"],
    "detail": {"status": "FAILED", "jobQueue": "arn:queue"},
}  # fmt: skip
PATTERN = {"source": ["aws.batch"], "detail": {"status": ["FAILED"], "jobQueue": ["arn:queue"]}}


@dataclass
class Stage:
    world: World
    access: FakeAccess
    metrics: FakeMetrics
    functions: Functions
    topics: Topics
    bus: Bus

    def rule(self, target: str, **settings: Any) -> None:
        events = self.world.client("events")
        events.put_rule(Name="jobs", **({"EventPattern": json.dumps(PATTERN)} | settings.pop("rule", {})))
        done = events.put_targets(Rule="jobs", Targets=[{"Id": "t", "Arn": target, **settings}])
        assert done["FailedEntryCount"] == 0

    def results(self) -> list[Any]:
        return [done.result for done in self.functions.events.invocations()]

    def dead(self) -> list[Any]:
        sqs = self.world.client("sqs")
        found = sqs.receive_message(
            QueueUrl=sqs.get_queue_url(QueueName="dead")["QueueUrl"], MaxNumberOfMessages=10,
            MessageAttributeNames=["All"], VisibilityTimeout=0,
        )  # fmt: skip
        messages: list[Any] = found.get("Messages", [])
        return messages


@pytest.fixture
def stage() -> Iterator[Stage]:
    with running_world() as world:
        access, metrics = FakeAccess(), FakeMetrics()
        queues = Queues(world, access, metrics)
        functions = Functions(world, access, queues, FakeLogs(), metrics)
        topics = Topics(world, access, queues, functions, metrics)
        bus = Bus(world, access, functions, queues, topics, metrics)
        world.client("sqs").create_queue(QueueName="dead")
        yield Stage(world, access, metrics, functions, topics, bus)


@pytest.fixture
def echo(stage: Stage) -> str:
    return make_function(stage.world, "echo", "def handler(e, c):\n    return e\n")


def test_event_of_a_service_reaches_the_function(stage: Stage, echo: str) -> None:
    stage.rule(echo)
    stage.bus.put(EVENT)
    stage.bus.put({**EVENT, "detail": {"status": "SUCCEEDED", "jobQueue": "arn:queue"}})
    stage.world.clock.advance(2)
    [got] = stage.results()
    assert got == {
        **EVENT, "version": "0", "id": got["id"], "account": "123456789012", "region": "eu-central-1",
        "time": "2026-11-16T08:00:00Z",
    }  # fmt: skip
    asked = ("events.amazonaws.com", "lambda:InvokeFunction", echo, RULE)
    assert stage.access.asked == [asked]
    for name in ("MatchedEvents", "TriggeredRules", "Invocations"):
        assert stage.metrics.values(name, RuleName="jobs") == [1]
    assert stage.metrics.values("FailedInvocations", RuleName="jobs") == []


def test_disabled_rule_gets_nothing(stage: Stage, echo: str) -> None:
    stage.rule(echo)
    stage.world.client("events").disable_rule(Name="jobs")
    stage.bus.put(EVENT)
    stage.world.clock.advance(2)
    assert stage.bus.matched() == []


def test_denied_target_goes_straight_to_the_dead_letters(stage: Stage, echo: str) -> None:
    stage.rule(echo, DeadLetterConfig={"Arn": DEAD})
    stage.access.denied.add(("events.amazonaws.com", "lambda:InvokeFunction"))
    stage.bus.put(EVENT)
    stage.world.clock.advance(1)
    [message] = stage.dead()
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert {"RULE_ARN": RULE, "TARGET_ARN": echo, "ERROR_CODE": "NO_PERMISSIONS"}.items() <= attributes.items()
    assert json.loads(message["Body"])["detail"] == EVENT["detail"]
    assert stage.metrics.values("FailedInvocations", RuleName="jobs") == [1]
    assert stage.metrics.values("InvocationsSentToDlq", RuleName="jobs") == [1]


def test_dead_letter_queue_that_is_closed(stage: Stage, echo: str) -> None:
    stage.rule(echo, DeadLetterConfig={"Arn": DEAD})
    for action in ("lambda:InvokeFunction", "sqs:SendMessage"):
        stage.access.denied.add(("events.amazonaws.com", action))
    stage.bus.put(EVENT)
    stage.world.clock.advance(1)
    assert stage.metrics.values("InvocationsFailedToBeSentToDlq", RuleName="jobs") == [1]
    assert stage.dead() == []


@pytest.mark.parametrize(
    ("policy", "condition"),
    [
        ({"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600}, "MaximumRetryAttempts"),
        ({"MaximumRetryAttempts": 100, "MaximumEventAgeInSeconds": 60}, "MaximumEventAgeInSeconds"),
    ],
)
def test_outage_is_retried_until_the_policy_ends_it(
    stage: Stage, echo: str, policy: dict[str, int], condition: str
) -> None:
    stage.rule(echo, DeadLetterConfig={"Arn": DEAD}, RetryPolicy=policy)
    stage.bus.targets.outage(echo, 1)
    stage.bus.put(EVENT)
    stage.world.clock.advance(10)
    assert len(stage.results()) == 1
    stage.bus.targets.outage(echo, 1000)
    stage.bus.put(EVENT)
    stage.world.clock.advance(7200)
    [message] = stage.dead()
    assert message["MessageAttributes"]["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == condition


def test_dropped_doubled_and_reordered(stage: Stage, echo: str) -> None:
    stage.rule(echo, InputPath="$.detail.name")
    bus = stage.bus

    def put(name: str) -> None:
        bus.put({**EVENT, "detail": {**EVENT["detail"], "name": name}})

    bus.drop_next()
    put("lost")
    bus.duplicate_next()
    put("twice")
    stage.world.clock.advance(2)
    bus.hold()
    put("a")
    put("b")
    stage.world.clock.advance(60)
    bus.release("reversed")
    stage.world.clock.advance(2)
    assert stage.results() == ["twice", "twice", "b", "a"]


def test_queue_and_topic_targets(stage: Stage) -> None:
    topic = stage.world.client("sns").create_topic(Name="people")["TopicArn"]
    subscription = stage.world.client("sns").subscribe(
        TopicArn=topic, Protocol="email", Endpoint="a@example.org", ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    stage.topics.confirm(subscription)
    stage.rule(topic, InputTransformer={
        "InputPathsMap": {"status": "$.detail.status", "all": "$.resources"},
        "InputTemplate": '{"text": "is <status>", "resources": <all>, "rule": <aws.events.rule-name>}',
    })  # fmt: skip
    stage.world.client("events").put_targets(Rule="jobs", Targets=[{"Id": "q", "Arn": DEAD, "Input": "fixed"}])
    stage.bus.put(EVENT)
    stage.world.clock.advance(2)
    assert [message["Body"] for message in stage.dead()] == ["fixed"]
    [mail] = stage.topics.outbox()
    assert json.loads(mail.message) == {"text": "is FAILED", "resources": ["arn:job"], "rule": "jobs"}


def test_put_events_by_a_caller(stage: Stage, echo: str) -> None:
    stage.rule(echo, rule={"EventPattern": json.dumps({"source": ["mine"]})})
    answer = stage.world.client("events").put_events(
        Entries=[
            {"Source": "mine", "DetailType": "t", "Detail": '{"a": 1}'},
            {"Source": "mine", "DetailType": "t", "Detail": "no json"},
            {"Source": "aws.batch", "DetailType": "t", "Detail": "{}"},
        ]
    )
    codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
    assert (answer["FailedEntryCount"], codes) == (2, [None, "MalformedDetail", "NotAuthorizedForSourceException"])
    stage.world.clock.advance(2)
    assert [got["detail"] for got in stage.results()] == [{"a": 1}]


def test_pattern_can_be_tried(stage: Stage) -> None:
    client = stage.world.client("events")
    for status, expected in (("FAILED", True), ("SUCCEEDED", False)):
        event = {**EVENT, "detail": {**EVENT["detail"], "status": status}}
        answer = client.test_event_pattern(EventPattern=json.dumps(PATTERN), Event=json.dumps(event))
        assert answer["Result"] is expected


def test_schedule_fires_one_period_after_it_starts_and_only_while_enabled(stage: Stage, echo: str) -> None:
    events = stage.world.client("events")
    events.put_rule(Name="tick", ScheduleExpression="rate(5 minutes)")
    events.put_targets(Rule="tick", Targets=[{"Id": "t", "Arn": echo}])
    stage.world.clock.advance(299)
    assert stage.bus.matched() == []
    stage.world.clock.advance(302)
    assert [at - START for at, _, _ in stage.bus.matched()] == [timedelta(minutes=5), timedelta(minutes=10)]
    assert [(got["detail-type"], got["time"], got["detail"]) for got in stage.results()] == [
        ("Scheduled Event", "2026-11-16T08:05:00Z", {}), ("Scheduled Event", "2026-11-16T08:10:00Z", {}),
    ]  # fmt: skip
    events.disable_rule(Name="tick")
    stage.world.clock.advance(3600)
    assert len(stage.bus.matched()) == 2
    events.enable_rule(Name="tick")
    stage.world.clock.advance(299)
    assert len(stage.bus.matched()) == 2
    stage.world.clock.advance(2)
    assert len(stage.bus.matched()) == 3


def test_what_is_not_emulated_is_refused_when_it_is_deployed(stage: Stage) -> None:
    events = stage.world.client("events")
    with pytest.raises(EmbeddedError, match="nearly"):
        events.put_rule(Name="x", EventPattern=json.dumps({"source": [{"nearly": "a"}]}))
    with pytest.raises(EmbeddedError, match="target"):
        events.put_targets(Rule="x", Targets=[{"Id": "t", "Arn": "arn:aws:logs:eu-central-1:123456789012:log-group:g"}])
    with pytest.raises(EmbeddedError, match="neither rate"):
        events.put_rule(Name="x", ScheduleExpression="at(2026-11-16T08:00:00)")


@pytest.mark.parametrize(
    ("rule", "values", "others"),
    [
        ("a", ["a", ["b", "a"]], ["A", 1, None]),
        (1, [1, 1.0], ["1", True]),
        (True, [True], [1, "true"]),
        (None, [None], ["", 0]),
        ({"prefix": "ab"}, ["abc"], ["ba", 1]),
        ({"prefix": {"equals-ignore-case": "AB"}}, ["abc"], ["ba"]),
        ({"suffix": "c"}, ["abc"], ["ca"]),
        ({"equals-ignore-case": "aB"}, ["Ab"], ["abc"]),
        ({"anything-but": "a"}, ["b", 1], ["a"]),
        ({"anything-but": ["a", "b"]}, ["c"], ["a", "b"]),
        ({"anything-but": {"prefix": "a"}}, ["ba"], ["ab"]),
        ({"anything-but": {"suffix": ["a", "b"]}}, ["ac"], ["ca", "cb"]),
        ({"numeric": [">", 0, "<=", 5]}, [0.1, 5], [0, 6, "3", True]),
        ({"numeric": ["=", 3]}, [3, 3.0], [4]),
        ({"cidr": "10.0.0.0/24"}, ["10.0.0.7"], ["10.0.1.7", "x"]),
        ({"wildcard": "a*c.*"}, ["abc.x", "ac."], ["abd.x"]),
        ({"wildcard": "a\\*c"}, ["a*c"], ["abc"]),
    ],
)
def test_pattern_operators(rule: Any, values: list[Any], others: list[Any]) -> None:
    pattern = {"detail": {"x": [rule]}}
    assert [v for v in values if not patterns.matches(pattern, {"detail": {"x": v}})] == []
    assert [v for v in others if patterns.matches(pattern, {"detail": {"x": v}})] == []
    assert not patterns.matches(pattern, {"detail": {}})


def test_pattern_structure() -> None:
    either = {"$or": [{"a": ["1"]}, {"b": {"c": ["2"]}}]}
    assert patterns.matches(either, {"a": "1"})
    assert patterns.matches(either, {"b": {"c": "2"}})
    assert not patterns.matches(either, {"a": "2", "b": {}})
    assert patterns.matches({"a": {"b": [{"exists": False}]}}, {})
    assert not patterns.matches({"a": {"b": [{"exists": True}]}}, {"a": {"b": {"c": 1}}})
    assert patterns.matches({"a": {"b": ["x"]}}, {"a": [{"b": "y"}, {"b": "x"}]})


@pytest.mark.parametrize(
    "pattern", [{}, {"a": []}, {"a": "x"}, {"a": [{"nearly": 1}]}, {"a": [{"numeric": [">"]}]}, {"a": [["x"]]},
                {"a": [{"cidr": "x"}]}, {"a": [{"prefix": "a", "suffix": "b"}]}, {"a": [{"anything-but": {"x": "y"}}]}]
)  # fmt: skip
def test_unknown_patterns(pattern: Any) -> None:
    with pytest.raises(EmbeddedError):
        patterns.matches(pattern, {"a": "x"})


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=2), inner, max_size=3)),
    max_leaves=8,
)
leaves = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=3))


def _exact(event: Any) -> Any:
    return {name: _exact(value) if isinstance(value, dict) else [value] for name, value in event.items()}


events = st.recursive(
    st.dictionaries(st.text(min_size=1, max_size=3).filter(lambda n: n != "$or"), leaves, min_size=1, max_size=3),
    lambda inner: st.dictionaries(
        st.text(min_size=1, max_size=3).filter(lambda n: n != "$or"), st.one_of(leaves, inner), min_size=1, max_size=3
    ),
    max_leaves=6,
)


@given(events)
def test_an_event_matches_its_own_exact_pattern(event: Any) -> None:
    assert patterns.matches(_exact(event), event)


@given(events, events)
def test_anything_but_is_the_opposite_for_texts(event: Any, other: Any) -> None:
    value = str(other)
    exact, opposite = {"k": [value]}, {"k": [{"anything-but": value}]}
    event = {**event, "k": str(event)}
    assert patterns.matches(exact, event) is not patterns.matches(opposite, event)


@given(json_values, json_values)
def test_any_pattern_is_judged_or_refused(pattern: Any, event: Any) -> None:
    try:
        assert isinstance(patterns.matches(pattern, event), bool)
    except EmbeddedError:
        return


@given(st.dictionaries(st.sampled_from("abc"), json_values, min_size=3), st.booleans())
def test_a_filled_template_is_json(values: dict[str, Any], quoted: bool) -> None:
    template = '{"x": "<a> and <b>", "y": <c>}' if quoted else '{"x": <a>, "y": [<b>, <c>]}'
    paths = {name: f"$.detail.{name}" for name in "abc"}
    target = {"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}
    made = json.loads(target_input(target, {"time": "t", "detail": values}, RULE))
    assert made["y"] == (values["c"] if quoted else [values["b"], values["c"]])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", "2026-11-16T08:01"),
        ("rate(2 days)", "2026-11-18T08:00"),
        ("cron(0 8 * * ? *)", "2026-11-17T08:00"),
        ("cron(0/15 * * * ? *)", "2026-11-16T08:15"),
        ("cron(30 9 ? * MON-FRI *)", "2026-11-16T09:30"),
        ("cron(0 0 ? * SUN *)", "2026-11-22T00:00"),
        ("cron(0 0 1 JAN,JUL ? *)", "2027-01-01T00:00"),
        ("cron(0 0 29 2 ? *)", "2028-02-29T00:00"),
    ],
)
def test_schedule_expressions(expression: str, expected: str) -> None:
    assert next_after(expression, START) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_schedule_that_is_over() -> None:
    assert next_after("cron(0 0 1 1 ? 2020)", START) is None


@pytest.mark.parametrize(
    "expression",
    ["rate(1 minutes)", "rate(0 minutes)", "rate(5 minute)", "cron(0 8 * * * *)", "cron(0 8 L * ? *)", "cron(0 8)", ""],
)
def test_schedule_expressions_that_are_refused(expression: str) -> None:
    with pytest.raises(EmbeddedError):
        next_after(expression, START)
