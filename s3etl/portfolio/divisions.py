"""Divisions as published: how their jobs lie together, beyond what few plants would do.

Ellison-Glaeser γ of the filled table with its bounds over the draws (methodology 3.6); rounded as
indicators of regions are, so that it gives no hidden cell away. Nothing of single regions.
"""

from typing import Final

import numpy as np
import pyarrow as pa

from s3etl.portfolio.arrays import divide
from s3etl.portfolio.cells import Floats
from s3etl.portfolio.disclosure import Shown
from s3etl.portfolio.estimate import Portfolio
from s3etl.portfolio.method import PortfolioMethod
from s3etl.portfolio.plants import plant_herfindahl
from s3etl.portfolio.rounding import rounded
from s3etl.portfolio.structure import ellison_glaeser


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


CLASSES: Final = ("dispersed", "intermediate", "concentrated")
UNCERTAIN: Final = "uncertain"
BY_CLASSES: Final = "national size classes"
BY_MEAN: Final = "mean plant size and the declared CV²"
DIVISIONS: Final = pa.schema(
    [
        _field("source_dataset", pa.string(), "series of business statistics it rests on"),
        _field("ref_year", pa.int64(), "reference year"),
        _field("nace_r2", pa.string(), "NACE Rev. 2 division"),
        _field("regions", pa.int64(), "regions it is compared over"),
        _field("employment", pa.float64(), "persons in the universe; empty if it may not be shown"),
        _field("plant_herfindahl", pa.float64(), "H: sum of squared shares of plants"),
        _field("plant_source", pa.string(), "where H comes from, besides persons per local unit"),
        _field("ellison_glaeser", pa.float64(), "gamma; 0 is what plants placed by chance give"),
        _field("interval_low", pa.float64(), "5th percentile over the draws of hidden cells"),
        _field("interval_high", pa.float64(), "95th percentile"),
        _field(
            "concentration",
            pa.string(),
            "dispersed, intermediate, concentrated (before rounding) or uncertain",
        ),
        _field("approximate", pa.bool_(), "always: H is of size classes or of mean sizes"),
        _field("imputed_share", pa.float64(), "share of its employment that is filled, at most"),
        _field("missing_because", pa.string(), "why there is no gamma"),
        _field("method_version", pa.string(), "version of the portfolio's method"),
    ]
)


def division_table(portfolio: Portfolio, shown: Shown, method: PortfolioMethod) -> pa.Table:
    """Return the divisions (:data:`DIVISIONS`).

    Over the regions that may have an index. Plants are their jobs over the persons of a local
    unit. A division of which more than ``most_imputed`` is filled has no γ; one on which draws
    do not agree has no class.

    Args:
        portfolio: The portfolio.
        shown: What may be shown: persons of the universe are those of countries that publish
            the division, told only where each of these totals may be.
        method: Cuts, percentiles, shares.
    """
    economy, usable = portfolio.economy, portfolio.usable
    every = np.concatenate([portfolio.filled[None], portfolio.drawn])[:, usable]
    plants = divide(every.sum(axis=-2), np.where(portfolio.plant_size > 0, portfolio.plant_size, 1))
    plants = np.where(portfolio.plant_size > 0, plants, np.nan)
    herfindahl = plant_herfindahl(portfolio.plant_cv2, plants)
    region_shares = np.nansum(every, axis=-1)  # a division that is not known leaves the others
    gamma = ellison_glaeser(
        every, herfindahl, divide(region_shares, region_shares.sum(axis=-1, keepdims=True))
    )
    unknown = np.where(economy.employment.unknown[usable], every[0], 0).sum(axis=0)
    imputed = divide(unknown, every[0].sum(axis=0))
    enough = np.nan_to_num(imputed, nan=1.0) <= method.most_imputed
    told = enough & np.isfinite(gamma).all(axis=0)
    why = np.full(len(told), "", object)
    why[~told] = "its plants do not give it: their number is not known, or there is one only"
    why[~enough] = "too much of its employment is not published"
    value = np.where(told, gamma, np.nan)
    spread = np.where(told, np.nan_to_num(np.ptp(gamma, axis=0)), 0.0)
    low, high = np.percentile(value[1:], method.interval, axis=0)
    sizes = np.where(told, np.nan_to_num(np.ptp(herfindahl, axis=0)), 0.0)
    by_classes = (
        np.zeros(len(told), bool) if economy.plant_cv2 is None else np.isfinite(economy.plant_cv2)
    )
    columns = {
        "source_dataset": [economy.dataset] * len(told),
        "ref_year": [int(economy.year)] * len(told),
        "nace_r2": economy.divisions.tolist(),
        "regions": [int(usable.sum())] * len(told),
        "employment": _numbers(_employment(portfolio, shown)),
        "plant_herfindahl": _numbers(rounded(np.where(told, herfindahl[0], np.nan), sizes)),
        "plant_source": np.where(by_classes, BY_CLASSES, BY_MEAN).tolist(),
        "ellison_glaeser": _numbers(rounded(value[0], spread)),
        "interval_low": _numbers(rounded(np.minimum(low, value[0]), spread)),
        "interval_high": _numbers(rounded(np.maximum(high, value[0]), spread)),
        "concentration": concentration(value, method),
        "approximate": [True] * len(told),
        "imputed_share": _numbers(np.round(np.ceil(np.round(imputed / 0.05, 9)) * 0.05, 2)),
        "missing_because": [text or None for text in why],
        "method_version": [method.version] * len(told),
    }
    return pa.table([columns[f.name] for f in DIVISIONS], schema=DIVISIONS)


def concentration(gamma: Floats, method: PortfolioMethod) -> list[str | None]:
    """Return the class of each division by the cuts, uncertain where draws do not agree.

    Args:
        gamma: γ of the filled table and of each draw, (1 + M) × S; NaN where there is none.
        method: Cuts, and the share of draws a label needs.
    """
    found = np.searchsorted(method.concentration, gamma, side="right")  # NaN comes after all
    same = (found[1:] == found[0]).mean(axis=0) >= method.label_share
    known = np.isfinite(gamma[0])
    return [
        None if not there else CLASSES[k] if sure else UNCERTAIN
        for k, sure, there in zip(found[0].tolist(), same, known, strict=True)
    ]


def _employment(portfolio: Portfolio, shown: Shown) -> Floats:
    columns = portfolio.economy.employment.columns
    there = portfolio.universe.members[:, None] & np.isfinite(columns)
    open_ = there.any(axis=0) & (shown.columns | ~there).all(axis=0)
    return np.where(open_, np.where(there, columns, 0).sum(axis=0), np.nan)


def _numbers(values: Floats) -> pa.Array:
    return pa.array(values, pa.float64(), mask=~np.isfinite(values))
