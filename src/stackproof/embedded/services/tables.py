"""DynamoDB where moto is not faithful: PartiQL writes, transactions with tokens, late indexes, expiry, metrics."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.ports import Metrics
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.services.indexes import LateIndexes
from stackproof.embedded.services.partiql import Statement, parse
from stackproof.embedded.services.statements import Effect, Refusal, decide, read, satisfies, where_key
from stackproof.embedded.services.tablemetrics import TableMetrics
from stackproof.embedded.services.ttl import Expiry
from stackproof.embedded.world import World

TOKEN_LIFE = timedelta(minutes=10)
TRANSACTION_LIMIT = 100
_parse = lru_cache(maxsize=1024)(parse)
_TRANSACTION = {"TransactStatements", "ClientRequestToken"}
_TRANSACTION_STATEMENT = {"Statement", "Parameters", "ReturnValuesOnConditionCheckFailure"}
_STATEMENT = {"Statement", "Parameters", "ReturnValuesOnConditionCheckFailure", "ConsistentRead"}


@dataclass(kw_only=True)
class _Token:
    """A transaction that went through: until when its token holds, what was asked."""

    until: datetime
    asked: str


@dataclass(kw_only=True)
class _State:
    tokens: dict[str, _Token] = field(default_factory=dict)


class Tables:
    """DynamoDB's part of the embedded AWS; `indexes` and `expiry` have the knobs of scenarios."""

    def __init__(self, world: World, metrics: Metrics) -> None:
        self._world = world
        self.indexes = LateIndexes(world)
        self.expiry = Expiry(world)
        self.metrics = TableMetrics(world, metrics, lambda text: _parse(text).table)
        world.seam.override("dynamodb", "ExecuteTransaction", self._transaction)
        world.seam.override("dynamodb", "ExecuteStatement", self._statement)
        world.seam.intercept(self._check)
        world.seam.observe(self._remember)

    def _state(self) -> _State:
        return self._world.state("tables", _State)

    def _table(self, name: str) -> Table:
        backend = dynamodb_backends[self._world.account.id][self._world.account.region]
        found = backend.tables.get(name.rpartition("/")[2])
        if found is None:
            raise AwsError("ResourceNotFoundException", "Requested resource not found")
        table: Table = found
        return table

    def _decided(self, given: Mapping[str, Any]) -> Effect:
        statement = self._bound(given)
        return decide(statement, self._table(statement.table))

    def _bound(self, given: Mapping[str, Any]) -> Statement:
        return _parse(given["Statement"]).bound(list(given.get("Parameters", [])))

    def _statement(self, call: Call) -> Mapping[str, Any]:
        _refuse_unknown(call, call.parameters, _STATEMENT)
        if self._bound(call.parameters).verb == "SELECT":
            return self._select(self._bound(call.parameters))
        effect = self._decided(call.parameters)
        if effect.refusal is not None:
            raise _statement_error(effect.refusal, call.parameters)
        effect.apply()
        return {"Items": []}

    def _select(self, statement: Statement) -> Mapping[str, Any]:
        table = self._table(statement.table)
        item = read(table, where_key(statement, table))
        return {"Items": [item] if item is not None and satisfies(item, statement.where) else []}

    def _transaction(self, call: Call) -> Mapping[str, Any]:
        _refuse_unknown(call, call.parameters, _TRANSACTION)
        given = call.parameters["TransactStatements"]
        if not 1 <= len(given) <= TRANSACTION_LIMIT:
            raise AwsError("ValidationException", "Member must have length between 1 and 100, both included.")
        for statement in given:
            _refuse_unknown(call, statement, _TRANSACTION_STATEMENT)
        asked = json.dumps(given, sort_keys=True, default=repr)
        answer: dict[str, Any] = {"Responses": [{} for _ in given]}
        if self._was_done(call.parameters.get("ClientRequestToken"), asked):
            return answer
        for effect in self._all_or_nothing(given):
            effect.apply()
        self._keep_token(call.parameters.get("ClientRequestToken"), asked)
        return answer

    def _all_or_nothing(self, given: list[Mapping[str, Any]]) -> list[Effect]:
        effects: list[Effect] = []
        reasons: list[dict[str, Any]] = []
        for statement in given:
            if self._bound(statement).verb == "SELECT":
                raise EmbeddedError("A SELECT in dynamodb:ExecuteTransaction is not emulated.")
            try:
                effect = self._decided(statement)
            except AwsError as error:
                if error.code != "ValidationException":
                    raise
                reasons.append({"Code": "ValidationError", "Message": error.message})
                continue
            effects.append(effect)
            reasons.append(_reason(effect.refusal, statement))
        if len({effect.address for effect in effects}) < len(effects):
            text = "Transaction request cannot include multiple operations on one item"
            raise AwsError("ValidationException", text)
        codes = [reason["Code"] for reason in reasons]
        if set(codes) != {"None"}:
            text = "Transaction cancelled, please refer cancellation reasons for specific reasons"
            message = f"{text} [{', '.join(codes)}]"
            raise AwsError("TransactionCanceledException", message, fields={"CancellationReasons": reasons})
        return effects

    def _was_done(self, token: str | None, asked: str) -> bool:
        tokens, now = self._state().tokens, self._world.clock.now()
        while tokens and next(iter(tokens.values())).until <= now:  # they stand in the order of their time
            del tokens[next(iter(tokens))]
        if token is None or token not in tokens:
            return False
        if tokens[token].asked != asked:
            raise AwsError("IdempotentParameterMismatchException", f"The token {token} was used with other parameters.")
        return True

    def _keep_token(self, token: str | None, asked: str) -> None:
        if token is not None:
            self._state().tokens[token] = _Token(until=self._world.clock.now() + TOKEN_LIFE, asked=asked)

    def _check(self, call: Call) -> None:
        """What moto would do wrongly, stopped before it."""
        if call.name == "dynamodb:TransactWriteItems" and self._was_done(call.parameters.get("ClientRequestToken"), ""):
            raise EmbeddedError("A repeated token of dynamodb:TransactWriteItems is not emulated.")
        if call.name == "dynamodb:BatchExecuteStatement":
            raise EmbeddedError(f"{call.name} is not emulated.")

    def _remember(self, call: Call, answer: Answer) -> None:
        if call.name == "dynamodb:TransactWriteItems" and answer.error is None:
            self._keep_token(call.parameters.get("ClientRequestToken"), "")


def _refuse_unknown(call: Call, given: Mapping[str, Any], known: set[str]) -> None:
    if unknown := set(given) - known:
        raise EmbeddedError(f"{call.name} with {', '.join(sorted(unknown))} is not emulated.")


def _wants_item(given: Mapping[str, Any]) -> bool:
    return given.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"


def _reason(refusal: Refusal | None, given: Mapping[str, Any]) -> dict[str, Any]:
    if refusal is None:
        return {"Code": "None"}
    item = {"Item": refusal.item} if refusal.item and _wants_item(given) else {}
    return {"Code": refusal.code, "Message": refusal.message, **item}


def _statement_error(refusal: Refusal, given: Mapping[str, Any]) -> AwsError:
    fields: dict[str, object] = {"Item": refusal.item} if refusal.item and _wants_item(given) else {}
    return AwsError(f"{refusal.code}Exception", refusal.message, fields=fields)
