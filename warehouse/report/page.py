"""The StressTest report of one region: its profile as a self-contained HTML page.

Chooses what stands where and says why something does not; the look is in the templates.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from s3etl.records import Origin
from s3etl.stresstest import words
from s3etl.stresstest.disclosure import MINIMUM, ORDER
from s3etl.stresstest.method import load_method
from s3etl.stresstest.questionnaire import load, score_of
from s3etl.stresstest.regional_profile import OVERALL, Cell, Profile, Row, gap_of
from warehouse.report import charts
from warehouse.report.charts import COLOURS, Dot, Series, Spot

WIDEST, DIVIDED = 10, 8
"""Statements in the tables of the widest gaps and of groups; all of them stand at the end."""


class Origins(NamedTuple):
    """A source as it is cited."""

    title: str
    citation: str
    licence: str
    as_of: str


class Made(NamedTuple):
    """How a report came about.

    Attributes:
        origin: Origin of the data; sample answers are marked on every page.
        release: Id of the release, or that there is none yet.
        as_of: Day the answers are of.
        day: Day the report is made.
        sources: What is cited.
    """

    origin: Origin
    release: str
    as_of: str
    day: date
    sources: Sequence[Origins]


def report(p: Profile, made: Made) -> str:
    """Return the report of a region as HTML that needs no network and no script."""
    frontier = words.frontier_name([*p.dimensions, *p.items])
    annex = [(d, [i for i in p.items if i["dimension"] == d["indicator_id"]]) for d in p.dimensions]
    page: str = _template().render(
        p=p,
        made=made,
        words=words,
        gap_of=gap_of,
        invented=made.origin == "sample",
        colours=COLOURS,
        statement=load().statement,
        scale=load().scale,
        method=load_method(),
        fewest=MINIMUM,
        cap=f"{score_of(load_method().cap):.0f}",
        versions=_versions(p),
        participation=_participation(p),
        cautions=sorted({t["caution"] for t in p.twins} - {None}),
        frontier=frontier,
        notes=_notes(p, frontier),
        nothing=_nothing(p),
        scored=any(row["value"] is not None for row in (*p.items, *p.dimensions)),
        charts={"radar": _radar(p, frontier), "map": _map(p)},
        profile_rows=[*filter(None, [p.total(OVERALL)]), *p.dimensions],
        directions=[(d, _direction_bar(d)) for c in ("C2S", "S2C") if (d := p.direction(c))],
        widest=[(i, _gap_bar(i)) for i in p.widest[:WIDEST]],
        divided=_divided(p),
        group_key="; ".join(f"{code}: {name}" for code, name in load().group_names.items()) + ".",
        teachers=p.teachers("dimension"),
        alone=_alone(p),
        domain_teachers=[t for rows in p.teachers("domain").values() for t in rows],
        shared=lambda t: ", ".join(p.domains.get(d, d) for d in _split(t["shared_domains"])),
        criteria=_criteria,
        changes=p.rows["stresstest_change"],
        pools=_pools(p),
        annex=[(d, rows) for d, rows in annex if rows],
    )
    return page


@cache
def _template() -> Template:
    room = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    room.filters |= {
        "figure": words.figure,
        "signed": words.signed,
        "percent": words.percent,
        "share": lambda value: words.NONE if value is None else f"{value:.2f}",
        "capfirst": lambda text: text[:1].upper() + text[1:],
        "lower_first": lambda text: text[:1].lower() + text[1:],
    }
    return room.get_template("report.html")


# Charts


def _radar(p: Profile, frontier: str) -> str:
    rows = p.dimensions
    own = Series(p.name if len(p.name) <= 28 else p.geo, _column(rows, "value"), COLOURS["region"])
    series = [own]
    for name, column, colour, dashes in (
        ("Peers", "peer_value", "peers", "7 4"),
        (frontier, "frontier_value", "frontier", "2 4"),
    ):
        values = _column(rows, column)
        if any(value is not None for value in values):
            series.append(Series(name, values, COLOURS[colour], dashes))
    notes = [
        words.missing(r)
        if r["value"] is None
        else words.figure(r["value"])
        + (f" ({words.between(r)})" if r["interval_low"] is not None else "")
        for r in rows
    ]
    told = "; ".join(
        f"{r['title']}: {note}"
        + (f", peers {words.figure(r['peer_value'])}" if r["peer_value"] is not None else "")
        + (
            f", {frontier.lower()} {words.figure(r['frontier_value'])}"
            if r["frontier_value"] is not None
            else ""
        )
        for r, note in zip(rows, notes, strict=True)
    )
    short = [note.replace(", indicative", "*") for note in notes]
    return charts.radar(
        [r["title"] for r in rows],
        short,
        series,
        _column(rows, "interval_low"),
        _column(rows, "interval_high"),
        title=f"Profile of {p.name}, {p.wave}, on a radar of seven dimensions",
        told=f"{told}.",
    )


def _map(p: Profile) -> str:
    """Return the map of perception against statistics; empty where no item has both."""
    spots, told = [], []
    for number, row in enumerate(p.twins, 1):
        if row["value"] is not None and row["twin_percentile"] is not None:
            spots.append(Spot(number, row["value"], row["twin_percentile"]))
            said = f"score {words.figure(row['value'])}"
            said += f", percentile {words.figure(row['twin_percentile'])}"
            told.append(f"{number}, {row['title']}: {said}, {row['label'] or 'no label'}")
    if not spots:
        return ""
    title = "What people say against what statistics say"
    return charts.perception(
        spots,
        cut=load_method().twin_cut,
        margin=load_method().twin_margin,
        title=title,
        told=f"{'; '.join(told)}.",
    )


def _column(rows: Sequence[Row], name: str) -> list[float | None]:
    return [row[name] for row in rows]


def _marks(row: Row, others: str) -> list[Dot]:
    """Return marks of the peers and of others."""
    found = (("peer_value", "peers", "peers"), (others, "frontier", "frontier"))
    return [
        Dot(row[column], sign, COLOURS[colour])
        for column, sign, colour in found
        if row[column] is not None
    ]


def _direction_bar(row: Row) -> str:
    marks = _marks(row, "participants_value")
    return charts.line(
        row["value"], low=row["interval_low"], high=row["interval_high"], marks=marks
    )


def _gap_bar(row: Row) -> str:
    return charts.line(row["value"], marks=_marks(row, "frontier_value"))


def _divided(p: Profile) -> list[tuple[Row, dict[str, Cell], float, str]]:
    out = []
    for row, cells, span in p.divided[:DIVIDED]:
        shown = {c.shown_as: c for c in cells.values() if c.value is not None}
        values = {name: c.value for name, c in shown.items() if c.value is not None}
        out.append((row, shown, span, charts.strip(values)))
    return out


# Words


def _versions(p: Profile) -> Mapping[str, str]:
    """Return what the tables were made under."""
    rows = p.items or p.rows["stresstest_dimension"]
    columns = ("questionnaire", "method_version", "nuts_version")
    return {c: ", ".join(sorted({str(row[c]) for row in rows if row[c]})) for c in columns}


def _participation(p: Profile) -> list[str]:
    """Return how many answered by cell, each pool once."""
    cells = {row["shown_as"]: row for row in p.participation}
    ordered = sorted(cells, key=lambda cell: ORDER.find(cell[:1]))
    return [
        f"{cells[c]['respondents']} {words.pool(c)}{' together' if '+' in c else ''}"
        if cells[c]["respondents"] is not None
        else cells[c]["reason"]
        for c in ordered
    ]


def _notes(p: Profile, frontier: str) -> Mapping[str, str]:
    rows = p.dimensions
    peers = max((row["peers"] or 0 for row in rows), default=0)
    regions = sorted({r for row in rows for r in _split(row["frontier_regions"])})
    named = "; ".join(p.region(code) for code in regions)
    overall = p.total(OVERALL) or {}
    shut_out = overall.get("not_frontrunner_because")
    every = [*rows, *filter(None, [p.total(OVERALL)])]
    coverage = sorted({row["interval_coverage"] for row in every} - {None})
    return {
        "peers": f"Peers: median of up to {peers} similar regions."
        if peers
        else "No peers: too few reference regions are scored in this wave.",
        "frontier": f"{frontier} in one dimension or more: {named}."
        if named
        else f"{frontier}: none, the tables name no region.",
        "frontrunner": f"The region cannot be a frontrunner itself: {shut_out}."
        if shut_out
        else "",
        "coverage": f"In simulated surveys such intervals hold the truth in {_range(coverage)} of "
        "cases instead of 90 %."
        if coverage
        else "",
        "few": "Indicative: a group is small, and the interval too narrow to be relied on."
        if any(row["interval_quality"] == "indicative" for row in rows)
        else "",
    }


def _range(shares: Sequence[float]) -> str:
    low, high = words.percent(shares[0]), words.percent(shares[-1])
    return low if low == high else f"{low} to {high}"


def _nothing(p: Profile) -> Mapping[str, str]:
    """Return why a section is empty."""
    compared = any(gap_of(row)[0] is not None for row in p.items)
    return {
        "gaps": "The region trails nobody on any statement."
        if compared
        else "There is nobody to compare with: neither peers nor frontrunners are scored.",
        "groups": "No group can be shown: each has fewer than three answers, or would give "
        "another away.",
        "twins": "No statement has an indicator to be held against in this release.",
    }


def _pools(p: Profile) -> str:
    pooled = [c["shown_as"] for c in p.rows["stresstest_group"] if "+" in c["shown_as"]]
    if not pooled:
        return ""
    said = words.count(len(pooled), "median is", "medians are")
    return f"{said} shown for a pool of groups, so that no group of fewer than three is shown."


def _alone(p: Profile) -> Mapping[str, str]:
    """Return the dimensions nobody teaches, by reason."""
    taught = p.teachers("dimension")
    out: dict[str, list[str]] = {}
    for row in p.dimensions:
        if row["indicator_id"] not in taught:
            why = "no region is far enough ahead, surely enough, with enough documents"
            out.setdefault(words.missing(row) if row["value"] is None else why, []).append(
                row["title"]
            )
    return {why: "; ".join(titles) for why, titles in out.items()}


def _criteria(cpr: str) -> str:
    found = re.findall(r"[0-9]+", cpr)
    return f"{'criterion' if len(found) == 1 else 'criteria'} {' and '.join(found)}"


def _split(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(";") if part.strip()]
