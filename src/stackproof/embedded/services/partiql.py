"""DynamoDB's PartiQL, as far as it is emulated: one item a statement, every key bound, nothing nested in a path.

    INSERT INTO "table" VALUE {'name': value, ...}
    UPDATE "table" SET "name"=value [SET ... | REMOVE "name"]... WHERE "name"=value [AND ...]
    DELETE FROM "table" WHERE "name"=value [AND ...]
    SELECT * FROM "table" WHERE "name"=value [AND ...]

A value is `?`, a literal, or a map or list of values. Whatever else DynamoDB may understand is an EmbeddedError here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from stackproof.embedded.errors import AwsError, EmbeddedError

_TOKEN = re.compile(
    r"""\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|"(?P<quoted>(?:[^"]|"")+)"|'(?P<text>(?:[^']|'')*)'"""
    r"""|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)|(?P<mark>[{}\[\],:=?*]))"""
)


@dataclass(frozen=True, kw_only=True)
class Marker:
    """A `?`, by its position from 0."""

    position: int


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A parsed statement. Values are DynamoDB attribute values (`{"S": "x"}`) or markers, nested as written."""

    verb: str
    """INSERT, UPDATE, DELETE or SELECT."""
    table: str
    values: Mapping[str, Any]
    """INSERT: the item. UPDATE: what is set."""
    removed: tuple[str, ...] = ()
    where: Mapping[str, Any]
    markers: int

    def bound(self, parameters: list[Mapping[str, Any]]) -> "Statement":
        """The statement with its parameters in place.

        Raises: AwsError ValidationException when their number is not that of the markers.
        """
        if len(parameters) != self.markers:
            raise AwsError("ValidationException", "Number of parameters in request and statement don't match.")
        return Statement(
            verb=self.verb,
            table=self.table,
            values={name: _bind(value, parameters) for name, value in self.values.items()},
            removed=self.removed,
            where={name: _bind(value, parameters) for name, value in self.where.items()},
            markers=0,
        )


def parse(text: str) -> Statement:
    """Parse one statement.

    Raises: EmbeddedError that shows where it stopped to understand.
    """
    return _Parser(text).statement()


def _bind(value: Any, parameters: list[Mapping[str, Any]]) -> Any:
    match value:
        case Marker():
            return dict(parameters[value.position])
        case {"L": items}:
            return {"L": [_bind(item, parameters) for item in items]}
        case {"M": entries}:
            return {"M": {name: _bind(item, parameters) for name, item in entries.items()}}
        case _:
            return value


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._markers, self._at = text, 0, 0
        self._tokens: list[tuple[str, str, int]] = []
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._unknown(position)
            kind = str(found.lastgroup)
            self._tokens.append((kind, found[kind], found.start(kind)))
            position = found.end()
        self._tokens.append(("end", "", len(text)))

    def statement(self) -> Statement:
        forms: dict[str, Callable[[], Statement]] = {
            "INSERT": self._insert, "UPDATE": self._update, "DELETE": self._delete, "SELECT": self._select,
        }  # fmt: skip
        for verb, form in forms.items():
            if self._keyword(verb):
                made = form()
                if self._kind() != "end":
                    raise self._unknown()
                return made
        raise self._unknown()

    def _insert(self) -> Statement:
        self._expect("INTO")
        table = self._table()
        self._expect("VALUE")
        value = self._value()
        if not isinstance(value, dict) or "M" not in value:
            raise self._unknown()
        return Statement(verb="INSERT", table=table, values=value["M"], where={}, markers=self._markers)

    def _update(self) -> Statement:
        table = self._table()
        values: dict[str, Any] = {}
        removed: list[str] = []
        while True:
            if self._keyword("SET"):
                self._assign(values, removed)
                while self._mark(","):
                    self._assign(values, removed)
            elif self._keyword("REMOVE"):
                removed.append(self._new_path(values, removed))
            else:
                break
        if not values and not removed:
            raise self._unknown()
        where = self._where()
        return Statement(
            verb="UPDATE", table=table, values=values, removed=tuple(removed), where=where, markers=self._markers
        )

    def _delete(self) -> Statement:
        self._expect("FROM")
        table, where = self._table(), self._where()
        return Statement(verb="DELETE", table=table, values={}, where=where, markers=self._markers)

    def _select(self) -> Statement:
        if not self._mark("*"):
            raise self._unknown()
        self._expect("FROM")
        table, where = self._table(), self._where()
        return Statement(verb="SELECT", table=table, values={}, where=where, markers=self._markers)

    def _assign(self, values: dict[str, Any], removed: list[str]) -> None:
        name = self._new_path(values, removed)
        self._need("=")
        values[name] = self._value()

    def _new_path(self, values: Mapping[str, Any], removed: list[str]) -> str:
        name = self._path()
        if name in values or name in removed:
            text = (
                f"Two document paths overlap with each other; must remove or rewrite one of these paths; path: [{name}]"
            )
            raise AwsError("ValidationException", text)
        return name

    def _where(self) -> dict[str, Any]:
        self._expect("WHERE")
        where: dict[str, Any] = {}
        while True:
            name = self._path()
            if name in where:
                raise self._unknown()
            self._need("=")
            where[name] = self._value()
            if not self._keyword("AND"):
                return where

    def _value(self) -> Any:
        kind, text, _ = self._tokens[self._at]
        if kind == "text":
            return self._taken({"S": text.replace("''", "'")})
        if kind == "number":
            return self._taken({"N": text})
        if kind == "name" and text.upper() in ("TRUE", "FALSE"):
            return self._taken({"BOOL": text.upper() == "TRUE"})
        if kind == "name" and text.upper() == "NULL":
            return self._taken({"NULL": True})
        if self._mark("?"):
            self._markers += 1
            return Marker(position=self._markers - 1)
        if self._mark("["):
            return {"L": self._items()}
        if self._mark("{"):
            return {"M": self._entries()}
        raise self._unknown()

    def _items(self) -> list[Any]:
        items: list[Any] = []
        while not self._mark("]"):
            if items:
                self._need(",")
            items.append(self._value())
        return items

    def _entries(self) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not self._mark("}"):
            if entries:
                self._need(",")
            kind, name, _ = self._tokens[self._at]
            if kind != "text" or name in entries:
                raise self._unknown()
            self._at += 1
            self._need(":")
            entries[name.replace("''", "'")] = self._value()
        return entries

    def _table(self) -> str:
        kind, text, _ = self._tokens[self._at]
        if kind not in ("name", "quoted"):
            raise self._unknown()
        return str(self._taken(text.replace('""', '"') if kind == "quoted" else text))

    def _path(self) -> str:
        kind, text, _ = self._tokens[self._at]
        if kind == "name" and text.upper() in ReservedKeywords.get_reserved_keywords():
            raise EmbeddedError(f'The PartiQL name {text} is a reserved word: write it as "{text}" in {self._text!r}.')
        return self._table()

    def _taken(self, value: Any) -> Any:
        self._at += 1
        return value

    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _keyword(self, word: str) -> bool:
        kind, text, _ = self._tokens[self._at]
        return kind == "name" and text.upper() == word and self._taken(True)

    def _mark(self, mark: str) -> bool:
        return self._tokens[self._at][:2] == ("mark", mark) and self._taken(True)

    def _expect(self, word: str) -> None:
        if not self._keyword(word):
            raise self._unknown()

    def _need(self, mark: str) -> None:
        if not self._mark(mark):
            raise self._unknown()

    def _unknown(self, position: int | None = None) -> EmbeddedError:
        at = self._tokens[self._at][2] if position is None else position
        return EmbeddedError(f"This PartiQL is not emulated from {self._text[at:]!r} on: {self._text!r}")
