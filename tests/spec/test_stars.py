"""Cluster stars by every rule set (methodology 3.5)."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.errors import CatalogueError
from s3etl.portfolio.cells import Bools, Floats
from s3etl.portfolio.stars import Stars, fragility, label, probability, stars, top_cut
from s3etl.portfolio.stars_method import MEASURES, METHOD, RuleSet, load_stars

NAN = np.nan
DECLARED = load_stars()
TEN = np.arange(1.0, 11.0)[:, None]  # ten regions, one division


def rated(rule_set: str, split: Bools | None = None, **measures: Floats) -> Stars:
    rules = DECLARED.rule_sets[rule_set]
    return stars(rules, {"employment": TEN * 1000, **measures}, method="higher", split=split)


def given_for(result: Stars, criterion: str) -> list[bool]:
    return [bool(x) for x in result.given[..., 0, result.criteria.index(criterion)]]


def test_all_rule_sets_stand_side_by_side() -> None:
    assert {name: [s.name for s in r.criteria] for name, r in DECLARED.rule_sets.items()} == {
        "eco_2007": ["size", "specialisation", "focus"],
        "eocic_2020": ["size", "specialisation", "productivity"],
        "eccp_2021": ["specialisation"],
        "us_strong": ["specialisation"],
        "default": ["size", "specialisation", "quality", "dynamism"],
    }
    assert (DECLARED.agreement, DECLARED.shift) == (0.8, 0.1)


def test_evidence_is_as_the_methodology_marks_it() -> None:
    marks = {name: r.evidence for name, r in DECLARED.rule_sets.items()}
    assert marks == {
        "eco_2007": "F",
        "eocic_2020": "F",
        "eccp_2021": "F",
        "us_strong": "M",
        "default": "P",
    }
    cuts = {n: {c.evidence for s in r.criteria for c in s.cuts} for n, r in _sets()}
    assert cuts["eco_2007"] == {"F", "M"}
    assert cuts["eocic_2020"] == cuts["eccp_2021"] == cuts["us_strong"] == {"M"}
    assert cuts["default"] == {"P"}


def _sets() -> list[tuple[str, RuleSet]]:
    return list(DECLARED.rule_sets.items())


@pytest.mark.parametrize(
    ("method", "cut"), [("higher", 9.0), ("linear", 8.2), ("lower", 8.0)]
)  # 1 to 10: the place of the best fifth is 8.2
def test_a_cut_by_rank(method: str, cut: float) -> None:
    np.testing.assert_allclose(top_cut(TEN, 0.2, method), [cut])
    np.testing.assert_allclose(np.quantile(TEN, 0.8, axis=0, method=method), [cut])


def test_a_cut_leaves_out_what_is_missing() -> None:
    values = np.array([[1.0, NAN], [2, NAN], [3, NAN], [4, NAN], [5, NAN], [NAN, NAN]])
    np.testing.assert_array_equal(top_cut(values, 0.2, "higher"), [5, NAN])
    np.testing.assert_array_equal(top_cut(np.empty((0, 1)), 0.2, "higher"), [NAN])


def test_ties_are_all_among_the_best() -> None:
    tied = np.where(TEN >= 8, 8.0, 1.0)  # three share the first place
    assert given_for(rated("default", employment=tied * 1000, share=TEN), "size") == [
        *[False] * 7,
        *[True] * 3,
    ]


def test_being_best_at_nothing_is_no_star() -> None:
    assert not any(given_for(rated("eco_2007", employment=TEN * 0), "size"))


def test_eco_2007() -> None:
    result = rated("eco_2007", lq=TEN / 4, share=TEN[::-1] / 100)
    assert np.flatnonzero(given_for(result, "size")).tolist() == [9]
    assert np.flatnonzero(given_for(result, "specialisation")).tolist() == [7, 8, 9]  # LQ ≥ 2
    assert np.flatnonzero(given_for(result, "focus")).tolist() == [0]
    assert result.count[:, 0].tolist() == [1, 0, 0, 0, 0, 0, 0, 1, 1, 2]
    assert np.flatnonzero(result.strong[:, 0]).tolist() == [9]


def test_eocic_2020_is_three_times_the_best_fifth() -> None:
    result = rated("eocic_2020", lq=TEN, labour_cost=TEN)
    assert result.count[:, 0].tolist() == [*[0] * 8, 3, 3]


def test_eccp_2021_asks_for_both_quotient_and_share() -> None:
    lq = np.array([[1.5], [1.49], [3.0]])
    share = np.array([[0.01], [0.5], [0.009]])
    result = rated("eccp_2021", employment=lq, lq=lq, share=share)
    assert given_for(result, "specialisation") == [True, False, False]
    assert not result.strong.any()  # it has no other criterion


def test_us_strong_asks_for_minimum_employment_and_establishments() -> None:
    few = np.where(TEN == 10, 0.5, TEN)
    result = rated("us_strong", lq=TEN, local_units=few)
    assert np.flatnonzero(given_for(result, "specialisation")).tolist() == [7, 8]


def test_default() -> None:
    ones = np.full((10, 1), 0.1)
    result = rated("default", share=ones, shrunk_lq=TEN / 6, labour_cost=TEN, growth=TEN - 9.5)
    assert np.flatnonzero(given_for(result, "size")).tolist() == [8, 9]
    # LQ* of 1.5 and 1.67: both limits are met, and only by them.
    assert np.flatnonzero(given_for(result, "specialisation")).tolist() == [8, 9]
    assert np.flatnonzero(given_for(result, "quality")).tolist() == [8, 9]
    assert np.flatnonzero(given_for(result, "dynamism")).tolist() == [9]  # 8 is below the EU's
    assert np.flatnonzero(result.strong[:, 0]).tolist() == [8, 9]


@pytest.mark.parametrize(
    ("persons", "share", "stars_"),
    [(500.0, 0.005, 1), (499.0, 0.5, 0), (50_000.0, 0.0049, 0)],
)
def test_default_asks_for_a_minimum_mass(persons: float, share: float, stars_: int) -> None:
    here = {"employment": np.array([[persons]]), "share": np.array([[share]])}
    rules = DECLARED.rule_sets["default"]
    assert stars(rules, here, method="higher").count[0, 0] == stars_


def test_without_data_there_is_no_star_and_it_says_so() -> None:
    lq = TEN.copy()
    lq[9] = NAN
    result = rated("eocic_2020", lq=lq)
    special, productive = (
        result.criteria.index("specialisation"),
        result.criteria.index("productivity"),
    )
    assert not result.given[9, 0, special]
    assert result.known[:, 0, special].tolist() == [*[True] * 9, False]
    assert not result.known[..., productive].any()
    assert not result.given[..., productive].any()


def test_split_regions_never_receive_stars_and_are_not_ranked() -> None:
    split = (TEN >= 9)[:, 0]
    result = rated("eocic_2020", split, lq=TEN, labour_cost=TEN)
    assert not result.given[split].any()
    assert not result.known[split].any()
    assert np.flatnonzero(result.count[:, 0]).tolist() == [6, 7]  # the best two of eight


def test_probability_and_label_over_draws() -> None:
    lq = np.full((20, 3, 1), 3.0)
    lq[:16, 0] = lq[:10, 1] = 1.0  # 4, 10 and 20 of 20 draws are above 2
    result = rated("eco_2007", employment=np.ones((3, 1)), lq=lq)
    share = probability(result.given[..., result.criteria.index("specialisation")])
    np.testing.assert_allclose(share[:, 0], [0.2, 0.5, 1.0])
    assert label(share, DECLARED.agreement)[:, 0].tolist() == [0, -1, 1]
    assert label(np.array([0.8, 0.79, 0.21, NAN]), 0.8).tolist() == [1, -1, -1, -1]
    with pytest.raises(ValueError, match="at least one draw"):
        probability(np.empty((0, 3), bool))


def test_threshold_fragility_by_hand() -> None:
    """LQ ≥ 2 moves to 2.2 and 1.8: of 1.0, 1.9, 2.1 and 3.0 two flip, one out and one in."""
    lq = np.array([[1.0], [1.9], [2.1], [3.0]])
    rules = DECLARED.rule_sets["eco_2007"].model_copy(
        update={"criteria": DECLARED.rule_sets["eco_2007"].criteria[1:2]}
    )
    found = fragility(rules, {"employment": lq, "lq": lq}, DECLARED)
    assert found.flips[:, 0, 0].tolist() == [False, True, True, False]
    assert (found.lost, found.gained) == (0.5, 0.5)
    assert found.share == pytest.approx(2 / 3)
    none = fragility(rules, {"employment": lq, "lq": lq * 0}, DECLARED)
    assert np.isnan([none.lost, none.gained, none.share]).all()


@given(st.integers(0, 10_000), st.sampled_from(sorted(DECLARED.rule_sets)))
def test_identities_of_all_rule_sets(seed: int, name: str) -> None:
    rng = np.random.default_rng(seed)
    measures = {m: rng.lognormal(0, 1, (9, 4)).round(1) for m in MEASURES}
    measures["growth"] -= 1
    measures["employment"] *= 1000
    measures["lq"][rng.random((9, 4)) < 0.2] = NAN
    split, rules = rng.random(9) < 0.2, DECLARED.rule_sets[name]
    one = stars(rules, measures, method=DECLARED.quantile, split=split)
    assert not (one.given & ~one.known).any()
    assert (one.count <= one.known.sum(axis=-1)).all()
    assert not (one.strong & (one.count < 2)).any()
    hard, soft = (
        stars(rules, measures, method=DECLARED.quantile, split=split, shift=x) for x in (0.1, -0.1)
    )
    assert not (hard.given & ~one.given).any()
    assert not (one.given & ~soft.given).any()
    r, s = rng.permutation(9), rng.permutation(4)
    turned = {m: v[np.ix_(r, s)] for m, v in measures.items()}
    two = stars(rules, turned, method=DECLARED.quantile, split=split[r])
    np.testing.assert_array_equal(two.given, one.given[np.ix_(r, s)])
    stacked = {m: np.stack([v, v]) for m, v in measures.items()}
    both = stars(rules, stacked, method=DECLARED.quantile, split=split)
    np.testing.assert_array_equal(both.given, np.stack([one.given] * 2))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("at_least: 2.0", "at_least: 2.0, top: 0.1", "rule_sets.eco_2007"),
        ("measure: lq,", "measure: lk,", "rule_sets"),
        ("agreement: 0.80", "agreement: 0.30", "agreement"),
        ("name: focus", "name: size", "rule_sets.eco_2007"),
        ("evidence: F ", "evidence: X ", "rule_sets"),
        ("shift: 0.10", "shifted: 0.10", "shifted"),
    ],
)
def test_a_wrong_declaration_is_refused(tmp_path: Path, old: str, new: str, field: str) -> None:
    text = METHOD.read_text(encoding="utf-8")
    assert old in text
    wrong = tmp_path / "stars.yaml"
    wrong.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match=f"field {field}"):
        load_stars(wrong)
