"""Worker processes with cfn-lint loaded, and the handing out of jobs to them.

A session is a context manager and may serve many calls; a worker costs over a second to start, so it is kept. A worker
that crashes, does not answer in time or answers nonsense costs its job a failure and is replaced; one that can't start
is the end of the session. Nothing is left behind, whatever ends the session.
"""

import json
import os
import selectors
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from stackproof.engines.protocol import EngineFailure

Json = Any

COMMAND = (sys.executable, "-P", "-m", "stackproof.engines.cfnlint.worker")
_ANOTHER_WORKER_FROM = 250_000  # characters of templates: about what a second worker's start costs to judge
_MORE_TIME = "judge fewer templates in one call, or allow more time"


class _WorkerFailed(Exception):
    """A worker is of no more use; the text says what happened."""


class _Worker:
    """One process, its pipes, and what it is at."""

    def __init__(self, command: Sequence[str]) -> None:
        self.complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by `end`
        self.job: Mapping[str, Json] | None = None
        self.ready = False
        self._text = b""
        # A fixed hash seed: the order of cfn-lint's sets decides between equal messages, and reports must not differ.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CFN_LINT"))}
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.complaints,
                env={**environment, "PYTHONHASHSEED": "0"},
            )
        except OSError as error:
            self.complaints.close()
            raise EngineFailure(f"cfn-lint's worker does not start: {error}; install stackproof anew") from error

    @property
    def output(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def send(self, message: Mapping[str, Json]) -> None:
        """Send without waiting: a worker that does not read must not keep us from its timeout."""
        threading.Thread(target=self._write, args=(json.dumps(message).encode() + b"\n",), daemon=True).start()

    def _write(self, text: bytes) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(text)
            self.process.stdin.flush()
        except (OSError, ValueError):
            return  # the worker is gone, which the end of its output tells

    def receive(self) -> Iterator[dict[str, Json]]:
        """The answers that are whole by now: none while there is only a part of one, and two when they come at once."""
        part = os.read(self.output.fileno(), 1 << 20)
        if not part:
            raise _WorkerFailed(self._crashed())
        *lines, self._text = (self._text + part).split(b"\n")
        for line in lines:
            try:
                answer = json.loads(line)
            except ValueError as error:
                raise _WorkerFailed(f"it answered what is no JSON: {line[:200]!r}") from error
            if not isinstance(answer, dict):
                raise _WorkerFailed(f"it answered what is no JSON object: {line[:200]!r}")
            yield answer

    def _crashed(self) -> str:
        code = self.process.wait()
        self.complaints.seek(0)
        last = self.complaints.read().decode(errors="replace").strip().splitlines()[-1:]
        return f"its process ended with code {code}" + (f" ({last[0]})" if last else "")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.complaints):
            if pipe is not None:
                with suppress(OSError):  # a broken pipe has nothing left to flush
                    pipe.close()


