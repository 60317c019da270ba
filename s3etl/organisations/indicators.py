"""Indicators of the registers of organisations by region (C-01 to C-11, methodology 4.2).

Each organisation once, from the tables of :mod:`s3etl.organisations.listing`; strategies and
the economy (C-09, C-12 and after) are not known here, nor is anything estimated or ranked.

The service area of an organisation is its seat (a = 1): the tables do not carry another. What
no register tells stays missing and says so.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from s3etl.domains.records import ECOSYSTEMS
from s3etl.nuts.vintage import ANALYSIS
from s3etl.organisations.enterprises import Enterprises
from s3etl.organisations.method import OrganisationMethod
from s3etl.organisations.quality import (
    Floats,
    QualityMethod,
    is_active,
    label_counts,
    quality_of,
)


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


REGISTRY: Final = pa.schema(
    [
        _field("indicator_id", pa.string(), "number in methodology 4.2"),
        _field("title", pa.string(), "short name"),
        _field("geo", pa.string(), "NUTS 2 region"),
        _field("nuts_version", pa.string(), "NUTS version of geo"),
        _field("register_day", pa.string(), "day that labels, confirmations and ages are told for"),
        _field("value", pa.float64(), "the figure; empty where missing"),
        _field("unit", pa.string(), "its unit"),
        _field("direction", pa.string(), "+ more is better, ctx context"),
        _field("denominator_dataset", pa.string(), "dataset of active enterprises; else empty"),
        _field("denominator_year", pa.int64(), "year of active enterprises; else empty"),
        _field("organisations", pa.int64(), "organisations that tell what it rests on"),
        _field("missing_because", pa.string(), "why there is no figure"),
        _field("rankable", pa.bool_(), "never: see the reason"),
        _field("not_rankable_because", pa.string(), "why it is not ranked"),
        _field("lower_bound", pa.bool_(), "whether the true figure may be larger, not smaller"),
    ]
)
NOT_RANKED: Final = "registers do not list all organisations, nor the same share everywhere"
CONTEXT: Final = "context, never ranked"
NOWHERE: Final = "no register lists an organisation that is placed in it"


class Declared(NamedTuple):
    """What an indicator is.

    Attributes:
        title: Short name.
        unit: Unit of the figure.
        direction: ``+`` more is better, ``ctx`` context.
        rests_on: What organisations have to tell; empty if it is enough that they are there.
        per: What it is divided by, with the factor before it; empty for nothing.
        factor: The factor.
    """

    title: str
    unit: str
    direction: str
    rests_on: str = ""
    per: str = ""
    factor: float = 1.0


INDICATORS: Final = {
    "C-01": Declared(
        "Organisations per million", "per million inhabitants", "+", "", "population", 1e6
    ),
    "C-02": Declared(
        "Members per 1,000 enterprises",
        "per 1,000 active enterprises",
        "+",
        "members",
        "enterprises",
        1e3,
    ),
    "C-03": Declared("Median members per organisation", "members", "+", "members"),
    "C-04": Declared(
        "SME reach", "SME members per active enterprise", "+", "SME members", "enterprises"
    ),
    "C-05": Declared(
        "Management staff per 100 members", "FTE per 100 members", "ctx", "staff and members"
    ),
    "C-06": Declared("Labelled share", "share of active organisations", "+", "labels"),
    "C-07": Declared("Quality index", "0.25 to 1", "+", "labels"),
    "C-08": Declared("Maturity: median age", "years", "ctx", "years of foundation"),
    "C-10": Declared(
        "Overlap: organisations per covered domain", "organisations", "ctx", "domains"
    ),
    "C-11": Declared("Cross-domain reach", "share of organisations", "+", "domains"),
}
"""Indicators by their number in methodology 4.2; the others need strategies or the economy."""

_SUMS: Final = ("C-01", "C-02", "C-04")
"""Sums over organisations: what registers do not list or tell can only add to them."""
_VALUES: Final = (
    *("country", "geo", "nuts_version", "founded", "staff_fte", "members", "members_sme"),
    "confirmed",
)
_LABEL: Final = ("quality_label", "label_from", "label_until")


def merged(organisations: pa.Table, method: OrganisationMethod) -> pd.DataFrame:
    """Return each organisation once: of every field the first value that is told.

    Records are taken in the order of ``register_priority``, those of a register by id. A label
    and its dates come from one record. Records of the same ``organisation`` are the same one.

    Args:
        organisations: Table of ``s3etl.organisations.listing.ORGANISATIONS``.
        method: The order of registers.

    Returns:
        Index ``organisation``; columns as in the table (missing where no record tells), and
        ``tells_label``: whether it is in a register that tells labels, so that none means none.
    """
    frame = _records(organisations, method)
    labelled = frame[frame["quality_label"].notna()]
    first = labelled.drop_duplicates("organisation").set_index("organisation")
    out = frame.groupby("organisation")[list(_VALUES)].first().join(first[list(_LABEL)])
    carries = frame["register"].isin(labelled["register"].unique())
    out["tells_label"] = carries.groupby(frame["organisation"]).any()
    return out


def merged_domains(
    organisations: pa.Table,
    domains: pa.Table,
    method: OrganisationMethod,
    domain_set: str = ECOSYSTEMS,
) -> pd.DataFrame:
    """Return the domains of each organisation: those of its first record that has any.

    Args:
        organisations: Table of ``s3etl.organisations.listing.ORGANISATIONS``.
        domains: Table of ``s3etl.organisations.listing.DOMAINS``.
        method: The order of registers.
        domain_set: The set of domains.

    Returns:
        Columns ``organisation``, ``domain``, ``weight`` (above 0); no row for an organisation
        without a domain.
    """
    frame = _records(organisations, method)[["register", "id", "organisation", "order"]]
    shares: pd.DataFrame = domains.to_pandas()
    shares = shares[(shares["domain_set"] == domain_set) & (shares["weight"] > 0)]
    joined = frame.merge(shares, on=["register", "id"])
    first = joined.groupby("organisation")["order"].transform("min")
    return joined.loc[joined["order"] == first, ["organisation", "domain", "weight"]]


def _records(organisations: pa.Table, method: OrganisationMethod) -> pd.DataFrame:
    """Return the records, those kept first first; ``order`` counts them."""
    columns = ["register", "id", "organisation", *_VALUES, *_LABEL]
    frame: pd.DataFrame = organisations.select(columns).to_pandas()
    ranks = {name: method.rank(name) for name in frame["register"].unique().tolist()}
    place = {name: i for i, name in enumerate(sorted(ranks, key=lambda n: ranks[n]))}
    frame["order"] = frame["register"].map(place)
    frame = frame.sort_values(["order", "id"], kind="stable", ignore_index=True)
    frame["order"] = np.arange(len(frame))
    return frame


def active_counts(
    organisations: pa.Table,
    domains: pa.Table,
    method: OrganisationMethod,
    quality: QualityMethod,
    *,
    as_of: date,
    regions: Sequence[str],
    domain_names: Sequence[str],
    domain_set: str = ECOSYSTEMS,
) -> Floats:
    """Count the active organisations of each region and domain, for the shock lens.

    Args:
        organisations: Table of ``s3etl.organisations.listing.ORGANISATIONS``.
        domains: Table of ``s3etl.organisations.listing.DOMAINS``.
        method: The order of registers.
        quality: Until when an organisation is active; one without a confirmation is.
        as_of: The day.
        regions: R, NUTS 2 codes.
        domain_names: K, domains.
        domain_set: The set they are of.

    Returns:
        Organisations, R × K. NaN in a region where no register lists an organisation with a
        domain: not listed is not none.
    """
    everyone = merged(organisations, method)
    everyone["active"] = is_active(everyone["confirmed"], as_of, method=quality)
    shares = merged_domains(organisations, domains, method, domain_set)
    rows = shares.join(everyone[["geo", "active"]], on="organisation")
    there = rows["geo"].dropna().unique()
    counted = pd.crosstab(*(rows.loc[rows["active"], name] for name in ("geo", "domain")))
    wide = counted.reindex(index=list(regions), columns=list(domain_names), fill_value=0)
    values = wide.to_numpy(np.float64)
    return np.where(np.isin(np.array(regions, object), there)[:, None], values, np.nan)


def registry_table(
    organisations: pa.Table,
    domains: pa.Table,
    method: OrganisationMethod,
    quality: QualityMethod,
    *,
    as_of: date,
    population: Mapping[str, float] | None = None,
    enterprises: Mapping[str, Enterprises] | None = None,
    completeness: pa.Table | None = None,
    regions: Sequence[str] | None = None,
) -> pa.Table:
    """Return the indicators of :data:`INDICATORS` for all regions (methodology 4.2).

    Of an organisation that does not tell what an indicator rests on nothing is assumed: it is
    left out, and where fewer than ``least_known`` of a region's organisations tell it, there
    is no value. C-05 is the staff of the organisations that tell both over their members. C-06
    is over active organisations, the others over all; a label counts up to a year after its
    last day (:func:`s3etl.organisations.quality.label_counts`), and an organisation without a
    day of confirmation counts as active (:func:`s3etl.organisations.quality.is_active`).

    C-01, C-02 and C-04 are lower bounds where the completeness of the country is not known or
    below its floor, where organisations of the country are not placed, and where an
    organisation does not tell.

    Args:
        organisations: Table of ``s3etl.organisations.listing.ORGANISATIONS``; only those
            placed in a NUTS 2 region are counted.
        domains: Table of ``s3etl.organisations.listing.DOMAINS``.
        method: The order of registers.
        quality: Weights of labels and other choices.
        as_of: The day labels, confirmations and ages are told for.
        population: Persons by NUTS 2 code of the analysis version.
        enterprises: Active enterprises by the same. Those below 250 persons are not told by
            region, so that C-04 is over all, too.
        completeness: Table of ``s3etl.organisations.completeness.COMPLETENESS``.
        regions: NUTS 2 codes that are told; those with an organisation if not given.

    Returns:
        :data:`REGISTRY`, a row for each indicator and region, in order of both.
    """
    everyone = merged(organisations, method)
    placed = everyone[everyone["geo"].notna()]
    shares = merged_domains(organisations, domains, method)
    geo = sorted(placed["geo"].unique() if regions is None else set(regions))
    marks = _marks(placed, shares, quality, as_of)
    firms = None if enterprises is None else {g: e.number for g, e in enterprises.items()}
    divisors = {"population": population, "enterprises": firms}
    open_ends = _open_ends(geo, everyone, completeness)
    sizes = placed.groupby("geo").size().reindex(geo, fill_value=0)
    active = is_active(placed["confirmed"], as_of, method=quality)
    parts = []
    for name, told in INDICATORS.items():
        found = _regional(name, marks, placed, shares).reindex(geo)
        known = marks[name].groupby(placed["geo"]).count().reindex(geo, fill_value=0).to_numpy()
        base = sizes.to_numpy()
        if name == "C-06":
            base = placed["geo"][active].value_counts().reindex(geo, fill_value=0).to_numpy()
        per = _divisor(geo, told, divisors[told.per] if told.per else None)
        value = found.to_numpy(np.float64) * told.factor / per
        reason = _reasons(told, sizes.to_numpy(), base, known, quality)
        lacks = (reason == "").astype(bool) & ~np.isfinite(value)
        given = not told.per or divisors[told.per] is not None
        reason[lacks] = _why_not(told, given=given)
        gone = reason != ""
        low = (open_ends | (known < base)) & ~gone & (name in _SUMS)
        over = [
            (enterprises or {}).get(code) if told.per == "enterprises" and not none else None
            for code, none in zip(geo, gone, strict=True)
        ]
        value = np.where(gone, np.nan, value)
        parts.append(_rows(name, geo, as_of, value, known, reason, low, over))
    return pa.concat_tables(parts)


def _marks(
    placed: pd.DataFrame, shares: pd.DataFrame, quality: QualityMethod, as_of: date
) -> pd.DataFrame:
    """Return what each organisation adds to each indicator; NaN where it does not tell."""
    labels = (placed["quality_label"], placed["label_until"], as_of)
    extra: dict[str, Any] = {"since": placed["label_from"], "method": quality}
    tells = placed["tells_label"].to_numpy(bool)
    active = is_active(placed["confirmed"], as_of, method=quality)
    counts = label_counts(*labels, **extra)
    age = as_of.year - placed["founded"].to_numpy(np.float64)
    members = placed["members"].to_numpy(np.float64)
    both = np.isfinite(members) & placed["staff_fte"].notna().to_numpy()
    fields = shares.groupby("organisation")["weight"].agg(
        lambda weights: float((weights >= quality.domain_weight).sum())
    )
    own = fields.reindex(placed.index).to_numpy(np.float64)
    has = np.isfinite(own)
    columns = {
        "C-01": np.ones(len(placed)),
        "C-02": members,
        "C-03": members,
        "C-04": placed["members_sme"].to_numpy(np.float64),
        "C-05": np.where(both, members, np.nan),
        "C-06": np.where(tells & active, counts, np.nan),
        "C-07": np.where(tells, quality_of(*labels, **extra), np.nan),
        "C-08": np.where(age >= 0, age, np.nan),
        "C-10": np.where(has, own, np.nan),
        "C-11": np.where(has, own >= quality.least_domains, np.nan),
    }
    return pd.DataFrame(columns, index=placed.index)


def _regional(
    name: str, marks: pd.DataFrame, placed: pd.DataFrame, shares: pd.DataFrame
) -> "pd.Series[Any]":
    """Return an indicator by region, not yet divided by population or enterprises."""
    by = marks[name].groupby(placed["geo"])
    if name == "C-05":
        staff = placed["staff_fte"].where(marks[name].notna()).groupby(placed["geo"]).sum()
        members = by.sum()
        return 100 * staff / members.where(members > 0)
    if name == "C-10":
        at = shares.join(placed["geo"], on="organisation", how="inner")
        return at.groupby(["geo", "domain"]).size().groupby("geo").mean()
    if name in _SUMS:
        return by.sum()
    return by.median() if name in {"C-03", "C-08"} else by.mean()


def _divisor(geo: Sequence[str], told: Declared, values: Mapping[str, float] | None) -> Floats:
    """Return what a sum is divided by; NaN where it is not known or not above 0."""
    if not told.per:
        return np.ones(len(geo))
    found = np.array([(values or {}).get(code, np.nan) for code in geo], np.float64)
    return np.where(found > 0, found, np.nan)


def _reasons(
    told: Declared, sizes: Any, base: Any, known: Any, quality: QualityMethod
) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Return why organisations give no value; empty where they do."""
    reason = np.full(len(sizes), "", object)
    few = f"fewer than {quality.least_known:.0%} of its organisations tell their {told.rests_on}"
    reason[known < quality.least_known * base] = few
    reason[known == 0] = f"no register tells the {told.rests_on} of its organisations"
    months = quality.active_months
    reason[base == 0] = f"none of its organisations was confirmed within {months} months"
    reason[sizes == 0] = NOWHERE
    return reason


