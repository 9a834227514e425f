"""The fault table: each engine in each way of failing, through the whole gate with the real adapters and a program that
fails. Exit 3, the engine named, every time; and the other engines' results are still there."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stackproof.catalogue import default_policies
from stackproof.engines.cfnlint import CfnLintEngine
from stackproof.engines.checkov import CheckovEngine
from stackproof.engines.graph import GraphEngine
from stackproof.engines.guard import GuardEngine
from stackproof.engines.protocol import Engine
from stackproof.findings.outcome import Area, Outcome, Verdict
from stackproof.gate.gate import Settings, judge
from stackproof.gate.inputs import gather
from tests.engines.cfnlint.test_faults import HELLO as LINT_HELLO
from tests.engines.checkov.test_faults import HELLO as CHECKOV_HELLO
from tests.engines.checkov.test_faults import answer, worker
from tests.engines.guard.fake import fake
from tests.gate.parts import Fake, catalogue, control, result, settings

TEMPLATE = "Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n    Properties: {Tags: []}\n"
KNOWN = catalogue(
    control("lint", "cfn-lint:E9001", area=Area.LINT),
    control("versioning", "cfn-guard:s3_versioning"),
    control("second", "checkov:CKV_AWS_21"),
    control("tls", "graph:s3_tls_only", area=Area.ENCRYPTION),
)
CONTENT = {
    "cfn-lint": Fake("cfn-lint", result("cfn-lint:E9001")),
    "cfn-guard": Fake("cfn-guard", result("cfn-guard:s3_versioning")),
    "checkov": Fake("checkov", result("checkov:CKV_AWS_21")),
    "graph": Fake("graph", result("graph:s3_tls_only")),
}
Broken = Callable[[Path, Path], Engine]
"""From a scratch folder and the policies (a copy, to be spoilt) to the engine."""


def lint(script: str) -> Broken:
    return lambda scratch, policies: CfnLintEngine(command=(sys.executable, "-c", script), workers=1)


def guard(fault: str = "", **more: str) -> Broken:
    return lambda scratch, policies: GuardEngine(fake(scratch, fault, **more))


def checkov(*lines: object, then: str = "") -> Broken:
    return lambda scratch, policies: CheckovEngine(command=worker(*lines, then=then))


def without(file: str, engine: Callable[[], Engine]) -> Broken:
    def spoil(scratch: Path, policies: Path) -> Engine:
        (policies / file).unlink()
        return engine()

    return spoil


def spoilt(file: str, text: str) -> Broken:
    def spoil(scratch: Path, policies: Path) -> Engine:
        (policies / file).write_text(text)
        return GraphEngine()

    return spoil


RULE = (
    "from stackproof.graph import Graph\nfrom stackproof.rules import Hits, Resource, rule\n\n"
    '@rule("AWS::S3::Bucket")\ndef s3_tls_only(bucket: Resource, graph: Graph) -> Hits:\n    """TLS."""\n    '
)
HANG = "import time; time.sleep(60)"
TABLE: dict[tuple[str, str], tuple[Broken, str]] = {
    ("cfn-lint", "missing"): (lambda s, p: CfnLintEngine(command=("/no/such/program",)), "does not start"),
    ("cfn-lint", "crashing"): (lint("raise SystemExit(7)"), "ended with code 7"),
    ("cfn-lint", "timing out"): (lint(HANG), "did not start within"),
    ("cfn-lint", "printing garbage"): (lint("print('Welcome')"), "no JSON"),
    ("cfn-lint", "loading no rules"): (
        lint(LINT_HELLO.replace('["E3002"]', "[]") + "sys.stdin.readline()"),
        "loaded no rules",
    ),
    ("cfn-lint", "dropping a rule"): (without("cfnlint_rules/E9001.py", CfnLintEngine), "E9001"),
    ("cfn-lint", "skipping a template"): (
        lint(LINT_HELLO + 'next(jobs()); say({"id": "another", "matches": [], "resources": {}})'),
        "which it was not asked",
    ),
    ("cfn-guard", "missing"): (lambda s, p: GuardEngine(s / "none"), "cannot be started"),
    ("cfn-guard", "crashing"): (guard("os.kill(os.getpid(), signal.SIGSEGV)"), "cfn-guard"),
    ("cfn-guard", "timing out"): (guard("time.sleep(60)"), "did not end in time"),
    ("cfn-guard", "printing garbage"): (guard("print('PASS'); sys.exit(0)"), "cfn-guard"),
    ("cfn-guard", "loading no rules"): (guard("for r in reports: r['not_applicable'] = []"), "cfn-guard"),
    ("cfn-guard", "dropping a rule"): (without("guard/s3_versioning.guard", GuardEngine), "s3_versioning"),
    ("cfn-guard", "skipping a template"): (guard("del reports[1:]"), "cfn-guard"),
    ("checkov", "missing"): (lambda s, p: CheckovEngine(command=("/no/such/program",)), "can't be started"),
    ("checkov", "crashing"): (checkov(CHECKOV_HELLO, then="raise SystemExit(3)"), "ended with exit code 3"),
    ("checkov", "timing out"): (checkov(CHECKOV_HELLO, then=HANG), "did not answer in time"),
    ("checkov", "printing garbage"): (checkov("Welcome to checkov"), "no answer"),
    ("checkov", "loading no rules"): (checkov({**CHECKOV_HELLO, "checks": {}}), "CKV_AWS_21"),
    ("checkov", "dropping a rule"): (checkov(CHECKOV_HELLO, answer(key="0-0-0")), "CKV_AWS_21"),
    ("checkov", "skipping a template"): (checkov(CHECKOV_HELLO, answer(key="another", seen=())), "did not judge"),
    ("graph", "missing"): (without("graph/s3_tls_only.py", GraphEngine), "s3_tls_only did not load"),
    ("graph", "crashing"): (spoilt("graph/s3_tls_only.py", RULE + "raise KeyError('x')\n"), "s3_tls_only failed on"),
    ("graph", "timing out"): (spoilt("graph/s3_tls_only.py", RULE + "while True: pass\n"), "did not end within"),
    ("graph", "printing garbage"): (spoilt("graph/s3_tls_only.py", RULE + "yield 3\n"), "s3_tls_only failed on"),
    ("graph", "loading no rules"): (spoilt("graph/s3_tls_only.py", ""), "has no rule s3_tls_only"),
    ("graph", "dropping a rule"): (without("graph/s3_tls_only.py", GraphEngine), "s3_tls_only did not load"),
    ("graph", "skipping a template"): (lambda s, p: Skipping(), "graph skipped"),
}


class Skipping(GraphEngine):
    def run(self, task):  # type: ignore[no-untyped-def]
        done = super().run(task)
        return replace(done, results={"another": ()})


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    folder = tmp_path / "policies"
    shutil.copytree(default_policies(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize(("engine", "fault"), TABLE, ids=lambda part: part.replace(" ", "-"))
def test_exit_3_and_a_sentence_that_names_it(tmp_path: Path, policies: Path, engine: str, fault: str) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    break_, sentence = TABLE[engine, fault]
    engines = {**CONTENT, engine: break_(tmp_path, policies)}
    timeout = 2.0 if fault == "timing out" else 60.0
    held: Settings = replace(settings(KNOWN, timeout=timeout), policies=policies)
    report = judge(gather([str(tmp_path / "t.yaml")]), list(engines.values()), held, lambda _: None)
    assert (report.exit_code, report.verdict) == (3, Verdict.ERROR)
    statuses = {one.name: one for one in report.reports[0].engines}
    assert {name: one.status for name, one in statuses.items()} == {**dict.fromkeys(CONTENT, "ok"), engine: "failed"}
    assert engine in (statuses[engine].error or "")
    assert sentence in (statuses[engine].error or "")
    assert [problem.message for problem in report.errors] == [statuses[engine].error]
    outcomes = {rule.engine: c.outcome for c in report.reports[0].controls for rule in c.rules}
    assert outcomes == {**dict.fromkeys(CONTENT, Outcome.PASS), engine: Outcome.NOT_EVALUATED}


def test_the_table_is_whole() -> None:
    faults = {fault for _, fault in TABLE}
    assert {(engine, fault) for engine in CONTENT for fault in faults} == set(TABLE)
    assert len(faults) == 7
