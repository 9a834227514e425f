"""Whatever stands in a template, a check of ours answers: a crash would be a failure of the whole template."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stackproof.engines.cases import load_cases
from stackproof.engines.protocol import Subject, Task
from stackproof.template.render import UNKNOWN
from tests.engines.checkov.conftest import POLICIES

ODD = (None, True, 5, -1.5, "", "x", [], [5], [[]], [{}], {}, {"x": 1}, {"Ref": "X"}, {"Fn::Sub": 5}, f"{UNKNOWN}why>")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in items:
        yield (*path, step)
        yield from places(child, (*path, step))


def changed(rendered: Any, path: tuple[Any, ...], odd: Any) -> Any:
    made = copy.deepcopy(rendered)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = odd
    return made


def spoilt(path: Path) -> Iterator[Subject]:
    """Every good template of a check with each part of it replaced by each odd value, each made once."""
    seen: set[str] = set()
    for case in (case for case in load_cases(path) if case.kind == "good"):
        for subject in case.subjects():
            for place in places(subject.rendered):
                if len(place) < 3 or "Properties" not in place:
                    continue
                for odd in ODD:
                    rendered = changed(subject.rendered, place, odd)
                    text = json.dumps(rendered, sort_keys=True)
                    if text not in seen:
                        seen.add(text)
                        yield Subject(key=str(len(seen)), template=subject.template, rendered=rendered)


@pytest.mark.parametrize("path", sorted((POLICIES / "checkov_checks").glob("*.yaml")), ids=lambda path: path.stem)
def test_no_check_crashes(engine, thresholds, path: Path) -> None:
    subjects = list(spoilt(path))
    assert len(subjects) > 50
    rule = f"CKV_STACKPROOF_{path.stem.upper()}"
    done = engine.run(Task(policies=POLICIES, rules=(rule,), thresholds=thresholds, subjects=subjects))
    assert dict(list(done.failures.items())[:3]) == {}
