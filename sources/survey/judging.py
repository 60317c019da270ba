"""From raw cells to the rows of the answers and evidence tables, with every fault that is found.

Rules on single rows and on rows together; where cells stand in a file is not known here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

import pyarrow as pa

from s3etl.nuts.vintage import VERSIONS
from s3etl.stresstest.answers import ANSWERS, EVIDENCE, EVIDENCE_KEY, KEY
from s3etl.stresstest.questionnaire import load
from sources.sheets import Value
from sources.survey import values
from sources.survey.found import Cell, File, RawAnswer, RawDocument, Spot, read_cell
from sources.survey.pseudonyms import pseudonym
from sources.survey.values import Answer, Fault

Known = Callable[[str, str], bool]
"""Whether there is a region (code, NUTS version)."""

T = TypeVar("T")
DOCUMENTED: Final = 2
"""Grade from which on a document has title, date and link."""
ALIKE: Final = "found twice, alike; kept once"


class Rules(NamedTuple):
    """What is needed to judge.

    Attributes:
        key: Key of the pseudonyms.
        nuts_version: NUTS version where a file names none.
        known: Whether a region exists; not asked if there is no way to know.
    """

    key: bytes
    nuts_version: str
    known: Known | None = None


@dataclass
class Row:
    """One row of a table in the making.

    Attributes:
        values: Cells by column.
        spot: Where it was found.
        notes: What was repaired.
        faults: Why it cannot be used.
    """

    spot: Spot
    values: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def take(self, reader: Callable[[Value], tuple[T, str] | Fault], cell: Cell) -> T | None:
        """Return what a cell means; a note or fault is kept."""
        read = read_cell(reader, cell)
        if isinstance(read, Fault):
            self.faults.append(read)
            return None
        if read[1]:
            self.notes.append(read[1])
        return read[0]

    def record(self) -> dict[str, Any]:
        """Return the row as a record of its table."""
        sentences = dict.fromkeys(str(fault) for fault in self.faults)
        found = {"repaired": ", ".join(self.notes), "problem": " ".join(sentences)}
        return self.values | self.spot._asdict() | found


def answer_row(raw: RawAnswer, file: File, rules: Rules) -> Row:
    """Return one answer as a row (methodology 2.3)."""
    row = Row(raw.spot)
    region, wave = _place(row, raw, file, rules)
    row.values["questionnaire"] = _questionnaire(row, raw.questionnaire)
    identity = row.take(values.identity_of, raw.respondent)
    row.values["respondent"] = None
    if identity is not None and region is not None and wave is not None:
        row.values["respondent"] = pseudonym(rules.key, region, wave, identity)
    group = row.values["group"] = row.take(values.group_of, raw.group)
    item = row.values["item"] = row.take(values.item_of, raw.item)
    if group and item and group not in load().by_id[item].groups:
        problem = f"expected no answer of group {group} to {item}, found one"
        row.faults.append(Fault(problem, "delete it: the item is not asked of that group"))
    _answer(row, raw)
    return row


def _answer(row: Row, raw: RawAnswer) -> None:
    read = raw.answer if isinstance(raw.answer, Fault) else values.answer_of(raw.answer)
    if isinstance(read, Fault):
        row.faults.append(read)
        read = Answer(None, "")
    elif read.note:
        row.notes.append(read.note)
    reason = read.state == "NA" and raw.reason
    if read.state == "NA" and not reason and not row.faults:
        row.notes.append("no reason given for NA")
    usable = not row.faults
    row.values["answer"] = read.level if usable else None
    row.values["state"] = read.state if usable else None
    row.values["reason_given"] = reason and usable


def document_row(raw: RawDocument, file: File, rules: Rules) -> Row:
    """Return one document as a row (methodology 2.4-1)."""
    row = Row(raw.spot)
    _, wave = _place(row, raw, file, rules)
    row.values["item"] = row.take(values.item_of, raw.item)
    grade = row.take(values.grade_of, raw.grade)
    title = row.take(values.title_of, raw.title)
    link = row.take(values.link_of, raw.link)
    last = values.LAST_WAVE if wave is None else wave
    date = row.take(lambda cell: values.date_of(cell, last), raw.date)
    if grade is not None and grade >= DOCUMENTED and not row.faults:
        parts = {"title": title, "date": date, "link": link}
        if missing := [name for name, part in parts.items() if not part]:
            wanted = " and ".join(missing)
            problem = f"expected {wanted} of a document of grade {grade}, found none"
            row.faults.append(Fault(problem, "add what is missing, or lower the grade to 1"))
    if row.faults:
        grade, title, date, link = None, None, None, None
    row.values |= {"grade": grade, "title": title, "date": date, "link": link}
    return row


def _place(
    row: Row, raw: RawAnswer | RawDocument, file: File, rules: Rules
) -> tuple[str | None, int | None]:
    """Read region, NUTS version and wave; what a file does not say, its name may."""
    named = values.blank(raw.region), values.blank(raw.wave)
    region = row.take(values.region_of, file.region if named[0] and file.region else raw.region)
    wave = row.take(values.wave_of, file.wave if named[1] and file.wave else raw.wave)
    version = _nuts_version(row, raw.nuts_version, rules)
    for said, found, what in ((file.region, region, "region"), (file.wave, wave, "wave")):
        if said and found and said != found:
            problem = f"expected {what} {said}, as the file's name says, found {found}"
            row.faults.append(Fault(problem, f"correct the {what}, or rename the file"))
    if region and version and rules.known and not rules.known(region, version):
        problem = f"expected a region of NUTS {version}, found {region}, which is none"
        row.faults.append(Fault(problem, "correct the code, or the NUTS version it is of"))
    row.values |= {"region": region, "nuts_version": version, "wave": wave}
    return region, wave


def _nuts_version(row: Row, cell: Cell, rules: Rules) -> str | None:
    def read(value: Value) -> tuple[str, str] | Fault:
        text = f"{value:g}" if isinstance(value, int | float) else value
        if isinstance(text, str) and text.strip() in VERSIONS:
            return text.strip(), ""
        return Fault("expected a NUTS version, found another thing", f"write one of {VERSIONS[-1]}")

    return row.take(read, rules.nuts_version if values.blank(cell) else cell)


def _questionnaire(row: Row, cell: Cell) -> str | None:
    def read(value: Value) -> tuple[str, str] | Fault:
        if isinstance(value, str) and value.strip() == load().version:
            return load().version, ""
        return Fault(
            f"expected questionnaire {load().version}, found another",
            "ask for the answers to that questionnaire",
        )

    return row.take(read, load().version if values.blank(cell) else cell)


def settled(rows: list[Row], key: tuple[str, ...]) -> list[Row]:
    """Return rows of which no two usable ones have the same key.

    What was found twice alike is kept once with a note; what was found differently is set aside,
    all of it, since nothing says which is right.
    """
    seen: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if not row.faults:
            seen.setdefault(tuple(row.values[column] for column in key), []).append(row)
    dropped = set()
    for twins in seen.values():
        if len(twins) == 1:
            continue
        if all(_said(twin) == _said(twins[0]) for twin in twins):
            twins[0].notes.append(ALIKE)
            dropped |= {id(twin) for twin in twins[1:]}
            continue
        problem = f"expected one answer to {twins[0].values['item']}, found {len(twins)}"
        remedy = "leave one; if they are different people, give each an own code"
        for twin in twins:
            _set_aside(twin, Fault(f"{problem} different ones of the same respondent", remedy))
    return [row for row in rows if id(row) not in dropped]


def _said(row: Row) -> tuple[Any, ...]:
    return tuple(row.values.get(name) for name in ("group", "answer", "state"))


def one_group_each(rows: list[Row]) -> None:
    """Set the rows of respondents aside who appear in several groups."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if row.values["respondent"] and row.values["group"]:
            key = tuple(row.values[name] for name in KEY[:3])
            groups.setdefault(key, []).append(row)
    for theirs in groups.values():
        found = "".join(sorted({row.values["group"] for row in theirs}))
        if len(found) > 1:
            problem = f"expected one group of a respondent, found {' and '.join(found)}"
            for row in theirs:
                _set_aside(row, Fault(problem, "correct the group in each row"))


def _set_aside(row: Row, fault: Fault) -> None:
    row.faults.append(fault)
    for name in ("answer", "state"):
        row.values[name] = None
    row.values["reason_given"] = False


def settled_answers(rows: list[Row]) -> list[Row]:
    """Return answers without contradictions between rows, of all files together."""
    one_group_each(rows)
    return settled(rows, KEY)


def settled_documents(rows: list[Row]) -> list[Row]:
    """Return documents, each once, of all files together."""
    return settled(rows, EVIDENCE_KEY)


def answers_table(rows: list[Row]) -> pa.Table:
    """Return rows as a table of ``s3etl.stresstest.answers.ANSWERS``."""
    return pa.Table.from_pylist([row.record() for row in rows], schema=ANSWERS)


def evidence_table(rows: list[Row]) -> pa.Table:
    """Return rows as a table of ``s3etl.stresstest.answers.EVIDENCE``."""
    return pa.Table.from_pylist([row.record() for row in rows], schema=EVIDENCE)
