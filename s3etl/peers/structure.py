"""Structural variables of regions as one array, from figures, business statistics and portfolio.

The thin layer before :mod:`s3etl.peers.references`; nothing is transformed or compared here.
Confidential cells are not used, nor are cells the portfolio does not show.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from s3etl.peers.method import PeersMethod
from s3etl.peers.treatment import Floats
from s3etl.records import Origin
from s3etl.regions import classify

MANUFACTURING: Final = "C"
KEY: Final = ["geo", "nuts_version"]


@dataclass(frozen=True)
class Structure:
    """Structural variables; R regions, J variables in the order they are declared.

    Attributes:
        regions: R, NUTS 2 codes in order.
        versions: R, NUTS version of each.
        values: R × J, in the variable's own unit; NaN where missing.
        years: R × J, the year of each value; 0 where missing.
        sources: J, indicator or dataset; empty where a variable has no data.
        variables: J, names.
        dimensions: J, dimension of each.
    """

    regions: NDArray[np.object_]
    versions: NDArray[np.object_]
    values: Floats
    years: NDArray[np.int64]
    sources: tuple[str, ...]
    variables: tuple[str, ...]
    dimensions: tuple[str, ...]

    @property
    def countries(self) -> NDArray[np.object_]:
        """R, country of each region."""
        return np.array([code[:2] for code in self.regions], object)


def structure(
    figures: Mapping[str, pa.Table],
    sections: pa.Table | None,
    portfolio: Mapping[str, pa.Table],
    method: PeersMethod,
    *,
    origin: Origin,
    dataset: str,
) -> Structure:
    """Collect the structural variables.

    A region is in the NUTS version of its country that is the newest in any variable.

    Args:
        figures: By indicator its figures (``s3etl.evaluate.FIGURES``).
        sections: Persons employed by section and region in the portfolio's reference year, of
            :func:`sections_of`; None without business statistics.
        portfolio: Tables of the portfolio block; empty without it.
        method: The variables.
        origin: Origin of the data; it decides which countries there are.
        dataset: Dataset of the business statistics.
    """
    parts: list[pd.DataFrame] = []
    sources: dict[str, str] = {}
    for dimension in method.dimensions.values():
        for variable, ids in dimension.indicators.items():
            for indicator in ids:
                rows = _newest(figures.get(indicator), method.oldest)
                if len(rows):
                    sources[variable] = indicator
                    parts.append(rows.assign(variable=variable))
                    break
        for variable, indicator in dimension.portfolio.items():
            rows = _of_portfolio(portfolio.get("portfolio_indicator"), indicator)
            if len(rows):
                sources[variable] = indicator
                parts.append(rows.assign(variable=variable))
        shares = [
            _section_shares(sections, dimension.sections),
            _division_shares(portfolio.get("portfolio_cell"), sections, dimension.divisions),
        ]
        for rows in shares:
            sources |= dict.fromkeys(rows["variable"], dataset)
            parts.append(rows)
    frame = pd.concat(parts) if parts else _empty()
    return _arranged(frame.dropna(subset=["value"]), sources, method, origin)


def _empty() -> pd.DataFrame:
    return pd.DataFrame(columns=[*KEY, "ref_year", "value", "variable"])


def _arranged(
    frame: pd.DataFrame, sources: Mapping[str, str], method: PeersMethod, origin: Origin
) -> Structure:
    inside = [classify(code, origin) for code in frame["geo"].astype(str)]
    frame = frame[[r.kind == "region" and r.level == 2 for r in inside]].reset_index(drop=True)
    country = frame["geo"].astype(str).str[:2]
    newest = frame["nuts_version"].groupby(country).transform("max")
    frame = frame[frame["nuts_version"] == newest]
    regions = frame[KEY].drop_duplicates().sort_values(KEY, ignore_index=True)
    names = list(method.variables)

    def wide(column: str) -> pd.DataFrame:
        table = frame.pivot(index=KEY, columns="variable", values=column)  # noqa: PD010 (no twins)
        return table.reindex(pd.MultiIndex.from_frame(regions), columns=names)

    return Structure(
        regions=regions["geo"].to_numpy(object),
        versions=regions["nuts_version"].to_numpy(object),
        values=wide("value").to_numpy(float, na_value=np.nan),
        years=wide("ref_year").fillna(0).to_numpy(np.int64),
        sources=tuple(sources.get(name, "") for name in names),
        variables=tuple(names),
        dimensions=tuple(method.variables.values()),
    )


def _plain(table: pa.Table, columns: list[str]) -> pd.DataFrame:
    """Return columns of a table, texts as plain strings."""
    out = {}
    for name in columns:
        column = table.column(name)
        coded = pa.types.is_dictionary(column.type)
        out[name] = column.cast(pa.string()) if coded else column
    frame: pd.DataFrame = pa.table(out).to_pandas()
    return frame


def _newest(figures: pa.Table | None, oldest: int) -> pd.DataFrame:
    """Return the newest value of each region that is not too old."""
    if figures is None:
        return _empty()
    there = pc.and_(pc.is_valid(figures.column("value")), pc.equal(figures.column("geo_level"), 2))
    frame = _plain(figures.filter(there), [*KEY, "ref_year", "value"])
    frame = frame[frame["ref_year"] >= frame["ref_year"].max() - oldest]
    return frame.sort_values("ref_year").drop_duplicates(KEY, keep="last")


def _of_portfolio(table: pa.Table | None, indicator: str) -> pd.DataFrame:
    if table is None:
        return _empty()
    rows = table.filter(pc.equal(table.column("indicator_id"), indicator))
    return _plain(rows, [*KEY, "ref_year", "value"]).dropna(subset=["value"])


def sections_of(converted: pa.Table, employment: str, year: int) -> pa.Table:
    """Return persons employed by region and section: what is published, nothing filled.

    Args:
        converted: Observations of ``s3etl.nuts.convert.CONVERTED``; a series is NACE and
            indicator code, by a point.
        employment: Indicator code of persons employed.
        year: The year.

    Returns:
        Columns geo, nuts_version, ref_year, nace_r2 and value.
    """
    free = pc.and_(
        pc.equal(converted.column("period").cast(pa.string()), str(year)),
        pc.equal(converted.column("conf_status").cast(pa.string()), "F"),
    )
    rows = _plain(
        converted.filter(pc.and_(free, pc.is_valid(converted.column("value")))),
        ["series", *KEY, "value"],
    )
    split: Any = rows["series"].str.split(".", n=1, expand=True)
    rows = rows.assign(nace_r2=split[0], ref_year=year)[split[1] == employment]
    return pa.Table.from_pandas(rows[[*KEY, "ref_year", "nace_r2", "value"]], preserve_index=False)


def _section_shares(sections: pa.Table | None, wanted: tuple[str, ...]) -> pd.DataFrame:
    """Return shares of sections in the market economy, where every section is published."""
    if sections is None or not wanted or not sections.num_rows:
        return _empty()
    frame: pd.DataFrame = sections.to_pandas()
    everything = frame["nace_r2"].nunique()
    whole = frame.groupby(KEY)["value"].agg(["sum", "count"])
    whole = whole[(whole["count"] == everything) & (whole["sum"] > 0)]["sum"]
    chosen = frame[frame["nace_r2"].isin(wanted)].merge(whole.rename("whole"), on=KEY)
    share = chosen["value"] / chosen["whole"]
    return _told(chosen, share)


def _division_shares(
    cells: pa.Table | None, sections: pa.Table | None, wanted: tuple[str, ...]
) -> pd.DataFrame:
    """Return shares of divisions in manufacturing, of the cells the portfolio shows."""
    if cells is None or sections is None or not wanted:
        return _empty()
    shown = _plain(cells, [*KEY, "ref_year", "nace_r2", "employment"]).dropna(subset=["employment"])
    of_all = sections.filter(pc.equal(sections.column("nace_r2"), MANUFACTURING))
    whole = _plain(of_all, [*KEY, "value"]).rename(columns={"value": "whole"})
    chosen = shown[shown["nace_r2"].isin(wanted)].merge(whole[whole["whole"] > 0], on=KEY)
    share = chosen["employment"] / chosen["whole"]
    return _told(chosen, share)


def _told(chosen: pd.DataFrame, share: pd.Series) -> pd.DataFrame:
    found: pd.DataFrame = chosen[[*KEY, "ref_year"]].assign(value=share, variable=chosen["nace_r2"])
    return found
