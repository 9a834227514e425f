"""Scenarios as data: what is done to the stack, and what must be true afterwards.

They stand in `scenarios.yaml` beside the template, one list for the flow command, the end-to-end tests and what later
builds on them. Resources are named by logical id; a role stands for every caller that runs under it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError

from stackproof.errors import StackproofError
from stackproof.flow.steps import Model, Step


class BatchExpectation(Model):
    """What must be true of the batch that a key's upload made (`version` counts a key's uploads from 1)."""

    key: str
    version: int = 1
    status: str
    statuses: list[str] | None = None
    reason: str | None = None
    file_reason: str | None = None
    jobs: int | None = 1
    attempts: int | None = None
    duplicate_of: str | None = None
    counts_from_file: bool = True


class Expectation(Model):
    """What must be true at the end. Alarms that are not named must not have gone to ALARM; queues that are not named
    must be empty."""

    batches: list[BatchExpectation] = []
    alarms: dict[str, list[str]] = {}
    tolerated: list[str] = []
    dead_letters: dict[str, int] = {}
    metrics: dict[str, float] = {}
    told: list[str] = []
    """Texts, each of which stands in some mail that people got."""
    audit: Literal["intact", "broken"] = "intact"
    expired: bool = False
    settled: bool = True
    deleted: bool = False


class Scenario(Model):
    """One story: `about` says in a sentence what it proves."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    area: Literal["submit", "monitor", "audit", "alarms", "permissions"]
    about: str
    parameters: dict[str, str] = {}
    steps: list[Step]
    expect: Expectation = Expectation()


class Parts(Model):
    """Which resource of the template plays which part in the flow, by logical id."""

    inbox: str
    results: str
    archive: str
    jobs: str
    audit: str
    queue: str
    submit: str
    monitor: str
    producer: str
    prefix: str


class Scenarios(Model):
    """All scenarios of one template."""

    parts: Parts
    scenarios: list[Scenario] = Field(min_length=1)
    permissions: dict[str, dict[str, str]] = {}
    """Role -> Allow statement (policy/Sid) -> a scenario that fails without the statement."""

    def named(self, name: str) -> Scenario:
        """The scenario of that name.

        Raises: StackproofError that lists the names there are.
        """
        for scenario in self.scenarios:
            if scenario.name == name:
                return scenario
        names = "\n  ".join(f"{s.name:32} {s.about}" for s in self.scenarios)
        raise StackproofError(f"There is no scenario {name!r}. There are:\n  {names}")


def load(path: Path) -> Scenarios:
    """Read a list of scenarios.

    Raises: StackproofError that names the scenario and the key that is wrong.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StackproofError(f"{path}: {error.strerror}. The scenarios of a template stand beside it.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StackproofError(f"{path}: not readable as YAML: {error}") from None
    return parse(data, source=str(path))


def parse(data: Mapping[str, Any], *, source: str) -> Scenarios:
    """Scenarios from plain data; `source` stands in the errors."""
    try:
        scenarios = Scenarios.model_validate(data)
    except ValidationError as error:
        problems = "\n  ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise StackproofError(f"{source}:\n  {problems}") from None
    names = [s.name for s in scenarios.scenarios]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise StackproofError(f"{source}: more than one scenario is named {', '.join(twice)}.")
    return scenarios
