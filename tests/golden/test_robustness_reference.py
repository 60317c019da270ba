"""Monte Carlo and Sobol effects beside COINr's: its design of 200 replications, its sample.

The tolerance is 1e-9 everywhere.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from s3etl.benchmark.composite import Composite
from s3etl.benchmark.design import restored, stored
from s3etl.benchmark.prepare import Denominate, Impute, Screen, Treat
from s3etl.benchmark.robustness import Robustness, monte_carlo
from s3etl.benchmark.scoring import Aggregate, Normalise, Rank
from s3etl.benchmark.sensitivity import effects
from tests.conftest import _shared

pytestmark = pytest.mark.shared

CLOSE = {"rtol": 1e-9, "atol": 1e-9}
STEPS = (
    Denominate(),
    Impute(methods=("group_mean",), group="EurAsia_group"),
    Screen(least=0.9),
    Treat(most=5),
    Normalise(method="min_max", low=1, high=100),
    Aggregate(),
    Rank(),
)
IMPUTATION = {"i_mean_grp": "group_mean", "i_median_grp": "group_median"}
METHODS = {"n_minmax(1,100)": "min_max", "n_zscore(10,2)": "z_score"}
MEANS = {"a_amean": "arithmetic", "a_gmean": "geometric"}


@pytest.fixture(scope="session")
def asem() -> Path:
    """Return the folder of tables made with COINr."""
    return _shared("reference") / "coinr_asem"


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", keep_default_na=False, na_values=[""])


def designed(folder: Path, meta: pd.DataFrame) -> pd.DataFrame:
    """Return their design with the columns of ours."""
    theirs = read(folder, "sens_ua_n200_design").set_index("rep")
    sets = read(folder, "sens_weight_sets").set_index(["set_id", "iCode"])["Weight"].unstack()  # noqa: PD010
    own = meta.set_index("iCode")["Weight"]
    codes = [code for code in sets if code != "Index"]
    weights = (sets[codes] / own[codes]).loc[theirs["weights_set_id"]].set_axis(theirs.index)
    return pd.DataFrame(
        {
            "impute.methods": [(IMPUTATION[name],) for name in theirs["Imputation"]],
            "treat.most": theirs["Winmax"],
            "normalise.method": theirs["Normalisation"].map(METHODS),
            "normalise.mean": 10.0,
            "normalise.sd": 2.0,
            "aggregate.methods": [(MEANS[name],) for name in theirs["Aggregation"]],
            **{f"weight.{code}": weights[code] for code in codes},
        },
        index=theirs.index,
    )


@pytest.fixture(scope="session")
def composite(asem: Path) -> Composite:
    """Return the composite of the package's own example."""
    return Composite.build(read(asem, "in_iMeta"), read(asem, "in_iData"), STEPS)


@pytest.fixture(scope="session")
def replayed(asem: Path, composite: Composite) -> Robustness:
    """Return their replications, by us."""
    return monte_carlo(composite, design=designed(asem, read(asem, "in_iMeta")))


def test_the_scores_of_every_replication_are_theirs(asem: Path, replayed: Robustness) -> None:
    theirs = read(asem, "sens_ua_n200_scores").set_index("uCode").loc[list(replayed.units)]
    np.testing.assert_allclose(
        replayed.scores.T, theirs.drop(columns="Nominal").to_numpy(float), **CLOSE
    )


def test_the_statistics_of_the_ranks_are_theirs(asem: Path, replayed: Robustness) -> None:
    theirs = read(asem, "sens_ua_n200_rank_stats").set_index("uCode").loc[list(replayed.units)]
    np.testing.assert_array_equal(replayed.reference, theirs["Nominal"])
    low, median, high = replayed.percentiles(5, 50, 95)
    for name, ours in {"Q5": low, "Median": median, "Q95": high}.items():
        np.testing.assert_allclose(ours, theirs[name], **CLOSE)
    mean = replayed.table["rank_mean"].loc[list(replayed.units)]
    np.testing.assert_allclose(mean, theirs["Mean"], **CLOSE)


def test_a_row_is_what_regenerating_gives(replayed: Robustness, composite: Composite) -> None:
    """No shortcut of the stacked computation changes a score."""
    for run in (1, 2, 77, 200):
        row = replayed.design.loc[run]
        changed = composite
        for step in ("impute", "treat", "normalise", "aggregate"):
            arguments = {c.split(".")[1]: row[c] for c in row.index if c.startswith(f"{step}.")}
            if step == "aggregate":
                own = composite.effective_weights["weight"]
                weights = {c[7:]: row[c] * own[c[7:]] for c in row.index if c.startswith("weight.")}
                arguments["weights"] = weights
            changed = changed.regenerate(step, **arguments)
        ours = replayed.scores[run - 1]
        np.testing.assert_allclose(
            ours, changed.scores["Index"].loc[list(replayed.units)], rtol=1e-12
        )


def test_a_kept_design_gives_the_same(replayed: Robustness, composite: Composite) -> None:
    again = monte_carlo(composite, design=restored(stored(replayed.design)))
    np.testing.assert_array_equal(again.scores, replayed.scores)
    pd.testing.assert_frame_equal(again.table, replayed.table)


def test_sobol_effects_of_their_sample(asem: Path) -> None:
    """Theirs do not take the mean off, which makes the first-order effects far less exact.

    Of y = x₁ + 2x₂² + 3x₁x₃ the effects are known; one of theirs exceeds its total effect.
    """
    y = read(asem, "sobol_sample_and_output")["y"].to_numpy()
    theirs = read(asem, "sobol_estimates")
    a, b, mixed = y[:256], y[256:512], y[512:].reshape(3, 256)
    plain = effects(a, b, mixed, centred=False)
    np.testing.assert_allclose(plain.first, theirs["Si"], **CLOSE)
    np.testing.assert_allclose(plain.total, theirs["STi"], **CLOSE)
    np.testing.assert_allclose(plain.variance, theirs["Variance"], **CLOSE)
    ours = effects(a, b, mixed)
    np.testing.assert_allclose(ours.total, theirs["STi"], **CLOSE)
    parts = np.array([6.25 / 12, 16 / 45, 2.25 / 12])
    known = parts / (parts.sum() + 1 / 16)
    off, their_off = np.abs(ours.first - known), np.abs(theirs["Si"] - known)
    assert (off < their_off).all()
    assert off.mean() < their_off.mean() / 3
    assert (theirs["Si"] > theirs["STi"]).any()
