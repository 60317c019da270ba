"""JSON-stat: the shapes Eurostat writes, and everything that must be refused."""

import gzip
import json
import math
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sources import eurostat, jsonstat
from tests.unit.wire import is_one_sentence, lacking, parsed, refusal, rows

Change = Callable[[dict[str, Any]], None]


def cube() -> dict[str, Any]:
    """Two regions in two years, three cells of four."""
    return {
        "version": "2.0",
        "class": "dataset",
        "label": "Any",
        "updated": "2026-09-21T23:00:00+0200",
        "value": {"0": 1.5, "1": 2, "2": 0},
        "status": {"1": "b", "3": "|C"},
        "id": ["freq", "geo", "time"],
        "size": [1, 2, 2],
        "dimension": {
            "freq": {"label": "Frequency", "category": {"index": {"A": 0}, "label": {"A": "Year"}}},
            "geo": {"category": {"index": {"BE": 1, "AT": 0}}},
            "time": {"category": {"index": {"2014": 0, "2015": 1}}},
        },
        "extension": {"id": "TAB_1", "lang": "EN"},
    }


def old(new: dict[str, Any]) -> dict[str, Any]:
    """Return a cube in the shape of 1.x."""
    dimension = {"id": new["id"], "size": new["size"], **new["dimension"]}
    status = {"value": new["status"], "category": {"label": {"b": "break"}}}
    inner = {"wsVersion": "V1_1", "code": "tab_1", "status": status, "value": new["value"]}
    return {"tab_1": {**inner, "dimension": dimension}}


CELLS = [
    (("A", "AT", "2014"), 1.5, None, None),
    (("A", "AT", "2015"), 2.0, "b", None),
    (("A", "BE", "2014"), 0.0, None, None),
    (("A", "BE", "2015"), None, "c", None),
]


def body(change: Change | None = None) -> bytes:
    document = cube()
    if change:
        change(document)
    return json.dumps(document).encode()


def put(**fields: Any) -> Change:
    """Return a change that sets fields."""
    return lambda document: document.update(fields)


def dimension(name: str, index: Any) -> Change:
    """Return a change that describes a dimension anew."""
    return lambda document: document["dimension"].update({name: {"category": {"index": index}}})


# ---- What Eurostat writes ----------------------------------------------------------------------


