"""Whatever is given as a template: a sentence that says what is wrong, soon, and with little memory."""

import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stackproof.template.errors import TemplateError
from stackproof.template.expand import expand
from stackproof.template.read import read, source

SECONDS = 5.0
MEGABYTES = 300

TOPIC = {"Type": "AWS::SNS::Topic"}


def in_resource(value: Any) -> str:
    return json.dumps({"Resources": {"Topic": {**TOPIC, "Properties": {"DisplayName": value}}}})


def nested(levels: int, wrap: Callable[[Any], Any], value: Any) -> Any:
    for _ in range(levels):
        value = wrap(value)
    return value


def with_parameter(**declaration: Any) -> str:
    return json.dumps({"Parameters": {"P": {"Type": "String", **declaration}}, "Resources": {"Topic": TOPIC}})


ALIAS_BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(24)
)
MAP_BOMB = {f"Row{i}": {"a": {"b": [{"Fn::FindInMap": [f"Row{i + 1}", "a", "b"]}] * 9}} for i in range(12)} | {
    "Row12": {"a": {"b": "x"}}
}
LOOP_BOMB = nested(
    5,
    lambda body: {f"Fn::ForEach::{len(json.dumps(body))}": [f"V{len(json.dumps(body))}", [*"abcd"] * 10, body]},
    {"Topic": TOPIC},
)

