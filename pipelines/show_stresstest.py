"""What the command line prints of one region's StressTest.

Reads and prints; it changes nothing and decides nothing.
"""

from typing import Final

from rich.markup import escape

from pipelines.console import console, print_table
from s3etl.records import Origin
from s3etl.stresstest import words
from s3etl.stresstest.questionnaire import load
from s3etl.stresstest.regional_profile import OVERALL, Profile, Row, gap_of

WIDTH: Final = 24
TOP: Final = 8
MOST: Final = 12
"""Figures that are named one by one where they are not shown."""
FILLED, BETWEEN, EMPTY, PEERS, FRONT = "█", "▒", "·", "P", "F"


def bar(row: Row, width: int = WIDTH) -> str:
    """Return a score as a bar of 0 to 100 with its interval, peers and frontier.

    Args:
        row: Row with value, interval, peers and frontier, each of which may be missing.
        width: Signs; each stands for an equal part of 0 to 100.
    """
    value, low, high = row["value"], row["interval_low"], row["interval_high"]
    if value is None:
        return ""
    signs = []
    for place in range(width):
        middle = 100 * (place + 0.5) / width
        inside = low is not None and high is not None and low <= middle <= high
        signs.append(BETWEEN if inside else FILLED if middle <= value else EMPTY)
    for sign, column in ((FRONT, "frontier_value"), (PEERS, "peer_value")):
        if row.get(column) is not None:
            signs[min(int(row[column] / 100 * width), width - 1)] = sign
    return "".join(signs)


def stresstest(p: Profile, origin: Origin) -> None:
    """Show a region's profile: where it stands, where it trails, whom to learn from."""
    note = " (invented sample answers, not a real survey)" if origin == "sample" else ""
    console.print(f"[bold]StressTest of {escape(p.region(p.geo))}, {p.wave}[/bold]{note}")
    for said in words.headlines(p):
        console.print(said, markup=False, soft_wrap=True)
    console.print(f"{load().statement}\n", style="dim", soft_wrap=True)
    _profile(p)
    _directions(p)
    _gaps(p)
    _groups(p)
    _twins(p)
    _teachers(p)
    _actions(p)
    _changes(p)
    _withheld(p)


def _profile(p: Profile) -> None:
    rows = [*p.dimensions, *filter(None, [p.total(OVERALL)])]
    front = words.frontier_name(rows).lower()
    print_table(
        f"Dimensions, 0 to 100 ({BETWEEN} 90 % interval, {PEERS} peers, {FRONT} {front})",
        ("dimension", "", "score", "5–95 %", "peers", front, "rank"),
        [_line(row) for row in rows],
    )


def _line(row: Row) -> tuple[str | None, ...]:
    if row["value"] is None:
        return (row["title"], words.missing(row), *([None] * 5))
    return (
        *(row["title"], bar(row), words.figure(row["value"]), words.between(row)),
        *(words.figure(row["peer_value"]), words.figure(row["frontier_value"]), words.rank(row)),
    )


def _directions(p: Profile) -> None:
    rows = [row for code in ("C2S", "S2C") if (row := p.direction(code))]
    print_table(
        "Directions of the interplay",
        ("direction", "", "score", "5–95 %", "peers", "all regions"),
        [
            (
                *(row["title"], bar(row) or words.missing(row), words.figure(row["value"])),
                *(words.between(row), words.figure(row["peer_value"])),
                words.figure(row["participants_value"]),
            )
            for row in rows
        ],
    )
    console.print(f"{words.balance(p)}\n", markup=False, soft_wrap=True)


def _gaps(p: Profile) -> None:
    widest = p.widest[:TOP]
    if widest:
        print_table(
            "Widest gaps",
            ("item", "statement", "score", "peers", "front", "gap", "gap to"),
            [
                (
                    *(row["indicator_id"], row["title"], words.figure(row["value"])),
                    *(words.figure(row["peer_value"]), words.figure(row["frontier_value"])),
                    words.figure(gap_of(row)[0]),
                    "peers" if gap_of(row)[1] == "peers" else words.frontier_name([row]).lower(),
                )
                for row in widest
            ],
        )


