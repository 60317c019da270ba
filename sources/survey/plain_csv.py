"""Intake of answers and evidence as plain lists, one answer or document in each row.

Cells are found by headings and handed on as they are; what they mean is judged elsewhere.
"""

from collections.abc import Iterator
from typing import Final

from sources.survey.found import (
    Cell,
    File,
    Found,
    Grid,
    Headings,
    Note,
    RawAnswer,
    RawDocument,
    heading_of,
)
from sources.survey.values import Fault, blank

ANSWERS: Final = ("respondent", "group", "item", "answer")
"""Headings a list of answers has; region, wave, nuts_version, questionnaire and reason may be
there, too. Region and wave may stand in the file's name instead."""
EVIDENCE: Final = ("item", "grade", "title", "date", "link")
"""Headings a list of evidence has; region, wave and nuts_version may be there, too."""


def read(grid: Grid, file: File) -> Found | None:
    """Return what a list holds; None if it is none."""
    found = Found([], [], [])
    if headings := grid.headings(ANSWERS):
        for row in _lines(grid, headings, ANSWERS, found):
            _answer(grid, row, headings, file, found)
        return found
    if headings := grid.headings(EVIDENCE):
        for row in _lines(grid, headings, EVIDENCE, found):
            found.documents.append(_document(grid, row, headings, file))
        return found
    return None


def _lines(grid: Grid, headings: Headings, wanted: tuple[str, ...], found: Found) -> Iterator[int]:
    """Yield the rows below the headings; titles and repeated headings are skipped."""
    if headings.row:
        text = f"{headings.row} rows above the headings skipped"
        found.notes.append(Note(grid.label, "row 1", text))
    for row in range(headings.row + 1, len(grid.rows)):
        cells = [heading_of(grid.raw(row, headings.columns[name])) for name in wanted]
        if cells == list(wanted):
            found.notes.append(Note(grid.label, f"row {row + 1}", "headings repeated, skipped"))
        elif not grid.is_empty(row):
            yield row


def _answer(grid: Grid, row: int, headings: Headings, file: File, found: Found) -> None:
    def cell(name: str) -> Cell:
        return grid.at(row, headings.columns.get(name))

    answer, reason = cell("answer"), cell("reason")
    if blank(answer):
        return  # not answered: no row, and never 0
    found.answers.append(
        RawAnswer(
            region=cell("region"),
            wave=cell("wave"),
            respondent=cell("respondent"),
            group=cell("group"),
            item=cell("item"),
            answer=answer,
            spot=file.spot(grid, row, headings.columns["answer"]),
            reason=not blank(reason) and not isinstance(reason, Fault),
            nuts_version=cell("nuts_version"),
            questionnaire=cell("questionnaire"),
        )
    )


def _document(grid: Grid, row: int, headings: Headings, file: File) -> RawDocument:
    def cell(name: str) -> Cell:
        return grid.at(row, headings.columns.get(name))

    return RawDocument(
        region=cell("region"),
        wave=cell("wave"),
        item=cell("item"),
        grade=cell("grade"),
        title=cell("title"),
        date=cell("date"),
        link=cell("link"),
        spot=file.spot(grid, row),
        nuts_version=cell("nuts_version"),
    )
