"""The EU Regional Competitiveness Index of 2010, 2013 and 2016, as a panel of published scores.

It comes without indicators: scores, ranks and their mobility are compared, nothing is rebuilt.
"""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from s3etl.benchmark.composite import Aggregate, Composite, Normalise, Rank
from s3etl.benchmark.convergence import rank_mobility
from tests.conftest import _shared

pytestmark = pytest.mark.shared

META = pd.DataFrame({"iCode": ["value", "RCI"], "Parent": ["RCI", None], "Direction": [1, 1]})
ROUNDED = 0.0101
"""Scores have two decimals, the published differences all of theirs."""


@pytest.fixture(scope="session")
def rci() -> pd.DataFrame:
    """Return the scores of regions, by code and edition."""
    file = _shared("scoreboards") / "rci" / "rci_scores_2010_2016.csv"
    frame = pd.read_csv(file, keep_default_na=False, na_values=[""])
    return frame[frame["NUTS CODE 2016"].str.len() > 2]  # countries have two letters


@pytest.fixture(scope="session")
def built(rci: pd.DataFrame) -> Composite:
    steps = (Aggregate(), Rank())
    return Composite.build(META, rci, steps, unit="NUTS CODE 2016", time="Year")


def test_scores_are_as_published(built: Composite, rci: pd.DataFrame) -> None:
    np.testing.assert_array_equal(built.scores["RCI"], rci["value"])
    by_year = built.scores["RCI"].unstack(level=0)  # noqa: PD010
    told = rci[rci["Year"] == 2016].set_index("NUTS CODE 2016")
    for before, after in pairwise((2010, 2013, 2016)):
        change = (by_year[after] - by_year[before]).reindex(told.index)
        published = told[f"{after} vs {before}"]
        assert ((change - published).abs().dropna() < ROUNDED).all()
        assert (change.notna() & published.notna()).sum() > 250


def test_ranks_of_every_edition(built: Composite, rci: pd.DataFrame) -> None:
    """Two decimals tie often; a region without a score has no rank and moves nobody."""
    expected = rci.groupby("Year")["value"].rank(method="min", ascending=False)
    np.testing.assert_array_equal(
        built.ranks["RCI"].to_numpy(float, na_value=np.nan), expected.to_numpy()
    )
    assert built.ranks["RCI"].xs(2016, level=0).value_counts().max() > 3
    assert (built.not_ranked["RCI"] == "no value").sum() == rci["value"].isna().sum() > 0
    scaled = built.regenerate("aggregate", methods="copeland").ranks["RCI"]
    pd.testing.assert_series_equal(scaled, built.ranks["RCI"])


def test_scores_of_all_editions_on_one_scale(rci: pd.DataFrame) -> None:
    made = Composite.build(
        META, rci, (Normalise(), Aggregate()), unit="NUTS CODE 2016", time="Year"
    )
    low, high = rci["value"].min(), rci["value"].max()
    expected = (rci["value"] - low) / (high - low) * 100
    np.testing.assert_allclose(made.scores["RCI"], expected, rtol=1e-12, atol=1e-12)


def test_mobility_between_editions(rci: pd.DataFrame) -> None:
    by_year = rci.pivot_table(index="NUTS CODE 2016", columns="Year", values="value")
    for before, after in pairwise((2010, 2013, 2016)):
        both = by_year[[before, after]].dropna()
        theirs = 1 - kendalltau(both[before], both[after]).statistic
        ours = rank_mobility(by_year[before], by_year[after])
        assert ours == pytest.approx(theirs, abs=1e-12)
        assert 0 < ours < 0.2
