"""Whatever goes wrong with cfn-lint is told in a sentence that names it and how to mend it, and nothing passes."""

import os
import re
import shutil
import sys
from importlib import metadata
from pathlib import Path

import pytest

from stackproof.engines.cfnlint import CfnLintEngine, session
from stackproof.engines.cfnlint.engine import PINNED
from stackproof.engines.protocol import EngineFailure
from tests.engines.cfnlint.conftest import POLICIES, failing, passing, subject, task

SMALL = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"
OTHER = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n"
HELLO = f"""
import json, sys, time
def say(answer): print(json.dumps(answer), flush=True)
say({{"version": "{PINNED}"}})
sys.stdin.readline()
say({{"loaded": ["E3002"], "own": []}})
def jobs():
    for line in sys.stdin: yield json.loads(line)
def fine(job): return {{"id": job["id"], "matches": [], "resources": {{}}, "undecided": ""}}
"""


def faking(script: str) -> CfnLintEngine:
    """An engine whose worker is a script."""
    return CfnLintEngine(command=(sys.executable, "-c", script), workers=1)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("raise SystemExit(7)", r"worker failed before .* ended with code 7; install stackproof\[gate\] anew"),
        ("import no_such_module", r"failed before .*ModuleNotFoundError.*no_such_module.*install"),
        ("print('Welcome to cfn-lint')", r"no JSON.*Welcome to cfn-lint.*install"),
        ("print('[1]')", r"no JSON object"),
        ("print('{}')", r"began with nonsense: \{\}; install"),
        (
            'print(\'{"version": "0.1.0"}\', flush=True); input()',
            rf"has cfn-lint 0\.1\.0.*pip install cfn-lint=={re.escape(PINNED)}",
        ),
        (
            f'print(\'{{"version": "{PINNED}"}}\'); print(\'{{"loaded": [], "own": []}}\')',
            r"loaded no rules at all; install",
        ),
        ('print(\'{"error": "cfn-lint does not start: disk full"}\')', r"does not start: disk full"),
    ],
)
def test_worker_that_does_not_start_is_an_engine_failure(script, sentence):
    with pytest.raises(EngineFailure, match=sentence):
        faking(script).run(task(subject(SMALL)))


def test_program_that_is_missing_is_an_engine_failure(tmp_path):
    engine = CfnLintEngine(command=(str(tmp_path / "python"),))
    with pytest.raises(EngineFailure, match=r"does not start: .*No such file.*install"):
        engine.run(task(subject(SMALL)))


def test_start_that_takes_too_long_is_an_engine_failure():
    with pytest.raises(EngineFailure, match=r"did not start within 0\.5 s; .*allow more time"):
        faking("import time; time.sleep(60)").run(task(subject(SMALL), timeout=0.5))


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("next(jobs()); import os; os._exit(9)", r"failed on this template: .*code 9.*run it again"),
        (
            "next(jobs()); import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            r"failed on this template: .*code -9",
        ),
        ("next(jobs()); print('Segmentation fault', flush=True); next(jobs())", r"no JSON: .*Segmentation fault"),
        ("job = next(jobs()); say({**fine(job), 'id': 'another'}); next(jobs())", r"answered for 'another'.*not asked"),
        ("job = next(jobs()); say({'id': job['id']}); next(jobs())", r"without matches, resources, undecided; install"),
        ("job = next(jobs()); say({'id': job['id'], 'error': 'TypeError: x'}); next(jobs())", r"TypeError: x"),
    ],
)
def test_template_that_is_not_judged_is_a_failure_of_its_own(script, sentence):
    run = faking(HELLO + script).run(task(subject(SMALL)))
    assert run.results == {}
    assert re.search(sentence, run.failures["one"]), run.failures


def test_template_that_takes_too_long_fails_and_so_do_those_that_wait():
    run = faking(HELLO + "next(jobs()); time.sleep(60)").run(
        task(subject(SMALL, "a"), subject(OTHER, "b"), timeout=1.5)
    )
    assert run.results == {}
    assert set(run.failures) == {"a", "b"}
    assert all("did not judge it within the 1.5 s" in text for text in run.failures.values())


def test_crash_on_one_template_does_not_stop_the_others():
    script = HELLO + "\nfor job in jobs():\n    if 'SQS' in job['text']: sys.exit(3)\n    say(fine(job))\n"
    run = faking(script).run(task(subject(OTHER, "bad"), subject(SMALL, "good")))
    assert set(run.failures) == {"bad"}
    assert set(run.results) == {"good"}


def test_no_process_is_left_behind():
    engine = faking(HELLO + "next(jobs()); time.sleep(60)")
    workers = []
    new = session.Session._new_worker
    session.Session._new_worker = lambda self: workers.append(new(self)) or workers[-1]
    try:
        engine.run(task(subject(SMALL), timeout=1.0))
    finally:
        session.Session._new_worker = new
    assert [worker.process.poll() is not None for worker in workers] == [True]


@pytest.mark.parametrize(
    ("installed", "sentence"), [(None, "not installed; run: pip"), ("1.20.0", "1.20.0 is installed")]
)
def test_cfn_lint_that_is_missing_or_another_is_an_engine_failure(monkeypatch, installed, sentence):
    def version(name):
        if installed is None:
            raise metadata.PackageNotFoundError(name)
        return installed

    monkeypatch.setattr(metadata, "version", version)
    with pytest.raises(EngineFailure, match=rf"{sentence}.*cfn-lint=={re.escape(PINNED)}"):
        CfnLintEngine().run(task(subject(SMALL)))


