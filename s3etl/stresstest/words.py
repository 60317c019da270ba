"""How figures of the StressTest are said, the same on the terminal and on paper.

Plain sentences from rows of the tables; nothing is computed, and no markup has a place here.
"""

import re
from collections.abc import Sequence
from typing import Final

from s3etl.stresstest.questionnaire import load
from s3etl.stresstest.regional_profile import OVERALL, Profile, Row

NONE: Final = "–"
MINUS: Final = "\u2212"
INVENTED: Final = "Invented sample answers: no real region, no real respondents"
STATUSES: Final = {"L": "not scored", "M": "not applicable", "Q": "withheld"}
KIND_TITLES: Final = {
    "evidence": "Evidence: show what is claimed",
    "dialogue": "Dialogue: talk about what groups see differently",
    "transfer": "Transfer: learn from a documented practice",
}
KIND_TEXTS: Final = {
    "evidence": (
        "The answers are better than what documents show, so the score is capped. A public "
        "document with title, date and link lifts the cap."
    ),
    "dialogue": (
        "Those who provide support and those who use it rate this differently, by more than "
        "chance would. A discovery workshop is the place to find out why."
    ),
    "transfer": (
        "Others are well ahead, and at least one region that is ahead can show how it is done."
    ),
}
SIDES: Final = {
    "providers higher": "policy makers and agencies rate it higher than clusters and business",
    "users higher": "clusters and business rate it higher than policy makers and agencies",
}


def figure(value: float | None) -> str:
    """Return points with one decimal; a dash where there are none."""
    if value is None:
        return NONE
    return f"{value:.1f}".replace("-", MINUS) if round(value, 1) else "0.0"


def signed(value: float | None) -> str:
    """Return a difference with its sign."""
    said = figure(value)
    return f"+{said}" if value is not None and round(value, 1) > 0 else said


def percent(share: float | None) -> str:
    """Return a share in whole per cent."""
    return NONE if share is None else f"{100 * share:.0f} %"


def between(row: Row) -> str:
    """Return the interval of a row, and whether it is only indicative."""
    low, high = row["interval_low"], row["interval_high"]
    if low is None or high is None:
        return NONE
    mark = ", indicative" if row.get("interval_quality") == "indicative" else ""
    return f"{figure(low)} to {figure(high)}{mark}"


def missing(row: Row) -> str:
    """Return why a row has no score."""
    why = row.get("missing_because") or STATUSES.get(row.get("obs_status") or "", "")
    return why or "no score, and the tables do not say why"


def score(row: Row) -> str:
    """Return the score of a row, or why it has none; a missing one is never 0."""
    return missing(row) if row["value"] is None else figure(row["value"])


