"""One clock for handlers, processor, moto and alarms: it stands still until somebody moves it.

Timers are data (when, kind, payload), not closures, so that the state of a session can be saved and restored.
"""

import heapq
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import time_machine

from stackproof.embedded.errors import EmbeddedError

Handler = Callable[[Mapping[str, Any]], None]


@dataclass(order=True, kw_only=True)
class Timer:
    """Something due at `when` (UTC); `order` keeps timers of the same instant in the order they were set."""

    when: datetime
    order: int
    kind: str = field(compare=False)
    payload: dict[str, Any] = field(compare=False)


class Clock:
    """The session's time. `advance` runs what falls due on the way, at its own instant and in order."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise EmbeddedError(f"The clock needs a start with a time zone, not {start!r}.")
        self._start = start.astimezone(UTC)
        self._now = self._start
        self._travel: time_machine.travel | None = None
        self._traveller: time_machine.Traveller | None = None
        self._sleep = mock.patch("time.sleep", self.pass_time)
        self._timers: list[Timer] = []
        self._order = 0
        self._handlers: dict[str, Handler] = {}

    def start(self) -> None:
        """Freeze Python's time at the start; from here on `time` and `datetime` show the session's time."""
        self._travel = time_machine.travel(self._now, tick=False)
        self._traveller = self._travel.start()
        self._sleep.start()

    def stop(self) -> None:
        """Give the real time back."""
        self._sleep.stop()
        if self._travel is not None:
            self._travel.stop()

    def now(self) -> datetime:
        """The session's time, UTC."""
        return self._now

    def on(self, kind: str, handler: Handler) -> None:
        """Say who runs the timers of a kind; one handler a kind."""
        if kind in self._handlers:
            raise EmbeddedError(f"Timers of the kind {kind!r} have a handler already.")
        self._handlers[kind] = handler

    def after(self, seconds: float, kind: str, **payload: Any) -> Timer:
        """Set a timer `seconds` from now. The payload must be plain data."""
        if kind not in self._handlers:
            raise EmbeddedError(f"No handler for timers of the kind {kind!r}.")
        self._order += 1
        timer = Timer(when=self._now + timedelta(seconds=seconds), order=self._order, kind=kind, payload=payload)
        heapq.heappush(self._timers, timer)
        return timer

    def cancel(self, kind: str, **match: Any) -> int:
        """Remove the timers of a kind whose payload holds all of `match`; returns how many."""
        gone = [t for t in self._timers if t.kind == kind and match.items() <= t.payload.items()]
        self._timers = [t for t in self._timers if t not in gone]
        heapq.heapify(self._timers)
        return len(gone)

    def pending(self, kind: str | None = None) -> list[Timer]:
        """The timers that are set, soonest first."""
        return sorted(t for t in self._timers if kind is None or t.kind == kind)

    def advance(self, seconds: float) -> None:
        """Move the time forward, running every timer on the way at its instant."""
        self.advance_to(self._now + timedelta(seconds=seconds))

    def advance_to(self, when: datetime) -> None:
        """Move the time to `when`, running every timer on the way; a timer may set others."""
        while self._timers and self._timers[0].when <= when:
            self.run_next()
        self._move(max(when, self._now))

    def run_next(self) -> Timer | None:
        """Go to the next timer and run it; None when no timer is set."""
        if not self._timers:
            return None
        timer = heapq.heappop(self._timers)
        self._move(max(timer.when, self._now))
        self._handlers[timer.kind](timer.payload)
        return timer

    def leap(self, seconds: float) -> None:
        """Move the time at once; timers that fell due on the way run late, at the end, recurring ones only once."""
        self._move(self._now + timedelta(seconds=seconds))
        self.advance(0)

    def show(self, when: datetime) -> None:
        """Let the process that is about to be run, late and in one go, see another time; no timer runs. Whoever calls
        this brings the session's own time back."""
        self._move(when)

    def state(self) -> dict[str, Any]:
        """Plain data from which `restore` brings the same instant and timers back."""
        return {"now": self._now, "order": self._order, "timers": list(self._timers)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Return to a saved instant with its timers."""
        self._order, self._timers = state["order"], list(state["timers"])
        self._move(state["now"])

    def pass_time(self, seconds: float) -> None:
        """A process sleeps or waits: the time moves on; timers due meanwhile run when the session goes on."""
        self._move(self._now + timedelta(seconds=seconds))

    def _move(self, when: datetime) -> None:
        step, self._now = when - self._now, when
        if self._traveller is not None:
            self._traveller.shift(step)  # not `move_to`, which touches TZ in an environment that may be a process's own


def real_seconds() -> float:
    """Seconds of real time, for the durations that are shown to people; never part of a result."""
    return time.perf_counter()