def _why_not(told: Declared, *, given: bool) -> str:
    if not told.per:
        return "its organisations have no members"
    if given:
        return f"its {told.per} {'is' if told.per == 'population' else 'are'} not known"
    return f"the {told.per} of regions {'was' if told.per == 'population' else 'were'} not given"


def _open_ends(
    geo: Sequence[str], everyone: pd.DataFrame, completeness: pa.Table | None
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return whether more organisations are to be expected in the country than are placed."""
    loose = set(everyone.loc[everyone["geo"].isna(), "country"].dropna())
    rows = [] if completeness is None else completeness.to_pylist()
    told = {row["country"] for row in rows}
    below = {row["country"] for row in rows if row["lower_bound"]}
    return np.array(
        [c not in told or c in below or c in loose for c in (code[:2] for code in geo)], bool
    )


def _rows(
    name: str,
    geo: Sequence[str],
    as_of: date,
    value: Floats,
    known: Any,
    reason: Any,
    low: Any,
    over: Sequence[Enterprises | None],
) -> pa.Table:
    told, count = INDICATORS[name], len(geo)
    why = CONTEXT if told.direction == "ctx" else NOT_RANKED
    columns = {
        "indicator_id": [name] * count,
        "title": [told.title] * count,
        "geo": list(geo),
        "nuts_version": [ANALYSIS] * count,
        "register_day": [as_of.isoformat()] * count,
        "value": pa.array(value, pa.float64(), mask=~np.isfinite(value)),
        "unit": [told.unit] * count,
        "direction": [told.direction] * count,
        "denominator_dataset": [firms.dataset if firms else None for firms in over],
        "denominator_year": [firms.year if firms else None for firms in over],
        "organisations": [int(n) for n in known],
        "missing_because": [text or None for text in reason],
        "rankable": [False] * count,
        "not_rankable_because": [why] * count,
        "lower_bound": [bool(flag) for flag in low],
    }
    return pa.table([columns[f.name] for f in REGISTRY], schema=REGISTRY)
