"""The wire formats by small examples, a round trip, and everything that must be refused."""

import contextlib
import gzip
import itertools
import math
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from s3etl.errors import Changed
from sources import eurostat

# What a cell is: the codes of its key with the period, value, flag, text.
Row = tuple[tuple[str, ...], float | None, str | None, str | None]

OLD = b"""nace_r2,indic_sb,geo\\time\t2015 \t2014\x20
B,V11210,AT\t708 \t692 b
B,V11210,AT1\t: c\t211.5\x20
C10,V11210,AT\t: \t1e3 bu
"""
NEW = b"""freq,unit,geo\\TIME_PERIOD\t2014 \t2015\x20
A,PC,AT\t692 b\t708\x20
A,PC,AT1\t211.5 \t: c
A,PC,BE\t-1000 bu\t:\x20
"""
LINEAR = b"""DATAFLOW,LAST UPDATE,freq,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG
ESTAT:TAB_1(1.0),28/09/23 23:00:00,A,PC,AT,2014,692,b
ESTAT:TAB_1(1.0),28/09/23 23:00:00,A,PC,AT,2015,708,
ESTAT:TAB_1(1.0),28/09/23 23:00:00,A,PC,AT1,2014,211.5,
ESTAT:TAB_1(1.0),28/09/23 23:00:00,A,PC,AT1,2015,,c
"""
LINEAR_HEADER, *LINEAR_ROWS = LINEAR.splitlines(keepends=True)


def rows(table: pa.Table) -> list[Row]:
    """Return the cells of a table in its order, after a look at its schema."""
    names = table.column_names
    end = names.index("TIME_PERIOD") + 1
    assert names[end:] in (["OBS_VALUE", "OBS_FLAG"], ["OBS_VALUE", "OBS_FLAG", "OBS_TEXT"])
    coded = pa.dictionary(pa.int32(), pa.string())
    assert {table.schema.field(name).type for name in [*names[:end], "OBS_FLAG"]} == {coded}
    assert table.schema.field("OBS_VALUE").type == pa.float64()
    table.validate(full=True)
    columns = [table[name].to_pylist() for name in names]
    texts = columns[end + 2] if len(columns) > end + 2 else itertools.repeat(None, len(table))
    keys = zip(*columns[:end], strict=True)
    return list(zip(keys, columns[end], columns[end + 1], texts, strict=True))


def parsed(body: bytes, dataset: str | None = None) -> list[Row]:
    return rows(eurostat.parse(body, dataset=dataset))


def refused(path: Path, body: bytes, *words: str, dataset: str | None = None) -> str:
    """Assert that a file is refused in one clear sentence, and return it without the name."""
    path.write_bytes(body)
    with pytest.raises(Changed) as caught:
        eurostat.parse(path, dataset=dataset)
    error, message = caught.value, str(caught.value)
    assert not error.retryable
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    assert message.startswith(f"{path}: expected ")
    assert message.isprintable()
    sentence = message.removeprefix(f"{path}: ")
    assert re.fullmatch(r"expected .+, found .+; (the provider .+, )?get .+\.", sentence)
    assert len(sentence) < 300
    found = re.sub(r"'[^']*'|\"[^\"]*\"", "…", sentence)  # what was quoted may hold anything
    assert ". " not in found
    assert not re.search(r"arrow|traceback|exception|csv (parse|conversion)", sentence.lower())
    for word in words:
        assert word in sentence
    return sentence


# ---- The formats -------------------------------------------------------------------------------

OLD_ROWS: list[Row] = [
    (("B", "V11210", "AT", "2015"), 708.0, None, None),
    (("B", "V11210", "AT1", "2015"), None, "c", None),
    (("C10", "V11210", "AT", "2015"), None, None, None),
    (("B", "V11210", "AT", "2014"), 692.0, "b", None),
    (("B", "V11210", "AT1", "2014"), 211.5, None, None),
    (("C10", "V11210", "AT", "2014"), 1000.0, "bu", None),
]
LINEAR_CELLS: list[Row] = [
    (("A", "PC", "AT", "2014"), 692.0, "b", None),
    (("A", "PC", "AT", "2015"), 708.0, None, None),
    (("A", "PC", "AT1", "2014"), 211.5, None, None),
    (("A", "PC", "AT1", "2015"), None, "c", None),
]


