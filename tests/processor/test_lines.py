"""Single lines: every reason, its limits, and what is no reason."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from processor.contract import COLUMNS, Reason

from .lines import CREDITOR, DEBTOR, file_of, line
from .runs import agree

GOOD = {
    "quoted": line(reference='"a, b"'),
    "doubled quotes": line(reference='"say ""x"""'),
    "only a doubled quote": line(reference='""""'),
    "quoted and empty": line(reference='""'),
    "every field quoted": b",".join(b'"%b"' % part for part in line().split(b",")),
    "no reference": line(reference=""),
    "spaces kept": line(reference="  x  "),
    "140 letters of two bytes": line(reference="ü" * 140),
    "140 letters of four bytes": line(reference="😀" * 140),
    "id of 6": line(transaction_id="A1B2C3"),
    "id of 35": line(transaction_id="Z" * 35),
    "leap day": line(booking_date="2024-02-29"),
    "year 1": line(booking_date="0001-01-01"),
    "year 9999": line(value_date="9999-12-31"),
    "smallest": line(amount="0.01"),
    "largest": line(amount="9999999999999.99"),
    "JPY": line(amount="1050", currency="JPY"),
    "BHD": line(amount="10.500", currency="BHD"),
    "CLF": line(amount="10.5000", currency="CLF"),
    "31 characters of account": line(debtor_account="MT84MALT011000012345MTLCAST001S"),
    "CR before LF": line() + b"\r",
}
BAD = {
    ("COLUMNS",): {
        "blank": b"",
        "blank with CR": b"\r",
        "short": line().rpartition(b",")[0],
        "long": line() + b",",
        "comma only": b",",
        "eight commas quoted": b'"' + b"," * 8 + b'"',
    },
    ("ENCODING",): {
        "byte FF": line() + b"\xff",
        "overlong": line() + b"\xc0\xaf",
        "surrogate": line() + b"\xed\xa0\x80",
        "cut short": line() + b"\xe2\x82",
        "beyond U+10FFFF": line() + b"\xf4\x90\x80\x80",
        "lone continuation": line() + b"\x80",
    },
    ("QUOTING",): {
        "unclosed": line(reference='"open'),
        "stray": line(reference='5" pipe'),
        "text after": line(reference='"x"y'),
        "space before": line(reference=' "x"'),
        "stray at the end": line(reference='x"'),
        "odd doubled": line(reference='"a""'),
        "in the middle": line(reference='"a"b"c"'),
        "one quote": line(reference='"'),
        "three quotes": line(reference='"""'),
        "unclosed first field": b'"' + line(),
        "quotes over fields": line(transaction_id='AB"CDEF', reference='x"y'),
    },
    ("CONTROL_CHARACTER",): {
        "NUL": line(reference="a\0b"),
        "tab": line(reference="a\tb"),
        "lone CR": line(reference="a\rb"),
        "two CR at the end": line() + b"\r\r",
        "CR at the start": b"\r" + line(),
        "DEL": line(reference="a\x7fb"),
        "U+0001": line(reference="a\x01b"),
        "U+001F in quotes": line(reference='"a\x1fb"'),
    },
    ("COLUMNS", "ENCODING"): {"two fields": b"a,\xff"},
    ("ENCODING", "QUOTING", "CONTROL_CHARACTER"): {"all of it": b'a"\xff\0'},
    ("COLUMNS", "CONTROL_CHARACTER"): {"tabs for commas": line().replace(b",", b"\t")},
    ("TRANSACTION_ID",): {
        "empty": line(transaction_id=""),
        "of 5": line(transaction_id="ABCDE"),
        "of 36": line(transaction_id="A" * 36),
        "lower case": line(transaction_id="abcdef"),
        "space": line(transaction_id="ABCDEF "),
        "other digits": line(transaction_id="ABCDE١"),
        "two byte letter": line(transaction_id="ABCDÉF"),
        "quoted comma": line(transaction_id='"ABC,DEF"'),
    },
    ("BOOKING_DATE",): {
        name: line(booking_date=name)
        for name in (
            "", "2026-02-30", "2023-02-29", "2026-13-01", "2026-00-10", "2026-1-05", "20261120", "0000-01-01",
            "2026-11-20 ", " 2026-11-20", "+2026-11-2", "-001-01-01", "2026/11/20", "2026-11-20T00:00",
            "٢٠٢٦-11-20", "2026-11-2x",
        )
    },
    ("VALUE_DATE",): {"30 February": line(value_date="2026-02-30")},
    ("DEBTOR_ACCOUNT",): {
        "empty": line(debtor_account=""),
        "check digits": line(debtor_account="DE88370400440532013000"),
        "swapped": line(debtor_account="DE89370400440532010300"),
        "short": line(debtor_account=DEBTOR[:-1]),
        "long": line(debtor_account=DEBTOR + "0"),
        "spaces": line(debtor_account="DE89 3704 0044 0532 0130 00"),
        "lower case": line(debtor_account=DEBTOR.lower()),
        "lower case within": line(debtor_account="GB82west12345698765432"),
        "no such country": line(debtor_account="XX89370400440532013000"),
        "plus": line(debtor_account="DE89+70400440532013000"),
        "minus in the second half": line(debtor_account="DE893704004405320-3000"),
        "other digits": line(debtor_account="DE8937040044053201300٠"),
    },
    ("CREDITOR_ACCOUNT",): {
        "check digits": line(creditor_account="GB83WEST12345698765432"),
        "country only": line(creditor_account="GB"),
    },
    ("AMOUNT",): {
        name or "empty": line(amount=name)
        for name in (
            "", "1e3", "+1.00", "01.00", "00.00", "-01.00", "1.", ".50", "1.00005", "NaN", "Infinity", "1_000.00",
            " 1.00", "1.00 ", "١.٠٠", "--1.00", "-", "12345678901234.00", "0x10", "1.0.0", "1٫00",
        )
    },
    ("NOT_POSITIVE",): {name: line(amount=name) for name in ("0.00", "-0.00", "-10.50")},
    ("NOT_POSITIVE", "MINOR_UNITS"): {"bare zero": line(amount="0"), "bare minus zero": line(amount="-0")},
    ("CURRENCY",): {
        name or "empty": line(currency=name)
        for name in ("", "eur", "ZZZ", "XAU", "XXX", "XTS", "DEM", "BGN", "EUR ", "978")
    },
    ("MINOR_UNITS",): {
        "JPY with two": line(currency="JPY"),
        "BHD with two": line(currency="BHD"),
        "three": line(amount="1.005"),
        "one": line(amount="1.5"),
        "none": line(amount="1"),
    },
    ("TYPE",): {name or "empty": line(type=name) for name in ("", "sct", "SCTX", " SCT", "WIRE")},
    ("REFERENCE",): {"141": line(reference="x" * 141), "141 of two bytes": line(reference="ü" * 141)},
}  # fmt: skip


