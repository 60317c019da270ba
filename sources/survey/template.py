"""The workbook that people fill: instructions, respondents, answers, evidence.

Writes only; what comes back is read in :mod:`sources.survey.workbook`. Every text goes in as
text, so that a name that begins with ``=`` never becomes a formula.
"""

import datetime as dt
import io
from pathlib import Path
from typing import Final

from s3etl.errors import Refused
from s3etl.files import write_atomic
from s3etl.nuts.vintage import VERSIONS
from s3etl.stresstest.questionnaire import load
from sources.survey import layout, pages
from sources.survey.filling import Filling, Survey
from sources.survey.styles import Styles
from sources.survey.values import FIRST_WAVE, LAST_WAVE, REGION

CREATED: Final = dt.datetime(2000, 1, 1)  # noqa: DTZ001  (the same bytes on every day)
MAY: Final = {"select_locked_cells": True, "format_columns": True, "format_rows": True}


def write_template(
    to: Path,
    region: str,
    wave: int,
    *,
    name: str = "",
    nuts_version: str = "2024",
    groups: str = "PICBR",
) -> None:
    """Write an empty workbook of the questionnaire for a region and wave (methodology 2.3).

    Args:
        to: File to write, ending in ``.xlsx``.
        region: Region code of that NUTS version.
        wave: Year of the survey wave.
        name: The region's name, shown on the first sheet.
        nuts_version: NUTS version of the code.
        groups: Letters of the groups that are surveyed.

    Raises:
        Refused: There is such a file (it may be filled), or region, wave or groups are none.
    """
    if to.suffix.lower() != ".xlsx":
        raise Refused(f"{to.name}: the survey's workbook is an .xlsx file; end its name so.")
    if to.exists():
        raise Refused(f"{to.name} is there already and may hold answers; choose another name.")
    data = workbook_bytes(region, wave, name=name, nuts_version=nuts_version, groups=groups)
    write_atomic(to, data)


def workbook_bytes(
    region: str,
    wave: int,
    *,
    name: str = "",
    nuts_version: str = "2024",
    groups: str = "PICBR",
    filling: Filling | None = None,
) -> bytes:
    """Return the workbook's bytes, the same for the same arguments.

    Args:
        region: Region code of that NUTS version.
        wave: Year of the survey wave.
        name: The region's name.
        nuts_version: NUTS version of the code.
        groups: Letters of the groups that are surveyed.
        filling: What to write into it, for examples and tests.

    Raises:
        Refused: Region, wave, NUTS version or groups are none.
    """
    if not REGION.fullmatch(region):
        raise Refused(f"{region!r:.20} is no region code; give a NUTS code such as AT22.")
    if not FIRST_WAVE <= wave <= LAST_WAVE:
        raise Refused(f"{wave} is no year of a survey wave; give one such as 2026.")
    if nuts_version not in VERSIONS:
        raise Refused(f"{nuts_version!r:.20} is no NUTS version; give one of {VERSIONS}.")
    if not groups or not set(groups) <= set(load().group_names):
        raise Refused(f"{groups!r:.20} names no groups; give letters out of PICBR.")
    survey = Survey(region, nuts_version, wave, name, groups)
    return _written(survey, filling or Filling())


def _written(survey: Survey, filling: Filling) -> bytes:
    from xlsxwriter import Workbook  # noqa: PLC0415  (only when a workbook is written)

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = Workbook(out, options | {"strings_to_numbers": False})
    book.set_properties(
        {"title": f"StressTest {survey.region} {survey.wave}", "author": "s3etl"}
        | {"created": CREATED}
    )
    style = Styles(book)
    sheets = {title: book.add_worksheet(title) for title in layout.SHEETS}
    pages.readme(sheets[layout.README], survey, filling, style)
    pages.respondents(sheets[layout.RESPONDENTS], survey, filling, style)
    pages.answers(sheets[layout.ANSWERS], survey, filling, style)
    pages.reasons(sheets[layout.NOT_APPLICABLE], survey, filling, style)
    pages.evidence(sheets[layout.EVIDENCE], survey, filling, style)
    pages.about(sheets[layout.ABOUT], survey, filling, style)
    for sheet in sheets.values():
        sheet.protect("", MAY)
    sheets[layout.README].activate()
    book.close()
    return out.getvalue()
