"""Run the engines side by side, each in a thread of its own but the one that computes here."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from stackproof.engines.protocol import Engine, EngineFailure, Run, Task

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What became of an engine: its run, or why there is none; `seconds` is wall time."""

    engine: str
    seconds: float
    run: Run | None = None
    error: str = ""
    version: str = ""


@dataclass(kw_only=True)
class _Finished:
    lock: threading.Lock = field(default_factory=threading.Lock)
    ran: dict[str, Ran] = field(default_factory=dict)


def run_all(engines: Sequence[Engine], tasks: Mapping[str, Task], progress: Progress) -> dict[str, Ran]:
    """Every engine's run, by its name. The last engine runs in this thread: put the one there that computes in Python.

    An engine that fails is told, never left out: whatever it raises becomes its error.
    """
    finished = _Finished()
    *aside, here = engines
    try:
        with _interruptible([_thread(engine, tasks[engine.name], finished, progress) for engine in aside]):
            _one(here, tasks[here.name], finished, progress)
    except BaseException:
        for engine in engines:
            engine.close()
        raise
    return {engine.name: finished.ran[engine.name] for engine in engines}


@contextmanager
def _interruptible(threads: list[threading.Thread]) -> Iterator[None]:
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)  # a join without end would not be interrupted


def _thread(engine: Engine, task: Task, finished: _Finished, progress: Progress) -> threading.Thread:
    # Daemons: after Ctrl-C nobody waits for an engine.
    return threading.Thread(target=_one, args=(engine, task, finished, progress), daemon=True, name=engine.name)


def _one(engine: Engine, task: Task, finished: _Finished, progress: Progress) -> None:
    start = time.monotonic()
    run, error, version = None, "", ""
    try:
        run = engine.run(task)
        version = run.version
        if not run.results and not run.failures:
            run, error = None, f"{engine.name} judged no template."
    except EngineFailure as failure:
        error = str(failure)
    except Exception as failure:  # noqa: BLE001 - the engine boundary: whatever it raises, it failed
        error = f"{engine.name} failed: {type(failure).__name__}: {failure}"
    ran = Ran(engine=engine.name, seconds=time.monotonic() - start, run=run, error=error, version=version)
    with finished.lock:
        finished.ran[engine.name] = ran
        progress(f"{engine.name} {'failed' if error else 'done'} after {ran.seconds:.1f} s")
