"""Reference pages on registers, domains and the questionnaire, written from the declarations.

Text only; they are written and checked by :mod:`pipelines.docs`.
"""

from s3etl.catalogue import Catalogue
from s3etl.domains.records import concordance_table, ecosystems
from s3etl.registers.kinds import KINDS
from s3etl.stresstest.questionnaire import load

NOTE = "<!-- Written by make docs from the declarations; do not edit. -->"


def registers(catalogue: Catalogue) -> str:
    """Return the page on registers: each declared one, then what its records may hold."""
    lines = ["# Registers", "", NOTE, ""]
    lines += [
        "Lists of organisations, priorities, schemes, practices and answers, dropped as files in",
        "a folder that `s3etl run --from FOLDER` reads. What a register does not carry is absent,",
        "never zero. Columns with data on persons are dropped before anything is stored.",
        "",
    ]
    for r in catalogue.registers.values():
        lines += [f"## {r.id}", "", f"{r.title}.", ""]
        lines.append(f"- Holds {r.holds}. Files: {', '.join(f'`{name}`' for name in r.files)}.")
        lines.append(f"- Cite as {r.citation}. Terms: {r.licence}.")
        told = "may be passed on record by record" if r.redistribute else "are only counted"
        lines.append(f"- Its records {told}. Regions are of NUTS {r.nuts_version}.")
        if r.cadence_days:
            lines.append(f"- A new edition is expected every {r.cadence_days} days.")
        for field in r.columns:
            lines.append(f"- `{field}` from {', '.join(f'`{c}`' for c in r.column(field))}.")
        for field, text in r.constants.items():
            lines.append(f"- `{field}` is {text}.")
        lines += (
            [f"- Labels by `s3etl/domains/sets/ecosystems/labels/{r.labels}.csv`."]
            if r.labels
            else []
        )
        lines.append(
            f"- At most {r.quarantine_tolerance:.0%} of the records may be set aside; an edition "
            f"with less than {r.least_share:.0%} of those before is refused."
        )
        for suite in catalogue.suites_of(r.id):
            for e in suite.expectations:
                lines.append(f"- Judged ({e.severity}): `{e.type}` {e.kwargs}. {e.why}")
        lines += [f"- {r.notes}"] if r.notes else []
        lines.append("")
    lines += ["# Kinds of records", ""]
    for name, kind in KINDS.items():
        lines += [f"## {name}", "", f"{kind.title}.", "", "| Field | Kind | Is |", "|---|---|---|"]
        for f in kind.fields:
            told = f" ({', '.join(f.choices)})" if f.choices else ""
            star = " *" if f.required else ""
            lines.append(f"| `{f.name}`{star} | {f.kind}{told} | {f.meaning} |")
        lines.append("")
    lines += ["A record without a field marked * is set aside.", ""]
    return "\n".join(lines)


def domains() -> str:
    """Return the page on the industrial ecosystems and their table from NACE divisions."""
    chosen = ecosystems()
    declared = chosen.declared
    lines = ["# Domains", "", NOTE, "", f"{declared.title}, version {declared.version}."]
    lines += [f"Source: {declared.source}. NACE Rev. {declared.nace_version}.", ""]
    lines += [declared.notes, "", "| Domain | Name |", "|---|---|"]
    lines += [f"| `{domain}` | {name} |" for domain, name in declared.domains.items()]
    lines += ["", "# Divisions", "", "| Division | Domain | Share | Origin | Note |"]
    lines.append("|---|---|---|---|---|")
    for row in concordance_table(chosen).to_pylist():
        lines.append(
            f"| {row['division']} | `{row['domain']}` | {row['weight']:g} | {row['origin']} | "
            f"{row['note'] or ''} |"
        )
    return "\n".join([*lines, ""])


def questionnaire() -> str:
    """Return the page on the StressTest questionnaire."""
    q = load()
    groups = ", ".join(f"{g.code} {g.name}" for g in q.groups)
    lines = ["# Questionnaire", "", NOTE, "", f"Version {q.version}. {q.statement}", ""]
    lines += [f"Groups: {groups}. Direction: C2S clusters to S3, S2C S3 to clusters, SYS system."]
    lines += ["Evidence: d document, k checked against an indicator. CPR: fulfilment criterion of"]
    lines += ["the enabling condition (Regulation (EU) 2021/1060, Annex IV).", ""]
    lines += ["| Level | Means |", "|---|---|"]
    lines += [f"| {level.value} | {level.label} |" for level in q.scale]
    lines += [f"| {state.code} | {state.label} |" for state in q.states]
    lines += ["", "| Dimension | Name | Weight |", "|---|---|---|"]
    lines += [f"| {d.code} | {d.name} | {d.weight:g} |" for d in q.dimensions]
    lines += [
        "",
        "| Item | Text | Direction | Groups | Evidence | CPR |",
        "|---|---|---|---|---|---|",
    ]
    for i in q.items:
        cpr = ", ".join(map(str, i.cpr))
        lines.append(f"| {i.id} | {i.text} | {i.direction} | {i.groups} | {i.evidence} | {cpr} |")
    return "\n".join([*lines, ""])
