"""A whole run on small templates: verdicts, reports, and that they are those of the gate."""

import json
import random
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from stackproof import deployment
from stackproof.engines.cfnlint import CfnLintEngine
from stackproof.engines.graph import GraphEngine
from stackproof.engines.guard import GuardEngine
from stackproof.findings.outcome import Area
from stackproof.gate.access import load as load_access
from stackproof.gate.gate import Settings, judge
from stackproof.gate.inputs import gather
from stackproof.gate.scope import select
from stackproof.mutate import document, registry, seeding, speaks, terminal
from stackproof.mutate.anew import changed_bodies, resolved
from stackproof.mutate.judging import Bench, Said, is_right, judged_at_once
from stackproof.mutate.model import Mutant, Status, tallies
from stackproof.mutate.slow import cfn_lint
from stackproof.mutate.target import Target
from stackproof.mutate.trial import attempt, mutated, stage
from stackproof.template.expand import expand
from stackproof.template.read import read, source
from stackproof.template.render import render
from tests.mutate.parts import POLICIES, ROOT, SMALL, by_place, catalogue, judged

STACK = ROOT / "template" / "stack.yaml"
PROPERTIES = "Properties"


def test_faults_are_killed_by_a_rule_of_the_right_control() -> None:
    report = judged(source(SMALL, "small.yaml"), "delete-property", "weaken-value", "retention-policy")
    found = by_place(report)
    window = found["delete-property", f"{PROPERTIES}/PointInTimeRecoverySpecification"]
    assert window.status is Status.KILLED
    assert {str(one.rule) for one in window.killed_by} == {"cfn-guard:dynamodb_pitr"}
    assert {one.resource for one in window.killed_by} == {"Table"}
    place = ("Resources", "Table", "DeletionPolicy")
    (kept,) = [one for one in report.judged if one.mutant.path == place and one.mutant.after == "Delete"]
    assert {str(one.rule) for one in kept.killed_by} == {"graph:stateful_retained"}
    assert kept.line is not None
    assert SMALL.splitlines()[kept.line - 2 : kept.line] == [
        "    Type: AWS::DynamoDB::Table",
        "    DeletionPolicy: Retain",
    ]


def test_a_default_makes_a_deletion_equivalent() -> None:
    found = by_place(judged(source(SMALL, "small.yaml"), "delete-property"))
    default = found["delete-property", f"{PROPERTIES}/PointInTimeRecoverySpecification/RecoveryPeriodInDays"]
    assert default.status is Status.EQUIVALENT
    assert "35" in default.reason


def test_what_was_wrong_before_kills_nothing() -> None:
    text = SMALL.replace("EnableKeyRotation: true", "EnableKeyRotation: false")
    report = judged(source(text, "small.yaml"), "flip-boolean", "delete-property")
    assert report.baseline > 0
    assert all(
        one.rule.rule != "kms_key_rotation" for j in report.judged for one in j.killed_by if j.mutant.path[1] != "Key"
    )


