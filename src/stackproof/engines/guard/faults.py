"""What Guard's JSON says of a rule that failed on a resource: where, and why.

Its shapes are many (clauses of one and of two operands, blocks, alternatives, rules inside rules), so it is walked by
what it holds, not by its type. The walk only refines: a rule that failed on a document failed on the resource in it.

Three-valued: a clause that failed at a value that is not known is undecided. Of clauses that must all hold one that
surely fails decides; of alternatives one that is undecided leaves all undecided.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stackproof.findings.result import Path
from stackproof.template.render import UNKNOWN

_BOUNDS = {"Ge": "at least {}", "Gt": "more than {}", "Le": "at most {}", "Lt": "less than {}"}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A clause that did not hold. `path` is below the resource, in the rendered template; `message` is the rule's own,
    '' where it has none; `detail` what was found there; `unknown` the reason why it is not known, None when it is."""

    path: Path
    message: str = ""
    detail: str = ""
    unknown: str | None = None


def unknown_reason(value: Any) -> str | None:
    """Why a rendered value is not known, None when it is."""
    return (
        value.removeprefix(UNKNOWN).removesuffix(">") if isinstance(value, str) and value.startswith(UNKNOWN) else None
    )


def faults(rule: Mapping[str, Any], logical_id: str, resource: Any) -> tuple[Fault, ...]:
    """The faults of a rule that is not compliant, at least one: all undecided, or all sure."""
    found = tuple(_all(rule.get("checks"), f"/Resources/{logical_id}", resource))
    return _decided(found) or (Fault(path=()),)


def _decided(found: Sequence[Fault]) -> tuple[Fault, ...]:
    return tuple(fault for fault in found if fault.unknown is None) or tuple(found)


def _all(checks: Any, root: str, resource: Any) -> Iterator[Fault]:
    for check in checks if isinstance(checks, list) else ():
        for kind, body in check.items() if isinstance(check, dict) else ():
            if kind == "Disjunctions":
                yield from _any(body, root, resource)
            elif isinstance(body, dict) and "checks" in body:
                yield from _decided(tuple(_all(body["checks"], root, resource)))
            else:
                yield _clause(body, root, resource)


def _any(body: Any, root: str, resource: Any) -> Iterator[Fault]:
    """Alternatives are one fault: at the deepest place, with the message that one of them has."""
    checks = body.get("checks") if isinstance(body, dict) else None
    branches = [list(_all([check], root, resource)) for check in checks or ()]
    found = [fault for branch in branches for fault in _decided(branch)]
    undecided = [fault for fault in found if fault.unknown is not None]
    if not found:
        return
    best = max(undecided or found, key=lambda fault: (len(fault.path), not fault.detail.endswith("is missing")))
    message = best.message or next((fault.message for fault in found if fault.message), "")
    yield Fault(path=best.path, message=message, detail=best.detail, unknown=best.unknown)


def _clause(body: Any, root: str, resource: Any) -> Fault:
    places = list(_places(body))
    where = next((place for place in places if str(place["path"]).startswith(root)), None)
    reasons = (unknown_reason(place.get("value")) for place in places)
    return Fault(
        path=_path(str(where["path"]).removeprefix(root), resource) if where else (),
        message=" ".join(str(_first(body, "custom_message") or "").split()),
        detail=_detail(body, where),
        unknown=next((reason for reason in reasons if reason is not None), None),
    )


def _places(node: Any) -> Iterator[Mapping[str, Any]]:
    """Everything in the clause that has a path, in its order: what was compared, then to what."""
    if isinstance(node, dict):
        if "path" in node and "value" in node:
            yield node
            return
        for child in node.values():
            yield from _places(child)
    elif isinstance(node, list):
        for child in node:
            yield from _places(child)


def _first(node: Any, key: str) -> Any:
    """The first value under a key that is not empty, however deep."""
    if isinstance(node, dict):
        if node.get(key):
            return node[key]
        return next((found for child in node.values() if (found := _first(child, key))), None)
    if isinstance(node, list):
        return next((found for child in node if (found := _first(child, key))), None)
    return None


def _detail(body: Any, where: Mapping[str, Any] | None) -> str:
    missing = _first(body, "remaining_query")
    if isinstance(missing, str):
        name = missing.split(".")[0].removesuffix("[*]")
        return f"{name} is missing" if name else "the list is empty"
    if where is None or isinstance(where["value"], dict | list):
        return ""
    text = f"it is {json.dumps(where['value'], ensure_ascii=False)}"
    comparison, other = _first(body, "comparison"), _first(body, "to")
    bound = _BOUNDS.get(str(comparison[0])) if isinstance(comparison, list) and comparison else None
    if bound and isinstance(other, dict) and isinstance(other.get("value"), int | float):
        return f"{text}, and must be {bound.format(other['value'])}"
    return text


def _path(text: str, resource: Any) -> Path:
    """Guard's path "/Properties/Tags/0/Key" below a resource; it stops at a reference, which is one value."""
    steps: list[str | int] = []
    rest = text.split("/")[1:]
    value = resource
    while rest:
        if isinstance(value, dict) and not _is_reference(value):
            taken = next((n for n in range(1, len(rest) + 1) if "/".join(rest[:n]) in value), 0)
            step: str | int = "/".join(rest[:taken])
        elif isinstance(value, list) and rest[0].isdigit() and int(rest[0]) < len(value):
            taken, step = 1, int(rest[0])
        else:
            taken, step = 0, ""
        if not taken:
            break
        steps.append(step)
        value, rest = value[step], rest[taken:]
    return tuple(steps)


def _is_reference(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)) in ("Ref", "Fn::GetAtt", "Fn::Sub")
