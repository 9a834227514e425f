"""The chosen built-in checks: each judges as we think it does, and none passes on what is not known."""

import copy
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stackproof import deployment
from stackproof.catalogue import load
from stackproof.engines import setup
from stackproof.engines.cases import load_cases
from stackproof.engines.protocol import Subject, Task
from stackproof.findings.outcome import Outcome
from stackproof.template.expand import expand
from stackproof.template.read import read
from stackproof.template.render import UNKNOWN, render
from tests.engines.checkov.built_in import BUILT_IN
from tests.engines.checkov.conftest import CUSTOM, POLICIES, subject

# Where the good resource may be unknown: the check does not look there.
ELSEWHERE = {
    "CKV_AWS_24": {"SecurityGroupIngress/0/IpProtocol"},
    "CKV_AWS_25": {"SecurityGroupIngress/0/IpProtocol"},
    "CKV_AWS_58": {"EncryptionConfig/0/Provider", "EncryptionConfig/0/Provider/KeyArn"},
    "CKV_AWS_60": {
        "AssumeRolePolicyDocument/Version",
        "AssumeRolePolicyDocument/Statement/0/Action",
        "AssumeRolePolicyDocument/Statement/0/Principal/Service",
    },
    "CKV_AWS_100": {"RemoteAccess/Ec2SshKey", "RemoteAccess/SourceSecurityGroups/0"},
    "CKV_AWS_173": {"Environment/Variables", "Environment/Variables/A"},
}
NOT_KNOWN = f"{UNKNOWN}parameter P has no value>"
KEY = {"Type": "AWS::KMS::Key", "Properties": {}}


def template(kind: str, properties: Any) -> str:
    return json.dumps({"Resources": {"Key": KEY, "It": {"Type": kind, "Properties": properties}}})


def unknown_somewhere(base: Subject, key: str) -> Iterator[Subject]:
    """The template with each part of the resource not known, one at a time."""

    def places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, step)
            if isinstance(child, dict | list):
                yield from places(child, (*path, step))

    start = ("Resources", "It", "Properties")
    for path in places(base.rendered["Resources"]["It"]["Properties"], start):
        if path[-1] == "Ref":
            continue
        rendered = copy.deepcopy(base.rendered)
        holder = rendered
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = NOT_KNOWN
        place = "/".join(map(str, path[3:]))
        yield Subject(key=f"{key}-unknown-{place}", template=base.template, rendered=rendered)


@pytest.fixture(scope="module")
def subjects() -> dict[str, Subject]:
    made: dict[str, Subject] = {}
    for check, (kind, good, bad) in BUILT_IN.items():
        made[f"{check}-good"] = subject(template(kind, good), f"{check}-good")
        made |= {f"{check}-{at}": subject(template(kind, spoilt), f"{check}-{at}") for at, spoilt in bad.items()}
        made |= {one.key: one for one in unknown_somewhere(made[f"{check}-good"], check)}
    return made


@pytest.fixture(scope="module")
def judged(engine, thresholds, subjects):
    task = Task(policies=POLICIES, rules=tuple(BUILT_IN), thresholds=thresholds, subjects=list(subjects.values()))
    done = engine.run(task)
    assert done.failures == {}
    return done.results


def of(judged, key: str, check: str):
    return [found for found in judged[key] if found.rule.rule == check and found.resource == "It"]


def test_table_has_what_the_catalogue_names() -> None:
    named = load(POLICIES).rules_of("checkov")
    assert sorted(BUILT_IN) == sorted(rule for rule in named if not rule.startswith("CKV_STACKPROOF_"))
    assert sorted(CUSTOM) == sorted(rule for rule in named if rule.startswith("CKV_STACKPROOF_"))


@pytest.mark.parametrize("check", BUILT_IN)
def test_good_resource_passes(check: str, judged) -> None:
    (found,) = of(judged, f"{check}-good", check)
    assert (found.outcome, found.message) == (Outcome.PASS, "")


@pytest.mark.parametrize(("check", "at"), [(check, at) for check, (_, _, bad) in BUILT_IN.items() for at in bad])
def test_fault_is_found_at_its_place(check: str, at: str, judged) -> None:
    (found,) = of(judged, f"{check}-{at}", check)
    assert found.outcome is Outcome.FAIL
    assert found.message
    steps = tuple(int(step) if step.isdecimal() else step for step in at.split("/") if step)
    assert found.path == ("Resources", "It", *steps)


