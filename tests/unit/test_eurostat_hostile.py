"""Everything that must be refused: other kinds of files, wrong cells, bombs, damaged bytes."""

import contextlib
import gzip
import io
import itertools
import math
import resource
import struct
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from s3etl.errors import Changed
from sources import beginnings, eurostat, sdmx_csv, unpack
from tests.unit.wire import (
    LINEAR,
    LINEAR_HEADER,
    LINEAR_ROWS,
    NEW,
    OLD,
    Row,
    is_one_sentence,
    lacking,
    parsed,
    refusal,
)

# ---- Bad input ---------------------------------------------------------------------------------

HTML = b"\n<!DOCTYPE html>\n<html><body>The service is not available. Sorry.</body></html>\n"
XML = b'<?xml version="1.0"?>\n<S:Fault><faultcode>100</faultcode></S:Fault>\n'
JSON = b'{"warning": {"status": 413,\t"label": "ASYNCHRONOUS_RESPONSE"}}\n'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (HTML, ["an HTML page"]),
        (HTML.lower().replace(b"<!doctype html>", b""), ["an HTML page"]),
        (XML, ["XML"]),
        (JSON, ["JSON"]),
        (b"PK\x03\x04\x14", ["a ZIP archive"]),
        (OLD.decode().encode("utf-16"), ["UTF-16"]),
        (OLD.decode().encode("utf-16-be"), ["NUL byte"]),
        (OLD.decode().encode("utf-8-sig"), ["byte order mark"]),
        (LINEAR.decode().encode("utf-8-sig"), ["byte order mark"]),
        (b"", ["an empty file"]),
        (b"\r\n \n", ["an empty file"]),
        (gzip.compress(b""), ["an empty file"]),
        (gzip.compress(gzip.compress(OLD)), []),
        (gzip.compress(HTML), ["an HTML page"]),
        (b"hello", ["rows below the header", "none"]),
        (b"hello\nworld\n", ["TSV or SDMX-CSV header", "hello"]),
        (b"[1,\n2]\n", ["TSV or SDMX-CSV header"]),
        (b"code\tvalue\nA\tB\n", ["code"]),
        (OLD.split(b"\n", maxsplit=1)[0], ["rows below the header", "none"]),
        (OLD.split(b"\n", maxsplit=1)[0] + b"\r\n", ["rows below the header", "none"]),
        (OLD.split(b"\n", maxsplit=1)[0] + b"\n\n", ["a key of 3 codes", "''", "line 2"]),
        (LINEAR_HEADER, ["rows below the header", "none"]),
        (LINEAR_HEADER + b"\n", ["''"]),
        (OLD.replace(b"708", b"7\x008"), ["NUL byte", "line 2"]),
        (LINEAR.replace(b"708", b"7\x008"), ["NUL byte", "line 3"]),
        (OLD.replace(b"geo", b"g\xffo"), ["UTF-8", "line 1"]),
        (OLD.replace(b"C10", b"C\xff0"), ["UTF-8", "line 4"]),
        (LINEAR.replace(b"AT1", b"A\xff1"), ["UTF-8", "line 4"]),
    ],
)
def test_what_is_no_table(body: bytes, words: list[str]) -> None:
    message = refusal(body)
    assert is_one_sentence(message)
    assert lacking(message, words) == []


@pytest.mark.parametrize("body", [OLD, LINEAR], ids=["tsv", "csv"])
def test_a_gzip_file_cut_anywhere(body: bytes) -> None:
    packed = gzip.compress(body, mtime=5)
    for cut in range(len(packed)):
        words = ["gzip"] if cut > 1 else []
        message = refusal(packed[:cut])
        assert is_one_sentence(message)
        assert lacking(message, words) == []


@pytest.mark.parametrize("body", [OLD, LINEAR], ids=["tsv", "csv"])
def test_a_gzip_file_with_one_bit_wrong(body: bytes) -> None:
    """Only bits that say nothing (time, system, padding) may be wrong without being noticed."""
    packed, expected = gzip.compress(body, mtime=5), parsed(body)
    for place, bit in itertools.product(range(len(packed)), range(8)):
        damaged = bytearray(packed)
        damaged[place] ^= 1 << bit
        with contextlib.suppress(Changed):
            assert parsed(bytes(damaged)) == expected
    crc = packed[:-8] + struct.pack("<I", 1) + packed[-4:]
    message = refusal(crc)
    assert is_one_sentence(message)
    assert lacking(message, ["gzip", "damaged"]) == []
    message = refusal(packed + b"more")
    assert is_one_sentence(message)
    assert lacking(message, ["gzip"]) == []
    message = refusal(packed + packed)
    assert is_one_sentence(message)


@pytest.mark.parametrize("body", [OLD, NEW, LINEAR], ids=["old", "new", "linear"])
def test_a_plain_file_cut_within_a_line(body: bytes) -> None:
    """A cut at a line end cannot be noticed here; every other one is."""
    for cut in range(len(body)):
        if cut and body[cut - 1 : cut] == b"\n" and cut != body.index(b"\n") + 1:
            assert parsed(body[:cut])
        else:
            message = refusal(body[:cut])
            assert is_one_sentence(message)


