"""The audit chain: recomputed from the table's items alone, and compared with the write-once copies in the archive.

The algorithm is the one that the stack documents: an event's `hash` is the SHA-256 of the canonical JSON (keys sorted,
no white space, ASCII) of its other attributes, `previous_hash` among them; the first event's previous hash is 64 zeros.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

Event = Mapping[str, Any]
FINAL = frozenset({"SUCCEEDED", "REJECTED", "FAILED"})


def canonical(value: Mapping[str, Any]) -> str:
    """The one JSON text of an event."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def breaks(events: Sequence[Event]) -> list[str]:
    """What is wrong with a chain, in words; nothing when it is complete, in order and unaltered."""
    found: list[str] = []
    previous: dict[str, Any] = {"sequence": 0, "status": "NONE", "hash": "0" * 64}
    for event in events:
        number = event.get("sequence")
        if number != previous["sequence"] + 1:
            found.append(f"event {number} follows event {previous['sequence']}")
        content = {name: value for name, value in event.items() if name != "hash"}
        if hashlib.sha256(canonical(content).encode("ascii")).hexdigest() != event.get("hash"):
            found.append(f"event {number} was altered: its hash is not that of its content")
        if event.get("previous_hash") != previous["hash"]:
            found.append(f"event {number} does not link to the event before it")
        if event.get("previous_status") != previous["status"]:
            found.append(f"event {number} says it came from {event.get('previous_status')}, not {previous['status']}")
        if previous["status"] in FINAL and event.get("status") != previous["status"]:
            found.append(f"event {number} changes {previous['status']}, which is final")
        previous = {"sequence": number, "status": event.get("status"), "hash": event.get("hash")}
    return found


def differences(events: Sequence[Event], copies: Mapping[str, bytes]) -> list[str]:
    """Where the archive (object name -> first version's bytes) and the chain disagree, in words."""
    found = []
    expected = {f"{event['sequence']:08d}.json": canonical(event).encode("ascii") for event in events}
    found += [f"event {name} is not in the archive" for name in sorted(expected.keys() - copies.keys())]
    found += [f"the archive holds {name}, the chain does not" for name in sorted(copies.keys() - expected.keys())]
    found += [
        f"event {name} differs from its copy in the archive"
        for name in sorted(expected.keys() & copies.keys())
        if expected[name] != copies[name]
    ]
    return found