def count(number: int, one: str, many: str = "") -> str:
    """Return a number of things."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def frontier_name(rows: Sequence[Row]) -> str:
    """Return what the regions of the frontier are called: few regions have no frontrunners."""
    told = [row["frontier_basis"] for row in rows if row["frontier_basis"]]
    named = any("named" in basis for basis in told)
    return "Named comparators" if named else "Frontrunners"


def rank(row: Row) -> str:
    """Return the rank of a row with its interval, or why it has none."""
    if row["rank"] is None:
        return f"not ranked: {row['not_rankable_because'] or 'no reason is told'}"
    low, high = row["rank_low"], row["rank_high"]
    span = "" if low is None or high is None or low == high else f" ({low} to {high})"
    return f"{row['rank']} of {row['n_compared']}{span}"


def balance(profile: Profile) -> str:
    """Return in one sentence which direction of the interplay is stronger, if one clearly is."""
    row = profile.direction("BALANCE")
    to_s3, to_clusters = profile.direction("C2S"), profile.direction("S2C")
    ends = [found["value"] if found else None for found in (to_s3, to_clusters)]
    if not row or row["value"] is None or not to_s3 or not to_clusters or None in ends:
        return f"Balance of the directions: {missing(row) if row else missing({})}."
    if _overlap(to_s3, to_clusters):
        which = "The two directions do not clearly differ"
    elif to_s3["value"] > to_clusters["value"]:
        which = "Clusters give more to the strategy than they get from it"
    else:
        which = "Clusters get more from the strategy than they give to it"
    return f"{which}: balance {row['value']:.2f}, where 1.00 means equally strong."


def _overlap(one: Row, other: Row) -> bool:
    """Whether two scores could be the same; without an interval a score is taken as it is."""
    low, high = (
        [row[end] if row[end] is not None else row["value"] for row in (one, other)]
        for end in ("interval_low", "interval_high")
    )
    return bool(max(low) <= min(high))


def headlines(profile: Profile) -> list[str]:
    """Return the few sentences a reader should take away."""
    overall = profile.total(OVERALL)
    if not overall or overall["value"] is None:
        first = f"Overall score: {missing(overall or {})}."
    else:
        first = f"Overall {figure(overall['value'])} of 100 points"
        if overall["interval_low"] is not None:
            first += f" ({between(overall)})"
        first += f"; rank {rank(overall)}." if overall["rank"] is not None else "."
    out = [first]
    if weakest := profile.weakest:
        said = f"{weakest['title']} ({figure(weakest['value'])} points)"
        out.append(f"Weakest link: {said}.")
    out.append(balance(profile))
    if widest := profile.widest[:1]:
        out.append(f"Widest gap: “{widest[0]['title']}” ({gap(widest[0])}).")
    return out


def gap(row: Row) -> str:
    """Return the gap of an item and whom it is to."""
    if row["peer_gap"] is not None:
        return f"{figure(abs(row['peer_gap']))} points {_side(row['peer_gap'])} its peers"
    if row["frontier_gap"] is not None:
        whom = "named comparators" if "named" in (row["frontier_basis"] or "") else "frontrunners"
        return f"{figure(abs(row['frontier_gap']))} points {_side(row['frontier_gap'])} the {whom}"
    return "nobody to compare with"


def _side(value: float) -> str:
    return "ahead of" if value < 0 else "behind"


def similarity(row: Row) -> str:
    """Return how alike a teacher is; without reference regions nobody knows."""
    found = alike(row)
    return "similarity not known" if found == NONE else f"similarity {found}"


def alike(row: Row) -> str:
    """Return similarity as a figure, 1.00 for twins; a dash where nobody knows."""
    known = row["similarity"] is not None and not (row["similarity_basis"] or "").startswith("no ")
    return f"{row['similarity']:.2f}" if known else NONE


def unproven(row: Row) -> str:
    """Return why a teacher has no document to show in a dimension."""
    items = [item for item in load().items if item.dimension == row["indicator_id"][:2]]
    if any(item.evidence == "d" for item in items):
        return "Its documents are not in the register."
    return "No document is asked for here: statements are held against statistics."


def untold(profile: Profile) -> str:
    """Return in one sentence which figures on providers and users are not shown, and why."""
    told = [f"{count(len(rows), 'statement')} ({why})" for why, rows in profile.untold.items()]
    return f"Not all is told of providers and users: {', '.join(told)}." if told else ""


def titles(profile: Profile, codes: Sequence[str]) -> str:
    """Return the names of dimensions."""
    names = {row["indicator_id"]: row["title"] for row in profile.dimensions}
    return ", ".join(f"“{names.get(code, code)}”" for code in codes)


def reason(profile: Profile, row: Row) -> str:
    """Return why an action is called for, with names in place of codes."""
    said: str = row["reason"] or "no reason is told"
    if row["teacher"]:
        said = re.sub(rf"\b{re.escape(row['teacher'])}\b", profile.region(row["teacher"]), said)
    names = {d["indicator_id"]: f"“{d['title']}”" for d in profile.dimensions}
    return re.sub(r"\bD[1-7]\b(?!\.)", lambda found: names[found[0]], said)


def change(row: Row) -> str:
    """Return a change since the wave before with its interval."""
    return f"{signed(row['value'])} points since {row['from_year']} ({between(row)})"


def directions() -> dict[str, str]:
    """Return what the directions mean, by code."""
    return {tag.code: tag.name for tag in load().directions}


def pool(shown_as: str) -> str:
    """Return the names of the groups of a cell."""
    names = load().group_names
    return " and ".join(names.get(group, group) for group in shown_as.split("+"))
