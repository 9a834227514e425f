"""The image's code in this process, and what the state machine makes of how it ends."""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackproof.embedded.errors import EmbeddedError, ProcessKilled
from stackproof.embedded.seam import Call
from stackproof.embedded.services.containers import module_of
from tests.embedded.services.batch_support import JOB_ROLE, REPOSITORY, Stage, batch_stage
from tests.embedded.services.support import ACCOUNT

COPY = """
import datetime, os, boto3
s3 = boto3.client("s3", region_name="eu-central-1")
began = datetime.datetime.now(datetime.timezone.utc)
body = s3.get_object(Bucket="data", Key="in")["Body"].read()
s3.put_object(Bucket="data", Key="out-" + os.environ["AWS_BATCH_JOB_ATTEMPT"], Body=body)
ended = datetime.datetime.now(datetime.timezone.utc)
s3.put_object(Bucket="data", Key="done", Body=str((ended - began).total_seconds()).encode())
print("copied")
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with batch_stage(tmp_path) as made:
        made.define(retryStrategy={"attempts": 2}, timeout={"attemptDurationSeconds": 600})
        yield made


def with_data(stage: Stage) -> None:
    s3 = stage.world.client("s3")
    s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": ACCOUNT.region})
    s3.put_object(Bucket="data", Key="in", Body=b"content")
    stage.image_says(COPY)


def keys(stage: Stage) -> list[str]:
    return [item["Key"] for item in stage.world.client("s3").list_objects_v2(Bucket="data").get("Contents", [])]


def run_one(stage: Stage) -> str:
    job = stage.submit()
    stage.world.clock.advance(1000)
    return job


def lines(stage: Stage) -> list[str]:
    return [line for written in stage.logs.written for line in written[3]]


def test_the_process_sees_its_own_environment_only(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SESSION", "x")
    stage.image_says("import json, os, sys\nprint(json.dumps([dict(os.environ), sys.argv[1:]]))\n")
    stage.define(container={"command": ["python", "-m", "work", "--fast", "x y"]})
    job = run_one(stage)
    environment, arguments = json.loads(lines(stage)[0])
    assert arguments == ["--fast", "x y"]
    wanted = {
        "COLOUR": "red",
        "AWS_BATCH_JOB_ID": job,
        "AWS_BATCH_JOB_ATTEMPT": "1",
        "AWS_BATCH_JQ_NAME": "queue",
        "AWS_BATCH_CE_NAME": "environment",
    }
    assert {name: environment[name] for name in wanted} == wanted
    credentials = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
    assert environment.keys() == {*wanted, *credentials, "PATH", "LANG", "HOME", "TMPDIR"}
    assert not Path(environment["TMPDIR"]).exists()


def test_its_calls_are_made_as_the_job_role(stage: Stage) -> None:
    with_data(stage)
    callers: list[tuple[str, str, str]] = []
    stage.world.seam.observe(lambda call, _: callers.append((call.name, call.principal.arn, call.principal.session)))
    job = run_one(stage)
    session = f"{job}-1"
    own = [call for call in callers if call[2] == session]
    assert own == [(name, JOB_ROLE, session) for name in ("s3:GetObject", "s3:PutObject", "s3:PutObject")]
    assert lines(stage) == ["copied"]


def test_the_code_sees_its_simulated_duration(stage: Stage) -> None:
    with_data(stage)
    stage.batch.plan(run_seconds=45)
    job = run_one(stage)
    assert stage.world.client("s3").get_object(Bucket="data", Key="done")["Body"].read() == b"45.0"
    (attempt,) = stage.described(job)["attempts"]
    assert attempt["stoppedAt"] - attempt["startedAt"] == 45_000
    (seconds,) = stage.batch.real_seconds(job)
    assert 0 < seconds < 60


@pytest.mark.parametrize(
    ("source", "code", "output"),
    [
        ("print('x')", 0, ["x"]),
        ("import sys; print('a', file=sys.stderr); sys.exit(65)", 65, ["a"]),
        ("import sys; sys.exit()", 0, []),
        ("import sys; sys.exit('no good')", 1, ["no good"]),
        ("import logging; logging.basicConfig(level='INFO'); logging.info('told')", 0, ["INFO:root:told"]),
        ("print('a\\n\\nb')", 0, ["a", "b"]),
    ],
)
def test_exit_codes_and_output(stage: Stage, source: str, code: int, output: list[str]) -> None:
    stage.image_says(source)
    job = run_one(stage)
    assert stage.described(job)["attempts"][0]["container"]["exitCode"] == code
    assert [w[3] for w in stage.logs.written][0] == output  # noqa: RUF015  (the first attempt's)


def test_an_exception_is_exit_1_with_its_traceback_in_the_log(stage: Stage) -> None:
    stage.image_says("raise ValueError('broken')")
    job = run_one(stage)
    assert [a["container"]["exitCode"] for a in stage.described(job)["attempts"]] == [1, 1]
    assert lines(stage)[0] == "Traceback (most recent call last):"
    assert "ValueError: broken" in lines(stage)


def test_nothing_of_the_process_stays(stage: Stage) -> None:
    stage.image_says(
        "import logging, os, signal, sys, tempfile\n"
        "import work\n"
        "work.seen = getattr(work, 'seen', 0) + 1\n"
        "print(work.seen)\n"
        "signal.signal(signal.SIGTERM, lambda *_: None)\n"
        "os.chdir(tempfile.mkdtemp())\n"
        "os.environ['LEFT'] = 'x'\n"
        "logging.getLogger().addHandler(logging.NullHandler())\n"
        "sys.path.insert(0, 'left')\n"
    )
    before = (os.getcwd(), dict(os.environ), list(sys.path), signal.getsignal(signal.SIGTERM), tempfile.tempdir)
    stage.submit("one")
    stage.submit("two")
    stage.world.clock.advance(1000)
    after = (os.getcwd(), dict(os.environ), list(sys.path), signal.getsignal(signal.SIGTERM), tempfile.tempdir)
    assert after == before
    assert "work" not in sys.modules
    assert lines(stage) == ["1", "1"]


@pytest.mark.parametrize(("call", "left"), [(1, []), (2, []), (3, ["out-1"])])
def test_a_process_can_die_at_any_of_its_calls(stage: Stage, call: int, left: list[str]) -> None:
    with_data(stage)
    stage.batch.plan(host_lost_on_attempt=1, kill_at_call=call)
    job = run_one(stage)
    first, second = stage.described(job)["attempts"]
    assert first["statusReason"].startswith("Host EC2")
    assert "exitCode" not in first["container"]
    assert second["container"]["exitCode"] == 0
    assert keys(stage) == sorted(["in", "done", "out-2", *left])


def test_a_process_that_catches_everything_dies_all_the_same(stage: Stage) -> None:
    with_data(stage)
    body = "".join(f"    {line}\n" for line in COPY.splitlines())
    stage.image_says(f"try:\n{body}except BaseException:\n    pass\n")

    def die(call: Call) -> None:
        if call.operation == "PutObject" and call.principal.arn == JOB_ROLE and call.parameters["Key"] == "out-1":
            raise ProcessKilled(call.principal.session)

    stage.world.seam.intercept(die)
    job = run_one(stage)
    assert [a["container"].get("exitCode") for a in stage.described(job)["attempts"]] == [None, 0]
    assert keys(stage) == ["done", "in", "out-2"]


def test_what_the_embedded_aws_lacks_is_no_exit_code(stage: Stage) -> None:
    stage.image_says("import boto3\nboto3.client('s3', region_name='eu-central-1').list_buckets()\n")

    def lacking(call: Call) -> None:
        raise EmbeddedError(f"{call.name} is not emulated")

    job = stage.submit()
    stage.world.seam.intercept(lacking)
    with pytest.raises(EmbeddedError, match="s3:ListBuckets"):
        stage.world.clock.advance(1000)
    assert stage.job(job).status == "RUNNING"


@pytest.mark.parametrize("command", [["sh", "-c", "x"], ["python", "script.py"], ["python", "-m"], []])
def test_only_python_modules_run(command: list[str]) -> None:
    with pytest.raises(EmbeddedError, match="python -m"):
        module_of(command)


def test_an_image_must_be_registered_and_hold_the_module(stage: Stage) -> None:
    stage.define(container={"image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/other:1"})
    with pytest.raises(EmbeddedError, match="No image is registered"):
        run_one(stage)
    with pytest.raises(EmbeddedError, match="does not exist"):
        stage.batch.register_image(REPOSITORY, stage.image / "nowhere")
    stage.define(container={"command": ["python", "-m", "missing"]})
    with pytest.raises(EmbeddedError, match="holds no package or module 'missing'"):
        run_one(stage)


def test_the_package_itself_can_be_registered(stage: Stage) -> None:
    stage.batch.register_image(REPOSITORY, stage.image / "work")
    job = run_one(stage)
    assert stage.described(job)["status"] == "SUCCEEDED"


ENTRIES = st.fixed_dictionaries(
    {"action": st.sampled_from(["RETRY", "EXIT", "retry", "exit"])},
    optional={
        "onStatusReason": st.sampled_from(["Host EC2*", "Essential*", "*"]),
        "onReason": st.sampled_from(["*", "Cannot*"]),
        "onExitCode": st.sampled_from(["65", "1", "6*", "*"]),
    },
).filter(lambda entry: len(entry) > 1)
HAPPENINGS = st.sampled_from(["0", "1", "65", "lost"])


def expected(attempts: int, entries: list[dict[str, str]], happening: str) -> list[str | int]:
    """The story told anew: the same thing happens in each attempt."""
    told = {
        "onStatusReason": "Host EC2 (x)" if happening == "lost" else "Essential container in task exited",
        "onReason": "",
        "onExitCode": "" if happening == "lost" else happening,
    }

    def holds(pattern: str, text: str) -> bool:
        return text.startswith(pattern[:-1]) if pattern[-1] == "*" else pattern == text

    ends: list[str | int] = []
    while len(ends) < attempts:
        ends.append("lost" if happening == "lost" else int(happening))
        matching = [e for e in entries if all(holds(v, told[k]) for k, v in e.items() if k != "action")]
        if happening == "0" or (matching and matching[0]["action"].upper() == "EXIT"):
            break
    return ends


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with batch_stage(tmp_path_factory.mktemp("shared"), max_vcpus=10_000) as made:
        made.image_says("import os, sys\nsys.exit(int(os.environ['CODE']))\n")
        made.define()
        yield made


@given(st.integers(1, 10), st.lists(ENTRIES, max_size=5), HAPPENINGS)
@settings(max_examples=60, deadline=None)
def test_attempts_follow_the_retry_strategy(
    shared: Stage, attempts: int, entries: list[dict[str, str]], happening: str
) -> None:
    if happening == "lost":
        shared.batch.plan(host_lost_on_attempt=range(1, 11))
    job = shared.submit(
        retryStrategy={"attempts": attempts, "evaluateOnExit": entries},
        containerOverrides={"environment": [{"name": "CODE", "value": happening.replace("lost", "0")}]},
    )

    shared.world.clock.advance(10_000)
    detail = shared.described(job)
    ends = [a["container"].get("exitCode", "lost") for a in detail["attempts"]]
    assert ends == expected(attempts, entries, happening)
    assert detail["status"] == ("SUCCEEDED" if ends[-1] == 0 else "FAILED")
    again = ["RUNNABLE", "STARTING", "RUNNING"]
    assert shared.bus.statuses(job) == ["PENDING", *again * len(ends), detail["status"]]


@given(st.integers(1, 10), st.lists(ENTRIES, max_size=3), st.integers(61, 5000))
@settings(max_examples=25, deadline=None)
def test_a_timeout_is_never_retried(shared: Stage, attempts: int, entries: list[dict[str, str]], seconds: int) -> None:
    shared.batch.plan(run_seconds=seconds)
    strategy = {"attempts": attempts, "evaluateOnExit": entries}
    job = shared.submit(retryStrategy=strategy, timeout={"attemptDurationSeconds": 60})
    shared.world.clock.advance(10_000)
    detail = shared.described(job)
    assert [a["statusReason"] for a in detail["attempts"]] == ["Job attempt duration exceeded timeout"]
    assert (detail["status"], detail["container"]["exitCode"]) == ("FAILED", 137)
