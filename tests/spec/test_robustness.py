"""Robustness as definitions: what a run is, what ranks tell, what effects are; and their laws."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3etl.benchmark.composite import Composite
from s3etl.benchmark.declaration import CompositeDeclaration, load_composites
from s3etl.benchmark.design import draw, restored, saltelli, stored
from s3etl.benchmark.index import build_index
from s3etl.benchmark.precision import of_figures
from s3etl.benchmark.prepare import Impute, Treat
from s3etl.benchmark.ranks import badges
from s3etl.benchmark.robustness import Robustness, monte_carlo, sobol
from s3etl.benchmark.scoring import Aggregate, Normalise, Rank
from s3etl.benchmark.sensitivity import bootstrap, effects
from s3etl.benchmark.uncertainty import Uncertainty, load_uncertainty
from s3etl.catalogue import METHOD, Method
from s3etl.declarations import read_declaration
from s3etl.errors import CatalogueError
from tests.spec.test_index_scores import DECLARED, INDICATORS
from tests.spec.test_index_scores import tables as index_tables

SEEDS = st.integers(0, 2**32 - 1)
META = pd.DataFrame(
    {
        "code": ["a", "b", "c", "d", "e", "P", "Q", "X"],
        "parent": ["P", "P", "P", "Q", "Q", "X", "X", None],
        "direction": [1, -1, 1, 1, 1, 1, 1, 1],
    }
)
EVERY = {
    "normalisation": {
        "kind": "choice",
        "step": "normalise",
        "among": [
            {},
            {"method": "z_score", "mean": 50, "sd": 10, "clip": [1, 100]},
            {"method": "rank"},
        ],
    },
    "weights": {"kind": "weights", "spread": 0.25},
    "aggregation": {
        "kind": "choice",
        "step": "aggregate",
        "among": [{"methods": [m]} for m in ("arithmetic", "geometric", "mazziotta_pareto")],
    },
    "left_out": {"kind": "leave_out"},
    "imputation": {"kind": "imputation", "draws": 3},
    "noise": {"kind": "noise", "cv": 0.05},
}
STEPS = (
    Impute(methods=("model",), seed=4),
    Treat(),
    Normalise(low=1, pool="year"),
    Aggregate(),
    Rank(),
)


def uncertain(*names: str, **changes: Any) -> Uncertainty:
    """Return a section of some of the factors above."""
    factors = {name: EVERY[name] for name in names or EVERY}
    return Uncertainty.model_validate({"runs": 30, "seed": 1, "factors": factors} | changes)


def table(seed: int, units: int = 9, gaps: float = 0.1, years: int = 1) -> pd.DataFrame:
    """Values of five indicators above 0, with gaps, in steps so that some tie."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.lognormal(2, 0.7, (units * years, 5)), 1) + 0.1
    values[rng.random(values.shape) < gaps] = np.nan
    values[:4] = np.where(np.isnan(values[:4]), 3.0, values[:4])  # no indicator is empty
    names = [f"u{unit:02d}" for unit in range(units)] * years
    frame = pd.DataFrame(values, columns=list("abcde")).assign(uCode=names)
    return frame if years == 1 else frame.assign(Time=np.repeat(np.arange(years) + 2020, units))


def built(seed: int, **options: Any) -> Composite:
    return Composite.build(META, table(seed, **options), STEPS)


# A run, by hand: units u, v, w with (0, 1, 2) and (4, 0, 2), scored 0 to 100.
TINY_META = pd.DataFrame({"code": ["a", "b", "X"], "parent": ["X", "X", None]})
TINY = pd.DataFrame({"a": [0.0, 1, 2], "b": [4.0, 0, 2]}, index=["u", "v", "w"])
RUNS = {
    "as it is": ({}, (50, 25, 75), (2, 3, 1)),
    "a twice": ({"weight.a": 2.0}, (100 / 3, 100 / 3, 250 / 3), (2, 2, 1)),
    "without a": ({"without": "a"}, (100, 0, 50), (1, 3, 2)),
    "ranks": ({"normalise.method": "rank"}, (2, 1.5, 2.5), (2, 3, 1)),
    "geometric": (
        {"normalise.low": 1.0, "aggregate.methods": ("geometric",)},
        (10, np.sqrt(50.5), np.sqrt(5050)),
        (2, 3, 1),
    ),
}


