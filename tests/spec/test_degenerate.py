"""What the portfolio answers where there is next to nothing: no warning, no zero for a gap."""

import numpy as np
import pytest

from pipelines.portfolio import _shown, _stars
from s3etl.portfolio import method_stress, scenario, tables
from s3etl.portfolio.divisions import division_table
from s3etl.portfolio.estimate import Portfolio, estimate
from s3etl.portfolio.indicators import INDICATORS, indicators
from s3etl.portfolio.ranking import ranked
from s3etl.portfolio.strengths import strengths
from s3etl.portfolio.universe import universe_table
from tests.spec.test_portfolio import GOLDEN, METHOD, NAN, economy, published, table_t

NOBODY = np.zeros((3, 4))
WORLDS = {
    "an empty region": np.vstack([GOLDEN, np.zeros(4)]),
    "an industry in one region only": np.array([[300.0, 100, 50, 50], [100, 200, 100, 0],
                                                [50, 50, 300, 0]]),
    "an industry nowhere": np.array([[300.0, 100, 50, 0], [100, 200, 100, 0], [50, 50, 300, 0]]),
    "all zeros": NOBODY,
    "two identical regions": np.vstack([GOLDEN, GOLDEN[0]]),
    "all regions identical": np.tile(GOLDEN[0], (4, 1)),
    "nothing that joins two halves": np.array([[300.0, 100, 0, 0], [100, 300, 0, 0],
                                               [0, 0, 300, 100], [0, 0, 100, 300]]),
    "one region": GOLDEN[:1],
}  # fmt: skip


def portfolio(jobs: np.ndarray) -> Portfolio:
    return estimate(economy(jobs), [], METHOD)


def values(jobs: np.ndarray) -> dict[str, np.ndarray]:
    now = portfolio(jobs)
    return {name: found.value for name, found in indicators(now, now, None, METHOD).items()}


@pytest.mark.parametrize("name", WORLDS)
def test_every_table_has_an_answer(name: str) -> None:
    now = portfolio(WORLDS[name])
    shown, found = _shown(now), _stars(now, now)
    told = indicators(now, now, found["default"][1].strong, METHOD)
    ranks = {n: ranked(v, INDICATORS[n], ~now.economy.divided, METHOD, 0) for n, v in told.items()}
    weights = table_t(np.eye(4), [division[1:] for division in now.economy.divisions])
    domains = strengths(now, weights, shown.share, METHOD)
    shock = scenario.Scenario("x", "x", now.economy.divisions, np.array([0.5, 0.25, 0, 0]))
    figures = scenario.figures(now, shock, weights, domains, METHOD)
    made = [
        tables.cell_table(now, shown, METHOD),
        tables.indicator_table(now, told, INDICATORS, ranks, METHOD),
        tables.star_table(now, shown, found, 0.8, METHOD),
        division_table(now, shown, METHOD),
        universe_table(now, METHOD),
        scenario.scenario_table(now, {"x": (shock, figures)}, METHOD),
    ]
    method_stress.method_stress_table(
        [*method_stress.of_complexity(now), *method_stress.of_plant_size(now, METHOD)],
        now.economy, METHOD,
    )  # fmt: skip
    assert made[0].num_rows == WORLDS[name].size
    for table in made[1::4]:
        for row in table.to_pylist():
            assert (row["value"] is None) == (row["missing_because"] is not None)


def test_an_empty_region_has_no_figure_and_changes_no_other() -> None:
    without, beside = values(GOLDEN), values(WORLDS["an empty region"])
    for name in without:
        np.testing.assert_allclose(beside[name][:3], without[name], err_msg=name)
        assert np.isnan(beside[name][3]), name


def test_where_nobody_works_nothing_is_told() -> None:
    assert all(np.isnan(value).all() for value in values(NOBODY).values())
    cells = published(economy(NOBODY))[0].to_pylist()
    assert {row["employment"] for row in cells} == {0}  # published zeros stay what they are
    assert {row["location_quotient"] for row in cells} == {None}


def test_an_industry_nowhere_has_no_quotient_and_one_in_one_region_a_high_one() -> None:
    nowhere = portfolio(WORLDS["an industry nowhere"]).quotients.raw
    assert np.isnan(nowhere[:, 3]).all()
    once = portfolio(WORLDS["an industry in one region only"]).quotients.raw
    assert once[:, 3] == pytest.approx([1300 / 500, 0, 0])


def test_identical_regions_have_the_same_figures() -> None:
    for name, value in values(WORLDS["two identical regions"]).items():
        np.testing.assert_allclose(value[0], value[3], err_msg=name)
    alike = values(WORLDS["all regions identical"])
    assert alike["B-04"] == pytest.approx([0] * 4)
    assert alike["B-07"] == pytest.approx([1] * 4)
    np.testing.assert_array_equal(alike["B-11"], [NAN] * 4)  # nothing to order them by


def test_two_halves_of_equal_size_have_no_complexity() -> None:
    np.testing.assert_array_equal(
        values(WORLDS["nothing that joins two halves"])["B-11"], [NAN] * 4
    )
