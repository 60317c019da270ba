"""How the jobs of divisions lie together, and what a series without national totals still gives."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3etl.portfolio import tables
from s3etl.portfolio.disclosure import suppress
from s3etl.portfolio.divisions import BY_CLASSES, BY_MEAN, DIVISIONS, concentration, division_table
from s3etl.portfolio.economy import Economy
from s3etl.portfolio.estimate import Portfolio, estimate
from s3etl.portfolio.fill import fill
from s3etl.portfolio.indicators import INDICATORS, indicators
from s3etl.portfolio.plants import plant_herfindahl
from s3etl.portfolio.ranking import ranked
from s3etl.portfolio.structure import ellison_glaeser
from s3etl.portfolio.universe import universe_table
from tests.spec.test_portfolio import METHOD, economy, world

NAN = np.nan
STEPS = sorted(d * 10.0**e for e in range(-12, 3) for d in (1, 2, 5))


def portfolio(of: Economy) -> Portfolio:
    return estimate(replace(of, dataset="tiny"), [], METHOD)


def divisions(of: Economy) -> list[dict[str, object]]:
    now = portfolio(of)
    table = now.economy.employment
    close = np.nan_to_num(fill(table, now.filled).value)
    shown = suppress(table, close, corners=of.corners, universe=np.zeros(len(of.countries), bool))
    found = division_table(now, shown, METHOD)
    assert found.schema.equals(DIVISIONS, check_metadata=True)
    return found.to_pylist()


def test_by_hand() -> None:
    """Two regions of 400 jobs; all 300 of the first division are in one of them.

    G = (1 − ½)² + (0 − ½)² = ½ and 1 − Σx² = ½. Plants have 10 persons: N = 30, H = (1 + 3)/30.
    So γ = (½ − ½ H)/(½ (1 − H)) = 1. The second is spread as all jobs are: γ = −H/(1 − H), with
    N = 20 and H = 0.2.
    """
    jobs = np.array([[300.0, 100, 0, 0], [0.0, 100, 200, 100]])
    first, second, *_ = divisions(economy(jobs))
    assert first["plant_herfindahl"] == pytest.approx(4 / 30, abs=5e-4)
    assert first["ellison_glaeser"] == pytest.approx(1)
    assert (first["concentration"], first["plant_source"]) == ("concentrated", BY_MEAN)
    assert second["ellison_glaeser"] == pytest.approx(-0.25)
    assert second["concentration"] == "dispersed"
    assert (first["regions"], first["employment"], second["employment"]) == (2, 300, 200)
    assert first["approximate"] is True
    assert first["source_dataset"] == "tiny"


def test_size_classes_tell_how_unequal_plants_are() -> None:
    jobs = np.array([[300.0, 100, 0, 0], [0.0, 100, 200, 100]])
    told = replace(economy(jobs), plant_cv2=np.array([NAN, 0, 3.0, 3.0]))
    first, second, *_ = divisions(told)
    assert (first["plant_source"], second["plant_source"]) == (BY_MEAN, BY_CLASSES)
    assert first["plant_herfindahl"] == pytest.approx(4 / 30, abs=5e-4)
    assert second["plant_herfindahl"] == pytest.approx(1 / 20)
    assert second["ellison_glaeser"] == pytest.approx(-(1 / 20) / (1 - 1 / 20), abs=5e-4)
    rows = universe_table(portfolio(told), METHOD)
    assert rows["plant_size_cv2"].to_pylist() == [METHOD.plant_size_cv2, 0, 3, 3]


def test_unequal_plants_leave_less_to_be_told() -> None:
    of = world(4, share_hidden=0)
    equal, unequal = (
        portfolio(replace(of, plant_cv2=np.full(8, cv2))).quotients.value for cv2 in (0.0, 20.0)
    )
    assert (np.abs(unequal - 1) <= np.abs(equal - 1) + 1e-12).all()
    assert np.abs(unequal - 1).sum() < np.abs(equal - 1).sum()


def test_classes_by_the_cuts_where_draws_agree() -> None:
    gamma = np.array([[0.019, 0.02, 0.049, 0.05, 0.03, NAN]] * 6)
    gamma[1:3, 4] = 0.2  # two draws of five say otherwise
    assert concentration(gamma, METHOD) == [
        "dispersed", "intermediate", "intermediate", "concentrated", "uncertain", None
    ]  # fmt: skip
    gamma[2, 4] = 0.03
    assert concentration(gamma, METHOD)[4] == "intermediate"


def test_a_division_that_is_mostly_filled_has_none() -> None:
    jobs = np.array([[10.0, 500, 300, 300], [20.0, 500, 300, 300], [10.0, 500, 300, 300]])
    row, *others = divisions(economy(jobs, [(0, 0), (1, 0)]))
    assert row["missing_because"] == "too much of its employment is not published"
    assert row["ellison_glaeser"] is row["concentration"] is row["plant_herfindahl"] is None
    assert all(other["missing_because"] is None for other in others)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_no_more_digits_than_draws_agree_on(seed: int) -> None:
    """The step of what is published is at least twice as wide as the draws lie apart."""
    of = world(seed, share_hidden=0.15)
    now = portfolio(of)
    every = np.concatenate([now.filled[None], now.drawn])[:, now.usable]
    plants = plant_herfindahl(now.plant_cv2, every.sum(axis=1) / now.plant_size)
    gamma = ellison_glaeser(every, plants)
    for s, row in enumerate(divisions(of)):
        if row["ellison_glaeser"] is None:
            assert row["missing_because"]
            continue
        low, value, high = (
            row[name] for name in ("interval_low", "ellison_glaeser", "interval_high")
        )
        assert low <= value <= high
        spread = np.ptp(gamma[:, s])
        step = min((x for x in STEPS if x >= 2 * spread * (1 - 1e-9)), default=0.0)
        assert spread == pytest.approx(0, abs=1e-12) or value / step == pytest.approx(
            round(value / step), abs=1e-6
        )
        assert abs(value - gamma[0, s]) <= max(step, 0.01 * abs(gamma[0, s])) / 2 + 1e-12


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_the_variance_between_regions_has_the_digits_that_draws_agree_on(seed: int) -> None:
    """Totals of regions are in it, so that all its digits are an equation for hidden cells."""
    now = portfolio(world(seed, share_hidden=0.15))
    told = universe_table(now, METHOD)["lq_variance"].to_numpy()
    spread = np.ptp(now.drawn_quotients.between, axis=0)
    for value, true, apart in zip(told, now.quotients.between, spread, strict=True):
        step = min((x for x in STEPS if x >= 2 * apart * (1 - 1e-9)), default=0.0)
        assert apart < 1e-12 or value / step == pytest.approx(round(value / step), abs=1e-6)
        assert abs(value - true) <= max(step, 0.01 * true) / 2 + 1e-12


# --- without national totals --------------------------------------------------------------------


def without(of: Economy, *, countries: slice, names: slice, corners: bool) -> Economy:
    columns = of.employment.columns.copy()
    columns[countries, names] = NAN
    out = replace(of, employment=replace(of.employment, columns=columns))
    return replace(out, corners=np.full_like(of.corners, NAN)) if corners else out


def all_tables(of: Economy) -> dict[str, pa.Table]:
    now = portfolio(of)
    table = now.economy.employment
    close = fill(table, now.filled).value
    close = np.where(np.isnan(close), now.filled, close)
    shown = suppress(table, close, corners=of.corners, universe=np.zeros(len(of.countries), bool))
    values = indicators(now, None, None, METHOD)
    whole = ~now.economy.divided
    ranks = {n: ranked(v, INDICATORS[n], whole, METHOD, 0) for n, v in values.items()}
    return {
        "cells": tables.cell_table(now, shown, METHOD),
        "indicators": tables.indicator_table(now, values, INDICATORS, ranks, METHOD),
        "divisions": division_table(now, shown, METHOD),
        "universe": universe_table(now, METHOD),
    }


@pytest.mark.parametrize("hidden", [0.0, 0.1])
def test_a_division_without_national_totals_has_no_quotient_and_the_others_have(
    hidden: float,
) -> None:
    of = without(
        world(3, share_hidden=hidden), countries=slice(None), names=slice(2, 3), corners=False
    )
    found = all_tables(of)
    cells = found["cells"].to_pandas()
    gone = cells["nace_r2"] == of.divisions[2]
    assert cells.loc[gone, "location_quotient"].isna().all()
    assert cells.loc[~gone, "location_quotient"].notna().any()
    rows = found["divisions"].to_pylist()
    assert rows[2]["employment"] is None
    assert rows[1]["ellison_glaeser"] is not None


def test_without_any_national_total_there_are_reasons_and_no_quotients() -> None:
    of = without(world(3, share_hidden=0), countries=slice(None), names=slice(None), corners=True)
    found = all_tables(of)
    assert found["cells"]["location_quotient"].null_count == found["cells"].num_rows
    told = found["indicators"].to_pandas()
    empty = told["value"].isna()
    assert empty.any()
    assert (told.loc[empty, "missing_because"].fillna("") != "").all()
    assert not told.loc[empty, "rankable"].any()


def test_what_compares_years_says_that_there_is_no_year_before() -> None:
    told = all_tables(world(3, share_hidden=0))["indicators"].to_pandas()
    assert set(told["indicator_id"]) == set(INDICATORS) - {"B-02"}
    over_time = told[told["indicator_id"].isin([n for n, d in INDICATORS.items() if d.over_time])]
    assert over_time["value"].isna().all()
    assert set(over_time["missing_because"]) == {"it has no such portfolio in the year before"}
