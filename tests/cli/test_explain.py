"""`stackproof explain`: a page on each control and rule, and help with what is not there."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from stackproof.catalogue import default_policies, load
from stackproof.catalogue.shelves import stems
from stackproof.cli.explain import command
from stackproof.errors import StackproofError

CATALOGUE = load(default_policies())


def explain(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_a_control_has_everything_on_its_page() -> None:
    page = explain("encryption-in-transit")
    control = CATALOGUE.control("encryption-in-transit")
    words = " ".join(page.split())
    assert page.startswith("encryption-in-transit  high  encryption\nBuckets, topics and queues refuse")
    assert control.why in words
    assert control.fix in words
    assert "  graph:s3_tls_only  policies/graph/s3_tls_only.py\n    A bucket's policy refuses" in page
    assert f"PCI DSS 4.0.1 4.2.1 {CATALOGUE.frameworks['pci-dss-4.0.1'].requirements['4.2.1']}" in words
    assert "A good example\n  deny: passes (policies/graph/s3_tls_only.yaml)\n    Resources:\n" in page
    assert "            Resource: [!GetAtt Bucket.Arn, !Sub '${Bucket.Arn}/*']\n" in page
    assert "A bad example\n  no policy: Bucket fails (policies/graph/s3_tls_only.yaml)\n" in page


@pytest.mark.parametrize(
    ("name", "rule", "control", "words"),
    [
        ("graph:s3_tls_only", "graph:s3_tls_only", "encryption-in-transit", "A bucket's policy refuses"),
        ("s3_tls_only", "graph:s3_tls_only", "encryption-in-transit", "A bucket's policy refuses"),
        ("S3_TLS_ONLY", "graph:s3_tls_only", "encryption-in-transit", "A bucket's policy refuses"),
        ("CKV_AWS_53", "checkov:CKV_AWS_53", "network-s3-public-access", "checkov brings it"),
        ("batch_timeout", "checkov:CKV_STACKPROOF_BATCH_TIMEOUT", "resilience-job-timeouts", "All attempts of a job"),
        ("s3_versioning", "cfn-guard:s3_versioning", "recovery-versioning", "the bucket keeps no versions"),
        ("E9001", "cfn-lint:E9001", "secrets-environment", "A secret in an environment variable"),
        ("e3002", "cfn-lint:E3002", "lint-template", "Resource properties are invalid"),
        ("cfn-lint:W2001", "cfn-lint:W2001", "lint-template", "Parameters are Used"),
        ("schema:valid", "schema:valid", "lint-template", "gate --fast"),
        ("gate:waivers", "gate:waivers", "lint-waivers", "the gate itself"),
    ],
)
def test_a_rule_leads_to_its_control(name: str, rule: str, control: str, words: str) -> None:
    page = explain(name)
    assert page.startswith(f"{rule}  ")
    assert f"The control that it serves\n{control}  " in page
    assert words in " ".join(page.split())


def test_a_rule_shows_its_own_examples() -> None:
    assert "(policies/graph/sqs_tls_only.yaml)" in explain("sqs_tls_only")


def test_what_is_left_out_by_name_says_why() -> None:
    page = explain("W3002")
    assert page.startswith("cfn-lint:W3002  left out of every run, by name\n")
    assert CATALOGUE.excluded[0].reason in " ".join(page.split())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("encryption-s4", "There is no control or rule 'encryption-s4'. Did you mean encryption-s3"),
        ("s3_tls", "Did you mean s3_tls_only"),
        ("E9999", "There is no control or rule 'E9999'."),
        ("E7777", "There is no rule 'E7777' in the cfn-lint that is installed."),
        ("zzzz", "`stackproof rules` lists all controls and rules."),
        ("", "There is no control or rule ''."),
    ],
)
def test_a_typo_is_helped_on(name: str, sentence: str) -> None:
    with pytest.raises(StackproofError) as error:
        explain(name)
    assert sentence in str(error.value)
    assert error.value.exit_code == 2


@pytest.mark.parametrize("control", CATALOGUE.controls)
def test_every_control_and_rule_has_a_page_of_80_columns(control: str) -> None:
    for name in (control, *(stems(rule)[-1] for rule in CATALOGUE.control(control).rules[:3])):
        page = explain(name)
        assert control in page
        prose = page.partition("A good example")[0]
        assert [line for line in prose.splitlines() if len(line) > 80] == []


def test_it_loads_no_engine() -> None:
    code = (
        "import sys; from stackproof.cli.explain import command; from click.testing import CliRunner;"
        "assert CliRunner().invoke(command, ['encryption-s3']).exit_code == 0;"
        "print([name for name in ('cfnlint', 'boto3', 'jinja2', 'samtranslator', 'stackproof.gate') if name in"
        " sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
