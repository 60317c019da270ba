"""The regional economy of one year as arrays: cells, margins, wages and local units by division.

The thin layer between observations and the functions of this package; nothing is estimated or
published here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.nuts.vintage import ANALYSIS
from s3etl.portfolio.cells import Cells, cells, states
from s3etl.records import Origin
from s3etl.regions import countries

Floats = NDArray[np.float64]
LEAST_EXACT: Final = 0.99
"""Exactness below which the territory of a region was divided, so that it has no star."""


@dataclass(frozen=True)
class Economy:
    """One year; R regions, S divisions, C countries, K sections.

    Attributes:
        year: The year.
        regions: R, NUTS 2 codes in order.
        versions: R, NUTS version of each code.
        divisions: S, NACE divisions in order, such as ``C10``.
        countries: C, country codes in order.
        sections: K, NACE sections in order.
        employment: Persons employed: cells with their state, and margins.
        corners: C × K, persons employed in a section of a country; NaN where not published.
        wages: R × S, wages and salaries, million euro; NaN where not published.
        units: R × S, local units; NaN where not published.
        national_wages: C × S, the same for countries.
        national_units: C × S.
        conversion: R, how the region was made from earlier ones: none, recode, merge, split.
        divided: R, whether its territory was divided since, so that its values of this year are
            estimates.
        flags: R × S, flags of employment as written; empty where there are none.
        dataset: Dataset of business statistics it is of.
        source_updated: When the provider last updated it.
        source_hash: Hash of its snapshot.
        plant_cv2: S, CV² of plant sizes by national size classes; NaN where they do not tell
            it, None where there are none.
    """

    year: str
    regions: NDArray[Any]
    versions: NDArray[Any]
    divisions: NDArray[Any]
    countries: NDArray[Any]
    sections: NDArray[Any]
    employment: Cells
    corners: Floats
    wages: Floats
    units: Floats
    national_wages: Floats
    national_units: Floats
    conversion: NDArray[Any]
    divided: NDArray[np.bool_]
    flags: NDArray[Any]
    dataset: str = ""
    source_updated: str | None = None
    source_hash: str | None = None
    plant_cv2: Floats | None = None


@dataclass(frozen=True)
class Roles:
    """Which indicator code of a dataset plays which part.

    Attributes:
        employment: Persons employed.
        wages: Wages and salaries.
        units: Local units.
        dataset: The dataset.
    """

    employment: str
    wages: str
    units: str
    dataset: str = ""


def of_years(
    observations: pa.Table, roles: Roles, origin: Origin, years: Sequence[str]
) -> dict[str, Economy]:
    """Return the economies of some years over one set of regions and divisions.

    Regions are those of the analysis version, and of countries that no matrix carries there
    (the United Kingdom) those of the newest version they have. A region or division without any
    value in any of the years is left out.

    Args:
        observations: Table of ``s3etl.nuts.convert.CONVERTED``; series are NACE and indicator
            code, by a point.
        roles: The indicator codes.
        origin: Origin of the data; it decides which countries there are.
        years: The years.
    """
    frame = _frame(observations, years, origin, roles)
    regions = _regions(frame)
    sections = sorted({n for n in frame["nace"].unique() if len(n) == 1})
    there = frame[(frame["nace"].str.len() == 3) & (frame["indicator"] == roles.employment)]
    there = there[there["value"].notna() | (there["conf"] == "C")]
    divisions = np.array(sorted(set(there["nace"]) & _below(sections)), object)
    version = dict(zip(regions["geo"], regions["version"], strict=True))
    seen = there["geo"][there["geo"].map(version) == there["version"]].unique()
    regions = regions[regions["geo"].isin(seen)].reset_index(drop=True)
    of_year = dict(list(frame.groupby("period")))
    return {
        year: _economy(of_year.get(year, frame[:0]), year, roles, regions, divisions, sections)
        for year in years
    }


def _below(sections: Sequence[str]) -> set[str]:
    return {f"{section}{number:02}" for section in sections for number in range(100)}


_NAMES: Final = {
    "geo": "geo",
    "nuts_version": "version",
    "period": "period",
    "obs_flag": "flag",
    "obs_status": "status",
    "conf_status": "conf",
    "conv_method": "method",
}


def _frame(
    observations: pa.Table, years: Sequence[str], origin: Origin, roles: Roles
) -> pd.DataFrame:
    """Return the rows of countries and NUTS 2 regions of the years, for the roles' codes.

    Columns are those of ``_NAMES``, ``nace``, ``indicator``, ``value`` and ``exact``. What a
    text says is asked once of each different text.
    """
    encoded = {name: _encoded(observations, name) for name in ("series", *_NAMES)}
    known = set(countries(origin))
    series = np.array([str(text).rpartition(".") for text in encoded["series"][1]], object)
    nace, indicator = (series.reshape(-1, 3)[:, i] for i in (0, 2))
    wanted = {
        "series": np.isin(indicator, [roles.employment, roles.wages, roles.units]),
        "period": np.isin(encoded["period"][1], list(years)),
        "geo": np.array([_is_place(geo, known) for geo in encoded["geo"][1]], bool),
    }
    kept = np.ones(observations.num_rows, bool)
    for name, mask in wanted.items():
        kept &= mask[encoded[name][0]]
    rows = np.flatnonzero(kept)
    frame = pd.DataFrame(
        {new: encoded[old][1][encoded[old][0][rows]] for old, new in _NAMES.items()}
        | {
            "nace": nace[encoded["series"][0][rows]],
            "indicator": indicator[encoded["series"][0][rows]],
            "value": observations.column("value").to_numpy()[rows],
            "exact": observations.column("conv_exact").to_numpy()[rows],
        },
        dtype=object,
    )
    return frame.astype({"value": float, "exact": float})


def _encoded(observations: pa.Table, name: str) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """Return for each row which of the column's texts it has, and the texts; the last is None."""
    column = observations.column(name).cast(pa.string()).dictionary_encode().unify_dictionaries()
    chunk = column.combine_chunks()
    if isinstance(chunk, pa.ChunkedArray):
        chunk = chunk.chunk(0)
    texts = np.array([*chunk.dictionary.to_pylist(), None], object)
    places = chunk.indices.fill_null(len(texts) - 1).to_numpy().astype(np.intp)
    return places, texts


