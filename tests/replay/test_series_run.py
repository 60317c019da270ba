"""Both series of business statistics, side by side, as a run of the sample world publishes them."""

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines import blocks, portfolio, show_portfolio
from pipelines.console import console
from pipelines.workspace import Workspace
from s3etl.errors import Unfit
from s3etl.portfolio.method import load_method
from warehouse.publish import publish

OLD, NEW = "sbs_r_nuts06_r2", "sbs_r_nuts2021"
KEYS = {
    "portfolio_cell": ["geo", "nace_r2"],
    "portfolio_star": ["geo", "nace_r2", "rule_set"],
    "portfolio_indicator": ["indicator_id", "geo"],
    "portfolio_division": ["nace_r2"],
    "portfolio_universe": ["nace_r2"],
    "alignment_cell": ["geo", "domain"],
    "alignment": ["indicator_id", "geo"],
    "scenario": ["scenario", "measure", "rho", "geo"],
}


def table(sample_home, name: str):
    return pq.read_table(sample_home.first.candidate / f"{name}.parquet").to_pandas()


@pytest.mark.parametrize("name", KEYS)
def test_each_row_is_of_one_series_and_each_series_of_one_year(sample_home, name):
    rows = table(sample_home, name)
    assert set(rows["source_dataset"]) == {OLD, NEW}
    assert not rows.duplicated(["source_dataset", *KEYS[name]]).any()
    years = rows.groupby("source_dataset")["ref_year"].agg(["min", "max"])
    assert (years["min"] == years["max"]).all()
    assert years.loc[OLD, "max"] < 2021 <= years["max"].get(NEW, 2021)


def test_series_differ_in_scope(sample_home):
    rows = table(sample_home, "portfolio_cell")
    divisions = rows.groupby("source_dataset")["nace_r2"].unique()
    assert {"K64", "P85", "Q86", "R90"} <= set(divisions[NEW]) - set(divisions[OLD])


def test_the_newest_year_of_the_second_series_is_compared_with_three_years_before(sample_home):
    rows = table(sample_home, "portfolio_indicator").query("source_dataset == @NEW")
    changes = rows[rows["indicator_id"] == "B-14"]
    assert set(rows["ref_year"]) == {2024}
    assert changes["value"].notna().sum() > 40
    late = changes[changes["geo"].str.startswith("XE")]
    assert late["value"].isna().all()  # it takes part since 2024
    assert late["missing_because"].notna().all()


def test_hidden_cells_of_both_series_have_a_band_and_nothing_else(sample_home):
    rows = table(sample_home, "portfolio_cell")
    hidden = rows[rows["hidden_because"].isin(["confidential", "it would give another cell away"])]
    assert (hidden.groupby("source_dataset").size() > 50).all()
    for name in ("employment", "share", "location_quotient", "shrunk_lq", "hclq"):
        assert hidden[name].isna().all(), name
    assert hidden["band_low"].notna().all()


def test_plants_are_told_by_size_classes_where_there_are_some(sample_home):
    rows = table(sample_home, "portfolio_division")
    assert rows["approximate"].all()
    by_classes = rows["plant_source"] == "national size classes"
    assert not by_classes[rows["source_dataset"] == OLD].any()
    assert by_classes[rows["source_dataset"] == NEW].mean() > 0.5
    assert (rows["ellison_glaeser"].isna() == rows["missing_because"].notna()).all()
    told = rows.dropna(subset="ellison_glaeser")
    assert (told["interval_low"] <= told["ellison_glaeser"]).all()
    assert (told["ellison_glaeser"] <= told["interval_high"]).all()
    assert set(told["concentration"]) <= {"dispersed", "intermediate", "concentrated", "uncertain"}
    # The clusters of the world: textiles and cars lie together, shops do not.
    classes = rows.set_index(["source_dataset", "nace_r2"])["concentration"]
    for series in (OLD, NEW):
        assert classes[series, "C13"] in {"intermediate", "concentrated"}
        assert classes[series, "G47"] == "dispersed"
    universe = table(sample_home, "portfolio_universe").set_index("source_dataset")
    assert set(universe.loc[OLD, "plant_size_cv2"]) == {load_method().plant_size_cv2}
    assert universe.loc[NEW, "plant_size_cv2"].nunique() > 30


