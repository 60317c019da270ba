"""Gaps of an indicator and where its regions stand, as a published table.

Turns a panel into arrays for :mod:`s3etl.benchmark.gaps` and :mod:`s3etl.benchmark.groups` and
back. One indicator at a time; only figures that are ranked take part.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.benchmark import convergence as moves
from s3etl.benchmark import gaps, groups
from s3etl.benchmark.comparison import Comparison
from s3etl.benchmark.panel import Panel
from s3etl.catalogue import Method
from s3etl.columns import column, table_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GAPS: Final = pa.schema(
    [
        column("indicator_id", pa.string(), "indicator"),
        column("geo", pa.string(), "NUTS 2 region"),
        column("nuts_version", pa.string(), "NUTS version of geo"),
        column("ref_year", pa.int64(), "latest year with ranks"),
        column("value", pa.float64(), "the figure"),
        column("unit", pa.string(), "its unit, and that of the gaps"),
        column("direction", pa.string(), "+ more is better, - less is better"),
        column("front", pa.float64(), "F_EU, the front of all ranked regions"),
        column("front_of_references", pa.float64(), "F_R, that of the reference regions"),
        column("frontrunner_gap", pa.float64(), "how far behind F_EU; below 0 if ahead"),
        column("structural_gap", pa.float64(), "how far F_R is behind F_EU"),
        column("catch_up_gap", pa.float64(), "how far behind F_R; the two sum to the gap"),
        column("references_compared", pa.int64(), "reference regions with a value"),
        column("missing_because", pa.string(), "why the gap is not split"),
        column("band", pa.int64(), "quintile, 1 for the best"),
        column("tied_group", pa.int64(), "regions no one of which is surely above another"),
        column("performance_group", pa.string(), "leader, strong, moderate, emerging or border"),
        column("p_group", pa.float64(), "probability of the likeliest group"),
        column("base", pa.float64(), "100 per cent of the groups: mean of inhabitants"),
        column("trend", pa.float64(), "change of the frontrunner gap a year"),
        column("trend_low", pa.float64(), "lower bound"),
        column("trend_high", pa.float64(), "upper bound"),
        column("trend_years", pa.int64(), "years of the trend"),
        column("method_version", pa.string(), "version of the choices behind it"),
    ]
)


@dataclass(frozen=True)
class Peers:
    """Reference regions, as far as gaps need them; R regions.

    Attributes:
        regions: R, code and NUTS version.
        member: R × R, whether q (column) is a reference region of r (row).
    """

    regions: pd.MultiIndex
    member: Bools

    def of(self, regions: pd.MultiIndex) -> Bools:
        """Return the same for other regions; those that are not known have none."""
        at = self.regions.get_indexer(regions)
        if not len(self.regions):
            return np.zeros((len(at), len(at)), bool)
        wide = self.member[np.ix_(np.maximum(at, 0), np.maximum(at, 0))]
        return np.asarray(wide & (at[:, None] >= 0) & (at >= 0))

    def any_of(self, regions: pd.MultiIndex) -> Bools:
        """Return which of other regions have reference regions at all."""
        at = self.regions.get_indexer(regions)
        has = np.append(self.member.any(axis=1), [False])  # the last one for what is not known
        return np.asarray(has[at])


def gap_table(panel: Panel, peers: Peers, comparison: Comparison, method: Method) -> pa.Table:
    """Return gaps and standing of every region ranked in the latest year (:data:`GAPS`).

    Args:
        panel: The ranked figures.
        peers: Reference regions.
        comparison: The choices.
        method: Seed and number of draws behind performance groups.
    """
    y, latest = panel.sign * panel.by_year, -1
    everyone = np.ones((1, y.shape[1]), bool)
    fronts = np.array([_fronts(year, everyone, comparison)[0] for year in y])
    member = peers.of(panel.regions)
    like = _fronts(y[latest], member, comparison)
    found = gaps.decompose(y[latest], fronts[latest], like)
    line = moves.trend(
        fronts[:, None] - y,
        panel.years,
        interval=comparison.interval,
        fewest=comparison.fewest_years,
    )
    compared = member.sum(axis=1)  # of the regions of the panel: all of them are ranked
    few = f"fewer than {comparison.fewest} of its reference regions are ranked"
    reasons = np.array(["it has no reference regions", few, None], object)
    why = np.where(np.isfinite(like), 2, np.where(peers.any_of(panel.regions), 1, 0))
    columns = {
        "indicator_id": panel.indicator,
        "geo": panel.regions.get_level_values(0).to_numpy(object),
        "nuts_version": panel.regions.get_level_values(1).to_numpy(object),
        "ref_year": int(panel.years[latest]),
        "value": panel.by_year[latest],
        "unit": panel.unit,
        "direction": panel.direction,
        "front": panel.sign * fronts[latest],
        "front_of_references": panel.sign * like,
        "frontrunner_gap": found.frontrunner,
        "structural_gap": found.structural,
        "catch_up_gap": found.catch_up,
        "references_compared": compared,
        "missing_because": reasons[why],
        "trend": line.slope,
        "trend_low": line.low,
        "trend_high": line.high,
        "trend_years": line.years,
        "method_version": comparison.version,
    }
    return table_of(GAPS, columns | _standing(panel, comparison, method), y.shape[1])


def _fronts(values: Floats, members: Bools, comparison: Comparison) -> Floats:
    return gaps.frontier(
        values,
        members,
        rule=comparison.frontier,
        percentile=comparison.percentile,
        fewest=comparison.fewest,
    )


def _standing(panel: Panel, comparison: Comparison, method: Method) -> dict[str, Any]:
    """Return bands, tied groups, and performance groups where per cent of a mean make sense.

    Groups are for indicators of which more is better and no value is below 0.
    """
    value = panel.by_year[-1]
    y = panel.sign * value
    tied = groups.tied_groups(y, groups.above_normal(y, panel.sd), comparison.apart)
    out: dict[str, Any] = {"band": groups.bands(y, comparison.bands), "tied_group": tied}
    people = panel.inhabitants[-1]
    there = np.isfinite(people)
    total = people[there].sum()
    base = (people * value)[there].sum() / total if total > 0 else np.nan
    if panel.sign < 0 or (value < 0).any() or not base > 0:
        return out | {"performance_group": None, "p_group": None, "base": None}
    name = int.from_bytes(hashlib.sha256(panel.indicator.encode()).digest()[:8], "big")
    # Regions of a panel are in the order of their codes, so that their draws are their own.
    noise = np.random.default_rng([method.seed, name]).standard_normal((method.draws, len(y)))
    probability = groups.membership(value + noise * panel.sd, base, comparison.groups)
    return out | {
        "performance_group": groups.labels(probability, comparison.sure),
        "p_group": probability.max(axis=1),
        "base": base,
    }
