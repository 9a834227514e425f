"""The self-check names whatever a policies folder lacks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stackproof.catalogue import check
from stackproof.errors import StackproofError

Spoil = Callable[[str, str, str], Path]


def test_a_whole_folder_lacks_nothing(policies: Path) -> None:
    assert check(policies) == []


def test_a_rule_without_a_file_is_named(policies: Path) -> None:
    (policies / "guard" / "s3_versioning.guard").unlink()
    assert check(policies) == [
        "guard/s3_versioning.guard: missing, although a control names cfn-guard:s3_versioning.",
        "guard/s3_versioning.yaml: belongs to no rule; there is no s3_versioning.guard beside it.",
    ]


def test_a_rule_that_no_control_names_is_named(policies: Path) -> None:
    (policies / "graph").mkdir()
    (policies / "graph" / "own.py").write_text('@rule("AWS::S3::Bucket")\ndef own(resource):\n    """Right."""\n')
    assert check(policies) == [
        "graph/own.py: no control names graph:own. Add it to a control in controls.yaml.",
        "graph/own.yaml: missing; the rule own has no cases.",
    ]


@pytest.mark.parametrize("kind", ["good", "bad", "not_applicable"])
def test_a_missing_kind_of_case_is_named(policies: Path, kind: str) -> None:
    path = policies / "guard" / "s3_versioning.yaml"
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith(kind)) + "\n")
    assert check(policies) == [f"guard/s3_versioning.yaml: has no {kind} case."]
    path.write_text(path.read_text() + f"{kind}: {{}}\n")
    assert check(policies) == [f"guard/s3_versioning.yaml: has no {kind} case."]


def test_a_rule_about_the_template_needs_no_case_where_it_does_not_apply(spoil: Spoil) -> None:
    folder = spoil("guard/s3_versioning.yaml", "not_applicable: {no_bucket: {Resources: {}}}", "")
    spoil("guard/s3_versioning.yaml", "at: [Bucket]", 'at: ["*"]')
    assert check(folder) == []


def test_unwritten_prose_is_named(spoil: Spoil) -> None:
    folder = spoil("controls.yaml", "why: Overwritten objects are lost.", "why: TODO")
    spoil("controls.yaml", "fix: Set Runtime.", "fix: TODO say which")
    assert check(folder) == [
        "controls.yaml:10: not written yet: why: TODO",
        "controls.yaml:30: not written yet: fix: TODO say which",
    ]


def test_another_name_inside_is_named(spoil: Spoil) -> None:
    folder = spoil("guard/s3_versioning.yaml", "rule: s3_versioning", "rule: s3_version")
    assert check(folder) == ["guard/s3_versioning.yaml: its `rule` is 's3_version', not 's3_versioning'."]
    spoil("guard/s3_versioning.yaml", "rule: s3_version", "rule: s3_versioning")
    spoil("guard/s3_versioning.guard", "rule s3_versioning", "rule s3_version")
    assert check(folder) == [
        "guard/s3_versioning.guard: declares s3_version; a file holds one rule of its own name, s3_versioning."
    ]


def test_a_rule_may_be_declared_over_several_lines_and_with_calls_inside(policies: Path) -> None:
    (policies / "graph").mkdir()
    (policies / "graph" / "own.py").write_text(
        '@rule(\n    "AWS::S3::Bucket",\n    where=lambda one: bool(any(f(g(one)))),\n)  # why\ndef own(resource):\n'
        '    """Right."""\n'
    )
    assert [sentence for sentence in check(policies) if "declares" in sentence] == []


def test_a_second_rule_in_a_file_is_named(spoil: Spoil) -> None:
    folder = spoil("guard/s3_versioning.guard", "rule s3_versioning", "rule other {\n}\nrule s3_versioning")
    assert check(folder) == [
        "guard/s3_versioning.guard: declares other and s3_versioning; a file holds one rule of its own name,"
        " s3_versioning."
    ]


def test_an_unknown_kind_of_case_is_named(spoil: Spoil) -> None:
    folder = spoil("guard/s3_versioning.yaml", "good:", "fine: {a: {}}\ngood:")
    assert check(folder) == [
        "guard/s3_versioning.yaml: the key 'fine' is not known; cases stand below good, bad, not_applicable, unknown."
    ]


def test_a_case_file_that_is_no_yaml_or_has_a_kind_twice_is_named(spoil: Spoil) -> None:
    folder = spoil("guard/s3_versioning.yaml", "good:", "good: {a: {}}\ngood:")
    (sentence,) = check(folder)
    assert sentence.startswith("guard/s3_versioning.yaml: ")
    assert "the key 'good' stands there twice" in sentence
    (folder / "guard" / "s3_versioning.yaml").write_bytes(b"\xff")
    (sentence,) = check(folder)
    assert "not UTF-8" in sentence


def test_a_requirement_that_no_control_answers_is_named(spoil: Spoil) -> None:
    folder = spoil("frameworks.yaml", '"A1.2": Backups', '"A1.2": Backups\n      "A1.3": Tests')
    assert check(folder) == ["frameworks.yaml: no control answers soc2-tsc A1.3. Name it in one, or remove it."]


CHECK = """\
class Retry(BaseResourceCheck):
    def __init__(self) -> None:
        super().__init__(name="Jobs are retried", id="CKV_STACKPROOF_BATCH_RETRY")
