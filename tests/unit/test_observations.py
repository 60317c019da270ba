"""From a parsed file to observations: nothing lost, and a changed structure spelt out."""

import pyarrow as pa
import pytest

from s3etl.errors import Changed
from s3etl.observations import SCHEMA, tidy
from tests.unit.conftest import parsed

CELLS = [
    ("EUR", "AT11", "2014", 1.5, None),
    ("THS", "AT11", "2014", None, "c"),
    ("EUR", "AT12", "2014", None, None),
    ("THS", "AT12", "2014", 0.0, "bu"),
]


def test_every_cell_becomes_a_row_with_its_flags(dataset, snapshot):
    rows = tidy(parsed(CELLS), dataset, snapshot)
    assert rows.schema.equals(SCHEMA)
    shown = [
        (r["series"], r["geo"], r["period"], r["unit"], r["value"], r["obs_flag"])
        for r in rows.to_pylist()
    ]
    assert shown == [(u, g, p, u, v, f) for u, g, p, v, f in CELLS]
    statuses = [(r["obs_status"], r["conf_status"]) for r in rows.to_pylist()]
    assert statuses == [("A", "F"), ("Q", "C"), ("O", "F"), ("B", "F")]
    assert {r["snapshot"] for r in rows.to_pylist()} == {snapshot.sha256}
    assert {r["nuts_version"] for r in rows.to_pylist()} == {"2013"}


def test_a_zero_stays_zero_and_a_missing_value_stays_missing(dataset, snapshot):
    values = tidy(parsed(CELLS), dataset, snapshot).column("value").to_pylist()
    assert values == [1.5, None, None, 0.0]


def test_the_series_key_follows_the_declaration_not_the_file(dataset, snapshot):
    declared = dataset.model_copy(
        update={"dimensions": {"unit": ("EUR", "THS"), "sex": ("F", "T")}, "ranges": {}}
    )
    cells = [
        ("T", "EUR", "AT11", "2014", 1.0, None),
        ("F", "THS", "AT11", "2014", 2.0, None),
    ]
    rows = tidy(parsed(cells, ("sex", "unit")), declared, snapshot)
    assert rows.column("series").to_pylist() == ["EUR.T", "THS.F"]


def refusal(table, dataset, snapshot):
    with pytest.raises(Changed) as error:
        tidy(table, dataset, snapshot)
    message = str(error.value)
    assert message.startswith("tiny (tiny.tsv.gz): expected ")
    assert "found" in message
    assert "\n" not in message
    return message


def test_a_missing_dimension_is_named(dataset, snapshot):
    table = parsed(CELLS).drop_columns(["unit"])
    assert "without unit" in refusal(table, dataset, snapshot)


def test_an_extra_dimension_is_named(dataset, snapshot):
    extra = pa.array(["T"] * 4).dictionary_encode()
    table = parsed(CELLS).append_column("sex", extra)
    assert "undeclared sex" in refusal(table, dataset, snapshot)


def test_a_renamed_code_is_named_with_both_names(dataset, snapshot):
    cells = [("EURO" if c[0] == "EUR" else c[0], *c[1:]) for c in CELLS]
    message = refusal(parsed(cells), dataset, snapshot)
    assert "without EUR" in message
    assert "undeclared EURO" in message


def test_a_key_that_occurs_twice_is_named(dataset, snapshot):
    message = refusal(parsed([*CELLS, CELLS[0]]), dataset, snapshot)
    assert "EUR AT11 2014 twice" in message


def test_another_frequency_is_refused(dataset, snapshot):
    table = parsed(CELLS).append_column("freq", pa.array(["M"] * 4).dictionary_encode())
    assert "undeclared M" in refusal(table, dataset, snapshot)


def test_text_among_numbers_is_refused(dataset, snapshot):
    table = parsed(CELLS).append_column("OBS_TEXT", pa.array([None, "KG", None, None]))
    assert "'KG'" in refusal(table, dataset, snapshot)


def test_no_region_dimension_is_refused(dataset, snapshot):
    assert "geo" in refusal(parsed(CELLS).drop_columns(["geo"]), dataset, snapshot)
