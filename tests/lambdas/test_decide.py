"""Pure decisions of the monitor, one by one and as a state machine over any interleaving of what can be observed."""

from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from batchflow import ledger
from batchflow.decide import (
    GRACE,
    Apply,
    Conclude,
    Ignore,
    Resubmit,
    Settle,
    conclude,
    decide,
    rank,
    submitted,
)
from batchflow.manifest import Manifest, Outcome
from batchflow.model import Absent, AuditEvent, Job, Observation, Seen, Status
from tests.lambdas.samples import NOW, manifest, received, seen, signature

RUN = (Status.RUNNABLE, Status.STARTING, Status.RUNNING)


def running() -> Job:
    job, _ = received()
    job, _ = ledger.append(job, submitted("job-1", NOW, {}), signature())
    decision = decide(job, seen(Status.RUNNING), NOW)
    assert isinstance(decision, Apply)
    return ledger.append(job, decision.change, signature())[0]


def ended(status: Status) -> Job:
    return replace(running(), status=status)


def test_a_retry_is_newer_than_the_attempt_before() -> None:
    decision = decide(running(), seen(Status.RUNNABLE, stopped=1), NOW)
    assert isinstance(decision, Apply)
    assert decision.change.status is Status.RUNNABLE
    assert decision.change.fields == {"progress": 13}


@pytest.mark.parametrize("late", [seen(Status.RUNNABLE), seen(Status.STARTING), seen(Status.RUNNING)])
def test_late_and_repeated_observations_change_nothing(late: Seen) -> None:
    assert decide(running(), late, NOW) == Ignore(why="nothing new")


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.REJECTED, Status.FAILED])
@pytest.mark.parametrize("observation", [seen(Status.RUNNING, stopped=3), seen(Status.FAILED, stopped=3), Absent()])
def test_final_is_final(status: Status, observation: Observation) -> None:
    assert decide(ended(status), observation, NOW) == Settle()
    assert isinstance(decide(replace(ended(status), active=None), observation, NOW), Ignore)
    assert isinstance(conclude(ended(status), observation, manifest()), Ignore)


@pytest.mark.parametrize("batch_status", [Status.SUCCEEDED, Status.FAILED])
@pytest.mark.parametrize(
    ("outcome", "status"), [(Outcome.PROCESSED, Status.SUCCEEDED), (Outcome.REJECTED, Status.REJECTED)]
)
def test_the_manifest_decides(batch_status: Status, outcome: Outcome, status: Status) -> None:
    observation = seen(batch_status, stopped=1)
    assert decide(running(), observation, NOW) == Conclude()
    decision = conclude(running(), observation, manifest(outcome))
    assert isinstance(decision, Apply)
    assert decision.change.status is status
    assert decision.change.fields["content_sha256"] == "ab" * 32
    assert decision.change.fields["reason"] == ("TRAILER_SUM" if status is Status.REJECTED else None)


@pytest.mark.parametrize(
    ("observation", "reason"),
    [
        (seen(Status.FAILED, reason="Host EC2 (instance i-1) terminated."), "Host EC2 (instance i-1) terminated."),
        (seen(Status.FAILED), "AWS Batch gave no reason"),
        (seen(Status.SUCCEEDED), "the job ended well but published no manifest"),
        (Absent(), "the job is unknown to AWS Batch and published no manifest"),
    ],
)
def test_without_a_manifest_it_failed(observation: Observation, reason: str) -> None:
    decision = conclude(running(), observation, None)
    assert isinstance(decision, Apply)
    assert (decision.change.status, decision.change.fields["reason"]) == (Status.FAILED, reason)
    assert decision.change.detail["reason"] == reason


def test_absence_means_something_only_after_the_grace() -> None:
    assert decide(running(), Absent(), NOW + GRACE - timedelta(seconds=1)) == Ignore(why="not yet known to AWS Batch")
    assert decide(running(), Absent(), NOW + GRACE) == Conclude()


def test_a_received_batch_waits_for_its_lease_and_is_then_resubmitted() -> None:
    job, _ = received()
    assert decide(job, Absent(), NOW) == Ignore(why="being submitted")
    assert decide(job, Absent(), NOW + timedelta(seconds=120)) == Resubmit()


def test_an_event_of_a_received_batch_records_its_job_first() -> None:
    job, _ = received()
    decision = decide(job, seen(Status.RUNNING), NOW)
    assert isinstance(decision, Apply)
    assert decision.again
    assert decision.change.status is Status.SUBMITTED
    assert decision.change.fields["job_id"] == "job-1"