WRONG_VALUES = [
    *["1,234", "12 34", "1.234,5", "1_000", "0x10", "1d5", "1.2.3", "--5", "5-", "\u22125", "=1+1"],
    *[
        "nan",
        "NaN",
        "NAN",
        "inf",
        "-inf",
        "INF",
        "Infinity",
        "1e999",
        "-1e999",
        "e5",
        ".",
        "-",
        "%",
    ],
    *["NA", "#N/A", "N/A", "NULL", "null", "None", "kg", "b", "c", "a b", "'5'", '"5"', ",", ";"],
    *["12 1", "12 b1", "12 :", "12 é", "12;b", "12/b", "12 b,c", ": :", "::", ":1", ": 12"],
    *["12\u00a0", "12\u2009b", "\u0661\u0662"],
]


@pytest.mark.parametrize("cell", WRONG_VALUES)
@pytest.mark.parametrize("blank", [" ", ""], ids=["regular", "irregular"])
def test_a_wrong_cell_in_tsv(cell: str, blank: str) -> None:
    for shape in (cell, f"{cell} ", f" {cell}", f"{cell} b"):
        body = f"unit,geo\\time\t2015 \t2014 \nPC,AT\t1{blank}\t2 b\nPC,BE\t3 \t{shape}\n"
        message = refusal(body.encode())
        assert is_one_sentence(message)
        assert lacking(message, ["number", "line 3", "column 2014"]) == []


@pytest.mark.parametrize("cell", ["", " ", "  ", " b", " 5", " : "])
def test_an_empty_cell_in_tsv(cell: str) -> None:
    body = f"unit,geo\\time\t2015 \t2014 \nPC,AT\t1 \t2 b\nPC,BE\t{cell}\t3 \n"
    message = refusal(body.encode())
    assert is_one_sentence(message)
    assert lacking(message, ["number", repr(cell), "line 3", "column 2015"]) == []


@pytest.mark.parametrize("cell", [c for c in WRONG_VALUES if "," not in c] + ["12 b", ": c", " "])
def test_a_wrong_value_in_sdmx_csv(cell: str) -> None:
    body = LINEAR.replace(b",708,", f",{cell},".encode())
    words = ["quotation mark"] if '"' in cell else ["number", "line 3", "column OBS_VALUE"]
    message = refusal(body)
    assert is_one_sentence(message)
    assert lacking(message, words) == []


def test_a_thousands_comma_in_sdmx_csv() -> None:
    message = refusal(LINEAR.replace(b"708", b"1,234"))
    assert is_one_sentence(message)
    assert lacking(message, ["8 cells", "9 in line 3"]) == []
    message = refusal(LINEAR.replace(b"708", b'"1,234"'))
    assert is_one_sentence(message)
    assert lacking(message, ["quotation mark", "line 3"]) == []


