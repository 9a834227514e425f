"""Policy documents are read strictly."""

import json
from typing import Any

import pytest

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.policy import parse_policy
from tests.embedded.iam.support import allow, deny, document


def test_a_document_becomes_named_statements() -> None:
    found = parse_policy("own", document(allow("s3:Get*", ["arn:aws:s3:::b/*"], Sid="Read"), deny("s3:*")))
    assert [(s.name, s.allow, s.actions, s.resources) for s in found] == [
        ("own/Read", True, ("s3:Get*",), ("arn:aws:s3:::b/*",)),
        ("own/#1", False, ("s3:*",), ("*",)),
    ]


def test_a_single_statement_need_not_be_a_list() -> None:
    [statement] = parse_policy("own", {"Version": "2012-10-17", "Statement": allow("a:b")})
    assert statement.actions == ("a:b",)
    assert statement.variables


def test_an_old_document_has_no_variables() -> None:
    [statement] = parse_policy("own", document(allow("a:b"), version="2008-10-17"))
    assert not statement.variables


def test_booleans_and_numbers_in_conditions_are_text() -> None:
    conditions = {"Bool": {"aws:SecureTransport": False}, "NumericLessThan": {"s3:max-keys": 10}}
    [statement] = parse_policy("own", document(allow("a:b", Condition=conditions)))
    assert [(c.operator, c.key, c.values) for c in statement.conditions] == [
        ("Bool", "aws:securetransport", ("false",)),
        ("NumericLessThan", "s3:max-keys", ("10",)),
    ]


def test_principals_of_every_kind() -> None:
    principal = {"AWS": ["1", "2"], "Service": "events.amazonaws.com", "Federated": "f"}
    [statement] = parse_policy("of", document(allow("a:b", Principal=principal)))
    assert statement.principals == (
        ("AWS", "1"),
        ("AWS", "2"),
        ("Service", "events.amazonaws.com"),
        ("Federated", "f"),
    )


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ({**allow("a:b"), "Conditions": {}}, "unknown element 'Conditions'"),
        ({**allow("a:b"), "Effect": "allow"}, "effect 'allow'"),
        ({"Effect": "Allow", "Resource": "*"}, "either Action or NotAction"),
        ({**allow("a:b"), "NotAction": "c:d"}, "either Action or NotAction"),
        ({**allow("a:b"), "NotPrincipal": "*"}, "allows by NotPrincipal"),
        ({**allow("a:b"), "Principal": {"CanonicalUser": "x"}}, "principal that is not emulated"),
        ({**allow("a:b"), "Condition": {"StringIs": {"k": "v"}}}, "StringIs"),
    ],
)
def test_what_is_not_understood_is_an_error(statement: dict[str, Any], complaint: str) -> None:
    with pytest.raises(EmbeddedError, match=complaint):
        parse_policy("own", document(statement))


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"Version": "2020-01-01", "Statement": []})])
def test_what_is_no_policy_is_an_error(text: str) -> None:
    with pytest.raises(EmbeddedError, match="'own'"):
        parse_policy("own", text)
