"""What an engine is: it takes all templates of a run at once and says of every rule and resource how it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from stackproof.errors import EngineError
from stackproof.findings.result import Result
from stackproof.template.model import Template

Json = Any


class EngineFailure(EngineError):
    """An engine is missing, crashed, timed out, printed garbage, loaded no rules, dropped a rule or skipped a template.
    The sentence names which, and says how to mend it."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One template to judge: under one environment and one assignment of its undecided conditions (a variant).

    `key` is unique in a run and safe as a file name. `template` is the resolved model; `rendered` the same as long-form
    JSON for engines that resolve nothing: parameters, conditions and mappings are gone, references to resources are
    {"Ref"}, {"Fn::GetAtt": [id, attribute]} or {"Fn::Sub": text}, and an unknown value is a text that starts with
    `stackproof.template.render.UNKNOWN`.
    """

    key: str
    template: Template
    rendered: Json
    environment: Path | None = None  # the deployment file


@dataclass(frozen=True, kw_only=True)
class Task:
    """What one engine is to do: the rules that it must evaluate (by name, from the catalogue), on every subject.

    `policies` is the policies folder; `thresholds` is thresholds.yaml as data. `timeout` in seconds is for the whole
    task."""

    policies: Path
    rules: tuple[str, ...]
    thresholds: Mapping[str, Any]
    subjects: Sequence[Subject]
    timeout: float = 600.0


@dataclass(frozen=True, kw_only=True)
class Run:
    """What an engine did. `results` and `raw` (the engine's own output, for evidence) are by subject key; a subject
    that the engine could not judge stands in `failures` with a sentence instead. Each rule of the task must be
    accounted for in each subject: a rule without any result there did not apply (`not_applicable`), which the engine
    knows for sure. `informational` has, by subject key, what an engine remarks without calling it a fault: shown, and
    never failing."""

    version: str
    rules: int
    results: Mapping[str, tuple[Result, ...]]
    failures: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Json] = field(default_factory=dict)
    informational: Mapping[str, tuple[Result, ...]] = field(default_factory=dict)


class Engine(Protocol):
    """One engine."""

    name: str

    def version(self) -> str:
        """The version that is installed, part of the cache key.

        Raises: EngineFailure when it is not there.
        """
        ...

    def run(self, task: Task) -> Run:
        """Judge all subjects.

        Raises: EngineFailure when nothing can be said about any subject.
        """
        ...

    def close(self) -> None:
        """End the processes that it has running, also while another thread waits for them: Ctrl-C leaves none
        behind."""
        ...
