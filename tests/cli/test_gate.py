"""`stackproof gate` as a person meets it: exit codes, sentences, hostile input, output, interruption."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stackproof.catalogue import default_policies

GOOD = """\
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      KmsMasterKeyId: alias/mine
"""
_MEMORY = 1 << 30
_SECONDS = 60


def gate(*arguments: str, cwd: Path, engine: str = "cfn-guard", **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stackproof", "gate", "--quiet", "--engine", engine, *arguments]
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command, cwd=cwd, capture_output=True, text=True, timeout=_SECONDS, check=False, **options
    )


def bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def bomb() -> str:
    lines = ["Metadata:", "  a0: &a0 [x, x]", *(f"  a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60))]
    return GOOD + "\n".join(lines) + "\n"


HOSTILE = {
    "truncated.yaml": (GOOD + "  Other: {Type: [", "line"),
    "bomb.yaml": (bomb(), "alias"),
    "recursion.yaml": (GOOD + "Metadata: &m {again: *m}\n", "alias"),
    "duplicate.yaml": (GOOD + "  Topic:\n    Type: AWS::SNS::Topic\n", "Topic"),
    "deep.yaml": ("Resources: " + "[" * 50_000, "deep"),
    "tag.yaml": (GOOD + "Metadata: !Secret x\n", "Secret"),
    "python.yaml": (GOOD + "Metadata: !!python/object/apply:os.system [touch hacked]\n", "python"),
    "list.yaml": ("- a\n- b\n", "not a mapping"),
    "resource.yaml": ("Resources: {Topic: [1, 2]}\n", "Topic must be a mapping"),
    "nothing.yaml": ("Description: empty\n", "Resources"),
    "empty.yaml": ("", "empty"),
    "binary.yaml": (bytes(range(256)) * 100, "UTF-8"),
    "nul.yaml": (b"Resources: \0", "nul.yaml"),
    "json.json": ('{"Resources": {"A": {"Type": "AWS::SNS::Topic"}', "json.json"),
    "large.yaml": (b"Resources: {}\n" + b"#" * 50_000_000, "at most"),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    for name, (content, _) in HOSTILE.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "folder.yaml").mkdir()
    os.mkfifo(folder / "fifo.yaml")
    (folder / "good.yaml").write_text(GOOD)
    return folder


def test_hostile_templates_are_sentences_and_the_others_are_still_judged(hostile: Path) -> None:
    said = {name: text for name, (_, text) in HOSTILE.items()}
    said |= {"folder.yaml": "folder", "fifo.yaml": "no regular file", "none.yaml": "No such file"}
    start = time.monotonic()
    result = gate(*said, "good.yaml", "--format", "json", cwd=hostile, preexec_fn=bounded)
    assert time.monotonic() - start < _SECONDS / 2
    assert result.returncode == 2
    assert "Traceback" not in result.stderr + result.stdout
    document = json.loads(result.stdout)
    errors = {error["path"]: error["message"] for error in document["errors"]}
    assert set(errors) == set(said)
    assert {name: text in errors[name] for name, text in said.items()} == dict.fromkeys(said, True), errors
    assert [report["template"]["path"] for report in document["reports"]] == ["good.yaml"]
    assert not (hostile / "hacked").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("none.yaml",), "none.yaml"),
        (("good.yaml", "--environment", "stage"), "has no environment 'stage'"),
        (("good.yaml", "--control", "encryption-sss"), "There is no control 'encryption-sss'"),
        (("good.yaml", "--area", "encyption"), "There is no area 'encyption'"),
        (("good.yaml", "--engine", "guard"), "There is no engine 'guard'"),
        (("good.yaml", "--format", "pdf"), "'pdf' is not one of"),
        (("good.yaml", "--policies", "none"), "none"),
        (("good.yaml", "--output", "no/such/folder/report.txt"), "no/such/folder/report.txt: cannot be written"),
        ((), "Missing argument"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_sentence_and_exit_2(hostile: Path, arguments: tuple[str, ...], sentence: str) -> None:
    result = gate(*arguments, cwd=hostile)
    assert result.returncode == 2
    assert sentence in result.stderr + result.stdout
    assert "Traceback" not in result.stderr + result.stdout


def test_the_format_never_changes_the_verdict(hostile: Path) -> None:
    (hostile / "bad.yaml").write_text(GOOD.replace("alias/mine", "alias/aws/sns"))
    forms = ("terminal", "json", "sarif", "junit", "html", "markdown")
    results = {form: gate("bad.yaml", "--format", form, cwd=hostile) for form in forms}
    assert {form: one.returncode for form, one in results.items()} == dict.fromkeys(forms, 1)
    assert all("encryption-sns" in one.stdout for one in results.values())
    assert {form: gate("good.yaml", "--format", form, cwd=hostile).returncode for form in forms} == dict.fromkeys(
        forms, 0
    )


def test_a_report_goes_to_a_file_and_the_verdict_is_still_told(hostile: Path, tmp_path: Path) -> None:
    output = tmp_path / "report.json"
    result = gate("good.yaml", "--format", "json", "--output", str(output), cwd=hostile)
    assert (result.returncode, result.stdout) == (0, "")
    assert json.loads(output.read_text())["verdict"] == "pass"


def test_nothing_is_picked_up_from_the_current_folder(hostile: Path, tmp_path: Path) -> None:
    """Neither a configuration of an engine nor policies nor a module of the same name as one of ours."""
    (tmp_path / "bad.yaml").write_text(GOOD.replace("alias/mine", "alias/aws/sns"))
    for name in (".cfnlintrc", ".checkov.yaml", "cfn-guard.yaml"):
        (tmp_path / name).write_text("ignore_checks: [E, W]\nskip-check: [CKV_AWS_26]\n")
    (tmp_path / "policies").mkdir()
    (tmp_path / "click.py").write_text("raise SystemExit(0)")
    script = Path(sys.executable).with_name("stackproof")
    result = subprocess.run(
        [script, "gate", "--quiet", "--engine", "cfn-guard", "bad.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert (result.returncode, "encryption-sns" in result.stdout) == (1, True)


def test_ctrl_c_ends_it_and_its_workers(root: Path) -> None:
    command = [sys.executable, "-m", "stackproof", "gate", "--no-cache", "--quiet", "template/stack.yaml"]
    process = subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True, start_new_session=True)
    time.sleep(2.5)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=15)
    assert process.returncode == 130
    assert said.strip() == "Interrupted."
    deadline = time.monotonic() + 5
    while (left := group(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def group(leader: int) -> list[str]:
    found = subprocess.run(["ps", "-o", "args=", "-g", str(leader)], capture_output=True, text=True, check=False)
    return found.stdout.splitlines()


def test_the_least_severity_that_fails_is_a_choice(hostile: Path) -> None:
    (hostile / "untagged.yaml").write_text(GOOD)
    severities = ("critical", "high", "medium", "low")
    codes = {
        severity: gate(
            "untagged.yaml", "--control", "tagging-required", "--fail-on", severity, engine="graph", cwd=hostile
        )
        for severity in severities
    }
    failing = [severity for severity, result in codes.items() if result.returncode == 1]
    assert all(result.returncode in (0, 1) for result in codes.values())
    assert "low" in failing
    assert "critical" not in failing
    assert all("tagging-required" in result.stdout for result in codes.values())


def test_a_rule_that_no_control_names_is_told_and_not_passed_over(hostile: Path, tmp_path: Path) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(default_policies(), policies, ignore=shutil.ignore_patterns("__pycache__"))
    (policies / "graph" / "extra.py").write_text("")
    result = gate("good.yaml", "--policies", str(policies), cwd=hostile)
    assert result.returncode == 2
    assert "extra.py: no control names this rule" in result.stderr


def test_the_guard_rules_go_into_a_hook(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stackproof", "rules", "--guard-hook", str(tmp_path / "hook.guard")]
    assert subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False).returncode == 0
    assert "rule s3_versioning" in (tmp_path / "hook.guard").read_text()
