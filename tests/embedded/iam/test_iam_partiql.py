"""PartiQL as far as authorisation reads it."""

from typing import Any

import pytest

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.operations.partiql import key_value, parse


@pytest.mark.parametrize(
    ("text", "kind", "table", "index"),
    [
        ("INSERT INTO \"audit\" VALUE {'a': ?}", "Insert", "audit", None),
        ("insert  into audit value {'a': 1}", "Insert", "audit", None),
        ('UPDATE "jobs" SET "a"=? REMOVE "b" WHERE "batch_id"=?', "Update", "jobs", None),
        ("DELETE FROM jobs WHERE batch_id='x'", "Delete", "jobs", None),
        ('SELECT * FROM "jobs"."active-index" WHERE active=?', "Select", "jobs", "active-index"),
        ("SELECT a,\n b\nFROM stack-jobs-1", "Select", "stack-jobs-1", None),
        ('EXISTS(SELECT * FROM "jobs" WHERE batch_id=?)', "Select", "jobs", None),
    ],
)
def test_kind_and_target(text: str, kind: str, table: str, index: str | None) -> None:
    found = parse(text)
    assert (found.kind, found.table, found.index) == (kind, table, index)


@pytest.mark.parametrize("text", ["DROP TABLE jobs", "", "UPDATE", "SELECT 1"])
def test_other_statements_are_errors(text: str) -> None:
    with pytest.raises(EmbeddedError, match="PartiQL"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "bound", "value"),
    [
        ("INSERT INTO t VALUE {'x': ?, 'batch_id': ?}", [{"S": "1"}, {"S": "b"}], "b"),
        ("INSERT INTO t VALUE {'batch_id': 'b''s', 'x': 'batch_id'}", [], "b's"),
        ('UPDATE t SET "x"=? SET "y"=? WHERE "batch_id"=? AND "sequence"=?', [{"S": "1"}] * 2 + [{"S": "b"}], "b"),
        ("DELETE FROM t WHERE batch_id = 7", [], "7"),
        ("SELECT * FROM t WHERE batch_id=? OR batch_id=?", [{"S": "a"}, {"S": "b"}], None),
        ("SELECT * FROM t WHERE batch_id IN [?, ?]", [{"S": "a"}, {"S": "b"}], None),
        ("SELECT * FROM t", [], None),
        ("DELETE FROM t WHERE batch_id=?", [], None),
    ],
)
def test_the_partition_keys_value(text: str, bound: list[dict[str, Any]], value: str | None) -> None:
    assert key_value(parse(text), "batch_id", bound) == value
