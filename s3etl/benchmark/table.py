"""The benchmark table: every figure with score, rank, interval and the reason if it has no rank.

Turns figures into arrays for :mod:`standardise` and :mod:`ranks` and back. One indicator at a
time; nothing is combined across indicators here.
"""

import hashlib
from collections.abc import Mapping
from statistics import NormalDist
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.benchmark.ranks import badges, interval_of_rank, rank
from s3etl.benchmark.standardise import Norm, norms_of, score
from s3etl.catalogue import Dataset, Indicator, Method
from s3etl.records import Snapshot

BENCHMARK: Final = pa.schema(
    [
        ("indicator_id", pa.string()),
        ("geo", pa.string()),
        ("geo_level", pa.string()),
        ("nuts_version", pa.string()),
        ("nace_version", pa.string()),
        ("ref_year", pa.int32()),
        ("value", pa.float64()),
        ("unit", pa.string()),
        ("direction", pa.string()),
        ("obs_flag", pa.string()),
        ("obs_status", pa.string()),
        ("conf_status", pa.string()),
        ("source_dataset", pa.string()),
        ("source_updated", pa.string()),
        ("source_hash", pa.string()),
        ("method_version", pa.string()),
        ("imputed", pa.string()),
        ("coverage", pa.float64()),
        ("imputed_share", pa.float64()),
        ("conv_method", pa.string()),
        ("conv_exact", pa.float64()),
        ("conv_missing", pa.float64()),
        ("missing_because", pa.string()),
        ("interval_low", pa.float64()),
        ("interval_high", pa.float64()),
        ("score_min_max", pa.float64()),
        ("score_z", pa.float64()),
        ("rank", pa.int32()),
        ("rank_low", pa.int32()),
        ("rank_high", pa.int32()),
        ("n_compared", pa.int32()),
        ("rank_badge", pa.string()),
        ("rankable", pa.bool_()),
        ("not_rankable_because", pa.string()),
    ]
)
"""Mandatory columns of methodology 9; release and publication time are added on publishing."""

