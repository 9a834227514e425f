"""What people call controls and rules is found."""

from pathlib import Path

import pytest

from stackproof.catalogue import load
from stackproof.catalogue.builtin import cfn_lint_rule, checkov_checks
from stackproof.catalogue.examples import examples
from stackproof.catalogue.lookup import find
from stackproof.errors import StackproofError
from stackproof.findings.result import RuleId


def test_a_control_comes_before_rules(policies: Path) -> None:
    catalogue = load(policies)
    assert find(catalogue, "Recovery-Versioning") == catalogue.control("recovery-versioning")
    assert find(catalogue, "s3_versioning") == (RuleId(engine="cfn-guard", rule="s3_versioning"),)
    assert find(catalogue, "cfn-guard:s3_versioning") == (RuleId(engine="cfn-guard", rule="s3_versioning"),)
    assert find(catalogue, "W3002") == catalogue.excluded[0]
    assert find(catalogue, "E1234") == (RuleId(engine="cfn-lint", rule="E1234"),)
    with pytest.raises(StackproofError, match="There is no control or rule 'graph:s3_versioning'"):
        find(catalogue, "graph:s3_versioning")
    with pytest.raises(StackproofError, match="There is no control or rule 'I3013'"):  # no control names remarks
        find(catalogue, "I3013")


CASES = """\
rule: r
good: {enabled: {Resources: {A: {Type: 'AWS::S3::Bucket', Properties: {Tags: [], Name: !Sub '${B}-x'}}}}}
bad: {suspended: {template: {Resources: {A: {Type: AWS::S3::Bucket, Name: !GetAtt B.Arn}}}, at: [A, "*"]}}
"""


def test_examples_are_written_as_templates_are(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(CASES)
    good, bad = examples(path)
    assert (good.kind, good.name, good.at) == ("good", "enabled", ())
    assert good.template == (
        "Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties:\n      Tags: []\n      Name: !Sub '${B}-x'"
    )
    assert (bad.kind, bad.name, bad.at) == ("bad", "suspended", ("A", "*"))
    assert bad.template == "Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Name: !GetAtt B.Arn"


def test_what_has_no_examples_shows_none(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    assert examples(path) == ()
    for text in ("", "- a", "good: [", "rule: r\ngood: {}\nbad: 3\n"):
        path.write_text(text)
        assert examples(path) == ()


def test_what_engines_bring_says_what_it_is(tmp_path: Path) -> None:
    assert "Resource properties are invalid" in (cfn_lint_rule("E3002") or "")
    assert cfn_lint_rule("E7777") is None
    folder = tmp_path / "cloudformation" / "checks"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text(
        '    def __init__(self):\n        name = "Ensure it is \\"so\\""\n        id = "CKV_AWS_1"\n'
    )
    (folder / "b.py").write_bytes(b"\xff")
    assert checkov_checks([tmp_path, tmp_path / "none"]) == {"CKV_AWS_1": 'Ensure it is "so"'}
