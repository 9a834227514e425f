"""Whatever goes wrong with the program or the rules is an error that names it, never a pass."""

import json
import shutil
from pathlib import Path

import pytest

from stackproof.engines.guard import GuardEngine, hook_bundle
from stackproof.engines.protocol import EngineFailure, Task
from tests.engines.guard.conftest import POLICIES, RULES, rendered_subject, subject
from tests.engines.guard.fake import calls, fake

TWO = """
Resources:
  Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: a}}
  Queue: {Type: 'AWS::SQS::Queue', Properties: {DelaySeconds: 1}}
"""


def task(thresholds, *subjects, policies: Path = POLICIES, rules=RULES, timeout: float = 60.0) -> Task:
    return Task(policies=policies, rules=rules, thresholds=thresholds, subjects=subjects, timeout=timeout)


def refused(program: Path, thresholds, **more) -> str:
    """The sentence with which a run is refused."""
    with pytest.raises(EngineFailure) as caught:
        GuardEngine(program).run(task(thresholds, subject(TWO), **more))
    return str(caught.value)


def test_program_is_missing(tmp_path, thresholds) -> None:
    said = refused(tmp_path / "nowhere", thresholds)
    assert f"{tmp_path / 'nowhere'} cannot be started: No such file or directory" in said
    assert "Install it" in said


def test_program_cannot_be_executed(tmp_path, thresholds) -> None:
    program = fake(tmp_path)
    program.chmod(0o644)
    assert "cannot be started: Permission denied" in refused(program, thresholds)


def test_program_is_for_another_machine(tmp_path, thresholds) -> None:
    program = tmp_path / "cfn-guard"
    program.write_bytes(b"\x7fELF nothing that runs")
    program.chmod(0o755)
    assert f"{program} cannot be started: Exec format error" in refused(program, thresholds)


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        ("cfn-guard 3.0.0", "is version 3.0.0, but the rules were proven with 3.1.1"),
        ("guard 3.1.1", "is not cfn-guard"),
    ],
)
def test_program_is_another(tmp_path, thresholds, version: str, sentence: str) -> None:
    assert sentence in refused(fake(tmp_path, version=version), thresholds)
    assert calls(tmp_path) == []


def test_program_crashes_when_asked_for_its_version(tmp_path, thresholds) -> None:
    assert "is not cfn-guard" in refused(fake(tmp_path, on_version="sys.exit(101)"), thresholds)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("print('panicked', file=sys.stderr); sys.exit(101)", "ended with code 101 (panicked), whatever it is given"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "was killed by SIGSEGV, whatever it is given"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "was killed by SIGKILL, whatever it is given"),
        ("sys.exit(255)", "ended with code 255, whatever it is given"),
        ("sys.exit(1)", "ended with code 1, whatever it is given"),
        ("sys.exit(0)", "its output is no JSON"),
        ("print('Status = PASS'); sys.exit(0)", "its output is no JSON; it starts with b'Status = PASS"),
        ("print('[{]'); sys.exit(19)", "its output is no JSON"),
        ("reports = {'status': 'PASS'}", "its output is no list of reports"),
        ("reports = ['PASS']", "its output is no list of reports"),
        ("reports = []", "3 documents were given to it, but it reported on 0"),
        ("reports = reports[:-1]", "3 documents were given to it, but it reported on 2"),
        ("reports = reports[::-1]", "in another order"),
        ("reports = [*reports, reports[0]]", "3 documents were given to it, but it reported on 4"),
        ("del reports[1]['compliant']", "a report without `compliant`"),
        ("reports[2]['not_compliant'] = ['x']; reports[2]['status'] = 'FAIL'", "holds something else than rules"),
        ("reports[1]['status'] = 'PASS'", "a status that is not known: 'PASS' where SKIP was expected"),
        ("reports[1]['status'] = 'FAIL'; code = 19", "a status that is not known: 'FAIL'"),
        ("reports[1]['not_applicable'].append(1)", "a status that is not known"),
        (
            "[report['not_applicable'].remove('s3_versioning') for report in reports]",
            "the rule s3_versioning was given to it but not evaluated",
        ),
        (
            "reports[1]['not_applicable'].remove('s3_versioning')",
            "the rule s3_versioning was given to it, but on an AWS::S3::Bucket it told 0 outcomes of it instead of one",
        ),
        ("reports[1]['not_applicable'].append('s3_versioning')", "it told 2 outcomes of it instead of one"),
        (
            "reports[1].update(status='PASS', compliant=['kms_key_rotation']); "
            "reports[1]['not_applicable'].remove('kms_key_rotation')",
            "kms_key_rotation judged an AWS::S3::Bucket, which it does not select",
        ),
        (
            "reports[0].update(status='PASS', compliant=['s3_versioning']); "
            "reports[0]['not_applicable'].remove('s3_versioning')",
            "s3_versioning.guard judges resources of other types than it selects",
        ),
        (
            "print('Parse error in RULES_STDIN[2] at line 3', file=sys.stderr); sys.exit(5)",
            f"{RULES[1]}.guard cannot be read as a rule: Parse error in RULES_STDIN[2] at line 3",
        ),
        ("sys.exit(5)", "a rule file cannot be read as a rule"),
    ],
)
def test_program_fails(tmp_path, thresholds, fault: str, sentence: str) -> None:
    assert sentence in refused(fake(tmp_path, fault), thresholds)


def test_program_never_ends(tmp_path, thresholds) -> None:
    assert "did not end in time" in refused(fake(tmp_path, "time.sleep(3600)"), thresholds, timeout=0.5)


