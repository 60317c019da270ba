"""A composite as a definition: what its scores, ranks and reasons are, and what never changes."""

import doctest

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from s3etl.benchmark import aggregate, composite
from s3etl.benchmark.audit import audit
from s3etl.benchmark.composite import Composite, Step
from s3etl.benchmark.declaration import load_composites
from s3etl.benchmark.hierarchy import Hierarchy, Node
from s3etl.benchmark.prepare import Denominate, Impute, Treat
from s3etl.benchmark.scoring import Aggregate, Normalise, Rank
from s3etl.catalogue import INDICATORS, Indicator
from s3etl.declarations import read_folder
from s3etl.errors import CatalogueError, Unfit

NAN = np.nan
SEEDS = st.integers(0, 2**32 - 1)
TREE = Hierarchy.of(
    [
        Node("a", "P"),
        Node("b", "P", direction=-1),
        Node("c", "P"),
        Node("d", "Q", weight=2.0),
        Node("e", "Q"),
        Node("P", "I"),
        Node("Q", "I", weight=3.0),
        Node("I", None),
    ]
)
GEOMETRIC = (
    Treat(),
    Normalise(low=1.0),
    Aggregate(methods=("arithmetic", "geometric")),
    Rank(pillar=2 / 3, index=0.8, imputed=0.25),
)


def world(seed: int, *, units: int = 12, years: int = 1, gaps: float = 0.1) -> pd.DataFrame:
    """Made values of five indicators, in an order of their own."""
    rng = np.random.default_rng(seed)
    size = units * years
    values = np.exp(rng.normal(0, 1, (size, 5)))
    values[rng.random(values.shape) < gaps] = NAN
    values[0], values[1] = 0.01, 100.0  # every indicator has two different values
    frame = pd.DataFrame(values, columns=list("abcde"))
    frame["uCode"] = [f"u{k}" for k in range(units)] * years
    frame["Time"] = np.repeat(2020 + np.arange(years), units)
    return frame.sample(frac=1, random_state=seed % 2**32)


def test_by_hand() -> None:
    """Scores between 0 and 100, b turned round; in Q, d weighs twice e; in the index, Q 3 to 1."""
    table = pd.DataFrame(
        {"a": [0, 1, 4], "b": [0, 5, 10], "c": [2, 6, NAN], "d": [1, 2, 3], "e": [9, 9, 8]},
        index=["x", "y", "z"],
    )
    made = Composite.build(TREE, table, (Normalise(), Aggregate()))
    expected = {
        "P": [(0 + 100 + 0) / 3, (25 + 50 + 100) / 3, (100 + 0) / 2],
        "Q": [100 / 3, 200 / 3, 200 / 3],
    }
    expected["I"] = [(p + 3 * q) / 4 for p, q in zip(*expected.values(), strict=True)]
    pd.testing.assert_frame_equal(
        made.scores, pd.DataFrame(expected, table.index), check_names=False
    )
    assert made.ranks.to_dict("list") == {"P": [3, 1, 2], "Q": [3, 1, 1], "I": [3, 1, 2]}
    assert made.coverage.loc["z"].tolist() == pytest.approx([2 / 3, 1, 11 / 12])


def test_the_example_of_the_docstring() -> None:
    assert doctest.testmod(composite).attempted > 5
    assert doctest.testmod(composite).failed == 0


def test_a_log_of_typed_steps() -> None:
    made = Composite.build(TREE, world(1), GEOMETRIC)
    assert made.steps == GEOMETRIC
    other = made.regenerate("normalise", low=2.0)
    assert other.steps[1] == Normalise(low=2.0)
    assert made.steps == GEOMETRIC  # nothing changes in place
    assert other.states[0] is made.states[0]  # what came before is not computed again
    pd.testing.assert_frame_equal(other.scores, Composite.build(TREE, world(1), other.steps).scores)


