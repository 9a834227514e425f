"""The process dies just before or just after any call of the flow; AWS starts it again; nothing is lost or done twice.

A death is a BaseException that passes every handler of the code. Lambda's own retry and the schedule come afterwards,
as they would on AWS.
"""

from collections.abc import Callable
from typing import Any

import pytest

from batchflow import clients
from tests.lambdas.conftest import World, record
from tests.lambdas.test_flow import BATCH, STOPPED, check_settled, trail

OPERATIONS = (
    "get_item",
    "execute_transaction",
    "execute_statement",
    "put_object",
    "get_object",
    "submit_job",
    "list_jobs",
    "describe_jobs",
    "invoke",
)
CALLS = {"events": 24, "schedule": 24}
"""The calls of the undisturbed flow: each is a point of death."""
POINTS = [(way, number) for way, calls in CALLS.items() for number in range(1, calls + 2)]


class Death(BaseException):
    """The end of the process."""


class Mortal:
    """A client whose calls may be the last."""

    def __init__(self, client: Any, step: Callable[[Callable[[], Any]], Any]) -> None:
        self._client = client
        self._step = step

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name not in OPERATIONS:
            return real
        return lambda **parameters: self._step(lambda: real(**parameters))


class Fate:
    """Kills at the call of one number, before or after it takes effect."""

    def __init__(self, number: int, after: bool) -> None:
        self.left = number
        self.after = after
        self.struck = False

    def step(self, call: Callable[[], Any]) -> Any:
        self.left -= 1
        if self.left != 0:
            return call()
        self.struck = True
        if self.after:
            call()
        raise Death


def retried(run: Callable[[], None]) -> None:
    """Run an asynchronous invocation as Lambda does: once more after a failure."""
    try:
        run()
    except Death:
        run()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("way", "number"), POINTS)
def test_no_crash_point_loses_or_doubles_a_batch(
    world: World, monkeypatch: pytest.MonkeyPatch, way: str, number: int, after: bool
) -> None:
    fate = Fate(number, after)
    monkeypatch.setattr(clients, "patient", lambda service: Mortal(world.client(service), fate.step))
    monkeypatch.setattr(clients, "once", clients.patient)

    retried(lambda: world.upload(record()))
    for _ in range(3):  # until the batch surely has a job
        world.pass_time(minutes=5)
        retried(world.tick)
        retried(world.hand_over)
    assert [job["jobName"] for job in world.batch.jobs.values()] == [BATCH]
    for status in ("RUNNABLE", "RUNNING"):
        event = world.move(status)
        retried(lambda event=event: world.event(event) if way == "events" else world.tick())  # type: ignore[misc]
        world.pass_time(minutes=5)
    world.publish(BATCH)
    event = world.move("SUCCEEDED", **STOPPED)
    retried(lambda: world.event(event) if way == "events" else world.tick())
    world.pass_time(minutes=5)
    retried(world.tick)
    retried(world.tick)

    assert trail(world) == ["RECEIVED", "SUBMITTED", "RUNNABLE", "RUNNING", "SUCCEEDED"]
    check_settled(world)
    measured = world.metrics()
    assert measured.get("JobsSucceeded", [1]) == [1]
    assert measured.get("JobsSubmitted", [1]) == [1]
    assert fate.struck == (number <= CALLS[way])
