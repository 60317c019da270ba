"""Intake of the survey's own workbook, as :mod:`sources.survey.template` writes it.

Cells are found by headings and handed on as they are; what they mean is judged elsewhere.
"""

import re
from typing import Final

from s3etl.errors import Changed
from s3etl.stresstest.questionnaire import load
from sources.survey import layout
from sources.survey.found import (
    ANEW,
    Cell,
    File,
    Found,
    Grid,
    Headings,
    Note,
    RawAnswer,
    RawDocument,
    heading_of,
    headings_in,
    lines_below,
    read_cell,
    sheet_of,
)
from sources.survey.respondents import (
    SEAT,
    Respondent,
    item_named,
    reasons_given,
    respondents,
)
from sources.survey.values import Fault, blank, region_of, wave_of

PLACE: Final = re.compile(r"region ([A-Z]{2}[0-9A-Z]{1,3}), wave ([0-9]{4})")
VERSION: Final = re.compile(r"[0-9]{4}\.[0-9]{1,3}")


class _Place:
    """Region, NUTS version and wave of a workbook, as its sheet About says."""

    def __init__(self, file: File) -> None:
        grid = sheet_of(file, layout.ABOUT)
        facts = {heading_of(grid.raw(r, 0)): grid.at(r, 1) for r in range(len(grid.rows))}
        where = f"{file.label}, sheet {layout.ABOUT}"
        version = _text(facts.get(layout.VERSION_LABEL.casefold()))
        if version != load().version:
            found = version if VERSION.fullmatch(version) else "another"
            raise Changed(
                f"{where}: expected questionnaire {load().version}, found {found}; {ANEW}."
            )
        labels = (layout.REGION_LABEL, layout.WAVE_LABEL, layout.NUTS_LABEL)
        region, wave, nuts_version = (facts.get(label.casefold()) for label in labels)
        for cell in (region, wave, nuts_version):
            if isinstance(cell, Fault):
                raise Changed(f"{where}: {cell.problem}; {ANEW}.")
        code, year = read_cell(region_of, region), read_cell(wave_of, wave)
        for read in (code, year):
            if isinstance(read, Fault):
                raise Changed(f"{where}: {read.problem}; {ANEW}.")
        self.region, self.wave, self.nuts_version = region, wave, nuts_version
        self.questionnaire: Cell = version
        self.says = (str(code[0]), str(year[0]))

    def of(self, grid: Grid, headings: Headings) -> Cell:
        """Return the region, or why a sheet is of another one: it was copied from elsewhere."""
        for row in grid.rows[: headings.row]:
            for cell in row:
                found = PLACE.search(cell) if isinstance(cell, str) else None
                if found and found.groups() != self.says:
                    region, wave = self.says
                    return Fault(
                        f"expected region {region}, wave {wave}, as the sheet {layout.ABOUT} "
                        f"says, found a sheet of {found[1]}, {found[2]}",
                        "copy the sheet's answers into the workbook of their region and wave",
                    )
        return self.region


def is_workbook(file: File) -> bool:
    """Whether a file is the survey's workbook, by the names of its sheets.

    Raises:
        Changed: It was one, and a sheet that is needed is gone.
    """
    needed = (layout.ABOUT, layout.ANSWERS, layout.RESPONDENTS)
    names = {grid.name for grid in file.grids}
    missing = [name for name in needed if name.casefold() not in names]
    if missing and len(missing) < len(needed):
        raise Changed(f"{file.label}: expected a sheet {missing[0]}, found none; {ANEW}.")
    return not missing


def read(file: File) -> Found:
    """Return what a workbook holds.

    Raises:
        Changed: It says nothing usable of questionnaire, region and wave, or headings are gone.
    """
    place, found = _Place(file), Found([], [], [])
    people = respondents(file, found)
    _answers(file, place, people, found)
    _documents(file, place, found)
    for grid in file.grids:
        if grid.label.startswith("sheet ") and grid.rows:
            found.notes.append(Note(grid.label, "", "a sheet of its own, not read"))
    return found