@pytest.mark.parametrize("years", [1, 4])
@pytest.mark.parametrize(
    ("step", "changes"),
    [
        ("impute", {"methods": ("median",)}),
        ("treat", {"most": 1}),
        ("normalise", {"method": "z_score", "mean": 100.0, "sd": 10.0}),
        ("normalise", {"method": "rank"}),
        ("aggregate", {"methods": ("mazziotta_pareto", "copeland")}),
        ("aggregate", {"weights": {"P": 5.0}}),
        ("aggregate", {"weights": "pca"}),
        ("aggregate", {"without": ("e",)}),
        ("rank", {"index": 1.0}),
    ],
)
def test_regenerated_from_any_step_as_if_built_so(
    years: int, step: str, changes: dict[str, object]
) -> None:
    """A panel, too, keeps its log."""
    table = world(7, years=years)
    made = Composite.build(TREE, table, (Impute(methods=("mean",)), *GEOMETRIC))
    again = made.regenerate(step, **changes)
    fresh = Composite.build(TREE, table, again.steps)
    pd.testing.assert_frame_equal(again.scores, fresh.scores)
    pd.testing.assert_frame_equal(again.ranks, fresh.ranks)
    assert len(again.scores) == len(table)
    back = again.regenerate(step, **{k: getattr(made.steps[_at(made, step)], k) for k in changes})
    pd.testing.assert_frame_equal(back.scores, made.scores)


def _at(made: Composite, step: str) -> int:
    return [each.step for each in made.steps].index(step)


@settings(max_examples=30)
@given(SEEDS, st.integers(1, 3))
def test_the_order_of_rows_and_columns_changes_nothing(seed: int, years: int) -> None:
    table = world(seed, years=years)
    rng = np.random.default_rng(seed)
    again = table.sample(frac=1, random_state=3)[list(rng.permutation(table.columns))]
    nodes = [node for level in TREE.levels for node in level]
    tree = Hierarchy.of([nodes[k] for k in rng.permutation(len(nodes))])
    steps = (Impute(methods=("previous", "model"), longest=1, draws=2, seed=seed), *GEOMETRIC)
    made, other = (Composite.build(h, t, steps) for h, t in ((TREE, table), (tree, again)))
    there = other.scores.loc[made.scores.index, made.scores.columns]
    np.testing.assert_allclose(there, made.scores, rtol=1e-10)
    pd.testing.assert_frame_equal(other.ranks.loc[made.ranks.index, made.ranks.columns], made.ranks)


@settings(max_examples=60)
@given(
    SEEDS,
    st.sampled_from(
        [
            "min_max",
            "z_score",
            "rank",
            "borda",
            "percentile_rank",
            "fraction_of_maximum",
            "goalposts",
        ]
    ),
    st.tuples(*[st.sampled_from([*aggregate.METHODS, "generalised"])] * 2),
    st.sampled_from(["declared", "equal", "pca"]),
    st.sampled_from(["previous", "linear", "median", "group_mean", "model"]),
)
def test_no_method_depends_on_order(
    seed: int, normalised: str, means: tuple[str, str], weights: str, imputed: str
) -> None:
    """Values tie often; what is refused is refused in any order."""
    table = world(seed, years=2, gaps=0.2)
    table = table.assign(**table[list("abcde")].round(0) + 1, g=table["uCode"].str[-1])
    steps = (
        Impute(methods=imputed, group="g"),
        Treat(skew=1.0, kurtosis=0.5, instead="box_cox"),
        Normalise(method=normalised, low=1.0, clip=(1.0, 100.0)),
        Aggregate(methods=means, weights=weights, power=-2.0, least=0.3),
        Rank(pillar=0.5, index=0.5, imputed=0.5),
    )
    nodes = [node for level in TREE.levels for node in level]
    order = np.random.default_rng(seed).permutation(len(nodes))
    other = Hierarchy.of([nodes[place] for place in order])
    try:
        made = Composite.build(TREE, table, steps)
    except Unfit:
        with pytest.raises(Unfit):
            Composite.build(other, table[::-1], steps)
        return
    turned = Composite.build(other, table[::-1], steps)
    for name in ("scores", "ranks", "not_ranked", "coverage"):
        one, two = getattr(made, name), getattr(turned, name)
        two = two.loc[one.index, one.columns]
        pd.testing.assert_frame_equal(one, two, rtol=1e-9, atol=1e-9)
    gone = made.after("normalise")[list("abcde")].isna().all(axis=1)
    assert made.scores.loc[gone].isna().all(axis=None)


