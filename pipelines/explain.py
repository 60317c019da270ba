"""One thing in full: an indicator as declared, or a figure with everything behind it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.console import cell, console, print_table
from s3etl.catalogue import Indicator
from warehouse.read import Row, Trace
from warehouse.trace_block import BlockTrace


def indicator(declared: Indicator) -> None:
    """Show one indicator in full."""
    kind = "framework indicator"
    if not declared.framework:
        near = f", near {declared.variant_of} without being it" if declared.variant_of else ""
        kind = f"indicator of the project{near}"
    parameters = "".join(f", {k} = {v:g}" for k, v in declared.parameters.items())
    rows = [
        ("title", declared.title),
        ("definition", declared.definition),
        ("unit", declared.unit),
        ("direction", declared.direction),
        ("compared at", f"NUTS {declared.level}"),
        ("kind", f"{kind}, pillar {declared.pillar}"),
        ("measure", (declared.measure or f"none: {declared.not_computed}") + parameters),
    ]
    for name, role in declared.roles.items():
        codes = ", ".join(
            f"{k}={v if isinstance(v, str) else '+'.join(v)}" for k, v in role.series.items()
        )
        lags = "" if role.lags == (0,) else f", years before: {', '.join(map(str, role.lags))}"
        rows.append((name, f"{role.dataset} ({codes}){lags}"))
    rows += [(f"set apart, {geo}", why) for geo, why in declared.set_apart.items()]
    rows += [
        ("filters", declared.confidence),
        ("status", declared.status),
        ("source", declared.source),
    ]
    rows += [("notes", declared.notes)] if declared.notes else []
    print_table(declared.id, ("", ""), rows)


def figure(found: Trace, channel: str, home: Path) -> None:
    """Show a figure, its norms, the observations it used and the bytes they stand in."""
    f, sample = found.figure, found.release["origin"] == "sample"
    rows = [
        ("indicator", f"{found.indicator['title']}: {found.indicator['definition']}"),
        ("region, year", f"{f['geo']} (NUTS {f['nuts_version']}), {f['ref_year']}"),
        ("value", _value(f)),
        ("status", f"{f['obs_status']}, {f['conf_status']}; flags: {f['obs_flag'] or 'none'}"),
        ("conversion", _conversion(f)),
        ("rank", _rank(f)),
        *_scores(found),
        ("release", f"{f['release_id']} in channel {channel}, as of {f['as_of']}"),
        ("content hash", found.release["content_hash"]),
        ("method, software", f"{f['method_version']}, s3etl {found.release['software_version']}"),
    ]
    if sample:
        rows.append(("note", "synthetic sample data, not statistics"))
    print_table(f"{f['indicator_id']} {f['geo']} {f['ref_year']}", ("", ""), rows)
    _observations(found)
    _bytes(found, home)


def block_figure(found: BlockTrace, indicator_id: str, channel: str, home: Path) -> None:
    """Show a figure of a block, what it was compared with, its cells and the bytes read."""
    first = found.figures[0]
    at = f"{indicator_id} {first['geo']} {first['ref_year']}"
    rows = [
        ("figure", f"{first.get('title', indicator_id)}, table {found.table}"),
        ("region, year", f"{first['geo']} (NUTS {first['nuts_version']}), {first['ref_year']}"),
        *((_variant(f), _block_value(f)) for f in found.figures),
        ("release", f"{found.release['release_id']} in channel {channel}"),
        ("content hash", found.release["content_hash"]),
        *([("method", first["method_version"])] if "method_version" in first else []),
    ]
    if found.release["origin"] == "sample":
        rows.append(("note", "synthetic sample data, not statistics"))
    print_table(at, ("", ""), rows)
    if found.parts:
        print_table(
            f"What it is made of, in {first['geo']} {first['ref_year']}",
            ("part", "value", "weight", "status"),
            [(p["part"], p["value"], p["weight"], p["obs_status"]) for p in found.parts],
        )
    if found.universes:
        _compared(found)
    named = {
        f"{i['snapshot']}  {i['dataset']}, read by {', '.join(i['read_by'])}": i
        for i in found.inputs
    }
    _kept(named, found.release["origin"], home)


def _compared(found: BlockTrace) -> None:
    """Show what a figure of the portfolio was compared with, and its own cells."""
    print_table(
        "Universe: totals of countries that publish them (table portfolio_universe)",
        ("series", "year", "divisions", "published cells", "regions", "countries"),
        [
            (
                *(u["source_dataset"], u["ref_year"], u["divisions"], u["published_cells"]),
                *(u["regions"], " ".join(u["countries"])),
            )
            for u in found.universes
        ],
    )
    print_table(
        f"Divisions of {found.figures[0]['geo']} it rests on (table portfolio_cell)",
        ("series", "state", "divisions", "shown"),
        [(c["source_dataset"], c["state"], c["divisions"], c["shown"]) for c in found.cells],
    )


def _variant(f: Row) -> str:
    """Return what tells one figure of an id from another: series, scenario, ρ."""
    parts = [f.get("index_id") or f.get("source_dataset"), f.get("scenario")]
    parts += [f"ρ = {f['rho']:g}"] if f.get("rho") is not None else []
    return ", ".join(part for part in parts if part) or "value"


def _block_value(f: Row) -> str:
    if f["value"] is None:
        return f"none ({f.get('missing_because') or f.get('not_rankable_because')})"
    text = f"{cell(f['value'])} {f['unit']}"
    if f.get("interval_low") is not None:
        text += f" (5–95 %: {cell(f['interval_low'])} to {cell(f['interval_high'])})"
    if f.get("rank") is not None:
        text += f", rank {_rank(f)}"
    return text


def _value(f: Row) -> str:
    if f["value"] is None:
        return f"none ({f['missing_because']})"
    interval = f"{cell(f['interval_low'])} to {cell(f['interval_high'])}"
    return f"{cell(f['value'])} {f['unit']} (5–95 %: {interval})"


def _conversion(f: Row) -> str:
    if f["conv_method"] == "none":
        return "none: the territory is as published"
    missing = f", {f['conv_missing']:.1%} of its weight missing" if f["conv_missing"] else ""
    return f"{f['conv_method']} from another NUTS version, exact to {f['conv_exact']:.4f}{missing}"


def _rank(f: Row) -> str:
    if not f["rankable"]:
        return f"none ({f['not_rankable_because']})"
    return f"{f['rank']} of {f['n_compared']} (5–95 %: {f['rank_low']}–{f['rank_high']})"


def _scores(found: Trace) -> list[tuple[str, str]]:
    rows = []
    for norm in found.norms:
        over = f"{norm['n_pooled']} values of {norm['first_year']} to {norm['last_year']}"
        low, high = norm["low"], norm["high"]
        if norm["kind"] == "min_max":
            name, score = "score, 0 to 100", found.figure["score_min_max"]
            against = f"goalposts {cell(low)} and {cell(high)} over {over}"
        else:
            name, score = "z-score", found.figure["score_z"]
            against = f"mean {cell(low)}, deviation {cell(high - low)} over {over}"
        if score is not None:
            rows.append((name, f"{cell(score)} ({against})"))
    return rows


def _series(declaration: Mapping[str, Any], observation: Row) -> str:
    """Return a series key with the names of its dimensions, as the indicator was declared then."""
    role = declaration["roles"][observation["role"]]
    codes = observation["series"].split(".")
    for names in (role["series"], role["formerly"] or {}):
        chosen = [(c,) if isinstance(c, str) else c for c in names.values()]
        if len(names) == len(codes) and all(
            code in known for code, known in zip(codes, chosen, strict=True)
        ):
            return " ".join(f"{name}={code}" for name, code in zip(names, codes, strict=True))
    return str(observation["series"])


def _observations(found: Trace) -> None:
    declaration = json.loads(found.indicator["declaration"])
    print_table(
        "Observations used",
        (
            "role",
            "dataset",
            "series",
            "region",
            "share",
            "period",
            "value",
            "unit",
            "flag",
            "status",
        ),
        [
            (
                o["role"],
                o["source_dataset"],
                _series(declaration, o),
                f"{o['source_geo']} (NUTS {o['source_nuts_version']})",
                o["share"],
                o["period"],
                o["value"],
                o["unit"],
                o["obs_flag"] or "none",
                f"{o['obs_status']}, {o['conf_status']}",
            )
            for o in found.observations
        ],
    )


def _bytes(found: Trace, home: Path) -> None:
    named = {o["snapshot"]: o | {"dataset": o["source_dataset"]} for o in found.observations}
    _kept(named, found.release["origin"], home)


def _kept(snapshots: Mapping[str, Row], origin: str, home: Path) -> None:
    """Show each snapshot below its name: file, address, time, and where its bytes are kept."""
    console.print("[bold]Bytes[/bold]")
    for name, o in snapshots.items():
        places = [
            home / origin / folder / o["dataset"] / o["snapshot"] / "body"
            for folder in ("raw", "restricted/raw")
        ]
        kept = next((place for place in places if place.exists()), places[0])
        updated = o["source_updated"] or "unknown"
        lines = (
            f"  {name}",
            f"    file {o['file']} from {o['retrieved_from']}, taken {o['retrieved_at']}",
            f"    updated by the provider: {updated}",
            f"    kept as {kept}",
        )
        for line in lines:
            console.print(line, soft_wrap=True, markup=False)
