"""What moto's API takes and does not give back: kept beside it, and added to the describe answers.

Each entry of `TABLE` (supplement_table.py) says which parameters of which operations are kept, and where they appear in
which answers. It works for every caller, not only for the deployer.
"""

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stackproof.embedded.deploy.supplement_table import TABLE, Supplement
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.world import World

Kept = dict[tuple[str, str], dict[str, Any]]


@dataclass(kw_only=True)
class _Index:
    """The table by (service, operation)."""

    writes: dict[tuple[str, str], list[Supplement]] = field(default_factory=dict)
    reads: dict[tuple[str, str], list[Supplement]] = field(default_factory=dict)
    forgets: dict[tuple[str, str], list[Supplement]] = field(default_factory=dict)


class Supplements:
    """Watches the seam, keeps what `TABLE` names, and completes the answers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._index = _Index()
        for entry in TABLE:
            for operations, index in (
                (entry.writes, self._index.writes),
                (entry.reads, self._index.reads),
                (entry.forgets, self._index.forgets),
            ):
                for operation in operations:
                    index.setdefault((entry.service, operation), []).append(entry)
        world.seam.observe(self._keep)
        for service, operation in self._index.reads:
            world.seam.amend(service, operation, self._complete)

    def _kept(self) -> Kept:
        make: Callable[[], Kept] = dict
        return self._world.state("deploy.supplements", make)

    def _keep(self, call: Call, answer: Answer) -> None:
        if answer.error:
            return
        name = (call.service, call.operation)
        for entry in self._index.writes.get(name, []):
            key = _key(entry.writes[call.operation], call.parameters, answer.parsed)
            slot = self._kept().setdefault((entry.name, key), {})
            for source, target in entry.fields.items():
                value = _get(call.parameters, source)
                if value is not None:
                    slot[target] = _merged(slot.get(target), copy.deepcopy(value))
        for entry in self._index.forgets.get(name, []):
            self._kept().pop((entry.name, _key(entry.forgets[call.operation], call.parameters, answer.parsed)), None)

    def _complete(self, call: Call, parsed: dict[str, Any]) -> Mapping[str, Any] | None:
        changed = False
        for entry in self._index.reads[call.service, call.operation]:
            read = entry.reads[call.operation]
            for item in _items(parsed, read.items):
                key = _key(read.key, call.parameters, item)
                for target, value in self._kept().get((entry.name, key), {}).items():
                    _put(item, target, copy.deepcopy(value))
                    changed = True
        return parsed if changed else None


def _key(path: str, parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    """The plain name at `path`: of the answer after `answer:`, else of the parameters; of an ARN without its type."""
    source: Any = _get(answer, path.removeprefix("answer:")) if path.startswith("answer:") else _get(parameters, path)
    text = str(source[0] if isinstance(source, list) else source)
    return re.split("[:/]", text.split(":", 5)[-1], maxsplit=1)[-1] if text.startswith("arn:") else text


def _get(value: Any, path: str) -> Any:
    for part in path.split(".") if path else ():
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _items(parsed: dict[str, Any], path: str) -> Iterator[dict[str, Any]]:
    found = _get(parsed, path)
    if isinstance(found, list):
        yield from found
    elif isinstance(found, dict):
        yield found


def _put(item: dict[str, Any], path: str, value: Any) -> None:
    *outer, last = path.split(".")
    for part in outer:
        item = item.setdefault(part, {})
    item[last] = _merged(item.get(last), value)


def _merged(old: Any, new: Any) -> Any:
    return {**old, **new} if isinstance(old, dict) and isinstance(new, dict) else new