@settings(max_examples=30)
@given(SEEDS)
def test_missing_is_never_zero(seed: int) -> None:
    """A unit's score is that of a hierarchy without what it lacks, on the same scale."""
    table = world(seed, gaps=0.25)
    made = Composite.build(TREE, table, (Normalise(low=1.0), Aggregate()))
    normal = made.after("normalise")
    for unit, row in normal.iterrows():
        lacking = [code for code in row.index[row.isna()] if code not in ("P", "Q")]
        empty = [p for p in ("P", "Q") if set(TREE.members(p)) <= set(lacking)]
        if len(empty) == 2:
            assert made.scores.loc[unit].isna().all()
            continue
        without = [
            code
            for code in lacking
            if TREE.levels[0][list("abcde").index(code)].parent not in empty
        ]
        again = made.regenerate("aggregate", without=(*without, *empty))
        assert again.scores.loc[unit, "I"] == pytest.approx(made.scores.loc[unit, "I"], rel=1e-12)


@settings(max_examples=30)
@given(SEEDS)
def test_geometric_scores_are_never_above_arithmetic_ones(seed: int) -> None:
    made = Composite.build(TREE, world(seed), GEOMETRIC)
    arithmetic = made.regenerate("aggregate", methods=("arithmetic",))
    gap = arithmetic.scores["I"] - made.scores["I"]
    assert (gap.dropna() >= -1e-9).all()
    scores = made.scores.dropna()
    assert scores.to_numpy().min() >= 1 - 1e-9
    assert scores.to_numpy().max() <= 100 + 1e-9


@settings(max_examples=30)
@given(SEEDS)
def test_coverage_decides_on_ranks_and_never_on_scores(seed: int) -> None:
    made = Composite.build(TREE, world(seed, gaps=0.3), GEOMETRIC)
    free = made.regenerate("rank", pillar=0.0, index=0.0, imputed=1.0)
    pd.testing.assert_frame_equal(free.scores, made.scores)
    assert (free.ranks.notna() == made.scores.notna()).all().all()
    ranked = made.ranks.notna()
    assert (ranked == (made.not_ranked == "")).all().all()
    assert (made.coverage[["P", "Q"]][ranked[["P", "Q"]]].fillna(1) >= 2 / 3 - 1e-9).all().all()
    assert (ranked["I"] <= (ranked["P"] & ranked["Q"])).all()  # 80 % of two are both


def plain(values: dict[str, float], code: str, method: str) -> float:
    """Score of a node by plain recursion over what is there."""
    parts = []
    for level in TREE.levels:
        for node in level:
            if node.parent == code:
                is_leaf = node.code in TREE.indicators
                score = values[node.code] if is_leaf else plain(values, node.code, method)
                parts.append((score, node.weight))
    parts = [(score, weight) for score, weight in parts if not np.isnan(score)]
    total = sum(weight for _, weight in parts)
    if not parts:
        return NAN
    if method == "geometric":
        return float(np.prod([score ** (weight / total) for score, weight in parts]))
    if method == "harmonic":
        return total / sum(weight / score for score, weight in parts)
    return sum(score * weight for score, weight in parts) / total


@settings(max_examples=30)
@given(SEEDS, st.sampled_from(["arithmetic", "geometric", "harmonic"]))
def test_beside_plain_recursion(seed: int, method: str) -> None:
    steps = (Normalise(low=1.0), Aggregate(methods=(method,)))
    made = Composite.build(TREE, world(seed, gaps=0.3), steps)
    normal = made.after("normalise")
    for unit, row in made.scores.iterrows():
        values = normal.loc[unit].to_dict()
        for code, score in row.items():
            expected = plain(values, str(code), method)
            np.testing.assert_allclose(score, expected, rtol=1e-12)


