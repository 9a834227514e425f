"""access.yaml: what it says, and each way in which it can be wrong."""

from pathlib import Path

import pytest

from stackproof.errors import StackproofError
from stackproof.gate.access import load

ROOT = Path(__file__).parents[2]
WHOLE = """template: stack.yaml
invariants:
  - id: append-only
    reason: a trail that can change proves nothing
    actions: [dynamodb:PutItem]
    resources: [AuditTable, AuditTable/index/x]
    only: []
  - id: once
    reason: the first wins
    actions: [s3:PutObject]
    resources: [Bucket/*]
    only: []
    when: {"Null": {s3:if-none-match: "true"}}
external_principals:
  - {parameter: Producer, reason: elsewhere}
  - {arn: "111122223333", reason: auditors}
"""


@pytest.fixture
def write(tmp_path):
    def to(text: str) -> Path:
        path = tmp_path / "access.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return to


def test_it_is_read_with_its_lines(write) -> None:
    access = load(write(WHOLE))
    append, once = access.invariants
    assert (append.id, append.line, append.resources) == ("append-only", 3, ("AuditTable", "AuditTable/index/x"))
    assert (append.only, append.denied, dict(append.when)) == ((), False, {})
    assert (once.line, once.denied, once.when) == (8, True, {"Null": {"s3:if-none-match": "true"}})
    assert [(one.parameter, one.arn, one.line) for one in access.external] == [
        ("Producer", None, 15),
        (None, "111122223333", 16),
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("    only: []\n  - id: once", "  - id: once"), ":3: the invariant has no only (an empty list: nobody may)"),
        (("    reason: the first wins\n", ""), ":8: the invariant has no reason"),
        (("only: []", "only: JobRole"), ":3: only must be a list of texts"),
        (("actions: [dynamodb:PutItem]", "actions: []"), ":3: actions must be a list of texts, at least one"),
        (("resources: [Bucket/*]", "resources: [7]"), ":8: resources must be a text that is not empty"),
        (
            ("    only: []\n    when", "    onyl: []\n    only: []\n    when"),
            ":8: the invariant has the unknown entry 'onyl'",
        ),
        (('when: {"Null": {s3:if-none-match: "true"}}', "when: never"), ":8: when must be conditions"),
        (('when: {"Null": {s3:if-none-match: "true"}}', "denied: maybe"), ":8: denied must be true or false"),
        (("id: once", "id: append-only"), "the invariant append-only stands there twice"),
        (
            ("{parameter: Producer, reason: elsewhere}", "{reason: elsewhere}"),
            ":15: an external principal names either",
        ),
        (("{parameter: Producer, reason: elsewhere}", "{parameter: Producer}"), ":15: reason must be a text"),
        (("reason: auditors", "reason: auditors, who: us"), ":16: the external principal has the unknown entry 'who'"),
        (("external_principals:", "outsiders:"), "unknown entry 'outsiders'"),
        (("invariants:\n", "invariants: {}\nmore:\n"), "unknown entry 'more'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(write, change, said) -> None:
    assert change[0] in WHOLE
    with pytest.raises(StackproofError) as error:
        load(write(WHOLE.replace(*change, 1)))
    assert said in str(error.value)


@pytest.mark.parametrize("text", ["- a\n", "", "invariants: {}\n", "invariants: [7]\n"])
def test_another_shape_is_refused(write, text) -> None:
    with pytest.raises(StackproofError):
        load(write(text))


def test_the_stack_has_one() -> None:
    assert "audit-events-are-append-only" in {one.id for one in load(ROOT / "template" / "access.yaml").invariants}
