"""Reading templates."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stackproof.embedded.deploy.load import load, parse
from stackproof.embedded.deploy.model import TemplateError

HEAD = "Resources:\n  A:\n    Type: AWS::SQS::Queue\n"
HERE = Path("template.yaml")


def properties(text: str) -> Any:
    return parse(f"{HEAD}    Properties:\n      X: {text}\n", HERE).resources["A"].properties["X"]


@pytest.mark.parametrize(
    ("text", "long"),
    [
        ("!Ref B", {"Ref": "B"}),
        ("!GetAtt B.Arn", {"Fn::GetAtt": ["B", "Arn"]}),
        ("!GetAtt B.Data.Inner", {"Fn::GetAtt": ["B", "Data.Inner"]}),
        ("!GetAtt [B, Arn]", {"Fn::GetAtt": ["B", "Arn"]}),
        ("!Sub '${B}-x'", {"Fn::Sub": "${B}-x"}),
        ("!Sub ['${b}', {b: !Ref B}]", {"Fn::Sub": ["${b}", {"b": {"Ref": "B"}}]}),
        ("!If [C, !Ref B, !Ref 'AWS::NoValue']", {"Fn::If": ["C", {"Ref": "B"}, {"Ref": "AWS::NoValue"}]}),
        ("!Condition C", {"Condition": "C"}),
        ("2026-11-16", "2026-11-16"),
    ],
)
def test_short_tags_in_long_form(text: str, long: Any) -> None:
    assert properties(text) == long


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEAD}  A:\n    Type: AWS::SQS::Queue\n", "line 4, column 3: the key 'A' stands twice"),
        (f"{HEAD}    Properties: {{X: &a 1, Y: *a}}\n", "alias \\*a"),
        (f"{HEAD}    Properties: {{X: !Reff B}}\n", "line 4, column 21: unknown tag !Reff"),
        (f"{HEAD}    Propertys: {{}}\n", "resource A: the attribute Propertys"),
        (f"{HEAD}    DeletionPolicy: Keep\n", "the policy 'Keep'"),
        ("Resources:\n  A: {}\n", "resource A: Type is missing"),
        ("Resources:\n  A-B: {Type: T}\n", "resource A-B: a logical id"),
        ("Resources: {}\n", "no Resources"),
        ("Resource: {}\n", "unknown section Resource"),
        ("- 1\n", "the template must be a mapping, not list"),
        ("", "the template must be a mapping"),
        ("a: [\n", "not YAML"),
        (f"{HEAD}Transform: AWS::Serverless-2016-10-31\n", "Transform 'AWS::Serverless-2016-10-31' is not emulated"),
        (f"{HEAD}    Properties: {{X: !!python/object:os.system 1}}\n", "unknown tag !!python/object:os.system"),
        (f"{HEAD}    Properties: {{[1]: 2}}\n", "a key must be a plain text"),
    ],
)
def test_what_is_no_template_is_refused(text: str, said: str) -> None:
    with pytest.raises(TemplateError, match=f"template.yaml: .*{said}"):
        parse(text, HERE)


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    lines = ["Resources:", "  A: {Type: T}", "Metadata:", "  a0: &a0 [x, x]"]
    lines += [f"  a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    with pytest.raises(TemplateError, match="alias"):
        parse("\n".join(lines), HERE)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused(opening: str) -> None:
    with pytest.raises(TemplateError, match=r"nested more than 100 levels deep|not YAML"):
        parse(f"X: {opening * 200_000}", HERE)


def test_missing_unreadable_and_too_large(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="No such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(TemplateError, match="this is a folder"):
        load(tmp_path)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TemplateError, match="not UTF-8"):
        load(binary)
    large = tmp_path / "large.yaml"
    large.write_text(f"{HEAD}Description: '{'x' * 1_000_000}'\n")
    with pytest.raises(TemplateError, match="at most 1000000"):
        load(large)


def test_more_than_500_resources_are_refused() -> None:
    many = "".join(f"  R{i}: {{Type: AWS::SQS::Queue}}\n" for i in range(501))
    with pytest.raises(TemplateError, match="501 entries; CloudFormation takes at most 500"):
        parse(f"Resources:\n{many}", HERE)


def test_json_is_a_template_too() -> None:
    template = parse('{"Resources": {"A": {"Type": "T", "DependsOn": "B"}, "B": {"Type": "T"}}}', HERE)
    assert template.resources["A"].depends_on == ("B",)


plain = st.recursive(
    st.text("abc*&!-:'\" \n", max_size=8) | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcXYZ*", min_size=1), inner, max_size=3),
    max_leaves=12,
)


@given(plain)
def test_plain_values_come_through_unchanged(value: Any) -> None:
    document = {"Resources": {"A": {"Type": "T", "Properties": {"X": value}}}}
    assert parse(yaml.safe_dump(document), HERE).resources["A"].properties["X"] == value
