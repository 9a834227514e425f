from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from stackproof.engines.cfnlint import CfnLintEngine
from stackproof.engines.protocol import Run, Subject, Task
from stackproof.template.model import Template
from stackproof.template.read import source

POLICIES = Path(__file__).parents[3] / "policies"
STACK = Path(__file__).parents[3] / "template" / "stack.yaml"
RULES = tuple(sorted(path.stem for path in (POLICIES / "cfnlint_rules").glob("*.py")))
RUNTIMES = ("E2531", "E2533", "W2531")
ALL = ("E", "W", *RUNTIMES, *RULES)


@pytest.fixture(scope="session")
def engine() -> Iterator[CfnLintEngine]:
    """One engine for all tests that need no other: its workers are kept."""
    with CfnLintEngine() as kept:
        yield kept


def subject(text: str, key: str = "one", environment: Path | None = None, path: str | None = None) -> Subject:
    """A subject of cfn-lint's: it judges the text and nothing else."""
    read = source(text, path or f"{key}.yaml")
    return Subject(key=key, template=Template(source=read, resources={}), rendered={}, environment=environment)


def task(*subjects: Subject, rules: tuple[str, ...] = ALL, policies: Path = POLICIES, timeout: float = 120.0) -> Task:
    """A task with these subjects."""
    return Task(policies=policies, rules=rules, thresholds={}, subjects=subjects, timeout=timeout)


def failing(run: Run, key: str = "one") -> set[tuple[str, str | None, tuple[str | int, ...], int | None]]:
    """What does not pass: rule, logical id, path, line."""
    return {(r.rule.rule, r.resource, r.path, r.line) for r in run.results[key] if r.outcome != "pass"}


def passing(run: Run, key: str = "one") -> set[tuple[str, str | None]]:
    """What passes: rule and logical id."""
    return {(r.rule.rule, r.resource) for r in run.results[key] if r.outcome == "pass"}


def place(data: Any, path: tuple[str | int, ...]) -> Any:
    """The value at a path of a template; raises when it is not there."""
    for step in path:
        data = data[step]
    return data


def deployment(folder: Path, template: str, parameters: Mapping[str, str]) -> Path:
    """A deployment file."""
    import json

    file = folder / "environment.yaml"
    file.write_text(json.dumps({"template-file-path": template, "parameters": parameters}), encoding="utf-8")
    return file