# Rows of a file of two years whose separators make up for each other, or are others.
COMPENSATING = [
    "B V11210,AT\t708 \t692 b",  # a blank for a comma, anywhere
    "B,V11210 AT\t708 \t692 b",
    "B\tV11210\tAT\t708 \t692 b",  # tabs for commas
    "B,V11210,AT,708 \t692 b",  # a comma for a tab
    "B,V11210,AT 708 \t692 b",  # a blank for a tab
    "B,V11210,AT\t708,\t692 b",  # a comma for the blank
    "B,V11210,AT\t708,692,b,",  # commas for everything
    "B,V11210,AT,708,,692,b",
    "B\tV11210\tAT\t708\t\t692\tb",  # tabs for everything
    "B V11210 AT 708  692 b",  # blanks for everything
    "B,V11210,AT\t708\tb\t692 ",  # the flag in a cell of its own
    "B,V11210,AT\t708\tb\t692",
    "B,V11210,AT\t708 692\tb ",
    "B,V11210,AT\t708\t 692 b",  # no blank here, one too many there
    "B,V11210,AT\t 708\t692 b",
    "B,V11210,AT\t708 b 692\t",
    "B,V11210,AT \t708\t692 b",  # the blank moved into the key
    "B,V11210, AT\t708\t692 b",
    "B,V11210, \t708 \t692 b",  # a code gone
    "B,V11210,\t708 \t692 b",
    ",V11210,AT\t708 \t692 b",
    "B,,AT\t708 \t692 b",
    "B,:,AT\t708 \t692 b",  # the missing mark as a code, or as a flag
    ":,V11210,AT\t708 \t692 b",
    "B,V11210,:\t708 \t692 b",
    "B,V11210,AT\t708 :\t692 b",
    "B,V11210,AT\t: :\t692 b",
    "B,V11210,AT\t: :\t: :",
    "B,V11210,AT\t:\t: : ",
    "B,V11210,AT\t708 12\t692 b",  # digits as a flag
    "B,V11210,AT\t708\t692 12 b",
    "B,V11210,AT\t708 nan\t692 1",
    "B,V11210,AT\tb 708\t692 b",  # flag first
    "B,V11210,AT\t708 \t692 \rb",  # a line end within
    "B,V11210,AT\t708 \r692 b",
    "B,V11210\rAT\t708 \t692 b",
    "B,V11210,AT\t708 \t692 b\r\r",
    "B,V11210,AT\t708 \t\n692 b",
    "B,V11210,AT\n708 \t692 b",
    "B,V11210,AT\t708 ",  # too few cells, too many
    "B,V11210,AT",
    "B,V11210\t708 \t692 b",
    "V11210\t708 \t692 b",
    "B,V11210,AT,AT\t708 \t692 b",
    "B,V11210,AT\t708 \t692 b\t",
    "B,V11210,AT\t708 \t692 b\t1 ",
    "B,V11210,AT\t708 \t692 b\t1 \tC,V11210,BE\t1 \t2 ",
    "B,V11210,AT\t708 \t692 bB,V11210,AT1\t1 \t2 b",
    "B,V11210,AT" + "\t1 " * 10_000,
    "",  # nothing at all
    " ",
    "\t\t",
    "\t \t ",
    ",,\t \t ",
    "\ufeffB,V11210,AT\t708 \t692 b",  # marks one does not see
    "B,V11210,AT\u200b\t708 \t692 b",
    "B,V11210,AT\x0b\t708 \t692 b",
    "B,V11210,AT\x1a\t708 \t692 b",
    "B,V11210,AT\t708\x0b \t692 b",
    "B,V11210,AT\t708 \u00e9\t692 b",
    'B,V11210,"AT"\t708 \t692 b',  # quotation marks
    'B,V11210,A"T\t708 \t692 b',
    'B,V11210,"AT\t708 \t692 b',
    'B,V11210,AT\t"708 "\t692 b',
    'B,V11210,AT\t708 "\t692 b',
    "nace_r2,indic_sb,geo\\time\t2015 \t2014 ",  # the header again
    "B,V11210,../x\t708 \t692 b",  # paths and the like
    "B,V11210,..\t708 \t692 b",
    "B,V11210,/etc/passwd\t708 \t692 b",
    "B,V11210,AT/../x\t708 \t692 b",
    "B,V11210,A\\T\t708 \t692 b",
    "B,V11210,C:x\t708 \t692 b",
    "B,V11210,~\t708 \t692 b",
    "B,V11210,-x\t708 \t692 b",
    "B,V11210,$x\t708 \t692 b",
    "B,V11210,A;T\t708 \t692 b",
    "B,V11210,=A1\t708 \t692 b",
    "B,V11210,A'T\t708 \t692 b",
    "B,V11210,Ö\t708 \t692 b",
]


@pytest.mark.parametrize("row", COMPENSATING)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_wrong_cells_never_make_up_for_each_other(row: str, first: bool, end: str) -> None:
    good = "C10,V11210,AT\t1 b\t: c"
    lines = ["nace_r2,indic_sb,geo\\time\t2015 \t2014 ", *([row, good] if first else [good, row])]
    message = refusal("".join(line + end for line in lines).encode())
    assert is_one_sentence(message)


