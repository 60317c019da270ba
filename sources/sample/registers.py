"""The invented registers: two that overlap, priorities, schemes and practices.

Laid out as real ones are; every name, number and address in here is made up, and nothing is
placed, merged or given a domain here.
"""

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np

from sources.sample.economy import stream
from sources.sample.nuts import codes_in, names
from sources.sample.places import COUNTRIES

INVENTED: Final = "Invented for the sample world"
WRITTEN: Final = datetime(2026, 9, 30)  # noqa: DTZ001  (workbooks know no time zone)

THEMES: Final = {
    "Aerospace and Defence": ("Aero", "Space"),
    "Agri-food": ("Food", "Agro"),
    "Construction": ("Building", "Timber"),
    "Creative and Cultural Industries": ("Media", "Design"),
    "Digital": ("Software", "Data"),
    "Electronics": ("Photonics", "Microchip"),
    "Energy Intensive Industries": ("Polymer", "Metal"),
    "Energy-Renewables": ("Solar", "Hydrogen"),
    "Health": ("Medtech", "Pharma"),
    "Mobility, Transport, Automotive": ("Automotive", "Rail"),
    "Proximity and Social Economy": ("Care", "Cooperative"),
    "Retail": ("Logistics", "Trade"),
    "Textiles": ("Textile", "Fashion"),
    "Tourism": ("Tourism", "Alpine"),
}
"""Names of the ecosystems, with words that stand in names of their organisations."""
SLUG: Final = {name: name.lower().replace(",", "").replace("-", "_") for name in THEMES} | {
    "Aerospace and Defence": "aerospace_and_defe",
    "Creative and Cultural Industries": "creative_and_cultu",
    "Energy Intensive Industries": "energy_intensive_i",
    "Mobility, Transport, Automotive": "mobility_transport",
    "Proximity and Social Economy": "proximity_and_soci",
}

ORGANISATIONS: Final = 160
IN_PLATFORM, IN_REGIONS = 0.7, 0.6
"""Chances of an organisation to stand in either register; what is in both is the overlap."""


class Organisation(NamedTuple):
    """An invented cluster organisation."""

    name: str
    nuts3: str
    ecosystems: tuple[str, ...]
    members: int
    number: int


def organisations() -> list[Organisation]:
    """Return the organisations there are, each told apart by theme and region."""
    rng = stream("cluster organisations")
    regions, themes = codes_in("2024", 3), list(THEMES)
    found: dict[str, Organisation] = {}
    while len(found) < ORGANISATIONS:
        region = regions[rng.integers(len(regions))]
        main, other = rng.choice(len(themes), 2, replace=False)
        word = THEMES[themes[main]][rng.integers(2)]
        name = f"{word} Cluster {names()[region].replace('(', '').replace(')', '')}"
        both = (themes[main], themes[other]) if rng.random() < 0.4 else (themes[main],)
        members = int(rng.lognormal(4.2, 0.7))
        found.setdefault(name, Organisation(name, region, both, members, len(found)))
    return list(found.values())


def platform() -> bytes:
    """Write the platform's list: name, country, one ecosystem, and a city as people type it."""
    rng, rows = stream("platform register"), [["name", "country", "ecosystem", "city"]]
    for o in organisations():
        listed, written, told = rng.random(3)
        if listed > IN_PLATFORM:
            continue
        city = names()[o.nuts3]
        if written < 0.08:
            city = COUNTRIES[o.nuts3[:2]]
        elif written < 0.2:
            city = city.upper()
        slug = SLUG[min(o.ecosystems)] if told < 0.7 else ""
        rows.append([o.name, o.nuts3[:2], slug, city])
    return _csv(rows)


REPORTED: Final = (
    *("id", "name", "country", "geo", "website", "founded", "staff_fte", "members"),
    *("members_sme", "members_large", "members_research", "members_public", "domains"),
    *("programme", "quality_label", "label_from", "label_until", "confirmed", "source"),
)