def test_old_tsv_newest_year_first() -> None:
    table = eurostat.parse(OLD)
    assert rows(table) == OLD_ROWS
    assert table.column_names[:4] == ["nace_r2", "indic_sb", "geo", "TIME_PERIOD"]


def test_new_tsv_oldest_year_first() -> None:
    assert parsed(NEW) == [
        (("A", "PC", "AT", "2014"), 692.0, "b", None),
        (("A", "PC", "AT1", "2014"), 211.5, None, None),
        (("A", "PC", "BE", "2014"), -1000.0, "bu", None),
        (("A", "PC", "AT", "2015"), 708.0, None, None),
        (("A", "PC", "AT1", "2015"), None, "c", None),
        (("A", "PC", "BE", "2015"), None, None, None),
    ]


def test_sdmx_csv() -> None:
    table = eurostat.parse(LINEAR, dataset="tab_1")
    assert rows(table) == LINEAR_CELLS
    assert table.column_names[:4] == ["freq", "unit", "geo", "TIME_PERIOD"]


@pytest.mark.parametrize("body", [OLD, NEW, LINEAR], ids=["old", "new", "linear"])
def test_gzip_and_line_ends_make_no_difference(body: bytes, tmp_path: Path) -> None:
    expected = parsed(body)
    windows = body.replace(b"\n", b"\r\n")
    half = len(body) // 2
    two_members = gzip.compress(body[:half]) + gzip.compress(body[half:])
    for same in (windows, gzip.compress(body), gzip.compress(windows), two_members):
        assert parsed(same) == expected
        path = tmp_path / "any.name"
        path.write_bytes(same)
        assert rows(eurostat.parse(path)) == expected


@pytest.mark.parametrize("body", [OLD, NEW], ids=["old", "new"])
def test_trailing_blanks_may_be_missing(body: bytes) -> None:
    head, _, rest = body.partition(b"\n")
    assert parsed(head.replace(b" ", b"") + b"\n" + rest) == parsed(body)
    assert parsed(re.sub(rb" +(?=\t|\n)", b"", body)) == parsed(body)


@pytest.mark.parametrize(
    ("cell", "value", "flag", "text"),
    [
        ("12", 12.0, None, None),
        ("12 ", 12.0, None, None),
        ("12  ", 12.0, None, None),
        ("12b", 12.0, "b", None),
        ("12 b", 12.0, "b", None),
        ("12 bu", 12.0, "bu", None),
        ("12 b u ", 12.0, "bu", None),
        ("12  dei", 12.0, "dei", None),
        ("-0.5 e", -0.5, "e", None),
        ("1e3 e", 1000.0, "e", None),
        ("1.5E-3 ", 0.0015, None, None),
        ("12e ", 12.0, "e", None),
        ("5. ", 5.0, None, None),
        (".5 ", 0.5, None, None),
        ("4.9e-324 ", 5e-324, None, None),
        ("9007199254740993 ", 9007199254740992.0, None, None),
        (":", None, None, None),
        (": ", None, None, None),
        (":C", None, "C", None),
        (": C", None, "C", None),
        (": c", None, "c", None),
        (": c ", None, "c", None),
        (": cd", None, "cd", None),
        (":  u", None, "u", None),
        ("KG", None, None, "KG"),
        ("KG ", None, None, "KG"),
        ("P/ST b", None, "b", "P/ST"),
    ],
)
@pytest.mark.parametrize("neighbour", ["7 ", "7"], ids=["regular", "irregular"])
def test_a_cell(
    cell: str, value: float | None, flag: str | None, text: str | None, neighbour: str
) -> None:
    body = f"unit,geo\\time\t2015 \t2014 \nPC,AT\t{cell}\t{neighbour}\nPC,BE\t{neighbour}\t1 p\n"
    assert parsed(body.encode()) == [
        (("PC", "AT", "2015"), value, flag, text),
        (("PC", "BE", "2015"), 7.0, None, None),
        (("PC", "AT", "2014"), 7.0, None, None),
        (("PC", "BE", "2014"), 1.0, "p", None),
    ]


def test_text_among_numbers_has_a_column_only_where_there_is_some() -> None:
    with_text = b"freq,geo\\TIME_PERIOD\t2022 \r\nA,DE\t:C\r\nA,FR\tKG\r\nA,IT\t5\r\n"
    assert eurostat.parse(with_text).column_names[-1] == "OBS_TEXT"
    assert [row[1:] for row in parsed(with_text)] == [
        (None, "C", None),
        (None, None, "KG"),
        (5.0, None, None),
    ]
    assert "OBS_TEXT" not in eurostat.parse(with_text.replace(b"KG", b": ")).column_names


