"""Patterns of policies: wildcards, ARNs, variables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.match import arn_matches, equals, expand, matches, resource_matches

TEXT = st.text(alphabet="ab*?:/$[].\n\\", max_size=12)
PLAIN = st.text(alphabet="abAB:/$[].\n\\", max_size=12)


def oracle(glob: str, text: str) -> bool:
    """The textbook definition, character by character."""
    reach = {0}
    for sign in glob:
        if sign == "*":
            reach = {j for i in reach for j in range(i, len(text) + 1)}
        else:
            reach = {i + 1 for i in reach if i < len(text) and sign in ("?", text[i])}
    return len(text) in reach


@given(glob=TEXT, text=PLAIN)
def test_a_pattern_means_what_the_textbook_says(glob: str, text: str) -> None:
    assert matches(glob, text) == oracle(glob, text)


@given(text=PLAIN)
def test_case_counts_unless_told_otherwise(text: str) -> None:
    assert matches(text, text.swapcase(), ignore_case=True)
    assert matches(text, text.swapcase()) == (text == text.swapcase())
    assert equals(text, text.swapcase(), ignore_case=True)


@given(value=TEXT, before=PLAIN, after=PLAIN)
def test_a_variables_value_is_literal(value: str, before: str, after: str) -> None:
    expanded = expand("p:${aws:userid}", {"aws:userid": value}.get)
    assert expanded is not None
    assert matches(expanded, f"p:{value}")
    assert equals(expanded, f"p:{value}")
    other = before + after
    assert matches(expanded, other) == (other == f"p:{value}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no variable", "no variable"),
        ("${aws:username}", None),
        ("${aws:username, 'nobody'}", "nobody"),
        ("${aws:PrincipalAccount}/x", "1/x"),
        ("${aws:PrincipalAccount, 'other'}", "1"),
    ],
)
def test_variables_are_replaced(text: str, expected: str | None) -> None:
    assert expand(text, {"aws:PrincipalAccount": "1"}.get) == expected


def test_escaped_characters_are_themselves() -> None:
    star, mark, dollar = (expand(text, lambda _: None) for text in ("a${*}", "a${?}", "${$}{x}"))
    assert star is not None
    assert (matches(star, "a*"), matches(star, "ab")) == (True, False)
    assert mark is not None
    assert (matches(mark, "a?"), matches(mark, "ab")) == (True, False)
    assert dollar == "${x}"


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/k/l", True),
        ("arn:aws:s3:::b", "arn:aws:s3:::b/k", False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("arn:aws:sqs:*:1:q", "arn:aws:sqs:eu-central-1:1:q", True),
        ("arn:aws:sqs:*:q", "arn:aws:sqs:eu-central-1:1:q", False),
        ("arn:aws:logs:*:*:log-group:/g:*", "arn:aws:logs:r:1:log-group:/g:log-stream:s", True),
        ("arn:aws:batch:r:1:job-definition/p:*", "arn:aws:batch:r:1:job-definition/p:3", True),
        ("arn:aws:batch:r:1:job-definition/p", "arn:aws:batch:r:1:job-definition/p:3", False),
        ("*", "anything", True),
        ("arn:aws:s3:::b", "no arn", False),
    ],
)
def test_arns_are_matched_part_by_part(pattern: str, arn: str, expected: bool) -> None:
    assert arn_matches(pattern, arn) == expected


def test_a_resource_without_level_is_covered_by_the_star_alone() -> None:
    assert resource_matches("*", "*")
    assert not resource_matches("arn:aws:batch:r:1:job/*", "*")


def test_a_resource_that_is_no_arn_is_an_error() -> None:
    with pytest.raises(EmbeddedError, match="neither"):
        resource_matches("arn:aws:s3*", "arn:aws:s3:::b")