def _is_place(geo: str | None, known: set[str]) -> bool:
    """Whether a code is a country, or a NUTS 2 region that is not extra-regio."""
    return geo is not None and geo[:2] in known and len(geo) in {2, 4} and geo[2:] != "ZZ"


def _regions(frame: pd.DataFrame) -> pd.DataFrame:
    """Return code and NUTS version of the regions, in order of the codes."""
    rows = frame[frame["geo"].str.len() == 4]
    newest = rows.groupby(rows["geo"].str[:2])["version"].transform("max")
    found = rows[rows["version"] == newest][["geo", "version"]].drop_duplicates()
    return found.sort_values("geo", ignore_index=True)


def _made(rows: pd.DataFrame, geo: NDArray[Any]) -> tuple[NDArray[Any], Floats]:
    """Return how each region was made in the year, and how exactly: by its least exact row."""
    ordered = rows.sort_values(["exact", "method"]).drop_duplicates("geo").set_index("geo")
    found = ordered[["method", "exact"]].reindex(geo)
    method = found["method"].fillna("none").to_numpy(object)
    return method, found["exact"].fillna(1.0).to_numpy(float)


def _wide(
    rows: pd.DataFrame, code: str, columns: Sequence[str], index: Any, names: Any
) -> list[NDArray[Any]]:
    """Return columns of an indicator as areas × industries; NaN or None where there is no row."""
    chosen = rows[rows["indicator"] == code]
    i = pd.Index(index).get_indexer(chosen["geo"])
    j = pd.Index(names).get_indexer(chosen["nace"])
    there = np.flatnonzero((i >= 0) & (j >= 0))[::-1]  # of equals the first is kept
    out = []
    for column in columns:
        wide = np.full((len(index), len(names)), np.nan if column == "value" else None, object)
        wide[i[there], j[there]] = chosen[column].to_numpy(object)[there]
        out.append(wide)
    return out


def _economy(
    frame: pd.DataFrame,
    year: str,
    roles: Roles,
    regions: pd.DataFrame,
    divisions: NDArray[Any],
    sections: Sequence[str],
) -> Economy:
    geo = regions["geo"].to_numpy(object)
    nations = np.array(sorted({code[:2] for code in geo}), object)
    own = dict(zip(regions["geo"], regions["version"], strict=True))
    below = frame[frame["geo"].map(own) == frame["version"]]
    national = frame[frame["geo"].str.len() == 2]

    def numbers(rows: pd.DataFrame, code: str, index: Any, names: Any) -> Floats:
        free = rows[rows["conf"] != "C"]  # a confidential value is never used
        return np.asarray(_wide(free, code, ["value"], index, names)[0], float)

    value, *texts = _wide(
        below, roles.employment, ["value", "status", "conf", "flag"], geo, divisions
    )
    status, conf, flags = (
        np.where(text == None, "", text).astype(str)  # noqa: E711  (each cell)
        for text in texts
    )
    table = cells(
        value.astype(float),
        states(value.astype(float), status, conf),
        np.searchsorted(nations.astype(str), [code[:2] for code in geo]),
        np.searchsorted(sections, [division[0] for division in divisions]),
        numbers(below, roles.employment, geo, list(sections)),
        numbers(national, roles.employment, nations, divisions),
    )
    made, exact = _made(below, geo)
    return Economy(
        year=year,
        regions=geo,
        versions=regions["version"].to_numpy(object),
        divisions=divisions,
        countries=nations,
        sections=np.array(sections, object),
        employment=table,
        corners=numbers(national, roles.employment, nations, list(sections)),
        wages=numbers(below, roles.wages, geo, divisions),
        units=numbers(below, roles.units, geo, divisions),
        national_wages=numbers(national, roles.wages, nations, divisions),
        national_units=numbers(national, roles.units, nations, divisions),
        conversion=made,
        divided=exact < LEAST_EXACT,
        flags=flags,
        dataset=roles.dataset,
    )


def fullest(observations: pa.Table, roles: Roles, origin: Origin, within: int) -> str | None:
    """Return the year of the newest ``within`` in which most cells are published.

    Args:
        observations: As for :func:`of_years`.
        roles: The indicator codes.
        origin: Origin of the data.
        within: Number of years looked at; of equals the newest.
    """
    years = sorted(set(observations.column("period").cast(pa.string()).to_pylist()))[-within:]
    frame = _frame(observations, years, origin, roles)
    rows = frame[
        (frame["indicator"] == roles.employment)
        & (frame["geo"].str.len() == 4)
        & (frame["nace"].str.len() == 3)
        & (frame["version"] == ANALYSIS)
    ]
    counts = rows[rows["conf"] != "C"].groupby("period")["value"].count()
    return max(counts.index, key=lambda year: (counts[year], year), default=None)
