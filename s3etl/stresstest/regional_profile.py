"""One region's StressTest as people read it: its rows of the published tables, put in order.

Chooses, sorts and joins what the tables say; no score, gap or label is computed here, and
nothing is worded or drawn.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from s3etl.errors import Refused
from s3etl.stresstest.disclosure import ORDER
from s3etl.stresstest.documents import Document, of_evidence, of_practice, plain, reference
from s3etl.stresstest.questionnaire import load
from s3etl.stresstest.tables import TABLES

Row = dict[str, Any]

OVERALL: Final = "ST"
WEAKEST: Final = "ST-MIN"
GEOMETRIC: Final = "ST-GEO"
BALANCE: Final = "BALANCE"
KINDS: Final = ("evidence", "dialogue", "transfer")
"""Kinds of actions (methodology 2.8), in the order a reader meets them."""
NO_ROW: Final = "not scored: the tables have no row of it"


class Cell(NamedTuple):
    """What one group says of one item, and with whom it is shown.

    Attributes:
        value: Median of the group or pool; None where it is not shown.
        shown_as: The group, or a pool such as ``B+R``; empty where nothing is shown.
        answers: Valid answers in it.
        why: Why there is no value, or why it is a pool; empty for a group by itself.
    """

    value: float | None
    shown_as: str
    answers: int | None
    why: str


@dataclass(frozen=True)
class Profile:
    """What the tables say of a region in one wave.

    Attributes:
        geo: Region code.
        wave: Year of the wave.
        waves: Years of all its waves, in order.
        rows: Its rows by table name, texts cleaned of signs that hide or reorder text.
        regions: Names of regions by code.
        domains: Names of domains by id.
        documents: Public evidence by region and item.
        practices: Published practices by register and id.
        participation: Its cells of respondents.
    """

    geo: str
    wave: int
    waves: tuple[int, ...]
    rows: Mapping[str, Sequence[Row]]
    regions: Mapping[str, str] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[tuple[str, str], Sequence[Document]] = field(default_factory=dict)
    practices: Mapping[tuple[str, str], Row] = field(default_factory=dict)
    participation: Sequence[Row] = ()

    def region(self, code: str) -> str:
        """Return a region as people know it: name and code."""
        name = self.regions.get(code, "")
        return (f"{name} ({code})" if code not in name else name) if name else code

    @property
    def name(self) -> str:
        """Name of the region; its code where it has none."""
        return self.regions.get(self.geo) or self.geo

    @property
    def dimensions(self) -> list[Row]:
        """The seven dimensions in order; one without a row says so."""
        found = {row["indicator_id"]: row for row in self.rows["stresstest_dimension"]}
        blank = dict.fromkeys(TABLES["stresstest_dimension"].names)
        return [
            found.get(d.code)
            or blank | {"indicator_id": d.code, "title": d.name, "missing_because": NO_ROW}
            for d in load().dimensions
        ]

    def total(self, code: str) -> Row | None:
        """Return the row of ``ST``, ``ST-MIN`` or ``ST-GEO``; None if there is none."""
        return _first(self.rows["stresstest_dimension"], code)

    def direction(self, code: str) -> Row | None:
        """Return the row of ``C2S``, ``S2C`` or ``BALANCE``; None if there is none."""
        return _first(self.rows["stresstest_direction"], code)

    @property
    def weakest(self) -> Row | None:
        """The dimension with the smallest score; None where it is not told."""
        code = (self.total(WEAKEST) or {}).get("weakest_dimension")
        found = _first(self.dimensions, code) if code else None
        return found if found and found["value"] is not None else None

    @property
    def items(self) -> list[Row]:
        """Items in order."""
        return sorted(self.rows["stresstest_item"], key=lambda row: row["indicator_id"])

    @property
    def widest(self) -> list[Row]:
        """Items that trail others, the widest gap first."""
        behind = [row for row in self.items if (gap_of(row)[0] or 0) > 0]
        return sorted(behind, key=lambda row: -(gap_of(row)[0] or 0))

    def groups(self, item: str) -> dict[str, Cell]:
        """Return what each group says of an item; groups without a figure say why."""
        out: dict[str, Cell] = {}
        asked = load().by_id[item].groups if item in load().by_id else ORDER
        for group in ORDER:
            why = "not shown: no answer, or too few" if group in asked else "not asked"
            out[group] = Cell(None, "", None, why)
        for row in self.rows["stresstest_group"]:
            if row["indicator_id"] == item:
                cell = Cell(row["value"], row["shown_as"], row["answers"], row["reason"] or "")
                out |= dict.fromkeys(filter(out.__contains__, row["shown_as"].split("+")), cell)
        return out

    @property
    def divided(self) -> list[tuple[Row, dict[str, Cell], float]]:
        """Items with groups, and the span of what is shown of them; the widest first."""
        out = []
        for row in self.items:
            cells = self.groups(row["indicator_id"])
            told = [cell.value for cell in cells.values() if cell.value is not None]
            if told:
                out.append((row, cells, max(told) - min(told)))
        return sorted(out, key=lambda found: (-found[2], found[0]["indicator_id"]))

    @property
    def twins(self) -> list[Row]:
        """Items with a twin among the indicators, in order."""
        return sorted(self.rows["stresstest_twin"], key=lambda row: row["indicator_id"])

    def teachers(self, kind: str) -> dict[str, list[Row]]:
        """Return teachers of a kind (dimension or domain) by what they teach, the best first."""
        out: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(
            self.rows["stresstest_teacher"], key=lambda r: (r["indicator_id"], r["place"])
        ):
            if row["kind"] == kind:
                out[row["indicator_id"]].append(row)
        return dict(out)

    @property
    def reciprocal(self) -> dict[str, tuple[list[str], list[str]]]:
        """Return by teacher the dimensions it teaches, and those it learns from the region."""
        out: dict[str, tuple[list[str], list[str]]] = {}
        for code, found in self.teachers("dimension").items():
            for row in found:
                if row["reciprocal_in"]:
                    taught, _ = out.setdefault(row["teacher"], ([], _split(row["reciprocal_in"])))
                    taught.append(code)
        return out

    @property
    def actions(self) -> list[Row]:
        """What to do next, in order."""
        return sorted(self.rows["stresstest_action"], key=lambda row: row["place"])

    def own_evidence(self, row: Row) -> list[Document]:
        """Return the documents a teacher has on the very item of an action."""
        return list(self.documents.get((row["teacher"], row["indicator_id"]), ()))

    def evidence(self, row: Row) -> list[Document]:
        """Return the documents behind a teacher or an action: evidence of its items, practices."""
        items = _split(row["evidence_items"])
        found = [d for code in items for d in self.documents.get((row["teacher"], code), ())]
        for text in _split(row["practices"]):
            practice = self.practices.get(reference(text))
            found.append(of_practice(practice) if practice else Document("practice", text, "", ""))
        return found

    @property
    def reported(self) -> list[Row]:
        """Changes since the wave before whose interval leaves out zero, the largest first."""
        told = [row for row in self.rows["stresstest_change"] if row["reported"]]
        return sorted(told, key=lambda row: (-abs(row["value"]), row["indicator_id"]))

    @property
    def unreported(self) -> dict[str, list[Row]]:
        """Changes that are not reported, by reason."""
        return _by_reason(
            (row, row["not_reported_because"])
            for row in self.rows["stresstest_change"]
            if not row["reported"]
        )

    @property
    def withheld(self) -> dict[str, list[Row]]:
        """Items, dimensions, totals and directions without a score, by reason."""
        rows = [*self.dimensions]
        rows += [row for code in (OVERALL, WEAKEST) if (row := self.total(code))]
        rows += [*self.rows["stresstest_direction"], *self.items]
        return _by_reason((row, row["missing_because"]) for row in rows if row["value"] is None)

    @property
    def untold(self) -> dict[str, list[Row]]:
        """Items whose figures on perception are not shown, by reason."""
        told = [(row, row["perception_because"]) for row in self.items if row["value"] is not None]
        return _by_reason((row, why) for row, why in told if why)


def gap_of(row: Row) -> tuple[float | None, str]:
    """Return the gap of an item or dimension and whom it is to: peers, else frontrunners."""
    if row["peer_gap"] is not None:
        return row["peer_gap"], "peers"
    if row["frontier_gap"] is not None:
        return row["frontier_gap"], "frontier"
    return None, ""


def profile(
    tables: Mapping[str, pa.Table],
    geo: str,
    *,
    wave: int | None = None,
    regions: Mapping[str, str] | None = None,
    domains: Mapping[str, str] | None = None,
    evidence: pa.Table | None = None,
    practices: pa.Table | None = None,
    participation: pa.Table | None = None,
) -> Profile:
    """Collect what the tables say of a region.

    Args:
        tables: Tables of ``s3etl.stresstest.tables.TABLES`` by name.
        geo: Region code.
        wave: Year of the wave; the newest if not given.
        regions: Names of regions by code.
        domains: Names of domains by id.
        evidence: Table of ``s3etl.stresstest.answers.EVIDENCE``.
        practices: Table of ``s3etl.strategies.tables.PRACTICES``.
        participation: Table of ``s3etl.stresstest.disclosure.PARTICIPATION``.

    Raises:
        Refused: The region was not surveyed, or not in that wave.
    """
    surveyed = tables["stresstest_item"]
    own = surveyed.filter(pc.equal(surveyed.column("geo"), geo))
    waves = tuple(sorted(set(own.column("ref_year").to_pylist())))
    if not waves:
        known = sorted(set(surveyed.column("geo").to_pylist()))
        raise Refused(f"{geo}: no StressTest of it; surveyed are {', '.join(known) or 'none'}.")
    chosen = waves[-1] if wave is None else wave
    if chosen not in waves:
        raise Refused(f"{geo}: it has no wave {chosen}; it has {', '.join(map(str, waves))}.")
    rows = {
        name: _rows(tables[name], {"geo": geo, "ref_year": chosen}) if name in tables else []
        for name in TABLES
    }
    told = [] if participation is None else _rows(participation, {"region": geo, "wave": chosen})
    listed = [] if practices is None else _rows(practices, {})
    return Profile(
        geo=geo,
        wave=chosen,
        waves=waves,
        rows=rows,
        regions={code: plain(name) for code, name in (regions or {}).items()},
        domains={code: plain(name) for code, name in (domains or {}).items()},
        documents={} if evidence is None else of_evidence(evidence, chosen),
        practices={(row["register"], row["id"]): row for row in listed},
        participation=told,
    )


def _rows(table: pa.Table, where: Mapping[str, object]) -> list[Row]:
    for name, value in where.items():
        kind = table.schema.field(name).type
        table = table.filter(pc.equal(table.column(name), pa.scalar(value, kind)))
    return [{name: _clean(value) for name, value in row.items()} for row in table.to_pylist()]


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _split(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(";") if part.strip()]


def _first(rows: Iterable[Row], code: str) -> Row | None:
    return next((row for row in rows if row["indicator_id"] == code), None)


def _by_reason(found: Iterable[tuple[Row, str | None]]) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = defaultdict(list)
    for row, why in found:
        out[why or "no reason is told"].append(row)
    return dict(out)