@pytest.mark.parametrize(
    "period",
    [
        *["2015", "2015Q1", "2015-Q4", "2015S2", "2015-S1", "2015M01", "2015-M12", "2015-12"],
        *["2015W01", "2015-W53", "2015-02-28"],
    ],
)
def test_periods(period: str) -> None:
    assert parsed(f"geo\\time\t{period} \nAT\t1 \n".encode())[0][0] == ("AT", period)
    linear = f"geo,TIME_PERIOD,OBS_VALUE\nAT,{period},1\n"
    assert parsed(linear.encode()) == [(("AT", period), 1.0, None, None)]


def test_codes_of_every_kind_seen() -> None:
    codes = ["B-N_S95_X_K", "Y_LT15", "ED0-2", "EU27_2020", "01.11", "_T", "DE_TOT", "0", "10+"]
    body = "".join(f"{code},AT\t1 \n" for code in codes)
    assert [row[0][0] for row in parsed(b"x,geo\\time\t2015 \n" + body.encode())] == codes


def test_sdmx_csv_without_flags_and_with_a_confidentiality_column() -> None:
    head = b"freq,geo,TIME_PERIOD,OBS_VALUE"
    assert parsed(head + b"\nA,AT,2015,5\n") == [(("A", "AT", "2015"), 5.0, None, None)]
    body = head + (
        b",OBS_FLAG,CONF_STATUS\nA,AT,2015,5,b,\nA,BE,2015,,,C\nA,DE,2015,,d,C\nA,ES,2015,,c,C\n"
        b"A,FR,2015,7,,F\nA,IT,2015,,,\n"
    )
    assert [row[1:3] for row in parsed(body)] == [
        (5.0, "b"),
        (None, "c"),
        (None, "dc"),
        (None, "c"),
        (7.0, None),
        (None, None),
    ]


def test_sdmx_csv_with_missing_marks_and_text() -> None:
    body = b"".join([LINEAR_HEADER, *LINEAR_ROWS[:3], LINEAR_ROWS[3].replace(b",,c", b",:,c")])
    assert parsed(body) == parsed(LINEAR)
    table = eurostat.parse(body.replace(b",708,", b",KG,"))
    assert table.column_names[-3:] == ["OBS_VALUE", "OBS_FLAG", "OBS_TEXT"]
    assert rows(table)[1][1:] == (None, None, "KG")
    assert table.drop_columns(["OBS_TEXT"]).schema == eurostat.parse(LINEAR).schema


def test_blanks_around_a_value_of_sdmx_csv_mean_nothing_on_either_path() -> None:
    padded = LINEAR.replace(b",692,", b", 692,").replace(b",708,", b",708 ,")
    assert parsed(padded) == parsed(LINEAR)
    assert parsed(padded.replace(b",,c", b",:,c")) == parsed(LINEAR)


# ---- Two paths, one result ---------------------------------------------------------------------


