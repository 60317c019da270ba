"""Alignment as published tables: domains of each region, and the figures of the region.

What rests on hidden cells is rounded or a class; nothing is computed here.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.alignment.cells import ASPIRATIONS
from s3etl.alignment.cells import CELLS as WORDS
from s3etl.alignment.region import INDICATORS, LOWER_BOUNDS, Aligned, weakest_link
from s3etl.portfolio.cells import Floats
from s3etl.portfolio.estimate import Portfolio
from s3etl.portfolio.method import PortfolioMethod
from s3etl.portfolio.rounding import rounded
from s3etl.portfolio.standard import IMPUTATION, SOURCE, standard
from s3etl.portfolio.strengths import Strengths

NOT_RANKED: Final = "how complete the registers of organisations are is not known"


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


_WHERE: Final = [
    _field("source_dataset", pa.string(), "series of business statistics the economy rests on"),
    _field("ref_year", pa.int64(), "reference year of the economy"),
    _field("geo", pa.string(), "NUTS 2 region"),
    _field("nuts_version", pa.string(), "NUTS version of geo"),
]
CELLS: Final = pa.schema(
    [
        *_WHERE,
        _field("domain", pa.string(), "industrial ecosystem"),
        _field("priority", pa.bool_(), "whether the strategy names it; empty if it is not known"),
        _field("shrunk_lq", pa.float64(), "LQ* of the domain; empty where a cell of it is hidden"),
        _field("strength", pa.string(), "yes, no or uncertain; empty if it is not known"),
        _field("p_strength", pa.float64(), "P(LQ* >= 1.2), rounded to tenths"),
        _field("organisations", pa.int64(), "organisations of the registers with that domain"),
        _field("cell", pa.string(), "which of the eight cells of the map"),
        _field("aspiration", pa.string(), "related or distant, for priorities without strength"),
        _field("density", pa.float64(), "relatedness density, per cent, rounded"),
        _field("conv_method", pa.string(), "how the region was made of earlier ones"),
        *SOURCE,
        *IMPUTATION,
    ]
)
REGIONS: Final = pa.schema(
    [
        _field("indicator_id", pa.string(), "number in methodology 4.2"),
        _field("title", pa.string(), "short name"),
        *_WHERE,
        _field("value", pa.float64(), "the figure, at most two decimals; empty where missing"),
        _field("unit", pa.string(), "its unit"),
        _field("direction", pa.string(), "+ more is better, ctx context"),
        _field("interval_low", pa.float64(), "5th percentile over the draws of the economy"),
        _field("interval_high", pa.float64(), "95th percentile"),
        _field("weakest_link", pa.string(), "the pair that agrees least"),
        _field("lower_bound", pa.bool_(), "whether it rests on registers that are not complete"),
        _field("missing_because", pa.string(), "why there is no figure"),
        _field("rankable", pa.bool_(), "never: see the reason"),
        _field("not_rankable_because", pa.string(), "why it is not ranked"),
        _field("conv_method", pa.string(), "how the region was made of earlier ones"),
        *SOURCE,
        *IMPUTATION,
    ]
)


def _floats(values: Floats, decimals: int) -> pa.Array:
    flat = np.round(values.ravel(), decimals)
    return pa.array(flat, pa.float64(), mask=~np.isfinite(flat))


def _texts(values: NDArray[Any]) -> pa.Array:
    return pa.array([text or None for text in values.ravel().tolist()], pa.string())


def _half_spread(aligned: Aligned, name: str) -> Floats:
    """Return half of how far draws lie apart, for what is made of jobs of domains.

    Two decimals of three cosines would give one in fifty hidden cells away; a step as wide as
    the draws does not. What asks only whether a domain is a strength stays.
    """
    if name not in aligned.low or name in {"C-13", "C-14"} or name.startswith("C-16-J"):
        return np.zeros(len(aligned.reason))
    return np.nan_to_num(aligned.high[name] - aligned.low[name]) / 2


def cell_table(
    portfolio: Portfolio,
    economy: Strengths,
    aligned: Aligned,
    counts: Floats,
    method: PortfolioMethod,
) -> pa.Table:
    """Return the map of domains (:data:`CELLS`)."""
    regions = portfolio.economy
    shape = counts.shape
    priority = np.where(aligned.cells.cell == 8, -1, aligned.cells.cell // 4)
    strong = np.where(aligned.cells.cell == 8, -1, aligned.cells.cell // 2 % 2)
    strength = np.array(["no", "yes", ""], object)[strong]
    strength[aligned.cells.uncertain & (strong >= 0)] = "uncertain"
    columns = {
        "source_dataset": pa.array([regions.dataset] * counts.size),
        "ref_year": pa.array(np.full(shape, int(regions.year)).ravel(), pa.int64()),
        "geo": _texts(np.repeat(regions.regions[:, None], shape[1], 1)),
        "nuts_version": _texts(np.repeat(regions.versions[:, None], shape[1], 1)),
        "domain": _texts(np.broadcast_to(np.array(economy.domains, object), shape)),
        "priority": pa.array([None if p < 0 else bool(p) for p in priority.ravel()], pa.bool_()),
        "shrunk_lq": _floats(np.where(economy.open_cells, economy.quotients.value, np.nan), 2),
        "strength": _texts(strength),
        "p_strength": _floats(economy.probability, 1),
        "organisations": pa.array(counts.ravel().astype(int), pa.int64()),
        "cell": _texts(np.array(WORDS, object)[aligned.cells.cell]),
        "aspiration": _texts(np.array(ASPIRATIONS, object)[aligned.cells.aspiration]),
        "density": _floats(economy.density, 0),
        "conv_method": _texts(np.repeat(regions.conversion, shape[1])),
        **{
            name: pa.array(np.repeat(column, shape[1]).tolist())
            for name, column in standard(portfolio, method).items()
        },
    }
    return pa.table([columns[f.name] for f in CELLS], schema=CELLS)


def region_table(portfolio: Portfolio, aligned: Aligned, method: PortfolioMethod) -> pa.Table:
    """Return the figures of regions (:data:`REGIONS`)."""
    economy = portfolio.economy
    count = len(economy.regions)
    nothing = np.full(count, np.nan)
    weakest = np.array(weakest_link(aligned.alignment), object)
    parts = []
    for name, value in aligned.values.items():
        told = INDICATORS[name]
        half = _half_spread(aligned, name)
        columns = {
            "indicator_id": pa.array([name] * count),
            "title": pa.array([told.title] * count),
            "source_dataset": pa.array([economy.dataset] * count),
            "ref_year": pa.array([int(economy.year)] * count, pa.int64()),
            "geo": _texts(economy.regions),
            "nuts_version": _texts(economy.versions),
            "value": _floats(rounded(value, half), 2),
            "unit": pa.array([told.unit] * count),
            "direction": pa.array([told.direction] * count),
            "interval_low": _floats(rounded(aligned.low.get(name, nothing), half), 2),
            "interval_high": _floats(rounded(aligned.high.get(name, nothing), half), 2),
            "weakest_link": _texts(weakest),
            "lower_bound": pa.array(np.isfinite(value) & (name in LOWER_BOUNDS)),
            "missing_because": _texts(aligned.reasons[name]),
            "rankable": pa.array([False] * count),
            "not_rankable_because": pa.array([NOT_RANKED] * count),
            "conv_method": _texts(economy.conversion),
            **{n: pa.array(column.tolist()) for n, column in standard(portfolio, method).items()},
        }
        parts.append(pa.table([columns[f.name] for f in REGIONS], schema=REGIONS))
    return pa.concat_tables(parts)
