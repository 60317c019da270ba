"""The shock lens as a table, in small economies (methodology 10)."""

from types import SimpleNamespace

import numpy as np
import pytest

from s3etl import shocks
from s3etl.domains.projection import Concordance
from s3etl.portfolio.cells import State, cells
from s3etl.portfolio.method import load_method
from s3etl.portfolio.scenario import (
    MEASURES,
    NOT_RANKED,
    SCENARIOS,
    SHORT,
    Scenario,
    domain_shock,
    figures,
    past_resistance,
    replay,
    scenario_table,
)

METHOD = load_method()
NAN = np.nan
DIVISIONS = np.array(["C10", "C11", "J62"], object)
TABLE = Concordance(
    ("10", "11", "62"),
    ("food", "digital"),
    np.array([(1.0, 0.0), (0.5, 0.0), (0.0, 1.0)]),
    np.array([0.0, 0.5, 0.0]),
)


def economy(year: int, columns, *, corners=None, rows=None, divided=(False, False, False)):
    """Two countries, XA with two regions and XB with one; sections C and J."""
    columns = np.array(columns, float)
    if corners is None:
        corners = np.stack([columns[:, :2].sum(axis=1), columns[:, 2]], axis=1)
    rows = np.ones((3, 2)) if rows is None else np.array(rows, float)
    state = np.full((3, 3), State.NOT_AVAILABLE, np.int8)
    table = cells(
        np.full((3, 3), NAN), state, np.array([0, 0, 1]), np.array([0, 0, 1]), rows, columns
    )
    return SimpleNamespace(
        year=str(year),
        dataset="tiny",
        regions=np.array(["XA11", "XA12", "XB11"], object),
        versions=np.array(["2021"] * 3, object),
        divisions=DIVISIONS,
        countries=np.array(["XA", "XB"], object),
        employment=table,
        corners=np.array(corners, float),
        conversion=np.array(["none"] * 3, object),
        divided=np.array(divided),
        source_updated="2020-01-01",
        source_hash="0" * 64,
    )


JOBS = np.array([(60, 20, 20), (10, 30, 60), (25, 25, 50.0)])


def portfolio(jobs=JOBS, usable=(True, True, True), drawn=None):
    """Quotients such that C10 and J62 are present together in one region, C11 with J62."""
    raw = np.array([(2, 1, 0), (0, 1, 2), (1, 0, 1.0)])
    return SimpleNamespace(
        economy=economy(2020, [(100, 50, 80), (25, 25, 50)]),
        universe=SimpleNamespace(share=np.array([0.4, 0.2, 0.4])),
        filled=np.array(jobs, float),
        drawn=np.array([jobs, jobs], float) if drawn is None else np.array(drawn, float),
        quotients=SimpleNamespace(raw=raw),
        usable=np.array(usable),
        imputed_share=np.array([0, 0.12, 0]),
        converged=np.array([True, False]),
    )


DENSITY = SimpleNamespace(density=np.array([(60, 40), (30, 70), (50, 50.0)]))


def shock(*delta: float) -> Scenario:
    return Scenario("mine", "A shock", DIVISIONS, np.array(delta))


def computed(delta, now=None, **given):
    return figures(now or portfolio(), shock(*delta), TABLE, DENSITY, METHOD, **given)


def test_a_replay_is_the_decline_over_countries_that_tell_both_years() -> None:
    before = economy(2008, [(100, 50, 80), (100, 50, 40)])
    after = economy(2009, [(80, NAN, 90), (80, 40, 20)], corners=[(120, 90), (120, 20)])
    found = replay(before, after)
    assert found.id == "replay_2008_2009"
    told = "The declines of divisions in 2008–2009 come again, those of 2 countries"
    assert found.title == told
    # C10: 160 of 200 stay; C11: only XB tells it in both years; J62: 110 of 120 stay.
    np.testing.assert_allclose(found.shock, [0.2, 0.2, 1 / 12])
    grown = replay(before, economy(2009, [(110, 50, 80), (100, 50, 40)]))
    np.testing.assert_allclose(grown.shock, [0, 0, 0])
    np.testing.assert_array_equal(found.divisions, DIVISIONS)