def test_members_are_counted_against_enterprises_and_it_is_told_of_which_year(sample_home):
    rows = table(sample_home, "registry_indicator")
    for name in ("C-02", "C-04"):
        told = rows[(rows["indicator_id"] == name) & rows["value"].notna()]
        assert len(told) > 3, name
        assert set(told["denominator_dataset"]) <= {"bd_hgnace_r", "bd_size_r3"}
        assert told["denominator_year"].between(2008, 2024).all()
    rest = rows[~rows["indicator_id"].isin(["C-02", "C-04"])]
    assert rest["denominator_dataset"].isna().all()


def test_a_region_is_shown_by_its_newest_series(sample_home):
    work = Workspace(sample_home.home, ("sample",))
    with console.capture() as printed:
        show_portfolio.portfolio(work, "XA11")
    text = printed.get()
    assert f"Cluster portfolio of XA11, 2024 ({NEW})" in text


def test_what_is_not_shown_of_a_region_is_named_with_its_band(sample_home):
    rows = table(sample_home, "portfolio_cell").query("source_dataset == @NEW")
    secret = rows[(rows["hidden_because"] == "confidential") & rows["band_high"].notna()].iloc[0]
    work = Workspace(sample_home.home, ("sample",))
    with console.capture() as printed:
        show_portfolio.portfolio(work, secret["geo"])
    _, _, after = printed.get().partition("Not shown")
    line = next(x for x in after.splitlines() if secret["nace_r2"] in x)
    assert f"{secret['band_low']:,.0f} to {secret['band_high']:,.0f}" in line
    assert "confidential" in line


@pytest.mark.parametrize(("gone", "left"), [(OLD, NEW), (NEW, OLD)])
def test_one_series_is_enough_and_what_lacks_is_told(sample_home, monkeypatch, gone, left):
    work = Workspace(sample_home.home, ("sample",))
    before = work.store.accepted
    monkeypatch.setattr(
        type(work.store), "accepted", lambda _, name: None if name == gone else before(name)
    )
    assert gone not in blocks.inputs_of(work, "portfolio").tables
    found = portfolio.compute(work)
    assert set(found["portfolio_cell"]["source_dataset"].to_pylist()) == {left}
    monkeypatch.setattr(type(work.store), "block", lambda *_: found)
    assert blocks.absent(work, "portfolio") == [gone]


def test_without_any_series_there_is_no_portfolio(sample_home, monkeypatch):
    work = Workspace(sample_home.home, ("sample",))
    before = work.store.accepted
    monkeypatch.setattr(
        type(work.store), "accepted", lambda _, name: None if name in {OLD, NEW} else before(name)
    )
    with pytest.raises(Unfit, match=f"{OLD} or {NEW}, one of which"):
        blocks.inputs_of(work, "portfolio")


def test_divisions_are_published(sample_home, tmp_path):
    url = f"duckdb:///{tmp_path / 'w.duckdb'}"
    publish(sample_home.first.candidate, "sample", url)
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        asked = "SELECT source_dataset, count(*) FROM portfolio_division GROUP BY 1 ORDER BY 1"
        found = dict(connection.execute(asked).fetchall())
    assert found == {OLD: 67, NEW: 78}


def test_a_region_of_which_no_register_lists_an_organisation_has_no_response(sample_home):
    """Not listed is not none: the shock lens tells no zero there."""
    rows = table(sample_home, "scenario").query("measure == 'organised_response'")
    told = table(sample_home, "alignment_cell").groupby("geo")["organisations"].sum()
    listed = set(told[told > 0].index)
    assert listed
    assert set(rows["geo"]) - listed
    assert not set(rows.dropna(subset="value")["geo"]) - listed
    why = "no register lists an organisation placed in it with a domain"
    assert (rows[~rows["geo"].isin(listed)]["missing_because"] == why).any()