@pytest.mark.parametrize("check", BUILT_IN)
def test_nothing_unknown_passes(check: str, judged, subjects) -> None:
    """What a check looks at must be known; what it does not look at may be unknown."""
    start = f"{check}-unknown-"
    outcomes = {
        key.removeprefix(start): [result.outcome for result in of(judged, key, check)]
        for key in subjects
        if key.startswith(start)
    }
    assert [Outcome.UNKNOWN] in outcomes.values()
    assert {place for place, found in outcomes.items() if found == [Outcome.PASS]} == ELSEWHERE.get(check, set())
    assert [] not in outcomes.values()


def stack() -> list[Subject]:
    """Our own stack, in each of its environments."""
    folder = POLICIES.parent / "template"
    return [
        Subject(key=path.stem, template=one, rendered=render(one))
        for path in sorted((folder / "environments").glob("*.yaml"))
        for one in expand(read(str(folder / "stack.yaml")), deployment.load(path).parameters)
    ]


def test_our_stack_passes(engine, thresholds) -> None:
    subjects = stack()
    done = engine.run(Task(policies=POLICIES, rules=(*BUILT_IN, *CUSTOM), thresholds=thresholds, subjects=subjects))
    assert done.failures == {}
    for one in subjects:
        assert [found for found in done.results[one.key] if found.outcome is not Outcome.PASS] == []
        judged = {(found.rule.rule, found.resource) for found in done.results[one.key]}
        assert ("CKV_STACKPROOF_BATCH_RETRY", "JobDefinition") in judged
        assert ("CKV_AWS_21", "InboxBucket") in judged


# --- the same verdicts as checkov's own command line -------------------------------------------------------------


@pytest.fixture(scope="module")
def compared(subjects, tmp_path_factory) -> dict[str, Subject]:
    """Rendered templates as files: the built-in checks' cases and those of ours, without what is not known."""
    ours = [case for path in sorted((POLICIES / "checkov_checks").glob("*.yaml")) for case in load_cases(path)]
    cases = [one for case in ours if case.kind != "unknown" for one in case.subjects()]
    chosen = [one for key, one in subjects.items() if "-unknown-" not in key] + cases + stack()
    return {f"t{number}": one for number, one in enumerate(chosen)}


def test_same_verdicts_as_the_command_line(engine, thresholds, compared, tmp_path: Path) -> None:
    rules = (*BUILT_IN, *CUSTOM)
    for key, one in compared.items():
        (tmp_path / f"{key}.json").write_text(json.dumps(one.rendered))
    said = command_line(tmp_path, rules)
    judged = [Subject(key=key, template=one.template, rendered=one.rendered) for key, one in compared.items()]
    done = engine.run(Task(policies=POLICIES, rules=rules, thresholds=thresholds, subjects=judged))
    assert done.failures == {}
    ours = {
        (key, found.rule.rule, found.resource): found.outcome is Outcome.PASS
        for key, results in done.results.items()
        for found in results
        if found.outcome is not Outcome.UNKNOWN
    }
    assert len(ours) > 500
    assert ours == said


def command_line(folder: Path, rules: tuple[str, ...]) -> dict[tuple[str, str, str], bool]:
    """What `checkov -d` says: whether a check passed, by template, check and resource."""
    python = setup.ensure("checkov").path
    options = ["-d", str(folder), "--framework", "cloudformation", "--check", ",".join(rules), "-o", "json"]
    options += ["--external-checks-dir", str(POLICIES / "checkov_checks"), "--skip-download", "--compact"]
    done = subprocess.run(
        [str(python), "-m", "checkov.main", *options],
        capture_output=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "BC_SKIP_MAPPING": "TRUE", "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"},
    )
    results = json.loads(done.stdout)["results"]
    return {
        (Path(row["file_path"]).stem, row["check_id"], row["resource"].split(".", 1)[1]): passed
        for passed, rows in ((True, results["passed_checks"]), (False, results["failed_checks"]))
        for row in rows
    }
