"""Method stress: how far results depend on choices that could have been made otherwise (10).

Aggregates over all regions, so that nothing here tells of a cell; every choice is declared
elsewhere and only tried out here.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from s3etl.benchmark.ranks import BADGES, badges, rank
from s3etl.portfolio.arrays import divide
from s3etl.portfolio.cells import Bools, Floats
from s3etl.portfolio.economy import Economy
from s3etl.portfolio.estimate import Portfolio, shrunk
from s3etl.portfolio.method import CrossCheck, PortfolioMethod
from s3etl.portfolio.ranking import Ranked
from s3etl.portfolio.relatedness import complexity, presence
from s3etl.portfolio.stars import Fragility


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


METHOD_STRESS: Final = pa.schema(
    [
        _field("source_dataset", pa.string(), "series of business statistics it rests on"),
        _field("ref_year", pa.int64(), "reference year"),
        _field("test", pa.string(), "badge, fragility, sign, cross-check, plant size or label"),
        _field("subject", pa.string(), "indicator or rule set it is told of"),
        _field("variant", pa.string(), "what is chosen instead, or which badge"),
        _field("measure", pa.string(), "what the value is"),
        _field("value", pa.float64(), "the figure; empty where nothing can be compared"),
        _field("unit", pa.string(), "its unit"),
        _field("n_compared", pa.int64(), "regions, stars or labels it is told over"),
        _field("method_version", pa.string(), "version of the portfolio's method"),
    ]
)


class Told(NamedTuple):
    """One row, without year and version."""

    test: str
    subject: str
    variant: str
    measure: str
    value: float
    unit: str
    n_compared: int


def rank_shift(reference: Floats, otherwise: Floats) -> tuple[float, int]:
    """Return R̄, by how many ranks regions move on average (methodology 8.6), and how many.

    Args:
        reference: R; NaN is not compared.
        otherwise: The same by another choice.

    Returns:
        NaN where fewer than two regions have both.
    """
    both: Bools = np.isfinite(reference) & np.isfinite(otherwise)
    if both.sum() < 2:
        return float("nan"), int(both.sum())
    moved = np.abs(rank(reference[both]) - rank(otherwise[both]))
    return float(moved.mean()), int(both.sum())


def of_ranks(ranks: Mapping[str, Ranked]) -> list[Told]:
    """Return how many ranks of each indicator are robust: the share of each badge."""
    out = []
    for name, found in ranks.items():
        count = int(found.compared.sum())
        if not count:
            continue
        given = badges(found.rank_low[found.compared], found.rank_high[found.compared], count)
        out += [
            Told(
                "rank badge", name, badge, "regions", float((given == badge).mean()), "share", count
            )
            for badge in BADGES
        ]
    return out


def of_stars(found: Mapping[str, Fragility], shift: float) -> list[Told]:
    """Return the threshold fragility of each rule set (methodology 3.5)."""
    variant = f"every cut {shift:.0%} harder and softer"
    return [
        Told("threshold fragility", name, variant, measure, value, "share", count)
        for name, told in found.items()
        for measure, value, count in (
            ("stars that flip", told.share, told.some),
            ("stars lost with harder cuts", told.lost, told.base),
            ("stars gained with softer cuts, of those there are", told.gained, told.base),
        )
    ]


def with_diversity(now: Portfolio) -> tuple[float, int]:
    """Return the correlation of complexity with diversity, and over how many regions (B-11).

    The sign of complexity is set so that it is above 0; where it is small, the order of regions
    could as well be read the other way round.
    """
    present = presence(np.nan_to_num(now.quotients.raw[now.usable]))
    region = complexity(present).region
    there = np.isfinite(region)
    diversity = present.sum(axis=1)
    alike = np.corrcoef(region[there], diversity[there])[0, 1] if there.any() else float("nan")
    return float(alike), int(there.sum())


def of_complexity(now: Portfolio) -> list[Told]:
    """Return what the sign of complexity rests on (:func:`with_diversity`)."""
    alike, regions = with_diversity(now)
    measure = "correlation with diversity, which sets the sign"
    return [Told("sign", "B-11", "as declared", measure, alike, "-1 to 1", regions)]


def of_total_economy(now: Portfolio, jobs: Floats, check: CrossCheck) -> list[Told]:
    """Set employment of the market economy beside all jobs of the region (methodology 3.1).

    Told over all regions only: the share of one of them would give its total away.

    Args:
        now: The portfolio.
        jobs: R, all jobs, persons; NaN where not known.
        check: What is plausible.
    """
    there = now.usable & (np.nan_to_num(jobs) > 0)
    share = now.filled[there].sum(axis=1) / jobs[there]
    regions = int(there.sum())
    if not regions:
        return []
    low, high = check.plausible
    outside = float(((share < low) | (share > high)).sum())
    subject, variant = "E_r", check.dataset
    told = [
        Told(
            "cross-check",
            subject,
            variant,
            f"market over all jobs, {name}",
            value,
            "share",
            regions,
        )
        for name, value in zip(
            ("5th percentile", "median", "95th percentile"),
            np.round(np.percentile(share, (5, 50, 95)), 2).tolist(),
            strict=True,
        )
    ]
    beyond = f"regions outside {low:g} to {high:g}"
    return [*told, Told("cross-check", subject, variant, beyond, outside, "regions", regions)]


def of_plant_size(now: Portfolio, method: PortfolioMethod) -> list[Told]:
    """Return what one CV² of plant sizes for all changes: labels of cells, the ranks of B-01."""
    usable = now.usable

    def specialised(cv2: float | None) -> tuple[Bools, Floats]:
        chosen = now.quotients.value
        if cv2 is not None:
            tried = method.model_copy(update={"plant_size_cv2": cv2})
            alike = replace(now.economy, plant_cv2=None)
            chosen = shrunk(now.filled, now.universe, alike, tried).value
        above: Bools = np.asarray(chosen >= method.specialised)
        share = np.where(usable, divide((now.filled * above).sum(axis=1), now.totals), np.nan)
        return above, share

    base, reference = specialised(None)
    out = []
    for cv2 in method.plant_size_cv2_tried:
        above, share = specialised(cv2)
        either = (base | above)[usable]
        flips = (base ^ above)[usable].sum() / either.sum() if either.any() else float("nan")
        shift, count = rank_shift(reference, share)
        variant = f"CV² {cv2:g} for every division"
        out += [
            Told(
                "plant size",
                "LQ*",
                variant,
                "specialised cells that flip",
                float(flips),
                "share",
                int(either.sum()),
            ),
            Told("plant size", "B-01", variant, "mean rank shift", shift, "ranks", count),
        ]
    return out


def of_labels(
    reference: Mapping[str, Floats], otherwise: Mapping[str, Mapping[str, Floats]]
) -> list[Told]:
    """Return what other weights of quality labels change in ranks (methodology 4.1).

    Args:
        reference: R by indicator, with the declared weights.
        otherwise: The same by name of the weights tried.
    """
    out = []
    for variant, values in otherwise.items():
        for name, value in values.items():
            shift, count = rank_shift(reference[name], value)
            out.append(
                Told("label weight", name, variant, "mean rank shift", shift, "ranks", count)
            )
    return out


def method_stress_table(told: list[Told], economy: Economy, method: PortfolioMethod) -> pa.Table:
    """Return the table (:data:`METHOD_STRESS`)."""
    rows: list[dict[str, Any]] = [
        {
            "source_dataset": economy.dataset,
            "ref_year": int(economy.year),
            **one._asdict(),
            "value": None if np.isnan(one.value) else round(one.value, 4),
            "method_version": method.version,
        }
        for one in told
    ]
    return pa.Table.from_pylist(rows, METHOD_STRESS)
