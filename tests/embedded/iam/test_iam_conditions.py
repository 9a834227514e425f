"""Condition operators: values, missing keys, several values, unknown keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.conditions import OPERATORS, Condition, Keys, holds, parse

WORD = st.text(alphabet="abAB", max_size=3)
NEGATED = [
    ("StringNotEquals", "StringEquals"),
    ("StringNotEqualsIgnoreCase", "StringEqualsIgnoreCase"),
    ("StringNotLike", "StringLike"),
]


def condition(operator: str, *values: str, key: str = "k") -> Condition:
    return parse(operator, key, values, variables=True)


def keys(*values: str) -> Keys:
    return Keys(values={"k": values})


NONE = Keys()


@pytest.mark.parametrize(
    ("operator", "policy", "request_value", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a*", "ab", False),
        ("StringEqualsIgnoreCase", "a", "A", True),
        ("StringLike", "a*", "ab", True),
        ("StringLike", "A*", "ab", False),
        ("StringNotLike", "a*", "ab", False),
        ("ArnEquals", "arn:aws:s3:::b*", "arn:aws:s3:::bucket", True),
        ("ArnLike", "arn:aws:*:::b", "arn:aws:s3:::b", True),
        ("ArnLike", "arn:aws:s3*b", "arn:aws:s3:::b", False),
        ("ArnNotLike", "arn:aws:s3:::b", "arn:aws:s3:::c", True),
        ("Bool", "true", "true", True),
        ("Bool", "True", "true", True),
        ("Bool", "false", "true", False),
        ("BinaryEquals", "QQ==", "QQ==", True),
        ("NumericEquals", "1.0", "1", True),
        ("NumericNotEquals", "1", "2", True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "10", "11", True),
        ("NumericGreaterThan", "10", "nine", False),
        ("NumericGreaterThanEquals", "10", "10", True),
        ("DateEquals", "2026-11-16T08:00:00Z", "2026-11-16T09:00:00+01:00", True),
        ("DateNotEquals", "2026-11-16", "2026-11-17", True),
        ("DateLessThan", "2026-11-17T00:00:00Z", "2026-11-16T08:00:00Z", True),
        ("DateLessThanEquals", "1794816000", "2026-11-16T08:00:00Z", True),
        ("DateGreaterThan", "2026-11-17T00:00:00Z", "2026-11-16T08:00:00Z", False),
        ("DateGreaterThanEquals", "2026-11-16", "2026-11-16", True),
        ("IpAddress", "10.0.0.0/8", "10.1.2.3", True),
        ("IpAddress", "2001:db8::/32", "10.1.2.3", False),
        ("NotIpAddress", "10.0.0.0/8", "11.1.2.3", True),
    ],
)
def test_operators(operator: str, policy: str, request_value: str, expected: bool) -> None:
    assert holds(condition(operator, policy), keys(request_value)) is expected


@pytest.mark.parametrize("operator", sorted(OPERATORS - {"Null"}))
def test_a_missing_key_fails_what_is_positive_and_satisfies_what_is_not(operator: str) -> None:
    assert holds(condition(operator, "1"), NONE) is ("Not" in operator)
    assert holds(condition(f"{operator}IfExists", "1"), NONE) is True
    assert holds(condition(f"ForAllValues:{operator}", "1"), NONE) is True
    assert holds(condition(f"ForAnyValue:{operator}", "1"), NONE) is False


@pytest.mark.parametrize(("wanted", "given_values", "expected"), [("true", None, True), ("true", "x", False)])
def test_null_asks_whether_the_key_is_missing(wanted: str, given_values: str | None, expected: bool) -> None:
    request = NONE if given_values is None else keys(given_values)
    assert holds(condition("Null", wanted), request) is expected
    assert holds(condition("Null", "false"), request) is not expected


@pytest.mark.parametrize(("negated", "positive"), NEGATED)
@given(wanted=st.lists(WORD, min_size=1, max_size=3), given_value=WORD)
def test_a_negated_operator_is_the_opposite_over_all_its_values(
    negated: str, positive: str, wanted: list[str], given_value: str
) -> None:
    assert holds(condition(negated, *wanted), keys(given_value)) is not holds(
        condition(positive, *wanted), keys(given_value)
    )


@given(wanted=st.lists(WORD, min_size=1, max_size=3), given_values=st.lists(WORD, min_size=1, max_size=3))
def test_quantifiers_are_all_and_any(wanted: list[str], given_values: list[str]) -> None:
    every = holds(condition("ForAllValues:StringEquals", *wanted), keys(*given_values))
    some = holds(condition("ForAnyValue:StringEquals", *wanted), keys(*given_values))
    none = holds(condition("ForAllValues:StringNotEquals", *wanted), keys(*given_values))
    other = holds(condition("ForAnyValue:StringNotEquals", *wanted), keys(*given_values))
    assert every is (set(given_values) <= set(wanted))
    assert some is bool(set(given_values) & set(wanted))
    assert none is not some
    assert other is not every


@given(wanted=st.lists(WORD, min_size=1, max_size=3), given_value=WORD)
def test_values_of_one_operator_are_alternatives(wanted: list[str], given_value: str) -> None:
    alone = any(holds(condition("StringEquals", one), keys(given_value)) for one in wanted)
    assert holds(condition("StringEquals", *wanted), keys(given_value)) is alone


@pytest.mark.parametrize(
    "operator", ["StringMatches", "stringequals", "ForSomeValues:StringEquals", "NullIfExists", "ForAllValues:Null", ""]
)
def test_an_operator_that_does_not_exist_is_an_error(operator: str) -> None:
    with pytest.raises(EmbeddedError, match="condition operator"):
        condition(operator, "a")


def test_keys_are_told_apart_without_their_case() -> None:
    assert holds(condition("StringEquals", "a", key="AWS:SourceArn"), Keys(values={"aws:sourcearn": ("a",)}))


def test_what_cannot_be_known_is_an_error_and_not_an_answer() -> None:
    request = Keys(unknown=frozenset({"aws:sourceip", "aws:resourcetag/*"}))
    for key in ("aws:SourceIp", "aws:ResourceTag/Owner"):
        with pytest.raises(EmbeddedError, match="cannot know"):
            holds(condition("StringEquals", "a", key=key), request)
    assert not holds(condition("StringEquals", "a", key="aws:SourceArn"), request)


def test_several_values_need_a_quantifier() -> None:
    with pytest.raises(EmbeddedError, match="ForAllValues"):
        holds(condition("StringEquals", "a"), keys("a", "b"))


@pytest.mark.parametrize(
    ("operator", "policy"), [("NumericEquals", "ten"), ("DateEquals", "soon"), ("IpAddress", "here")]
)
def test_a_value_of_the_wrong_kind_in_a_policy_is_an_error(operator: str, policy: str) -> None:
    with pytest.raises(EmbeddedError, match=policy):
        holds(condition(operator, policy), keys("1"))


def test_a_variable_without_a_value_is_an_error() -> None:
    with pytest.raises(EmbeddedError, match="aws:username"):
        holds(condition("StringEquals", "${aws:username}"), keys("a"))


def test_variables_take_the_requests_values_and_old_policies_have_none() -> None:
    request = Keys(values={"k": ("1",), "aws:principalaccount": ("1",)})
    assert holds(condition("StringEquals", "${aws:PrincipalAccount}"), request)
    old = parse("StringEquals", "k", ("${aws:PrincipalAccount}",), variables=False)
    assert not holds(old, request)
