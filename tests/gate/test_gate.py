"""The verdict of the whole: no way to pass by accident."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stackproof.engines.protocol import EngineFailure, Run, Task
from stackproof.findings.outcome import Outcome, Severity, Verdict
from stackproof.findings.report import GateReport
from stackproof.gate.gate import judge
from stackproof.gate.inputs import gather
from tests.gate.parts import TEMPLATE, VERSIONING, Fake, engines, result, settings


@pytest.fixture
def template(tmp_path: Path) -> str:
    path = tmp_path / "t.yaml"
    path.write_text(TEMPLATE)
    return str(path)


def run(template: str, *fakes: Fake, **options: object) -> GateReport:
    return judge(gather([template]), list(fakes) or engines(), settings(**options), lambda _: None)


BAD = result("cfn-guard:versioning", outcome=Outcome.FAIL, path=VERSIONING)
UNKNOWN = result("graph:topic_key", "Topic", Outcome.UNKNOWN, ("Resources", "Topic"))


def test_what_complies_passes(template: str) -> None:
    report = run(template)
    assert (report.exit_code, report.verdict, report.scope.complete) == (0, Verdict.PASS, True)
    assert [(e.name, e.status) for e in report.reports[0].engines] == [
        (name, "ok") for name in ("cfn-lint", "cfn-guard", "checkov", "graph")
    ]


def test_a_fault_fails(template: str) -> None:
    report = run(template, *engines(cfn_guard=Fake("cfn-guard", BAD)))
    assert (report.exit_code, report.verdict) == (1, Verdict.FAIL)
    assert [(f.control, f.resource, f.line) for f in report.reports[0].findings] == [("versioning", "Bucket", 5)]


def test_an_unknown_value_never_passes(template: str) -> None:
    report = run(template, *engines(graph=Fake("graph", UNKNOWN)))
    assert (report.exit_code, report.reports[0].verdict) == (1, Verdict.FAIL)
    assert {c.id: c.outcome for c in report.reports[0].controls}["topic-key"] is Outcome.UNKNOWN


def test_fail_on_is_the_least_severity_that_fails(template: str) -> None:
    mild = engines(graph=Fake("graph", UNKNOWN))
    assert run(template, *mild, fail_on=Severity.LOW).exit_code == 1
    report = run(template, *mild, fail_on=Severity.MEDIUM)
    assert (report.exit_code, len(report.reports[0].findings)) == (0, 1)


def _raise(error: BaseException) -> Callable[[Task], Run]:
    def act(_: Task) -> Run:
        raise error

    return act


def _says(**parts: object) -> Callable[[Task], Run]:
    return lambda task: replace(Run(version="1", rules=1, results={}), **parts)  # type: ignore[arg-type]


FAULTS = {
    "missing": (_raise(EngineFailure("NAME is not installed; run `stackproof engines`")), "NAME is not installed"),
    "crashing": (_raise(RuntimeError("boom")), "NAME failed: RuntimeError: boom"),
    "out of memory": (_raise(MemoryError()), "NAME failed: MemoryError"),
    "said nothing": (_says(), "NAME judged no template"),
    "skipped a template": (_says(results={"another": ()}), "NAME skipped "),
    "could not judge it": (_says(failures={"0-0-0": "NAME: rule x crashed"}), "NAME: rule x crashed"),
}


@pytest.mark.parametrize("engine", ["cfn-lint", "cfn-guard", "checkov", "graph"])
@pytest.mark.parametrize("fault", FAULTS)
def test_an_engine_that_fails_is_exit_3_and_a_sentence_that_names_it(template: str, engine: str, fault: str) -> None:
    acts, sentence = FAULTS[fault]
    report = run(template, *engines(**{engine.replace("-", "_"): Fake(engine, acts=_named(acts, engine))}))
    assert (report.exit_code, report.verdict, report.reports[0].verdict) == (3, Verdict.ERROR, Verdict.ERROR)
    status = next(one for one in report.reports[0].engines if one.name == engine)
    assert status.status == "failed"
    assert any(sentence.replace("NAME", engine) in problem.message for problem in report.errors)
    others = [one.status for one in report.reports[0].engines if one.name != engine]
    assert others == ["ok"] * 3  # and what the others say is still told


def _named(acts: Callable[[Task], Run], engine: str) -> Callable[[Task], Run]:
    def act(task: Task) -> Run:
        try:
            run = acts(task)
        except EngineFailure as failure:
            raise EngineFailure(str(failure).replace("NAME", engine)) from None
        return replace(run, failures={key: text.replace("NAME", engine) for key, text in run.failures.items()})

    return act


def test_a_failed_engine_outweighs_findings_and_they_are_still_shown(template: str) -> None:
    broken = engines(cfn_guard=Fake("cfn-guard", BAD), graph=Fake("graph", acts=_raise(RuntimeError("boom"))))
    report = run(template, *broken)
    assert report.exit_code == 3
    assert [f.control for f in report.reports[0].findings] == ["versioning"]


def test_nothing_evaluated_is_no_pass(template: str) -> None:
    silent = [Fake(name) for name in ("cfn-lint", "cfn-guard", "checkov", "graph")]
    report = run(template, *silent)
    assert (report.exit_code, report.verdict) == (3, Verdict.ERROR)
    assert any("nothing was evaluated" in problem.message for problem in report.errors)


def test_a_template_that_cannot_be_read_does_not_stop_the_others(template: str, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("Resources: [")
    inputs = gather([str(tmp_path / "broken.yaml"), template, str(tmp_path / "none.yaml")])
    report = judge(inputs, engines(cfn_guard=Fake("cfn-guard", BAD)), settings(), lambda _: None)
    assert [r.template for r in report.reports] == [template]
    assert [Path(p.path or "").name for p in report.errors] == ["broken.yaml", "none.yaml"]
    assert (report.exit_code, report.verdict) == (2, Verdict.ERROR)


def test_only_unreadable_templates_is_exit_2_without_starting_an_engine(tmp_path: Path) -> None:
    fakes = engines()
    report = judge(gather([str(tmp_path / "none.yaml")]), fakes, settings(), lambda _: None)
    assert (report.exit_code, [fake.ran for fake in fakes]) == (2, [[], [], [], []])


def test_each_engine_gets_its_rules_and_all_templates_in_one_task(template: str, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(TEMPLATE)
    fakes = engines()
    judge(gather([template, str(other)]), fakes, settings(), lambda _: None)
    assert [[task.rules for task in fake.ran] for fake in fakes] == [
        [("E",)],
        [("versioning",)],
        [("CKV_AWS_21",)],
        [("topic_key",)],
    ]
    assert [[s.template.source.path for s in fake.ran[0].subjects] for fake in fakes] == [[template, str(other)]] * 4


def test_a_narrowed_run_says_what_it_left_out_and_fails_alike(template: str) -> None:
    guard = Fake("cfn-guard", BAD)
    report = run(template, guard, selection={"controls": ["versioning"], "engines": ["cfn-guard"]})
    assert (report.exit_code, report.scope.complete) == (1, False)
    assert "engine graph" in report.scope.left_out
    assert "control topic-key" in report.scope.left_out
    outcomes = {c.id: c.outcome for c in report.reports[0].controls}
    assert outcomes["topic-key"] is Outcome.NOT_EVALUATED
    assert {e.name: e.status for e in report.reports[0].engines}["graph"] == "left_out"


def waive(folder: str, **change: str) -> None:
    entry = {
        "control": "versioning",
        "resource": "Bucket",
        "reason": "the bucket holds nothing",
        "owner": "platform",
        "approver": "security",
        "expires": "'2027-03-31'",
    } | change
    body = "".join(f"    {name}: {value}\n" for name, value in entry.items())
    Path(folder).with_name("waivers.yaml").write_text(f"template: t.yaml\nwaivers:\n  -\n{body}")


def test_a_waived_finding_passes_and_stays_visible(template: str) -> None:
    waive(template)
    report = run(template, *engines(cfn_guard=Fake("cfn-guard", BAD)))
    assert report.exit_code == 0
    assert [(f.control, f.waiver.owner) for f in report.reports[0].findings if f.waiver] == [("versioning", "platform")]
    versioning = next(c for c in report.reports[0].controls if c.id == "versioning")
    assert (versioning.outcome, versioning.waived) == (Outcome.WAIVED, ("Bucket",))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"expires": "'2026-11-25'"}, "expired on 2026-11-25"),
        ({"expires": "'2028-11-25'"}, "a year is the most"),
        ({"resource": "Topic"}, "matched nothing"),
        ({"reason": "''"}, "has no reason"),
        ({"control": "versionning"}, "does not exist"),
    ],
)
def test_a_waiver_at_fault_is_itself_a_finding(template: str, change: dict[str, str], said: str) -> None:
    waive(template, **change)
    report = run(template, *engines(cfn_guard=Fake("cfn-guard", BAD)))
    assert report.exit_code == 1
    about = [f for f in report.reports[0].findings if f.control == "waivers"]
    assert [(said in f.message, Path(f.file or "").name, f.line) for f in about] == [(True, "waivers.yaml", 4)]


def test_an_unused_waiver_is_no_fault_of_a_narrowed_run(template: str) -> None:
    waive(template, resource="Topic")
    report = run(template, Fake("cfn-guard", result("cfn-guard:versioning")), selection={"engines": ["cfn-guard"]})
    assert report.exit_code == 0


def test_an_engine_that_failed_leaves_no_waiver_called_unused(template: str) -> None:
    waive(template)
    report = run(template, *engines(cfn_guard=Fake("cfn-guard", acts=_raise(RuntimeError("boom")))))
    assert [f.message for f in report.reports[0].findings] == []
    assert report.exit_code == 3


def test_what_is_said_about_another_template_does_not_apply(template: str, tmp_path: Path) -> None:
    waive(template)
    other = tmp_path / "other.yaml"
    other.write_text(TEMPLATE)
    bad = engines(cfn_guard=Fake("cfn-guard", BAD))
    report = judge(gather([str(other)]), bad, settings(), lambda _: None)
    assert report.exit_code == 1
    report = judge(gather([str(other)], like=template), bad, settings(), lambda _: None)
    assert report.exit_code == 0


def test_what_an_engine_only_remarks_is_shown_and_never_fails(template: str) -> None:
    remark = replace(result("cfn-lint:I3011", outcome=Outcome.FAIL), message="set a policy", line=2)

    def remarking(task: Task) -> Run:
        keys = [subject.key for subject in task.subjects]
        said = {key: (result("cfn-lint:E"),) for key in keys}
        return Run(version="1", rules=1, results=said, informational=dict.fromkeys(keys, (remark,)))

    report = run(template, *engines(cfn_lint=Fake("cfn-lint", acts=remarking)))
    assert (report.exit_code, report.notes) == (0, (f"{template}:2: set a policy (cfn-lint:I3011)",))