def test_a_replay_leaves_out_who_is_no_member_of_both_universes() -> None:
    before = economy(2008, [(100, 50, 80), (100, 50, 40)], corners=[(150, 80), (150, NAN)])
    after = economy(2009, [(90, NAN, 80), (0, 0, 0)], corners=[(120, 80), (0, 0)])
    # XB does not publish section J in 2008; of C11, then, nothing is known.
    np.testing.assert_allclose(replay(before, after).shock, [0.1, NAN, 0])
    empty = economy(2008, [(0, 50, 80), (0, 50, 40)])
    assert np.isnan(replay(empty, economy(2009, [(5, 50, 80), (0, 50, 40)])).shock[0])


def test_a_replay_wants_two_years_of_one_world() -> None:
    one = economy(2008, [(100, 50, 80), (100, 50, 40)])
    other = economy(2009, [(100, 50, 80), (100, 50, 40)])
    with pytest.raises(ValueError, match="2008 is not after 2009"):
        replay(other, one)
    other.divisions = np.array(["C10", "C11", "J63"], object)
    with pytest.raises(ValueError, match="the divisions of 2008 and 2009 are not the same"):
        replay(one, other)
    with pytest.raises(ValueError, match="not over the divisions"):
        figures(
            portfolio(),
            Scenario("x", "x", other.divisions, np.zeros(3)),
            TABLE,
            DENSITY,
            METHOD,
        )


def test_jobs_at_risk_absorption_and_what_is_left() -> None:
    found = computed((0.5, 0, 0))
    np.testing.assert_allclose(found["at_risk"].value, [0.3, 0.05, 0.125])
    # M has C10 in XA11 and XB11, C11 in XA11 and XA12, J62 in XA12 and XB11: φ is 1/2 for all
    # pairs, so that R is half of what is not C10: 0.2, 0.45 and 0.375 before scaling.
    absorbed = np.array([0.2, 0.45, 0.375]) / 0.45
    np.testing.assert_allclose(found["absorption"].value, absorbed)
    for rho in shocks.RHOS:
        left = found["at_risk"].value * (1 - rho * absorbed)
        np.testing.assert_allclose(found[f"net_{rho:g}"].value, left, atol=1e-12)
    np.testing.assert_array_equal(found["net_0"].value, found["at_risk"].value)


def test_bounds_are_those_of_the_draws_and_hold_the_value() -> None:
    less, more = JOBS + np.array([0, 100, 0]), JOBS + np.array([100, 0, 0])
    found = computed((0.5, 0, 0), portfolio(drawn=[less, more]))
    for name, figure in found.items():
        known = np.isfinite(figure.low)
        assert (figure.low <= figure.value)[known].all(), name
        assert (figure.high >= figure.value)[known].all(), name
    assert (found["at_risk"].low < found["at_risk"].value).all()
    assert np.isnan(found["hedge"].low).all()


def test_only_regions_that_may_have_an_index() -> None:
    counts = np.ones((3, 2))
    pi = np.full((3, 2), 0.5)
    found = computed((0.5, 0, 0), portfolio(usable=(True, False, True)), counts=counts, strategy=pi)
    for name, figure in found.items():
        assert np.isfinite(figure.value).tolist() == [True, False, True], name
        assert figure.reason.tolist() == ["", SHORT, ""], name
    # The largest absorption is that of the regions that count.
    assert found["absorption"].value[2] == pytest.approx(1)
    nobody = computed((0.5, 0, 0), portfolio(usable=(False, False, False)), strategy=pi)
    assert all((figure.reason == SHORT).all() for figure in nobody.values())


def test_organised_response_is_over_all_jobs_at_risk() -> None:
    counts = np.array([(2, 0), (0, 1), (NAN, NAN)])
    found = computed((0.5, 0.5, 0), counts=counts)["response"]
    # XA11: 30 + 10 at risk; half of C11 is in no domain. XA12: digital has none at risk.
    np.testing.assert_allclose(found.value, [35 / 40, 0, NAN])
    assert found.reason[2] == "no register lists an organisation placed in it with a domain"
    without = computed((0.5, 0.5, 0))["response"]
    assert np.isnan(without.value).all()
    assert (without.reason == found.reason[2]).all()