def _groups(p: Profile) -> None:
    rows = []
    for row, cells, span in p.divided[:TOP]:
        shown = {c.shown_as: words.figure(c.value) for c in cells.values() if c.value is not None}
        said = ", ".join(f"{name} {value}" for name, value in shown.items())
        rows.append((row["indicator_id"], row["title"], said, words.figure(span), _sides(row)))
    if rows:
        names = "; ".join(f"{code} {name}" for code, name in load().group_names.items())
        print_table(
            f"Groups, without the evidence cap ({names}; letters joined by + are one pool)",
            ("item", "statement", "medians", "span", "providers and users"),
            rows,
        )


def _sides(row: Row) -> str:
    gap = row["perception_gap"]
    if gap is None:
        return row["perception_because"] or words.NONE
    told = words.SIDES.get(row["perception_flag"] or "", "could be chance")
    return f"{words.signed(gap)}: {told if row['perception_flag'] else 'not tested'}"


def _twins(p: Profile) -> None:
    if p.twins:
        print_table(
            "Perception against statistics",
            ("item", "statement", "score", "indicator", "percentile", "reading"),
            [
                (
                    *(row["indicator_id"], row["title"], words.figure(row["value"])),
                    *(row["twin_title"] or row["twin"], words.figure(row["twin_percentile"])),
                    row["label"] or row["missing_because"],
                )
                for row in p.twins
            ],
        )


def _teachers(p: Profile) -> None:
    found = [
        t for kind in ("dimension", "domain") for rows in p.teachers(kind).values() for t in rows
    ]
    if not found:
        console.print("Nobody is clearly enough ahead to learn from.\n")
        return
    print_table(
        "Whom to learn from",
        ("what", "region", "ahead by", "probability", "similarity", "documents", "match"),
        [
            (
                *(p.domains.get(row["indicator_id"], row["title"]), p.region(row["teacher"])),
                words.figure(row["difference"]),
                *(words.percent(row["probability"]), words.alike(row)),
                *(_documents(p, row), row["match"]),
            )
            for row in found
        ],
    )
    for who, (taught, learnt) in p.reciprocal.items():
        console.print(
            f"Both can learn: from {p.region(who)} on {words.titles(p, taught)}; "
            f"it learns on {words.titles(p, learnt)}.",
            markup=False,
            soft_wrap=True,
        )
    if p.reciprocal:
        console.print()


def _documents(p: Profile, row: Row) -> str:
    links = [d.link or d.title or d.about for d in p.evidence(row)]
    more = len(links) - 1
    return "none" if not links else links[0] + (f" and {more} more" if more else "")


def _actions(p: Profile) -> None:
    if p.actions:
        print_table(
            "What to do next, in order",
            ("", "kind", "item", "statement", "why"),
            [
                (row["place"], row["kind"], row["indicator_id"], row["title"], words.reason(p, row))
                for row in p.actions[: 2 * TOP]
            ],
        )
        if len(p.actions) > 2 * TOP:
            console.print(f"{2 * TOP} of {len(p.actions)} actions; the report has all.\n")


def _changes(p: Profile) -> None:
    if not p.rows["stresstest_change"]:
        return
    if p.reported:
        print_table(
            f"Changes since {p.reported[0]['from_year']} that are more than chance",
            ("what", "before", "change", "5–95 %"),
            [
                (
                    *(row["title"], words.figure(row["value_before"])),
                    *(words.signed(row["value"]), words.between(row)),
                )
                for row in p.reported
            ],
        )
    for why, rows in p.unreported.items():
        console.print(f"{words.count(len(rows), 'change')} not reported: {why}.", markup=False)
    console.print()


def _withheld(p: Profile) -> None:
    told = [
        (", ".join(row["indicator_id"] for row in rows), why)
        if len(rows) <= MOST
        else (words.count(len(rows), "figure"), why)
        for why, rows in p.withheld.items()
    ]
    told += [
        (f"groups and sides of {words.count(len(rows), 'item')}", why)
        for why, rows in p.untold.items()
    ]
    if told:
        print_table("Not shown", ("what", "why"), told)
