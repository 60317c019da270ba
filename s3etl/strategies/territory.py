"""Which territories with a strategy cover a region, and how much of it.

Codes, versions and people only; what the strategies say is resolved in
:mod:`s3etl.strategies.resolve`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from s3etl.nuts.vintage import ANALYSIS

MOST: Final = 0.5
"""A territory with more than this share of a region's people stands for the region."""
LEAST: Final = 0.1
"""Where none does, those with at least this share stand for it together."""

OWN, EARLIER, PARENT, COUNTRY, PART, NATIONAL = (
    "its own",
    "of an earlier region",
    "of its NUTS 1 region",
    "of the country, which is one region",
    "of its NUTS 3 regions",
    "national",
)
"""Ways in which a strategy applies to a region."""
SPECIFIC: Final = (OWN, EARLIER, PARENT, PART, COUNTRY, NATIONAL)
"""The same, the most specific first."""


class Link(NamedTuple):
    """A strategy that applies to a region.

    Attributes:
        region: NUTS 2 region of the analysis version; a country for a national strategy.
        territory: Territory of the strategy, as the register has it.
        how: One of :data:`SPECIFIC`.
        share: Share of the region's people in the territory; None if it is not known.
    """

    region: str
    territory: str
    how: str
    share: float | None


def applying(
    territories: Sequence[str], version: str, *, codes: pa.Table, matrices: pa.Table
) -> list[Link]:
    """Say to which NUTS 2 regions of today the strategies of some territories apply.

    A region's own strategy goes before that of its NUTS 1 region, and this before those of its
    NUTS 3 regions, of which all count. A national strategy applies to a region only if the
    country is one region; beside that it stays with the country. Regions that were made of
    several earlier ones have the strategy of the one most of their people lived in.

    Args:
        territories: Codes of NUTS 0 to 3 that have a strategy.
        version: Their NUTS version.
        codes: Table of ``s3etl.nuts.tables.CODES``.
        matrices: Table of ``s3etl.nuts.tables.MATRICES``.
    """
    regions = _regions(codes)
    cover = _cover(version, regions, matrices)
    there = sorted(set(territories))
    levels = {level: [t for t in there if len(t) == level + 2] for level in range(4)}
    out: list[Link] = []
    for region in regions:
        shares = cover.get(region, {})
        out += (
            _whole(region, levels[2], shares, OWN)
            or _whole(region, levels[1], shares, PARENT)
            or _parts(region, levels[3], shares)
        )
    covered = {link.region[:2] for link in out}
    for country in levels[0]:
        of = [region for region in regions if region[:2] == country]
        if len(of) == 1 and country not in covered:
            out.append(Link(of[0], country, COUNTRY, 1.0))
        out.append(Link(country, country, NATIONAL, None))
    return out


def _regions(codes: pa.Table) -> list[str]:
    """Return the NUTS 2 regions of the analysis version, without extra-regio territory."""
    today = codes.filter(
        pc.and_(
            pc.equal(codes.column("version").cast(pa.string()), ANALYSIS),
            pc.equal(codes.column("level"), 2),
        )
    )
    found = sorted(today.column("geo").cast(pa.string()).to_pylist())
    return [geo for geo in found if not geo.endswith("ZZ")]


def _cover(version: str, regions: Sequence[str], matrices: pa.Table) -> dict[str, dict[str, float]]:
    """Return the share of each region's people that lived in regions of a version.

    The keys are the codes of NUTS 1, 2 and 3 of that version.
    """
    people: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for level in (2, 3):
        for origin, region, number in _flows(level, version, matrices):
            people[region][origin] += number
            if level == 2:
                people[region][origin[:3]] += number
    if version == ANALYSIS:
        for region in regions:
            people[region] |= {region: 1.0, region[:3]: 1.0}
    out = {}
    for region, found in people.items():
        total = {n: sum(v for k, v in found.items() if len(k) == n) for n in (3, 4, 5)}
        out[region] = {k: v / total[len(k)] for k, v in found.items() if total[len(k)] > 0}
    return out


def _flows(level: int, version: str, matrices: pa.Table) -> list[tuple[str, str, float]]:
    """Return origin, NUTS 2 region of today, and people who moved from one to the other."""
    text = {n: matrices.column(n).cast(pa.string()) for n in ("from_version", "to_version")}
    kept = pc.and_(
        pc.equal(text["to_version"], ANALYSIS), pc.equal(matrices.column("level"), level)
    )
    column = "from_geo"
    if version == ANALYSIS:  # any matrix into today tells how many people live where today
        olds = sorted(set(pc.filter(text["from_version"], kept).to_pylist()))
        if not olds or level == 2:
            return []
        version, column = olds[-1], "to_geo"
    found = matrices.filter(pc.and_(kept, pc.equal(text["from_version"], version)))
    origins = found.column(column).cast(pa.string()).to_pylist()
    regions = found.column("to_geo").cast(pa.string()).to_pylist()
    people = found.column("pop21").to_pylist()
    return [(o, r[:4], p) for o, r, p in zip(origins, regions, people, strict=True)]


def _whole(
    region: str, territories: Sequence[str], shares: Mapping[str, float], how: str
) -> list[Link]:
    """Return the territory that stands for a region, or those that do so together."""
    found = {t: shares[t] for t in territories if shares.get(t, 0) > 0}
    if most := [t for t, share in found.items() if share > MOST]:
        found = {most[0]: found[most[0]]}
    else:
        found = {t: share for t, share in found.items() if share >= LEAST}
    return [
        Link(region, t, how if region.startswith(t) else EARLIER, share)
        for t, share in found.items()
    ]


def _parts(region: str, territories: Sequence[str], shares: Mapping[str, float]) -> list[Link]:
    """Return the NUTS 3 regions with a strategy in a region, with their share of its people."""
    found = [t for t in territories if shares.get(t, 0) >= LEAST / 10 or t.startswith(region)]
    return [Link(region, t, PART, shares.get(t)) for t in found]