def test_one_indicator_may_divide_another() -> None:
    table = pd.DataFrame({"uCode": list("xyz"), "a": [1, 4, 9], "b": pd.array([1, 2, 0], "Int64")})
    tree = Hierarchy.of([Node("a", "I"), Node("b", "I"), Node("I", None)])
    steps = (Denominate(by={"a": "b"}), Normalise(), Aggregate())
    divided = Composite.build(tree, table, steps).after("denominate")
    np.testing.assert_array_equal(divided["a"], [1, 2, NAN])  # by zero there is no value
    np.testing.assert_array_equal(divided["b"], [1, 2, 0])


def test_why_there_is_no_rank() -> None:
    table = pd.DataFrame(
        {"a": [1, 2, 4.0], "b": [3, 2, NAN], "c": [1, 3, NAN], "d": [1, 5, 2.0], "e": [1, 2, NAN]},
        index=["x", "y", "z"],
    )
    table.loc["none"] = NAN
    made = Composite.build(TREE, table, GEOMETRIC)
    assert made.not_ranked.loc["z"].tolist() == [
        "33% of the weight has a value, 67% needed",
        "",
        "75% of the weight has values enough, 80% needed",
    ]
    assert made.scores.loc["z"].notna().all()
    assert made.not_ranked.loc["none"].tolist() == ["no value"] * 3
    # What is imputed from others is no value of the unit's own, and not too much of it either.
    filled = Composite.build(TREE, table, (Impute(methods=("mean",)), *GEOMETRIC))
    assert filled.not_ranked.loc["z", ["P", "I"]].tolist() == [
        "33% of the weight has a value, 67% needed",
        "75% of the weight has values enough, 80% needed",
    ]
    lenient = filled.regenerate("rank", pillar=0.0, index=0.0)
    assert lenient.not_ranked.loc["z", "P"] == "67% of the weight is imputed, at most 25%"
    assert lenient.not_ranked.loc["z", "Q"] == "33% of the weight is imputed, at most 25%"
    assert filled.imputed.loc["z"].tolist() == ["", "mean", "mean", "", "mean"]


def test_flags_of_what_is_imputed() -> None:
    """I1 an own value at most three years old, I2 the parent's, I3 the model's."""
    rows = [(2018, "x", 1.0, 5), (2018, "y", NAN, 5), (2018, "z", 3.0, 6), (2018, "w", 2.0, 4)]
    rows += [(2021, "x", NAN, 6), (2021, "y", NAN, 4), (2021, "z", 4.0, 3), (2021, "w", NAN, 4)]
    rows += [(2022, "x", NAN, 6), (2022, "y", NAN, 4), (2022, "z", 4.5, 3), (2022, "w", 3.0, 4)]
    table = pd.DataFrame(rows, columns=["Time", "uCode", "a", "b"])
    parents = pd.DataFrame({"a": [NAN] * 5 + [9.0] + [NAN] * 3 + [9.5, NAN, NAN]})
    tree = Hierarchy.of([Node("a", "I"), Node("b", "I"), Node("I", None)])
    steps = (
        Impute(methods=("previous", "parent", "model"), longest=3),
        Normalise(),
        Aggregate(),
        Rank(imputed=0.25),
    )
    made = Composite.build(tree, table, steps, parents=parents)
    assert made.imputed["a"].tolist() == [
        *("", "I3", "", ""),
        *("I1", "I2", "", "I1"),
        *("I3", "I2", "", ""),  # x's own value is four years old
    ]
    assert made.after("impute").loc[(2021, "x"), "a"] == 1.0
    assert made.after("impute").loc[(2021, "y"), "a"] == 9.0
    assert made.imputed_share.loc[(2021, "x"), "I"] == 0.5
    assert made.coverage.loc[(2021, "x"), "I"] == 1.0
    assert made.coverage.loc[(2021, "y"), "I"] == 0.5


