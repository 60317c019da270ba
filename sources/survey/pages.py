"""The sheets of the survey workbook, each written by one function.

Takes a worksheet and writes on it; every text goes in as text. Nothing is opened or saved here.
"""

import datetime as dt
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from s3etl.stresstest.questionnaire import load
from sources.survey import layout
from sources.survey.filling import Filling, Survey
from sources.survey.styles import Styles
from sources.survey.values import EARLIEST, LONGEST_TITLE
from sources.survey.words import about_the_data, how_to

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

REASONS: Final = 150
DOCUMENTS: Final = 200
CHOICES: Final = ("0", "1", "2", "3", "4", "DK", "NA")
HEADER: Final = 2
"""Row of the headings, from 0; title and a line of help stand above."""


def _page(sheet: "Worksheet", footer: str, *, landscape: bool = True, wide: int = 1) -> None:
    sheet.set_paper(9)  # A4
    if landscape:
        sheet.set_landscape()
    sheet.fit_to_pages(wide, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer(f"&L{footer}&R&P / &N")
    sheet.hide_gridlines(2)


def _top(
    sheet: "Worksheet", name: str, help_text: str, survey: Survey, filling: Filling, style: Styles
) -> None:
    """Write the title and the line of help, and set up the page."""
    sheet.write_string(0, 0, layout.title(name, survey.region, survey.wave), style.title)
    sheet.set_row(0, 24)
    sheet.write_string(1, 0, filling.banner or help_text, _warning(filling, style))
    _page(sheet, f"StressTest {survey.region} {survey.wave} – {name}")
    sheet.repeat_rows(HEADER)


def _warning(filling: Filling, style: Styles) -> "Format":
    return style.banner if filling.banner else style.help


def _headings(sheet: "Worksheet", headings: Sequence[str], style: Styles) -> None:
    for column, heading in enumerate(headings):
        sheet.write_string(HEADER, column, heading, style.head)
    sheet.set_row(HEADER, 32)


def readme(sheet: "Worksheet", survey: Survey, filling: Filling, style: Styles) -> None:
    """Write the instructions, and what happens with the data."""
    sheet.set_column(0, 0, 78)
    heading = f"StressTest of smart specialisation through clusters, {survey.wave}"
    lines = [(style.title, heading)]
    if filling.banner:
        lines.append((style.banner, filling.banner))
    lines.append((style.section, " – ".join(filter(None, (survey.region, survey.name)))))
    for part, texts in {**how_to(survey.groups), **about_the_data()}.items():
        lines += [(style.text, ""), (style.section, part)]
        lines += [(style.text, text) for text in texts]
    for row, (form, text) in enumerate(lines):
        sheet.write_string(row, 0, text, form)
        if form is style.text:
            sheet.set_row(row, 15 * max(1, ceil(len(text) / 72)))
    sheet.set_row(0, 26)
    _page(sheet, f"StressTest {survey.region} {survey.wave}", landscape=False)


def respondents(sheet: "Worksheet", survey: Survey, filling: Filling, style: Styles) -> None:
    """Write the list of respondents with their groups."""
    name = layout.RESPONDENTS
    text = "One line for each respondent. Please write no names and no e-mail addresses."
    _top(sheet, name, text, survey, filling, style)
    _headings(sheet, layout.RESPONDENT_HEADINGS, style)
    for column, width in enumerate((13, 32, 34, 24)):
        sheet.set_column(column, column, width)
    for n in range(layout.SEATS):
        row = HEADER + 1 + n
        group, kind, code = filling.respondents[n] if n < len(filling.respondents) else ("",) * 3
        sheet.write_string(row, 0, layout.seat(n + 1), style.middle)
        for column, entry in enumerate((layout.labelled(group) if group else "", kind, code), 1):
            _text(sheet, row, column, entry, style.entry)
    _choose(
        sheet,
        (HEADER + 1, 1, HEADER + layout.SEATS, 1),
        [layout.labelled(letter) for letter in survey.groups],
        "Choose one of the groups in the list.",
    )
    sheet.freeze_panes(HEADER + 1, 1)


def answers(sheet: "Worksheet", survey: Survey, filling: Filling, style: Styles) -> None:
    """Write the items with a column of answers for each respondent."""
    name = layout.ANSWERS
    text = (
        "A column for each respondent: 0 absent · 1 ad hoc · 2 partial · 3 established · "
        "4 systematic, resourced and reviewed · DK cannot judge · NA not applicable. "
        "Grey: not asked of that group. Leave blank what was not answered."
    )
    _top(sheet, name, text, survey, filling, style)
    _headings(sheet, layout.ANSWER_HEADINGS, style)
    first, row = len(layout.ANSWER_HEADINGS), HEADER + 1
    sheet.set_column(0, 0, 7)
    sheet.set_column(1, 1, 62)
    sheet.set_column(2, 2, 9)
    sheet.set_column(first, first + layout.SEATS - 1, 5.5)
    _groups(sheet, row, filling, style)
    for dimension in load().dimensions:
        row += 1
        _band(sheet, row, (dimension.code, dimension.name), first + layout.SEATS, style)
        for item in [i for i in load().items if i.dimension == dimension.code]:
            row += 1
            for column, entry in enumerate((item.id, item.text, item.groups)):
                form = style.fixed if column == 1 else style.middle
                sheet.write_string(row, column, entry, form)
            sheet.set_row(row, 18 * ceil(len(item.text) / 72))
            for n in range(layout.SEATS):
                answer = filling.answers.get((item.id, n + 1), "")
                _entry(sheet, row, first + n, answer, style.choice)
    area = (HEADER + 2, first, row, first + layout.SEATS - 1)
    _choose(sheet, area, CHOICES, "Choose 0, 1, 2, 3, 4, DK or NA, or leave the cell empty.")
    top, seat = HEADER + 3, "D"  # first answer row and column, as formulas name them
    group = f"{seat}${HEADER + 2}"
    rule = f'=AND({group}<>"",LEN($C{top})>0,ISERROR(FIND({group},$C{top})))'
    sheet.conditional_format(*area, {"type": "formula", "criteria": rule, "format": style.unasked})
    sheet.freeze_panes(HEADER + 2, first)
    sheet.repeat_columns(0, first - 1)
    sheet.repeat_rows(HEADER, HEADER + 1)
    sheet.fit_to_pages(2, 0)


def _groups(sheet: "Worksheet", row: int, filling: Filling, style: Styles) -> None:
    """Repeat above the answers which group each respondent is of."""
    first = len(layout.ANSWER_HEADINGS)
    sheet.write_string(row, 0, layout.GROUP_LINE, style.middle)
    sheet.write_string(row, 1, "from the sheet Respondents", style.fixed)
    sheet.write_string(row, 2, "", style.middle)
    for n in range(layout.SEATS):
        sheet.write_string(HEADER, first + n, layout.seat(n + 1), style.seat)
        formula = f"=LEFT({layout.RESPONDENTS}!$B${HEADER + 2 + n},1)"
        letter = filling.respondents[n][0] if n < len(filling.respondents) else ""
        sheet.write_formula(row, first + n, formula, style.middle, letter)


def _band(sheet: "Worksheet", row: int, texts: Sequence[str], columns: int, style: Styles) -> None:
    for column in range(columns):
        sheet.write_string(row, column, texts[column] if column < len(texts) else "", style.band)


def reasons(sheet: "Worksheet", survey: Survey, filling: Filling, style: Styles) -> None:
    """Write the list of reasons for NA."""
    name = layout.NOT_APPLICABLE
    text = "One line for each NA. Reasons are kept closed and never published."
    _top(sheet, name, text, survey, filling, style)
    _headings(sheet, layout.REASON_HEADINGS, style)
    for column, width in enumerate((13, 10, 90)):
        sheet.set_column(column, column, width)
    given = list(filling.reasons.items())
    for n in range(REASONS):
        row = HEADER + 1 + n
        (item, number), reason = given[n] if n < len(given) else (("", 0), "")
        _text(sheet, row, 0, layout.seat(number) if number else "", style.choice)
        _text(sheet, row, 1, item, style.choice)
        _text(sheet, row, 2, reason, style.entry)
    last = HEADER + REASONS
    seats = [layout.seat(n + 1) for n in range(layout.SEATS)]
    _choose(sheet, (HEADER + 1, 0, last, 0), seats, "Choose the respondent from the list.")
    items = [item.id for item in load().items]
    _choose(sheet, (HEADER + 1, 1, last, 1), items, "Choose the item from the list.")
    sheet.freeze_panes(HEADER + 1, 0)


def evidence(sheet: "Worksheet", survey: Survey, filling: Filling, style: Styles) -> None:
    """Write the list of documents."""
    name = layout.EVIDENCE
    text = "One line for each public document. From grade 2 on: title, date and link."
    _top(sheet, name, text, survey, filling, style)
    _headings(sheet, layout.EVIDENCE_HEADINGS, style)
    for column, width in enumerate((9, 52, 24, 52, 13, 52)):
        sheet.set_column(column, column, width)
    statements = {item.id: item.text for item in load().items}
    grades = {grade.value: f"{grade.value} {grade.label}" for grade in load().grades}
    for n in range(DOCUMENTS):
        row = HEADER + 1 + n
        item, grade, title, day, link = (
            filling.evidence[n] if n < len(filling.evidence) else ("", None, "", None, "")
        )
        formula = f'=IFERROR(VLOOKUP(A{row + 1},{layout.ANSWERS}!$A:$B,2,FALSE),"")'
        sheet.set_row(row, 30)  # room for two lines of statement, title or link
        _text(sheet, row, 0, item, style.choice)
        sheet.write_formula(row, 1, formula, style.fixed, statements.get(item, ""))
        _text(sheet, row, 2, "" if grade is None else grades[grade], style.entry)
        _text(sheet, row, 3, title, style.entry)
        _entry(sheet, row, 4, day, style.day)
        _text(sheet, row, 5, link, style.entry)
    last = HEADER + DOCUMENTS
    _choose(sheet, (HEADER + 1, 0, last, 0), list(statements), "Choose the item from the list.")
    _choose(sheet, (HEADER + 1, 2, last, 2), list(grades.values()), "Choose a grade, 0 to 3.")
    _bounds(sheet, survey, last)
    sheet.freeze_panes(HEADER + 1, 1)


def _bounds(sheet: "Worksheet", survey: Survey, last: int) -> None:
    """Let only possible dates and titles of a usual length in."""
    message = f"Write a day between 1990-01-01 and {survey.wave}-12-31."
    days: dict[str, Any] = {
        "validate": "date",
        "criteria": "between",
        "minimum": EARLIEST,
        "maximum": dt.date(survey.wave, 12, 31),
        "error_title": "Date of the document",
        "error_message": message,
    }
    sheet.data_validation(HEADER + 1, 4, last, 4, days)
    length: dict[str, Any] = {
        "validate": "length",
        "criteria": "<=",
        "value": LONGEST_TITLE,
        "error_title": "Title",
        "error_message": f"Write at most {LONGEST_TITLE} letters.",
    }
    sheet.data_validation(HEADER + 1, 3, last, 3, length)


def about(sheet: "Worksheet", survey: Survey, filling: Filling, style: Styles) -> None:
    """Write which questionnaire, region and wave the workbook is of."""
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 60)
    text = "Filled in by the programme that made this workbook; please leave it as it is."
    _top(sheet, layout.ABOUT, text, survey, filling, style)
    facts = {
        layout.VERSION_LABEL: load().version,
        layout.REGION_LABEL: survey.region,
        "Name": survey.name,
        layout.NUTS_LABEL: survey.nuts_version,
        layout.WAVE_LABEL: str(survey.wave),
        layout.FORMAT_LABEL: layout.FORMAT,
    }
    for row, (label, value) in enumerate(facts.items(), HEADER):
        sheet.write_string(row, 0, label, style.head)
        sheet.write_string(row, 1, value, style.fixed)


def _choose(
    sheet: "Worksheet", area: tuple[int, int, int, int], source: Sequence[str], message: str
) -> None:
    rule: dict[str, Any] = {
        "validate": "list",
        "source": list(source),
        "error_title": "Not in the list",
        "error_message": message,
    }
    sheet.data_validation(*area, rule)


def _text(sheet: "Worksheet", row: int, column: int, text: str, form: "Format") -> None:
    """Write a text as a text, whatever it begins with."""
    if text:
        sheet.write_string(row, column, text, form)
    else:
        sheet.write_blank(row, column, None, form)


def _entry(
    sheet: "Worksheet",
    row: int,
    column: int,
    value: int | str | dt.date | None,
    form: "Format",
) -> None:
    if isinstance(value, int):
        sheet.write_number(row, column, value, form)
    elif isinstance(value, dt.date):
        moment = dt.datetime.combine(value, dt.time())
        sheet.write_datetime(row, column, moment, form)
    else:
        _text(sheet, row, column, value or "", form)