ON_QUEUES = "any('SQS' in text for text in payload['data']) and {}"


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [("sys.exit(101)", "ended with code 101"), ("os.kill(os.getpid(), signal.SIGBUS)", "was killed by SIGBUS")],
)
def test_one_resource_crashes_it(tmp_path, thresholds, fault: str, sentence: str) -> None:
    """The template that holds it is not judged; the others are."""
    engine = GuardEngine(fake(tmp_path, ON_QUEUES.format(fault)))
    other = subject("Resources: {Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: b}}}", key="other")
    done = engine.run(task(thresholds, subject(TWO), other))
    assert set(done.results) == {"other"}
    assert set(done.failures) == {"one"}
    assert "one.yaml, resource Queue: cfn-guard cannot judge it: on this resource alone it" in done.failures["one"]
    assert sentence in done.failures["one"]


def test_resource_that_crashed_it_is_given_to_it_again(tmp_path, thresholds) -> None:
    engine = GuardEngine(fake(tmp_path, ON_QUEUES.format("sys.exit(101)")))
    assert set(engine.run(task(thresholds, subject(TWO))).failures) == {"one"}
    before = len(calls(tmp_path))
    assert set(engine.run(task(thresholds, subject(TWO))).failures) == {"one"}
    assert calls(tmp_path)[before:] == [1, 0]


@pytest.mark.parametrize(
    ("rendered", "sentence"),
    [
        ({}, "its rendered form has other resources than its model"),
        (
            {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}},
            "its rendered form has other resources than its model",
        ),
        ({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}, "Queue": {}}}, "resource Queue has no Type"),
        ({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}, "Queue": {"Type": 3}}}, "resource Queue has no Type"),
    ],
)
def test_template_that_cannot_be_given_to_it(engine, thresholds, rendered, sentence: str) -> None:
    done = engine.run(task(thresholds, rendered_subject(subject(TWO), "one", rendered)))
    assert done.results == {}
    assert sentence in done.failures["one"]


@pytest.fixture
def policies(tmp_path) -> Path:
    """A policies folder with one rule of ours, to be spoilt."""
    (tmp_path / "guard").mkdir()
    shutil.copy(POLICIES / "guard" / "s3_versioning.guard", tmp_path / "guard")
    return tmp_path


GOOD = """let buckets = Resources.*[ Type == 'AWS::S3::Bucket' ]
rule broken when %buckets !empty {
    %buckets { Properties.BucketName exists }
}
"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD.replace("exists }", "exist_s ??? }"), "broken.guard cannot be read as a rule"),
        (GOOD.replace("rule broken", "rule other"), "does not define the rule broken"),
        (GOOD + "let more = Resources.*[ Type == 'AWS::SQS::Queue' ]\n", "must select resources exactly once"),
        (GOOD.replace("Type == 'AWS::S3::Bucket'", "Properties exists"), "the selection must start with the types"),
        ("let n = 3  # threshold: retention.nothing\n" + GOOD, "there is no threshold retention.nothing"),
        ("let n = [3]  # threshold: retention.log_days_at_least\n" + GOOD, "needs one like [3]"),
        ("# threshold: retention.log_days_at_least\n" + GOOD, "a threshold marker belongs behind a value"),
        ("", "does not define the rule broken"),
        ("# rule broken\n", "does not define the rule broken"),
    ],
)
def test_rule_file_is_spoilt(binary, policies, thresholds, text: str, sentence: str) -> None:
    (policies / "guard" / "broken.guard").write_text(text, encoding="utf-8")
    said = refused(binary, thresholds, policies=policies, rules=("s3_versioning", "broken"))
    assert sentence in said
    assert "broken" in said


def test_rule_file_is_no_text(binary, policies, thresholds) -> None:
    (policies / "guard" / "broken.guard").write_bytes(b"\xff\xfe\x00")
    said = refused(binary, thresholds, policies=policies, rules=("broken",))
    assert "broken.guard cannot be read" in said


def test_rule_file_is_missing(binary, policies, thresholds) -> None:
    said = refused(binary, thresholds, policies=policies, rules=("s3_versioning", "gone"))
    assert "no rule file" in said
    assert "gone.guard" in said


def test_rules_folder_is_empty_or_missing(binary, tmp_path, thresholds) -> None:
    assert "has no rule files" in refused(binary, thresholds, policies=tmp_path)
    (tmp_path / "guard").mkdir()
    assert "has no rule files" in refused(binary, thresholds, policies=tmp_path)


def test_no_rule_is_asked_for(binary, thresholds) -> None:
    assert "no rule was asked for" in refused(binary, thresholds, rules=())


def test_hook_bundle_is_refused_where_two_files_use_one_name(policies, thresholds) -> None:
    (policies / "guard" / "broken.guard").write_text(GOOD.replace("buckets", "versioned_buckets"), encoding="utf-8")
    with pytest.raises(EngineFailure, match=r"broken\.guard and s3_versioning\.guard both define versioned_buckets"):
        hook_bundle(policies, thresholds)


def test_hook_bundle_without_rules_is_refused(tmp_path, thresholds) -> None:
    with pytest.raises(EngineFailure, match="no rule was asked for"):
        hook_bundle(tmp_path, thresholds)


def test_a_binary_that_is_not_the_pinned_one_judges_nothing(
    binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / binary.parent.name).mkdir()
    stamp = {"name": "cfn-guard", "version": "3.1.1", "origin": "a test", "facts": {}}
    (tmp_path / binary.parent.name / "stackproof.json").write_text(json.dumps(stamp))
    forged = tmp_path / binary.parent.name / "cfn-guard"
    forged.write_text("#!/bin/sh\necho cfn-guard 3.1.1\n")
    forged.chmod(0o755)
    monkeypatch.setenv("STACKPROOF_HOME", str(tmp_path))
    with pytest.raises(EngineFailure, match="is not as it was installed: the binary's sha256"):
        GuardEngine().version()