NORMS: Final = pa.schema(
    [
        ("indicator_id", pa.string()),
        ("kind", pa.string()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("reverse", pa.bool_()),
        ("first_year", pa.int32()),
        ("last_year", pa.int32()),
        ("n_pooled", pa.int32()),
        ("method_version", pa.string()),
    ]
)
"""Norms behind the scores, with the years and the number of values pooled for them."""

LEVEL_NAMES: Final = {0: "national", 1: "NUTS 1", 2: "NUTS 2", 3: "NUTS 3"}
SEPARATOR: Final = "; "


def benchmark(
    figures: pa.Table,
    indicator: Indicator,
    *,
    datasets: Mapping[str, Dataset],
    snapshots: Mapping[str, Snapshot],
    method: Method,
) -> tuple[pa.Table, pa.Table]:
    """Score and rank the figures of one indicator.

    Args:
        figures: Table of ``s3etl.evaluate.FIGURES`` of that indicator.
        indicator: Its declaration.
        datasets: Declarations by id.
        snapshots: Snapshot behind each dataset it reads.
        method: The declared method.

    Returns:
        Rows of :data:`BENCHMARK` and of :data:`NORMS`. Countries are shown and never ranked;
        context indicators have neither score nor rank.
    """
    frame = _plain(figures).to_pandas()
    frame["direction"] = indicator.direction
    frame["not_rankable_because"] = _why_not(frame, indicator, method)
    sd = _noise(frame, indicator, method)
    quantile = NormalDist().inv_cdf
    frame["interval_low"] = frame["value"] + sd * quantile(method.interval[0] / 100)
    frame["interval_high"] = frame["value"] + sd * quantile(method.interval[1] / 100)
    norms, years, pooled = _norms(frame, indicator, method)
    shown = frame["value"].to_numpy(float)
    for column, norm in zip(("score_min_max", "score_z"), norms or (None, None), strict=True):
        frame[column] = score(shown, norm) if norm else np.nan
    _ranks(frame, sd, indicator, method)
    frame["rankable"] = frame["rank"].notna()
    bounds = (frame[c].astype(float) for c in ("rank_low", "rank_high", "n_compared"))
    frame["rank_badge"] = pd.Series(badges(*bounds), frame.index).replace("", None)
    sources = [snapshots[d] for d in indicator.datasets]
    versions = sorted({v for d in indicator.datasets if (v := datasets[d].nace_version)})
    frame["nace_version"] = SEPARATOR.join(versions) or None
    frame["geo_level"] = frame["geo_level"].map(LEVEL_NAMES)
    frame["source_dataset"] = SEPARATOR.join(s.dataset for s in sources)
    frame["source_updated"] = SEPARATOR.join(s.source_updated or "unknown" for s in sources)
    frame["source_hash"] = SEPARATOR.join(s.sha256 for s in sources)
    frame["method_version"] = method.version
    frame["imputed"] = "none"
    frame["imputed_share"] = 0.0
    table = pa.Table.from_pandas(frame[BENCHMARK.names], schema=BENCHMARK, preserve_index=False)
    return table, _norm_table(norms, indicator, method, years, pooled)


def _plain(table: pa.Table) -> pa.Table:
    """Return the table with dictionary columns as plain strings."""
    plain = [
        f.with_type(pa.string()) if pa.types.is_dictionary(f.type) else f for f in table.schema
    ]
    return table.cast(pa.schema(plain))


def _why_not(frame: pd.DataFrame, indicator: Indicator, method: Method) -> pd.Series:
    """Say why a figure cannot be ranked, or None if it can."""
    reason = pd.Series(None, index=frame.index, dtype=object)
    elsewhere = _compared_elsewhere(frame, method.nuts_version)
    moved = elsewhere.notna()
    reason[moved] = "its country is compared in NUTS " + elsewhere[moved].astype(str)
    for geo, why in indicator.set_apart.items():
        reason[frame["geo"] == geo] = f"set apart: {why}"
    reason[frame["value"].isna()] = "no value"
    if indicator.direction == "ctx":
        reason[:] = "context indicator"
    reason[frame["geo_level"] == 0] = "national"
    return reason


def _compared_elsewhere(frame: pd.DataFrame, version: str) -> pd.Series:
    """Return the NUTS version a country is compared in that year, where it is not the row's own.

    That is the analysis version where the country has figures in it, else (territories no
    conversion covers, such as the United Kingdom in 2024) the version most of its figures have,
    so that no territory is compared twice.
    """
    geo, own = frame["geo"].astype(str), frame["nuts_version"].astype(str)
    key = pd.DataFrame({"year": frame["ref_year"], "country": geo.str[:2], "version": own})
    regions = frame["geo_level"] > 0
    counts = key[regions & frame["value"].notna()].value_counts().reset_index(name="count")
    counts["analysis"] = counts["version"] == version
    order = counts.sort_values(["analysis", "count", "version"], ascending=False)
    chosen = order.drop_duplicates(["year", "country"])[["year", "country", "version"]]
    merged = key.merge(chosen, "left", ["year", "country"], suffixes=("", "_chosen"))
    its = merged["version_chosen"].set_axis(frame.index)
    return its.where(regions & its.notna() & (its != own), None)


def _noise(frame: pd.DataFrame, indicator: Indicator, method: Method) -> pd.Series:
    """Standard deviation of the measurement noise of each figure, in the figure's unit."""
    size = frame["value"].abs()
    # Methodology 6: what a split of the territory adds, as a share of the value.
    divided = frame["conv_method"].astype(object) == "split"
    split = size * method.split_error * (1 - frame["conv_exact"]) * divided
    if indicator.noise_sd is not None:
        return pd.Series(np.hypot(indicator.noise_sd, split), index=frame.index)
    default = indicator.noise_cv or method.noise_cv["default"]
    # Low reliability may stand behind another flag that decides OBS_STATUS ("bu").
    unreliable = frame["obs_flag"].astype(object).fillna("").str.contains("u")
    cv = np.where(unreliable, max(default, method.noise_cv.get("U", default)), default)
    return pd.Series(np.hypot(size * cv, split), index=frame.index)


def _norms(
    frame: pd.DataFrame, indicator: Indicator, method: Method
) -> tuple[tuple[Norm, Norm] | None, tuple[int, int] | None, int]:
    compared = frame[frame["not_rankable_because"].isna()]
    counts = compared["ref_year"].value_counts()
    full = counts[counts >= method.minimum_compared].index
    if indicator.direction == "ctx" or not len(full):
        return None, None, 0
    last = int(full.max())
    window = compared["ref_year"].between(last - method.base_window + 1, last)
    pooled = compared.loc[window, "value"].to_numpy(float)
    norms = norms_of(pooled, goalposts=method.goalposts, reverse=indicator.direction == "-")
    first = int(compared.loc[window, "ref_year"].min())
    return norms, (first, last), pooled.size


def _ranks(frame: pd.DataFrame, sd: pd.Series, indicator: Indicator, method: Method) -> None:
    """Add ranks, their bounds and the number compared, year by year."""
    for column in ("rank", "rank_low", "rank_high", "n_compared"):
        frame[column] = pd.Series(pd.NA, index=frame.index, dtype="Int32")
    compared = frame[frame["not_rankable_because"].isna()]
    reverse = indicator.direction == "-"
    for year, rows in compared.groupby("ref_year"):
        if len(rows) < method.minimum_compared:
            few = f"fewer than {method.minimum_compared} regions with a value"
            frame.loc[rows.index, "not_rankable_because"] = few
            continue
        values: NDArray[np.float64] = rows["value"].to_numpy(float)
        low, high = interval_of_rank(
            values,
            sd[rows.index].to_numpy(float),
            draws=method.draws,
            percentiles=method.interval,
            rng=_generator(method.seed, indicator.id, int(str(year))),
            reverse=reverse,
        )
        frame.loc[rows.index, "rank"] = rank(values, reverse=reverse)
        frame.loc[rows.index, "rank_low"] = low
        frame.loc[rows.index, "rank_high"] = high
        frame.loc[rows.index, "n_compared"] = len(rows)


def _generator(seed: int, indicator: str, year: int) -> np.random.Generator:
    """Return a generator of its own for an indicator and year: others do not shift its draws."""
    name = int.from_bytes(hashlib.sha256(indicator.encode()).digest()[:8], "big")
    return np.random.default_rng([seed, name, year])


def _norm_table(
    norms: tuple[Norm, Norm] | None,
    indicator: Indicator,
    method: Method,
    years: tuple[int, int] | None,
    pooled: int,
) -> pa.Table:
    if norms is None or years is None:
        return NORMS.empty_table()
    rows = [
        {
            "indicator_id": indicator.id,
            "kind": norm.kind,
            "low": norm.low,
            "high": norm.high,
            "reverse": norm.reverse,
            "first_year": years[0],
            "last_year": years[1],
            "n_pooled": pooled,
            "method_version": method.version,
        }
        for norm in norms
    ]
    return pa.Table.from_pylist(rows, schema=NORMS)
