"""The portfolio block: business statistics made into cells, stars, indicators and alignment.

Reads accepted data and other blocks and calls :mod:`s3etl.portfolio` and
:mod:`s3etl.alignment`; it knows no formula.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import stages
from pipelines.workspace import Workspace
from s3etl.alignment import region as alignment
from s3etl.alignment import tables as alignment_tables
from s3etl.alignment.index import alignment_index
from s3etl.domains.projection import concordance
from s3etl.domains.records import ECOSYSTEMS, ecosystems
from s3etl.errors import Unfit
from s3etl.nuts.contiguity import neighbours
from s3etl.nuts.convert import convert
from s3etl.organisations.indicators import active_counts
from s3etl.organisations.method import load_method as organisation_method
from s3etl.organisations.quality import QualityMethod, load_quality, quality_of
from s3etl.portfolio import method_stress, scenario, tables
from s3etl.portfolio.arrays import divide
from s3etl.portfolio.cells import Bools, Floats
from s3etl.portfolio.disclosure import Shown, suppress
from s3etl.portfolio.divisions import DIVISIONS, division_table
from s3etl.portfolio.economy import Economy, Roles, fullest, of_years
from s3etl.portfolio.estimate import Portfolio, estimate
from s3etl.portfolio.fill import fill
from s3etl.portfolio.indicators import INDICATORS, indicators, star_counts
from s3etl.portfolio.method import PortfolioMethod, Series, load_method
from s3etl.portfolio.plants import cv2_of_divisions
from s3etl.portfolio.ranking import ranked
from s3etl.portfolio.scenario import SCENARIOS
from s3etl.portfolio.shock_vectors import shock_vectors, supposed
from s3etl.portfolio.stars import Fragility, Stars, fragility, stars
from s3etl.portfolio.stars_method import load_stars
from s3etl.portfolio.strengths import Strengths, strengths
from s3etl.portfolio.universe import UNIVERSE, universe_table
from s3etl.strategies.like import vectors
from s3etl.strategies.territory import NATIONAL

NUTS_GEOMETRY: Final = "nuts_geometry"
TABLES: Final = {
    "portfolio_cell": tables.CELLS,
    "portfolio_star": tables.STARS,
    "portfolio_indicator": tables.INDICATORS,
    "portfolio_division": DIVISIONS,
    "portfolio_universe": UNIVERSE,
    "alignment_cell": alignment_tables.CELLS,
    "alignment": alignment_tables.REGIONS,
    "scenario": SCENARIOS,
    "method_stress": method_stress.METHOD_STRESS,
}
"""Tables of the block and their columns."""


def compute(work: Workspace) -> dict[str, pa.Table]:
    """Compute the block: every series that has accepted data, side by side and never spliced.

    Raises:
        Unfit: The business statistics of no series have a year that can be used.
    """
    method = load_method()
    parts = [
        tables_of
        for series in method.series
        if work.store.accepted(series.dataset) is not None
        and (tables_of := _computed(work, series, method)) is not None
    ]
    if not parts:
        raise Unfit(f"portfolio: no cell is published in {' or '.join(method.datasets)}.")
    return {name: pa.concat_tables([part[name] for part in parts]) for name in TABLES}


def _computed(
    work: Workspace, series: Series, method: PortfolioMethod
) -> dict[str, pa.Table] | None:
    """Compute one series; None if none of its years can be used."""
    found = _portfolios(work, series, method)
    if found is None:
        return None
    now, before, economies = found
    shown = _shown(now)
    given = _stars(now, before)
    strong = given["default"][1].strong
    values = indicators(now, before, strong, method)
    declared = dict(INDICATORS)
    for name, (one, drawn, _) in given.items():
        told = star_counts(name, now, shown.share, one, drawn)
        declared[told[0]], values[told[0]] = told[1:]
    alike, _ = method_stress.with_diversity(now)
    if not alike >= method.sure_sign:
        why = f"its sign is not sure: it goes with diversity by {alike:.2f} only"
        declared["B-11"] = declared["B-11"]._replace(not_ranked=why)
    ranks = {
        name: ranked(value, declared[name], ~now.economy.divided, method, seed)
        for seed, (name, value) in enumerate(values.items())
    }
    strong_in = strengths(now, concordance(ecosystems()), shown.share, method)
    aligned, vectors_of = _aligned(work, now, strong_in, method)
    return {
        "portfolio_cell": tables.cell_table(now, shown, method),
        "portfolio_star": tables.star_table(now, shown, given, load_stars().agreement, method),
        "portfolio_indicator": tables.indicator_table(now, values, declared, ranks, method),
        "portfolio_division": division_table(now, shown, method),
        "portfolio_universe": universe_table(now, method),
        "alignment_cell": alignment_tables.cell_table(
            now, strong_in, aligned, vectors_of.counts, method
        ),
        "alignment": alignment_tables.region_table(now, aligned, method),
        "scenario": _scenarios(now, economies, series, strong_in, vectors_of, method),
        "method_stress": method_stress.method_stress_table(
            [
                *method_stress.of_ranks(ranks),
                *method_stress.of_stars({n: f[2] for n, f in given.items()}, load_stars().shift),
                *method_stress.of_complexity(now),
                *method_stress.of_total_economy(
                    now, _all_jobs(work, now.economy, method), method.cross_check
                ),
                *method_stress.of_plant_size(now, method),
                *_label_stress(vectors_of, strong_in, aligned),
            ],
            now.economy,
            method,
        ),
    }


def _label_stress(
    found: "Vectors", economy: Strengths, aligned: alignment.Aligned
) -> list[method_stress.Told]:
    """Say what other weights of labels would change in what is made of them."""
    measures = ("C-09-Q", "C-16")
    return method_stress.of_labels(
        {name: aligned.values[name] for name in measures},
        {
            name: {
                "C-09-Q": alignment.coverage(economy, organisations, load_method().strength),
                "C-16": alignment_index(found.strategy, economy.vector[0], organisations).index,
            }
            for name, organisations in found.instead.items()
        },
    )


def _scenarios(
    now: Portfolio,
    economies: Mapping[str, Economy],
    series: Series,
    economy: Strengths,
    found: "Vectors",
    method: PortfolioMethod,
) -> pa.Table:
    """Suppose declared shocks, and that past declines come again (10): no forecasts."""

    def supposing(told: scenario.Scenario) -> dict[str, scenario.Figure]:
        return scenario.figures(
            now,
            told,
            concordance(ecosystems()),
            economy,
            method,
            counts=found.active,
            quality=found.organisations,
            strategy=found.strategy,
        )

    vectors = [supposed(v, now.economy.divisions) for v in shock_vectors().values()]
    out = {told.id: (told, supposing(told)) for told in vectors}
    for start, end in series.replays:
        if start not in economies or end not in economies:
            continue
        told = scenario.replay(economies[start], economies[end])
        if np.isnan(told.shock).all():
            continue
        figures = supposing(told)
        figures["resistance"] = scenario.past_resistance(economies[start], economies[end])
        out[told.id] = (told, figures)
    return scenario.scenario_table(now, out, method)


def _portfolios(
    work: Workspace, series: Series, method: PortfolioMethod
) -> tuple[Portfolio, Portfolio | None, dict[str, Economy]] | None:
    """Return the portfolio of the reference year, of the year before, and all economies."""
    declared = work.catalogue.datasets[series.dataset]
    codes = (series.employment, series.wages, series.units)
    roles = Roles(*codes, series.dataset)
    stored = work.store.observations(series.dataset)
    names = [
        str(name)
        for name in stored.column("series").cast(pa.string()).unique().to_pylist()
        if str(name).rpartition(".")[2] in codes
    ]
    converted = convert(
        work.store.observations(series.dataset, sorted(names)),
        work.store.observations(stages.NUTS_MATRICES),
        extensive=declared.extensive,
        weight=declared.weight,
    ).observations
    year = fullest(converted, roles, work.origin, method.newest_years)
    if year is None:
        return None
    there = set(converted.column("period").cast(pa.string()).unique().to_pylist())
    wanted = {str(y) for y in range(int(year) - 2 * method.lag, int(year) + 1)}
    wanted |= {y for pair in series.replays for y in pair}
    economies = of_years(converted, roles, work.origin, sorted(wanted & there))
    start = str(int(year) - method.lag)
    for y in {year, start} & set(economies):
        economies[y] = _told_source(work, _with_plants(work, economies[y], series), series)
    before = None
    if start in economies:
        before = estimate(economies[start], _until(economies, start), method)
    return estimate(economies[year], _until(economies, year), method), before, economies


def _all_jobs(work: Workspace, economy: Economy, method: PortfolioMethod) -> Floats:
    """Return all jobs of each region, persons; NaN where national accounts do not tell them."""
    check = method.cross_check
    jobs = np.full(len(economy.regions), np.nan)
    if work.store.accepted(check.dataset) is None:
        return jobs
    declared = work.catalogue.datasets[check.dataset]
    found = convert(
        work.store.observations(check.dataset, [check.series]),
        work.store.observations(stages.NUTS_MATRICES),
        extensive=declared.extensive,
        weight=declared.weight,
    ).observations
    told = {
        (row["geo"], row["nuts_version"]): row["value"]
        for row in found.filter(pc.equal(found["period"], economy.year))
        .select(["geo", "nuts_version", "value"])
        .to_pylist()
        if row["value"] is not None
    }
    for place, key in enumerate(zip(economy.regions, economy.versions, strict=True)):
        jobs[place] = told.get(key, np.nan) * check.persons
    return jobs


def _with_plants(work: Workspace, economy: Economy, series: Series) -> Economy:
    """Return an economy that knows how unequal its plants are, where size classes tell it."""
    classes = series.size_classes
    if classes is None or work.store.accepted(classes.dataset) is None:
        return economy
    sizes = work.store.observations(classes.dataset)
    found = cv2_of_divisions(
        sizes, classes, economy.year, economy.divisions, economy.countries.tolist()
    )
    return replace(economy, plant_cv2=found)


def _told_source(work: Workspace, economy: Economy, series: Series) -> Economy:
    """Return an economy that knows which bytes it was read from."""
    accepted = work.store.accepted(series.dataset)
    if accepted is None:
        return economy
    source = accepted.snapshot
    return replace(economy, source_updated=source.source_updated, source_hash=source.sha256)


def _until(economies: Mapping[str, Economy], year: str) -> list[Economy]:
    return [economies[y] for y in sorted(economies) if y < year]


def _shown(now: Portfolio) -> Shown:
    """Decide what may be shown, of a table that meets its margins closely."""
    table = now.economy.employment
    close = fill(table, now.filled, tolerance=1e-6, iterations=1000).value
    close = np.where(np.isnan(close), now.filled, close)
    nowhere = np.zeros(len(now.economy.countries), bool)  # no total of a universe is published
    return suppress(table, close, corners=now.economy.corners, universe=nowhere)


def _stars(now: Portfolio, before: Portfolio | None) -> dict[str, tuple[Stars, Stars, Fragility]]:
    """Return the stars of every rule set, of the filled table and of the draws."""
    declared, economy = load_stars(), now.economy
    table = economy.employment
    jobs = np.where(table.value > 0, table.value, np.nan)
    national = divide(economy.national_wages, np.where(table.columns > 0, table.columns, np.nan))
    cost = divide(divide(economy.wages, jobs), national[table.country])

    def measures(filled: Floats, lq: Floats, shrunk: Floats, growth: Floats) -> dict[str, Floats]:
        usable = now.usable[:, None]
        return {
            "employment": np.where(usable, filled, np.nan),
            "lq": np.where(usable, lq, np.nan),
            "shrunk_lq": np.where(usable, shrunk, np.nan),
            "share": np.where(usable, divide(filled, filled.sum(axis=-1, keepdims=True)), np.nan),
            "labour_cost": np.where(usable, cost, np.nan),
            "growth": growth,
            "local_units": np.where(usable, economy.units, np.nan),
        }

    growth = _growth(now.filled, now, before.filled if before else None, before)
    many = _growth(now.drawn, now, before.drawn if before else None, before)
    one = measures(now.filled, now.quotients.raw, now.quotients.value, growth)
    drawn = measures(now.drawn, now.drawn_quotients.raw, now.drawn_quotients.value, many)
    out = {}
    for name, rules in declared.rule_sets.items():
        split = economy.divided
        out[name] = (
            stars(rules, one, method=declared.quantile, split=split),
            stars(rules, drawn, method=declared.quantile, split=split),
            fragility(rules, one, declared, split=split),
        )
    return out


def _growth(
    after: Floats, now: Portfolio, first: Floats | None, before: Portfolio | None
) -> Floats:
    """Return growth of a cell less that of its division in the universe (methodology 3.5)."""
    if first is None or before is None:
        return np.full(after.shape, np.nan)
    columns = (now.economy.employment.columns, before.economy.employment.columns)
    both = np.isfinite(columns[0]) & np.isfinite(columns[1])
    totals = [np.where(both, column, 0).sum(axis=0) for column in columns]
    own = divide(after, np.where(first > 0, first, np.nan)) - 1
    same = now.usable & before.usable & ~before.economy.divided
    return np.where(same[:, None], own - (divide(totals[0], totals[1]) - 1), np.nan)


class Vectors(NamedTuple):
    """What registers tell of regions and domains, R × K.

    Attributes:
        strategy: π; a row of NaN where there is no strategy.
        organisations: κ, not yet of sum 1; zero where no organisation is listed.
        counts: Number of organisations, the same.
        active: Number of active ones; a row of NaN where none is listed: that is not none.
        national: π of the country.
        widths: R, median number of domains of a priority; NaN where there is no strategy.
        instead: κ by other weights of labels.
    """

    strategy: Floats
    organisations: Floats
    counts: Floats
    active: Floats
    national: Floats
    widths: Floats
    instead: dict[str, Floats]


def _aligned(
    work: Workspace, now: Portfolio, economy: Strengths, method: PortfolioMethod
) -> tuple[alignment.Aligned, Vectors]:
    found = _vectors(work, list(now.economy.regions), economy.domains)
    return (
        alignment.align(
            found.strategy,
            economy,
            found.organisations,
            found.counts,
            found.national,
            widths=found.widths,
            adjacent=_adjacent(work, list(now.economy.regions)),
            threshold=method.strength,
            sure=method.label_share,
            interval=method.interval,
            seed=method.seed,
        ),
        found,
    )


def _adjacent(work: Workspace, regions: list[str]) -> Bools | None:
    """Return which regions are neighbours, where outlines are accepted."""
    if work.store.accepted(NUTS_GEOMETRY) is None:
        return None
    return neighbours(work.store.observations(NUTS_GEOMETRY), regions)


def _vectors(work: Workspace, regions: list[str], domains: tuple[str, ...]) -> Vectors:
    """Collect strategies and organisations from the blocks of registers."""
    shape = (len(regions), len(domains))
    strategy, national = np.full(shape, np.nan), np.full(shape, np.nan)
    widths = np.full(len(regions), np.nan)
    at, column = {g: i for i, g in enumerate(regions)}, {d: k for k, d in enumerate(domains)}
    priorities = work.store.block("strategies").get("priority")
    if priorities is not None:
        pi = vectors(priorities)
        order = [column[domain] for domain in pi.domains]
        for row, geo in enumerate(pi.regions):
            if geo in at:
                strategy[at[geo]] = 0.0
                strategy[at[geo], order] = pi.weights[row]
                widths[at[geo]] = pi.widths[row]
        _national(priorities, regions, column, national)
    quality = load_quality()
    weighed = {name: quality.instead(name) for name in quality.other_weights}
    block = work.store.block("organisations")
    found = {
        name: _organisations(block, at, column, chosen)
        for name, chosen in {"": quality, **weighed}.items()
    }
    organisations, counts = found.pop("")
    active = _active(block, regions, domains, quality)
    instead = {name: other[0] for name, other in found.items()}
    return Vectors(strategy, organisations, counts, active, national, widths, instead)


def _active(
    block: Mapping[str, pa.Table],
    regions: list[str],
    domains: tuple[str, ...],
    quality: QualityMethod,
) -> Floats:
    """Return how many organisations are active; a row of NaN where no register lists one."""
    if not block:
        return np.full((len(regions), len(domains)), np.nan)
    return active_counts(
        block["organisation"],
        block["organisation_domain"],
        organisation_method(),
        quality,
        as_of=_register_day(block),
        regions=regions,
        domain_names=domains,
    )


def _national(
    priorities: pa.Table, regions: list[str], column: Mapping[str, int], national: Floats
) -> None:
    totals: dict[str, Floats] = defaultdict(lambda: np.zeros(national.shape[1]))
    for row in priorities.to_pylist():
        if row["applies"] == NATIONAL and row["domain_set"] == ECOSYSTEMS and row["domain"]:
            totals[row["geo"]][column[row["domain"]]] += row["weight"] * row["priority_weight"]
    for i, geo in enumerate(regions):
        if geo[:2] in totals and totals[geo[:2]].sum() > 0:
            national[i] = totals[geo[:2]] / totals[geo[:2]].sum()


def _organisations(
    block: Mapping[str, pa.Table],
    at: Mapping[str, int],
    column: Mapping[str, int],
    quality: QualityMethod,
) -> tuple[Floats, Floats]:
    """Return Σ a G Q over the organisations of each region and domain, each once, and how many."""
    organisations, counts = np.zeros((2, len(at), len(column)))
    if not block:
        return organisations, counts
    domains: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in block["organisation_domain"].to_pylist():
        if row["domain_set"] == ECOSYSTEMS:
            domains[row["register"], row["id"]][row["domain"]] = row["weight"]
    seen: dict[str, list[dict[str, Any]]] = defaultdict(list)
    columns = ["register", "id", "organisation", "geo"]
    rows = block["organisation"].select(columns).to_pylist()
    for row, weight in zip(rows, _qualities(block, quality), strict=True):
        seen[row["organisation"]].append({**row, "quality": weight})
    for records in seen.values():
        geo = next((r["geo"] for r in records if r["geo"] in at), None)
        own = [
            domains[r["register"], r["id"]] for r in records if (r["register"], r["id"]) in domains
        ]
        if geo is None or not own:
            continue
        best = max(r["quality"] for r in records)
        for domain in {d for shares in own for d in shares}:
            share = sum(shares.get(domain, 0.0) for shares in own) / len(own)
            organisations[at[geo], column[domain]] += best * share
            counts[at[geo], column[domain]] += 1
    return organisations, counts


def newest_series(block: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return the rows of the newest series of business statistics, of tables that tell series."""
    if not block:
        return {}
    years = block["portfolio_cell"].select(["source_dataset", "ref_year"])
    newest = years.sort_by([("ref_year", "descending")]).column("source_dataset")[0]
    return {
        name: table.filter(pc.equal(table.column("source_dataset"), newest))
        for name, table in block.items()
        if "source_dataset" in table.column_names
    }


def _qualities(block: Mapping[str, pa.Table], method: QualityMethod) -> Floats:
    """Return Q of each record, on the day of the registers."""
    labels = {
        name: block["organisation"].column(name).to_pylist()
        for name in ("quality_label", "label_from", "label_until")
    }
    return quality_of(
        labels["quality_label"],
        labels["label_until"],
        _register_day(block),
        since=labels["label_from"],
        method=method,
    )


def _register_day(block: Mapping[str, pa.Table]) -> date:
    """Return the day labels and confirmations are told for."""
    told = block["registry_indicator"].column("register_day")
    return date.fromisoformat(told[0].as_py()) if len(told) else date.min
