"""What one PartiQL statement does to its table: decided first, applied later, so that a transaction is all or nothing.

Messages and codes: API DynamoDB, ExecuteStatement, ExecuteTransaction and TransactionCanceledException.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.services.partiql import Statement

Attributes = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a statement cannot be done: the code of a cancellation reason, without the word Exception."""

    code: str
    message: str
    item: Attributes | None = None


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a statement would change. `after` is None for a deletion, `before` for a new item."""

    table: Table
    key: Attributes
    before: Attributes | None
    after: Attributes | None
    refusal: Refusal | None = None

    @property
    def address(self) -> str:
        """Which item, as text."""
        return f"{self.table.name} {sorted((name, str(value)) for name, value in self.key.items())}"

    def apply(self) -> None:
        """Write it."""
        hash_key, range_key = key_values(self.table, self.key)
        if self.after is None:
            self.table.delete_item(hash_key, range_key)
        else:
            self.table.put_item(self.after, overwrite=True)


def decide(statement: Statement, table: Table) -> Effect:
    """What a bound INSERT, UPDATE or DELETE would do now.

    Raises: AwsError ValidationException for a statement that no state of the table could satisfy.
    """
    key = _key(statement, table)
    before = read(table, key)
    match statement.verb:
        case "INSERT":
            refusal = Refusal(code="DuplicateItem", message="Duplicate primary key exists in table") if before else None
            effect = Effect(table=table, key=key, before=before, after=dict(statement.values), refusal=refusal)
        case "UPDATE":
            after = {**(before or key), **statement.values}
            kept = {name: value for name, value in after.items() if name not in statement.removed}
            effect = Effect(table=table, key=key, before=before, after=kept, refusal=_unmet(statement, before))
        case "DELETE":
            refusal = _unmet(statement, before) if before or set(statement.where) != set(key) else None
            return Effect(table=table, key=key, before=before, after=None, refusal=refusal)
        case verb:
            raise EmbeddedError(f"A PartiQL {verb} writes nothing.")
    _validate(effect)
    return effect


def read(table: Table, key: Attributes) -> Attributes | None:
    """The item of a key as it is now."""
    found = table.get_item(*key_values(table, key))
    attributes: Attributes | None = found.to_json()["Attributes"] if found else None
    return attributes


def satisfies(item: Attributes, where: Mapping[str, Any]) -> bool:
    """Whether all conditions are met; a missing attribute equals nothing."""
    return all(name in item and DynamoType(item[name]) == DynamoType(value) for name, value in where.items())


def key_values(table: Table, key: Attributes) -> tuple[DynamoType, DynamoType | None]:
    """A key as moto wants it."""
    return DynamoType(key[table.hash_key_attr]), DynamoType(key[table.range_key_attr]) if table.range_key_attr else None


def where_key(statement: Statement, table: Table) -> Attributes:
    """The primary key that a WHERE names.

    Raises: AwsError ValidationException when it does not name all of it.
    """
    if missing := [name for name in table.table_key_attrs if name not in statement.where]:
        text = "Where clause does not contain a mandatory equality on all key attributes"
        raise AwsError("ValidationException", f"{text} ({', '.join(missing)})" if len(missing) > 1 else text)
    return {name: statement.where[name] for name in table.table_key_attrs}


def _key(statement: Statement, table: Table) -> Attributes:
    if statement.verb == "INSERT":
        for name in table.table_key_attrs:
            if name not in statement.values:
                text = f"One or more parameter values were invalid: Missing the key {name} in the item"
                raise AwsError("ValidationException", text)
        key = {name: statement.values[name] for name in table.table_key_attrs}
    else:
        key = where_key(statement, table)
        for name in table.table_key_attrs:
            if name in statement.values or name in statement.removed:
                text = f"Cannot update attribute {name}. This attribute is part of the key"
                raise AwsError("ValidationException", text)
    types = _types(table)
    for name, value in key.items():
        _check_key_value(name, value, types[name], "One or more parameter values were invalid")
    return key


def _unmet(statement: Statement, before: Attributes | None) -> Refusal | None:
    if before is not None and satisfies(before, statement.where):
        return None
    return Refusal(code="ConditionalCheckFailed", message="The conditional request failed", item=before)


def _validate(effect: Effect) -> None:
    table, item = effect.table, effect.after or {}
    types = _types(table)
    for index in table.all_indexes():
        for element in index.schema:
            name = element["AttributeName"]
            if name in item:
                prefix = "One or more parameter values are not valid. A value specified for a secondary index key"
                _check_key_value(name, item[name], types[name], f"{prefix} is not supported (IndexName: {index.name})")
    try:
        table._validate_item_types(item)
        table._validate_key_sizes(item)
        Item(*key_values(table, effect.key), item)  # moto refuses an item that is too large here
    except MockValidationException as error:
        raise AwsError("ValidationException", str(error.message)) from None


def _check_key_value(name: str, value: Mapping[str, Any], kind: str, prefix: str) -> None:
    if kind not in value:
        actual = next(iter(value))
        text = f"{prefix}: Type mismatch for key {name} expected: {kind} actual: {actual}"
        raise AwsError("ValidationException", text)
    if value[kind] in ("", b""):
        text = f"{prefix}: The AttributeValue for a key attribute cannot contain an empty string value. Key: {name}"
        raise AwsError("ValidationException", text)


def _types(table: Table) -> dict[str, str]:
    return {attribute["AttributeName"]: attribute["AttributeType"] for attribute in table.attr}
