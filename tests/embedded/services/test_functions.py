"""Lambda: processes, their ends, retries and dead letters."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from botocore.exceptions import ClientError

from stackproof.embedded.errors import AwsError, EmbeddedError, ProcessKilled
from stackproof.embedded.seam import Call
from stackproof.embedded.services.functions import Functions
from stackproof.embedded.world import World
from tests.embedded.services.support import (
    ROLE,
    FakeAccess,
    FakeLogs,
    FakeMetrics,
    FakeQueues,
    make_function,
    running_world,
)

QUEUE = "arn:aws:sqs:eu-central-1:123456789012:dead"


@dataclass
class Stage:
    world: World
    access: FakeAccess
    queues: FakeQueues
    logs: FakeLogs
    metrics: FakeMetrics
    functions: Functions

    def make(self, name: str, source: str, **settings: object) -> str:
        return make_function(self.world, name, source, **settings)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with running_world() as world:
        access, queues, logs, metrics = FakeAccess(), FakeQueues(), FakeLogs(), FakeMetrics()
        functions = Functions(world, access, queues, logs, metrics)
        yield Stage(world, access, queues, logs, metrics, functions)


def test_answer_environment_and_context(stage: Stage) -> None:
    stage.make(
        "one",
        "import os, boto3\n"
        "def handler(event, context):\n"
        "    print('hello')\n"
        "    who = boto3.client('sts').meta.region_name\n"
        "    return {'event': event, 'table': os.environ['TABLE'], 'name': context.function_name, 'region': who,\n"
        "            'left': context.get_remaining_time_in_millis(), 'home': os.environ.get('PYTEST_CURRENT_TEST')}\n",
        Environment={"Variables": {"TABLE": "jobs"}},
    )
    done = stage.functions.invoke("one", {"a": 1})
    assert done.result == {
        "event": {"a": 1}, "table": "jobs", "name": "one", "region": "eu-central-1", "left": 30000, "home": None,
    }  # fmt: skip
    assert [line.split()[0] for line in done.lines] == ["START", "hello", "END", "REPORT"]
    assert [(role, group) for role, group, _, _ in stage.logs.written] == [(ROLE, "/aws/lambda/one")]
    assert stage.metrics.values("Invocations", FunctionName="one") == [1]
    assert stage.metrics.values("Errors", FunctionName="one") == [0]


def test_functions_do_not_share_modules_clients_or_loggers(stage: Stage) -> None:
    source = (
        "import boto3, logging, os\n"
        "calls = []\n"
        "logging.getLogger('x').addHandler(logging.NullHandler())\n"
        "def handler(event, context):\n"
        "    calls.append(1)\n"
        "    boto3.client('s3').list_buckets()\n"
        "    return [len(calls), len(logging.getLogger('x').handlers)]\n"
    )
    stage.make("one", source)
    stage.make("two", source)
    seen: list[str] = []
    stage.world.seam.observe(lambda call, answer: seen.append(call.principal.session))
    results = [stage.functions.invoke(name, {}).result for name in ("one", "two", "one")]
    assert results == [[1, 1], [1, 1], [2, 1]]
    assert seen == ["one/1", "two/2", "one/1"]


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("import nowhere_to_be_found", "Runtime.ImportModuleError", "No module named 'nowhere_to_be_found'"),
        ("x = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app.main'"),
        ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app.main'"),
        ("raise RuntimeError('early')", "RuntimeError", "early"),
        ("def handler(e, c):\n    raise KeyError('k')", "KeyError", "'k'"),
        ("def handler(e, c):\n    return {1, 2}", "Runtime.MarshalError", "not JSON serializable"),
        ("def handler(e, c):\n    raise SystemExit(3)", "Runtime.ExitError", "exit status 3"),
    ],
)
def test_errors_as_lambda_reports_them(stage: Stage, source: str, kind: str, message: str) -> None:
    stage.make("bad", source)
    done = stage.functions.invoke("bad", {})
    assert done.error is not None
    assert done.error["errorType"] == kind
    assert message in done.error["errorMessage"]
    assert stage.metrics.values("Errors", FunctionName="bad") == [1]


def test_stack_trace_shows_the_task_root(stage: Stage) -> None:
    stage.make("bad", "def handler(e, c):\n    raise ValueError('v')\n")
    error = stage.functions.invoke("bad", {}).error
    assert error is not None
    assert error["stackTrace"] == ["  File \"/var/task/app/main.py\", line 2, in handler\n    raise ValueError('v')\n"]


def test_sleeping_past_the_timeout_kills_the_process(stage: Stage) -> None:
    stage.make(
        "slow",
        "import time, boto3\n"
        "def handler(e, c):\n"
        "    try:\n        time.sleep(e['seconds'])\n"
        "    except BaseException:\n        boto3.client('sqs').create_queue(QueueName='late')\n"
        "    return 'fine'\n",
        Timeout=5,
    )
    before = stage.world.clock.now()
    done = stage.functions.invoke("slow", {"seconds": 60})
    assert done.killed
    assert done.error is not None
    assert "Task timed out after 5.00 seconds" in done.error["errorMessage"]
    assert (stage.world.clock.now() - before).total_seconds() == 5
    assert stage.metrics.values("Duration", FunctionName="slow") == [5000]
    assert "QueueUrls" not in stage.world.client("sqs").list_queues()
    assert stage.functions.invoke("slow", {"seconds": 1}).result == "fine"


def test_killed_process_starts_cold_and_its_credentials_stay_dead(stage: Stage) -> None:
    stage.make(
        "job",
        "import boto3\nruns = []\n"
        "def handler(e, c):\n    runs.append(1)\n    boto3.client('sqs').create_queue(QueueName=e['q'])\n"
        "    return len(runs)\n",
    )

    def kill(call: object) -> None:
        if getattr(call, "parameters", {}).get("QueueName") == "deadly":
            raise ProcessKilled("x")

    assert [stage.functions.invoke("job", {"q": q}).result for q in ("a", "b")] == [1, 2]
    stage.world.seam.intercept(kill)
    done = stage.functions.invoke("job", {"q": "deadly"})
    assert done.killed
    assert done.error is not None
    assert done.error["errorType"] == "Runtime.ExitError"
    assert stage.functions.invoke("job", {"q": "c"}).result == 1


def test_failed_event_is_retried_twice_and_then_a_dead_letter(stage: Stage) -> None:
    stage.make("fails", "def handler(e, c):\n    raise ValueError('no')\n", DeadLetterConfig={"TargetArn": QUEUE})
    request_id = stage.functions.invoke_async("fails", {"n": 1})
    stage.world.clock.advance(59)
    assert stage.metrics.values("Invocations") == [1]
    stage.world.clock.advance(2)
    assert stage.metrics.values("Invocations") == [1, 1]
    stage.world.clock.advance(120)
    attributes = {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": "no"}
    assert stage.queues.sent == [(QUEUE, {"n": 1}, attributes, ROLE)]
    assert stage.functions.events.waiting("fails") == []
    assert stage.metrics.values("AsyncEventsDropped", FunctionName="fails") == [1]


def test_dead_letter_that_cannot_be_sent_is_a_metric(stage: Stage) -> None:
    stage.make("fails", "def handler(e, c):\n    raise ValueError('no')\n", DeadLetterConfig={"TargetArn": QUEUE})
    stage.queues.denied = True
    stage.functions.invoke_async("fails", {})
    stage.world.clock.advance(300)
    assert stage.metrics.values("DeadLetterErrors", FunctionName="fails") == [1]


def test_event_invoke_config_and_destination(stage: Stage) -> None:
    stage.make("fails", "def handler(e, c):\n    raise ValueError('no')\n")
    for attempts in (2, 0):
        stage.world.client("lambda").put_function_event_invoke_config(
            FunctionName="fails", MaximumRetryAttempts=attempts,
            DestinationConfig={"OnFailure": {"Destination": QUEUE}},
        )  # fmt: skip
    stage.functions.invoke_async("fails", {"n": 1})
    stage.world.clock.advance(1)
    [(target, record, _, role)] = stage.queues.sent
    assert (target, role) == (QUEUE, ROLE)
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestPayload"] == {"n": 1}
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_throttled_event_waits_and_dies_of_age(stage: Stage) -> None:
    stage.make("none", "def handler(e, c):\n    return 1\n", DeadLetterConfig={"TargetArn": QUEUE})
    client = stage.world.client("lambda")
    client.put_function_concurrency(FunctionName="none", ReservedConcurrentExecutions=0)
    with pytest.raises(AwsError, match="TooManyRequests"):
        stage.functions.invoke("none", {})
    stage.functions.invoke_async("none", {})
    stage.world.clock.advance(21_000)
    assert stage.queues.sent == []
    assert len(stage.metrics.values("Throttles", FunctionName="none")) > 10
    stage.world.clock.advance(1_000)
    [(_, _, attributes, _)] = stage.queues.sent
    assert (attributes["ErrorCode"], attributes["ErrorMessage"]) == ("429", "Rate Exceeded.")


def test_throttled_event_runs_when_there_is_room_again(stage: Stage) -> None:
    stage.make("none", "def handler(e, c):\n    return 1\n")
    client = stage.world.client("lambda")
    client.put_function_concurrency(FunctionName="none", ReservedConcurrentExecutions=0)
    stage.functions.invoke_async("none", {})
    stage.world.clock.advance(60)
    client.delete_function_concurrency(FunctionName="none")
    stage.world.clock.advance(300)
    assert [i.result for i in stage.functions.events.invocations()] == [1]


def test_duplicates_drops_and_reordering(stage: Stage) -> None:
    stage.make("echo", "def handler(e, c):\n    return e\n")
    events = stage.functions.events
    events.duplicate_next("echo")
    stage.functions.invoke_async("echo", "twice")
    events.drop_next("echo")
    stage.functions.invoke_async("echo", "lost")
    stage.world.clock.advance(1)
    events.hold("echo")
    for name in ("a", "b", "c"):
        stage.functions.invoke_async("echo", name)
    stage.world.clock.advance(60)
    events.release("echo", order=[2, 0, 1])
    stage.world.clock.advance(1)
    assert [i.result for i in events.invocations()] == ["twice", "twice", "c", "a", "b"]


def test_invoke_by_call(stage: Stage) -> None:
    stage.make("echo", "def handler(e, c):\n    if e == 'bad':\n        raise ValueError('v')\n    return {'got': e}\n")
    client = stage.world.client("lambda")
    done = client.invoke(FunctionName="echo", Payload=json.dumps({"x": 1}))
    assert (done["StatusCode"], json.load(done["Payload"])) == (200, {"got": {"x": 1}})
    failed = client.invoke(FunctionName="echo", Payload=b'"bad"')
    assert (failed["FunctionError"], json.load(failed["Payload"])["errorType"]) == ("Unhandled", "ValueError")
    assert client.invoke(FunctionName="echo", InvocationType="Event", Payload=b"{}")["StatusCode"] == 202
    assert client.invoke(FunctionName="echo", InvocationType="DryRun")["StatusCode"] == 204
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.invoke(FunctionName="nobody")


def test_dead_letter_target_must_be_open_when_it_is_set(stage: Stage) -> None:
    stage.access.denied.add((ROLE, "sqs:SendMessage"))
    with pytest.raises(ClientError, match="does not have permissions to call SendMessage on SQS"):
        stage.make("one", "", DeadLetterConfig={"TargetArn": QUEUE})


def test_destination_must_be_open_when_it_is_set(stage: Stage) -> None:
    stage.make("one", "")
    stage.access.denied.add((ROLE, "sqs:SendMessage"))
    client = stage.world.client("lambda")
    destination = {"OnFailure": {"Destination": QUEUE}}
    with pytest.raises(ClientError, match="does not have permissions to call SendMessage on SQS"):
        client.put_function_event_invoke_config(FunctionName="one", DestinationConfig=destination)
    assert stage.functions.deployed.settings("one").event_config == {}


def test_kept_configuration_is_described_and_traces_need_permission(stage: Stage) -> None:
    logging = {"LogFormat": "Text", "LogGroup": "/own/group"}
    stage.make("one", "def handler(e, c):\n    return 1\n", LoggingConfig=logging, TracingConfig={"Mode": "Active"},
               DeadLetterConfig={"TargetArn": QUEUE})  # fmt: skip
    found = stage.world.client("lambda").get_function_configuration(FunctionName="one")
    assert (found["LoggingConfig"], found["DeadLetterConfig"]) == (logging, {"TargetArn": QUEUE})
    done = stage.functions.invoke("one", {})
    assert stage.functions.traces("one") == [done.request_id]
    stage.access.denied.add((ROLE, "xray:PutTraceSegments"))
    stage.functions.invoke("one", {})
    assert stage.functions.traces("one") == [done.request_id]
    assert {group for _, group, _, _ in stage.logs.written} == {"/own/group"}


def test_json_logs_are_filtered_by_level(stage: Stage) -> None:
    stage.make(
        "one",
        'def handler(e, c):\n    print(\'{"level": "ERROR", "m": 1}\')\n    print(\'{"_aws": {}}\')\n    return 1\n',
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN"},
    )
    lines = [json.loads(line) for line in stage.functions.invoke("one", {}).lines]
    seen = [line.get("type", line) for line in lines]
    assert seen == ["platform.start", {"level": "ERROR", "m": 1}, "platform.report"]


def test_handler_may_use_threads_when_invoked_by_a_call(stage: Stage) -> None:
    stage.make(
        "wide",
        "import boto3\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "def handler(e, c):\n    s3 = boto3.client('s3')\n"
        "    with ThreadPoolExecutor(2) as pool:\n"
        "        return len([r for r in pool.map(lambda n: s3.list_buckets(), range(3))])\n",
    )
    assert json.load(stage.world.client("lambda").invoke(FunctionName="wide")["Payload"]) == 3


def test_delayed_call_past_the_timeout_kills_the_process(stage: Stage) -> None:
    stage.make(
        "slow",
        "import boto3\ndef handler(e, c):\n    s3 = boto3.client('s3')\n    s3.list_buckets()\n    s3.list_buckets()\n",
        Timeout=5,
    )
    calls: list[str] = []

    def delay(call: Call) -> None:
        if call.principal.arn == ROLE:
            calls.append(call.operation)
            stage.world.clock.pass_time(6)

    stage.world.seam.intercept(delay)
    done = stage.functions.invoke("slow", {})
    assert done.error is not None
    assert "timed out" in done.error["errorMessage"]
    assert calls == ["ListBuckets"]


def test_function_that_calls_itself_meets_its_reserved_concurrency(stage: Stage) -> None:
    stage.make(
        "echo",
        "import boto3\ndef handler(e, c):\n    if e == 'stop':\n        return 1\n"
        "    try:\n        boto3.client('lambda').invoke(FunctionName='echo', Payload='\"stop\"')\n"
        "    except Exception as error:\n        return type(error).__name__\n",
    )
    assert stage.functions.invoke("echo", {}).result is None
    stage.world.client("lambda").put_function_concurrency(FunctionName="echo", ReservedConcurrentExecutions=1)
    assert stage.functions.invoke("echo", {}).result == "TooManyRequestsException"


def test_a_saved_session_goes_on_with_the_containers_of_that_moment(stage: Stage) -> None:
    world = stage.world
    stage.make("count", "runs = []\ndef handler(e, c):\n    runs.append(1)\n    return [len(runs), c.aws_request_id]\n")
    assert stage.functions.invoke("count", {}).result[0] == 1
    saved = copy.deepcopy((world.states, world.clock.state(), world.ids.state(), world.identities.state()))
    results = []
    for _ in range(2):
        states, clock, ids, identities = copy.deepcopy(saved)
        world.states = states
        world.clock.restore(clock)
        world.ids.restore(ids)
        world.identities.restore(identities)
        stage.functions.invoke_async("count", {})
        world.clock.advance(1)
        world.identities.kill("count/1")
        killed, after = stage.functions.invoke("count", {}), stage.functions.invoke("count", {})
        assert (killed.killed, after.result[0]) == (True, 1)
        [done] = stage.functions.events.invocations()
        results.append((done.result[1], killed, after, [stream for _, _, stream, _ in stage.logs.written[-3:]]))
    assert results[0] == results[1]


def test_what_is_not_emulated_is_refused(stage: Stage) -> None:
    arn = stage.make("one", "")
    with pytest.raises(EmbeddedError, match="CreateEventSourceMapping"):
        stage.world.client("lambda").create_event_source_mapping(FunctionName="one", EventSourceArn=QUEUE)
    with pytest.raises(EmbeddedError, match="LATEST"):
        stage.functions.invoke(f"{arn}:1", {})