def test_scores_compare_over_time_between_frozen_goalposts() -> None:
    """A later edition leaves what was said of earlier years as it was."""
    table = world(11, years=8, gaps=0.05)
    steps = (
        Treat(pool=5),
        Normalise(method="goalposts", pool=5, clip=(1.0, 100.0)),
        Aggregate(methods=("arithmetic", "geometric")),
        Rank(),
    )
    first = Composite.build(TREE, table[table["Time"] < 2026], steps)
    frozen = first.freeze()
    later = Composite.build(TREE, table, frozen)
    assert later.steps == later.freeze()
    np.testing.assert_allclose(later.scores.loc[first.scores.index], first.scores, rtol=1e-12)
    anew = Composite.build(TREE, table, steps)
    assert not np.allclose(anew.scores.loc[first.scores.index], first.scores, equal_nan=True)
    # The goalposts are percentiles of the five newest years, the same for every year.
    posts = frozen[1].posts
    assert posts is not None
    window = first.after("treat").sort_index().loc[2021:, "b"].dropna()
    assert posts["b"] == pytest.approx(np.percentile(window, [2.5, 97.5]))


def test_limits_of_treatment_are_of_the_base_window() -> None:
    values = [*np.linspace(1, 2, 19), 50.0]
    table = pd.DataFrame(
        {
            "uCode": [f"u{k}" for k in range(20)] * 2,
            "Time": [2020] * 20 + [2021] * 20,
            "a": [100.0] * 20 + values,
            "b": np.arange(40.0),
        }
    )
    tree = Hierarchy.of([Node("a", "I"), Node("b", "I"), Node("I", None)])
    made = Composite.build(tree, table, (Treat(pool=1), Normalise(), Aggregate()))
    treated = made.after("treat")["a"]
    assert treated.max() == 2.0  # 50 was drawn in, and 2020 is cut at the same limit
    log = TypeAdapter(tuple[Step, ...])
    assert log.validate_json(log.dump_json(made.freeze())) == made.freeze()
    limits = made.freeze()[0].limits
    assert limits == {"a": (None, 2.0, False), "b": (None, None, False)}
    logged = made.regenerate("treat", most=0)
    assert logged.freeze()[0].limits["a"] == (1.0, 50.0, True)
    expected = np.log(np.array([100.0, 1.0]) - 1 + 0.49)
    assert logged.after("treat")["a"].iloc[[0, 20]].to_numpy() == pytest.approx(expected)
    powered = logged.regenerate("treat", instead="box_cox", power=0.5)
    assert powered.freeze()[0].limits == logged.freeze()[0].limits
    expected = 2 * (np.sqrt([100.0, 1.0]) - 1)  # ((x - min + 1)^0.5 - 1) / 0.5, min is 1
    assert powered.after("treat")["a"].iloc[[0, 20]].to_numpy() == pytest.approx(expected)


def test_box_cox_in_place_of_the_logarithm() -> None:
    values = np.array([*np.linspace(1, 2, 19), 50.0])
    table = pd.DataFrame({"a": values, "b": np.arange(20.0)}, [f"u{k}" for k in range(20)])
    tree = Hierarchy.of([Node("a", "I"), Node("b", "I"), Node("I", None)])
    made = Composite.build(
        tree, table, (Treat(most=0, instead="box_cox"), Normalise(), Aggregate())
    )
    treated = made.after("treat")
    np.testing.assert_allclose(treated["a"], np.log(values), rtol=1e-14)
    np.testing.assert_array_equal(treated["b"], table["b"])
    other = made.regenerate("treat", power=-2.0).after("treat")["a"]
    np.testing.assert_allclose(other, (1 - values**-2) / 2, rtol=1e-13)
    assert (made.regenerate("treat", most=1).after("treat")["a"] == np.minimum(values, 2)).all()


def test_effective_weights() -> None:
    shares = Composite.build(TREE, world(1), GEOMETRIC).effective_weights["effective"]
    assert shares[["a", "d", "e", "P", "Q", "I"]].tolist() == pytest.approx(
        [1 / 12, 1 / 2, 1 / 4, 1 / 4, 3 / 4, 1]
    )
    for level in (1, 2, 3):
        assert TREE.effective(level).sum() == pytest.approx(1)