@pytest.mark.parametrize("case", RUNS)
def test_a_run(case: str) -> None:
    changes, scores, ranks = RUNS[case]
    composite = Composite.build(TINY_META, TINY, (Normalise(), Aggregate(), Rank()))
    plain = {"noise": 0} | changes
    done = monte_carlo(composite, design=pd.DataFrame([plain, {**plain}], index=[1, 2]))
    for run in (0, 1):
        np.testing.assert_allclose(done.scores[run], scores, rtol=1e-12)
        assert done.ranks[run].tolist() == list(ranks)


def told(ranks: list[list[float]], reference: list[int], **changes: Any) -> pd.DataFrame:
    values = np.array(ranks, np.float32)
    names = tuple(f"u{k}" for k in range(values.shape[1]))
    section = uncertain("weights", **changes)
    own, every = np.array(reference, float), np.ones(len(values), bool)
    return Robustness(
        names, own, pd.DataFrame(), -values.astype(float), -own, every, values, section
    ).table


def test_what_ranks_tell() -> None:
    """Four runs of four units, by hand; groups are halves."""
    ranks = [[1, 2, 3, 4], [1, 3, 2, 4], [2, 1, 3, 4], [1, 2, 4, 3]]
    found = told(ranks, [1, 2, 3, 4], top=2, groups=(0.5,), interval=(0, 100))
    expected = pd.DataFrame(
        {
            "rank": [1, 2, 3, 4],
            "rank_median": [1.0, 2, 3, 4],
            "rank_mean": [1.25, 2, 3, 3.75],
            "rank_low": [1, 1, 2, 3],
            "rank_high": [2, 3, 4, 4],
            "p_top": [1, 0.75, 0.25, 0],
            "p_group_1": [1, 0.75, 0.25, 0],
            "p_group_2": [0, 0.25, 0.75, 1],
            "mean_shift": [0.25, 0.5, 0.5, 0.25],
            "badge": ["B", "C", "C", "B"],
            "runs": 4,
            "score_low": [-2.0, -3, -4, -4],
            "score_high": [-1.0, -1, -2, -3],
        },
        index=pd.Index(["u0", "u1", "u2", "u3"], name="unit"),
    )
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_a_run_without_a_score_is_left_out_of_what_ranks_tell() -> None:
    found = told([[1, 2], [1, np.nan], [2, 1]], [1, 2], interval=(0, 100))
    assert found["runs"].tolist() == [3, 2]
    assert found["rank_mean"].tolist() == pytest.approx([4 / 3, 1.5])
    assert found["rank_low"].tolist() == [1, 1]
    np.testing.assert_allclose(found.filter(like="p_group").sum(axis=1), 1)


def test_badges() -> None:
    widths = np.array([0.0, 10, 10.5, 25, 26])
    assert badges(widths * 0, widths, 100, (0.10, 0.25)).tolist() == ["A", "A", "B", "B", "C"]


def test_a_pillar_is_ranked_as_if_it_were_a_composite_of_its_own() -> None:
    rng = np.random.default_rng(5)
    table = pd.DataFrame(rng.uniform(1, 9, (9, 5)), [f"u{i}" for i in range(9)], list("abcde"))
    steps = (Normalise(low=1, pool="year"), Aggregate(), Rank())
    alone = META.query("code in ['a', 'b', 'c', 'P']").assign(
        parent=lambda frame: frame["parent"].where(frame["code"] != "P", None)
    )
    said = uncertain("normalisation", "weights", "noise", runs=40)
    whole = monte_carlo(Composite.build(META, table, steps), uncertainty=said, node="P")
    part = monte_carlo(Composite.build(alone, table[list("abc")], steps), uncertainty=said)
    np.testing.assert_allclose(whole.scores, part.scores)
    np.testing.assert_array_equal(whole.ranks, part.ranks)
    with pytest.raises(CatalogueError, match="Z is no aggregate of the composite"):
        monte_carlo(Composite.build(META, table, steps), uncertainty=said, node="Z")


