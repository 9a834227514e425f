"""The real worker: rules that do not load or that raise are told, and nothing of the user's environment weakens it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stackproof.engines.checkov import CheckovEngine
from stackproof.engines.protocol import EngineFailure, Run, Task
from stackproof.findings.outcome import Outcome
from tests.engines.checkov.conftest import subject

BUCKET = "Resources: {Bucket: {Type: 'AWS::S3::Bucket', Properties: {Tags: []}}}"
CHECK = """
from checkov.cloudformation.checks.resource.base_resource_check import BaseResourceCheck
from checkov.common.models.enums import CheckCategories, CheckResult

class Mine(BaseResourceCheck):
    def __init__(self):
        super().__init__(name="mine", id="CKV_STACKPROOF_MINE", categories=[CheckCategories.IAM],
                         supported_resources=["AWS::S3::Bucket"])

    def scan_resource_conf(self, conf):
        %s

check = Mine()
"""
PASSES = CHECK % "return CheckResult.PASSED"
Judge = Callable[..., Run]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Judge a bucket by checks that are written as files."""

    def run(files: dict[str, str], *rules: str, template: str = BUCKET) -> Run:
        folder = tmp_path / "policies" / "checkov_checks"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
        task = Task(policies=folder.parent, rules=rules, thresholds={}, subjects=[subject(template)])
        return CheckovEngine().run(task)

    return run


def outcomes(done: Run) -> list[tuple[str, str | None, Outcome]]:
    assert done.failures == {}
    return [(found.rule.rule, found.resource, found.outcome) for found in done.results["one"]]


def test_custom_and_built_in_checks_judge_side_by_side(judge: Judge) -> None:
    done = judge({"mine.py": PASSES}, "CKV_STACKPROOF_MINE", "CKV_AWS_21")
    assert outcomes(done) == [
        ("CKV_AWS_21", "Bucket", Outcome.FAIL),
        ("CKV_STACKPROOF_MINE", "Bucket", Outcome.PASS),
    ] or outcomes(done) == [
        ("CKV_STACKPROOF_MINE", "Bucket", Outcome.PASS),
        ("CKV_AWS_21", "Bucket", Outcome.FAIL),
    ]
    assert done.rules == 2


@pytest.mark.parametrize(
    ("files", "rules", "said"),
    [
        ({}, ("CKV_AWS_99999",), "there is no check CKV_AWS_99999"),
        ({}, ("CKV_AWS_21", "CKV_STACKPROOF_MINE"), "there is no check CKV_STACKPROOF_MINE"),
        ({"mine.py": "raise OSError('x')"}, ("CKV_AWS_21",), r"mine\.py can't be imported: OSError: x"),
        ({"mine.py": "def ("}, ("CKV_AWS_21",), r"mine\.py can't be imported: SyntaxError"),
        ({"mine.py": "import no_such"}, ("CKV_AWS_21",), r"mine\.py can't be imported: ModuleNotFoundError"),
        ({"mine.py": "raise SystemExit(0)"}, ("CKV_AWS_21",), r"mine\.py can't be imported: SystemExit"),
        (
            {"mine.py": PASSES.replace("check =", "#")},
            ("CKV_STACKPROOF_MINE",),
            "there is no check CKV_STACKPROOF_MINE",
        ),
        ({"_mine.py": PASSES}, ("CKV_STACKPROOF_MINE",), "there is no check CKV_STACKPROOF_MINE"),
        ({"a.py": PASSES, "b.py": PASSES}, ("CKV_STACKPROOF_MINE",), "there are several checks CKV_STACKPROOF_MINE"),
    ],
)
def test_check_that_does_not_load_is_told(
    judge: Judge, files: dict[str, str], rules: tuple[str, ...], said: str
) -> None:
    with pytest.raises(EngineFailure, match=f"^checkov: {said}.* Correct the rule's name in controls.yaml"):
        judge(files, *rules)


def test_missing_folder_of_checks_is_told(tmp_path: Path) -> None:
    task = Task(policies=tmp_path, rules=("CKV_STACKPROOF_MINE",), thresholds={}, subjects=[subject(BUCKET)])
    with pytest.raises(EngineFailure, match="there is no check CKV_STACKPROOF_MINE"):
        CheckovEngine().run(task)


