"""Whatever goes wrong with the worker or in what it says ends in a sentence, never in a pass."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stackproof.engines import setup
from stackproof.engines.checkov import CheckovEngine, answers
from stackproof.engines.protocol import EngineFailure, Run, Subject, Task
from stackproof.findings.outcome import Outcome
from tests.engines.checkov.conftest import POLICIES, subject

RULE = "CKV_AWS_21"
BUCKET = """{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": []}}}}"""
TYPES = {RULE: ["AWS::S3::Bucket"]}
HELLO = {"version": "3", "checks": TYPES, "problems": []}
PASSED = [RULE, "Bucket", "passed", [], ""]


def answer(*rows: list[Any], key: str = "one", seen: tuple[str, ...] = ("Bucket",), problems: tuple[str, ...] = ()):
    return {"key": key, "seen": list(seen), "results": list(rows), "problems": list(problems)}


def worker(*lines: Any, then: str = "") -> tuple[str, ...]:
    """A worker that answers each request with the next line, whatever was asked; `then` is what it does at the end."""
    said = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    script = f"import sys, time\nfor line in {said!r}:\n    sys.stdin.readline()\n    print(line, flush=True)\n{then}"
    return (sys.executable, "-c", script)


def run(*lines: Any, then: str = "", rules: tuple[str, ...] = (RULE,), timeout: float = 60.0) -> Run:
    return CheckovEngine(command=worker(*lines, then=then)).run(task(rules=rules, timeout=timeout))


def task(rules: tuple[str, ...] = (RULE,), timeout: float = 60.0, policies: Path = POLICIES, **thresholds: Any) -> Task:
    return Task(policies=policies, rules=rules, thresholds=thresholds, subjects=[subject(BUCKET)], timeout=timeout)


def test_what_a_good_worker_says() -> None:
    done = run(HELLO, answer(PASSED))
    assert (done.version, done.rules, done.failures) == ("3", 1, {})
    (found,) = done.results["one"]
    assert (found.rule.rule, found.resource, found.outcome, found.message) == (RULE, "Bucket", Outcome.PASS, "")
    assert done.raw == {"one": answer(PASSED)}


@pytest.mark.parametrize(
    ("lines", "then", "said"),
    [
        ((), "raise SystemExit(3)", "ended with exit code 3: it said nothing.*`stackproof engines --verify`"),
        ((), "raise RuntimeError('no hcl2')", "ended with exit code 1: RuntimeError: no hcl2"),
        ((), "import os; os.kill(os.getpid(), 9)", "ended by signal 9: it said nothing"),
        ((HELLO,), "sys.stdin.readline(); sys.exit('out of memory')", "ended with exit code 1: out of memory"),
        ((HELLO,), "sys.stdin.readline(); print('{\"key\"', end='')", "ended with exit code 0"),
        (("hello",), "", "said something that is no answer: 'hello'"),
        (("[1]",), "", r"said something that is no answer: '\[1\]'"),
        ((HELLO, "Traceback"), "", "said something that is no answer: 'Traceback'"),
        (("{}",), "", "did not say what it loaded"),
        (({**HELLO, "checks": [RULE]},), "", "did not say what it loaded"),
        (({**HELLO, "checks": {RULE: []}},), "", "did not say what it loaded"),
        (({**HELLO, "checks": {RULE: "AWS::S3::Bucket"}},), "", "did not say what it loaded"),
        (({**HELLO, "checks": {}},), "", f"checkov: {RULE} did not load. Correct the rule's name in controls.yaml"),
        (({**HELLO, "problems": ["x.py can't be imported: SyntaxError"]},), "", "x.py can't be imported: SyntaxError"),
    ],
)
def test_worker_that_fails_is_told(lines: tuple[Any, ...], then: str, said: str) -> None:
    with pytest.raises(EngineFailure, match=said):
        run(*lines, then=then)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "the worker's answer is not complete"),
        (answer(["x"]), "the worker's answer is not complete"),
        (answer(PASSED, key="two"), "the worker answered for two"),
        (answer(seen=()), "the resources Bucket were not seen"),
        (answer(), f"{RULE} said nothing about Bucket"),
        (answer(PASSED, seen=("Bucket", "Other")), "the resources Other are not in the template"),
        (answer(PASSED, PASSED), f"{RULE} spoke twice of Bucket"),
        (answer(PASSED, [RULE, "Other", "failed", [], ""]), f"{RULE} spoke of Other, to which it does not apply"),
        (answer(PASSED, ["CKV_X", "Bucket", "passed", [], ""]), "CKV_X spoke of Bucket, to which it does not apply"),
        (answer([RULE, "Bucket", "great", [], ""]), f"{RULE} has the outcome 'great' on Bucket"),
        (answer(PASSED, problems=("CKV_X raised KeyError: 'a' on Bucket",)), "CKV_X raised KeyError: 'a' on Bucket"),
    ],
)
def test_template_that_is_not_accounted_for_fails(said: Any, why: str) -> None:
    done = run(HELLO, said)
    assert done.results == {}
    assert done.failures == {"one": done.failures["one"]}
    assert done.failures["one"].startswith("checkov did not judge one.yaml: ")
    assert why in done.failures["one"]
    assert done.raw["one"] == said


@pytest.mark.parametrize("outcome", ["unknown", "declined", "raised"])
def test_outcome_that_is_not_decided_is_unknown(outcome: str) -> None:
    done = run(HELLO, answer([RULE, "Bucket", outcome, ["Properties/Tags"], "why"]))
    (found,) = done.results["one"]
    assert (found.outcome, found.path) == (Outcome.UNKNOWN, ("Resources", "Bucket", "Properties", "Tags"))
    assert "can't be decided" in found.message
    assert "why" in found.message