@settings(max_examples=25)
@given(SEEDS)
def test_the_order_of_units_and_indicators_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = table(seed)
    section = uncertain()
    mixed = frame.iloc[rng.permutation(len(frame))]
    again = META.iloc[rng.permutation(len(META))]
    one = monte_carlo(Composite.build(META, frame, STEPS), uncertainty=section)
    other = monte_carlo(Composite.build(again, mixed, STEPS), uncertainty=section)
    pd.testing.assert_frame_equal(one.design, other.design[one.design.columns])
    np.testing.assert_allclose(one.scores, other.scores, rtol=1e-9)
    np.testing.assert_array_equal(one.ranks, other.ranks)
    pd.testing.assert_frame_equal(one.table.sort_index(), other.table.sort_index())


@settings(max_examples=25)
@given(SEEDS)
def test_what_is_not_varied_leaves_every_rank(seed: int) -> None:
    still = {
        "normalisation": {"kind": "choice", "step": "normalise", "among": [{}, {}]},
        "weights": {"kind": "weights", "spread": 0},
        "noise": {"kind": "noise", "cv": 0},
    }
    composite = built(seed)
    done = monte_carlo(composite, 5, uncertainty=uncertain("noise", factors=still))
    reference = composite.ranks["X"].loc[list(done.units)].to_numpy(float)
    np.testing.assert_array_equal(done.ranks, np.tile(reference, (5, 1)))
    assert done.mean_shift == 0
    assert (done.table["badge"] == "A").all()


@settings(max_examples=25)
@given(SEEDS)
def test_intervals_hold_the_rank_and_probabilities_add_up(seed: int) -> None:
    found = monte_carlo(built(seed), uncertainty=uncertain()).table
    for name in ("rank", "rank_median"):
        assert (found["rank_low"] <= found[name]).all()
        assert (found["rank_high"] >= found[name]).all()
    np.testing.assert_allclose(found.filter(like="p_group").sum(axis=1), 1)
    assert found.filter(like="p_").ge(-1e-12).all(axis=None)
    assert (found["rank"].diff().dropna() >= 0).all()


def test_a_seed_gives_the_same_again_and_another_another() -> None:
    composite = built(1)
    one, same, other = (monte_carlo(composite, 20, s, uncertainty=uncertain()) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.scores, same.scores)
    pd.testing.assert_frame_equal(one.design, same.design)
    assert (one.scores != other.scores).any()
    again = monte_carlo(composite, design=restored(stored(one.design)), uncertainty=uncertain())
    np.testing.assert_array_equal(one.scores, again.scores)
    assert one.on_scale.any()
    pd.testing.assert_frame_equal(one.table, again.table)


def test_part_of_a_design_gives_part_of_the_runs() -> None:
    whole = monte_carlo(built(1), uncertainty=uncertain())
    part = monte_carlo(built(1), design=whole.design.iloc[7:19], uncertainty=uncertain())
    np.testing.assert_allclose(part.scores, whole.scores[7:19], rtol=1e-13)


def test_another_factor_changes_no_draw_of_the_others() -> None:
    composite = built(1)
    alone = draw(composite, uncertain("weights", "noise"), 10, seed=3)
    among = draw(composite, uncertain(), 10, seed=3)
    pd.testing.assert_frame_equal(alone, among[alone.columns])


