"""As much of PartiQL as authorisation needs: a statement's kind, table and index, and the partition key's value."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stackproof.embedded.errors import EmbeddedError

_NAME = r"(\"[^\"]+\"|[A-Za-z_][A-Za-z0-9_\-]*)"
_HEAD = re.compile(
    r"^\s*(?:(?P<insert>INSERT\s+INTO)|(?P<update>UPDATE)|(?P<delete>DELETE\s+FROM)"
    r"|(?P<exists>EXISTS\s*\(\s*SELECT\b.*?\bFROM)|(?P<select>SELECT\b.*?\bFROM))"
    rf"\s+(?P<table>{_NAME})(?:\.(?P<index>{_NAME}))?",
    re.IGNORECASE | re.DOTALL,
)
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\?|[A-Za-z_][A-Za-z0-9_]*|-?\d+(?:\.\d+)?|<>|<=|>=|\S")
_KINDS = {"insert": "Insert", "update": "Update", "delete": "Delete", "exists": "Select", "select": "Select"}


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A PartiQL statement: `kind` is Insert, Update, Delete or Select."""

    kind: str
    table: str
    index: str | None
    rest: str


def parse(text: str) -> Statement:
    """The kind and target of a statement.

    Raises: EmbeddedError for anything else.
    """
    found = _HEAD.match(text)
    if found is None:
        raise EmbeddedError(f"The PartiQL statement {text[:80]!r} is not known to the embedded AWS.")
    kind = next(name for group, name in _KINDS.items() if found[group])
    index = found["index"].strip('"') if found["index"] else None
    return Statement(kind=kind, table=found["table"].strip('"'), index=index, rest=text[found.end() :])


def key_value(statement: Statement, key: str, bound: Sequence[Mapping[str, Any]]) -> str | None:
    """The value that a statement gives to the attribute `key`, None when it cannot be told."""
    tokens = _TOKEN.findall(statement.rest)
    if statement.kind != "Insert" and {"OR", "NOT"} & {token.upper() for token in tokens}:
        return None
    names = {key, f"'{key}'", f'"{key}"'}
    binder = ":" if statement.kind == "Insert" else "="
    for place in range(len(tokens) - 2):
        if tokens[place] in names and tokens[place + 1] == binder:
            return _value(tokens, place + 2, bound)
    return None


def _value(tokens: Sequence[str], place: int, bound: Sequence[Mapping[str, Any]]) -> str | None:
    token = tokens[place]
    if token == "?":
        number = tokens[:place].count("?")
        return str(next(iter(bound[number].values()))) if number < len(bound) else None
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    return token if token.lstrip("-")[:1].isdigit() else None