def _text(cell: Cell) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def _answers(file: File, place: _Place, people: dict[int, Respondent], found: Found) -> None:
    grid = sheet_of(file, layout.ANSWERS)
    item, *others = layout.ANSWER_HEADINGS
    headings = headings_in(grid, (item, layout.seat(1)), file)
    region, reasons = place.of(grid, headings), reasons_given(file, found)
    silent = {item.casefold(), *(other.casefold() for other in others)}
    lines = [
        row
        for row in lines_below(grid, headings, item, found)
        if not _is_group_line(grid, row, headings.columns[item.casefold()])
    ]
    answered = set()
    for column in range(max((len(grid.rows[row]) for row in lines), default=0)):
        heading = heading_of(grid.raw(headings.row, column))
        seat = SEAT.fullmatch(heading)
        number = int(seat[1]) if seat else None
        empty = all(blank(grid.raw(row, column)) for row in lines)
        if heading in silent or (empty and not _takes_part(people.get(number or 0))):
            continue
        person = _seated(number, people, file, grid, headings, column)
        for row in lines:
            asked = grid.at(row, headings.columns[item.casefold()])
            cell, named = grid.at(row, column), item_named(asked)
            if blank(cell) or (not named and blank(grid.raw(row, column))):
                continue
            answered.add(number)
            found.answers.append(
                RawAnswer(
                    region=region,
                    wave=place.wave,
                    respondent=person.who,
                    group=person.group,
                    item=asked,
                    answer=cell,
                    spot=file.spot(grid, row, column),
                    reason=(number, named) in reasons,
                    nuts_version=place.nuts_version,
                    questionnaire=place.questionnaire,
                )
            )
    for n, person in people.items():
        if n not in answered and _takes_part(person):
            text = f"R{n} has a group and no answers"
            found.notes.append(Note(layout.RESPONDENTS, "", text, "fill the column, or leave it"))


def _takes_part(person: Respondent | None) -> bool:
    return person is not None and not isinstance(person.group, Fault)


def _is_group_line(grid: Grid, row: int, column: int) -> bool:
    """Whether a line repeats the groups of the respondents and holds no answers."""
    return heading_of(grid.raw(row, column)) == layout.GROUP_LINE.casefold()


def _seated(
    number: int | None,
    people: dict[int, Respondent],
    file: File,
    grid: Grid,
    headings: Headings,
    column: int,
) -> Respondent:
    """Return whose column it is."""
    where = file.spot(grid, headings.row, column).cell
    if number is None:
        problem = "expected a respondent such as R1 in the headings, found something else"
        fault = Fault(problem, "move the answers to the respondent's column", grid.label, where)
        return Respondent(fault, None)
    if headings.columns.get(heading_of(grid.raw(headings.row, column))) != column:
        fault = Fault(
            f"expected one column for R{number}, found two", "leave one", grid.label, where
        )
        return Respondent(fault, None)
    if number not in people:
        problem = f"expected R{number} in the sheet {layout.RESPONDENTS}, found none"
        fault = Fault(problem, "add the respondent's line and group", layout.RESPONDENTS)
        return Respondent(f"r{number}", fault)
    return people[number]


def _documents(file: File, place: _Place, found: Found) -> None:
    grid = next((g for g in file.grids if g.name == layout.EVIDENCE.casefold()), None)
    if grid is None:
        return
    wanted = tuple(h for h in layout.EVIDENCE_HEADINGS if h != layout.EVIDENCE_HEADINGS[1])
    headings = headings_in(grid, wanted, file)
    region, columns = place.of(grid, headings), headings.columns
    for row in lines_below(grid, headings, wanted[0], found):
        cells = [grid.at(row, columns[heading.casefold()]) for heading in wanted]
        if all(blank(cell) for cell in cells):
            continue
        item, grade, title, date, link = cells
        found.documents.append(
            RawDocument(
                region=region,
                wave=place.wave,
                item=item,
                grade=grade,
                title=title,
                date=date,
                link=link,
                spot=file.spot(grid, row),
                nuts_version=place.nuts_version,
            )
        )