def test_a_cube() -> None:
    table = eurostat.parse(body(), dataset="tab_1")
    assert rows(table) == CELLS
    assert table.column_names == ["freq", "geo", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG"]


def test_the_same_without_the_reader_of_other_formats() -> None:
    assert rows(jsonstat.parse(body(), name="x", dataset="TAB_1")) == CELLS


def test_a_cube_of_1_x() -> None:
    assert parsed(json.dumps(old(cube())).encode(), "tab_1") == CELLS


def test_gzip_makes_no_difference() -> None:
    assert parsed(gzip.compress(body())) == CELLS


@pytest.mark.parametrize(
    "change",
    [
        put(value=[1.5, 2, 0, None]),
        put(status=[None, "b", None, "|C"]),
        put(value=[1.5, 2, 0, None], status=[None, "b", None, "|C"]),
        put(value={"0": 1.5, "1": 2, "2": 0, "3": None}),
        put(status={"3": "|C", "1": "b"}),
        dimension("geo", ["AT", "BE"]),
        lambda document: document["dimension"].update(freq={"category": {"label": {"A": "Year"}}}),
        lambda document: document.pop("extension"),
        lambda document: document.pop("class"),
    ],
)
def test_other_shapes_of_the_same_cube(change: Change) -> None:
    assert parsed(body(change)) == CELLS


@pytest.mark.parametrize(
    ("status", "flag"),
    [
        ("b", "b"),
        ("bu", "bu"),
        ("|C", "c"),
        ("b|C", "bc"),
        ("c|C", "c"),
        ("b|F", "b"),
        (":", None),
        (":c", "c"),
        (":|C", "c"),
    ],
)
def test_a_status(status: str, flag: str | None) -> None:
    assert parsed(body(put(status={"3": status})))[3] == (("A", "BE", "2015"), None, flag, None)


def test_a_cell_with_neither_value_nor_status_is_no_row_and_never_zero() -> None:
    for change in (put(status={}), put(value=[1.5, 2, 0, None], status=None)):
        assert [row[0] for row in parsed(body(change))] == [key for key, *_ in CELLS[:3]]
    assert parsed(body(put(value={"2": 0}, status={}))) == [(("A", "BE", "2014"), 0.0, None, None)]


@pytest.mark.parametrize("values", [{}, []])
def test_a_dimension_without_codes_gives_a_table_without_rows(values: Any) -> None:
    def change(document: dict[str, Any]) -> None:
        document |= {"value": values, "status": {}, "size": [1, 2, 0]}
        dimension("time", {})(document)

    table = eurostat.parse(body(change))
    assert table.num_rows == 0
    assert rows(table) == []
    assert table.column_names == ["freq", "geo", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG"]
    assert table.schema.types[:3] == [pa.dictionary(pa.int32(), pa.string())] * 3


def test_time_need_not_be_the_last_dimension() -> None:
    table = eurostat.parse(
        body(put(id=["time", "geo", "freq"], size=[2, 2, 1], value=[1, 2, 3, 4], status={}))
    )
    assert table.column_names[:3] == ["geo", "freq", "TIME_PERIOD"]
    assert [row[:2] for row in rows(table)] == [
        (("AT", "A", "2014"), 1.0),
        (("BE", "A", "2014"), 2.0),
        (("AT", "A", "2015"), 3.0),
        (("BE", "A", "2015"), 4.0),
    ]


def test_a_million_cells_at_once() -> None:
    """Vectorised: beyond what JSON itself takes, memory is a few arrays."""
    periods = {f"{1000 + i}": i for i in range(1000)}
    codes = {f"R{i}": i for i in range(1000)}

    def change(document: dict[str, Any]) -> None:
        document |= {"value": list(range(1_000_000)), "status": {"999999": "p"}}
        document["size"] = [1, 1000, 1000]
        dimension("time", periods)(document)
        dimension("geo", codes)(document)

    table = eurostat.parse(body(change))
    assert table["OBS_VALUE"].to_pylist() == list(range(1_000_000))
    assert table["geo"][999_999].as_py() == "R999"
    assert table["TIME_PERIOD"][1_999].as_py() == "1999"
    assert table["OBS_FLAG"].null_count == 999_999


# ---- What must be refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        put(id=["freq", "geo"]),
        put(id=["freq", "geo", "geo"]),
        put(id=["freq", "geo", "time", "unit"]),
        put(id=["freq", "geo", "unit"]),
        put(id=["freq", "../x", "time"]),
        put(id=["time"], size=[2]),
        put(id=[]),
        put(id="freq"),
        put(id=[1, 2, 3]),
        put(id=None),
        put(size=[1, 2]),
        put(size=[1, 2, 3]),
        put(size=[1, 2, -2]),
        put(size=[1, 2, 2.0]),
        put(size=[True, 2, 2]),
        put(size=["1", "2", "2"]),
        put(size=[1, 20_000_001, 0]),
        put(size=[1, 10**6, 10**6]),
        put(size=[1, 10**400, 0]),
        put(size=None),
        put(dimension=[]),
        put(dimension=None),
        put(dimension={}),
        lambda document: document["dimension"].pop("geo"),
        lambda document: document["dimension"].update(unit={"category": {"index": {"X": 0}}}),
        lambda document: document["dimension"].update(geo=None),
        lambda document: document["dimension"].update(geo={"category": None}),
        lambda document: document["dimension"].update(geo={"category": {"label": {"AT": "x"}}}),
        dimension("geo", {"AT": 0}),
        dimension("geo", {"AT": 0, "BE": 0}),
        dimension("geo", {"AT": 1, "BE": 2}),
        dimension("geo", {"AT": 0, "BE": 1.0}),
        dimension("geo", {"AT": 0, "BE": True}),
        dimension("geo", {"AT": "0", "BE": "1"}),
        dimension("geo", {"AT": -1, "BE": 0}),
        dimension("geo", {"AT": 0, "BE": 10**400}),
        dimension("geo", ["AT", "AT"]),
        dimension("geo", ["AT", 1]),
        dimension("geo", "AT"),
        dimension("geo", ["AT", "../x"]),
        dimension("geo", ["AT", "A T"]),
        dimension("geo", ["AT", ""]),
        dimension("geo", ["AT", "\ud800"]),
        dimension("geo", ["AT", "B\u00ca"]),
        dimension("time", ["2014", "-2015"]),
        dimension("time", ["2014", "2015M13"]),
        dimension("time", ["2014", "AT"]),
        put(value=None),
        put(value="1"),
        put(value=[1, 2, 3]),
        put(value=[1, 2, 3, 4, 5]),
        put(value=[1, 2, 3, "4"]),
        put(value=[1, 2, 3, ":"]),
        put(value=[1, 2, 3, True]),
        put(value=[1, 2, 3, [4]]),
        put(value=[1, 2, 3, {}]),
        put(value=[1, 2, 3, 10**400]),
        put(value={"4": 1}),
        put(value={"-1": 1}),
        put(value={"01": 1}),
        put(value={"+1": 1}),
        put(value={" 1": 1}),
        put(value={"1_0": 1}),
        put(value={"1.0": 1}),
        put(value={"": 1}),
        put(value={"\u0661": 1}),
        put(value={"x": 1}),
        put(value={"9" * 400: 1}),
        put(value={"1": "2"}),
        put(value={"1": False}),
        put(status={"4": "b"}),
        put(status={"01": "b"}),
        put(status={"1": 5}),
        put(status={"1": ["b"]}),
        put(status={"1": "b1"}),
        put(status={"1": "b|X"}),
        put(status={"1": "b|C|C"}),
        put(status={"1": ":"}),
        put(status={"1": "\u00e9"}),
        put(status=["b"] * 5),
        put(status=5),
        put(**{"class": "collection"}),
        put(**{"class": "dimension"}),
    ],
)
def test_a_defect(change: Change) -> None:
    message = refusal(body(change))
    assert is_one_sentence(message)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put(value=[1, 2, 3]), ["4", "3"]),
        (put(value={"4": 1}), ["positions below 4"]),
        (put(status={"1": "b|X"}), ["b|X"]),
        (dimension("geo", ["AT", "../x"]), ["a code in dimension geo", "../x"]),
        (dimension("time", ["2014", "2015M13"]), ["a period", "2015M13"]),
        (put(size=[1, 10**6, 10**6]), ["20,000,000"]),
    ],
)
def test_a_defect_is_named(change: Change, words: list[str]) -> None:
    assert lacking(refusal(body(change)), words) == []


