"""Whole files: what rejects them, and where their lines begin and end."""

from __future__ import annotations

import bz2
import gzip
import lzma
from itertools import pairwise

import pytest

from processor.contract import HEADER

from .lines import file_of, line
from .oracle import expect
from .runs import agree

THREE = [line(1), line(2), line(3)]
GOOD = file_of(*THREE)
TRAILER = b"TRAILER,3,31.50\n"
BODY = GOOD.removesuffix(TRAILER)

BAD_FILES = {
    "EMPTY": {"nothing": b"", "only a byte order mark": b"\xef\xbb\xbf"},
    "COMPRESSED": {
        "gzip": gzip.compress(GOOD),
        "bzip2": bz2.compress(GOOD),
        "xz": lzma.compress(GOOD),
        "zip": b"PK\x03\x04" + GOOD,
        "zstd": b"\x28\xb5\x2f\xfd" + GOOD,
    },
    "HEADER": {
        "a blank line first": b"\n" + GOOD,
        "only a line end": b"\n",
        "another order": GOOD.replace(b"booking_date,value_date", b"value_date,booking_date", 1),
        "upper case": HEADER.upper() + b"\n" + TRAILER,
        "no header": b"".join(part + b"\n" for part in THREE) + TRAILER,
        "two byte order marks": b"\xef\xbb\xbf" * 2 + GOOD,
        "UTF-16": GOOD.decode().encode("utf-16"),
        "quoted": GOOD.replace(b"reference\n", b'"reference"\n', 1),
        "ends in a lone CR": GOOD.replace(b"reference\n", b"reference\r", 1),
        "CR at the end of the file": HEADER + b"\r",
        "no line end for a megabyte": b"x" * (1 << 20),
    },
    "TRAILER_MISSING": {
        "header only": HEADER + b"\n",
        "header without a line end": HEADER,
        "no trailer": BODY,
        "last line unfinished": BODY + line(4)[:30],
        "last line unfinished at a CR": BODY + line(4) + b"\r",
        "lower case": BODY + b"trailer,3,31.50\n",
        "quoted": BODY + b'"TRAILER",3,31.50\n',
        "no comma": BODY + b"TRAILER\n",
    },
    "TRAILER_FORMAT": {
        "no sum": BODY + b"TRAILER,3\n",
        "empty sum": BODY + b"TRAILER,3,\n",
        "a fourth field": BODY + b"TRAILER,3,31.50,x\n",
        "exponent": BODY + b"TRAILER,3,3150e-2\n",
        "plus": BODY + b"TRAILER,3,+31.50\n",
        "a space": BODY + b"TRAILER,3, 31.50\n",
        "other digits": BODY + "TRAILER,٣,31.50\n".encode(),
        "not UTF-8": BODY + b"TRAILER,3,31.50\xff\n",
        "CR at the end of the file": BODY + b"TRAILER,3,31.50\r",
        "very long": BODY + b"TRAILER," + b"3" * (2 << 20) + b"\n",
    },
    "TRAILER_EARLY": {
        "a blank line after it": GOOD + b"\n",
        "a line after it": GOOD + line(4) + b"\n",
        "a trailer after it": GOOD + TRAILER,
        "at the start": HEADER + b"\n" + TRAILER + BODY.partition(b"\n")[2],
        "nine fields": HEADER + b"\n" + line(1, transaction_id="TRAILER") + b"\n" + TRAILER,
        "very long": BODY + b"TRAILER," + b"3" * (2 << 20) + b"\n" + TRAILER,
    },
    "TRAILER_COUNT": {
        "one less": BODY + b"TRAILER,2,31.50\n",
        "one more, and another sum": BODY + b"TRAILER,4,31.51\n",
    },
    "TRAILER_SUM": {
        "off by the last digit": BODY + b"TRAILER,3,31.5001\n",
        "beyond four digits": BODY + b"TRAILER,3,31.500000001\n",
        "negative": BODY + b"TRAILER,3,-31.50\n",
    },
}
CASES = [
    pytest.param(reason, data, id=f"{reason}: {name}")
    for reason, files in BAD_FILES.items()
    for name, data in files.items()
]