def test_by_quality_a_domain_counts_what_the_labels_of_its_active_organisations_weigh() -> None:
    counts = np.array([(2, 1), (0, 1), (NAN, NAN)])
    quality = np.array([(0.5, 3.0), (0.75, 0.25), (0, 0)])  # of all organisations, active or not
    found = computed((0.5, 0, 0.5), counts=counts, quality=quality)["response_quality"]
    # At risk XA11 30 in food, 10 in digital; XA12 5 and 30: its food has no active organisation.
    np.testing.assert_allclose(found.value, [(30 * 0.5 + 10) / 40, 30 * 0.25 / 35, NAN])
    assert found.reason[2] == "no register lists an organisation placed in it with a domain"
    assert "response_quality" not in computed((0.5, 0, 0), counts=counts)


def test_nothing_at_risk_has_no_absorption_and_no_response() -> None:
    found = computed((0, 0, 0), counts=np.ones((3, 2)))
    assert found["at_risk"].value.tolist() == [0, 0, 0]
    assert found["net_0.5"].value.tolist() == [0, 0, 0]
    for name in ("absorption", "response"):
        assert np.isnan(found[name].value).all()
        assert (found[name].reason == "none of its jobs is at risk in this scenario").all()


def test_hedge_is_the_share_of_priorities_related_and_little_shocked() -> None:
    pi = np.array([(0.25, 0.75), (NAN, NAN), (0, 0)])
    found = computed((0.5, 0, 0), strategy=pi)["hedge"]
    # Mean shock 0.2, food 0.4, digital 0; digital is below the median density of XA11.
    np.testing.assert_allclose(found.value, [0, NAN, NAN])
    assert found.reason.tolist() == [
        "",
        "no register has its strategy",
        "its strategy names no domain",
    ]
    pi = np.tile([0.25, 0.75], (3, 1))
    np.testing.assert_allclose(computed((0.5, 0, 0), strategy=pi)["hedge"].value, [0, 0.75, 0.75])
    assert (computed((0.5, 0, 0))["hedge"].reason == "no register has its strategy").all()


def test_shock_of_domains_is_weighed_by_jobs_and_needs_nearly_all() -> None:
    share = np.array([0.4, 0.2, 0.4])
    np.testing.assert_allclose(
        domain_shock(np.array([0.5, 0, 0.1]), share, TABLE.weights), [0.4, 0.1]
    )
    assert np.isnan(domain_shock(np.array([NAN, 0, 0.1]), share, TABLE.weights)).tolist() == [
        True,
        False,
    ]
    small = np.array([0.4, 0.01, 0.4])
    found = domain_shock(np.array([0.5, NAN, 0.1]), small, TABLE.weights)
    np.testing.assert_allclose(found, [0.5, 0.1])


def test_divisions_of_unknown_shock_are_left_out_or_leave_no_figure() -> None:
    jobs = np.array([(60, 4, 36), (10, 30, 60), (50, 0, 50.0)])
    found = computed((0.5, NAN, 0), portfolio(jobs), counts=np.ones((3, 2)))
    np.testing.assert_allclose(found["at_risk"].value, [0.5 * 60 / 96, NAN, 0.25])
    for name in ("at_risk", "absorption", "net_1", "response"):
        assert found[name].reason[1] == "the shock of divisions it has is not known"
        assert found[name].reason[0] == ""
    unknown = computed((NAN, NAN, NAN), strategy=np.full((3, 2), 0.5))
    assert all(np.isnan(figure.value).all() for figure in unknown.values())


def test_relatedness_that_is_not_known_leaves_no_absorption() -> None:
    now = portfolio()
    now.quotients.raw[:, 0] = 0  # C10 is present nowhere
    found = computed((0.5, 0, 0), now)
    np.testing.assert_allclose(found["net_0"].value, [0.3, 0.05, 0.125])
    assert np.isnan(found["net_0.5"].value).all()
    assert (found["net_0.5"].reason == "how related its shocked divisions are is not known").all()