class Session:
    """Workers with the rules of one policies folder."""

    def __init__(
        self,
        rules: Path | None,
        expected: Sequence[str],
        *,
        workers: int | None = None,
        command: Sequence[str] = COMMAND,
        version: str,
    ) -> None:
        self._hello = {"rules": None if rules is None else str(rules.resolve()), "expected": list(expected)}
        self._most = workers or min(2, os.cpu_count() or 1)
        self._command = command
        self._version = version
        self._workers: list[_Worker] = []
        self.loaded: tuple[str, ...] = ()
        self.own: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every worker and wait for it."""
        while self._workers:
            self._workers.pop().end()

    def _new_worker(self) -> _Worker:
        worker = _Worker(self._command)
        worker.send(self._hello)
        return worker

    def lint(self, jobs: Sequence[Mapping[str, Json]], timeout: float) -> dict[str, dict[str, Json]]:
        """The answer for each job, by its "id"; one that could not be judged has {"error": sentence}.

        Raises: EngineFailure when a worker can't start, has another cfn-lint, or does not load the rules.
        """
        try:
            return self._lint(jobs, time.monotonic() + timeout, timeout)
        except BaseException:
            self.close()
            raise

    def _lint(self, jobs: Sequence[Mapping[str, Json]], deadline: float, timeout: float) -> dict[str, dict[str, Json]]:
        waiting = deque(sorted(jobs, key=lambda job: len(job["text"]), reverse=True))
        answers: dict[str, dict[str, Json]] = {}
        self._start_for(jobs)
        while len(answers) < len(jobs):
            for worker in self._workers:
                if worker.ready and worker.job is None and waiting:
                    worker.job = waiting.popleft()
                    worker.send(worker.job)
            left = deadline - time.monotonic()
            speaking = list(self._speaking(left)) if left > 0 else []
            if not speaking and time.monotonic() >= deadline:
                self._give_up(jobs, answers, timeout)
            for worker in speaking:
                self._hear_or_replace(worker, answers)
        return answers

    def _start_for(self, jobs: Sequence[Mapping[str, Json]]) -> None:
        worth = len(jobs) > 1 and sum(len(job["text"]) for job in jobs) >= _ANOTHER_WORKER_FROM
        while len(self._workers) < (self._most if worth else 1):
            self._workers.append(self._new_worker())

    def _speaking(self, seconds: float) -> Iterator[_Worker]:
        with selectors.DefaultSelector() as selector:
            for worker in self._workers:
                selector.register(worker.output, selectors.EVENT_READ, worker)
            for key, _ in selector.select(seconds):
                yield key.data

    def _hear(self, worker: _Worker, answers: dict[str, dict[str, Json]]) -> None:
        for answer in worker.receive():
            if not worker.ready:
                self._check(worker, answer)
            elif worker.job is None or answer.get("id") != worker.job["id"]:
                raise _WorkerFailed(f"it answered for {answer.get('id')!r}, which it was not asked")
            else:
                answers[worker.job["id"]] = answer
                worker.job = None

    def _check(self, worker: _Worker, answer: Mapping[str, Json]) -> None:
        """What a worker says of itself: its cfn-lint, then its rules."""
        if "error" in answer:
            raise EngineFailure(str(answer["error"]))
        if "version" in answer and answer["version"] != self._version:
            raise EngineFailure(
                f"the worker has cfn-lint {answer['version']}, but stackproof is made for {self._version}; "
                f"run: pip install cfn-lint=={self._version}"
            )
        if "loaded" in answer:
            self.loaded, self.own = tuple(answer["loaded"]), tuple(answer["own"])
            if not self.loaded:
                raise EngineFailure("cfn-lint loaded no rules at all; install stackproof[gate] anew")
            worker.ready = True
        elif "version" not in answer:
            raise EngineFailure(f"cfn-lint's worker began with nonsense: {str(answer)[:200]}; install it anew")

    def _hear_or_replace(self, worker: _Worker, answers: dict[str, dict[str, Json]]) -> None:
        try:
            self._hear(worker, answers)
        except _WorkerFailed as error:
            self._workers.remove(worker)
            worker.end()
            if worker.job is None:
                raise EngineFailure(
                    f"cfn-lint's worker failed before it was given a template: {error}; install stackproof[gate] anew"
                ) from error
            answers[worker.job["id"]] = {
                "error": f"cfn-lint's worker failed on this template: {error}; run it again; if it stays so, report it"
            }
            self._workers.append(self._new_worker())

    def _give_up(self, jobs: Sequence[Mapping[str, Json]], answers: dict[str, dict[str, Json]], timeout: float) -> None:
        if not any(worker.ready for worker in self._workers):
            raise EngineFailure(f"cfn-lint did not start within {timeout:g} s; {_MORE_TIME}")
        for job in jobs:
            answers.setdefault(
                job["id"], {"error": f"cfn-lint did not judge it within the {timeout:g} s of the run; {_MORE_TIME}"}
            )
        self.close()