def test_another_job_of_the_batch_counts_only_by_a_manifest() -> None:
    assert isinstance(decide(running(), seen(Status.RUNNING, stopped=5, job_id="job-2"), NOW), Ignore)
    other = seen(Status.FAILED, stopped=1, job_id="job-2")
    assert decide(running(), other, NOW) == Conclude()
    assert isinstance(conclude(running(), other, None), Ignore)
    assert isinstance(conclude(running(), other, manifest()), Apply)


def test_rank_orders_attempts_before_statuses() -> None:
    observed = [seen(status, stopped) for stopped in (0, 1, 2) for status in RUN]
    assert sorted(observed, key=rank) == observed


class Batch(RuleBasedStateMachine):
    """One job in AWS Batch and its record; observations are delivered late, twice, in any order, or never."""

    def __init__(self) -> None:
        super().__init__()
        self.job, event = received()
        self.events: list[AuditEvent] = [event]
        self.now = NOW
        self.truth = seen(Status.SUBMITTED)
        self.told: list[Seen] = []
        self.published: Manifest | None = None
        self.ended_with: Status | None = None

    @initialize(recorded=st.booleans())
    def submit(self, recorded: bool) -> None:
        if recorded:
            self._record(submitted("job-1", self.now, {}))

    def _record(self, change: ledger.Change) -> None:
        before = self.job
        self.job, event = ledger.append(self.job, change, signature(self.now))
        self.events.append(event)
        assert not before.status.final
        assert self.job.progress >= before.progress

    def _tell(self, status: Status, stopped: int) -> None:
        self.truth = seen(status, stopped, reason="said by AWS Batch")
        self.told.append(self.truth)

    @precondition(lambda self: not self.truth.status.final)
    @rule()
    def go_on(self) -> None:
        following = {Status.SUBMITTED: RUN[0], RUN[0]: RUN[1], RUN[1]: RUN[2], RUN[2]: RUN[2]}
        self._tell(following[self.truth.status], self.truth.stopped_attempts)

    @precondition(lambda self: not self.truth.status.final and self.truth.stopped_attempts < 9)
    @rule()
    def lose_the_host(self) -> None:
        self._tell(Status.RUNNABLE, self.truth.stopped_attempts + 1)

    @precondition(lambda self: self.truth.status is Status.RUNNING and self.published is None)
    @rule(outcome=st.sampled_from(Outcome))
    def publish(self, outcome: Outcome) -> None:
        self.published = manifest(outcome)

    @precondition(lambda self: not self.truth.status.final)
    @rule(status=st.sampled_from([Status.SUCCEEDED, Status.FAILED]))
    def end(self, status: Status) -> None:
        self._tell(status, self.truth.stopped_attempts + 1)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        self._observe(data.draw(st.sampled_from(self.told)))

    @rule(minutes=st.integers(0, 5))
    def reconcile(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        if self.job.job_id:
            self._observe(self.truth)

    def _observe(self, observation: Seen) -> None:
        for _ in range(3):
            decision = decide(self.job, observation, self.now)
            if isinstance(decision, Conclude):
                decision = conclude(self.job, observation, self.published)
            if not isinstance(decision, Apply):
                return
            self._record(decision.change)

    @invariant()
    def chain_holds(self) -> None:
        assert [event.sequence for event in self.events] == list(range(1, self.job.sequence + 1))
        for before, after in zip(self.events, self.events[1:], strict=False):
            assert (after.previous_hash, after.previous_status) == (before.hash, before.status)
        assert all(event.hash == ledger.digest(asdict(event)) for event in self.events)
        assert self.job.last_hash == self.events[-1].hash

    @invariant()
    def final_stays(self) -> None:
        if self.ended_with:
            assert self.job.status is self.ended_with
        elif self.job.status.final:
            self.ended_with = self.job.status
            assert self.truth.status.final

    def teardown(self) -> None:
        """Whatever was lost: once the job has ended, one look is enough for the right final status."""
        if not self.truth.status.final:
            self._tell(Status.FAILED, self.truth.stopped_attempts)
        self._observe(self.truth)
        expected = {Outcome.PROCESSED: Status.SUCCEEDED, Outcome.REJECTED: Status.REJECTED}
        assert self.job.status is (expected[self.published.outcome] if self.published else Status.FAILED)
        length = self.job.sequence
        for observation in self.told:
            self._observe(observation)
        assert self.job.sequence == length


TestBatch = Batch.TestCase
TestBatch.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)
