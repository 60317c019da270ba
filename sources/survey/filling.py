"""Whose survey workbook it is, and what stands in one that is filled already.

Plain records; how they are laid out is known in :mod:`sources.survey.pages`.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Filling(NamedTuple):
    """What stands in a workbook that is filled already, as examples are.

    Attributes:
        respondents: Group letter, kind of organisation and own code of R1, R2, …
        answers: Level, ``DK`` or ``NA`` by item and number of the respondent, from 1.
        reasons: Reason for NA, the same.
        evidence: Item, grade, title, date and link of each document.
        banner: Said at the top of every sheet.
    """

    respondents: Sequence[tuple[str, str, str]] = ()
    answers: Mapping[tuple[str, int], int | str] = {}
    reasons: Mapping[tuple[str, int], str] = {}
    evidence: Sequence[tuple[str, int, str, dt.date | None, str]] = ()
    banner: str = ""


class Survey(NamedTuple):
    """Whose workbook it is: region, NUTS version, wave, the region's name, groups asked."""

    region: str
    nuts_version: str
    wave: int
    name: str
    groups: str
