"""Whether what was declared is what the describe calls return."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def lost(declared: Any, actual: Any, path: str, renames: Mapping[str, str]) -> Iterator[str]:
    """The paths of what is declared and does not come back, with both values. What AWS adds by itself is no loss.

    Names may come back in the API's spelling (`renames`, or a small first letter), scalars as texts, policies as JSON
    texts, and lists in another order.
    """
    match declared, actual:
        case (dict() | list(), str()):
            parsed = _json(actual)
            yield from [_shown(path, declared, actual)] if parsed is None else lost(declared, parsed, path, renames)
        case (str(), dict() | list()):
            parsed = _json(declared)
            yield from [_shown(path, declared, actual)] if parsed is None else lost(parsed, actual, path, renames)
        case (dict(), dict()):
            for key, value in declared.items():
                found = [name for name in (key, renames.get(key), key[:1].lower() + key[1:]) if name in actual]
                inner = f"{path}.{key}" if path else key
                yield from lost(value, actual[found[0]], inner, renames) if found else [_shown(inner, value, None)]
        case (list(), list()):
            yield from _lost_items(declared, actual, path, renames)
        case _:
            if _canonical(declared) != _canonical(actual):
                yield _shown(path, declared, actual)


def same(one: Any, other: Any) -> bool:
    """Whether two declared values mean the same (a number and its text do)."""
    return not [*lost(one, other, "", {}), *lost(other, one, "", {})]


def _lost_items(declared: list[Any], actual: list[Any], path: str, renames: Mapping[str, str]) -> Iterator[str]:
    if len(declared) != len(actual):
        yield _shown(path, declared, actual)
        return
    rest = list(actual)
    for i, item in enumerate(declared):
        matching = next((j for j, other in enumerate(rest) if not any(lost(item, other, "", renames))), None)
        if matching is None:
            inner = f"{path}[{i}]"
            yield from list(lost(item, actual[i], inner, renames)) or [_shown(inner, item, actual)]
            return
        rest.pop(matching)


def _shown(path: str, declared: Any, actual: Any) -> str:
    return f"{path}: declared {_short(declared)}, the describe call returns {_short(actual)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "..."


def _json(value: str) -> Any:
    try:
        parsed = json.loads(value)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict | list) else None


def _canonical(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    text = str(value)
    try:
        return repr(float(text))
    except ValueError:
        return text.lower() if text.lower() in ("true", "false") else text