@pytest.mark.parametrize("body", [OLD, NEW], ids=["old", "new"])
def test_the_slow_path_reads_regular_files_alike(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as context:
        context.setattr(eurostat, "_read_irregular", None)  # the fast path does without it
        fast = eurostat.parse(body)
    monkeypatch.setattr(eurostat, "_read_regular", lambda *_: None)
    slow = eurostat.parse(body)
    assert slow.schema == fast.schema
    assert rows(slow) == rows(fast)


def test_the_slow_path_reads_regular_sdmx_csv_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as context:
        context.setattr(eurostat, "_read_irregular_csv", None)
        fast = eurostat.parse(LINEAR)
    monkeypatch.setattr(eurostat, "_read_regular_csv", lambda *_: None)
    slow = eurostat.parse(LINEAR)
    assert slow.schema == fast.schema
    assert rows(slow) == rows(fast)


@pytest.mark.parametrize("form", ["tsv", "csv"])
def test_files_longer_than_one_block_keep_order_and_flags(form: str) -> None:
    """Blocks have dictionaries of their own, which must be made one."""
    count = 250_000
    flags = [["", "b", "c", "bu"][i * 4 // count] for i in range(count)]
    codes = [f"X{i * 977 // count}_WITH_A_LONG_NAME" for i in range(count)]
    if form == "tsv":
        lines = [
            f"{c},R{i}\t{i}.5 {f}\n" for i, (c, f) in enumerate(zip(codes, flags, strict=True))
        ]
        body = "x,geo\\time\t2015 \n" + "".join(lines)
    else:
        lines = [
            f"{c},R{i},2015,{i}.5,{f}\n" for i, (c, f) in enumerate(zip(codes, flags, strict=True))
        ]
        body = "x,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG\n" + "".join(lines)
    assert len(body) > 9 << 20
    table = eurostat.parse(body.encode())
    assert table["x"].cast(pa.string()).to_pylist() == codes
    assert table["geo"].cast(pa.string()).to_pylist() == [f"R{i}" for i in range(count)]
    assert table["OBS_VALUE"].to_pylist() == [i + 0.5 for i in range(count)]
    assert table["OBS_FLAG"].cast(pa.string()).to_pylist() == [flag or None for flag in flags]
    for name in ("x", "geo", "TIME_PERIOD", "OBS_FLAG"):
        first, *others = (chunk.dictionary for chunk in table[name].chunks)
        assert all(other.equals(first) for other in others)


def test_ten_thousand_honest_columns_are_read() -> None:
    days = [
        f"{year}-{month:02}-{day:02}"
        for year in range(1990, 2020)
        for month in range(1, 13)
        for day in range(1, 29)
    ][:10_000]
    head = "geo\\time\t" + "\t".join(days) + "\n"
    regular = parsed((head + "AT" + "\t7 b" * 10_000 + "\n").encode())
    irregular = parsed((head + "AT" + "\t7b" * 10_000 + "\n").encode())
    assert regular == irregular == [(("AT", day), 7.0, "b", None) for day in days]


# ---- When it was updated -----------------------------------------------------------------------


def test_last_update() -> None:
    of = eurostat.last_update
    assert of(LINEAR) == "2023-09-28T23:00:00+00:00"
    assert of(gzip.compress(LINEAR, mtime=1)) == "2023-09-28T23:00:00+00:00"
    assert of(LINEAR.replace(b"/23 ", b"/2023 ")) == "2023-09-28T23:00:00+00:00"
    assert of(gzip.compress(OLD, mtime=1_501_500_000)) == "2017-07-31T11:20:00+00:00"
    assert of(gzip.compress(OLD, mtime=0)) is None
    assert of(OLD) is None


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"<html>",
        b"\x1f\x8b",
        gzip.compress(LINEAR, mtime=0)[:5],
        LINEAR.replace(b"28/09/23", b"2023-09-28"),
    ],
)
def test_broken_bytes_have_no_last_update_and_are_left_to_the_parser(broken: bytes) -> None:
    assert eurostat.last_update(broken) is None


# ---- Round trip --------------------------------------------------------------------------------


class Data(NamedTuple):
    """What a file says: the dimensions, the keys of its rows, its periods, a cell for each."""

    dimensions: list[str]
    keys: list[tuple[str, ...]]
    periods: list[str]
    cells: dict[tuple[int, int], tuple[float | None, str | None]]

    def expected(self) -> list[Row]:
        """Return what parsing should give."""
        return [
            ((*key, period), *self.cells[i, j], None)
            for j, period in enumerate(self.periods)
            for i, key in enumerate(self.keys)
        ]


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,7}", fullmatch=True)
CODES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,6}", fullmatch=True)
YEARS = st.integers(1960, 2059).map(str)
QUARTERS = st.from_regex(r"20[012][0-9]-?Q[1-4]", fullmatch=True)
VALUES = st.none() | st.integers(-(10**15), 10**15).map(float) | st.floats(allow_nan=False)
FLAGS = st.none() | st.text("bcdefinprsuzC", min_size=1, max_size=3)


@st.composite
def data(draw: st.DrawFn) -> Data:
    dimensions = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    key = st.tuples(*[CODES] * len(dimensions))
    keys = draw(st.lists(key, min_size=1, max_size=5))
    periods = draw(st.lists(draw(st.sampled_from([YEARS, QUARTERS])), min_size=1, unique=True))
    cell = st.tuples(VALUES.filter(lambda v: v is None or math.isfinite(v)), FLAGS)
    cells = {(i, j): draw(cell) for i in range(len(keys)) for j in range(len(periods))}
    return Data(dimensions, keys, periods, cells)