@pytest.mark.parametrize("pool", ["year", "panel"])
@pytest.mark.parametrize("mean", ["arithmetic", "mazziotta_pareto"])
@pytest.mark.parametrize("years", [1, 3])
def test_a_run_with_noise_is_the_composite_of_noisy_values(
    pool: str, mean: str, years: int
) -> None:
    """The noise of each value is found by scaling it up: with a CV of 1, x becomes x (1 + z)."""
    frame = table(5, gaps=0, years=years)
    steps = (Treat(pool=pool), Normalise(low=1, pool=pool), Aggregate(methods=(mean,)), Rank())
    composite = Composite.build(META, frame, steps)
    number, cv = 12345, 0.03
    done = monte_carlo(
        composite,
        design=pd.DataFrame({"noise": [number]}),
        uncertainty=uncertain("noise", factors={"noise": {"kind": "noise", "cv": cv}}),
    )
    whole = years if years > 1 and (pool == "panel" or mean == "mazziotta_pareto") else 1
    z = np.random.Generator(np.random.SFC64(number)).standard_normal((whole, 5, 9))
    noisy = frame.copy()
    rows = slice(-9 * whole, None)
    noisy.loc[noisy.index[rows], list("abcde")] *= 1 + cv * z.swapaxes(1, 2).reshape(-1, 5)
    again = Composite.build(META, noisy, steps).scores["X"].tail(9)
    np.testing.assert_allclose(done.scores[0], again, rtol=1e-11)


def test_goalposts_and_limits_of_a_base_window_are_free_of_noise() -> None:
    frame = table(6, years=3, gaps=0)
    steps = (Treat(pool=2), Normalise(method="goalposts", pool=2), Aggregate(), Rank())
    composite = Composite.build(META, frame, steps)
    done = monte_carlo(
        composite, design=pd.DataFrame({"noise": [77]}), uncertainty=uncertain("noise")
    )
    z = np.random.Generator(np.random.SFC64(77)).standard_normal((5, 9)).T
    noisy = frame.copy()
    noisy.loc[noisy.index[-9:], list("abcde")] *= 1 + 0.05 * z
    again = Composite.build(META, noisy, composite.freeze()).scores["X"].tail(9)
    np.testing.assert_allclose(done.scores[0], again, rtol=1e-11)


def test_noise_comes_to_what_was_observed_and_by_its_own_size() -> None:
    composite = Composite.build(TINY_META, TINY, (Normalise(), Aggregate(), Rank()))
    sizes = pd.DataFrame({"a": [0.0, 0.1, 0.0], "b": [0.0, 0.0, 0.0]}, index=TINY.index)
    section = uncertain("noise")
    done = monte_carlo(composite, 50, uncertainty=section, noise=sizes)
    assert (done.scores[:, [0, 2]] == [50, 75]).all()  # v stays between them
    assert np.unique(done.scores[:, 1]).size == 50
    gap = TINY.assign(a=[0.0, np.nan, 2])
    filled = Composite.build(
        TINY_META, gap, (Impute(methods=("mean",)), Normalise(), Aggregate(), Rank())
    )
    done = monte_carlo(filled, 50, uncertainty=section, noise=sizes)
    assert (done.scores == filled.scores["X"].to_numpy()).all()


def test_only_what_was_converted_has_conversion_error() -> None:
    composite = Composite.build(TINY_META, TINY, (Normalise(), Aggregate(), Rank()))
    section = uncertain(factors={"conversion": {"kind": "conversion", "error": 0.1}})
    guessed = pd.DataFrame({"a": [np.nan, 0.5, np.nan]}, index=TINY.index)
    done = monte_carlo(composite, 2000, uncertainty=section, conversion=guessed)
    assert (done.scores[:, [0, 2]] == [50, 75]).all()
    # The value 1 has a standard deviation of 0.1 · 0.5; half of the index is 25 points a unit.
    assert done.scores[:, 1].std() == pytest.approx(25 * 0.05, rel=0.1)


def test_a_draw_of_the_imputation_model_is_what_regenerating_gives() -> None:
    composite = built(3)
    done = monte_carlo(composite, 8, uncertainty=uncertain("imputation"))
    assert done.design["impute.seed"].nunique() <= 3
    for run, row in enumerate(done.design.to_dict("records")):
        again = composite.regenerate("impute", seed=row["impute.seed"], draws=row["impute.draws"])
        np.testing.assert_allclose(
            done.scores[run], again.scores["X"].loc[list(done.units)], rtol=1e-12
        )


