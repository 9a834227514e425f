"""Whatever stands in a template, a check of ours answers: a crash would be a failure of the whole template."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stackproof.engines.cases import load_cases
from stackproof.engines.protocol import Run, Subject, Task
from stackproof.findings.outcome import Outcome
from stackproof.template.render import UNKNOWN
from tests.engines.checkov.conftest import POLICIES

NOT_KNOWN = f"{UNKNOWN}parameter P has no value>"
ODD = (None, True, 5, -1.5, "", "x", [], [5], [[]], [{}], {}, {"x": 1}, {"Ref": "X"}, {"Fn::Sub": 5}, NOT_KNOWN)


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


def spoilt(path: Path) -> Iterator[tuple[str, Subject]]:
    """Every good template of a check with each part of it replaced by each odd value, and the place of that part."""
    number = 0
    for case in (case for case in load_cases(path) if case.kind == "good"):
        for variant, subject in enumerate(case.subjects()):
            for place in places(subject.rendered):
                if len(place) < 3 or "Properties" not in place:
                    continue
                for odd in ODD:
                    number += 1
                    where = "/".join(map(str, (case.name, variant, *place)))
                    rendered = changed(subject.rendered, place, odd)
                    yield where, Subject(key=str(number), template=subject.template, rendered=rendered)


@pytest.fixture(scope="module")
def judge(engine, thresholds):
    def run(path: Path) -> tuple[list[tuple[str, Subject]], Run]:
        subjects = list(spoilt(path))
        assert len(subjects) > 50
        rule = f"CKV_STACKPROOF_{path.stem.upper()}"
        task = Task(policies=POLICIES, rules=(rule,), thresholds=thresholds, subjects=[one for _, one in subjects])
        return subjects, engine.run(task)

    return run


@pytest.mark.parametrize("path", sorted((POLICIES / "checkov_checks").glob("*.yaml")), ids=lambda path: path.stem)
def test_no_shape_crashes_and_nothing_unknown_passes(judge, path: Path) -> None:
    """A place may be unknown and pass only where whatever stands there passes."""
    subjects, done = judge(path)
    assert dict(list(done.failures.items())[:3]) == {}
    unknown, failed = set(), {}
    for where, one in subjects:
        outcomes = {found.outcome for found in done.results[one.key]}
        if NOT_KNOWN in json.dumps(one.rendered) and outcomes <= {Outcome.PASS}:
            unknown.add(where)
        elif Outcome.FAIL in outcomes:
            failed[where] = one.rendered
    assert {where: failed[where] for where in unknown & failed.keys()} == {}
