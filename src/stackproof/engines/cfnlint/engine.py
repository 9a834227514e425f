"""cfn-lint as an engine: its own errors and warnings, and our rules E9001 to E9004.

It judges the original text of each template, once for each set of parameter values that an environment gives, in worker
processes. Its outcomes are those of `cfn-lint --include-checks I --append-rules cfnlint_rules --deployment-files FILE`,
whatever suppressions the template carries.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from stackproof.engines.cfnlint import outcomes
from stackproof.engines.cfnlint.session import COMMAND, Session
from stackproof.engines.protocol import EngineFailure, Run, Subject, Task
from stackproof.findings.result import Result

Json = Any

PINNED = "1.58.0"
"""The version that `speed` is written for and that the facts were measured on."""

RULES_FOLDER = "cfnlint_rules"
_ANSWER = ("matches", "resources", "undecided")
_RULE = re.compile(r"[EW]\d{0,4}")


class CfnLintEngine:
    """The engine. As a context manager it keeps its workers over several runs; else each run starts its own."""

    name = "cfn-lint"

    def __init__(
        self, *, workers: int | None = None, command: Sequence[str] = COMMAND, today: date | None = None
    ) -> None:
        """`today` is the day that rules on dates (deprecated runtimes) judge by: results are of that day."""
        self.today = today or date.today()
        self._workers = workers
        self._command = command
        self._kept = False
        self._session: Session | None = None
        self._session_key: object = None

    def __enter__(self) -> Self:
        self._kept = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kept = False
        self.close()

    def close(self) -> None:
        """End the workers."""
        if self._session:
            self._session.close()
        self._session = self._session_key = None

    def version(self) -> str:
        """The cfn-lint that is installed.

        Raises: EngineFailure when it is not there, or not the pinned one.
        """
        try:
            installed = metadata.version("cfn-lint")
        except metadata.PackageNotFoundError as error:
            raise EngineFailure(f"cfn-lint is not installed; run: pip install cfn-lint=={PINNED}") from error
        if installed != PINNED:
            raise EngineFailure(
                f"cfn-lint {installed} is installed, but stackproof is made for {PINNED}; "
                f"run: pip install cfn-lint=={PINNED}"
            )
        return installed

    def run(self, task: Task, focus: Mapping[str, frozenset[str]] | None = None) -> Run:
        """Judge all subjects. `focus`: by subject key, the logical ids that alone need judging (see `focus`).

        Raises: EngineFailure when nothing can be said about any subject.
        """
        version = self.version()
        _check_rules(task.rules)
        jobs, failures = _jobs(task, focus or {}, self.today)
        try:
            session = self._open(task.policies, task.rules)
            answers = session.lint(list({job["id"]: job for job in jobs.values()}.values()), task.timeout)
            evaluated = session.loaded
        finally:
            if not self._kept:
                self.close()
        found: dict[str, tuple[Result, ...]] = {}
        remarks: dict[str, tuple[Result, ...]] = {}
        raw: dict[str, Json] = {}
        for key, job in jobs.items():
            answer = answers[job["id"]]
            raw[key] = {name: value for name, value in answer.items() if name != "id"}
            if (failure := _failure(answer)) is not None:
                failures[key] = failure
                continue
            found[key] = outcomes.results(answer, task.rules)
            remarks[key] = outcomes.informational(answer)
        return Run(
            version=version, rules=len(evaluated), results=found, failures=failures, raw=raw, informational=remarks
        )

    def _open(self, policies: Path, rules: tuple[str, ...]) -> Session:
        folder = policies / RULES_FOLDER
        key = (folder, rules, _digest(folder))
        if self._session is None or self._session_key != key:
            self.close()
            if not folder.is_dir() and any(name.startswith("E9") for name in rules):
                raise EngineFailure(
                    f"the folder of cfn-lint rules is missing: {folder}; restore it, or name another with --policies"
                )
            self._session = Session(
                folder if folder.is_dir() else None,
                rules,
                workers=self._workers,
                command=self._command,
                version=PINNED,
            )
            self._session_key = key
        return self._session


def _digest(folder: Path) -> str:
    """Of our rule files: a session must not go on with rules that have changed."""
    texts = [(file.name, file.read_bytes()) for file in sorted(folder.glob("*.py"))]
    return hashlib.sha256(repr(texts).encode()).hexdigest()


def _check_rules(rules: Sequence[str]) -> None:
    if not rules:
        raise EngineFailure("cfn-lint was given no rules to evaluate: name some in controls.yaml")
    for name in rules:
        if not _RULE.fullmatch(name):
            raise EngineFailure(
                f"{name!r} is no rule of cfn-lint: ids are E or W and up to four digits; mend controls.yaml"
            )


def _jobs(
    task: Task, focus: Mapping[str, frozenset[str]], today: date
) -> tuple[dict[str, dict[str, Json]], dict[str, str]]:
    """What to send for each subject, and the subjects that can't be judged. Equal jobs have the same id: variants of a
    template under one environment are the same text."""
    jobs: dict[str, dict[str, Json]] = {}
    failures: dict[str, str] = {}
    for subject in task.subjects:
        try:
            parameters = _parameters(subject)
        except EngineFailure as error:
            failures[subject.key] = str(error)
            continue
        job = {
            "path": subject.template.source.path,
            "text": subject.template.source.text,
            "parameters": parameters,
            "source": subject.environment.name if subject.environment else None,
            "only": sorted(task.rules),
            "today": today.isoformat(),
            "focus": sorted(focus[subject.key]) if subject.key in focus else None,
        }
        identity = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()
        jobs[subject.key] = {"id": identity, **job}
    return jobs, failures


def _parameters(subject: Subject) -> dict[str, Json] | None:
    """The parameter values of the subject's deployment file, as cfn-lint takes them; None without a file."""
    if subject.environment is None:
        return None
    try:
        data = yaml.safe_load(subject.environment.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise EngineFailure(f"the environment {subject.environment} can't be read: {error}") from error
    parameters = data.get("parameters") or {} if isinstance(data, dict) else None
    if not isinstance(parameters, dict):
        raise EngineFailure(f"the environment {subject.environment} has no mapping of parameters")
    return {str(name): _plain(value) for name, value in parameters.items()}


def _plain(value: Json) -> Json:
    """A value as CloudFormation gets it: what YAML reads as a date is a text there."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool) else str(value)


def _failure(answer: Mapping[str, Json]) -> str | None:
    if "error" in answer:
        return str(answer["error"])
    if missing := [name for name in _ANSWER if name not in answer]:
        return f"cfn-lint's worker gave an answer without {', '.join(missing)}; install stackproof anew"
    return outcomes.crashed_rules(answer)