def test_blanks_may_stand_otherwise_where_the_meaning_is_plain() -> None:
    """Here the one pass would have read ``692`` as a flag: these are irregular, not wrong."""
    for row in ("708\t692  b", "708\t692 b ", "708  \t692b"):
        assert parsed(f"geo\\time\t2015 \t2014 \nAT\t{row}\n".encode()) == [
            (("AT", "2015"), 708.0, None, None),
            (("AT", "2014"), 692.0, "b", None),
        ]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("geo\\time\t2015 \t2015 ", ["once in the header", "2015"]),
        ("geo\\time\t2015 \t2015", ["once in the header", "2015"]),
        ("geo\\time\t2015 \t-2014 ", ["a period", "-2014"]),
        ("geo\\time\t2015 \t", ["a period", "''"]),
        ("geo\\time\t2015 \t2014\x0b", ["a period"]),
        ("geo\\time\t2015 \t201 ", ["a period", "201"]),
        ("geo\\time\t2015 \t20144 ", ["a period"]),
        ("geo\\time\t2015 \t2014M13 ", ["a period"]),
        ("geo\\time\t2015 \t2014M00 ", ["a period"]),
        ("geo\\time\t2015 \t2014Q5 ", ["a period"]),
        ("geo\\time\t2015 \t2014W54 ", ["a period"]),
        ("geo\\time\t2015 \t2014-02-32 ", ["a period"]),
        ("geo\\time\t2015 \t201412 ", ["a period"]),
        ("geo\\time\t2015 \t3014 ", ["a period"]),
        ("geo\\time\t2015 \t0014 ", ["a period"]),
        ("geo\\time\t2015 \tvalue ", ["a period", "value"]),
        ("geo\t2015 \t2014 ", ["geo"]),
        ("geo\\x\t2015 \t2014 ", ["geo"]),
        ("geo\\time\\time\t2015 \t2014 ", ["geo"]),
        ("\\time\t2015 \t2014 ", ["a dimension", "''"]),
        ("../x\\time\t2015 \t2014 ", ["a dimension", "../x"]),
        ("Geo\\time\t2015 \t2014 ", ["a dimension", "Geo"]),
        ("TIME_PERIOD\\time\t2015 \t2014 ", ["a dimension", "TIME_PERIOD"]),
        ("OBS_VALUE\\TIME_PERIOD\t2015 \t2014 ", ["a dimension", "OBS_VALUE"]),
        ('"geo\\time"\t2015 \t2014 ', []),
        (" geo\\time\t2015 \t2014 ", ["a dimension"]),
        ("geo\\time\t2015\r\t2014 ", ["line ends"]),
        ("geo\\time\t2015 ", ["2 cells", "3 in line 2"]),
        ("geo\\time\t2015 \t2014 \t2013 ", ["4 cells", "3 in line 2"]),
        ("unit,geo\\time\t2015 \t2014 ", ["a key of 2 codes (unit,geo)", "AT"]),
        ("geo,geo\\time\t2015 \t2014 ", ["once in the header", "geo"]),
        ("geo\\time" + "\t2015 " * 10_000, ["once in the header", "2015"]),
        ("geo\\time" + "".join(f"\t{i} " for i in range(10_000)), ["a period"]),
        ("geo\\time" + "\t" * 10_000, ["once in the header", "''"]),
    ],
)
def test_a_wrong_header_of_tsv(header: str, words: list[str]) -> None:
    message = refusal(f"{header}\nAT\t1 \t2 b\n".encode())
    assert is_one_sentence(message)
    assert lacking(message, words) == []


def test_dimensions_may_have_any_plain_name() -> None:
    """Names that the one pass might have given to its own columns."""
    body = b"v0,f0,key,f1,geo\\time\t2015 \nA,B,C,D,AT\t5 b\n"
    assert parsed(body) == [(("A", "B", "C", "D", "AT", "2015"), 5.0, "b", None)]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",freq,unit,geo", "", ["a dimension", "''"]),
        ("freq,", "", ["7 cells", "8 in line 2"]),
        ("freq", "freq,age", ["9 cells", "8 in line 2"]),
        ("freq", "unit", ["once in the header", "unit"]),
        ("OBS_FLAG", "TIME_PERIOD", ["once in the header", "TIME_PERIOD"]),
        ("OBS_FLAG", "OBS_VALUE", ["once in the header", "OBS_VALUE"]),
        ("OBS_FLAG", "OBS_STATUS", ["a dimension", "OBS_STATUS"]),
        ("OBS_FLAG", "OBS_TEXT", ["a dimension", "OBS_TEXT"]),
        ("OBS_VALUE", "VALUE", ["TSV or SDMX-CSV header"]),
        ("freq", "Time frequency", ["a dimension"]),
        ("freq", "../x", ["a dimension", "../x"]),
        ("freq", '"freq"', ["a dimension"]),
        ("LAST UPDATE", "LAST_UPDATE", ["a dimension"]),
        ("AT1,2015", ",2015", ["a code in dimension geo", "''"]),
        ("AT1,2015", ":,2015", ["a code in dimension geo", "':'"]),
        ("AT1,2015", "../x,2015", ["a code in dimension geo", "../x"]),
        ("AT1,2015", "A T,2015", ["a code in dimension geo", "A T"]),
        ("AT1,2015", " AT1,2015", ["a code in dimension geo"]),
        ("AT1,2015", "\ufeffAT1,2015", ["a code in dimension geo"]),
        ("AT1,2015", "AT1,", ["a period in TIME_PERIOD", "''"]),
        ("AT1,2015", "AT1,:", ["a period in TIME_PERIOD", "':'"]),
        ("AT1,2015", "AT1,-2015", ["a period in TIME_PERIOD", "-2015"]),
        ("AT1,2015", "AT1,2015M13", ["a period in TIME_PERIOD", "2015M13"]),
        ("AT1,2015", "AT1,2015 ", ["a period in TIME_PERIOD"]),
        ("AT1,2015", 'AT1,"2015"', ["quotation mark", "line 5"]),
        ("AT1,2015", 'A"T1,2015', ["quotation mark", "line 5"]),
        ("AT1,2015", '"AT1,2015', ["quotation mark", "line 5"]),
        (",,c", ",,:", ["letters in OBS_FLAG", "':'"]),
        (",,c", ",,1", ["letters in OBS_FLAG", "'1'"]),
        (",,c", ",,b u", ["letters in OBS_FLAG"]),
        (",,c", ",,\u00e9", ["letters in OBS_FLAG"]),
        (",,c", ",c", ["8 cells", "7 in line 5"]),
        (",,c", ",,c,", ["8 cells", "9 in line 5"]),
        (",,c", ",,c" + "," * 10_000, ["8 cells", "10008 in line 5"]),
        (",,c\n", ",,c\n\n", ["''"]),
        (",,c\n", ",,c\n \n", ["8 cells", "1 in line 6"]),
        (",708,\n", ",708,\r", ["line ends"]),
        (",708,\n", ",708,\n\n", ["''"]),
        (",708,\n", ",708,", ["8 cells", "15 in line 3"]),
        ("AT,2015", "AT\n2015", ["8 cells", "5 in line 3"]),
        ("ESTAT:TAB_1(1.0)", "ESTAT:TAB_2(1.0)", ["dataset tab_1", "TAB_2"]),
        ("ESTAT:TAB_1(1.0)", "", ["one DATAFLOW", "''"]),
        ("ESTAT:TAB_1(1.0)", "ESTAT:TAB_11(1.0)", ["dataset tab_1", "TAB_11"]),
        ("ESTAT:TAB_1(1.0)", "ESTAT:XTAB_1(1.0)", ["dataset tab_1", "XTAB_1"]),
    ],
)
def test_a_wrong_sdmx_csv_file(old: str, new: str, words: list[str]) -> None:
    body = LINEAR.decode()
    assert old in body
    message = refusal(body.replace(old, new).encode(), dataset="tab_1")
    assert is_one_sentence(message)
    assert lacking(message, words) == []