@pytest.mark.parametrize(("reason", "data"), CASES)
@pytest.mark.parametrize("block_bytes", [1 << 20, 61])
def test_bad_file(reason: str, data: bytes, block_bytes: int) -> None:
    assert agree(data, block_bytes=block_bytes if len(data) < 1 << 16 else 1 << 20).file_reason == reason


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(GOOD, id="LF"),
        pytest.param(file_of(*THREE, end=b"\r\n"), id="CR LF"),
        pytest.param(b"\xef\xbb\xbf" + GOOD, id="byte order mark"),
        pytest.param(GOOD.removesuffix(b"\n"), id="trailer without line end"),
        pytest.param(GOOD.replace(b"\n", b"\r\n", 2), id="mixed line ends"),
        pytest.param(BODY + b"TRAILER,3,31.5\n", id="sum with fewer digits"),
        pytest.param(BODY + b"TRAILER,003,0031.500000\n", id="zeros around"),
    ],
)
@pytest.mark.parametrize("block_bytes", [1 << 20, 1, 7])
def test_good_file(data: bytes, block_bytes: int) -> None:
    expected = agree(data, block_bytes=block_bytes)
    assert expected.file_reason is None
    assert [row[0] for row in expected.accepted] == [2, 3, 4]


def test_no_data_lines_is_a_good_file() -> None:
    assert agree(file_of()).accepted == []


def test_embedded_line_break_is_two_bad_lines() -> None:
    data = file_of(line(1, reference='"first\nsecond"'), line(2))
    expected = agree(data)
    assert [(number, reasons) for number, reasons, _ in expected.rejected] == [(2, "QUOTING"), (3, "QUOTING")]


def test_every_block_size_gives_the_same() -> None:
    data = file_of(
        line(1),
        b"",
        line(1),
        line(2, reference='"a, ""b"""'),
        line(3, reference="ü€😀") + b"\r",
        line(4) + b"\xff",
        line(2),
        b"\r",
        line(5, reference='"open'),
        line(6),
    )
    expected = expect(data)
    assert [number for number, _, _ in expected.rejected] == [3, 4, 7, 8, 9, 10]
    for block_bytes in (*range(1, 12), *range(60, len(data) + 2, 61)):
        agree(data, block_bytes=block_bytes)


@pytest.mark.parametrize("size", range(95, 106))
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_line_length_limit_does_not_depend_on_blocks(size: int, end: bytes) -> None:
    padded = line(1).ljust(size, b"x")[:size]
    data = file_of(padded, line(2), trailer=b"TRAILER,0,0", end=end)
    for block_bytes in (1 << 20, 1, 3, 100, 101, 102, 103):
        expected = agree(data, block_bytes=block_bytes, max_line_bytes=100)
        assert [reasons for _, reasons, _ in expected.rejected] == (["COLUMNS"] if size > 100 else [])


def test_long_line_is_kept_whole() -> None:
    huge = b'"' + bytes(range(256)).replace(b"\n", b"") * 9000 + b"\r\r"
    data = file_of(line(1), huge, line(2))
    expected = agree(data, block_bytes=70_001)
    assert expected.rejected == [(3, "COLUMNS", huge.removesuffix(b"\r"))]
    assert expected.file_reason is None


def test_long_last_line_without_line_end() -> None:
    agree(file_of(line(1)).rpartition(b"TRAILER")[0] + b"y" * 5000 + b"\r", block_bytes=64, max_line_bytes=100)


def test_line_numbers_are_physical() -> None:
    data = file_of(*(part for number in range(1, 60, 2) for part in (line(number), b"")))
    numbers = [number for number, _, _ in agree(data, block_bytes=300).rejected]
    assert all(after - before == 2 for before, after in pairwise(numbers))
