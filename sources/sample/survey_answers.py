"""Filled StressTest surveys of invented regions, as their answers might come back.

Nobody answered them and every workbook says so; no real region, person or document is in here.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from s3etl.stresstest.questionnaire import Item, load
from sources.sample.economy import stream
from sources.sample.nuts import names
from sources.sample.places import BASIC, code_in
from sources.survey import layout
from sources.survey.filling import Filling
from sources.survey.template import workbook_bytes

WAVE: Final = 2026
REGIONS: Final = 18
RECODED: Final = ("XA24", "XB33", "XB34")
"""Regions that NUTS 2024 does not have; extra-regio does not answer either."""
BANNER: Final = "INVENTED EXAMPLE: no such region, nobody answered, no such documents."
IN_CSV: Final = (4, 11)
IN_LIMESURVEY: Final = (7, 14)
SMALL: Final = {1: {"R": 2}, 5: {"P": 1, "R": 1}, 9: {"B": 2}, 13: {"I": 1}, 16: {"R": 0, "P": 2}}
"""Groups of fewer than three, by number of the region."""

BIAS: Final = {"P": 0.45, "I": 0.25, "C": 0.0, "B": -0.45, "R": -0.2}
"""How much better than cluster managers a group rates, in levels."""
DIVIDED: Final = {2: "D3"}
"""Dimension that providers and users of support see differently, by number of the region."""
APART: Final = {"P": 1.0, "I": 1.0, "C": -1.0, "B": -1.0, "R": 0.0}
"""How far, in levels."""
UNSURE: Final = {"P": 0.03, "I": 0.03, "C": 0.04, "B": 0.11, "R": 0.09}
"""Share of DK by group."""
KINDS: Final = {
    "P": ("ministry", "regional office"),
    "I": ("development agency", "innovation agency"),
    "C": ("cluster organisation",),
    "B": ("company", "chamber", "association"),
    "R": ("university", "institute"),
}
PAPERS: Final = ("Strategy paper", "Annual report", "Evaluation", "Call text", "Minutes", "Monitor")
REASON: Final = "There is no such measure in this invented region."

Rows = Iterable[Sequence[object]]
Person = tuple[str, str, str]


class Survey(NamedTuple):
    """The invented survey of one region."""

    region: str
    name: str
    filling: Filling


def answers_files() -> dict[str, bytes]:
    """Return the files of 18 surveys by name: workbooks, two of them CSV, two LimeSurvey.

    Evidence of those that are no workbook is a file of its own. The same on every machine.
    """
    files = {}
    for number, region in enumerate(surveyed()):
        survey = _survey(number, region)
        stem = f"stresstest_{region}_{WAVE}"
        if number in IN_CSV:
            files[f"{stem}.csv"] = _csv(_plain(survey))
        elif number in IN_LIMESURVEY:
            texts = number == IN_LIMESURVEY[1]
            files[f"{stem}.csv"] = _csv(
                _limesurvey(survey, texts=texts), "," if texts else ";", exported=True
            )
        else:
            files[f"{stem}.xlsx"] = workbook_bytes(
                region, WAVE, name=survey.name, filling=survey.filling
            )
            continue
        files[f"{stem}_evidence.csv"] = _csv(_evidence(survey))
    return files


def surveyed() -> list[str]:
    """Return the codes of the surveyed regions, NUTS 2024."""
    homes = [code for code in BASIC if code not in RECODED and not code.endswith("ZZ")]
    places = np.linspace(0, len(homes) - 1, REGIONS).round().astype(int)
    return [code_in("2024", homes[place]) for place in places]


def _survey(number: int, region: str) -> Survey:
    rng = stream(f"stresstest_{region}")
    people = _people(number, rng)
    region_level = rng.normal(2.1, 0.5)
    dimension = {d.code: rng.normal(0, 0.4) for d in load().dimensions}
    answers: dict[tuple[str, int], int | str] = {}
    evidence = []
    for item in load().items:
        level = region_level + dimension[item.dimension] + rng.normal(0, 0.5)
        for n, (group, *_) in enumerate(people, 1):
            if group in item.groups:
                apart = APART[group] if DIVIDED.get(number) == item.dimension else 0.0
                answers[item.id, n] = _answer(level + apart, group, rng)
        evidence += _documents(item, level, region, rng)
    given = {key: answer for key, answer in answers.items() if answer != ""}
    reasons = {key: REASON for key, a in given.items() if a == "NA" and rng.random() < 0.8}
    return Survey(region, names()[region], Filling(people, given, reasons, evidence, BANNER))


def _people(number: int, rng: np.random.Generator) -> list[Person]:
    sizes = {group: int(rng.integers(3, 10)) for group in BIAS} | SMALL.get(number, {})
    while sum(sizes.values()) > layout.SEATS:
        sizes[max(sizes, key=lambda group: sizes[group])] -= 1
    return [
        (group, str(rng.choice(KINDS[group])), "")
        for group, size in sizes.items()
        for _ in range(size)
    ]


def _answer(level: float, group: str, rng: np.random.Generator) -> int | str:
    draw = rng.random()
    if draw < UNSURE[group]:
        return "DK"
    if draw < UNSURE[group] + 0.015:
        return "NA"
    if draw > 0.97:
        return ""
    return int(np.clip(np.rint(level + BIAS[group] + rng.normal(0, 0.7)), 0, 4))


def _documents(
    item: Item, level: float, region: str, rng: np.random.Generator
) -> list[tuple[str, int, str, dt.date | None, str]]:
    """Return the evidence on an item: more of it where more is there."""
    if item.evidence != "d" or rng.random() > 0.35 + 0.13 * level:
        return []
    grade = int(rng.choice([1, 2, 2, 2, 3]))
    day = dt.date(2019, 1, 1) + dt.timedelta(days=int(rng.integers(0, 2500)))
    paper = str(rng.choice(PAPERS))
    title = f"{paper} on {item.id} (invented)"
    if grade < 2:
        return [(item.id, grade, title, None, "")]
    link = f"https://example.org/{region.lower()}/{item.id.lower()}/{paper.split(maxsplit=1)[0].lower()}"
    return [(item.id, grade, title, day, link)]


def _csv(rows: Rows, separator: str = ",", *, exported: bool = False) -> bytes:
    """Return rows as CSV; an export has a byte order mark and every cell in quotes."""
    out = io.StringIO()
    if exported:
        writer = csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    else:
        writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig" if exported else "utf-8")


def _plain(survey: Survey) -> Rows:
    yield "region", "wave", "respondent", "group", "item", "answer", "reason"
    filling = survey.filling
    for (item, n), answer in sorted(filling.answers.items(), key=lambda row: (row[0][1], row[0])):
        group = filling.respondents[n - 1][0]
        reason = filling.reasons.get((item, n), "")
        yield survey.region, WAVE, f"invented-{n}", group, item, answer, reason


def _evidence(survey: Survey) -> Rows:
    yield "region", "wave", "item", "grade", "title", "date", "link"
    for item, grade, title, day, link in survey.filling.evidence:
        yield survey.region, WAVE, item, grade, title, day or "", link


def _limesurvey(survey: Survey, *, texts: bool) -> Rows:
    """Yield an export as LimeSurvey writes it, with responses that were never submitted."""
    items = load().items
    system = ("id", "submitdate", "lastpage", "startlanguage", "seed", "token", "ipaddr")
    codes = [f"D{item.id[1]}x{item.id[3]}" for item in items]
    said = dict(zip(codes, (item.text for item in items), strict=True)) | {"id": "Response ID"}
    headings = (*system, "REGION", "WAVE", "GROUP", *codes, *(f"{c}[comment]" for c in codes))
    yield [f"{h}. {said.get(h, h)}" for h in headings] if texts else headings
    letters = {group: f"A{n}" for n, group in enumerate("PICBR", 1)}
    filling = survey.filling
    for n, (group, *_) in enumerate(filling.respondents, 1):
        yield (
            *(n, f"2026-03-{n % 28 + 1:02d} 10:00:00", 8, "en", 1000 + n),
            *(f"invented{n:04d}", f"192.0.2.{n}", survey.region, WAVE, letters[group]),
            *(_coded(filling.answers.get((item.id, n), "")) for item in items),
            *(filling.reasons.get((item.id, n), "") for item in items),
        )
    for n in (901, 902):  # begun and never submitted
        begun = (n, "", 1, "en", 1000 + n, f"invented{n:04d}", "192.0.2.99", survey.region, WAVE)
        yield (*begun, "A3", "A4", *[""] * (2 * len(items) - 1))


def _coded(answer: int | str) -> str:
    return f"A{answer}" if isinstance(answer, int) else answer
