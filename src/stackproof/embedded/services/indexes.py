"""Secondary indexes are read eventually consistent: with a delay, a query does not show what was just written."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from stackproof.embedded.services.statements import key_values
from stackproof.embedded.world import World


@dataclass(frozen=True, kw_only=True)
class _Write:
    at: datetime
    table: str
    hash_key: Any
    range_key: Any
    before: Any
    """The item's attributes before the write; None if there was none."""


@dataclass(kw_only=True)
class _State:
    delay: float = 0.0
    writes: list[_Write] = field(default_factory=list)


class LateIndexes:
    """Keeps what was before each recent write, and lets index reads see that."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._wrap(Table, "put_item", self._noting_put(Table.put_item))
        self._wrap(Table, "delete_item", self._noting_delete(Table.delete_item))
        self._wrap(DynamoDBBackend, "update_item", self._noting_update(DynamoDBBackend.update_item))
        for name in ("query", "scan"):
            self._wrap(Table, name, self._looking_back(getattr(Table, name)))

    def delay(self, seconds: float) -> None:
        """Let index reads lag by this; 0 turns it off. Writes from now on are affected."""
        state = self._state()
        state.delay = seconds
        state.writes = state.writes if seconds else []

    def _state(self) -> _State:
        return self._world.state("tables.indexes", _State)

    def _wrap(self, owner: type, name: str, wrapped: Callable[..., Any]) -> None:
        self._world.stack.enter_context(mock.patch.object(owner, name, wrapped))

    def _noting_put(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def noting(table: Table, item: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
            self._note(table, *key_values(table, item))
            return original(table, item, *args, **kwargs)

        return noting

    def _noting_delete(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def noting(table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Any:
            self._note(table, hash_key, range_key)
            return original(table, hash_key, range_key)

        return noting

    def _noting_update(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def noting(backend: DynamoDBBackend, table_name: str, key: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
            table = backend.get_table(table_name)
            self._note(table, *key_values(table, key))
            return original(backend, table_name, key, *args, **kwargs)

        return noting

    def _note(self, table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> None:
        state = self._state()
        if not state.delay or not table.all_indexes():
            return
        now = self._world.clock.now()
        state.writes = [write for write in state.writes if write.at > now - timedelta(seconds=state.delay)]
        before = table.get_item(hash_key, range_key)
        state.writes.append(
            _Write(
                at=now,
                table=table.name,
                hash_key=hash_key.to_json(),
                range_key=range_key.to_json() if range_key else None,
                before=before.to_json()["Attributes"] if before else None,
            )
        )

    def _looking_back(self, original: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(original)

        def looking(table: Table, *args: Any, **kwargs: Any) -> Any:
            index = signature.bind(table, *args, **kwargs).arguments.get("index_name")
            if not self._state().delay or index is None:
                return original(table, *args, **kwargs)
            with self._rewound(table):
                return original(table, *args, **kwargs)

        return looking

    @contextmanager
    def _rewound(self, table: Table) -> Iterator[None]:
        state = self._state()
        limit = self._world.clock.now() - timedelta(seconds=state.delay)
        recent = [write for write in state.writes if write.table == table.name and write.at > limit]
        current: list[tuple[DynamoType, DynamoType | None, Item | None]] = []
        for write in reversed(recent):
            hash_key = DynamoType(write.hash_key)
            range_key = DynamoType(write.range_key) if write.range_key else None
            current.append((hash_key, range_key, table.get_item(hash_key, range_key)))
            _store(table, hash_key, range_key, Item(hash_key, range_key, write.before) if write.before else None)
        try:
            yield
        finally:
            for hash_key, range_key, item in reversed(current):
                _store(table, hash_key, range_key, item)


def _store(table: Table, hash_key: DynamoType, range_key: DynamoType | None, item: Item | None) -> None:
    items: Any = table.items
    if range_key is not None:
        items, hash_key = items[hash_key], range_key
    if item is None:
        items.pop(hash_key, None)
    else:
        items[hash_key] = item