def test_the_section_of_a_declaration_is_used() -> None:
    declared = CompositeDeclaration.model_validate(
        {
            "id": "tiny",
            "title": "Tiny",
            "version": "1",
            "source": "test",
            "aggregates": {"X": {}},
            "indicators": {"a": {"parent": "X"}, "b": {"parent": "X"}},
            "steps": [{"step": "normalise"}, {"step": "aggregate"}, {"step": "rank"}],
            "uncertainty": {
                "runs": 7,
                "seed": 3,
                "factors": {"weights": {"kind": "weights", "spread": 0.5}},
            },
        }
    )
    done = monte_carlo(Composite.build(declared, TINY))
    assert list(done.design) == ["weight.a", "weight.b"]
    assert len(done.design) == 7
    assert load_uncertainty().factors.keys() >= {"normalisation", "aggregation", "noise"}


def test_how_exact_published_figures_are() -> None:
    """A flag u, a noise of the indicator's own, and a split of which a quarter was known."""
    method = read_declaration(METHOD, Method).model_copy(update={"minimum_compared": 4})
    names = ("ECO1", "ECO2", "HUM1", "HUM2")
    plain = {"obs_flag": None, "conv_method": "none", "conv_exact": 1.0}
    figures = {
        name: pa.Table.from_pylist([{**row, **plain} for row in index_tables()[name].to_pylist()])
        for name in names
    }
    rows = figures["ECO1"].to_pylist()
    rows[6] |= {"obs_flag": "bu"}  # AA12 in 2021
    rows[7] |= {"conv_method": "split", "conv_exact": 0.25}
    types = figures["HUM1"].schema
    figures["ECO1"] = pa.Table.from_pylist(
        rows,
        schema=pa.schema(
            [
                types.field(n).with_type(pa.string()) if n == "obs_flag" else types.field(n)
                for n in types.names
            ]
        ),
    )
    own = INDICATORS | {
        "ECO2": INDICATORS["ECO2"].model_copy(update={"noise_sd": 2.0}),
        "HUM2": INDICATORS["HUM2"].model_copy(update={"noise_cv": 0.07}),
    }
    made = build_index(DECLARED, figures, own, method).composite
    assert made is not None
    noise, conversion = of_figures(made, figures, own, method)
    default, unreliable = method.noise_cv["default"], method.noise_cv["U"]
    now = noise.loc[2021]
    assert now["ECO1"].loc[["AA12 2024", "AA13 2024"]].tolist() == [unreliable, default]
    assert np.isnan(now.loc["BB12 2024", "ECO1"])  # no figure
    assert now.loc["AA11 2024", "ECO2"] == pytest.approx(2 / 50)
    assert (now["HUM2"] == 0.07).all()
    assert conversion.loc[(2021, "AA13 2024"), "ECO1"] == 0.75
    assert (conversion.loc[2021] > 0).sum().sum() == 1
    done = monte_carlo(
        made,
        20,
        uncertainty=uncertain(
            "noise",
            factors={
                "noise": EVERY["noise"],
                "conversion": {"kind": "conversion", "error": 0.1},
            },
        ),
        noise=noise,
        conversion=conversion,
    )
    assert done.mean_shift >= 0
    assert np.unique(done.scores, axis=0).shape == done.scores.shape


def test_the_framework_says_what_is_uncertain() -> None:
    section = load_composites()["framework"].uncertainty
    assert section is not None
    kinds = [factor.kind for factor in section.factors.values()]
    assert sorted(set(kinds)) == [
        "choice",
        "conversion",
        "imputation",
        "leave_out",
        "noise",
        "weights",
    ]