def test_a_dataset_code_is_compared_without_case_but_by_its_own_letters() -> None:
    body = LINEAR.replace(b"TAB_1", b"TAB_K")
    assert parsed(body, "tab_k") == parsed(body, "TAB_K") == parsed(body)
    kelvin = LINEAR.replace(b"TAB_1", "TAB_\u212a".encode())
    message = refusal(kelvin, dataset="tab_k")
    assert is_one_sentence(message)
    assert lacking(message, ["dataset tab_k"]) == []


def test_two_datasets_in_one_file() -> None:
    mixed = LINEAR + LINEAR_ROWS[0].replace(b"TAB_1", b"TAB_2")
    for dataset in (None, "tab_1", "tab_2"):
        message = refusal(mixed, dataset=dataset)
        assert is_one_sentence(message)
        assert lacking(message, ["one DATAFLOW", "TAB_2"]) == []
    message = refusal(LINEAR + LINEAR)
    assert is_one_sentence(message)
    assert lacking(message, ["one DATAFLOW", "'DATAFLOW'"]) == []


@pytest.mark.parametrize("mark", ["N", "c", "CC", ":", "1"])
def test_a_confidentiality_mark_that_is_not_known(mark: str) -> None:
    body = f"geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\nAT,2015,5,,{mark}\n"
    message = refusal(body.encode())
    assert is_one_sentence(message)
    assert lacking(message, ["CONF_STATUS", mark]) == []


def test_ten_thousand_columns_in_sdmx_csv() -> None:
    names = ",".join(f"x{i}" for i in range(10_000))
    body = f"{names},geo,TIME_PERIOD,OBS_VALUE\nAT,2015,5\n"
    message = refusal(body.encode())
    assert is_one_sentence(message)
    assert lacking(message, ["10003 cells", "3 in line 2"]) == []


def test_bytes_are_named_by_their_dataset() -> None:
    with pytest.raises(Changed, match=r"^tab_1: expected a Eurostat table, found an empty file"):
        eurostat.parse(b"", dataset="tab_1")
    with pytest.raises(Changed, match=r"^data: expected a Eurostat table, found an empty file"):
        eurostat.parse(b"")


# ---- Bombs and floods --------------------------------------------------------------------------

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(20))
    + b"]>\n<lolz>&u;</lolz>\n"
)


