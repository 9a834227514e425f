import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stackproof.engines.protocol import Run, Subject, Task
from stackproof.findings.outcome import Outcome
from stackproof.gate.cache import CachedEngine
from stackproof.graph.access import Access
from stackproof.template.expand import expand
from stackproof.template.read import source
from stackproof.template.render import render
from tests.gate.parts import TEMPLATE, VERSIONING, Fake, result

BAD = result("cfn-guard:versioning", outcome=Outcome.FAIL, path=(*VERSIONING, 0))


def subject(text: str = TEMPLATE, key: str = "0") -> Subject:
    template = expand(source(text, "t.yaml"), None)[0]
    return Subject(key=key, template=template, rendered=render(template))


@pytest.fixture
def task(tmp_path: Path) -> Task:
    rule = tmp_path / "policies" / "guard" / "versioning.guard"
    rule.parent.mkdir(parents=True)
    rule.write_text("rule versioning { }")
    return Task(policies=rule.parents[1], rules=("versioning",), thresholds={"days": 35}, subjects=[subject()])


def ran(task: Task, folder: Path, *, saying: Callable[[Task], Run] | None = None) -> tuple[Run, int]:
    fake = Fake("cfn-guard", BAD, acts=saying)
    return CachedEngine(fake, folder).run(task), sum(len(one.subjects) for one in fake.ran)


def test_the_second_run_is_the_first_and_starts_nothing(task: Task, tmp_path: Path) -> None:
    first, asked = ran(task, tmp_path / "c")
    second, again = ran(task, tmp_path / "c")
    assert (asked, again) == (1, 0)
    assert second.results == first.results == {"0": (BAD,)}
    assert second.rules == 1


def test_only_what_is_new_is_judged(task: Task, tmp_path: Path) -> None:
    ran(task, tmp_path / "c")
    more = replace(task, subjects=[subject(key="a"), subject(TEMPLATE.replace("Topic", "Theme"), "b")])
    run, asked = ran(more, tmp_path / "c")
    assert (set(run.results), asked) == ({"a", "b"}, 1)


@pytest.mark.parametrize("changed", ["rule file", "thresholds", "rules", "template"])
def test_whatever_a_result_depends_on_is_part_of_its_key(task: Task, tmp_path: Path, changed: str) -> None:
    ran(task, tmp_path / "c")
    other = {
        "rule file": lambda: task.policies.joinpath("guard", "versioning.guard").write_text("rule versioning { 1 }"),
        "thresholds": lambda: replace(task, thresholds={"days": 1}),
        "rules": lambda: replace(task, rules=("versioning", "other")),
        "template": lambda: replace(task, subjects=[subject(TEMPLATE + "    DeletionPolicy: Retain\n")]),
    }[changed]()
    assert ran(other if isinstance(other, Task) else task, tmp_path / "c")[1] == 1


def test_an_entry_that_was_tampered_with_is_none(task: Task, tmp_path: Path) -> None:
    ran(task, tmp_path / "c")
    (entry,) = (tmp_path / "c").rglob("*.json")
    data = json.loads(entry.read_text())
    data["body"]["results"][0][3] = "pass"
    entry.write_text(json.dumps(data))
    assert ran(task, tmp_path / "c")[1] == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sha256": 1, "body": {}}', "null"])
def test_an_entry_that_is_broken_is_none(task: Task, tmp_path: Path, text: str) -> None:
    ran(task, tmp_path / "c")
    (entry,) = (tmp_path / "c").rglob("*.json")
    entry.write_text(text)
    run, asked = ran(task, tmp_path / "c")
    assert (asked, run.results) == (1, {"0": (BAD,)})


def test_a_failure_is_never_kept(task: Task, tmp_path: Path) -> None:
    failing = lambda t: Run(version="1", rules=1, results={"0": ()}, failures={"0": "no"})  # noqa: E731
    ran(task, tmp_path / "c", saying=failing)
    run, asked = ran(task, tmp_path / "c")
    assert (asked, run.failures) == (1, {})


def test_a_folder_that_cannot_be_written_costs_time_only(task: Task, tmp_path: Path) -> None:
    (tmp_path / "c").write_text("a file")
    assert ran(task, tmp_path / "c")[0].results == {"0": (BAD,)}


def test_what_a_stack_says_besides_its_template_is_part_of_its_key(task: Task, tmp_path: Path) -> None:
    asked = []
    for access in (Access(file="a"), Access(file="a"), Access(file="b"), None):
        fake = Fake("cfn-guard", BAD)
        CachedEngine(fake, tmp_path / "c", beside={"0": access}).run(task)
        asked.append(len(fake.ran))
    assert asked == [1, 0, 1, 1]
