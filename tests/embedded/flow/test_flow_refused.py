"""What a scenario tells when the stack refuses one of its steps, or was never well: a problem each, no traceback."""

from pathlib import Path

import pytest

from stackproof.errors import StackproofError
from stackproof.flow.run import Stage, _check_parts
from stackproof.flow.scenario import Scenario

UPLOAD = {"do": "upload", "key": "incoming/payments.csv"}
RUN = {"do": "run", "limit": "20m"}


def scenario(*steps: dict[str, object], **expect: object) -> Scenario:
    return Scenario.model_validate(
        {"name": "made-up", "area": "submit", "about": "x", "steps": list(steps), "expect": expect}
    )


def test_an_upload_that_is_denied_is_a_problem(stage: Stage) -> None:
    (problem,) = stage.play(scenario({**UPLOAD, "as": "MonitorRole"}, RUN))
    assert problem.startswith("incoming/payments.csv could not be uploaded as MonitorRole: ")


def test_a_step_that_aws_refuses_is_a_problem(stage: Stage) -> None:
    stage.reset()
    rule = stage.stack.resources["MonitorSchedule"].physical_id
    client = stage.session.client("events")
    client.remove_targets(Rule=rule, Ids=["monitor"])
    client.delete_rule(Name=rule)
    fresh, stage_fresh = stage.session.save(), stage.fresh
    object.__setattr__(stage, "fresh", fresh)
    try:
        problems = stage.play(scenario({"do": "rule", "rule": "MonitorSchedule", "enabled": False}))
    finally:
        object.__setattr__(stage, "fresh", stage_fresh)
    assert [p for p in problems if p.startswith("The step rule was refused: ")]


@pytest.mark.parametrize(
    "step",
    [
        {"do": "delete_archive", "key": "incoming/other.csv"},
        {"do": "overwrite_event", "key": "incoming/other.csv", "sequence": 1, "attribute": "actor", "value": "x"},
    ],
)
def test_a_batch_that_is_not_there_is_a_problem(stage: Stage, step: dict[str, object]) -> None:
    assert stage.play(scenario(step)) == ["incoming/other.csv has no batch."]


def test_an_alarm_that_was_never_well_is_a_problem(stage: Stage) -> None:
    stage.reset()
    name = stage.stack.resources["SilentMonitorAlarm"].physical_id
    stage.session.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="From before.")
    rule = stage.stack.resources["MonitorSchedule"].physical_id
    stage.session.client("events").disable_rule(Name=rule)
    stage.session.advance(20 * 60)
    fresh, stage_fresh = stage.session.save(), stage.fresh
    object.__setattr__(stage, "fresh", fresh)
    try:
        problems = stage.play(scenario({"do": "advance", "by": "10m"}))
        tolerant = stage.play(scenario({"do": "advance", "by": "10m"}, tolerated=["SilentMonitorAlarm"]))
    finally:
        object.__setattr__(stage, "fresh", stage_fresh)
    assert problems == ["The alarm SilentMonitorAlarm was in ALARM before anything was done."]
    assert tolerant == []


def test_a_restored_session_counts_its_calls_as_the_saved_one_did(stage: Stage) -> None:
    stage.reset()
    before = stage.session.world.seam.count
    assert stage.play(scenario(UPLOAD, RUN)) == []
    assert stage.session.world.seam.count > before
    stage.reset()
    assert stage.session.world.seam.count == before


def test_nothing_of_the_flow_is_left_in_the_temporary_folder(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert stage.play(scenario(UPLOAD, RUN)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_the_template_lacks_is_named(stage: Stage) -> None:
    with pytest.raises(StackproofError, match="The scenarios call Gone the archive"):
        _check_parts(stage.stack, stage.setting.scenarios.parts.model_copy(update={"archive": "Gone"}))