def zipped(body: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.tsv", body)
    return file.getvalue()


@pytest.fixture
def bounded() -> Iterator[None]:
    """The test may take twenty seconds and 1.5 GiB more than there was, and far less is usual."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.perf_counter() - start < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_500_000


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (LAUGHS, ["XML"]),
        (gzip.compress(LAUGHS), ["XML"]),
        (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>\n<x>&e;</x>\n', ["XML"]),
        (zipped(OLD), ["a ZIP archive"]),
        (gzip.compress(zipped(OLD)), ["a ZIP archive"]),
        (gzip.compress(gzip.compress(OLD)), ["a gzip file within a gzip file"]),
        (gzip.compress(LINEAR.decode().encode("utf-16")), ["UTF-16"]),
        (gzip.compress(OLD.decode().encode("utf-8-sig")), ["byte order mark"]),
        (gzip.compress(OLD.replace(b"708", b"7\x008")), ["NUL byte", "line 2"]),
    ],
)
def test_other_kinds_packed_or_not(body: bytes, words: list[str]) -> None:
    message = refusal(body)
    assert is_one_sentence(message)
    assert lacking(message, words) == []


@pytest.mark.parametrize("form", ["tsv", "csv"])
def test_a_hundred_thousand_columns(form: str, bounded: None) -> None:
    if form == "tsv":
        header = "geo\\time" + "".join(
            f"\t{1000 + i // 372}-{i // 31 % 12 + 1:02}-{i % 31 + 1:02}" for i in range(100_000)
        )
        body = header + "\nAT" + "\t1 " * 100_000 + "\n"
    else:
        body = ",".join(f"x{i}" for i in range(100_000)) + ",TIME_PERIOD,OBS_VALUE\n"
        body += "A," * 100_000 + "2015,1\n"
    message = refusal(body.encode())
    assert is_one_sentence(message)
    assert lacking(message, ["at most 30,000 columns in the header"]) == []


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (b"", b""),
        (b"", b"\n1\n"),
        (b"geo\\time\t2015 \n", b"\t1 \n"),
        (b"geo\\time\t2015 \nAT\t1", b"\n"),
        (b"geo,TIME_PERIOD,OBS_VALUE\n", b",2015,1\n"),
        (b"geo,TIME_PERIOD,OBS_VALUE\nAT,2015,", b"\n"),
        (b"geo,TIME_PERIOD,OBS_VALUE\n", b"\n"),
    ],
)
def test_a_line_of_a_hundred_megabytes(start: bytes, end: bytes, bounded: None) -> None:
    message = refusal(start + b"x/" * (50 << 20) + end)
    assert is_one_sentence(message)
    assert lacking(message, ["lines of at most 16,777,216 bytes"]) == []


def test_a_gzip_bomb_is_refused_before_it_fills_the_memory(bounded: None) -> None:
    bomb = gzip.compress(bytes(32 << 20), 9) * 100  # 3 GiB in 3 MB
    message = refusal(bomb, ceiling=100 << 20)
    assert is_one_sentence(message)


def test_unpacking_stops_at_the_ceiling(bounded: None) -> None:
    bomb = gzip.compress(bytes(32 << 20), 9) * 100
    with pytest.raises(Changed) as caught:
        unpack.read_body(bomb, "x", 100 << 20)
    message = str(caught.value)
    assert is_one_sentence(message)
    assert lacking(message, ["at most 104,857,600 bytes unpacked"]) == []


@pytest.mark.parametrize("body", [OLD, gzip.compress(OLD)], ids=["plain", "gzip"])
def test_the_ceiling_is_exact(body: bytes) -> None:
    assert eurostat.parse(body, ceiling=len(OLD)).num_rows == 6
    message = refusal(body, ceiling=len(OLD) - 1)
    assert is_one_sentence(message)
    assert lacking(message, [f"at most {len(OLD) - 1} bytes"]) == []


def test_ten_gigabytes_of_zeros_in_ten_megabytes(bounded: None, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(bytes(32 << 20), 9) * 320)
    assert 9 << 20 < path.stat().st_size < 12 << 20
    message = refusal(path)
    assert is_one_sentence(message)
    assert lacking(message, ["lines of at most 16,777,216 bytes"]) == []


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (b"geo,TIME_PERIOD,OBS_VALUE\n", b"AT,2015,1\n"),
        (b"geo\\time\t2015 \n", b"AT\t1 \n"),
        (b'{"class": "dataset", "value": {"0":', b" " * 100),
    ],
    ids=["csv", "tsv", "json"],
)
def test_a_bomb_of_honest_rows(header: bytes, row: bytes, bounded: None) -> None:
    members = gzip.compress(row * ((4 << 20) // len(row)), 9) * 10
    message = refusal(gzip.compress(header) + members, ceiling=20_000_000)
    assert is_one_sentence(message)
    assert lacking(message, ["at most 20,000,000 bytes unpacked"]) == []


def test_what_a_gzip_file_says_of_its_size_is_not_believed(bounded: None) -> None:
    packed = gzip.compress(OLD)
    for claimed in (10 * 10**9 % 2**32, 2**32 - 1, 0, len(OLD) + 1):
        message = refusal(packed[:-4] + struct.pack("<I", claimed))
        assert is_one_sentence(message)
        assert lacking(message, ["gzip", "cut short or damaged"]) == []


def test_members_of_gzip_one_after_another() -> None:
    pieces = [bytes([65 + i % 26]) * (i * 997) for i in range(200)]
    whole = b"".join(pieces) + bytes(40 << 20)
    packed = b"".join(map(gzip.compress, pieces)) + gzip.compress(bytes(40 << 20))
    assert unpack.read_body(packed, "x") == whole


@pytest.mark.parametrize("rest", [b"\0", b"\n", b"\x1f", b"\x1f\x8b", b"x" * 100, OLD])
def test_what_follows_a_gzip_file(rest: bytes) -> None:
    message = refusal(gzip.compress(OLD) + rest)
    assert is_one_sentence(message)
    assert lacking(message, ["gzip", "cut short or damaged"]) == []


# ---- Damaged bytes: right, by an independent reading, or refused -------------------------------

MONTHS = [f"{i:02}" for i in range(1, 13)]
SUFFIXES = {
    "",
    *(dash + half for dash in ("", "-") for half in ("Q1", "Q2", "Q3", "Q4", "S1", "S2")),
    *(f"{dash}W{week:02}" for dash in ("", "-") for week in range(1, 54)),
    *(dash + month for dash in ("M", "-M", "-") for month in MONTHS),
    *(f"-{month}-{day:02}" for month in MONTHS for day in range(1, 32)),
}
LETTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
DIGITS = set("0123456789")


class WrongError(Exception):
    """The independent reading finds the file wrong."""


def need(condition: object) -> None:
    if not condition:
        raise WrongError


def read_number(text: str) -> float | None:
    """Return the number a text is, None if it is none."""
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, fraction = mantissa.removeprefix("-" if mantissa[:1] == "-" else "+").partition(".")
    digits = exponent.removeprefix("-" if exponent[:1] == "-" else "+")
    plain = set(whole + fraction + digits) <= DIGITS and whole + fraction
    if not plain or ("e" in text.lower() and not digits):
        return None
    need(math.isfinite(float(text)))
    return float(text)


def read_value(text: str) -> tuple[float | None, str | None]:
    """Return number and text of a value."""
    if text == ":":
        return None, None
    number = read_number(text)
    if number is None:
        need(len(text) > 1 and text[0] in LETTERS and text[0].isupper())
        need(all(c in DIGITS or c in "_/.%-" or (c in LETTERS and c.isupper()) for c in text))
        need(text not in {"NAN", "INF", "INFINITY", "NA", "N/A", "NULL", "NONE"})
        return None, text
    return number, None


def read_cell(cell: str) -> tuple[float | None, str | None, str | None]:
    """Return value, flag and text: the longest beginning that is a value, then letters."""
    for end in range(len(cell), 0, -1):
        flag = cell[end:].replace(" ", "")
        if set(flag) <= LETTERS and " " not in cell[:end]:
            try:
                number, text = read_value(cell[:end])
            except WrongError:
                continue
            return number, flag or None, text
    raise WrongError


def need_code(text: str) -> None:
    need(text and set(text) <= LETTERS | DIGITS | set("_.+-") and text[0] not in ".+-")


def need_header(dimensions: list[str], names: list[str]) -> None:
    need(len(set(names)) == len(names))
    need(dimensions)
    for name in dimensions:
        need(name and set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_"))
        need(name[0] not in "0123456789_")


def need_period(text: str) -> None:
    need(text[:1] in {"1", "2"} and len(text) >= 4 and set(text[:4]) <= DIGITS)
    need(text[4:] in SUFFIXES)


def reading(body: bytes) -> list[Row]:
    """Read a file one cell at a time, by the letter of the format."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise WrongError from None
    need("\0" not in text)
    header, *lines = text.split("\n")
    need(lines and lines.pop() == "" and lines)
    lines = [line.removesuffix("\r") for line in lines]
    header = header.removesuffix("\r")
    need("\r" not in "".join([header, *lines]))
    return read_tsv(header, lines) if "\t" in header else read_csv(header, lines)


def read_tsv(header: str, lines: list[str]) -> list[Row]:
    key, *periods = header.split("\t")
    periods = [period.strip(" ") for period in periods]
    names, *time = key.split("\\")
    dimensions = names.split(",")
    need(time in (["time"], ["TIME_PERIOD"]))
    need_header(dimensions, dimensions + periods)
    found: list[list[Row]] = [[] for _ in periods]
    for period in periods:
        need_period(period)
    for line in lines:
        first, *cells = line.split("\t")
        codes = first.split(",")
        need(len(codes) == len(dimensions) and len(cells) == len(periods))
        for code in codes:
            need_code(code)
        for i, cell in enumerate(cells):
            found[i].append(((*codes, periods[i]), *read_cell(cell)))
    return list(itertools.chain(*found))


def read_csv(header: str, lines: list[str]) -> list[Row]:
    names = header.split(",")
    need('"' not in header + "".join(lines))
    need({"TIME_PERIOD", "OBS_VALUE"} <= set(names))
    ignored = {"STRUCTURE", "STRUCTURE_NAME", "LAST UPDATE"}
    special = {"DATAFLOW", "STRUCTURE_ID", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG", "CONF_STATUS"}
    dimensions = [name for name in names if name not in ignored | special]
    need_header(dimensions, names)
    found: list[Row] = []
    flows = set()
    for line in lines:
        cells = line.split(",")
        need(len(cells) == len(names))
        row = dict(zip(names, cells, strict=True))
        flows.add(row.get("DATAFLOW", "none"))
        need_period(row["TIME_PERIOD"])
        for name in dimensions:
            need_code(row[name])
        value, text = read_value(row["OBS_VALUE"].strip(" \t") if row["OBS_VALUE"] else ":")
        flag = row.get("OBS_FLAG", "")
        need(set(flag) <= LETTERS)
        codes = [row[name] for name in dimensions]
        found.append(((*codes, row["TIME_PERIOD"]), value, flag or None, text))
    need(len(flows) == 1 and flows != {""})
    return found


def check_against_reading(body: bytes) -> None:
    try:
        expected = reading(body)
    except WrongError:
        with pytest.raises(Changed):
            eurostat.parse(body)
    else:
        assert parsed(body) == expected


TELLING = b'\t\t  ,,\r\n\n:.-+eEbc07AZ"\\/_\x00\x0b\xef\xff'
IRREGULAR = b"freq,geo\\TIME_PERIOD\t2014Q1 \t2015-12\r\nA,DE\t:C\tKG\r\nA,FR\t1.5 b u\t-2e3\r\n"
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["replace", "insert", "delete", "swap"]),
        st.integers(0, 10_000),
        st.integers(0, 10_000),
        st.sampled_from(TELLING) | st.integers(0, 255),
    ),
    min_size=1,
    max_size=3,
)


