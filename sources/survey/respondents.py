"""Who answered in a survey workbook: respondents, their groups and their reasons for NA.

Own codes leave here only to become pseudonyms, and of a reason only that it was given.
"""

import re
from typing import Final

from sources.survey import layout
from sources.survey.found import (
    Cell,
    File,
    Found,
    Note,
    heading_of,
    headings_in,
    lines_below,
    read_cell,
    sheet_of,
)
from sources.survey.values import Fault, blank, identity_of, item_of

SEAT: Final = re.compile(r"r ?([0-9]{1,3})")
"""Heading of a respondent, in small letters."""


class Respondent:
    """One respondent: who, of which group, and whether anything is entered."""

    def __init__(self, who: Cell, group: Cell) -> None:
        self.who = who
        self.group = group


def respondents(file: File, found: Found) -> dict[int, Respondent]:
    """Return the respondents by number."""
    grid = sheet_of(file, layout.RESPONDENTS)
    number, group, _, code = layout.RESPONDENT_HEADINGS
    headings = headings_in(grid, (number, group), file)
    columns = headings.columns
    people: dict[int, Respondent] = {}
    owners: dict[str, list[int]] = {}
    for row in lines_below(grid, headings, number, found):
        seat = SEAT.fullmatch(heading_of(grid.raw(row, columns[number.casefold()])))
        entries = [grid.at(row, columns.get(h.casefold())) for h in (group, code)]
        if seat is None:
            if not all(blank(entry) for entry in entries):
                text = "a line without the number of a respondent, not read"
                found.notes.append(Note(grid.label, f"row {row + 1}", text, "put it at R1 to R40"))
            continue
        n = int(seat[1])
        who = _identity(entries[1], n, file.spot(grid, row, columns.get(code.casefold())).cell)
        where = file.spot(grid, row, columns[group.casefold()]).cell
        if n in people:
            twice = f"expected each respondent once, found R{n} twice"
            who = Fault(twice, "give each respondent one line", grid.label, where)
        people[n] = Respondent(who, _group(entries[0], n, where))
        if isinstance(who, str):
            owners.setdefault(who, []).append(n)
    for numbers in owners.values():
        if len(numbers) > 1:
            both = " and ".join(f"R{n}" for n in numbers)
            fault = Fault(f"expected each own code once, found one at {both}", "correct the codes")
            for n in numbers:
                if not isinstance(people[n].who, Fault):  # found twice as well
                    people[n].who = fault._replace(sheet=grid.label)
    return people


def _identity(code: Cell, number: int, where: str) -> Cell:
    if blank(code):
        return f"r{number}"
    read = read_cell(identity_of, code)
    if isinstance(read, Fault):
        return read._replace(sheet=layout.RESPONDENTS, cell=where)
    return read[0]


def _group(cell: Cell, number: int, where: str) -> Cell:
    if isinstance(cell, Fault):
        return cell._replace(sheet=layout.RESPONDENTS, cell=where)
    if blank(cell):
        problem = f"expected a group for R{number}, found none"
        return Fault(problem, "choose it from the list", layout.RESPONDENTS, where)
    return cell


def item_named(cell: Cell) -> str:
    """Return the item a cell names; empty if it names none."""
    read = read_cell(item_of, cell)
    return "" if isinstance(read, Fault) else read[0]


def reasons_given(file: File, found: Found) -> set[tuple[int, str]]:
    """Return for which respondent and item a reason is given; the reason itself stays here."""
    grid = next((g for g in file.grids if g.name == layout.NOT_APPLICABLE.casefold()), None)
    given: set[tuple[int, str]] = set()
    if grid is None:
        return given
    person, item, reason = (heading.casefold() for heading in layout.REASON_HEADINGS)
    headings = headings_in(grid, layout.REASON_HEADINGS, file)
    for row in lines_below(grid, headings, person, found):
        seat = SEAT.fullmatch(heading_of(grid.raw(row, headings.columns[person])))
        asked = item_named(grid.at(row, headings.columns[item]))
        text = grid.at(row, headings.columns[reason])
        if seat and asked and not blank(text) and not isinstance(text, Fault):
            given.add((int(seat[1]), asked))
        else:
            told = "a reason without respondent, item or text, not counted"
            found.notes.append(Note(grid.label, f"row {row + 1}", told, "complete the line"))
    return given