def test_resistance_is_growth_against_the_nation() -> None:
    before = economy(2008, [(100, 50, 80), (100, 50, 40)], rows=[(100, 50), (50, 50), (150, 40)])
    after = economy(2009, [(90, 45, 72), (110, 50, 40)], rows=[(90, 45), (50, 50), (160, 40)])
    found = past_resistance(before, after)
    # XA falls by a tenth: XA11 as much, XA12 not at all; XB grows.
    np.testing.assert_allclose(found.value, [0, 1, NAN], atol=1e-12)
    assert found.reason.tolist() == ["", "", "its country lost no jobs in these years"]
    after.divided = np.array([True, False, False])
    told = past_resistance(before, after).reason[0]
    assert told == "its territory was divided, so that years cannot be compared"


def test_resistance_needs_the_same_sections_in_both_years() -> None:
    columns = [(100, 50, 5), (100, 50, 40)]
    before = economy(2008, columns, rows=[(100, 5), (50, NAN), (150, 40)])
    after = economy(2009, [(90, 45, 5), (90, 45, 36)], rows=[(90, 5), (45, 2), (135, NAN)])
    found = past_resistance(before, after)
    # XA12 lacks J, 3 per cent of the nation: left out of both. XB11 lacks a fifth.
    np.testing.assert_allclose(found.value[1], 0, atol=1e-12)
    assert found.value[0] == pytest.approx((-10 / 105 + 15 / 155) / (15 / 155))
    assert found.reason[2] == "too many sections of it are not published in both years"
    before.employment.rows[0] = 0
    assert past_resistance(before, after).reason[0] == "it had no jobs in the first year"


def test_the_table_is_labelled_rounded_and_never_ranked() -> None:
    jobs = np.array([(61237, 20001, 20003), (10, 30, 60), (25, 25, 50.0)])
    now = portfolio(jobs, usable=(True, False, True))
    chosen = shock(0.4321, 0.1, 0)
    organised = {"counts": np.ones((3, 2)), "quality": np.full((3, 2), 0.5)}
    found = dict(figures(now, chosen, TABLE, DENSITY, METHOD, **organised))
    before = economy(2008, [(100, 50, 80), (100, 50, 40)])
    found["resistance"] = past_resistance(before, economy(2009, [(90, 50, 80), (90, 50, 40)]))
    table = scenario_table(now, {"mine": (chosen, found)}, METHOD)
    assert table.schema.equals(SCENARIOS, check_metadata=True)
    assert table.num_rows == 3 * len(MEASURES)
    rows = table.to_pylist()
    for row in rows:
        assert row["label"] == "scenario, not forecast"
        assert (row["nace_version"], row["conf_status"]) == ("2", "F")
        filled = row["geo"] == "XA12"
        assert (row["imputed"], row["obs_status"]) == (("filled", "I") if filled else ("none", "A"))
        assert row["imputed_share"] == (0.15 if filled else 0)
        assert row["margins_met"] is (row["geo"] != "XB11")
        assert (row["rankable"], row["not_rankable_because"]) == (False, NOT_RANKED)
        assert (row["value"] is None) == (row["missing_because"] is not None)
        for name in ("value", "interval_low", "interval_high"):
            if row[name]:
                assert row[name] == pytest.approx(float(f"{row[name]:.3g}"), rel=1e-12)
    rhos = [row["rho"] for row in rows if row["measure"] == "net_exposure" and row["geo"] == "XA11"]
    assert rhos == [0, 0.5, 1]
    assert {row["rho"] for row in rows if row["measure"] != "net_exposure"} == {None}
    low = {(row["measure"], row["geo"]) for row in rows if row["lower_bound"]}
    responses = ("organised_response", "organised_response_quality")
    assert low == {(name, geo) for name in responses for geo in ("XA11", "XB11")}
    assert scenario_table(now, {}, METHOD).num_rows == 0