def edited(body: bytes, edits: list[tuple[str, int, int, int]]) -> bytes:
    out = bytearray(body)
    for kind, place, other, byte in edits:
        i, j = place % len(out), other % len(out)
        if kind == "replace":
            out[i] = byte
        elif kind == "insert":
            out.insert(i, byte)
        elif kind == "delete":
            del out[i]
        else:
            out[i], out[j] = out[j], out[i]
    return bytes(out)


def test_the_independent_reading_agrees_on_good_files() -> None:
    for body in (OLD, NEW, LINEAR, IRREGULAR):
        check_against_reading(body)
        assert reading(body)


@settings(deadline=None, max_examples=400)
@given(st.sampled_from([OLD, NEW, LINEAR, IRREGULAR]), EDITS)
def test_a_damaged_file_is_read_right_or_refused(
    body: bytes, edits: list[tuple[str, int, int, int]]
) -> None:
    damaged = edited(body, edits)
    assume(damaged != body)
    check_against_reading(damaged)


# Sorted as Eurostat sorts, with a code of more than eight letters.
SORTED = LINEAR_HEADER + b"".join(
    f"E:TAB_1(1.0),28/09/23 23:00:00,A,{unit},{geo},{year},{year}.5,{flag}\n".encode()
    for unit in ("PC", "THS_PER")
    for geo in ("AT", "AT1", "BE", "BE10", "EU27_2020", "FR", "FRXYZ", "HR", "HR0")
    for year, flag in ((2014, ""), (2015, "b"), (2016, "bu"), (2017, ""))
)