@pytest.mark.parametrize(
    ("find", "replace"),
    [
        ("1.5", "NaN"),
        ("1.5", "Infinity"),
        ("1.5", "-Infinity"),
        ("1.5", "1e999"),
        ("1.5", "-1e999"),
        ("1.5", "01.5"),
        ("1.5", "1,5"),
        ("1.5", "0x1"),
        ("1.5", "'1.5'"),
        ("1.5", "1.5 // one"),
        ("1.5", "9" * 5000),
        ('"1": 2', '"1": 2, "1": 2'),
        ('"1": 2', '"1": 2, "1": 3'),
        ('"1": "b"', '"1": "b", "1": "p"'),
        ('"class"', '"id": [], "class"'),
        ('"AT": 0', '"AT": 0, "AT": 0'),
        ('"Any"', '"A\x00ny"'),
        ('"Any"', '"A\nny"'),
        ('"Any"', "[" * 100_000),
    ],
)
def test_json_that_is_none_by_the_letter(find: str, replace: str) -> None:
    text = body().decode()
    assert find in text
    message = refusal(text.replace(find, replace, 1).encode())
    assert is_one_sentence(message)


@pytest.mark.parametrize(
    "whole",
    [
        body().decode().encode("utf-16"),
        body().decode().encode("utf-16-le"),
        body().decode().encode("utf-8-sig"),
        body().replace(b"Any", b"A\xffny"),
        body() + body(),
        body() + b"x",
        b"[" + body() + b"]",
        b'{"a": ' + body() + b', "b": ' + body() + b"}",
        b'{"a": {"b": ' + body() + b"}}",
    ],
)
def test_other_documents(whole: bytes) -> None:
    message = refusal(whole)
    assert is_one_sentence(message)


def test_a_document_cut_anywhere() -> None:
    whole = body()
    for cut in range(len(whole)):
        assert is_one_sentence(refusal(whole[:cut])), cut


def test_json_that_is_no_cube_is_refused_as_such() -> None:
    for document in (b'{"warning": {"label": "x"}}', b'{"error": [{"status": 404}]}', b"{}"):
        message = refusal(document)
        assert lacking(message, ["found JSON"]) == []


@pytest.mark.parametrize("document", [cube(), old(cube())], ids=["2.0", "1.x"])
def test_a_cube_of_another_dataset(document: dict[str, Any]) -> None:
    whole = json.dumps(document).encode()
    assert parsed(whole, "TAB_1") == parsed(whole, "tab_1") == CELLS
    message = refusal(whole, dataset="tab_2")
    assert is_one_sentence(message)
    assert lacking(message, ["dataset tab_2"]) == []


def test_an_enormous_cube_takes_no_memory_before_it_is_refused() -> None:
    whole = body(put(size=[1, 10**9, 10**9], value={}, status={}))
    tracemalloc.start()
    message = refusal(whole)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert is_one_sentence(message)
    assert peak < 10 << 20


# ---- What was recorded -------------------------------------------------------------------------


@pytest.mark.shared
def test_recorded_confidential_months(shared_data: Path) -> None:
    path = shared_data / "responses" / "sts-inpr-m-ie-confidential.json"
    table = eurostat.parse(path, dataset="sts_inpr_m")
    assert table["TIME_PERIOD"].to_pylist() == [f"2023-0{i}" for i in range(1, 7)]
    assert table["OBS_VALUE"].to_pylist() == [None] * 6
    assert table["OBS_FLAG"].to_pylist() == ["c"] * 6
    assert set(table["geo"].to_pylist()) == {"IE"}


@pytest.mark.shared
def test_recorded_answer_without_periods(shared_data: Path) -> None:
    table = eurostat.parse(shared_data / "responses" / "nama-10-gdp-de-since-2030.json")
    names = ["freq", "unit", "na_item", "geo", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG"]
    assert table.num_rows == 0
    assert table.column_names == names


@pytest.mark.shared
def test_recorded_answer_of_2015(shared_data: Path) -> None:
    path = shared_data / "responses" / "jsonstat-v1-nama_gdp_c-geo_IT.json"
    table = eurostat.parse(path, dataset="nama_gdp_c")
    said = json.loads(path.read_bytes())["nama_gdp_c"]
    assert table.num_rows == 69
    assert table["OBS_VALUE"].to_pylist() == said["value"]
    assert table["OBS_FLAG"].null_count == 69
    assert table["TIME_PERIOD"].to_pylist() == [str(year) for year in range(1946, 2015)]
    assert math.isclose(table["OBS_VALUE"][67].as_py(), 25_600)