REFUSED = {
    "empty": ("", "the document is empty"),
    "nothing_but_space": (" \n\t\n", ""),
    "a_word": ("hello", "not a mapping with Resources"),
    "a_list": ("[1, 2]", "not a mapping with Resources"),
    "a_number": ("42", "not a mapping with Resources"),
    "no_resources": ("Description: x", "the section Resources is missing"),
    "empty_resources": ("Resources: {}", "no Resources"),
    "null_resources": ("Resources:", "Resources must be a mapping, not empty"),
    "resources_in_a_list": ("Resources: [{Type: 'AWS::SNS::Topic'}]", "Resources must be a mapping, not a list"),
    "resource_no_map": ("Resources: {Topic: AWS::SNS::Topic}", "resource Topic must be a mapping, not a text"),
    "resource_without_type": ("Resources: {Topic: {Properties: {}}}", "resource Topic: Type is missing"),
    "type_no_text": ("Resources: {Topic: {Type: [a]}}", "resource Topic: Type is missing or no text"),
    "properties_no_map": ("Resources: {Topic: {Type: a, Properties: 3}}", "Properties must be a mapping"),
    "parameters_no_map": ("Parameters: 3\nResources: {Topic: {Type: a}}", "Parameters must be a mapping"),
    "parameter_no_map": ("Parameters: {P: String}\nResources: {Topic: {Type: a}}", "parameter P must be a mapping"),
    "bad_yaml": ("Resources: {Topic: {Type: 'AWS::SNS::Topic'", "not YAML"),
    "bad_json": ('{"Resources": {"Topic": {"Type": "AWS::SNS::Topic",}}', "not YAML"),
    "tab_for_indent": ("Resources:\n\tTopic: x", "not YAML"),
    "key_twice": ("Resources: {Topic: {Type: a, Type: b}}", "the key 'Type' stands twice"),
    "key_twice_in_json": ('{"Resources": {"A": {"Type": "a"}, "A": {"Type": "b"}}}', "the key 'A' stands twice"),
    "two_documents": ("Resources: {Topic: {Type: a}}\n---\nResources: {Other: {Type: b}}", "more than one document"),
    "list_as_key": ("Resources: {? [a, b] : {Type: a}}", "a key must be a plain text"),
    "null_as_key": ("Resources: {~: {Type: a}}", "a key must be a plain text"),
    "alias": ("Resources: &r {Topic: {Type: a}}\nOther: *r", "YAML alias *r"),
    "alias_of_itself": ("Resources: &r {Topic: *r}", "YAML alias *r"),
    "alias_bomb": (ALIAS_BOMB, "YAML alias"),
    "merge_key": ("Resources: {Topic: {Type: a, <<: {Properties: {}}}}", "YAML merge key"),
    "python_tag": (
        "Resources: !!python/object/apply:os.system ['true']",
        "unknown tag !!python/object/apply:os.system",
    ),
    "python_name": ("Resources: {Topic: !!python/name:os.system }", "unknown tag !!python/name:os.system"),
    "binary_tag": ("Resources: {Topic: {Type: !!binary aGVsbG8=}}", "unknown tag !!binary"),
    "set_tag": ("Resources: !!set {a, b}", "unknown tag !!set"),
    "own_tag": ("Resources: {Topic: {Type: !Secret a}}", "unknown tag !Secret"),
    "directive_tag": ("%TAG ! tag:example.com,2000:\n---\nResources: !Ref a", "unknown tag tag:example.com,2000:Ref"),
    "not_an_integer": ("Resources: {Topic: {Type: a, Properties: {A: !!int many}}}", "is no int"),
    "huge_integer": ("Resources: {Topic: {Type: a, Properties: {A: " + "9" * 100_000 + "}}}", "is no int"),
    "deep": ("Resources: " + "[" * 50_000, "levels deep"),
    "deep_json": ('{"Resources": ' + '{"a": ' * 50_000, "levels deep"),
    "deep_blocks": ("".join(" " * i + "a:\n" for i in range(400)), "levels deep"),
    "nul": ("Resources: {Topic: {Type: a\0}}", "not YAML"),
    "control_character": ("Resources: {Topic: {Type: a\x07}}", "not YAML"),
    "lone_surrogate": ('{"Resources": {"Topic": {"Type": "\\ud800"}}}', "not YAML"),
    "our_own_sign": (in_resource("\ue100Topic\ue101"), "private characters"),
    "our_own_sign_escaped": ('Resources: {Topic: {Type: "\\uE100Topic\\uE101"}}', "private characters"),
    "pattern_unreadable": (with_parameter(AllowedPattern="(", Default="a"), "AllowedPattern can't be read"),
    "pattern_endless": (with_parameter(AllowedPattern="(a|aa)+b", Default="a" * 60), "AllowedPattern takes too long"),
    "pattern_too_long_a_value": (with_parameter(Default="a" * 5000), "over 4096 bytes"),
    "declared_wrongly": (with_parameter(MinLength="many", Default="a"), "not declared rightly"),
    "circular_conditions": (
        "Conditions: {A: !Condition B, B: !Condition A}\nResources: {Topic: {Type: a}}",
        "circular conditions: A -> B -> A",
    ),
    "no_condition": ("Conditions: {A: maybe}\nResources: {Topic: {Type: a}}", "is no condition"),
    "condition_not_there": ("Resources: {Topic: {Type: a, Condition: Prod}}", "there is no condition 'Prod'"),
    "condition_no_text": ("Resources: {Topic: {Type: a, Condition: [Prod]}}", "there is no condition"),
    "sub_bomb": (in_resource(nested(25, lambda v: {"Fn::Sub": ["${A}" * 8, {"A": v}]}, "x")), "a text of"),
    "json_bomb": (in_resource(nested(25, lambda v: {"Fn::ToJsonString": {"a": v}}, "\\")), "a text of"),
    "map_bomb": (
        json.dumps(
            {
                "Mappings": MAP_BOMB,
                "Resources": {"T": {**TOPIC, "Properties": {"A": {"Fn::FindInMap": ["Row0", "a", "b"]}}}},
            }
        ),
        "ask for more than",
    ),
    "mapping_of_itself": (
        json.dumps(
            {
                "Mappings": {"M": {"a": {"b": {"Fn::FindInMap": ["M", "a", "b"]}}}},
                "Resources": {"T": {**TOPIC, "Properties": {"A": {"Fn::FindInMap": ["M", "a", "b"]}}}},
            }
        ),
        "too deep",
    ),
    "loop_bomb": (json.dumps({"Transform": "AWS::LanguageExtensions", "Resources": LOOP_BOMB}), "twice"),
    "loop_of_nothing": (
        json.dumps({"Transform": "AWS::LanguageExtensions", "Resources": {"Fn::ForEach::A": "x"}}),
        "takes [variable, collection, body]",
    ),
    "loop_body_no_map": (
        json.dumps({"Transform": "AWS::LanguageExtensions", "Resources": {"Fn::ForEach::A": ["V", ["a"], "x"]}}),
        "the body of Fn::ForEach must be a mapping",
    ),
}


