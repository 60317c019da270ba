"""The framework index over published figures: benchmark tables in, a table of scores out.

Decides which figures take part and lays them out; the composite itself is computed by
:mod:`s3etl.benchmark.composite`. No files are read or written here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.benchmark.composite import Composite
from s3etl.benchmark.declaration import CompositeDeclaration, Step
from s3etl.benchmark.imputation import previous
from s3etl.benchmark.prepare import Impute
from s3etl.benchmark.scoring import Normalise
from s3etl.benchmark.table import LEVEL_NAMES, SEPARATOR
from s3etl.catalogue import Indicator, Method

FEWER: Final = "fewer than"
"""How the reason begins that leaves a figure without a rank and good enough for an index."""


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


INDEX_SCORE: Final = pa.schema(
    [
        _field("index_id", pa.string(), "declared composite"),
        _field("node", pa.string(), "index, pillar or indicator"),
        _field("level", pa.int32(), "1 indicator, 2 pillar, the highest is the index"),
        _field("parent", pa.string(), "node it is aggregated into; empty for the index"),
        _field("weight", pa.float64(), "its share in the index, as declared"),
        _field("geo", pa.string(), "NUTS 2 region"),
        _field("nuts_version", pa.string(), "NUTS version of geo"),
        _field("nace_version", pa.string(), "NACE versions of its indicators"),
        _field("ref_year", pa.int32(), "reference year"),
        _field("value", pa.float64(), "score"),
        _field("unit", pa.string(), "unit of the score"),
        _field("direction", pa.string(), "more is better in every score"),
        _field("obs_status", pa.string(), "I if anything in it is imputed, else A"),
        _field("conf_status", pa.string(), "F: free"),
        _field("source_dataset", pa.string(), "datasets of its indicators"),
        _field("source_updated", pa.string(), "their last updates"),
        _field("source_hash", pa.string(), "hashes of their snapshots"),
        _field("method_version", pa.string(), "version of the declaration"),
        _field("imputed", pa.string(), "ways its values were imputed: I1, I2, I3; or none"),
        _field("coverage", pa.float64(), "share of its weight with a value of the region's own"),
        _field("imputed_share", pa.float64(), "share of its weight that is imputed"),
        _field("conv_method", pa.string(), "how its figures of the year were converted; or none"),
        _field(
            "interval_low",
            pa.float64(),
            "lower bound of the score where it is ranked: 5 % of the runs on its scale",
        ),
        _field("interval_high", pa.float64(), "upper bound: 95 %"),
        _field("rank", pa.int32(), "rank among the regions of the year"),
        _field("rank_low", pa.int32(), "lower bound of the rank"),
        _field("rank_high", pa.int32(), "upper bound"),
        _field("n_compared", pa.int32(), "regions with a rank"),
        _field("rankable", pa.bool_(), "whether it has a rank"),
        _field("not_rankable_because", pa.string(), "why it has none"),
    ]
)
"""One row per node, region and year. Bounds are empty until uncertainty has been computed."""


@dataclass(frozen=True)
class Index:
    """An index of a release.

    Attributes:
        declaration: What was declared.
        composite: The composite over years and regions; none if no pillar is active.
        left_out: Why an indicator takes no part, by indicator.
        inactive: Pillars shown by their indicators and not aggregated.
        sources: Datasets, their updates, hashes and NACE versions, by indicator.
        converted: How each figure was converted to its NUTS version, in the rows of the
            composite; empty where it was not, or there is no figure.
    """

    declaration: CompositeDeclaration
    composite: Composite | None
    left_out: Mapping[str, str]
    inactive: tuple[str, ...]
    sources: pd.DataFrame
    converted: pd.DataFrame


def build_index(
    declaration: CompositeDeclaration,
    tables: Mapping[str, pa.Table],
    indicators: Mapping[str, Indicator],
    method: Method,
    *,
    steps: Sequence[Step] | None = None,
) -> Index:
    """Build an index from the benchmark tables of its indicators.

    An indicator takes part if at least ``method.minimum_compared`` regions have a figure in the
    base window, and the base edition, if one is named, has goalposts for it. A region has a row
    in every year for which it has a figure, or had one as recently as a last value may be.

    Args:
        declaration: The declared composite.
        tables: Rows of ``s3etl.benchmark.table.BENCHMARK``, by indicator.
        indicators: Declared indicators by id.
        method: The declared method of benchmarking.
        steps: Frozen steps of an earlier edition (``composite.freeze()``), in place of the
            declared ones.

    Raises:
        Unfit: The figures cannot be scored as declared; indicator and remedy are named.
    """
    members = declaration.members(indicators)
    rows = pd.concat([_plain(tables[code]) for code in members if code in tables] or [_empty()])
    figures = rows[rows["compared"]]
    newest = int(figures["year"].max()) if len(figures) else 0
    first = newest - _window(declaration) + 1
    counts = figures[figures["year"] >= first].groupby("indicator")["unit"].nunique()
    left_out = {
        code: f"fewer than {method.minimum_compared} regions have a figure from {first} on"
        if newest
        else "no region has a figure"
        for code in members
        if counts.get(code, 0) < method.minimum_compared
    }
    unposted = (code for code in members if not _posted(declaration, code))
    left_out |= dict.fromkeys(unposted, f"the base {declaration.base} has no goalposts for it")
    taken = {code: i for code, i in indicators.items() if code not in left_out}
    inactive = declaration.inactive(taken)
    composite, converted = None, pd.DataFrame()
    if set(declaration.aggregates) - set(inactive) - {declaration.index}:
        wide, parents = _wide(figures, rows, declaration, taken)
        composite = Composite.build(
            declaration,
            wide,
            steps,
            unit="unit",
            time="year",
            indicators=taken,
            parents=parents,
        )
        converted = _converted(figures, composite)
    sources = rows.drop_duplicates("indicator").set_index("indicator")[list(SOURCES)]
    return Index(declaration, composite, left_out, inactive, sources, converted)


def score_table(index: Index) -> pa.Table:
    """Lay the scores of an index out as rows of :data:`INDEX_SCORE`.

    Scores of indicators are shown without a rank: theirs is in the benchmark table.
    """
    made = index.composite
    if made is None:
        return INDEX_SCORE.empty_table()
    tree, flags = made.hierarchy, made.imputed
    every = made.after("aggregate")
    judged = {
        "coverage": made.coverage,
        "imputed_share": made.imputed_share,
        "rank": made.ranks,
        "not_rankable_because": made.not_ranked,
    }
    effective = made.effective_weights["effective"]
    frames: list[pd.DataFrame] = []
    for level, nodes in enumerate(tree.levels, 1):
        for node in nodes:
            leaves = tree.leaves(node.code)
            marks = flags[list(leaves)]
            columns: dict[str, Any] = {
                "value": every[node.code],
                "imputed": _ways(marks),
                "conv_method": _ways(index.converted[list(leaves)]),
            }
            if level > 1:
                columns |= {name: frame[node.code] for name, frame in judged.items()}
            else:
                columns |= _of_indicator(every[node.code], marks[node.code])
            frame = pd.DataFrame(columns).assign(
                node=node.code,
                level=level,
                parent=node.parent,
                weight=effective[node.code],
                **{name: _joined(index.sources.loc[list(leaves), name]) for name in SOURCES},
            )
            frames.append(frame.reset_index())
    return _arrow(pd.concat(frames, ignore_index=True), index.declaration)


SOURCES: Final = ("nace_version", "source_dataset", "source_updated", "source_hash")


def _arrow(frame: pd.DataFrame, declaration: CompositeDeclaration) -> pa.Table:
    frame[["geo", "nuts_version"]] = frame["unit"].str.split(" ", n=1, expand=True)
    ranked = frame["rank"].notna()
    compared = frame[ranked].groupby(["year", "node"])["rank"].transform("size")
    frame = frame.assign(
        index_id=declaration.id,
        ref_year=frame["year"],
        unit="score, 0 to 100",
        direction="+",
        obs_status=np.where(frame["imputed"] == "none", "A", "I"),
        conf_status="F",
        method_version=declaration.version,
        n_compared=compared.reindex(frame.index),
        rankable=ranked,
        not_rankable_because=frame["not_rankable_because"].where(~ranked, None),
    )
    for name in ("interval_low", "interval_high", "rank_low", "rank_high"):
        frame[name] = None
    for name in ("rank", "n_compared", "rank_low", "rank_high"):
        frame[name] = frame[name].astype("Int32")
    return pa.Table.from_pandas(
        frame[INDEX_SCORE.names].replace({np.nan: None}), schema=INDEX_SCORE, preserve_index=False
    )


def _of_indicator(score: pd.Series, marks: pd.Series) -> dict[str, Any]:
    there, guessed = score.notna(), marks != ""
    reason = np.where(there, "an indicator: its rank is in the benchmark table", "no value")
    return {
        "coverage": (there & marks.isin(["", "I1"])).astype(float),
        "imputed_share": (there & guessed).astype(float),
        "rank": pd.NA,
        "not_rankable_because": reason,
    }


def _ways(marks: pd.DataFrame) -> pd.Series:
    """Marks of the values of a row, in order, for example I1; ``none`` where there is none."""
    out = np.full(len(marks), "", object)
    cells = marks.to_numpy(object)
    for way in sorted(set(cells.ravel()) - {""}):
        has = (cells == way).any(axis=1)
        out[has] = [f"{said}{SEPARATOR}{way}" if said else way for said in out[has]]
    out[out == ""] = "none"
    return pd.Series(out, index=marks.index)


def _joined(values: pd.Series) -> str | None:
    parts = {part for value in values.dropna() for part in value.split(SEPARATOR)}
    return SEPARATOR.join(sorted(parts)) or None


def _plain(table: pa.Table) -> pd.DataFrame:
    """Bring rows of a benchmark table to what an index needs of them."""
    columns = ["indicator_id", "geo", "geo_level", "nuts_version", "ref_year", "value"]
    more = ["not_rankable_because", "conv_method", *SOURCES]
    frame = table.select([*columns, *more]).to_pandas()
    why = frame["not_rankable_because"].fillna("").astype(str)
    plain: pd.DataFrame = frame.assign(
        indicator=frame["indicator_id"],
        unit=frame["geo"] + " " + frame["nuts_version"],
        year=frame["ref_year"],
        # What is set apart, of another version or of a country is no region's figure here.
        compared=((why == "") | why.str.startswith(FEWER))
        & (frame["geo_level"] == LEVEL_NAMES[2])
        & frame["value"].notna(),
    )
    return plain


def _empty() -> pd.DataFrame:
    names = ["indicator", "unit", "geo", "geo_level", "nuts_version", "year", "value"]
    names += ["conv_method", *SOURCES]
    return pd.DataFrame(columns=[*names, "compared"]).astype({"compared": bool})


def _window(declaration: CompositeDeclaration) -> int:
    """Years of the base window; one where none is declared."""
    pools = (step.pool for step in declaration.steps if isinstance(step, Normalise))
    return next((pool for pool in pools if isinstance(pool, int)), 1)


def _converted(figures: pd.DataFrame, composite: Composite) -> pd.DataFrame:
    """How the figures behind a composite over years and units were converted, in its rows."""
    rows, codes = composite.rows.index, list(composite.hierarchy.indicators)
    place = ["year", "unit"] if rows.nlevels > 1 else ["unit"]
    how = figures.assign(how=figures["conv_method"].replace("none", "").fillna(""))
    wide = how.pivot(index=place, columns="indicator", values="how")  # noqa: PD010  (no twins)
    return wide.reindex(index=rows, columns=codes).fillna("")


def _posted(declaration: CompositeDeclaration, code: str) -> bool:
    """Whether an indicator has goalposts, where they are frozen: a new one waits for new ones."""
    frozen = (s.posts for s in declaration.steps if isinstance(s, Normalise) and s.posts)
    return all(code in posts for posts in frozen)


def _wide(
    figures: pd.DataFrame,
    rows: pd.DataFrame,
    declaration: CompositeDeclaration,
    indicators: Mapping[str, Indicator],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per region and year, and the values of each row's NUTS 1 region."""
    codes = list(declaration.hierarchy(indicators).indicators)
    figures = figures[figures["indicator"].isin(codes)]
    years = np.arange(figures["year"].min(), figures["year"].max() + 1)
    places = pd.MultiIndex.from_product([years, sorted(figures["unit"].unique())])
    values = _values(figures, places, codes)
    longest = next((s.longest for s in declaration.steps if isinstance(s, Impute)), None)
    held = previous(values.reshape(len(years), -1, len(codes)), years, longest=longest)
    alive = np.isfinite(held).any(axis=-1).ravel()
    places = places[alive].set_names(["year", "unit"])
    wide = pd.DataFrame(values[alive], places, codes).reset_index()
    above = rows[rows["geo_level"] == LEVEL_NAMES[1]]
    parents = [f"{geo[:3]} {version}" for geo, version in wide["unit"].str.split(" ", n=1)]
    where = pd.MultiIndex.from_arrays([wide["year"], parents])
    return wide, pd.DataFrame(_values(above, where, codes), columns=codes)


def _values(rows: pd.DataFrame, places: pd.MultiIndex, codes: list[str]) -> NDArray[np.float64]:
    """Values at places (year, unit), axes (places, indicators); a row twice is an error."""
    of = rows.set_index(["indicator", "year", "unit"])["value"]
    every = [(code, *place) for place in places for code in codes]
    names = ["indicator", "year", "unit"]
    found = of.reindex(pd.MultiIndex.from_tuples(every, names=names)).to_numpy(float)
    return found.reshape(len(places), len(codes))