"""
LINT = """\
class Secrets(CloudFormationLintRule):
    id = "E9001"
"""
CASES = "rule: {}\ngood: {{a: {{}}}}\nbad: {{a: {{at: [A]}}}}\nnot_applicable: {{a: {{}}}}\n"


def test_checkov_and_cfn_lint_rules_of_our_own_have_files_and_their_built_in_ones_have_none(spoil: Spoil) -> None:
    folder = spoil(
        "controls.yaml",
        '["cfn-guard:s3_versioning"]',
        '["cfn-guard:s3_versioning", "checkov:CKV_AWS_3", "checkov:CKV2_AWS_5", "checkov:CKV_STACKPROOF_BATCH_RETRY",'
        ' "cfn-lint:E9001", "gate:waivers"]',
    )
    assert check(folder) == [
        "checkov_checks/batch_retry.py: missing, although a control names checkov:CKV_STACKPROOF_BATCH_RETRY.",
        "cfnlint_rules/E9001.py: missing, although a control names cfn-lint:E9001.",
    ]
    (folder / "checkov_checks").mkdir()
    (folder / "checkov_checks" / "__init__.py").write_text("")
    (folder / "checkov_checks" / "batch_retry.py").write_text(CHECK)
    (folder / "checkov_checks" / "batch_retry.yaml").write_text(CASES.format("batch_retry"))
    (folder / "cfnlint_rules").mkdir()
    (folder / "cfnlint_rules" / "E9001.py").write_text(LINT)
    (folder / "cfnlint_rules" / "E9001.yaml").write_text(CASES.format("E9001"))
    assert check(folder) == []


def test_an_id_that_is_no_checkov_check_is_named(spoil: Spoil) -> None:
    folder = spoil("controls.yaml", "cfn-guard:s3_versioning", "checkov:BUILTINS")
    assert "controls.yaml: BUILTINS is no checkov check; write CKV_AWS_n, CKV2_AWS_n or CKV_STACKPROOF_..." in check(
        folder
    )


def test_what_a_scaffold_left_is_named_in_rules_and_cases(spoil: Spoil) -> None:
    folder = spoil("guard/s3_versioning.guard", "    Resources exists", "    # TODO: say what\n    Resources exists")
    spoil("guard/s3_versioning.yaml", "good:", "# TODO: more of them\ngood:")
    assert check(folder) == [
        "guard/s3_versioning.guard:2: not written yet: # TODO: say what",
        "guard/s3_versioning.yaml:2: not written yet: # TODO: more of them",
    ]


def test_a_bad_case_without_its_logical_ids_is_named(spoil: Spoil) -> None:
    folder = spoil("guard/s3_versioning.yaml", ", at: [Bucket]", "")
    assert check(folder) == [
        "guard/s3_versioning.yaml: the case bad.suspended has no `at`: list the logical ids that are not right."
    ]


def test_a_threshold_that_is_not_there_is_named_with_its_line(spoil: Spoil) -> None:
    folder = spoil(
        "guard/s3_versioning.guard",
        "rule s3",
        "let a = 1  # threshold: recovery.pitr_window_days\nlet b = 1  # threshold: recovery.days\nrule s3",
    )
    assert check(folder) == [
        "guard/s3_versioning.guard:2: asks for the threshold recovery.days, which thresholds.yaml does not have."
        " Add it there."
    ]


def test_a_malformed_catalogue_is_an_error(spoil: Spoil) -> None:
    with pytest.raises(StackproofError, match=r"controls\.yaml"):
        check(spoil("controls.yaml", "area: lint", "area: linting"))
