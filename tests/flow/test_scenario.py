"""Scenarios are read strictly: what is not understood is named."""

from pathlib import Path
from typing import Any

import pytest

from stackproof.errors import StackproofError
from stackproof.flow.scenario import load, parse
from stackproof.flow.steps import seconds

PARTS = dict.fromkeys(
    ["inbox", "results", "archive", "jobs", "audit", "queue", "submit", "monitor", "producer", "prefix"], "x"
)


def document(**scenario: Any) -> dict[str, Any]:
    base = {"name": "a", "area": "submit", "about": "x", "steps": []}
    return {"parts": PARTS, "scenarios": [{**base, **scenario}]}


@pytest.mark.parametrize(
    ("text", "value"), [("90s", 90), ("10m", 600), ("1.5h", 5400), ("2d", 172_800), (7, 7.0)], ids=str
)
def test_durations(text: object, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("scenario", "named"),
    [
        ({"steps": [{"do": "uplaod", "key": "x"}]}, "uplaod"),
        ({"steps": [{"do": "upload", "kye": "x"}]}, "kye"),
        ({"steps": [{"do": "advance", "by": "soon"}]}, "'soon' is no duration"),
        ({"expect": {"alarm": {}}}, "alarm"),
        ({"name": "Not A Name"}, "name"),
        ({"area": "elsewhere"}, "area"),
    ],
)
def test_what_is_not_understood_is_named(scenario: dict[str, Any], named: str) -> None:
    with pytest.raises(StackproofError) as error:
        parse(document(**scenario), source="scenarios.yaml")
    assert named in str(error.value)
    assert str(error.value).startswith("scenarios.yaml:")


def test_a_list_without_a_scenario_is_refused() -> None:
    with pytest.raises(StackproofError, match="scenarios: List should have at least 1 item"):
        parse({"parts": PARTS, "scenarios": []}, source="x")


def test_two_scenarios_of_one_name_are_refused() -> None:
    data = document()
    data["scenarios"] *= 2
    with pytest.raises(StackproofError, match="more than one scenario is named a"):
        parse(data, source="x")


def test_an_unknown_scenario_lists_the_known_ones() -> None:
    with pytest.raises(StackproofError, match=r"no scenario 'b'[\s\S]*  a "):
        parse(document(), source="x").named("b")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: [", b"- 1"], ids=["bytes", "truncated", "list"])
def test_an_unreadable_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "scenarios.yaml"
    path.write_bytes(content)
    with pytest.raises(StackproofError, match=r"scenarios\.yaml"):
        load(path)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackproofError, match="No such file"):
        load(tmp_path / "none.yaml")
