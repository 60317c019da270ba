"""Intake of LimeSurvey's export of responses, one response in each row.

Which question is which is declared in ``limesurvey.yaml``; columns that are not declared there
(addresses, names, remarks) are not looked at. What a cell means is judged elsewhere.
"""

import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import Field

from s3etl.declarations import Declaration, read_declaration
from s3etl.stresstest.questionnaire import load
from sources.survey.found import TITLES, Cell, File, Found, Grid, Note, RawAnswer
from sources.survey.values import Fault, blank

FILE: Final = Path(__file__).parent / "limesurvey.yaml"
CODE: Final = re.compile(r"([A-Za-z][A-Za-z0-9_]*(?:\[[A-Za-z0-9_]+\])*)")
"""The question code that a heading begins with; a text may follow."""
ITEM_LIKE: Final = re.compile(r"d([0-9]{1,2})(?:x|_|\[|_sq0*|\[sq0*)([0-9]{1,2})\]?")


class LimeSurvey(Declaration):
    """How the questionnaire is built in LimeSurvey.

    Attributes:
        questionnaire: Version of the questionnaire.
        items: Question codes an item may have; ``{d}`` is the dimension, ``{i}`` the item.
        reasons: Codes of the question why an item is not applicable.
        response: Columns with the number of the response.
        submitted: Columns with the time a response was completed.
        person: Columns with the participant's token.
        region: Question codes of the region.
        wave: Question codes of the wave.
        group: Question codes of the respondent's group.
        groups: Group by answer code.
        answers: Level, DK or NA by answer code.
    """

    questionnaire: str
    items: tuple[str, ...] = Field(min_length=1)
    reasons: tuple[str, ...]
    response: tuple[str, ...]
    submitted: tuple[str, ...]
    person: tuple[str, ...]
    region: tuple[str, ...]
    wave: tuple[str, ...]
    group: tuple[str, ...]
    groups: dict[str, str]
    answers: dict[str, str]


class _Codes(NamedTuple):
    """The declaration, ready to look columns up: item by code, and mappings in small letters."""

    items: dict[str, str]
    reasons: dict[str, str]
    groups: dict[str, str]
    answers: dict[str, str]


class _Columns(NamedTuple):
    """Which column holds what; items and reasons by column, an unknown item as a fault."""

    items: dict[int, Cell]
    reasons: dict[str, int]
    named: dict[str, int]


@cache
def declaration() -> LimeSurvey:
    """Return how the questionnaire is built in LimeSurvey.

    Raises:
        CatalogueError: The declaration is not valid.
    """
    return read_declaration(FILE, LimeSurvey)


@cache
def _codes() -> _Codes:
    declared = declaration()

    def by_code(patterns: tuple[str, ...]) -> dict[str, str]:
        return {
            pattern.format(d=item.id[1], i=item.id[3]).casefold(): item.id
            for item in load().items
            for pattern in patterns
        }

    groups = {code.casefold(): group for code, group in declared.groups.items()}
    answers = {code.casefold(): answer for code, answer in declared.answers.items()}
    return _Codes(by_code(declared.items), by_code(declared.reasons), groups, answers)


def read(grid: Grid, file: File) -> Found | None:
    """Return what an export of responses holds; None if it is none."""
    for top in range(min(len(grid.rows), TITLES)):
        if columns := _columns(grid, top):
            break
    else:
        return None
    found, incomplete = Found([], [], []), 0
    if "submitted" not in columns.named:
        text = "no column submitdate: every response is taken as complete"
        found.notes.append(Note(grid.label, f"row {top + 1}", text, "export it as well"))
    for row in range(top + 1, len(grid.rows)):
        if _columns(grid, row):
            found.notes.append(Note(grid.label, f"row {row + 1}", "headings repeated, skipped"))
        elif grid.is_empty(row):
            continue
        elif "submitted" in columns.named and blank(grid.raw(row, columns.named["submitted"])):
            incomplete += 1
        else:
            _response(grid, row, columns, file, found)
    if incomplete:
        text = f"responses that were not submitted are left out: {incomplete}"
        found.notes.append(Note(grid.label, "", text))
    return found


def _columns(grid: Grid, row: int) -> _Columns | None:
    """Return which column holds what if the row is the headings of an export."""
    declared, codes = declaration(), _codes()
    roles = {
        code.casefold(): role
        for role in ("response", "submitted", "person", "region", "wave", "group")
        for code in getattr(declared, role)
    }
    columns = _Columns({}, {}, {})
    for column, cell in enumerate(grid.rows[row]):
        start = CODE.match(cell.strip()) if isinstance(cell, str) else None
        code = start[1].casefold() if start else ""
        if code in roles:
            columns.named.setdefault(roles[code], column)
        elif code in codes.reasons:
            columns.reasons.setdefault(codes.reasons[code], column)
        elif code in codes.items:
            columns.items[column] = codes.items[code]
        elif like := ITEM_LIKE.fullmatch(code):
            problem = f"expected an item from D1.1 to D7.6, found D{like[1]}.{like[2]}"
            columns.items[column] = Fault(problem, "correct the question's code in LimeSurvey")
    known = any(isinstance(item, str) for item in columns.items.values())
    return columns if known and {"response", "submitted", "person"} & set(columns.named) else None


def _response(grid: Grid, row: int, columns: _Columns, file: File, found: Found) -> None:
    def cell(role: str) -> Cell:
        return grid.at(row, columns.named.get(role))

    person, response = cell("person"), cell("response")
    who = person if not blank(person) else _numbered(response)
    group = _mapped(cell("group"), _codes().groups)
    for column, item in columns.items.items():
        answer = grid.at(row, column)
        if blank(answer):
            continue
        reason = columns.reasons.get(item) if isinstance(item, str) else None
        found.answers.append(
            RawAnswer(
                region=cell("region"),
                wave=cell("wave"),
                respondent=who,
                group=group,
                item=item,
                answer=_mapped(answer, _codes().answers),
                spot=file.spot(grid, row, column),
                reason=not blank(grid.raw(row, reason)),
                questionnaire=declaration().questionnaire,
            )
        )


def _numbered(response: Cell) -> Cell:
    """Return who answered without a token: the number of the response, told apart from codes."""
    if blank(response) or isinstance(response, Fault):
        return response
    number = f"{response:.15g}" if isinstance(response, float) else response
    return f"response {number}"


def _mapped(cell: Cell, codes: dict[str, str]) -> Cell:
    """Return what an answer code stands for; anything else as it is."""
    if not isinstance(cell, str):
        return cell
    return codes.get(cell.strip().casefold(), cell)