def test_check_that_raises_fails_its_template(judge: Judge) -> None:
    done = judge({"mine.py": CHECK % "return conf['Nope']"}, "CKV_STACKPROOF_MINE", "CKV_AWS_21")
    assert done.results == {}
    assert done.failures == {
        "one": "checkov did not judge one.yaml: CKV_STACKPROOF_MINE raised KeyError: 'Nope' on Bucket."
    }


@pytest.mark.parametrize("body", ["return None", "return CheckResult.UNKNOWN", "return 'PASSED'", "pass"])
def test_check_that_does_not_say_is_unknown(judge: Judge, body: str) -> None:
    assert outcomes(judge({"mine.py": CHECK % body}, "CKV_STACKPROOF_MINE")) == [
        ("CKV_STACKPROOF_MINE", "Bucket", Outcome.UNKNOWN)
    ]


@pytest.mark.parametrize(
    "body", ["print('{}'); return CheckResult.PASSED", "import sys; sys.stdout.write('x'); return CheckResult.PASSED"]
)
def test_check_that_prints_disturbs_nothing(judge: Judge, body: str) -> None:
    assert outcomes(judge({"mine.py": CHECK % body}, "CKV_STACKPROOF_MINE")) == [
        ("CKV_STACKPROOF_MINE", "Bucket", Outcome.PASS)
    ]


def test_check_that_ends_the_process_is_told(judge: Judge) -> None:
    with pytest.raises(EngineFailure, match="checkov's worker ended with exit code 7"):
        judge({"mine.py": CHECK % "import os; os._exit(7)"}, "CKV_STACKPROOF_MINE")


def test_no_files_are_left_in_the_policies(judge: Judge, tmp_path: Path) -> None:
    judge({"mine.py": PASSES}, "CKV_STACKPROOF_MINE")
    assert [path.name for path in (tmp_path / "policies" / "checkov_checks").iterdir()] == ["mine.py"]


SUPPRESSED = """
Metadata: {checkov: {skip: [{id: CKV_AWS_21, comment: no}]}}
Resources:
  # checkov:skip=CKV_AWS_21: no
  Bucket:
    Type: AWS::S3::Bucket
    Metadata: {checkov: {skip: [{id: CKV_AWS_21, comment: no}]}}
    Properties: {Tags: []}
"""


def test_suppression_in_the_template_hides_nothing(judge: Judge) -> None:
    assert outcomes(judge({}, "CKV_AWS_21", template=SUPPRESSED)) == [("CKV_AWS_21", "Bucket", Outcome.FAIL)]


def test_users_environment_weakens_nothing(judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of checkov's, a configuration in the current folder, and modules that would be found first."""
    here = tmp_path / "here"
    (here / "checkov").mkdir(parents=True)
    for name in ("checkov/__init__.py", "json.py", "yaml.py", "sitecustomize.py", "usercustomize.py", "worker.py"):
        (here / name).write_text("raise SystemExit(0)")
    (here / ".checkov.yaml").write_text("skip-check: [CKV_AWS_21]\nsoft-fail: true\n")
    monkeypatch.chdir(here)
    settings: dict[str, Any] = {
        "CKV_SKIP_CHECK": "CKV_AWS_21",
        "CKV_CHECK": "CKV_AWS_1",
        "CKV_IGNORED_DIRECTORIES": ".",
        "CHECKOV_SKIP_CHECK": "CKV_AWS_21",
        "CHECKOV_EXPERIMENTAL_CROSS_VARIABLE_EDGES": "1",
        "BC_API_KEY": "key",
        "PRISMA_API_URL": "https://example.com",
        "PYTHONPATH": str(here),
        "PYTHONHOME": str(here),
        "PYTHONSTARTUP": str(here / "json.py"),
        "PYTHONUSERBASE": str(here),
        "LOG_LEVEL": "DEBUG",
        "STACKPROOF_THRESHOLDS": "{}",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert outcomes(judge({}, "CKV_AWS_21")) == [("CKV_AWS_21", "Bucket", Outcome.FAIL)]
    assert sys.version_info >= (3, 11)