@pytest.mark.parametrize(
    ("rules", "sentence"), [((), "no rules"), (("X1",), "'X1' is no rule"), (("E9999",), "no rule E9999")]
)
def test_rules_that_do_not_exist_are_an_engine_failure(rules, sentence):
    with pytest.raises(EngineFailure, match=sentence):
        CfnLintEngine().run(task(subject(SMALL), rules=rules))


def changed(folder: Path, name: str, text: str | None) -> Path:
    """Our policies with one rule file changed, or deleted."""
    shutil.copytree(POLICIES / "cfnlint_rules", folder / "cfnlint_rules")
    file = folder / "cfnlint_rules" / name
    file.unlink() if text is None else file.write_text(text, encoding="utf-8")
    return folder


RULE = """
from cfnlint.rules import CloudFormationLintRule
class Rule(CloudFormationLintRule):
    id = "{id}"
    shortdesc = "x"
    description = "x"
    {more}
    def population(self, cfn): return list(cfn.get_resources())
    def match(self, cfn): {match}
"""


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("E9001.py", None, r"no rule E9001 is loaded: add E9001\.py"),
        ("E9001.py", "import no_such_module", r"E9001\.py does not load: ModuleNotFoundError"),
        ("E9001.py", "def (", r"E9001\.py does not load: SyntaxError"),
        ("E9001.py", "raise SystemError('x')", r"E9001\.py does not load: SystemError: x"),
        ("E9001.py", "x = 1", r"E9001\.py must hold exactly one rule, E9001; it holds none"),
        ("E9001.py", RULE.format(id="E9008", more="", match="return []"), r"it holds E9008"),
        (
            "E9001.py",
            RULE.format(id="E9001", more="experimental = True", match="return []"),
            r"must not be experimental",
        ),
        ("E3002.py", RULE.format(id="E3002", more="", match="return []"), r"E3002 is taken by another rule"),
    ],
)
def test_rule_file_that_does_not_load_is_an_engine_failure(tmp_path, name, text, sentence):
    with pytest.raises(EngineFailure, match=sentence):
        CfnLintEngine().run(task(subject(SMALL), policies=changed(tmp_path, name, text)))


def test_folder_of_rules_that_is_missing_is_an_engine_failure(tmp_path):
    with pytest.raises(EngineFailure, match=r"folder of cfn-lint rules is missing: .*restore it"):
        CfnLintEngine().run(task(subject(SMALL), policies=tmp_path))


@pytest.mark.parametrize("match", ["raise KeyError('boom')", "return 1 / 0", "return [None]"])
def test_rule_that_raises_is_a_failure_of_the_template(tmp_path, match):
    policies = changed(tmp_path, "E9001.py", RULE.format(id="E9001", more="", match=match))
    rules = ("E9001",) if "boom" in match else ("E", "W", "E9001")
    run = CfnLintEngine().run(task(subject(SMALL), policies=policies, rules=rules))
    assert run.results == {}
    assert re.search(r"rule .*fail|failed on this template", run.failures["one"]), run.failures


def test_rule_that_changes_while_the_engine_runs_is_loaded_anew(tmp_path):
    policies = changed(tmp_path, "E9001.py", RULE.format(id="E9001", more="", match="return []"))
    with CfnLintEngine() as engine:
        first = engine.run(task(subject(SMALL), policies=policies, rules=("E9001",)))
        text = RULE.format(
            id="E9001", more="", match="return [__import__('cfnlint').rules.RuleMatch(['Resources'], 'x')]"
        )
        (policies / "cfnlint_rules" / "E9001.py").write_text(text, encoding="utf-8")
        second = engine.run(task(subject(SMALL), policies=policies, rules=("E9001",)))
    assert passing(first) == {("E9001", "Topic")}
    assert failing(second) == {("E9001", None, ("Resources",), 1)}


def test_environment_that_can_not_be_read_is_a_failure_of_its_subject(tmp_path):
    missing = tmp_path / "prod.yaml"
    wrong = tmp_path / "dev.yaml"
    wrong.write_text("parameters: [a]")
    run = CfnLintEngine().run(
        task(subject(SMALL, "a", missing), subject(SMALL, "b", wrong), subject(SMALL, "c"), rules=("E",))
    )
    assert set(run.failures) == {"a", "b"}
    assert set(run.results) == {"c"}
    assert str(missing) in run.failures["a"]
    assert "no mapping of parameters" in run.failures["b"]


def test_no_worker_sees_what_the_environment_says_to_cfn_lint(monkeypatch, tmp_path):
    monkeypatch.setenv("CFN_LINT_IGNORE_CHECKS", "E")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "mars-east-1")
    run = CfnLintEngine().run(task(subject(SMALL.replace("Topic:", "Topic:\n    Typo: x"))))
    assert ("E3001", "Topic", ("Resources", "Topic", "Typo"), 3) in failing(run)
    assert os.environ["CFN_LINT_IGNORE_CHECKS"] == "E"
