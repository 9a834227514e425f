"""The audit chain: whatever is altered, left out, added or swapped shows."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.flow.chain import breaks, canonical, differences

STATUSES = ["RECEIVED", "SUBMITTED", "RUNNING", "SUCCEEDED"]


def chain(statuses: list[str]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for number, status in enumerate(statuses, 1):
        event = {
            "batch_id": "b",
            "sequence": number,
            "previous_status": events[-1]["status"] if events else "NONE",
            "status": status,
            "actor": "batchflow.monitor",
            "detail": "{}",
            "at": f"2026-11-16T08:00:{number:02d}Z",
            "expires_at": 1,
            "previous_hash": events[-1]["hash"] if events else "0" * 64,
        }
        events.append({**event, "hash": hashlib.sha256(canonical(event).encode()).hexdigest()})
    return events


def test_a_whole_chain_has_no_breaks() -> None:
    assert breaks(chain(STATUSES)) == []
    assert breaks([]) == []


@given(st.integers(0, 3), st.sampled_from(["status", "actor", "detail", "at", "expires_at", "batch_id"]))
def test_an_altered_event_shows(position: int, attribute: str) -> None:
    events = chain(STATUSES)
    events[position][attribute] = "altered"
    assert f"event {position + 1} was altered: its hash is not that of its content" in breaks(events)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_an_event_left_out_shows(position: int) -> None:
    events = chain(STATUSES)
    del events[position]
    assert f"event {position + 2} follows event {position}" in breaks(events)


def test_a_rewritten_event_with_a_fresh_hash_breaks_the_link_after_it() -> None:
    events = chain(STATUSES)
    events[1]["actor"] = "somebody else"
    content = {name: value for name, value in events[1].items() if name != "hash"}
    events[1]["hash"] = hashlib.sha256(canonical(content).encode()).hexdigest()
    assert breaks(events) == ["event 3 does not link to the event before it"]


def test_an_event_forged_onto_an_ended_batch_shows() -> None:
    assert breaks(chain([*STATUSES, "FAILED"])) == ["event 5 changes SUCCEEDED, which is final"]
    assert breaks(chain([*STATUSES, "SUCCEEDED"])) == []  # a remark on an ended batch: a duplicate was found


def test_a_missing_an_extra_and_a_different_copy_show() -> None:
    events = chain(STATUSES)
    copies = {f"{e['sequence']:08d}.json": canonical(e).encode() for e in events}
    assert differences(events, copies) == []
    copies["00000002.json"] = b"{}"
    copies["00000009.json"] = b"{}"
    del copies["00000001.json"]
    assert differences(events, copies) == [
        "event 00000001.json is not in the archive",
        "the archive holds 00000009.json, the chain does not",
        "event 00000002.json differs from its copy in the archive",
    ]
