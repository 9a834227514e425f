"""AWS Batch under any order of submissions, endings by hand and passing time: what must always hold."""

import copy
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from tests.embedded.services.batch_support import Stage, batch_stage

NEXT = {
    "": {"PENDING", "FAILED"},
    "PENDING": {"RUNNABLE", "FAILED"},
    "RUNNABLE": {"STARTING", "FAILED"},
    "STARTING": {"RUNNING", "RUNNABLE", "FAILED"},
    "RUNNING": {"SUCCEEDED", "FAILED", "RUNNABLE"},
    "SUCCEEDED": set(),
    "FAILED": set(),
}
PLANS = st.fixed_dictionaries(
    {},
    optional={
        "run_seconds": st.sampled_from([1, 59, 200]),
        "host_lost_on_attempt": st.integers(1, 3),
        "stuck_runnable": st.booleans(),
    },
)


class Jobs(RuleBasedStateMachine):
    """Four jobs fit at a time; every job has a timeout of 100 seconds."""

    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.stage = self.stack.enter_context(batch_stage(folder))
        self.stage.image_says("import os, sys\nsys.exit(int(os.environ['CODE']))\n")
        self.stage.define(timeout={"attemptDurationSeconds": 100})
        self.by_hand: set[str] = set()

    def teardown(self) -> None:
        """Whatever happened, every job that is not stuck comes to an end."""
        self.stage.world.clock.advance(50_000)
        assert all(job.ended or job.plan.stuck_reason for job in self.stage.batch.jobs())
        self.stack.close()

    @rule(target=jobs, attempts=st.integers(1, 3), code=st.sampled_from("01"), plan=PLANS)
    def submit(self, attempts: int, code: str, plan: dict[str, Any]) -> str:
        self.stage.batch.plan(**plan)
        environment = [{"name": "CODE", "value": code}]
        return self.stage.submit(retryStrategy={"attempts": attempts}, containerOverrides={"environment": environment})

    @rule(seconds=st.sampled_from([1, 20, 61, 500]))
    def wait(self, seconds: int) -> None:
        self.stage.world.clock.advance(seconds)

    @rule(job=jobs, call=st.sampled_from(["cancel_job", "terminate_job"]))
    def end(self, job: str, call: str) -> None:
        before = self.stage.job(job).status
        getattr(self.stage.client, call)(jobId=job, reason="by hand")
        cancels = call == "cancel_job" and before in ("STARTING", "RUNNING")
        if before not in ("SUCCEEDED", "FAILED") and not cancels:
            self.by_hand.add(job)

    @rule(job=jobs)
    def release(self, job: str) -> None:
        self.stage.batch.release(job)

    @invariant()
    def states_follow_each_other(self) -> None:
        for job in self.stage.batch.jobs():
            path = ["", *self.stage.bus.statuses(job.id)]
            assert all(new in NEXT[old] for old, new in pairwise(path)), path

    @invariant()
    def attempts_stay_within_the_strategy(self) -> None:
        for job in self.stage.batch.jobs():
            assert len(job.attempts) <= int(job.retry["attempts"])
            reasons = [attempt["statusReason"] for attempt in job.attempts]
            assert "Job attempt duration exceeded timeout" not in reasons[:-1]
            assert len(job.attempts) in (job.attempt, job.attempt - 1)

    @invariant()
    def no_more_jobs_run_than_fit(self) -> None:
        running = [job for job in self.stage.batch.jobs() if job.status in ("STARTING", "RUNNING")]
        assert sum(job.vcpus for job in running) <= 16

    @invariant()
    def what_was_ended_by_hand_stays_ended(self) -> None:
        for job in self.by_hand:
            found = self.stage.job(job)
            assert (found.status, found.status_reason) == ("FAILED", "by hand")


Jobs.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestJobs = Jobs.TestCase


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with batch_stage(tmp_path) as made:
        made.define(retryStrategy={"attempts": 2})
        yield made


@pytest.mark.parametrize("moment", [0.5, 30, 75, 95])
def test_a_restored_session_lives_the_same_again(stage: Stage, moment: float) -> None:
    world = stage.world
    stage.batch.plan(host_lost_on_attempt=1)
    job = stage.submit()
    world.clock.advance(moment)
    saved = copy.deepcopy((world.states, world.clock.state(), world.ids.state(), world.identities.state()))
    told = len(stage.bus.events)
    world.clock.advance(1000)
    first, stage.bus.events[told:] = stage.bus.events[told:], []
    world.states.clear()
    world.states.update(saved[0])
    world.clock.restore(saved[1])
    world.ids.restore(saved[2])
    world.identities.restore(saved[3])
    world.clock.advance(1000)
    assert stage.bus.events[told:] == first
    assert stage.described(job)["status"] == "SUCCEEDED"
