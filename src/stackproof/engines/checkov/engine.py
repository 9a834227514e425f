"""The engine: a worker for a run, or one for many."""

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stackproof.engines import setup
from stackproof.engines.checkov import answers
from stackproof.engines.checkov.process import Worker
from stackproof.engines.protocol import EngineFailure, Json, Run, Subject, Task
from stackproof.findings.result import Result
from stackproof.template.render import UNKNOWN

# The worker is a package of its own, `worker`, for an interpreter that does not know ours.
_START = "import sys; sys.path.append(sys.argv[1]); from worker.main import main; sys.path.pop(); main()"


def _installed(progress: Callable[[str], None]) -> tuple[str, ...]:
    # -I: nothing of the user's (the current folder, PYTHONPATH, site packages) gets in between checkov and the versions
    # that it is locked to. -B: the environment stays as it was installed.
    python = str(setup.ensure("checkov", progress).path)
    return (python, "-I", "-B", "-X", "utf8", "-c", _START, str(Path(__file__).parent))


class CheckovEngine:
    """checkov's checks by their ids: CKV_AWS_* are its own, CKV_STACKPROOF_* are files in policies/checkov_checks.

    `progress` is told when checkov has to be installed first. `command` starts another worker than ours, for tests.
    """

    name = answers.NAME

    def __init__(
        self, progress: Callable[[str], None] = lambda _: None, *, command: Sequence[str] | None = None
    ) -> None:
        self._progress = progress
        self._command = command
        self._kept = False
        self._worker: Worker | None = None
        self._loaded: tuple[str, answers.Loaded] | None = None

    def version(self) -> str:
        """The version of checkov, which is installed first if it is not there; starts no process otherwise."""
        return setup.ensure("checkov", self._progress).version

    @contextmanager
    def session(self) -> Iterator["CheckovEngine"]:
        """Keep the worker over several runs of the same rules: it starts with the first and ends with the block."""
        self._kept = True
        try:
            yield self
        finally:
            self._kept = False
            self.close()

    def run(self, task: Task) -> Run:
        """Judge all subjects.

        Raises: EngineFailure.
        """
        if not task.rules:
            raise EngineFailure(
                "checkov has no rules to evaluate. Name some in controls.yaml, or leave the engine out."
            )
        try:
            return self._run(task, self._command or _installed(self._progress))
        except BaseException:  # Ctrl-C too: the worker must not outlive us
            self.close()
            raise
        finally:
            if not self._kept:
                self.close()

    def _run(self, task: Task, command: Sequence[str]) -> Run:
        deadline = time.monotonic() + task.timeout  # from here on: what was installed first took its own time
        worker, have = self._started(task, command, deadline)
        found: dict[str, tuple[Result, ...]] = {}
        failures: dict[str, str] = {}
        raw: dict[str, Json] = {}
        with worker.within(deadline - time.monotonic()):
            for subject in task.subjects:
                answer = worker.ask(_request(subject))
                raw[subject.key] = answer
                try:
                    found[subject.key] = answers.results(answer, subject, have)
                except answers.Unjudged as error:
                    failures[subject.key] = f"checkov did not judge {subject.template.source.path}: {error}."
        return Run(version=have.version, rules=len(have.checks), results=found, failures=failures, raw=raw)

    def _started(self, task: Task, command: Sequence[str], deadline: float) -> tuple[Worker, answers.Loaded]:
        request = _load(task)
        same = json.dumps([request, _state(request["custom"])], sort_keys=True)
        if self._worker is not None and self._worker.alive and self._loaded is not None and self._loaded[0] == same:
            return self._worker, self._loaded[1]
        self.close()
        self._worker = Worker(command)
        with self._worker.within(deadline - time.monotonic()):
            have = answers.loaded(self._worker.ask(request), task.rules)
        self._loaded = (same, have)
        return self._worker, have

    def close(self) -> None:
        """End the worker, also while another thread waits for it."""
        if self._worker is not None:
            self._worker.close()
        self._worker = self._loaded = None


def _load(task: Task) -> dict[str, Json]:
    custom = task.policies / "checkov_checks"
    return {
        "checks": list(task.rules),
        "custom": os.path.abspath(custom) if custom.is_dir() else None,
        "thresholds": dict(task.thresholds),
        "unknown": UNKNOWN,
    }


def _state(folder: str | None) -> list[Json]:
    """What changes when a custom check is edited, so that a kept worker is not asked with the old one."""
    if folder is None:
        return []
    files = sorted(Path(folder).glob("*.py"))
    return [[file.name, (stat := file.stat()).st_mtime_ns, stat.st_size] for file in files]


def _request(subject: Subject) -> dict[str, Json]:
    return {"key": subject.key, "resources": subject.rendered.get("Resources", {})}
