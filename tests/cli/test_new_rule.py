"""`stackproof new-rule`: a beginning for each engine that fails until it is written, and never overwrites."""

import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from stackproof.catalogue import check, default_policies, load
from stackproof.cli.new_rule import command
from stackproof.engines.cases import load_cases, verdict
from stackproof.engines.graph import GraphEngine, load_rule
from stackproof.errors import StackproofError
from stackproof.scaffold.entry import with_control, with_rule

FILES = {
    "graph": ("sqs_visibility", "graph/sqs_visibility.py", "graph:sqs_visibility"),
    "cfn-guard": ("ecr_tags", "guard/ecr_tags.guard", "cfn-guard:ecr_tags"),
    "checkov": ("efs_backups", "checkov_checks/efs_backups.py", "checkov:CKV_STACKPROOF_EFS_BACKUPS"),
    "cfn-lint": ("E9105", "cfnlint_rules/E9105.py", "cfn-lint:E9105"),
}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_policies(), tmp_path / "mine"))


def new_rule(mine: Path, *arguments: str) -> str:
    result = CliRunner().invoke(command, [*arguments, "--policies", str(mine)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("engine", FILES)
def test_a_rule_of_its_own_control_begins(mine: Path, engine: str) -> None:
    name, file, rule = FILES[engine]
    before = (mine / "controls.yaml").read_text()
    output = new_rule(mine, engine, name)
    cases = Path(file).with_suffix(".yaml")
    assert f"made  {mine / file}\nmade  {mine / cases}\nadded to  {mine / 'controls.yaml'}\n" in output
    after = (mine / "controls.yaml").read_text()
    assert after.startswith(before)
    catalogue = load(mine)
    control = list(catalogue.controls.values())[-1]
    assert [str(one) for one in control.rules] == [rule]
    missing = check(mine)
    for place in (f"{file}:", f"{cases}:", "controls.yaml:"):
        found = [line for line in output.splitlines() if line.startswith(f"  {place}")]
        assert found, place
        for line in found:
            number = int(line.split(":")[1])
            assert "TODO" in (mine / place[:-1]).read_text().splitlines()[number - 1]
            assert line.strip() in missing
    for kind in ("good", "bad", "not_applicable"):
        assert yaml.safe_load((mine / cases).read_text())[kind]


@pytest.mark.parametrize("engine", FILES)
def test_nothing_but_the_words_is_missing(mine: Path, engine: str) -> None:
    before = set(check(mine))
    new_rule(mine, engine, FILES[engine][0])
    for path in (mine / FILES[engine][1], (mine / FILES[engine][1]).with_suffix(".yaml"), mine / "controls.yaml"):
        path.write_text(path.read_text().replace("TODO", "done"))
    assert set(check(mine)) == before


def test_a_rule_joins_a_control_and_comments_stay(mine: Path) -> None:
    before = load(mine)
    lines = (mine / "controls.yaml").read_text().splitlines()
    output = new_rule(mine, "graph", "sqs_visibility", "--control", "encryption-in-transit")
    after = load(mine)
    assert "graph:sqs_visibility serves encryption-in-transit." in output
    assert after.controls.keys() == before.controls.keys()
    names = [str(rule) for rule in after.control("encryption-in-transit").rules]
    assert names == [*map(str, before.control("encryption-in-transit").rules), "graph:sqs_visibility"]
    kept = (mine / "controls.yaml").read_text().splitlines()
    assert [line for line in lines if line not in kept and "sqs_tls_only" not in line] == []
    assert [line for line in kept if line not in lines and len(line) > 120] == []


def test_the_beginning_of_a_graph_rule_runs_and_holds_to_its_cases(mine: Path) -> None:
    new_rule(mine, "graph", "sqs_visibility")
    rule = load_rule(mine / "graph" / "sqs_visibility.py")
    cases = load_cases(mine / "graph" / "sqs_visibility.yaml")
    assert {case.kind for case in cases} == {"good", "bad", "not_applicable"}
    for case in cases:
        results = [found for subject in case.subjects() for found in GraphEngine().judge(subject, [rule], {})]
        assert verdict(case, results) == ""


def test_checkov_gets_what_its_checks_need(mine: Path) -> None:
    shutil.rmtree(mine / "checkov_checks")
    new_rule(mine, "checkov", "CKV_STACKPROOF_EFS_BACKUPS")
    made = sorted(path.name for path in (mine / "checkov_checks").iterdir())
    assert made == ["__init__.py", "_rules.py", "efs_backups.py", "efs_backups.yaml"]
    shared = default_policies() / "checkov_checks" / "_rules.py"
    assert (mine / "checkov_checks" / "_rules.py").read_text() == shared.read_text()


def test_a_rule_that_the_catalogue_names_already_gets_its_files_only(mine: Path) -> None:
    (mine / "graph" / "s3_tls_only.py").unlink()
    (mine / "graph" / "s3_tls_only.yaml").unlink()
    before = (mine / "controls.yaml").read_text()
    output = new_rule(mine, "graph", "s3_tls_only")
    assert "graph:s3_tls_only serves encryption-in-transit." in output
    assert (mine / "controls.yaml").read_text() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("graph", "s3_tls_only"), "s3_tls_only.py is there already; nothing was written."),
        (("graph", "S3Named"), "'S3Named' is no name of a rule. Write it in lower case"),
        (("graph", "../evil"), "'../evil' is no name of a rule."),
        (("graph", "class"), "'class' is no name of a rule."),
        (("cfn-lint", "secrets"), "'secrets' is no id of a cfn-lint rule of one's own."),
        (("cfn-lint", "E3002"), "'E3002' is no id of a cfn-lint rule of one's own."),
        (("graph", "sqs_a", "--control", "encryption-s4"), "There is no control 'encryption-s4'. Did you mean"),
        (("cfn-guard", "encryption_s3"), "The control encryption-s3 is there already."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_writes_nothing(mine: Path, arguments: tuple[str, ...], sentence: str) -> None:
    before = {path: path.read_bytes() for path in mine.rglob("*") if path.is_file()}
    with pytest.raises(StackproofError) as error:
        new_rule(mine, *arguments)
    assert sentence in str(error.value)
    assert error.value.exit_code == 2
    assert {path: path.read_bytes() for path in mine.rglob("*") if path.is_file()} == before


def test_a_rule_of_another_control_is_not_taken_away(mine: Path) -> None:
    (mine / "graph" / "s3_tls_only.py").unlink()
    with pytest.raises(StackproofError, match="serves encryption-in-transit already"):
        new_rule(mine, "graph", "s3_tls_only", "--control", "encryption-s3")


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackproofError, match="no such folder"):
        new_rule(tmp_path / "none", "graph", "sqs_a")


def test_the_installed_policies_are_not_written_to(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = mine.rename(mine.parent / "policies")
    monkeypatch.setattr("stackproof.cli.new_rule.default_policies", lambda: package)
    monkeypatch.setattr("stackproof.cli.new_rule._PACKAGE", package.parent)
    with pytest.raises(StackproofError, match=r"belongs to the installed stackproof\. Copy"):
        CliRunner().invoke(command, ["graph", "sqs_a"], catch_exceptions=False)


BLOCK = """\
controls:  # ours
- id: one
  rules:
    - "graph:a"  # first
  why: x
# the last word
excluded: []
"""


def test_the_catalogue_is_added_to_in_each_layout() -> None:
    added = with_rule(BLOCK, "one", "graph:b")
    assert added == BLOCK.replace("# first\n", '# first\n    - "graph:b"\n')
    assert with_rule('controls:\n  - {id: one, rules: ["graph:a"]}\n', "one", "graph:b") == (
        'controls:\n  - {id: one, rules: ["graph:a", "graph:b"]}\n'
    )
    assert with_control(BLOCK, "\n- id: two\n") == BLOCK.replace("  why: x\n", "  why: x\n\n- id: two\n")
    assert with_control("controls:\n  - id: one", "\n- id: two\n") == "controls:\n  - id: one\n\n  - id: two\n"
    with pytest.raises(StackproofError, match="written in one line"):
        with_control("controls: [{id: one}]\n", "\n- id: two\n")
