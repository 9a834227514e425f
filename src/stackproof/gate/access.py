"""access.yaml: the access invariants of one stack.

template: stack.yaml
invariants:
  - id: audit-events-are-append-only
    reason: an audit trail that its writers can change proves nothing
    actions: [dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:DeleteItem]
    resources: [AuditTable]          # logical ids
    only: []                         # roles (logical ids) that may; nobody here
  - id: only-the-producer-uploads
    reason: a file from anybody else is no payment order
    actions: [s3:PutObject]
    resources: [InboxBucket/*]       # with a path below the resource
    only: [ProducerRoleArn]          # an external principal, by its parameter
    denied: true                     # besides, the bucket's policy denies it to all others
  - id: manifests-are-written-once
    reason: the first manifest wins
    actions: [s3:PutObject]
    resources: [ResultsBucket/manifests/*]
    only: []
    when: {"Null": {s3:if-none-match: "true"}}   # denied to everybody under these conditions
external_principals:
  - parameter: ProducerRoleArn       # or `arn:` with a literal one
    reason: the producer's role stands in its own stack
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stackproof.errors import StackproofError
from stackproof.gate.files import load_placed
from stackproof.graph.access import Access, External, Invariant
from stackproof.template.model import Span

_ENTRIES = {"id", "reason", "actions", "resources", "only"}
_MORE = {"denied", "when"}
_OUTSIDER = {"parameter", "arn", "reason"}
Spans = Mapping[tuple[str | int, ...], Span]

__all__ = ["Access", "load", "read_access"]


def load(path: Path) -> Access:
    """The access invariants of a file.

    Raises: StackproofError naming the file, the line and what is wrong there. An invariant is never skipped.
    """
    return read_access(path, *load_placed(path))


def read_access(path: Path, data: Any, spans: Spans) -> Access:
    """The access invariants in the data of a file, as `load` gives them.

    Raises: StackproofError.
    """
    if not isinstance(data, dict) or (stray := set(data) - {"template", "invariants", "external_principals"}):
        what = f"unknown entry {sorted(map(str, stray))[0]!r}" if isinstance(data, dict) else "no mapping"
        raise StackproofError(f"{path}: {what}; it takes template, invariants and external_principals.")
    invariants = tuple(_invariant(path, *one) for one in _entries(path, data, spans, "invariants"))
    if twice := {one.id for one in invariants if sum(other.id == one.id for other in invariants) > 1}:
        raise StackproofError(
            f"{path}: the invariant {sorted(twice)[0]} stands there twice; give each an id of its own."
        )
    outsiders = tuple(_external(path, *one) for one in _entries(path, data, spans, "external_principals"))
    return Access(file=str(path), invariants=invariants, external=outsiders)


def _entries(path: Path, data: Mapping[str, Any], spans: Spans, section: str) -> Iterator[tuple[dict[str, Any], int]]:
    listed = data.get(section, [])
    if not isinstance(listed, list):
        raise StackproofError(f"{path}: {section} must be a list.")
    for index, body in enumerate(listed):
        span = spans.get((section, index))
        line = span.line if span else 1
        if not isinstance(body, dict):
            raise StackproofError(f"{path}:{line}: an entry of {section} must be a mapping.")
        yield body, line


def _invariant(path: Path, body: dict[str, Any], line: int) -> Invariant:
    if missing := sorted(_ENTRIES - set(body)):
        hint = " (an empty list: nobody may)" if missing == ["only"] else ""
        raise StackproofError(f"{path}:{line}: the invariant has no {missing[0]}{hint}.")
    if stray := sorted(set(body) - _ENTRIES - _MORE):
        raise StackproofError(f"{path}:{line}: the invariant has the unknown entry {stray[0]!r}.")
    return Invariant(
        id=_text(path, line, "id", body["id"]),
        reason=_text(path, line, "reason", body["reason"]),
        actions=_texts(path, line, "actions", body["actions"]),
        resources=_texts(path, line, "resources", body["resources"]),
        only=_texts(path, line, "only", body["only"], empty=True),
        denied=_truth(path, line, "denied", body.get("denied", "when" in body)),
        when=_conditions(path, line, body.get("when", {})),
        line=line,
    )


def _truth(path: Path, line: int, name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise StackproofError(f"{path}:{line}: {name} must be true or false.")
    return value


def _conditions(path: Path, line: int, value: Any) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(value, dict) or not all(isinstance(keys, dict) and keys for keys in value.values()):
        raise StackproofError(
            f"{path}:{line}: when must be conditions, such as {{Bool: {{aws:SecureTransport: 'false'}}}}."
        )
    return value


def _external(path: Path, body: dict[str, Any], line: int) -> External:
    if stray := sorted(set(body) - _OUTSIDER):
        raise StackproofError(f"{path}:{line}: the external principal has the unknown entry {stray[0]!r}.")
    if ("parameter" in body) == ("arn" in body):
        raise StackproofError(f"{path}:{line}: an external principal names either a parameter or an arn.")
    return External(
        reason=_text(path, line, "reason", body.get("reason")),
        parameter=_text(path, line, "parameter", body["parameter"]) if "parameter" in body else None,
        arn=_text(path, line, "arn", body["arn"]) if "arn" in body else None,
        line=line,
    )


def _text(path: Path, line: int, name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise StackproofError(f"{path}:{line}: {name} must be a text that is not empty.")
    return value.strip()


def _texts(path: Path, line: int, name: str, value: Any, *, empty: bool = False) -> tuple[str, ...]:
    if not isinstance(value, list) or not (value or empty):
        raise StackproofError(f"{path}:{line}: {name} must be a list of texts{'' if empty else ', at least one'}.")
    return tuple(_text(path, line, name, item) for item in value)