def test_effective_weights_are_those_that_aggregated() -> None:
    """Squared loadings of a parent's members sum to 1, whatever was declared."""
    made = Composite.build(TREE, world(1, gaps=0), GEOMETRIC).regenerate("aggregate", weights="pca")
    weights = made.effective_weights
    assert weights.loc[["a", "b", "c"], "weight"].sum() == pytest.approx(1)
    pillar = made.after("normalise")[["a", "b", "c"]] @ weights.loc[["a", "b", "c"], "weight"]
    pd.testing.assert_series_equal(pillar, made.scores["P"], check_names=False)
    assert weights.loc[list("abcde"), "effective"].sum() == pytest.approx(1)
    share = weights.loc["P", "weight"] / weights.loc[["P", "Q"], "weight"].sum()
    expected = share * weights.loc["a", "weight"]
    assert weights.loc["a", "effective"] == pytest.approx(expected)


def test_the_audit_of_a_year_in_which_an_indicator_is_missing() -> None:
    table = world(1, years=2, gaps=0)
    table.loc[table["Time"] == 2021, "d"] = NAN
    posts = dict.fromkeys("abcde", (0.0, 100.0))
    steps = (Normalise(method="goalposts", posts=posts), Aggregate())
    found = audit(Composite.build(TREE, table, steps))
    assert set(found.components["node"]) == {"P", "I"}
    alpha = found.reliability.set_index("node")["alpha"]
    assert alpha.isna().tolist() == [False, True, False]


@pytest.fixture(scope="module")
def indicators() -> dict[str, Indicator]:
    return read_folder(INDICATORS, Indicator)


def test_the_framework_index_is_declared(indicators: dict[str, Indicator]) -> None:
    """Verified indicators that are not context; a pillar needs two (methodology 8, step 3)."""
    framework = load_composites()["framework"]
    tree = framework.hierarchy(indicators)
    assert framework.inactive(indicators) == ("ENT", "OPN", "INS")
    assert tree.codes(2) == ("ECO", "RDI", "HUM", "IND", "DIG")
    for code in tree.indicators:
        assert indicators[code].status == "verified"
        assert indicators[code].framework
        assert indicators[code].direction in "+-"
        assert indicators[code].pillar in tree.codes(2)
    np.testing.assert_allclose(tree.effective(2), 1 / 5)
    with pytest.raises(CatalogueError, match="give their declarations"):
        framework.hierarchy()


def test_the_framework_index_of_a_made_world(indicators: dict[str, Indicator]) -> None:
    framework = load_composites()["framework"]
    codes = framework.hierarchy(indicators).indicators
    rng = np.random.default_rng(1)
    units, years = 40, 7
    skill = rng.normal(0, 1, (units, 1))
    values = np.concatenate([skill + rng.normal(0, 1, (units, len(codes))) for _ in range(years)])
    values *= [indicators[code].direction == "+" or -1 for code in codes]
    values[rng.random(values.shape) < 0.05] = NAN
    table = pd.DataFrame(np.exp(values), columns=list(codes))
    table["uCode"] = [f"r{k}" for k in range(units)] * years
    table["Time"] = np.repeat(2017 + np.arange(years), units)
    made = Composite.build(
        framework, table, indicators=indicators, parents=table.drop(columns=["uCode", "Time"])
    )
    newest = made.scores.loc[2023, "INDEX"]
    assert newest.between(1, 100).all()
    assert np.corrcoef(newest.rank(), skill[:, 0].argsort().argsort())[0, 1] > 0.8
    found = audit(made, limits=framework.coherence)
    assert len(found.items) == len(codes) + 5
    assert found.components.groupby("node")["share"].sum().to_numpy() == pytest.approx(1)
    assert set(found.without["node"]) == {*codes, *made.hierarchy.codes(2)}
