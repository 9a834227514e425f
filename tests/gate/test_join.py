import time
from dataclasses import replace

from stackproof.findings.outcome import Outcome
from stackproof.findings.result import Result, RuleId
from stackproof.gate.join import Said, controls, findings
from stackproof.template.read import source
from tests.gate.parts import TEMPLATE, VERSIONING, catalogue, result

SOURCE = source(TEMPLATE, "t.yaml")
TYPES = {"Bucket": "AWS::S3::Bucket", "Topic": "AWS::SNS::Topic"}
GUARD, CHECKOV = "cfn-guard:versioning", "checkov:CKV_AWS_21"


def rules(*names: str) -> tuple[RuleId, ...]:
    return tuple(RuleId(engine=n.split(":")[0], rule=n.split(":")[1]) for n in names)


def test_one_fault_found_by_two_engines_is_one_finding_at_the_exact_place() -> None:
    said = [
        Said(result=result(CHECKOV, outcome=Outcome.FAIL, path=("Resources", "Bucket"))),
        Said(result=result(GUARD, outcome=Outcome.FAIL, path=(*VERSIONING, "Status"))),
    ]
    (finding,) = findings(said, catalogue(), SOURCE, TYPES)
    assert finding.rules == rules(GUARD, CHECKOV)
    assert (finding.resource, finding.resource_type, finding.line) == ("Bucket", "AWS::S3::Bucket", 6)
    assert finding.path == (*VERSIONING, "Status")
    assert finding.excerpt[1] == (6, "        Status: Suspended")
    assert finding.fix == "Do it."


def test_two_faults_at_two_places_stay_two() -> None:
    said = [
        Said(result=result(GUARD, outcome=Outcome.FAIL, path=(*VERSIONING, "Status"))),
        Said(result=result(CHECKOV, outcome=Outcome.FAIL, path=("Resources", "Bucket", "Type"))),
        Said(result=result(GUARD, "Topic", Outcome.FAIL, ("Resources", "Topic"))),
    ]
    found = findings(said, catalogue(), SOURCE, TYPES)
    assert [(f.resource, f.path[-1]) for f in found] == [("Bucket", "Type"), ("Bucket", "Status"), ("Topic", "Topic")]


def test_a_finding_of_one_variant_says_under_which() -> None:
    bad = result(GUARD, outcome=Outcome.FAIL, path=VERSIONING)
    said = [Said(result=bad, when="Prod is true"), Said(result=result(GUARD), when="Prod is false")]
    assert findings(said, catalogue(), SOURCE, TYPES, 2)[0].when == "Prod is true"
    both = [Said(result=bad, when="Prod is true"), Said(result=bad, when="Prod is false")]
    assert [f.when for f in findings(both, catalogue(), SOURCE, TYPES, 2)] == [""]


def test_the_worst_outcome_of_a_resource_counts_and_the_population_is_whole() -> None:
    said = [
        Said(result=result(GUARD)),
        Said(result=result(CHECKOV, outcome=Outcome.UNKNOWN)),
        Said(result=result(GUARD, "Other")),
    ]
    known = catalogue()
    found = findings(said, known, SOURCE, TYPES)
    versioning, topic, *_ = controls(said, found, known, known.controls)
    assert (versioning.outcome, versioning.passed, versioning.unknown) == (Outcome.UNKNOWN, ("Other",), ("Bucket",))
    assert topic.outcome is Outcome.NOT_APPLICABLE


def test_a_control_whose_rules_did_not_run_is_not_evaluated() -> None:
    assert {c.outcome for c in controls([], [], catalogue(), {})} == {Outcome.NOT_EVALUATED}


def test_a_place_that_the_file_does_not_have_shows_the_nearest_line() -> None:
    said = [Said(result=result(GUARD, outcome=Outcome.FAIL, path=("Resources", "Bucket", "Properties", "None")))]
    assert findings(said, catalogue(), SOURCE, TYPES)[0].line == 4


def test_a_control_that_rests_on_an_engine_that_failed_has_not_passed() -> None:
    known = catalogue()
    versioning, topic, *_ = controls([Said(result=result(GUARD))], [], known, known.controls, {"checkov"})
    assert (versioning.outcome, versioning.passed) == (Outcome.NOT_EVALUATED, ("Bucket",))
    assert topic.outcome is Outcome.NOT_APPLICABLE


def test_two_rules_of_an_engine_with_one_reason_are_one_finding() -> None:
    said = [
        Said(result=Result(rule=rule, resource=None, outcome=Outcome.UNKNOWN, message="a macro"))
        for rule in rules("cfn-lint:E1", "cfn-lint:E2")
    ]
    (finding,) = findings(said, catalogue(), SOURCE, TYPES)
    assert finding.rules == rules("cfn-lint:E1", "cfn-lint:E2")


def test_a_check_that_only_has_a_title_leaves_the_word_to_the_other() -> None:
    said = [
        Said(result=replace(result(CHECKOV, outcome=Outcome.FAIL, path=VERSIONING), message="Ensure it")),
        Said(result=replace(result(GUARD, outcome=Outcome.FAIL, path=VERSIONING), message="it is suspended")),
    ]
    assert [f.message for f in findings(said, catalogue(), SOURCE, TYPES)] == ["it is suspended"]


def test_lines_that_are_too_wide_are_not_shown() -> None:
    minified = source('{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"%s}}}' % (" " * 1000), "t.json")
    said = [Said(result=result("cfn-guard:versioning", outcome=Outcome.FAIL, path=VERSIONING))]
    (found,) = findings(said, catalogue(), minified, {})
    assert (found.line, found.excerpt) == (1, ())


def test_thousands_of_faults_at_one_resource_take_no_time() -> None:
    said = [
        Said(result=result(rule, outcome=Outcome.FAIL, path=(*VERSIONING, index)))
        for index in range(20_000)
        for rule in ("cfn-guard:versioning", "checkov:CKV_AWS_21")
    ]
    start = time.perf_counter()
    found = findings(said, catalogue(), source(TEMPLATE, "t.yaml"), {})
    assert time.perf_counter() - start < 10
    assert len(found) == 20_000
    assert {one.rules for one in found} == {rules("cfn-guard:versioning", "checkov:CKV_AWS_21")}