# Sobol effects.


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.1, 3), min_size=2, max_size=5), SEEDS)
def test_effects_of_a_sum_are_the_squares_of_its_coefficients(
    coefficients: list[float], seed: int
) -> None:
    k, n = len(coefficients), 4096
    rng = np.random.default_rng(seed)
    a, b = rng.random((2, n, k))
    mixed = np.stack([np.where(np.arange(k) == i, b, a) for i in range(k)])
    c = np.array(coefficients)
    found = effects(a @ c, b @ c, mixed @ c)
    known = c**2 / (c**2).sum()
    np.testing.assert_allclose(found.first, known, atol=0.1)
    np.testing.assert_allclose(found.total, known, atol=0.1)
    moved = effects(a @ c + 1000, b @ c + 1000, mixed @ c + 1000)
    np.testing.assert_allclose(moved.first, found.first, atol=1e-9)
    np.testing.assert_allclose(moved.total, found.total, atol=1e-9)


def test_effects_of_several_outputs_are_those_of_each() -> None:
    rng = np.random.default_rng(1)
    a, b, mixed = rng.random((50, 3)), rng.random((50, 3)), rng.random((4, 50, 3))
    whole = effects(a, b, mixed)
    for place in range(3):
        alone = effects(a[:, place], b[:, place], mixed[..., place])
        for one, other in zip(alone, whole, strict=True):
            np.testing.assert_allclose(one, other[..., place], rtol=1e-12)


def test_what_does_not_vary_has_no_effects() -> None:
    flat, mixed = np.full((20, 1), 0.1), np.full((2, 20, 1), 0.1)
    found = effects(flat, flat, mixed)
    assert np.isnan(found.first).all()
    assert np.isnan(found.total).all()
    assert found.variance == 0
    bounds = bootstrap(flat, flat, mixed, draws=10, rng=np.random.default_rng(0))
    assert np.isnan(bounds[1:]).all()


def test_bootstrap_intervals_cover_what_is_true() -> None:
    """The effects 0.2 and 0.8 of a sum lie in nine of ten intervals, give or take."""
    c, inside = np.array([1.0, 2.0]), []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        a, b = rng.random((2, 300, 2))
        mixed = np.stack([np.where(np.arange(2) == i, b, a) for i in range(2)])
        found = bootstrap(a @ c, b @ c, mixed @ c, draws=200, rng=rng)
        known = c**2 / 5
        inside.append((found.first_low <= known) & (known <= found.first_high))
        inside.append((found.total_low <= known) & (known <= found.total_high))
    assert 0.8 <= np.mean(inside) <= 0.97


def test_the_design_of_effects() -> None:
    """A, B, and A with the columns of one factor from B."""
    composite, section = built(1), uncertain()
    design = saltelli(composite, section, 10, seed=1)
    parts = np.split(np.arange(len(design)), 2 + len(section.factors))
    assert {len(part) for part in parts} == {10}
    weights = [c for c in design if c.startswith("weight.")]
    a, b, mixed = (design.iloc[part].reset_index(drop=True) for part in (*parts[:2], parts[3]))
    pd.testing.assert_frame_equal(mixed[weights], b[weights])
    rest = [c for c in design if c not in weights]
    pd.testing.assert_frame_equal(mixed[rest], a[rest])
    assert (a[weights] != b[weights]).all(axis=None)


def test_a_factor_that_changes_nothing_has_no_effect() -> None:
    factors = {
        "weights": EVERY["weights"] | {"spread": 0.9},
        "nothing": {"kind": "choice", "step": "treat", "among": [{"most": 5}, {"most": 5}]},
    }
    found = sobol(built(2), 60, uncertainty=uncertain(factors=factors))
    assert found.table.loc["nothing", ["first", "total"]].tolist() == [0, 0]
    assert found.table.loc["weights", "total"] == pytest.approx(1, abs=0.4)
    by_unit = found.by_unit["total"].unstack().dropna()  # noqa: PD010
    assert (by_unit["nothing"] == 0).all()
    assert found.replications.ranks.shape == (4 * 60, 9)
    again = sobol(built(2), 60, uncertainty=uncertain(factors=factors))
    pd.testing.assert_frame_equal(found.table, again.table)
