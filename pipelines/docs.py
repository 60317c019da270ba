"""Reference pages written from the declarations, so that they cannot drift from them.

``python -m pipelines.docs`` writes them anew; ``--check`` only says which are out of date. No
prose for people to maintain belongs here.
"""

import inspect
import json
import sys
from pathlib import Path

from pipelines import docs_registers
from s3etl.catalogue import Catalogue, Dataset, Indicator, Method, ReferenceTable, Suite
from s3etl.declarations import Declaration
from s3etl.measures import MEASURES
from s3etl.registers.declaration import Register

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- indicators: begin (make docs) -->", "<!-- indicators: end -->"
NOTE = "<!-- Written by make docs from the declarations; do not edit. -->"


PILLARS = {
    "ECO": "Economy",
    "RDI": "Research, development, innovation",
    "HUM": "Human capital",
    "IND": "Industry",
    "ENT": "Enterprises",
    "DIG": "Digitalisation",
    "OPN": "Openness",
    "INS": "Institutions",
}


def _state(indicator: Indicator) -> str:
    return indicator.status if indicator.measure else "not computed"


def _pillar_table(catalogue: Catalogue) -> str:
    """Count the framework's indicators by pillar and state."""
    states = ("verified", "unverified", "not computed")
    lines = [f"| Pillar | {' | '.join(s.capitalize() for s in states)} |", "|---|---|---|---|"]
    framework = [i for i in catalogue.indicators.values() if i.framework]
    for pillar, name in PILLARS.items():
        found = [_state(i) for i in framework if i.pillar == pillar]
        lines.append(f"| {name} | {' | '.join(str(found.count(s)) for s in states)} |")
    own = len(catalogue.indicators) - len(framework)
    lines += ["", f"{len(framework)} framework indicators, and {own} of the project beside them."]
    return "\n".join(lines)


def _indicator_table(catalogue: Catalogue) -> str:
    lines = ["| Indicator | Title | Unit | Direction | Status |", "|---|---|---|---|---|"]
    order = sorted(catalogue.indicators.values(), key=lambda i: (not i.framework, i.id))
    for i in order:
        link = f"[`{i.id}`](#{i.id.lower()})"
        lines.append(f"| {link} | {i.title} | {i.unit} | {i.direction} | {_state(i)} |")
    return "\n".join(lines)


def _readme(catalogue: Catalogue) -> str:
    text = (ROOT / "README.md").read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{_pillar_table(catalogue)}\n{END}{after}"


def _codes(chosen: str | tuple[str, ...]) -> str:
    return chosen if isinstance(chosen, str) else " + ".join(chosen)


def _card(indicator: Indicator) -> str:
    kind = "Framework indicator" if indicator.framework else "Indicator of the project"
    if indicator.variant_of:
        kind += f", near {indicator.variant_of} without being it"
    lines = [
        f"## {indicator.id}",
        "",
        f"**{indicator.title}.** {indicator.definition}",
        "",
        f"- {kind}; pillar {indicator.pillar}; compared at NUTS {indicator.level}.",
        f"- Unit: {indicator.unit}. Direction: `{indicator.direction}`.",
        f"- Measure: `{indicator.measure}`"
        + "".join(f", {k} = {v:g}" for k, v in indicator.parameters.items())
        + "."
        if indicator.measure
        else f"- Not computed: {indicator.not_computed}",
    ]
    for name, role in indicator.roles.items():
        filters = ", ".join(f"{k} = {_codes(v)}" for k, v in role.series.items())
        lags = "" if role.lags == (0,) else f"; years before: {', '.join(map(str, role.lags))}"
        former = ", ".join(f"{k} = {_codes(v)}" for k, v in (role.formerly or {}).items())
        former = f" (in earlier files {former})" if former else ""
        lines.append(f"- `{name}`: `{role.dataset}`, {filters}{former}{lags}.")
    noise = indicator.noise_sd or indicator.noise_cv
    if noise:
        what = "standard deviation" if indicator.noise_sd else "coefficient of variation"
        lines.append(f"- Measurement noise: {what} {noise:g}.")
    for geo, why in indicator.set_apart.items():
        lines.append(f"- {geo} is shown and not ranked: {why}.")
    lines.append(
        f"- Status: {indicator.status}; filters: {indicator.confidence}. Source: {indicator.source}"
    )
    if indicator.notes:
        lines.append(f"- {indicator.notes}")
    return "\n".join(lines)


def _indicators(catalogue: Catalogue) -> str:
    cards = "\n\n".join(map(_card, catalogue.indicators.values()))
    return f"# Indicators\n\n{NOTE}\n\n{_indicator_table(catalogue)}\n\n{cards}\n"


