"""Templates unlike ours, judged by all four engines in one call: the right findings, and no others.

What is expected of each stands beside it in `expected/`, a line a finding: outcome, control, resource, line. To write
these anew after a change that was meant: STACKPROOF_WRITE_EXPECTED=1 pytest tests/gate/test_templates.py, and read the
difference.
"""

import os
import re
from datetime import date
from pathlib import Path

import pytest

from stackproof.catalogue import default_policies, load
from stackproof.cli.gate import engines_for
from stackproof.findings.outcome import Outcome, Verdict
from stackproof.findings.report import GateReport, Report
from stackproof.gate.gate import Settings, judge
from stackproof.gate.inputs import gather
from stackproof.gate.scope import select

HERE = Path(__file__).parent / "templates"
TEMPLATES = sorted(path.name for path in HERE.iterdir() if path.suffix in (".yaml", ".json"))


def run(*templates: Path) -> GateReport:
    catalogue = load(default_policies())
    selection = select(catalogue)
    settings = Settings(catalogue=catalogue, policies=default_policies(), selection=selection, today=date.today())
    inputs = gather([str(path) for path in templates])
    engines = engines_for(selection, inputs, lambda _: None, cached=False)
    return judge(inputs, engines, settings, lambda _: None)


@pytest.fixture(scope="module")
def report() -> GateReport:
    return run(*(HERE / name for name in TEMPLATES))


def of(report: GateReport, name: str) -> Report:
    return next(one for one in report.reports if Path(one.template).name == name)


def lines(report: Report) -> list[str]:
    return sorted({f"{f.outcome} {f.control} {f.resource or '*'} {f.line or '-'}" for f in report.findings})


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_right_findings_and_no_others(report: GateReport, name: str) -> None:
    found = lines(of(report, name))
    expected = HERE / "expected" / f"{name}.txt"
    if os.environ.get("STACKPROOF_WRITE_EXPECTED"):
        expected.write_text("".join(f"{line}\n" for line in found))
    assert found == expected.read_text().splitlines()


def test_every_engine_judged_every_template(report: GateReport) -> None:
    states = {(Path(r.template).name, e.name): (e.status, e.error) for r in report.reports for e in r.engines}
    assert set(states.values()) == {("ok", None)}
    assert {name for name, _ in states} == set(TEMPLATES)
    assert report.errors == ()


def test_the_one_with_every_control_broken_breaks_every_control(report: GateReport) -> None:
    """But for those that it can't break: what is not decidable, and waivers that it does not have."""
    outcomes = {control.id: control.outcome for control in of(report, "broken.yaml").controls}
    not_broken = {name for name, outcome in outcomes.items() if outcome is not Outcome.FAIL}
    assert not_broken == {"iam-access-invariants", "lint-decidable", "lint-waivers"}


def test_a_huge_one_with_one_fault(tmp_path: Path) -> None:
    """As many copies of the good worker as CloudFormation takes, one of them with a queue that has no key."""
    head, _, body = (HERE / "worker.yaml").read_text().partition("Resources:\n")
    names = re.findall(r"^  ([A-Z]\w+):$", body, flags=re.M)
    copies = 499 // len(names)
    pattern = re.compile(rf"(^  |!Ref |!GetAtt |\$\{{|DependsOn: )({'|'.join(names)})\b", flags=re.M)
    text = "".join(pattern.sub(rf"\1\2N{i}", body).replace("/worker", f"/worker{i}") for i in range(copies))
    key = "    Type: AWS::SQS::Queue\n    Properties:\n      KmsMasterKeyId: !GetAtt KeyN7.Arn\n"
    assert text.count(key) == 2
    huge = tmp_path / "huge.yaml"
    huge.write_text(f"{head}Resources:\n" + text.replace(key, key.replace("!GetAtt KeyN7.Arn", "alias/aws/sqs"), 1))
    report = run(huge)
    assert [(e.name, e.status, e.error) for e in report.reports[0].engines if e.status != "ok"] == []
    found = {(f.control, f.resource) for f in report.reports[0].findings}
    assert found == {("encryption-sqs", "QueueN7"), ("encryption-key-usable", "QueueN7")}
    assert report.verdict is Verdict.FAIL
