"""The worker process: one line of JSON asked, one answered, within a time, and never left behind."""

import contextlib
import json
import os
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, cast

from stackproof.engines.protocol import EngineFailure

Json = Any

# What a Python process needs; anything else (PYTHONPATH, checkov's own settings, credentials) stays with us.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH")

_LAST_WORDS = 5.0  # seconds


class Worker:
    """A running worker. Any failure ends it; what is asked of it afterwards fails too."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it.

        Raises: EngineFailure when there is no such program.
        """
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=environment,
            )
        except OSError as error:
            self._errors.close()
            raise EngineFailure(
                f"checkov's worker can't be started: {command[0]}: {error.strerror}. "
                "Run `stackproof engines` to install it anew."
            ) from error
        self._timed_out = False
        # Whoever waits for an answer may be a thread that an interrupted program leaves behind.
        weakref.finalize(self, self._process.kill)

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return self._process.poll() is None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End it when what is done inside takes longer: whoever waits for its answer then sees that it has ended."""

        def expire() -> None:
            self._timed_out = True
            self._process.kill()

        watch = threading.Timer(max(seconds, 0.0), expire)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def ask(self, request: Json) -> dict[str, Json]:
        """Its answer.

        Raises: EngineFailure when it ended, was too slow, or said something that is no answer.
        """
        stdin, stdout = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        try:
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.flush()
            line = stdout.readline()
        except OSError:  # it ended while we wrote
            line = b""
        if not line.endswith(b"\n"):
            raise self._ended()
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            self.close()
            said = line.decode("utf-8", "replace").strip()[:80]
            raise EngineFailure(f"checkov's worker said something that is no answer: {said!r}. Please report it.")
        return answer

    def close(self) -> None:
        """End it, whatever it is doing, and wait until it is gone."""
        if self._errors.closed:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what we had still to write finds nobody
                cast("IO[bytes]", pipe).close()
        self._errors.close()

    def _ended(self) -> EngineFailure:
        if self._errors.closed:
            return EngineFailure("checkov's worker has ended. Please run it again.")
        with contextlib.suppress(subprocess.TimeoutExpired):  # it closed its output and may be about to end by itself
            self._process.wait(_LAST_WORDS)
        self._process.kill()
        code = self._process.wait()
        self._errors.seek(0)
        said = [line for line in self._errors.read().decode("utf-8", "replace").splitlines() if line.strip()]
        self.close()
        if self._timed_out:
            return EngineFailure(
                "checkov did not answer in time and was stopped. Judge fewer templates in one call, or report it."
            )
        how = f"with exit code {code}" if code >= 0 else f"by signal {-code}"
        return EngineFailure(
            f"checkov's worker ended {how}: {said[-1].strip() if said else 'it said nothing'}. "
            "Run `stackproof engines --verify` to see whether it is whole."
        )