def reported() -> bytes:
    """Write what regions report: a workbook with codes, numbers and labels."""
    rng = stream("regions' register")
    rows: list[list[Any]] = [list(REPORTED)]
    for o in organisations():
        if rng.random() > IN_REGIONS:
            continue
        shares = rng.dirichlet((12, 3, 2, 1))
        parts = np.floor(shares * o.members).astype(int)
        known = rng.random(4) < (0.9, 0.8, 0.5, 0.95)
        label = ("", "bronze", "silver", "gold")[rng.choice(4, p=(0.5, 0.25, 0.15, 0.1))]
        year = int(rng.integers(2022, 2026))
        web = f"https://{o.name.lower().replace(' ', '-')}.example"
        rows.append(
            [
                f"R{o.number:03}",
                o.name + (" e.V." if rng.random() < 0.2 else ""),
                *(o.nuts3[:2], o.nuts3),
                web if known[0] else None,
                int(rng.integers(1996, 2024)) if known[1] else None,
                round(float(rng.lognormal(1.2, 0.6)), 1) if known[2] else None,
                *([o.members, *map(int, parts)] if known[3] else [None] * 5),
                "; ".join(o.ecosystems),
                "National cluster programme" if rng.random() < 0.3 else None,
                *((label, f"{year}-03-01", f"{year + 2}-02-28") if label else (None, None, None)),
                f"202{rng.integers(4, 7)}-0{rng.integers(1, 9)}-15",
                INVENTED,
            ]
        )
    return _workbook("organisations", rows)


def strategies() -> bytes:
    """Write the table of strategies: levels are mixed as in the real one, codes of NUTS 2021."""
    rng, found = stream("strategies"), {}
    for country, name in COUNTRIES.items():
        rows = []
        for code in _with_strategy(country):
            chosen = rng.choice(list(THEMES), int(rng.integers(3, 8)), replace=False)
            ecosystems = sorted([*map(str, chosen), *(["Cross-ecosystem"] * (rng.random() < 0.2))])
            called = names().get(code, name)
            rows.append({"name": called, "nuts": code, "ecos": ecosystems, "ris": ""})
        found[name] = rows
    return json.dumps(found, indent=1).encode()


def _with_strategy(country: str) -> list[str]:
    """Return the territories of a country that have a strategy."""
    levels = {
        level: [c for c in codes_in("2021", level) if c[:2] == country] for level in (1, 2, 3)
    }
    if country == "XB":
        return levels[1]
    if country == "XC":
        return [country, *levels[2]]
    if country == "XD":
        return levels[3][: len(levels[3]) // 2] + levels[2][-3:]
    return levels[2]


def schemes() -> bytes:
    """Write the workbook of support schemes."""
    rng = stream("schemes")
    rows: list[list[Any]] = [
        [
            *("id", "geo", "title", "body", "period_start", "period_end", "budget", "currency"),
            *("domains", "s3_tied", "eligible", "source"),
        ]
    ]
    for i, region in enumerate(codes_in("2024", 2)[::3]):
        chosen = rng.choice(list(THEMES), int(rng.integers(1, 4)), replace=False)
        rows.append(
            [
                *(f"S{i:02}", region, f"Cluster programme of {names()[region]}"),
                *(f"Agency of {names()[region]}", 2021, 2027),
                *(int(rng.integers(5, 80)) * 100_000, "EUR", "; ".join(sorted(chosen))),
                *("yes" if rng.random() < 0.6 else "no", "cluster organisations; SMEs", INVENTED),
            ]
        )
    return _workbook("schemes", rows)


def practices() -> bytes:
    """Write the list of practices."""
    rng = stream("practices")
    rows = [
        [
            *("id", "geo", "title", "dimension", "domains", "done", "result", "evidence_title"),
            *("evidence_date", "evidence_link", "body"),
        ]
    ]
    for i, region in enumerate(codes_in("2024", 2)[1::4]):
        theme = str(rng.choice(list(THEMES)))
        rows.append(
            [
                *(f"P{i:02}", region, f"Discovery workshops on {theme}", f"D{rng.integers(1, 8)}"),
                *(theme, "Clusters of two fields met four times a year (invented)"),
                *("Three joint projects (invented)", f"Report {i + 1} (invented)"),
                *(f"2025-0{rng.integers(1, 9)}-10", f"https://reports.example/{i + 1}"),
                f"Agency of {names()[region]}",
            ]
        )
    return _csv(rows)


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def _workbook(sheet: str, rows: Sequence[Sequence[Any]]) -> bytes:
    import xlsxwriter  # noqa: PLC0415  (only where a workbook is written)

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": WRITTEN, "comments": INVENTED})
        page = book.add_worksheet(sheet)
        for i, row in enumerate(rows):
            page.write_row(i, 0, list(row))
    return out.getvalue()


def register_files(register: str) -> dict[str, bytes]:
    """Write the files of a register of the sample world, by name."""
    from sources.sample.survey_answers import answers_files  # noqa: PLC0415  (workbooks)

    single = {
        "eccp": ("eccp_cluster_organisations.csv", platform),
        "organisations": ("organisations_2026.xlsx", reported),
        "s3_priorities": ("s3_priorities_by_region.json", strategies),
        "support_schemes": ("support_schemes_2026.xlsx", schemes),
        "practices": ("practices_2026.csv", practices),
    }
    if register in single:
        name, write = single[register]
        return {name: write()}
    return answers_files()