def in_small_blocks() -> contextlib.ExitStack:
    """Make a file of a few lines one of several blocks, with beginnings worth cutting off."""
    stack = contextlib.ExitStack()
    stack.enter_context(mock.patch.object(unpack, "BLOCK", 1000))
    stack.enter_context(mock.patch.object(beginnings, "FAR", 2))
    return stack


def test_beginnings_are_cut_off_in_small_blocks() -> None:
    with in_small_blocks(), mock.patch.object(sdmx_csv, "read_irregular", None):
        assert parsed(SORTED) == reading(SORTED)


@settings(deadline=None, max_examples=500)
@given(st.sampled_from([SORTED, SORTED, OLD, NEW, LINEAR, IRREGULAR]), EDITS)
def test_a_damaged_file_in_small_blocks(
    body: bytes, edits: list[tuple[str, int, int, int]]
) -> None:
    damaged = edited(body, edits)
    assume(damaged != body)
    with in_small_blocks():
        check_against_reading(damaged)


def test_every_place_of_a_row_within_a_block_with_every_telling_byte() -> None:
    start = SORTED.index(b"\n", 900) + 1
    end = SORTED.index(b"\n", start) + 1
    with in_small_blocks():
        for place, byte in itertools.product(range(start, end), sorted(set(TELLING))):
            check_against_reading(SORTED[:place] + bytes([byte]) + SORTED[place + 1 :])


@pytest.mark.parametrize("body", [OLD, LINEAR, IRREGULAR], ids=["tsv", "csv", "irregular"])
def test_every_place_with_every_telling_byte(body: bytes) -> None:
    """Without chance: each byte of a file replaced by each of those that mean something."""
    short = body[: [i for i, byte in enumerate(body) if byte == 10][2] + 1]
    for place, byte in itertools.product(range(len(short)), sorted(set(TELLING))):
        check_against_reading(short[:place] + bytes([byte]) + short[place + 1 :])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(["708", ":", "b", " ", "\t", ",", "AT", "12"]), max_size=12))
def test_any_row_of_the_right_pieces_is_read_right_or_refused(pieces: list[str]) -> None:
    """Rows made of what rows are made of, in any order: most that has the right length is wrong."""
    check_against_reading(
        b"geo\\time\t2015 \t2014 \nBE\t1 \t2 b\n" + "".join(pieces).encode() + b"\n"
    )
