"""Figures and their lineage: what is used, what is missing and why."""

import pytest

from s3etl.errors import CatalogueError
from s3etl.evaluate import evaluate
from s3etl.observations import tidy
from tests.unit.conftest import parsed, unconverted


def run(cells, dataset, snapshot, indicator, origin="provider"):
    table = tidy(parsed(cells), dataset, snapshot)
    return evaluate(indicator, {"tiny": unconverted(table)}, origin=origin)


def figure(result, geo, year):
    (row,) = [r for r in result.figures.to_pylist() if (r["geo"], r["ref_year"]) == (geo, year)]
    return row


CELLS = [
    ("EUR", "AT11", "2014", 10.0, "p"),
    ("THS", "AT11", "2014", 4.0, "bu"),
    ("EUR", "AT12", "2014", 10.0, None),
    ("THS", "AT12", "2014", None, "c"),
    ("EUR", "AT13", "2014", None, None),
    ("THS", "AT13", "2014", 4.0, None),
    ("EUR", "AT21", "2014", 10.0, None),
    ("EUR", "AT22", "2014", 10.0, None),
    ("THS", "AT22", "2014", 0.0, None),
    ("EUR", "AT", "2014", 40.0, None),
    ("THS", "AT", "2014", 8.0, None),
    ("EUR", "AT1", "2014", 40.0, None),
    ("EUR", "EU28", "2014", 40.0, None),
    ("EUR", "ATZZ", "2014", 1.0, None),
]


def test_a_figure_is_the_measure_of_its_observations(dataset, snapshot, indicator):
    row = figure(run(CELLS, dataset, snapshot, indicator), "AT11", 2014)
    assert row["value"] == 2.5
    assert row["unit"] == "EUR per person"
    assert row["geo_level"] == 2
    assert row["nuts_version"] == "2013"
    assert row["coverage"] == 1.0


def test_its_status_is_the_first_of_its_terms_and_its_flags_are_all_of_theirs(
    dataset, snapshot, indicator
):
    row = figure(run(CELLS, dataset, snapshot, indicator), "AT11", 2014)
    assert (row["obs_status"], row["conf_status"], row["obs_flag"]) == ("B", "F", "bpu")


@pytest.mark.parametrize(
    ("geo", "because", "status", "confidentiality"),
    [
        ("AT12", "denominator: confidential", "Q", "C"),
        ("AT13", "numerator: not published", "O", "F"),
        ("AT21", "denominator: no observation", "O", "F"),
        ("AT22", "not defined for these values", "M", "F"),
    ],
)
def test_a_missing_figure_says_why(
    dataset, snapshot, indicator, geo, because, status, confidentiality
):
    row = figure(run(CELLS, dataset, snapshot, indicator), geo, 2014)
    assert row["value"] is None
    assert row["missing_because"] == because
    assert (row["obs_status"], row["conf_status"]) == (status, confidentiality)


def test_only_countries_and_regions_of_the_level_have_figures(dataset, snapshot, indicator):
    geos = run(CELLS, dataset, snapshot, indicator).figures.column("geo").to_pylist()
    assert geos == ["AT", "AT11", "AT12", "AT13", "AT21", "AT22"]


def test_lineage_names_every_observation_used_missing_ones_too(dataset, snapshot, indicator):
    rows = run(CELLS, dataset, snapshot, indicator).lineage.to_pylist()
    used = {(r["geo"], r["role"]): (r["value"], r["obs_flag"]) for r in rows}
    assert used["AT11", "numerator"] == (10.0, "p")
    assert used["AT11", "denominator"] == (4.0, "bu")
    assert used["AT12", "denominator"] == (None, "c")
    assert ("AT21", "denominator") not in used
    assert {r["snapshot"] for r in rows} == {snapshot.sha256}
    assert {(r["series"], r["period"], r["source_dataset"]) for r in rows} == {
        ("EUR", "2014", "tiny"),
        ("THS", "2014", "tiny"),
    }


def test_figures_can_be_computed_again_from_lineage(dataset, snapshot, indicator):
    result = run(CELLS, dataset, snapshot, indicator)
    parts = {(r["geo"], r["role"]): r["value"] for r in result.lineage.to_pylist()}
    for row in result.figures.to_pylist():
        if row["value"] is not None:
            expected = parts[row["geo"], "numerator"] / parts[row["geo"], "denominator"]
            assert row["value"] == expected


def test_lags_reach_back_and_need_every_year(dataset, snapshot, indicator):
    mean = indicator.model_copy(
        update={
            "measure": "mean",
            "roles": {
                "values": indicator.roles["numerator"].model_copy(update={"lags": (0, 1, 2)})
            },
        }
    )
    cells = [("THS", "AT11", "2014", 1.0, None)]
    cells += [
        ("EUR", "AT11", str(y), float(v), None)
        for y, v in ((2010, 9), (2012, 1), (2013, 2), (2014, 6))
    ]
    result = run(cells, dataset, snapshot, mean)
    values = {r["ref_year"]: r["value"] for r in result.figures.to_pylist()}
    assert values == {2010: None, 2012: None, 2013: None, 2014: 3.0}
    assert figure(result, "AT11", 2012)["missing_because"] == "values: no observation"
    periods = [r["period"] for r in result.lineage.to_pylist() if r["ref_year"] == 2014]
    assert sorted(periods) == ["2012", "2013", "2014"]


def test_row_order_of_the_file_does_not_matter(dataset, snapshot, indicator):
    forward = run(CELLS, dataset, snapshot, indicator).figures.to_pylist()
    backward = run(CELLS[::-1], dataset, snapshot, indicator).figures.to_pylist()
    assert forward == backward


def test_monthly_data_are_refused_in_one_sentence(dataset, snapshot, indicator):
    cells = [("EUR", "AT11", "2014-01", 1.0, None), ("THS", "AT11", "2014-01", 1.0, None)]
    with pytest.raises(CatalogueError, match="figures are yearly"):
        run(cells, dataset, snapshot, indicator)


def test_no_regions_no_figures(dataset, snapshot, indicator):
    cells = [("EUR", "EU28", "2014", 1.0, None), ("THS", "EU28", "2014", 1.0, None)]
    assert run(cells, dataset, snapshot, indicator).figures.num_rows == 0
