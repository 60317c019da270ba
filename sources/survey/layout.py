"""The survey workbook's layout: names of its sheets and headings, shared by writer and reader.

Only names and where they stand; nothing is written or read here.
"""

from typing import Final

from s3etl.stresstest.questionnaire import load

FORMAT: Final = "s3etl survey workbook 1"
README: Final = "Read me"
RESPONDENTS: Final = "Respondents"
ANSWERS: Final = "Answers"
NOT_APPLICABLE: Final = "Not applicable"
EVIDENCE: Final = "Evidence"
ABOUT: Final = "About"
SHEETS: Final = (README, RESPONDENTS, ANSWERS, NOT_APPLICABLE, EVIDENCE, ABOUT)

SEATS: Final = 40
"""Respondents a workbook has room for."""

RESPONDENT_HEADINGS: Final = (
    "Respondent",
    "Group",
    "Kind of organisation (optional)",
    "Own code (optional)",
)
ANSWER_HEADINGS: Final = ("Item", "Statement", "Asked of")
REASON_HEADINGS: Final = ("Respondent", "Item", "Reason (one line)")
EVIDENCE_HEADINGS: Final = ("Item", "Statement", "Grade", "Title", "Date", "Link")
GROUP_LINE: Final = "Group"
"""First cell of the line that repeats each respondent's group above the answers."""

VERSION_LABEL: Final = "Questionnaire"
REGION_LABEL: Final = "Region"
NUTS_LABEL: Final = "NUTS version"
WAVE_LABEL: Final = "Wave"
FORMAT_LABEL: Final = "Format"


def seat(number: int) -> str:
    """Return the heading of a respondent: 3 is ``R3``."""
    return f"R{number}"


def labelled(letter: str) -> str:
    """Return a group as the list shows it: ``P policy makers``."""
    return f"{letter} {load().group_names[letter]}"


def title(sheet: str, region: str, wave: int) -> str:
    """Return the first line of a sheet; the reader finds region and wave in it again."""
    return f"StressTest – {sheet} – region {region}, wave {wave}"
