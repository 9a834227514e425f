"""The reader of documents: what was written comes back, at the place where it stands."""

import json
import string
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stackproof.template.document import FUNCTIONS, parse
from stackproof.template.errors import TemplateError
from stackproof.template.model import Path, Span
from stackproof.template.read import source

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Co", "Cc"]), max_size=12)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | TEXTS | FLOATS
KEYS = st.text(string.ascii_letters + string.digits + ":_- .", min_size=1, max_size=8)
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)
DOCUMENTS = st.dictionaries(KEYS, DATA, max_size=5)


@settings(deadline=None)
@given(DOCUMENTS, st.sampled_from([None, 1, 4]), st.booleans())
def test_json_comes_back(data: dict[str, Any], indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(data, indent=indent, ensure_ascii=ascii_only)
    assert parse(text)[0] == data


@settings(deadline=None)
@given(DOCUMENTS, st.sampled_from([None, True, False]), st.integers(20, 200))
def test_yaml_comes_back(data: dict[str, Any], flow: bool | None, width: int) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True, width=width)
    if text.lstrip().startswith("{"):
        text = f"# a comment\n{text}"
    assert parse(text)[0] == data


@settings(deadline=None)
@given(DOCUMENTS, st.booleans())
def test_every_value_has_the_place_where_it_stands(data: dict[str, Any], as_json: bool) -> None:
    text = json.dumps(data, indent=2) if as_json else yaml.safe_dump(data, default_flow_style=False, allow_unicode=True)
    _, spans = parse(text)
    lines = text.splitlines()
    assert set(spans) == set(paths(data, ()))
    for path, span in spans.items():
        rest = lines[span.line - 1][span.column - 1 :] if lines else ""
        if path and isinstance(path[-1], str):
            key = path[-1]
            assert rest.startswith((key, json.dumps(key), f"'{key}'", f"'{key.replace(chr(39), 2 * chr(39))}'", "? "))
        elif path:
            assert rest or at(data, path) in ("", None)


def paths(value: Any, path: Path) -> list[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for step, item in inner for found in paths(item, (*path, step)))]


def at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text("{}[]:,-?!&*#|>'\"%@` \n\tab0", max_size=60))
@example("!")
@example("? ")
@example("%TAG ! !\n--- !a")
@example("{'a': \ud800}")
@example("- &a\n- *a")
@example("...\n---\n...")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        source(text, "any.yaml")
    except TemplateError as error:
        refusal = str(error)
    else:
        return
    assert refusal.startswith("any.yaml: ")


@settings(deadline=None)
@given(st.lists(st.sampled_from([*(f"!{name}" for name in FUNCTIONS), "!Ref", "a", *"[]{}:,", "\n  "])))
def test_any_short_tags_are_read_or_refused(parts: list[str]) -> None:
    try:
        parse(" ".join(parts))
    except TemplateError:
        return


SHORT = {
    "!Ref Bucket": {"Ref": "Bucket"},
    "!GetAtt Bucket.Arn": {"Fn::GetAtt": ["Bucket", "Arn"]},
    "!GetAtt Nested.Outputs.Arn": {"Fn::GetAtt": ["Nested", "Outputs.Arn"]},
    "!GetAtt [Bucket, Arn]": {"Fn::GetAtt": ["Bucket", "Arn"]},
    "!Sub '${A}-x'": {"Fn::Sub": "${A}-x"},
    "!Sub ['${A}', {A: !Ref B}]": {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]},
    "!If [Prod, !Ref A, !Ref AWS::NoValue]": {"Fn::If": ["Prod", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]},
    "!Condition Prod": {"Condition": "Prod"},
    "!Base64 yes": {"Fn::Base64": "yes"},
    "!Ref 123": {"Ref": "123"},
    "!Select [0, !GetAZs '']": {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
    "!Not [!Equals [!Ref A, b]]": {"Fn::Not": [{"Fn::Equals": [{"Ref": "A"}, "b"]}]},
    "!Transform {Name: AWS::Include}": {"Fn::Transform": {"Name": "AWS::Include"}},
    "Fn::Join: ['', [a]]": {"Fn::Join": ["", ["a"]]},
    "2024-10-17": "2024-10-17",
    "yes": True,
    "'yes'": "yes",
    "!!str yes": "yes",
    "0x10": 16,
    "1.50": 1.5,
    "~": None,
}


@pytest.mark.parametrize("text", SHORT)
def test_a_value_is_read_as_cloudformation_reads_it(text: str) -> None:
    written = f"A:\n  {text}" if text.startswith("Fn::") else f"A: {text}"
    assert parse(written)[0] == {"A": SHORT[text]}


def test_keys_are_texts_as_they_stand() -> None:
    assert parse("{1: a, yes: b, 1.50: c, 2024-10-17: d}")[0] == {"1": "a", "yes": "b", "1.50": "c", "2024-10-17": "d"}


def test_places_of_short_tags_lead_into_their_arguments() -> None:
    _, spans = parse("A: !If\n  - Prod\n  - !Sub\n    - ${B}\n    - B: x\n  - y\n")
    assert spans["A",] == Span(line=1, column=1)
    assert spans["A", "Fn::If", 0] == Span(line=2, column=5)
    assert spans["A", "Fn::If", 1, "Fn::Sub", 1, "B"] == Span(line=5, column=7)
    assert spans["A", "Fn::If", 2] == Span(line=6, column=5)


def test_places_in_json_survive_tabs_and_characters_beyond_the_plane() -> None:
    data, spans = parse('{\t"A": "\\ud83d\\ude00",\t"B": 1}')
    assert data == {"A": "\N{GRINNING FACE}", "B": 1}
    assert spans["B",] == Span(line=1, column=24)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Any) -> None:
    from stackproof.template.read import read

    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfResources: {A: {Type: 'AWS::SNS::Topic'}}")
    assert read(tmp_path / "a.yaml").data == {"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}


def test_a_refusal_names_the_line() -> None:
    with pytest.raises(TemplateError, match=r"line 3, column 3: the key 'Type' stands twice \(first at line 2, c"):
        parse("A:\n  Type: a\n  Type: b\n")
