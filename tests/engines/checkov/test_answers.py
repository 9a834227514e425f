"""Whatever a worker says, it is either accounted for, resource by resource, or refused."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stackproof.engines.checkov import answers
from stackproof.engines.protocol import EngineFailure
from stackproof.findings.outcome import Outcome
from tests.engines.checkov.conftest import subject

CHECKS = {"CKV_A": ("AWS::S3::Bucket",), "CKV_B": ("AWS::*",)}
HAVE = answers.Loaded(version="1", checks=CHECKS)
SUBJECT = subject(
    """
    Resources:
      Bucket: {Type: "AWS::S3::Bucket", Properties: {Tags: [{Key: a, Value: !Ref Topic}]}}
      Topic: {Type: "AWS::SNS::Topic", Properties: {}}
    """
)
DUE = {("CKV_A", "Bucket"), ("CKV_B", "Bucket"), ("CKV_B", "Topic")}

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["one", "Bucket", "CKV_A"])
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
keys = st.sampled_from(["Properties", "Properties/Tags", "Properties/Tags/[0]/Value", "/", "Properties/Nope/x"])
outcomes = st.sampled_from(["passed", "failed", "unknown", "declined", "not_applicable", "raised", "great"])
rows = st.tuples(
    st.sampled_from(["CKV_A", "CKV_B", "CKV_C"]),
    st.sampled_from(["Bucket", "Topic", "Other"]),
    outcomes,
    st.lists(keys, max_size=2),
    st.text(max_size=5),
).map(list)
near = st.fixed_dictionaries(
    {
        "key": st.sampled_from(["one", "one", "two"]),
        "seen": st.sampled_from([["Bucket", "Topic"], ["Bucket"], ["Bucket", "Topic", "Other"]]),
        "problems": st.sampled_from([[], [], ["x"]]),
        "results": st.lists(rows, max_size=5),
    }
)
full = st.tuples(*(st.tuples(st.just(pair), outcomes, st.lists(keys, max_size=2)) for pair in sorted(DUE))).map(
    lambda said: {
        "key": "one",
        "seen": ["Bucket", "Topic"],
        "problems": [],
        "results": [[*pair, outcome, places, "why"] for pair, outcome, places in said],
    }
)


@given(said=st.dictionaries(st.sampled_from(["key", "seen", "problems", "results"]), anything) | near | full)
def test_answer_is_accounted_for_or_refused(said: dict[str, Any]) -> None:
    try:
        found = answers.results(said, SUBJECT, HAVE)
    except answers.Unjudged:
        return
    spoken = [(row[0], row[1]) for row in said["results"]]
    assert sorted(spoken) == sorted(DUE)
    by = {(row[0], row[1]): row[2] for row in said["results"]}
    passed = {(one.rule.rule, one.resource) for one in found if one.outcome is Outcome.PASS}
    assert passed == {pair for pair, outcome in by.items() if outcome == "passed"}
    silent = set(by) - {(one.rule.rule, one.resource) for one in found}
    assert silent == {pair for pair, outcome in by.items() if outcome == "not_applicable"}
    assert all(one.message and one.path[:2] == ("Resources", one.resource) for one in found if one.path)


@given(said=st.dictionaries(st.sampled_from(["version", "checks", "problems"]), anything))
def test_first_answer_loads_everything_or_is_refused(said: dict[str, Any]) -> None:
    try:
        have = answers.loaded(said, ["CKV_A"])
    except EngineFailure:
        return
    assert "CKV_A" in have.checks
    assert all(have.checks.values())
