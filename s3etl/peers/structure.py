"""Structural variables of regions as one array, from figures, business statistics and portfolio.

The thin layer before :mod:`s3etl.peers.references`; nothing is transformed or compared here.
Confidential cells are not used, nor are cells the portfolio does not show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from s3etl.columns import frame_of
from s3etl.peers.method import Dimension, PeersMethod
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
        value: R × J, in the variable's own unit; NaN where missing.
        years: R × J, the year of each value; 0 where missing.
        sources: J, indicator or dataset; empty where a variable has no data.
        variables: J, names.
        dimensions: J, dimension of each.
    """

    regions: NDArray[np.object_]
    versions: NDArray[np.object_]
    value: Floats
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
    parts = []
    for dimension in method.dimensions.values():
        for variable, ids in dimension.indicators.items():
            parts.append(_first_of(figures, ids, variable, method.oldest))
        for variable, indicator in dimension.portfolio.items():
            parts.append(_of_portfolio(portfolio.get("portfolio_indicator"), indicator, variable))
        cells = portfolio.get("portfolio_cell")
        parts.append(_section_shares(sections, dimension, dataset))
        parts.append(_division_shares(cells, sections, dimension.divisions, dataset))
    some = [part for part in parts if len(part)]
    return _arranged(pd.concat(some) if some else _empty(), method, origin)


def _empty() -> pd.DataFrame:
    return pd.DataFrame(columns=[*KEY, "ref_year", "value", "variable", "source"])


def _arranged(frame: pd.DataFrame, method: PeersMethod, origin: Origin) -> Structure:
    """Return rows of :func:`_empty` as arrays."""
    told = (classify(str(code), origin) for code in frame["geo"])
    inside = np.array([r.kind == "region" and r.level == 2 for r in told], bool)
    frame = frame[inside].reset_index(drop=True)
    country = frame["geo"].astype(str).str[:2]
    newest = frame["nuts_version"].groupby(country).transform("max")
    frame = frame[frame["nuts_version"] == newest]
    regions = frame[KEY].drop_duplicates().sort_values(KEY, ignore_index=True)
    names = list(method.variables)
    sources = frame.drop_duplicates("variable").set_index("variable")["source"].to_dict()

    def wide(column: str) -> pd.DataFrame:
        table = frame.pivot(index=KEY, columns="variable", values=column)  # noqa: PD010 (no twins)
        return table.reindex(pd.MultiIndex.from_frame(regions), columns=names)

    return Structure(
        regions=regions["geo"].to_numpy(object),
        versions=regions["nuts_version"].to_numpy(object),
        value=wide("value").to_numpy(float, na_value=np.nan),
        years=wide("ref_year").fillna(0).to_numpy(np.int64),
        sources=tuple(sources.get(name, "") for name in names),
        variables=tuple(names),
        dimensions=tuple(method.variables.values()),
    )


def _first_of(
    figures: Mapping[str, pa.Table], ids: Sequence[str], variable: str, oldest: int
) -> pd.DataFrame:
    """Return the newest value of each region that is not too old, of the first with figures."""
    for indicator in ids:
        if indicator not in figures:
            continue
        table = figures[indicator]
        there = pc.and_(pc.is_valid(table.column("value")), pc.equal(table.column("geo_level"), 2))
        frame = frame_of(table.filter(there), [*KEY, "ref_year", "value"])
        if len(frame):
            frame = frame[frame["ref_year"] >= frame["ref_year"].max() - oldest]
            newest: pd.DataFrame = frame.sort_values("ref_year").drop_duplicates(KEY, keep="last")
            return newest.assign(variable=variable, source=indicator)
    return _empty()


def _of_portfolio(table: pa.Table | None, indicator: str, variable: str) -> pd.DataFrame:
    if table is None:
        return _empty()
    there = pc.is_valid(table.column("value"))
    rows = table.filter(pc.and_(there, pc.equal(table.column("indicator_id"), indicator)))
    frame = frame_of(rows, [*KEY, "ref_year", "value"])
    return frame.assign(variable=variable, source=indicator)


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
    ending = f".{employment}"
    texts = {n: converted.column(n).cast(pa.string()) for n in ("series", "period", "conf_status")}
    wanted = pc.and_(pc.ends_with(texts["series"], ending), pc.equal(texts["period"], str(year)))
    free = pc.and_(pc.equal(texts["conf_status"], "F"), pc.is_valid(converted.column("value")))
    rows = frame_of(converted.filter(pc.and_(wanted, free)), ["series", *KEY, "value"])
    rows = rows.assign(nace_r2=rows["series"].str.removesuffix(ending), ref_year=year)
    return pa.Table.from_pandas(rows[[*KEY, "ref_year", "nace_r2", "value"]], preserve_index=False)


def _section_shares(sections: pa.Table | None, dimension: Dimension, dataset: str) -> pd.DataFrame:
    """Return shares of sections in the whole, where all that make it up are published."""
    if sections is None or not dimension.sections:
        return _empty()
    frame: pd.DataFrame = sections.to_pandas()
    part = frame[frame["nace_r2"].isin(dimension.whole)]
    whole = part.groupby(KEY)["value"].agg(whole="sum", sections="count").reset_index()
    whole = whole[(whole["sections"] == len(dimension.whole)) & (whole["whole"] > 0)]
    chosen = frame[frame["nace_r2"].isin(dimension.sections)].merge(whole, on=KEY)
    return _told(chosen, chosen["value"] / chosen["whole"], dataset)


def _division_shares(
    cells: pa.Table | None, sections: pa.Table | None, wanted: Sequence[str], dataset: str
) -> pd.DataFrame:
    """Return shares of divisions in manufacturing, of the cells the portfolio shows."""
    if cells is None or sections is None or not wanted:
        return _empty()
    shown = frame_of(cells, [*KEY, "ref_year", "nace_r2", "employment"]).dropna(
        subset=["employment"]
    )
    of_all = sections.filter(pc.equal(sections.column("nace_r2"), MANUFACTURING))
    whole = frame_of(of_all, [*KEY, "value"]).rename(columns={"value": "whole"})
    chosen = shown[shown["nace_r2"].isin(wanted)].merge(whole[whole["whole"] > 0], on=KEY)
    return _told(chosen, chosen["employment"] / chosen["whole"], dataset)


def _told(chosen: pd.DataFrame, share: pd.Series, dataset: str) -> pd.DataFrame:
    rows: pd.DataFrame = chosen[[*KEY, "ref_year"]]
    return rows.assign(value=share, variable=chosen["nace_r2"], source=dataset)
