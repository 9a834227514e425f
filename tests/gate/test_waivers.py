import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.errors import StackproofError
from stackproof.findings.outcome import Outcome
from stackproof.findings.report import Finding
from stackproof.findings.result import RuleId
from stackproof.gate.join import Said, findings
from stackproof.gate.waivers import WaiverFile, apply, load_waivers, overdue, speaks_of, unknown_names
from stackproof.template.read import source
from tests.gate.parts import TEMPLATE, TODAY, VERSIONING, catalogue, result

GOOD = {
    "control": "versioning",
    "resource": "Bucket",
    "reason": "the bucket holds nothing",
    "owner": "platform",
    "approver": "security",
    "expires": "2027-03-31",
}


def written(folder: Path, *entries: dict[str, object], head: str = "template: t.yaml\n") -> WaiverFile:
    lines = "".join(
        "  - " + "\n    ".join(f"{name}: {json.dumps(value)}" for name, value in entry.items()) + "\n"
        for entry in entries
    )
    path = folder / "waivers.yaml"
    path.write_text(f"{head}waivers:{' []' if not entries else ''}\n{lines}")
    return load_waivers(path)


def faulty(rule: str = "cfn-guard:versioning", resource: str | None = "Bucket") -> Finding:
    said = [Said(result=result(rule, resource, Outcome.FAIL, VERSIONING))]
    return findings(said, catalogue(), source(TEMPLATE, "t.yaml"), {})[0]


def test_a_waiver_stays_on_its_finding(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    (waived,), used = apply((faulty(),), file, TODAY)
    assert waived.waiver == file.waivers[0]
    assert waived.outcome is Outcome.FAIL
    assert used == set(file.waivers)
    assert (file.waivers[0].line, file.waivers[0].reason) == (3, "the bucket holds nothing")


@pytest.mark.parametrize(
    "other", [faulty(resource="Topic"), replace(faulty(), control="topic-key"), replace(faulty(), resource=None)]
)
def test_a_waiver_covers_nothing_else(tmp_path: Path, other: Finding) -> None:
    (left,), used = apply((other,), written(tmp_path, GOOD), TODAY)
    assert left.waiver is None
    assert not used


def test_a_waiver_of_a_rule_covers_only_what_that_rule_alone_found(tmp_path: Path) -> None:
    entry = {**{k: v for k, v in GOOD.items() if k != "control"}, "rule": "cfn-guard:versioning"}
    file = written(tmp_path, entry)
    two = replace(faulty(), rules=(*faulty().rules, *faulty("checkov:CKV_AWS_21").rules))
    (one, both), _ = apply((faulty(), two), file, TODAY)
    assert (one.waiver is not None, both.waiver) == (True, None)


@given(days=st.integers(-1000, 1000))
def test_a_waiver_holds_from_today_for_a_year_and_no_day_longer(
    days: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    expires = (TODAY + timedelta(days=days)).isoformat()
    file = written(tmp_path_factory.mktemp("w"), {**GOOD, "expires": expires})
    holds = 0 <= days <= 366
    assert bool(list(overdue(file, TODAY))) is not holds
    (found,), used = apply((faulty(),), file, TODAY)
    assert (found.waiver is not None) is holds
    assert used == set(file.waivers)  # it did match: to be told as expired, not as unused


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        *(({name: ""}, f"no {name}") for name in ("resource", "reason", "owner", "approver", "expires")),
        ({"approver": " Platform"}, "approved by its own owner"),
        ({"approver": "plat\u200bform"}, "approved by its own owner"),
        ({"approver": "\uff50latform"}, "approved by its own owner"),
        ({"reason": "\u200b"}, "reason says nothing"),
        ({"approver": "-"}, "approver says nothing"),
        ({"expires": "2027-W01-1"}, "must be a date such as"),
        ({"expires": "20270101"}, "must be a date such as"),
        ({"expires": "next year"}, "must be a date such as"),
        ({"rule": "cfn-guard:versioning"}, "either a control or a rule"),
        ({"until": "2027-01-01"}, "unknown entry 'until'"),
        ({"resource": ["Bucket"]}, "resource must be a text"),
    ],
)
def test_a_waiver_that_is_not_complete_is_a_fault_and_waives_nothing(
    tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    file = written(tmp_path, {**GOOD, **change})
    assert file.waivers == ()
    assert sentence in file.faults[0].message
    assert (file.faults[0].line, file.faults[0].file) == (3, str(tmp_path / "waivers.yaml"))


@pytest.mark.parametrize(
    "text", ["", "[]", "waivers: 3", "template: t.yaml\nwaivers: []\nmore: 1", "waivers: [", "a: *b"]
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text(text)
    with pytest.raises(StackproofError, match=r"waivers\.yaml") as told:
        load_waivers(path)
    assert told.value.exit_code == 2


def test_a_name_that_does_not_exist_is_told(tmp_path: Path) -> None:
    file = written(tmp_path, {**GOOD, "control": "versionning"})
    assert [text for _, text in unknown_names(file, catalogue())] == [
        "the waiver names the control versionning, which does not exist"
    ]


def test_a_date_that_yaml_takes_for_a_date_is_read(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    body = "".join(f"    {k}: {v}\n" for k, v in GOOD.items())
    path.write_text(f"template: t.yaml\nwaivers:\n  -\n{body}")
    assert date.fromisoformat(load_waivers(path).waivers[0].expires) == date(2027, 3, 31)


def test_a_rule_of_cfn_lint_that_the_catalogue_names_by_its_prefix_exists(tmp_path: Path) -> None:
    entry = {k: v for k, v in GOOD.items() if k != "control"}
    file = written(tmp_path, {**entry, "rule": "E3012"}, {**entry, "rule": "cfn-lint:W3010"})
    assert [w.rule for w, _ in unknown_names(file, catalogue())] == ["cfn-lint:W3010"]
    assert speaks_of(file.waivers[0], catalogue()) == {RuleId(engine="cfn-lint", rule="E")}
