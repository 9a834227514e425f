"""The command line as a person meets it: exit codes, sentences, never a traceback."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stackproof", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.parametrize("command", [(), ("flow",), ("generate",), ("deploy-arguments",)], ids=" ".join)
def test_help_has_examples(command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    assert result.returncode == 0
    assert "Example" in result.stdout
    assert "stackproof " in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("flwo",), "There is no command 'flwo'. Did you mean `stackproof flow`?"),
        (("flow", "--transctions", "3"), "No such option"),
        (("flow", "--transactions", "0"), "0 is not in the range"),
        (("flow", "none.csv"), "none.csv: no such file."),
        (("flow", "--template", "none.yaml"), "none.yaml: no such file."),
        (("flow", "--environment", "stage"), "has no environment 'stage'; it has: dev, prod."),
        (("flow", "--scenario", "none"), "There is no scenario 'none'."),
        (("flow", "--scenario", "one-file", "--transactions", "5"), "--scenario brings its own files"),
        (("flow", "--image", "none"), "none: no such folder."),
        (("generate", "no/such/folder/file.csv"), "no/such/folder/file.csv: No such file or directory."),
        (("generate", "--bad-share", "2", "x.csv"), "2.0 is not in the range"),
        (
            ("deploy-arguments", "none.yaml"),
            "none.yaml: cannot be read as a deployment file: No such file or directory.",
        ),
        (("deploy-arguments", "README.md"), "README.md: no deployment file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_sentence(root: Path, arguments: tuple[str, ...], sentence: str) -> None:
    result = run(*arguments, cwd=root)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    assert result.stdout == ""


def test_the_flow_as_json(root: Path, tmp_path: Path) -> None:
    output = tmp_path / "flow.json"
    result = run("flow", "--transactions", "50", "--format", "json", "--output", str(output), "--quiet", cwd=root)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    document = json.loads(output.read_text())
    assert (document["schema"], document["verdict"]) == ("stackproof.flow/1", "pass")
    (scenario,) = document["scenarios"]
    (batch,) = scenario["batches"]
    assert batch["status"] == "SUCCEEDED"
    assert batch["manifest"]["control"]["matches"] is True
    assert [event["status"] for event in batch["audit"]["events"]][-1] == "SUCCEEDED"
    assert batch["audit"]["archived"] == len(batch["audit"]["events"])
    assert scenario["metrics"]["TransactionsAccepted"]["total"] == batch["manifest"]["accepted"]


def test_production_runs_too_and_a_bad_file_is_told(root: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("this,is,not,it\n")
    result = run("flow", str(bad), "--environment", "prod", cwd=root)
    assert result.returncode == 0
    assert "REJECTED  HEADER" in result.stdout
    assert "chain intact" in result.stdout
    assert "The flow ended as it should." in result.stdout


def test_the_wrong_parameter_is_named(root: Path, tmp_path: Path) -> None:
    text = (root / "template" / "environments" / "dev.yaml").read_text()
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        text.replace("EnvironmentName: dev", "EnvironmentName: stage").replace(
            "template-file-path: template/stack.yaml", f"template-file-path: {root / 'template' / 'stack.yaml'}"
        )
    )
    result = run("flow", "--environment", str(wrong), cwd=root)
    assert result.returncode == 2
    assert "EnvironmentName" in result.stderr
    assert "stage" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for file in files:
        assert run("generate", "--transactions", "500", "--seed", "3", "--quiet", str(file)).returncode == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def test_interrupting_leaves_a_sentence_and_nothing_behind(root: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "stackproof", "flow", "--transactions", "2000000"]
    with subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test runner in the background may have handed down an ignored SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            assert process.stderr is not None
            first = process.stderr.readline()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert first.startswith("generating 2,000,000 transactions")
    assert process.returncode == 130
    assert "Interrupted." in errors
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []
