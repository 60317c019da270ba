"""The portfolio as published tables: cells, stars, indicators of regions.

Only what may be shown goes in: hidden cells as bands, figures that rest on hidden cells rounded
so that no equation tells a cell (methodology 3.2-6). Nothing is computed here.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.benchmark.ranks import badges
from s3etl.portfolio.cells import Bools, Floats, State
from s3etl.portfolio.disclosure import Shown
from s3etl.portfolio.estimate import Portfolio
from s3etl.portfolio.indicators import Declared, Values
from s3etl.portfolio.method import PortfolioMethod
from s3etl.portfolio.ranking import Ranked
from s3etl.portfolio.rounding import rounded, spread_of
from s3etl.portfolio.space import space
from s3etl.portfolio.specialisation import (
    bootstrapped_cutoff,
    standardised_location_quotient,
    symmetric_location_quotient,
)
from s3etl.portfolio.standard import IMPUTATION, SOURCE, of_cells, standard
from s3etl.portfolio.stars import Fragility, Stars, label, probability


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


_WHERE: Final = [
    _field("source_dataset", pa.string(), "series of business statistics it rests on"),
    _field("ref_year", pa.int64(), "reference year"),
    _field("geo", pa.string(), "NUTS 2 region"),
    _field("nuts_version", pa.string(), "NUTS version of geo"),
]
CELLS: Final = pa.schema(
    [
        *_WHERE,
        _field("nace_r2", pa.string(), "NACE Rev. 2 division"),
        _field("state", pa.string(), "published, zero, confidential, not available or applicable"),
        _field("employment", pa.float64(), "persons employed; empty where hidden"),
        _field("band_low", pa.float64(), "lower limit of the band of a hidden cell, persons"),
        _field("band_high", pa.float64(), "upper limit; empty for an open band"),
        _field("share", pa.float64(), "share of the region's market employment"),
        _field("location_quotient", pa.float64(), "LQ against the universe of its division"),
        _field("symmetric_lq", pa.float64(), "(LQ - 1)/(LQ + 1)"),
        _field("standardised_lq", pa.float64(), "z over the regions; above 1.96 exceptional"),
        _field("shrunk_lq", pa.float64(), "LQ*, with the noise of small regions taken out"),
        _field("shrunk_low", pa.float64(), "5th percentile of LQ*"),
        _field("shrunk_high", pa.float64(), "95th percentile"),
        _field("p_specialised", pa.float64(), "P(LQ* > 1.5)"),
        _field("hclq", pa.float64(), "jobs above LQ = 1, persons"),
        _field("above_cutoff", pa.bool_(), "whether z is above its bootstrapped cut-off"),
        _field("density", pa.float64(), "relatedness density, per cent, rounded"),
        _field("quadrant", pa.string(), "for exploration: where it stands if not specialised"),
        _field("hidden_because", pa.string(), "why a cell has no figures; empty where it has"),
        _field("obs_flag", pa.string(), "the provider's flags as written"),
        _field("conv_method", pa.string(), "how the region was made of earlier ones"),
        *SOURCE,
    ]
)
STARS: Final = pa.schema(
    [
        *_WHERE,
        _field("nace_r2", pa.string(), "NACE Rev. 2 division"),
        _field("rule_set", pa.string(), "rule set"),
        _field("stars", pa.int64(), "number of stars"),
        _field("criteria", pa.string(), "criteria that are met, separated by ;"),
        _field("probability", pa.float64(), "share of draws with as many stars or more"),
        _field("strong", pa.string(), "strong cluster: yes, no or uncertain"),
        _field("fragile", pa.bool_(), "whether a star flips when every cut moves by a tenth"),
        _field("conv_method", pa.string(), "how the region was made of earlier ones"),
        *SOURCE,
        *IMPUTATION,
    ]
)
INDICATORS: Final = pa.schema(
    [
        _field("indicator_id", pa.string(), "number in methodology 3.6 or 4.2"),
        _field("title", pa.string(), "short name"),
        *_WHERE,
        _field("value", pa.float64(), "the figure; empty where missing"),
        _field("unit", pa.string(), "its unit"),
        _field("direction", pa.string(), "+ more is better, ctx context, never ranked"),
        _field("interval_low", pa.float64(), "5th percentile"),
        _field("interval_high", pa.float64(), "95th percentile"),
        _field("rank", pa.int64(), "1 for the best; empty where not ranked"),
        _field("rank_low", pa.int64(), "best rank of the interval"),
        _field("rank_high", pa.int64(), "worst rank"),
        _field("n_compared", pa.int64(), "regions that are ranked"),
        _field("rank_badge", pa.string(), "A to C, by how wide the interval of the rank is"),
        _field("rankable", pa.bool_(), "whether it is ranked"),
        _field("not_rankable_because", pa.string(), "why not"),
        _field("missing_because", pa.string(), "why there is no figure"),
        _field("conv_method", pa.string(), "how the region was made of earlier ones"),
        *SOURCE,
        *IMPUTATION,
    ]
)
NOT_APPLICABLE: Final = "the region was divided, so that its figures are estimates"


def _column(values: NDArray[Any], kind: pa.DataType) -> pa.Array:
    flat = values.ravel()
    if pa.types.is_floating(kind):
        return pa.array(flat.astype(float), kind, mask=~np.isfinite(flat.astype(float)))
    return pa.array(flat.tolist(), kind)


def _table(schema: pa.Schema, columns: Mapping[str, NDArray[Any]]) -> pa.Table:
    return pa.table([_column(columns[f.name], f.type) for f in schema], schema=schema)


def _cells_of(portfolio: Portfolio) -> dict[str, NDArray[Any]]:
    economy = portfolio.economy
    shape = economy.employment.value.shape
    return {
        "source_dataset": np.full(shape, economy.dataset),
        "ref_year": np.full(shape, int(economy.year)),
        "geo": np.broadcast_to(economy.regions[:, None], shape),
        "nuts_version": np.broadcast_to(economy.versions[:, None], shape),
        "nace_r2": np.broadcast_to(economy.divisions, shape),
        "conv_method": np.broadcast_to(economy.conversion[:, None], shape),
        "obs_flag": economy.flags,
    }


def cell_table(portfolio: Portfolio, shown: Shown, method: PortfolioMethod) -> pa.Table:
    """Return the table of cells (:data:`CELLS`); hidden ones have a band and nothing else."""
    quotients, many = portfolio.quotients, portfolio.drawn_quotients
    open_, share = shown.value, shown.share
    low, high = _posterior(many.value, many.variance, method)
    z = standardised_location_quotient(np.where(share, quotients.raw, np.nan)).z
    totals = portfolio.totals[:, None]
    names = np.array(["published", "zero", "not applicable", "not available", "confidential"])
    why = np.full(open_.shape, "", object)
    why[~open_] = "it would give another cell away"
    state = portfolio.economy.employment.state
    why[state == State.CONFIDENTIAL] = "confidential"
    why[state == State.NOT_AVAILABLE] = "not published"
    why[open_ & ~share] = "the region's total would give a hidden cell away"
    why[open_ & share & np.isnan(totals)] = "the region's total is not known"
    expected = totals * portfolio.universe.share
    near = space(portfolio)

    def where(mask: Bools, values: Floats) -> Floats:
        return np.where(mask, values, np.nan)

    return _table(
        CELLS,
        _cells_of(portfolio)
        | of_cells(portfolio.economy, method)
        | {
            "state": names[state],
            "employment": where(open_, portfolio.economy.employment.value),
            "band_low": where(~open_, shown.low),
            "band_high": where(~open_, shown.high),
            "share": where(share, portfolio.filled / np.where(totals > 0, totals, np.nan)),
            "location_quotient": where(share, quotients.raw),
            "symmetric_lq": where(share, symmetric_location_quotient(quotients.raw)),
            "standardised_lq": z,
            "shrunk_lq": rounded(where(share, quotients.value)),
            "shrunk_low": rounded(where(share, low)),
            "shrunk_high": rounded(where(share, high)),
            "p_specialised": np.round(where(share, portfolio.exceeding), 2),
            "hclq": where(share, portfolio.filled - expected),
            "above_cutoff": _known(z, np.asarray(z >= bootstrapped_cutoff(z, seed=method.seed))),
            "density": np.round(where(share, near.density)),
            "quadrant": _texts(np.where(share, near.quadrant, "").ravel()),
            "hidden_because": why,
        },
    )


def _known(values: Floats, told: Bools) -> NDArray[Any]:
    """Return truths, None where the value is not known."""
    out = told.astype(object)
    out[np.isnan(values)] = None
    return out


def _posterior(value: Floats, variance: Floats, method: PortfolioMethod) -> tuple[Floats, Floats]:
    """Return the bounds of LQ* over draws and a log-normal posterior of the same moments."""
    from scipy.special import ndtri  # noqa: PLC0415  (scipy only where it is needed)

    positive: Bools = np.asarray(value > 0)
    ratio = np.divide(variance, value**2, out=np.zeros_like(value), where=positive)
    spread = np.sqrt(np.log1p(ratio))
    centre = np.log(value, out=np.full_like(value, -np.inf), where=positive) - spread**2 / 2
    low, high = (np.exp(centre + ndtri(q / 100) * spread) for q in method.interval)
    return np.min(low, axis=0), np.max(high, axis=0)


def star_table(
    portfolio: Portfolio,
    shown: Shown,
    found: Mapping[str, tuple[Stars, Stars, Fragility]],
    agreement: float,
    method: PortfolioMethod,
) -> pa.Table:
    """Return every cell with a star that may be shown (:data:`STARS`).

    Args:
        portfolio: The portfolio.
        shown: What may be shown; a star of a hidden cell would bound its value.
        found: By rule set stars of the filled table, of the draws, and which cells flip.
        agreement: Share of draws a label needs.
        method: Its version.
    """
    words = np.array(["no", "yes", "uncertain"])
    every = standard(portfolio, method)
    parts = []
    for name, (stars, drawn, told) in found.items():
        often = probability(drawn.count >= np.maximum(stars.count, 1))
        strong = words[label(probability(drawn.strong), agreement)]
        criteria = np.array(stars.criteria, object)
        texts = np.full(stars.count.shape, "", object)
        for i, criterion in enumerate(criteria):
            met = stars.given[..., i]
            texts[met] = [f"{t}; {criterion}" if t else criterion for t in texts[met]]
        kept = shown.share & (stars.count > 0)
        columns: dict[str, NDArray[Any]] = {
            **_cells_of(portfolio),
            **{n: np.broadcast_to(c[:, None], kept.shape) for n, c in every.items()},
            "rule_set": np.full(kept.shape, name),
            "stars": stars.count,
            "criteria": texts,
            "probability": np.round(often, 2),
            "strong": strong,
            "fragile": np.asarray(told.flips.any(axis=-1)),
        }
        parts.append(_table(STARS, {f.name: columns[f.name][kept] for f in STARS}))
    return pa.concat_tables(parts)


def indicator_table(
    portfolio: Portfolio,
    values: Mapping[str, Values],
    declared: Mapping[str, Declared],
    ranks: Mapping[str, Ranked],
    method: PortfolioMethod,
) -> pa.Table:
    """Return the indicators of regions (:data:`INDICATORS`)."""
    economy = portfolio.economy
    regions = len(economy.regions)
    parts = []
    for name, found in values.items():
        told, order = declared[name], ranks[name]
        why = np.full(regions, "", object)
        why[economy.divided] = NOT_APPLICABLE
        why[np.isnan(found.value)] = "it has no value"
        if told.direction != "+":
            why[:] = "context, never ranked"
        if told.not_ranked:
            why[:] = told.not_ranked
        empty = np.where(order.compared, 1.0, np.nan)
        spread = spread_of(found, told)
        columns: dict[str, NDArray[Any]] = {
            "indicator_id": np.full(regions, name),
            "title": np.full(regions, told.title),
            "ref_year": np.full(regions, int(economy.year)),
            "geo": economy.regions,
            "nuts_version": economy.versions,
            "value": rounded(found.value, spread),
            "unit": np.full(regions, told.unit),
            "direction": np.full(regions, told.direction),
            "interval_low": rounded(order.low, spread),
            "interval_high": rounded(order.high, spread),
            "n_compared": np.full(regions, int(order.compared.sum())),
            "rankable": order.compared,
            "not_rankable_because": _texts(np.where(order.compared, "", why)),
            "missing_because": _texts(found.reason),
            "conv_method": economy.conversion,
            "source_dataset": np.full(regions, economy.dataset),
            **standard(portfolio, method),
        }
        for column, places in (
            ("rank", order.rank),
            ("rank_low", order.rank_low),
            ("rank_high", order.rank_high),
        ):
            columns[column] = _whole(np.asarray(places * empty))
        columns["rank_badge"] = _texts(
            badges(order.rank_low * empty, order.rank_high * empty, max(order.compared.sum(), 1))
        )
        parts.append(_table(INDICATORS, columns))
    return pa.concat_tables(parts)


def _texts(values: NDArray[Any]) -> NDArray[Any]:
    return np.array([text or None for text in values.tolist()], object)


def _whole(values: Floats) -> NDArray[Any]:
    return np.array([None if np.isnan(v) else int(v) for v in values.tolist()], object)