@pytest.fixture(autouse=True)
def bounded():
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    yield
    assert time.perf_counter() - start < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEGABYTES


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_a_sentence(name: str) -> None:
    text, expected = REFUSED[name]
    with pytest.raises(TemplateError) as refused:
        expand(source(text, "hostile.yaml"))
    message = str(refused.value)
    assert message.startswith("hostile.yaml: ")
    assert expected in message
    assert len(message) < 600


def file(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


GOOD = b"Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n"

FILES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda folder: folder / "none.yaml", "No such file"),
    "folder": (lambda folder: folder, "this is a folder"),
    "huge": (lambda folder: file(folder / "a", b"#" * 50_000_000), "50000000 bytes; CloudFormation takes at most"),
    "binary": (lambda folder: file(folder / "a", bytes(range(128, 256)) * 100), "not UTF-8"),
    "utf_16": (lambda folder: file(folder / "a", GOOD.decode().encode("utf-16")), "not UTF-8"),
    "utf_16_without_mark": (lambda folder: file(folder / "a", GOOD.decode().encode("utf-16-le")), "not YAML"),
    "latin_1": (lambda folder: file(folder / "a", "Description: für\n".encode("latin-1")), "not UTF-8"),
    "zip": (lambda folder: file(folder / "a", b"PK\x03\x04" + b"\0" * 100), "not YAML"),
    "nul_in_the_name": (lambda folder: Path("a\0b"), "null"),
    "name_too_long": (lambda folder: folder / ("a" * 5000), "too long"),
    "device": (lambda folder: Path("/dev/zero"), "no regular file"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_refused_with_a_sentence(name: str, tmp_path: Path) -> None:
    make, expected = FILES[name]
    path = make(tmp_path)
    with pytest.raises(TemplateError) as refused:
        read(path)
    assert expected in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_fifo_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(TemplateError, match="no regular file"):
        read(tmp_path / "fifo")


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(TemplateError, match="cannot be read as a template"):
        read(tmp_path / "link")


def test_many_undecided_conditions_are_judged_in_some_variants_and_said_to_be_undecided() -> None:
    names = [f"C{i}" for i in range(200)]
    data = {
        "Parameters": {name: {"Type": "String"} for name in names},
        "Conditions": {name: {"Fn::Equals": [{"Ref": name}, "x"]} for name in names},
        "Resources": {"Topic": TOPIC},
    }
    templates = expand(source(json.dumps(data), "many.yaml"))
    for name in names:
        assert {template.conditions[name] for template in templates} == {True, False}
    assert all("its conditions leave more variants" in template.undecided[-1][1] for template in templates)


@pytest.mark.parametrize(
    "value",
    [".nan", ".inf", "-.inf", "'nan'", "'1e999'", "'٣'", "'²'", "'1_000'"],
)
def test_what_is_no_number_is_none(value: str) -> None:
    (template,) = expand(
        source(f"Resources: {{Queue: {{Type: 'AWS::SQS::Queue', Properties: {{DelaySeconds: {value}}}}}}}", "a")
    )
    assert isinstance(template.resources["Queue"].get("DelaySeconds"), str)


def test_a_large_template_is_read() -> None:
    resources = {f"Topic{i}": {**TOPIC, "Properties": {"DisplayName": "x" * 1000}} for i in range(500)}
    (template,) = expand(source(json.dumps({"Resources": resources}), "large.json"))
    assert len(template.resources) == 500
