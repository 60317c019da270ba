"""The wire formats by small examples, and a round trip through each of them."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources import eurostat, sdmx_csv, tsv, unpack
from tests.unit.wire import (
    FORMS,
    LINEAR,
    LINEAR_HEADER,
    LINEAR_ROWS,
    NEW,
    OLD,
    Data,
    Row,
    data,
    parsed,
    render_csv,
    render_json,
    render_tsv,
    rows,
)

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


@pytest.mark.parametrize(
    ("body", "reader"),
    [(OLD, tsv), (NEW, tsv), (LINEAR, sdmx_csv)],
    ids=["old", "new", "linear"],
)
def test_the_slow_path_reads_regular_files_alike(
    body: bytes, reader: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as context:
        context.setattr(reader, "read_irregular", None)  # the fast path does without it
        fast = eurostat.parse(body)
    monkeypatch.setattr(reader, "read_regular", lambda *_: None)
    slow = eurostat.parse(body)
    assert slow.schema == fast.schema
    assert rows(slow) == rows(fast)


@pytest.mark.parametrize(("cell", "text"), [(b":", None), (b"KG", "KG")])
def test_one_irregular_block_among_regular_ones(
    cell: bytes, text: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "BLOCK", 1 << 16)
    line = b"ESTAT:TAB_1(1.0),28/09/23 23:00:00,A,PC,AT%d,2014,%b,b\n"
    lines = [line % (i, cell if i == 11_000 else b"12") for i in range(20_000)]
    body = LINEAR_HEADER + b"".join(lines)
    table = eurostat.parse(body)
    assert ("OBS_TEXT" in table.column_names) == (text is not None)
    expected: list[Row] = [(("A", "PC", f"AT{i}", "2014"), 12.0, "b", None) for i in range(20_000)]
    expected[11_000] = (("A", "PC", "AT11000", "2014"), None, "b", text)
    assert rows(table) == expected


def test_one_irregular_block_of_tsv_among_regular_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "BLOCK", 1 << 16)
    lines = [b"LONG_CODE,R%d\t%d.5 \t: c\n" % (i, i) for i in range(10_000)]
    lines[5999] = b"LONG_CODE,R5999\tKG\t7b\n"
    expected: list[Row] = [
        *((("LONG_CODE", f"R{i}", "2015"), i + 0.5, None, None) for i in range(10_000)),
        *((("LONG_CODE", f"R{i}", "2014"), None, "c", None) for i in range(10_000)),
    ]
    expected[5999] = (("LONG_CODE", "R5999", "2015"), None, None, "KG")
    expected[15_999] = (("LONG_CODE", "R5999", "2014"), 7.0, "b", None)
    assert parsed(b"x,geo\\time\t2015 \t2014 \n" + b"".join(lines)) == expected


# The codes of each row in orders whose beginnings can be cut off, or are not worth it.
ORDERS: dict[str, Callable[[int], tuple[str, str, str, str]]] = {
    "as Eurostat sorts": lambda i: ("A", f"S{i // 8000}", f"R{i // 25}", f"{2000 + i % 25}"),
    "one beginning": lambda i: ("A", "B", f"R{i}", "2015"),
    "one region": lambda i: ("A", "B", "AT", f"{1000 + i % 2000}"),
    "runs of two thousand": lambda i: ("A", f"S{i // 2000}", f"R{i // 4}", f"{2000 + i % 4}"),
    "short runs": lambda i: (f"A{i % 7}", f"S{i // 5}", f"R{i}", "2015"),
    "the last one is another": lambda i: (f"A{i // 29_999}", "B", f"R{i // 9}", f"{2000 + i % 9}"),
    "the first one is another": lambda i: (f"A{min(i, 1)}", "B", f"R{i // 9}", f"{2000 + i % 9}"),
    "long runs, then short": lambda i: (f"A{i % 3 if i > 9000 else 0}", "B", f"R{i}", "2015"),
    "long codes": lambda i: ("A", "B", f"EU27_2020_{i // 3}", f"{2000 + i % 3}"),
    "some long codes": lambda i: ("A", "B", "EU27_2020"[: 2 + i // 40 % 8], f"{2000 + i % 40}"),
    "months": lambda i: ("A", "B", f"R{i // 12}", f"2015-{i % 12 + 1:02}"),
    "years, then months": lambda i: ("A", "B", f"R{i}", "2015" if i < 20_000 else "2015-01"),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_beginnings_that_rows_share(order: str, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "BLOCK", 1 << 18)
    monkeypatch.setattr(sdmx_csv, "read_irregular", None)
    keys = [ORDERS[order](i) for i in range(30_000)]
    lines = ["DATAFLOW,LAST UPDATE,x,y,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG"] + [
        f"E:T(1.0),01/02/23 23:00:00,{','.join(key)},{i}.25,{'b' * (i % 2)}"
        for i, key in enumerate(keys)
    ]
    body = "".join(line + end for line in lines).encode()
    assert parsed(body, "T") == [
        (key, i + 0.25, "b" * (i % 2) or None, None) for i, key in enumerate(keys)
    ]


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
    cube = b'{"version": "2.0", "class": "dataset", "updated": "2026-08-01T11:00:00+0200"}'
    assert of(cube) == of(gzip.compress(cube, mtime=1)) == "2026-08-01T09:00:00+00:00"
    old_cube = b' {"t": {"code": "t", "lastUpdateDate":1446764400000}}'
    assert of(old_cube) == "2015-11-05T23:00:00+00:00"


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"<html>",
        b"\x1f\x8b",
        gzip.compress(LINEAR, mtime=0)[:5],
        LINEAR.replace(b"28/09/23", b"2023-09-28"),
        b'{"updated": "2026-13-01T11:00:00+0200"}',
        b'{"updated": 5, "lastUpdateDate": "x"}',
        b'{"lastUpdateDate": 99999999999999}',
        b"{",
    ],
)
def test_broken_bytes_have_no_last_update_and_are_left_to_the_parser(broken: bytes) -> None:
    assert eurostat.last_update(broken) is None


# ---- Round trip: parse(render(table)) == table ------------------------------------------------


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


@settings(deadline=None)
@given(data(), st.booleans(), st.booleans())
def test_json_stat_round_trip(data: Data, sparse: bool, packed: bool) -> None:
    keys = dict.fromkeys(data.keys)  # a cube has each cell once
    unique = data._replace(
        keys=list(keys),
        cells={
            (i, j): data.cells[data.keys.index(key), j]
            for i, key in enumerate(keys)
            for j in range(len(data.periods))
        },
    )
    unique = unique._replace(dimensions=[f"{name}_" for name in data.dimensions])  # none is "time"
    body = render_json(unique, sparse=sparse).encode()
    found = parsed(gzip.compress(body) if packed else body, "t")
    expected = [row for row in unique.expected() if row[1:3] != (None, None)]
    assert {row[0]: row[1:] for row in found} == {row[0]: row[1:] for row in expected}
    assert len(found) == len(expected)
