"""What of an event a rule's target gets: all of it, a part, a constant, or a template filled in. Pure.

Source: EventBridge, Amazon EventBridge input transformation.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from stackproof.embedded.errors import EmbeddedError

_PLACE = re.compile(r"<([A-Za-z0-9_.-]+)>")
_PATH = re.compile(r"\$(?:\.[A-Za-z0-9_-]+|\['[^']+'\]|\[[0-9]+\])*")
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\['([^']+)'\]|\[([0-9]+)\]")


def target_input(target: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str) -> str:
    """The text that a target gets for an event.

    Raises: EmbeddedError for a path that the event does not have, or a template that is not understood.
    """
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(_at(event, target["InputPath"]))
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        values = {name: _at(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
        values |= {
            "aws.events.rule-arn": rule_arn,
            "aws.events.rule-name": rule_arn.rpartition("/")[2],
            "aws.events.event.json": dict(event),
            "aws.events.event.ingestion-time": event["time"],
        }
        return _filled(transformer["InputTemplate"], values)
    return json.dumps(event)


def _at(event: Mapping[str, Any], path: str) -> Any:
    if not _PATH.fullmatch(path):
        raise EmbeddedError(f"The path {path!r} of a rule's target is not emulated.")
    value: Any = event
    for name, quoted, position in _STEP.findall(path):
        try:
            value = value[int(position)] if position else value[name or quoted]
        except (KeyError, IndexError, TypeError):
            raise EmbeddedError(f"The event has nothing at {path!r}, which a rule's target asks for.") from None
    return value


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """The template with its places filled: inside a JSON string as text, elsewhere as JSON."""
    made: list[str] = []
    at = 0
    for place in _PLACE.finditer(template):
        if place[1] not in values:
            raise EmbeddedError(f"The input template has <{place[1]}>, which its paths do not define.")
        made.append(template[at : place.start()])
        quoted = _inside_string(template[: place.start()])
        value = values[place[1]]
        made.append(_inside(value) if quoted else json.dumps(value))
        at = place.end()
    return "".join(made) + template[at:]


def _inside(value: Any) -> str:
    return json.dumps(value)[1:-1] if isinstance(value, str) else json.dumps(json.dumps(value))[1:-1]


def _inside_string(before: str) -> bool:
    return len(re.findall(r'(?<!\\)"', before)) % 2 == 1