def test_json_keeps_its_contract() -> None:
    schema = json.loads((ROOT / "docs/schemas/mutate-1.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    report = judged(source(SMALL, "small.yaml"), "delete-property", "misspell-value", "delete-tag")
    jsonschema.validate(json.loads(document.render(report)), schema)
    assert document.render(report) == document.render(report)


def test_the_terminal_names_each_survivor() -> None:
    report = judged(source(SMALL, "small.yaml"), "delete-tags", "wrong-type")  # without cfn-lint, which would find them
    text = terminal.render(report)
    assert report.exit_code == 1
    for one in report.judged:
        if one.status is Status.SURVIVED:
            assert f"small.yaml:{one.line}" in text
            assert "/".join(map(str, one.mutant.path)) in text
    assert "lint" in text
    assert "Left out: engine checkov, engine cfn-lint" in text
    assert tallies(report.judged)[-1].survived > 0


@pytest.fixture(scope="module")
def seeded() -> tuple[object, list[object], tuple[object, ...]]:
    base = read(STACK)
    stages = [stage(base, deployment.load(ROOT / "template/environments/prod.yaml"))]
    settings = seeding.Settings(catalogue=catalogue(), policies=POLICIES, rules={}, operators=registry.operators())
    return base, stages, seeding.seed(base, stages, settings)


def test_what_is_resolved_anew_is_what_is_resolved_as_a_whole(seeded: tuple) -> None:  # type: ignore[type-arg]
    base, (one,), mutants = seeded
    for mutant in random.Random(7).sample(mutants, 60):
        after = mutated(base, mutant)
        if mutant.parameters is not None:
            continue
        anew = resolved(base, after, one.templates, one.parameters)
        whole = expand(after, one.parameters)
        assert [render(t) for t in anew] == [render(t) for t in whole], (mutant.operator, mutant.path)
        assert [t.undecided for t in anew] == [t.undecided for t in whole]
    assert sum(changed_bodies(base.data, mutant.data) is not None for mutant in mutants) > len(mutants) * 0.9


def test_every_area_has_mutants(seeded: tuple) -> None:  # type: ignore[type-arg]
    _, _, mutants = seeded
    areas = {str(mutant.area) for mutant in mutants}
    assert areas == {str(control.area) for control in catalogue().controls.values()} | {"contract"}
    assert len(mutants) > 1000


def test_verdicts_are_those_of_the_gate(seeded: tuple, tmp_path: Path) -> None:  # type: ignore[type-arg]
    """A sample through the gate itself, whole templates, with the two engines that answer at once."""
    base, stages, mutants = seeded
    rules = {name: catalogue().rules_of(name) for name in ("graph", "cfn-guard")}
    access = load_access(ROOT / "template/access.yaml")
    chosen = random.Random(11).sample([m for m in mutants if m.parameters is None], 25)
    bench = Bench(
        source=base,
        mutants=chosen,
        stages=stages,
        catalogue=catalogue(),
        policies=POLICIES,
        rules=rules,
        access=access,
    )
    said = {one.index: one for one in judged_at_once(bench, workers=1)}
    for index, mutant in enumerate(chosen):
        file = tmp_path / f"mutant{index}.yaml"
        file.write_text(json.dumps(mutant.data))
        inputs = gather([str(file)], environments=["prod"], like=str(STACK))
        selection = select(catalogue(), engines=["graph", "cfn-guard"])
        settings = Settings(catalogue=catalogue(), policies=POLICIES, selection=selection, today=date(2026, 11, 25))
        invariants = {s.key: access for stack in inputs.stacks for j in stack.judged for s in j.subjects}
        report = judge(inputs, [GuardEngine(), GraphEngine(invariants)], settings, lambda _: None)
        found = {f.control for one in report.reports for f in one.findings} & set(mutant.expected)
        assert {c.control for c in said[index].caught if c.control in mutant.expected} == found, mutant.description


def test_cfn_lint_says_the_same_of_mutants_together_and_alone(seeded: tuple) -> None:  # type: ignore[type-arg]
    base, stages, mutants = seeded
    form = [m for m in mutants if m.operator in ("wrong-type", "misspell-property", "retype-reference")]
    chosen = random.Random(5).sample(form, 14)
    rules = {"cfn-lint": catalogue().rules_of("cfn-lint")}
    bench = Bench(source=base, mutants=chosen, stages=stages, catalogue=catalogue(), policies=POLICIES, rules=rules)
    said = [Said(index=index) for index in range(len(chosen))]
    target = Target(
        source=base, template=stages[0].templates[0], parameters={}, speaks=speaks.load(), catalogue=catalogue()
    )
    everything = dict.fromkeys(base.data["Resources"], frozenset(base.data["Resources"]))  # all are neighbours of all
    with CfnLintEngine() as engine:
        together = {h.index: h for h in cfn_lint(bench, engine, said, {0: frozenset()}, target.referrers)}
        apart = {h.index: h for h in cfn_lint(bench, engine, said, {0: frozenset()}, everything)}
    killed = {index for index, heard in together.items() if any(is_right(one, chosen[index]) for one in heard.caught)}
    alone = {index for index, heard in apart.items() if any(is_right(one, chosen[index]) for one in heard.caught)}
    assert killed == alone
    assert {i: {c.rule for c in together[i].caught} for i in together} == {
        i: {c.rule for c in apart[i].caught} for i in apart
    }


@pytest.mark.parametrize(
    "resources",
    [{}, {"Table": "a table"}, {"Table": {"Type": 5}}, {"Table": {"Type": "AWS::SNS::Topic", "Properties": [1]}}, []],
)
def test_what_is_no_template_any_more_is_refused_as_the_gate_does(resources: object) -> None:
    base = source(SMALL, "small.yaml")
    data = {**base.data, "Resources": resources}
    mutant = Mutant(path=("Resources",), description="nonsense", area=Area.LINT, expected=(), data=data)
    trial = attempt(base, mutant, [stage(base, None)])
    assert trial.refused
    assert not trial.failure
