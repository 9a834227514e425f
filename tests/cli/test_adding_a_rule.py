"""docs/adding-a-rule.md works as it is written: its commands, its rules and cases, its catalogue entries."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from stackproof.catalogue import check, default_policies, load
from stackproof.cli.new_rule import command
from stackproof.engines.cases import load_cases, verdict
from stackproof.engines.graph import GraphEngine, load_rule
from stackproof.findings.result import RuleId

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "adding-a-rule.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`policies/([^`]+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
ENTRIES = re.findall(r"^```yaml\n(  - id: .*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^stackproof new-rule (.*)$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The policies after everything on the page was done."""
    folder = Path(shutil.copytree(default_policies(), tmp_path_factory.mktemp("page") / "mine"))
    for line in COMMANDS:
        if "--policies" not in line:
            arguments = [*shlex.split(line), "--policies", str(folder)]
            assert CliRunner().invoke(command, arguments, catch_exceptions=False).exit_code == 0
    for name, content in FILES.items():
        assert (folder / name).is_file(), f"new-rule makes no {name}"
        (folder / name).write_text(content)
    controls = (folder / "controls.yaml").read_text()
    first = min(controls.index(f"  - id: {name}\n") for name in ("ecr-immutable-tags", "lint-e9005"))
    (folder / "controls.yaml").write_text(controls[:first] + "\n".join(ENTRIES))
    (threshold,) = re.findall(r"^```yaml\n(  visibility_.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    thresholds = (folder / "thresholds.yaml").read_text()
    (folder / "thresholds.yaml").write_text(thresholds.replace("\nresilience:\n", f"\nresilience:\n{threshold}", 1))
    return folder


def test_it_is_whole(mine: Path) -> None:
    assert [sentence for sentence in check(mine) if sentence not in check(default_policies())] == []
    names = ("graph:sqs_visibility", "cfn-guard:ecr_immutable_tags", "checkov:CKV_STACKPROOF_EFS_BACKUPS")
    for name in (*names, "cfn-lint:E9005"):
        engine, _, rule = name.partition(":")
        (control,) = load(mine).of_rule(RuleId(engine=engine, rule=rule))
        assert RuleId(engine=engine, rule=rule) in control.rules


def test_every_engine_has_its_example() -> None:
    assert [line.split()[0] for line in COMMANDS] == ["graph", "cfn-guard", "checkov", "cfn-lint", "graph"]
    assert len(FILES) == 8


def test_the_graph_rule_holds_to_its_cases(mine: Path) -> None:
    rule = load_rule(mine / "graph" / "sqs_visibility.py")
    thresholds = load(mine).thresholds
    for case in load_cases(mine / "graph" / "sqs_visibility.yaml"):
        results = [found for one in case.subjects() for found in GraphEngine().judge(one, [rule], thresholds)]
        assert verdict(case, results) == ""