def written(value: float | None) -> str:
    if value is None:
        return ":"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def render_tsv(data: Data, time: str, form: Callable[[str, str], str]) -> str:
    lines = [",".join(data.dimensions) + f"\\{time}\t" + "\t".join(f"{p} " for p in data.periods)]
    for i, key in enumerate(data.keys):
        cells = [data.cells[i, j] for j in range(len(data.periods))]
        lines.append("\t".join([",".join(key), *(form(written(v), f or "") for v, f in cells)]))
    return "\n".join(lines) + "\n"


def render_csv(data: Data) -> str:
    lines = [
        "DATAFLOW,LAST UPDATE," + ",".join(data.dimensions) + ",TIME_PERIOD,OBS_VALUE,OBS_FLAG"
    ]
    for key, value, flag, _ in data.expected():
        number = "" if value is None else written(value)
        lines.append(",".join(["ESTAT:T(1.0)", "01/02/23 23:00:00", *key, number, flag or ""]))
    return "\n".join(lines) + "\n"


FORMS: list[Callable[[str, str], str]] = [
    lambda value, flag: f"{value} {flag}",
    lambda value, flag: f"{value} {flag}".strip(),
    lambda value, flag: f"{value}  {flag}  ",
    lambda value, flag: f"{value} {' '.join(flag)}",
]


@settings(deadline=None)
@given(data(), st.sampled_from(["time", "TIME_PERIOD"]), st.sampled_from(FORMS), st.booleans())
def test_tsv_round_trip(
    data: Data, time: str, form: Callable[[str, str], str], windows: bool
) -> None:
    body = render_tsv(data, time, form).replace("\n", "\r\n" if windows else "\n").encode()
    assert parsed(body) == data.expected()


@settings(deadline=None)
@given(data(), st.booleans())
def test_sdmx_csv_round_trip(data: Data, windows: bool) -> None:
    body = render_csv(data).replace("\n", "\r\n" if windows else "\n").encode()
    assert parsed(body, "t") == data.expected()
    assert parsed(gzip.compress(body), "T") == data.expected()


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
def test_what_is_no_table(body: bytes, words: list[str], tmp_path: Path) -> None:
    refused(tmp_path / "x.tsv.gz", body, *words)


@pytest.mark.parametrize("body", [OLD, LINEAR], ids=["tsv", "csv"])
def test_a_gzip_file_cut_anywhere(body: bytes, tmp_path: Path) -> None:
    packed = gzip.compress(body, mtime=5)
    for cut in range(len(packed)):
        words = ["gzip"] if cut > 1 else []
        refused(tmp_path / "x.tsv.gz", packed[:cut], *words)


@pytest.mark.parametrize("body", [OLD, LINEAR], ids=["tsv", "csv"])
def test_a_gzip_file_with_one_bit_wrong(body: bytes, tmp_path: Path) -> None:
    """Only bits that say nothing (time, system, padding) may be wrong without being noticed."""
    packed, expected = gzip.compress(body, mtime=5), parsed(body)
    for place, bit in itertools.product(range(len(packed)), range(8)):
        damaged = bytearray(packed)
        damaged[place] ^= 1 << bit
        with contextlib.suppress(Changed):
            assert parsed(bytes(damaged)) == expected
    crc = packed[:-8] + struct.pack("<I", 1) + packed[-4:]
    refused(tmp_path / "x.tsv.gz", crc, "gzip", "damaged")
    refused(tmp_path / "x.tsv.gz", packed + b"more", "gzip")
    refused(tmp_path / "x.tsv.gz", packed + packed)


@pytest.mark.parametrize("body", [OLD, NEW, LINEAR], ids=["old", "new", "linear"])
def test_a_plain_file_cut_within_a_line(body: bytes, tmp_path: Path) -> None:
    """A cut at a line end cannot be noticed here; every other one is."""
    for cut in range(len(body)):
        if cut and body[cut - 1 : cut] == b"\n" and cut != body.index(b"\n") + 1:
            assert parsed(body[:cut])
        else:
            refused(tmp_path / "x.tsv", body[:cut])


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
def test_a_wrong_cell_in_tsv(cell: str, blank: str, tmp_path: Path) -> None:
    for shape in (cell, f"{cell} ", f" {cell}", f"{cell} b"):
        body = f"unit,geo\\time\t2015 \t2014 \nPC,AT\t1{blank}\t2 b\nPC,BE\t3 \t{shape}\n"
        refused(tmp_path / "x.tsv", body.encode(), "number", "line 3", "column 2014")