def _datasets(catalogue: Catalogue) -> str:
    lines = ["# Datasets", "", NOTE, ""]
    for d in catalogue.datasets.values():
        lines += [f"## {d.id}", "", f"{d.title}.", ""]
        lines.append(f"- Cite as {d.citation}. {d.licence}.")
        lines.append(f"- NUTS {d.nuts_version}, levels {', '.join(map(str, d.levels))}.")
        taken = "codes taken" if d.selection else "all codes"
        for name, codes in d.dimensions.items():
            lines.append(f"- `{name}` ({taken}): {', '.join(codes)}.")
        for earlier in d.earlier:
            said = "; ".join(f"`{name}`: {', '.join(codes)}" for name, codes in earlier.items())
            lines.append(f"- Earlier files: {said}.")
        adds = ", ".join(d.extensive) or "none"
        lines.append(f"- Units: {', '.join(d.unit_names)}. Units that add up over regions: {adds}.")
        lines.append(f"- At most {d.quarantine_tolerance:.1%} of the rows may be set aside.")
        for suite in catalogue.suites_of(d.id):
            for e in suite.expectations:
                lines.append(f"- Judged ({e.severity}): `{e.type}` {e.kwargs}. {e.why}")
        lines += [f"- {d.notes}"] if d.notes else []
        lines.append("")
    lines += ["# Reference tables", ""]
    for t in catalogue.tables.values():
        lines += [f"## {t.id}", "", f"{t.title}.", "", f"- Cite as {t.citation}. {t.licence}."]
        lines.append(f"- Files: {', '.join(f'`{name}`' for name in t.files)}.")
        lines += [f"- At {t.addresses[0].rsplit('/', 1)[0]}."] if t.addresses else []
        lines += [f"- {t.notes}"] if t.notes else []
        lines.append("")
    return "\n".join(lines)


def _measures() -> str:
    """Show each formula with the table that defines it in the tests."""
    lines = ["# Measures", "", NOTE, ""]
    lines += ["Columns of one name are the terms of that role; an empty cell is missing.", ""]
    for name, measure in MEASURES.items():
        summary = inspect.cleandoc(measure.__doc__ or "").split("\n\nArgs:")[0]
        table = (ROOT / "tests" / "spec" / "measures" / f"{name}.md").read_text()
        lines += [f"## {name}", "", summary, "", table]
    return "\n".join(lines)


def _tables() -> str:
    from warehouse import tables  # noqa: PLC0415  (only this page needs SQL)

    lines = ["# Published tables", "", NOTE, ""]
    lines += [
        "Rows are inserted and never changed; only `channel` is a pointer. The view `latest` has",
        "the columns of `benchmark`, `channel` and `origin` (`sample` is synthetic), for the",
        "current release of each channel.",
        "",
    ]
    for table in tables.metadata.sorted_tables:
        lines += [f"## {table.name}", "", f"{table.comment}", ""]
        lines += ["| Column | Type |", "|---|---|"]
        lines += [f"| `{c.name}` | {c.type} |" for c in table.c]
        lines.append("")
    return "\n".join(lines)


def _graph(catalogue: Catalogue) -> str:
    """List every asset with its parents, checks and group, a line each."""
    from pipelines.assets import assets_of  # noqa: PLC0415  (Dagster takes a second)

    lines = []
    for asset in assets_of(catalogue):
        for spec in asset.specs:
            parents = ", ".join(sorted(d.asset_key.to_user_string() for d in spec.deps)) or "-"
            checks = ", ".join(c.name for c in asset.check_specs) or "-"
            lines.append(
                f"{spec.key.to_user_string()} | group {spec.group_name} | from {parents} | "
                f"checks {checks}"
            )
    return "\n".join(sorted(lines)) + "\n"


def pages(catalogue: Catalogue) -> dict[Path, str]:
    """Return every generated file with what it should say."""
    schemas: dict[str, type[Declaration]] = {
        "dataset": Dataset,
        "reference_table": ReferenceTable,
        "indicator": Indicator,
        "suite": Suite,
        "method": Method,
        "register": Register,
    }
    written = {
        ROOT / "README.md": _readme(catalogue),
        ROOT / "docs" / "indicators.md": _indicators(catalogue),
        ROOT / "docs" / "datasets.md": _datasets(catalogue),
        ROOT / "docs" / "registers.md": docs_registers.registers(catalogue),
        ROOT / "docs" / "domains.md": docs_registers.domains(),
        ROOT / "docs" / "questionnaire.md": docs_registers.questionnaire(),
        ROOT / "docs" / "measures.md": _measures(),
        ROOT / "docs" / "tables.md": _tables(),
        ROOT / "tests" / "golden" / "graph.txt": _graph(catalogue),
    }
    for name, model in schemas.items():
        schema = model.model_json_schema()
        # The file name is the id, so no file has the field.
        schema["properties"].pop("id")
        schema["required"].remove("id")
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        written[ROOT / "docs" / "schemas" / f"{name}.json"] = text
    return written


def stale(catalogue: Catalogue) -> list[Path]:
    """Return the generated files that are out of date."""
    return [
        path
        for path, text in pages(catalogue).items()
        if not path.exists() or path.read_text() != text
    ]


def main(arguments: list[str]) -> int:
    """Write the pages, or check them."""
    from pipelines.workspace import load_catalogue  # noqa: PLC0415

    catalogue = load_catalogue()
    old = stale(catalogue)
    if "--check" in arguments:
        for path in old:
            print(f"{path.relative_to(ROOT)} is out of date; run make docs.")  # noqa: T201
        return 1 if old else 0
    for path, text in pages(catalogue).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
