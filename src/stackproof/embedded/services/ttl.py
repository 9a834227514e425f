"""DynamoDB's time to live: expired items go by themselves, some time after they expired.

Source: API UpdateTimeToLive, and DynamoDB, Time to live: the attribute is a Number of epoch seconds; deletion happens
"typically within two days"; a value more than five years in the past does not count.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table

from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.services.statements import Attributes, key_values
from stackproof.embedded.world import World

DELAY_SECONDS = 48 * 3600.0
SWEEP_SECONDS = 6 * 3600.0
_OLDEST = timedelta(days=5 * 365)
_SWEEP = "dynamodb.ttl"


@dataclass(frozen=True, kw_only=True)
class Expired:
    """An item that was deleted because its time had come."""

    table: str
    item: Attributes
    at: datetime


@dataclass(kw_only=True)
class _State:
    delay: float = DELAY_SECONDS
    expired: list[Expired] = field(default_factory=list)


class Expiry:
    """Sweeps the tables that have a TTL attribute."""

    def __init__(self, world: World) -> None:
        self._world = world
        world.clock.on(_SWEEP, lambda payload: self._sweep())
        world.seam.observe(self._watch)

    def delay(self, seconds: float) -> None:
        """How long after its expiry an item is deleted (at the next sweep: at most `SWEEP_SECONDS` later)."""
        self._state().delay = seconds

    def expired(self) -> list[Expired]:
        """What was deleted so far, in order."""
        return list(self._state().expired)

    def _state(self) -> _State:
        return self._world.state("tables.ttl", _State)

    def _watch(self, call: Call, answer: Answer) -> None:
        if call.name == "dynamodb:UpdateTimeToLive" and answer.error is None and not self._world.clock.pending(_SWEEP):
            self._world.clock.after(SWEEP_SECONDS, _SWEEP)

    def _sweep(self) -> None:
        backend = dynamodb_backends[self._world.account.id][self._world.account.region]
        watched = [table for table in backend.tables.values() if table.ttl["TimeToLiveStatus"] == "ENABLED"]
        for table in watched:
            self._sweep_table(table)
        if watched:
            self._world.clock.after(SWEEP_SECONDS, _SWEEP)

    def _sweep_table(self, table: Table) -> None:
        now, name = self._world.clock.now(), str(table.ttl["AttributeName"])
        for item in list(table.all_items()):
            value = item.attrs.get(name)
            moment = _moment(value)
            if moment is None or not now - _OLDEST <= moment <= now - timedelta(seconds=self._state().delay):
                continue
            attributes: Attributes = item.to_json()["Attributes"]
            table.delete_item(*key_values(table, attributes))
            self._state().expired.append(Expired(table=table.name, item=attributes, at=now))


def _moment(value: Any) -> datetime | None:
    """When an item expires; None when the attribute is missing, no Number, or no time that there is."""
    if value is None or value.type != "N":
        return None
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    try:
        return epoch + timedelta(seconds=float(value.value))
    except OverflowError:
        return None
