"""Runs the processor on bytes and holds everything it wrote against the oracle."""

from __future__ import annotations

import base64
import json
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from processor.contract import COLUMNS
from processor.pipeline import Outcome, process

from .oracle import Expected, expect


def run(data: bytes, directory: Path, **limits: int) -> Outcome:
    """Process `data` as a file; results go to `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "input.csv"
    path.write_bytes(data)
    with path.open("rb", buffering=0) as source:
        return process(source, directory, **limits)


def rejected_rows(directory: Path) -> list[tuple[int, str, bytes]]:
    """rejected.csv as (line, reasons, raw bytes)."""
    header, *rows = (directory / "rejected.csv").read_text().splitlines()
    assert header == "line,reasons,raw_base64"
    fields = [row.split(",") for row in rows]
    return [(int(line), reasons, base64.b64decode(raw, validate=True)) for line, reasons, raw in fields]


def accepted_rows(directory: Path) -> list[tuple[Any, ...]]:
    """accepted.parquet as tuples."""
    frame = pl.read_parquet(directory / "accepted.parquet")
    assert frame.columns == ["line", *COLUMNS]
    assert frame.schema["amount"] == pl.Decimal(18, 4)
    assert frame.schema["booking_date"] == frame.schema["value_date"] == pl.Date
    assert frame.schema["line"] == pl.Int64
    return frame.rows()


def totals(directory: Path) -> dict[tuple[Any, ...], tuple[int, Decimal]]:
    """totals.parquet by account, currency and date."""
    rows = pl.read_parquet(directory / "totals.parquet").rows()
    assert rows == sorted(rows)
    return {row[:3]: row[3:] for row in rows}


def agree(data: bytes, **limits: int) -> Expected:
    """Assert that processor and oracle agree on every line, reason, total and on the outcome; return the expected."""
    expected = expect(data, max_line_bytes=limits.get("max_line_bytes", 1 << 20))
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        outcome = run(data, directory, **limits)
        summary = json.loads((directory / "summary.json").read_text())
        assert outcome.file_reason == expected.file_reason
        assert summary["outcome"] == ("processed" if expected.file_reason is None else "rejected")
        assert rejected_rows(directory) == expected.rejected
        assert summary["reasons"] == dict(expected.reasons)
        counts = (expected.lines, len(expected.accepted), len(expected.rejected))
        assert (summary["lines"], summary["accepted"], summary["rejected"]) == counts
        assert summary["sha256"] == expected.sha256
        computed = summary["control"]["computed"]
        assert (computed["count"], Decimal(computed["sum"])) == (expected.lines, expected.amount)
        declared = summary["control"]["declared"]
        if expected.declared is None:
            assert declared == {"count": None, "sum": None}
        else:
            assert (declared["count"], Decimal(declared["sum"])) == expected.declared
        assert summary["control"]["matches"] is (expected.file_reason is None)
        if expected.file_reason is None:
            assert accepted_rows(directory) == expected.accepted
            assert totals(directory) == expected.totals
        else:
            assert not (directory / "accepted.parquet").exists()
            assert not (directory / "totals.parquet").exists()
    return expected