@pytest.mark.parametrize("cell", ["", " ", "  ", " b", " 5", " : "])
def test_an_empty_cell_in_tsv(cell: str, tmp_path: Path) -> None:
    body = f"unit,geo\\time\t2015 \t2014 \nPC,AT\t1 \t2 b\nPC,BE\t{cell}\t3 \n"
    refused(tmp_path / "x.tsv", body.encode(), "number", repr(cell), "line 3", "column 2015")


@pytest.mark.parametrize("cell", [c for c in WRONG_VALUES if "," not in c] + ["12 b", ": c", " "])
def test_a_wrong_value_in_sdmx_csv(cell: str, tmp_path: Path) -> None:
    body = LINEAR.replace(b",708,", f",{cell},".encode())
    words = ["quotation mark"] if '"' in cell else ["number", "line 3", "column OBS_VALUE"]
    refused(tmp_path / "x.csv", body, *words)


def test_a_thousands_comma_in_sdmx_csv(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    refused(path, LINEAR.replace(b"708", b"1,234"), "8 cells", "9 in line 3")
    refused(path, LINEAR.replace(b"708", b'"1,234"'), "quotation mark", "line 3")


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
def test_wrong_cells_never_make_up_for_each_other(
    row: str, first: bool, end: str, tmp_path: Path
) -> None:
    good = "C10,V11210,AT\t1 b\t: c"
    lines = ["nace_r2,indic_sb,geo\\time\t2015 \t2014 ", *([row, good] if first else [good, row])]
    refused(tmp_path / "x.tsv", "".join(line + end for line in lines).encode())


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
def test_a_wrong_header_of_tsv(header: str, words: list[str], tmp_path: Path) -> None:
    refused(tmp_path / "x.tsv", f"{header}\nAT\t1 \t2 b\n".encode(), *words)


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
def test_a_wrong_sdmx_csv_file(old: str, new: str, words: list[str], tmp_path: Path) -> None:
    body = LINEAR.decode()
    assert old in body
    refused(tmp_path / "x.csv", body.replace(old, new).encode(), *words, dataset="tab_1")


def test_a_dataset_code_is_compared_without_case_but_by_its_own_letters(tmp_path: Path) -> None:
    body = LINEAR.replace(b"TAB_1", b"TAB_K")
    assert parsed(body, "tab_k") == parsed(body, "TAB_K") == parsed(body)
    kelvin = LINEAR.replace(b"TAB_1", "TAB_\u212a".encode())
    refused(tmp_path / "x.csv", kelvin, "dataset tab_k", dataset="tab_k")


def test_two_datasets_in_one_file(tmp_path: Path) -> None:
    mixed = LINEAR + LINEAR_ROWS[0].replace(b"TAB_1", b"TAB_2")
    for dataset in (None, "tab_1", "tab_2"):
        refused(tmp_path / "x.csv", mixed, "one DATAFLOW", "TAB_2", dataset=dataset)
    refused(tmp_path / "x.csv", LINEAR + LINEAR, "one DATAFLOW", "'DATAFLOW'")


@pytest.mark.parametrize("mark", ["N", "c", "CC", ":", "1"])
def test_a_confidentiality_mark_that_is_not_known(mark: str, tmp_path: Path) -> None:
    body = f"geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\nAT,2015,5,,{mark}\n"
    refused(tmp_path / "x.csv", body.encode(), "CONF_STATUS", mark)


def test_ten_thousand_columns_in_sdmx_csv(tmp_path: Path) -> None:
    names = ",".join(f"x{i}" for i in range(10_000))
    body = f"{names},geo,TIME_PERIOD,OBS_VALUE\nAT,2015,5\n"
    refused(tmp_path / "x.csv", body.encode(), "10003 cells", "3 in line 2")


def test_bytes_are_named_by_their_dataset() -> None:
    with pytest.raises(Changed, match=r"^tab_1: expected a Eurostat table, found an empty file"):
        eurostat.parse(b"", dataset="tab_1")
    with pytest.raises(Changed, match=r"^data: expected a Eurostat table, found an empty file"):
        eurostat.parse(b"")


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