@pytest.mark.parametrize("raw", GOOD.values(), ids=GOOD.keys())
def test_good(raw: bytes) -> None:
    expected = agree(file_of(raw))
    assert expected.rejected == []
    assert len(expected.accepted) == 1


@pytest.mark.parametrize(
    ("reasons", "raw"),
    [
        pytest.param(reasons, raw, id=f"{'|'.join(reasons)}: {name}")
        for reasons, raws in BAD.items()
        for name, raw in raws.items()
    ],
)
def test_bad(reasons: tuple[str, ...], raw: bytes) -> None:
    assert agree(file_of(raw)).rejected == [(2, "|".join(reasons), raw.removesuffix(b"\r"))]


def test_all_cases_in_one_block() -> None:
    raws = [*GOOD.values(), *(raw for cases in BAD.values() for raw in cases.values())]
    agree(file_of(*raws))
    agree(file_of(*raws), block_bytes=2_000)
    agree(file_of(*raws, end=b"\r\n"))


def test_every_field_reason_at_once() -> None:
    raw = b",".join([*[b"x"] * (len(COLUMNS) - 1), b"x" * 141])
    structural = (Reason.COLUMNS, Reason.ENCODING, Reason.QUOTING, Reason.CONTROL_CHARACTER)
    depending = (Reason.DUPLICATE, Reason.NOT_POSITIVE, Reason.MINOR_UNITS)
    reasons = "|".join(reason for reason in Reason if reason not in (*structural, *depending))
    assert agree(file_of(raw)).rejected == [(2, reasons, raw)]


NASTY = st.sampled_from(
    [
        *'",\r\n\0\t\x01\x7f -+.0123456789eEAZaz',
        "é",
        "€",
        "😀",
        "TRAILER,",
        '""',
        "EUR",
        "JPY",
        DEBTOR,
        CREDITOR,
        "2026-11-20",
    ]
)
FIELD = st.one_of(
    st.lists(NASTY, max_size=6).map("".join).map(str.encode),
    st.binary(max_size=4),
    st.text(max_size=8).map(lambda text: '"' + text.replace('"', '""') + '"').map(str.encode),
)


@st.composite
def spoiled_lines(draw: st.DrawFn) -> bytes:
    fields = line(draw(st.integers(1, 6))).split(b",")
    for index in draw(st.lists(st.integers(0, 8), max_size=3)):
        fields[index] = draw(st.one_of(FIELD, st.just(b'"' + fields[index] + b'"')))
    extra = draw(st.integers(-2, 2).filter(lambda number: number < 2))
    return b",".join([*fields, b""] if extra == 1 else fields[: 9 + extra])


@given(
    lines=st.lists(st.one_of(spoiled_lines(), st.binary(max_size=30), st.integers(1, 6).map(line)), max_size=12),
    ends=st.lists(st.sampled_from([b"\n", b"\r\n"]), min_size=1),
    block_bytes=st.integers(1, 700),
    max_line_bytes=st.sampled_from([1 << 20, 100, 150]),
    trailer=st.sampled_from([None, b"", b"TRAILER,1,1", b"TRAILER,2,"]),
)
@example(lines=[b'"\n"'], ends=[b"\n"], block_bytes=1, max_line_bytes=100, trailer=None)
@settings(deadline=None, max_examples=120)
def test_whatever_comes(
    lines: list[bytes], ends: list[bytes], block_bytes: int, max_line_bytes: int, trailer: bytes | None
) -> None:
    data = file_of(trailer=b"")[:-1]
    for index, raw in enumerate(lines):
        data += raw + ends[index % len(ends)]
    if trailer is None:
        from .oracle import expect

        expected = expect(data + b"TRAILER,0,0", max_line_bytes=max_line_bytes)
        trailer = f"TRAILER,{expected.lines},{expected.amount:f}".encode()
    agree(data + trailer, block_bytes=block_bytes, max_line_bytes=max_line_bytes)


@given(text=st.text(alphabet='",a\x01é', max_size=24))
@settings(deadline=None, max_examples=120)
def test_quotes(text: str) -> None:
    agree(file_of(line(1), text.encode(), line(2, reference=text), line(3)))