def test_check_that_declines_for_a_known_reason_does_not_apply() -> None:
    rule = "CKV_AWS_364"
    assert rule in answers._DECLINES
    done = run(
        {**HELLO, "checks": {rule: ["AWS::S3::Bucket"]}}, answer([rule, "Bucket", "declined", [], ""]), rules=(rule,)
    )
    assert done.results == {"one": ()}


def test_worker_that_hangs_is_stopped() -> None:
    with pytest.raises(EngineFailure, match="checkov did not answer in time and was stopped"):
        run(HELLO, then="time.sleep(600)", timeout=0.5)


def test_worker_that_hangs_at_its_start_is_stopped() -> None:
    with pytest.raises(EngineFailure, match="checkov did not answer in time and was stopped"):
        run(then="time.sleep(600)", timeout=0.5)


def test_no_rules_is_no_pass() -> None:
    with pytest.raises(EngineFailure, match=r"checkov has no rules to evaluate\. Name some in controls\.yaml"):
        run(HELLO, answer(), rules=())


def test_program_that_is_not_there_is_told() -> None:
    with pytest.raises(EngineFailure, match=r"can't be started: /no/such/python: .*`stackproof engines`"):
        CheckovEngine(command=("/no/such/python",)).run(task())


def test_environment_that_can_not_be_had_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(name: str, progress: Any) -> Any:
        raise EngineFailure(f"{name} is not installed and pip could not get it")

    monkeypatch.setattr(setup, "ensure", fails)
    for ask in (lambda: CheckovEngine().run(task()), CheckovEngine().version):
        with pytest.raises(EngineFailure, match="checkov is not installed"):
            ask()


def test_interrupted_run_leaves_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = CheckovEngine(command=worker(HELLO, then="time.sleep(600)"))
    started: list[Any] = []

    def interrupt(answer: Any, rules: Any) -> Any:
        started.append(engine._worker._process)
        raise KeyboardInterrupt

    monkeypatch.setattr(answers, "loaded", interrupt)
    with engine.session(), pytest.raises(KeyboardInterrupt):
        engine.run(task())
    assert started[0].poll() is not None


def test_interrupted_program_leaves_no_worker_behind(tmp_path: Path) -> None:
    """As the gate does it: the engine waits in a thread, the program is interrupted, the worker hears of nothing."""
    os.mkfifo(tmp_path / "alive")
    hangs = f"import time; out = open({str(tmp_path / 'alive')!r}, 'w'); out.write('x'); out.flush(); time.sleep(600)"
    program = f"""
import sys, threading
from stackproof.engines.checkov.process import Worker
worker = Worker((sys.executable, "-c", {hangs!r}))
threading.Thread(target=worker.ask, args=({{}},), daemon=True).start()
try:
    threading.Event().wait(600)
except KeyboardInterrupt:
    sys.exit(130)
"""
    with subprocess.Popen([sys.executable, "-c", program], start_new_session=True) as running:
        with (tmp_path / "alive").open() as alive:
            assert alive.read(1) == "x"
            running.send_signal(signal.SIGINT)
            assert alive.read() == ""  # its last holder is gone
        assert running.wait(30) == 130


def test_worker_is_kept_in_a_session_and_ends_with_it() -> None:
    engine = CheckovEngine(command=worker(HELLO, answer(PASSED), answer(PASSED), then="sys.stdin.readline()"))
    with engine.session():
        assert engine.run(task()).failures == {}
        process = engine._worker._process
        assert engine.run(task()).failures == {}
        assert engine._worker._process is process
        assert process.poll() is None
    assert process.poll() is not None


def test_worker_that_died_in_a_session_is_started_anew() -> None:
    engine = CheckovEngine(command=worker(HELLO, answer(PASSED), then="sys.stdin.readline()"))
    with engine.session():
        engine.run(task())
        engine._worker._process.kill()
        engine._worker._process.wait()
        assert engine.run(task()).failures == {}


def test_other_rules_and_thresholds_are_loaded_anew() -> None:
    engine = CheckovEngine(command=worker(HELLO, answer(PASSED), then="sys.stdin.readline()"))
    with engine.session():
        engine.run(task())
        first = engine._worker._process
        engine.run(task(resilience={"job_limit_seconds": 1}))
        assert engine._worker._process is not first


def test_edited_check_is_loaded_anew(tmp_path: Path) -> None:
    checks = tmp_path / "checkov_checks"
    checks.mkdir()
    engine = CheckovEngine(command=worker(HELLO, answer(PASSED), then="sys.stdin.readline()"))
    with engine.session():
        engine.run(task(policies=tmp_path))
        first = engine._worker._process
        (checks / "new.py").write_text("")
        engine.run(task(policies=tmp_path))
        assert engine._worker._process is not first


def test_one_template_that_is_not_judged_keeps_the_others() -> None:
    both: list[Subject] = [subject(BUCKET, "one"), subject(BUCKET, "two")]
    engine = CheckovEngine(command=worker(HELLO, answer(key="one"), answer(PASSED, key="two")))
    done = engine.run(Task(policies=POLICIES, rules=(RULE,), thresholds={}, subjects=both))
    assert sorted(done.failures) == ["one"]
    assert [found.outcome for found in done.results["two"]] == [Outcome.PASS]
