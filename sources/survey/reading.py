"""Intake of survey files: which reader each needs, and everything that is wrong with them.

Bytes in, tables out; nothing is stored, and no free text leaves except titles of documents.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple

import pyarrow as pa

from s3etl.errors import Changed, Refused
from sources.kept import is_kept, read_kept
from sources.sheets import Sheet, is_workbook, read_file, read_sheets
from sources.survey import layout, limesurvey, plain_csv, workbook
from sources.survey.found import FILE_NAME, File, Found, Grid, Note, Spot
from sources.survey.judging import (
    Known,
    Row,
    Rules,
    answer_row,
    answers_table,
    document_row,
    evidence_table,
    settled_answers,
    settled_documents,
)
from sources.survey.values import Fault

CHECK_KEY: Final = b"pseudonyms of a check are thrown away"
PARENTHESES: Final = re.compile(r" \([^)]*\)")
SEVERITIES: Final = ("problem", "repair", "note")
FORMATS: Final = (
    "the survey's workbook, a CSV file with the columns respondent, group, item and answer, "
    "or a LimeSurvey export with question codes"
)


class Problem(NamedTuple):
    """Something a check found.

    Attributes:
        sheet: Sheet, or the file's label; empty for the file as a whole.
        cell: Cell such as B7, or a row.
        problem: What was expected and what kind of thing was found.
        remedy: What to do.
        severity: ``problem`` sets a row aside, ``repair`` was mended while reading, ``note``
            is worth knowing.
        file: The file's label.
    """

    sheet: str
    cell: str
    problem: str
    remedy: str
    severity: Literal["problem", "repair", "note"] = "problem"
    file: str = ""


class Read(NamedTuple):
    """What was read.

    Attributes:
        answers: Table of ``s3etl.stresstest.answers.ANSWERS``.
        evidence: Table of ``s3etl.stresstest.answers.EVIDENCE``.
        notes: What is worth knowing about whole sheets.
    """

    answers: pa.Table
    evidence: pa.Table
    notes: tuple[Problem, ...]


class _Rows(NamedTuple):
    answers: list[Row]
    documents: list[Row]
    notes: list[Problem]


def read_answers(
    files: Mapping[str, bytes], *, key: bytes, nuts_version: str, known: Known | None = None
) -> Read:
    """Read the files of a survey (methodology 2.3).

    A row that cannot be used is there with its problem; a file that cannot be read at all is
    one row of the answers with the problem, and the others go on. Names of files and sheets are
    repeated only if they are declared ones, others are numbered.

    Args:
        files: Bytes by file name.
        key: Key of the pseudonyms (:func:`sources.survey.pseudonyms.key`).
        nuts_version: NUTS version of region codes where a file names none.
        known: Whether a region (code, NUTS version) exists; not asked if not given.
    """
    rows = _rows(files, Rules(key, nuts_version, known))
    answers = answers_table(settled_answers(rows.answers))
    return Read(answers, evidence_table(settled_documents(rows.documents)), tuple(rows.notes))


def check(path: Path, *, known: Known | None = None, nuts_version: str = "2024") -> list[Problem]:
    """Return everything that is wrong with a file or was mended, in order, problems first.

    Args:
        path: The file.
        known: Whether a region (code, NUTS version) exists; not asked if not given.
        nuts_version: NUTS version of region codes where the file names none.

    Raises:
        Refused: There is no such file.
    """
    if not path.is_file():
        raise Refused(f"{path.name}: there is no such file; look at the path.")
    try:
        data = read_file(path)
    except Changed as error:
        return [_whole(str(error), path.name)]
    rows = _rows({path.name: data}, Rules(CHECK_KEY, nuts_version, known))
    found = []
    for row in [*settled_answers(rows.answers), *settled_documents(rows.documents)]:
        found += _problems(row)
    return sorted(dict.fromkeys([*found, *rows.notes]), key=lambda p: SEVERITIES.index(p.severity))


def _problems(row: Row) -> list[Problem]:
    spot = row.spot
    cell = spot.cell or (f"row {spot.row}" if spot.row else "")
    found = [
        Problem(f.sheet or spot.sheet, f.cell or cell, f.problem, f.remedy, file=spot.file)
        for f in row.faults
    ]
    if row.notes:
        text, remedy = ", ".join(row.notes), "nothing has to be done if that is right"
        found.append(Problem(spot.sheet, cell, text, remedy, "repair", spot.file))
    return found


def _whole(message: str, label: str) -> Problem:
    problem, _, remedy = message.rstrip(".").rpartition("; ")
    return Problem("", "", problem or message, remedy if problem else "", file=label)


def _rows(files: Mapping[str, bytes], rules: Rules) -> _Rows:
    rows = _Rows([], [], [])
    for number, name in enumerate(sorted(files), 1):
        label = name if FILE_NAME.fullmatch(name) else f"file {number}"
        try:
            file = _file(files[name], name, label)
            found = _found(file)
        except Changed as error:
            rows.answers.append(_refused(PARENTHESES.sub("", str(error)), name, label, rules))
            continue
        rows.answers.extend(answer_row(raw, file, rules) for raw in found.answers)
        rows.documents.extend(document_row(raw, file, rules) for raw in found.documents)
        rows.notes.extend(
            Problem(n.sheet, n.cell, n.text, n.remedy, "note", label) for n in found.notes
        )
    return rows


def _file(data: bytes, name: str, label: str) -> File:
    book = is_workbook(data)
    sheets = read_kept(data, label) if is_kept(data) else read_sheets(data, label)
    grids = tuple(Grid(s, _label(s, n, label, book=book)) for n, s in enumerate(sheets, 1))
    said = FILE_NAME.fullmatch(name)
    return File(label, said[1] if said else "", int(said[2]) if said else None, grids)


def _label(sheet: Sheet, number: int, label: str, *, book: bool) -> str:
    if not book:
        return label
    name = " ".join(sheet.name.split()).casefold()
    return next((s for s in layout.SHEETS if s.casefold() == name), f"sheet {number}")


def _found(file: File) -> Found:
    """Read a file with the reader it needs."""
    found = workbook.read(file) if workbook.is_workbook(file) else _lists(file)
    if not found.answers and not found.documents:
        raise Changed(f"{file.label}: expected answers, found none; fill it and send it again.")
    for grid in file.grids:
        found.notes.extend(Note(grid.label, "", note) for note in grid.notes)
    return found


def _lists(file: File) -> Found:
    """Read plain lists and exports of responses, whichever sheet they are in."""
    found, lists = Found([], [], []), 0
    for grid in file.grids:
        part = plain_csv.read(grid, file) or limesurvey.read(grid, file)
        if part is not None:
            lists += 1
            found.answers.extend(part.answers)
            found.documents.extend(part.documents)
            found.notes.extend(part.notes)
        elif grid.rows and len(file.grids) > 1:
            found.notes.append(Note(grid.label, "", "a sheet of its own, not read"))
    if not lists:
        raise Changed(f"{file.label}: expected {FORMATS}, found another file; send one of these.")
    return found


def _refused(message: str, name: str, label: str, rules: Rules) -> Row:
    """Return the one row of a file that cannot be read at all."""
    said = FILE_NAME.fullmatch(name)
    problem, _, remedy = message.rstrip(".").rpartition("; ")
    fault = Fault(problem, remedy) if problem else Fault(message.rstrip("."), "send it anew")
    place = {"region": said[1] if said else None, "wave": int(said[2]) if said else None}
    values = place | {"nuts_version": rules.nuts_version, "reason_given": False}
    return Row(Spot(label, "", 0, ""), {"respondent": None, "group": None} | values, [], [fault])
