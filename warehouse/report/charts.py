"""The charts of a StressTest report, as SVG elements with a title and a description.

Elements are built as trees, so that every text is escaped and every chart is well-formed. What
the figures mean is decided elsewhere.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from warehouse.report import geometry

COLOURS: Final = {
    "ink": "#1d2a35",
    "quiet": "#51606d",
    "rule": "#c9d1d8",
    "paper": "#ffffff",
    "wash": "#f3f6f8",
    "region": "#14507d",
    "band": "#bcd6e8",
    "peers": "#4d5661",
    "frontier": "#8f4e00",
    "ahead": "#1d6b45",
    "behind": "#9c2f2f",
    "warn": "#7a2317",
    "warnwash": "#fbeeea",
}
"""Colours of charts and pages; tests hold their contrast."""

RADAR: Final = (760, 590)
RADIUS: Final = 190.0
MAP: Final = 440.0


class Series(NamedTuple):
    """One profile of a radar: what it is called, its scores, and how it is drawn."""

    name: str
    values: geometry.Values
    colour: str
    dashes: str = ""


class Dot(NamedTuple):
    """One figure on a line of 0 to 100: its place, its sign and its colour."""

    value: float
    sign: str
    colour: str


class Spot(NamedTuple):
    """One item on the map of perception against statistics, by its number in the key."""

    number: int
    perception: float
    statistics: float


def _svg(size: tuple[float, float], name: str, title: str, told: str) -> Element:
    """Return an empty chart that says what it shows to those who do not see it."""
    width, height = size
    chart = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width:g} {height:g}",
            "role": "img",
            "class": name,
            "aria-labelledby": f"{name}-title {name}-told",
        },
    )
    SubElement(chart, "title", {"id": f"{name}-title"}).text = title
    SubElement(chart, "desc", {"id": f"{name}-told"}).text = told
    return chart


def _small(width: float, height: float, name: str) -> Element:
    """Return an empty chart beside figures that say the same, for the eye alone."""
    return Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width:g} {height:g}",
            "class": name,
            "aria-hidden": "true",
            "focusable": "false",
        },
    )


def _add(parent: Element, tag: str, **named: object) -> Element:
    """Add an element; ``stroke_width`` is written ``stroke-width``."""
    text = {
        key.replace("_", "-"): f"{value:.2f}".rstrip("0").rstrip(".")
        if isinstance(value, float)
        else str(value)
        for key, value in named.items()
    }
    return SubElement(parent, tag, text)


def _text(parent: Element, x: float, y: float, said: str, **named: object) -> None:
    told = {"fill": COLOURS["ink"], "font_size": 13} | named
    _add(parent, "text", x=x, y=y, **told).text = said


def _markup(chart: Element) -> str:
    return tostring(chart, encoding="unicode", short_empty_elements=True)


# Radar


def radar(
    axes: Sequence[str],
    notes: Sequence[str],
    series: Sequence[Series],
    lows: geometry.Values,
    highs: geometry.Values,
    *,
    title: str,
    told: str,
) -> str:
    """Return a radar of profiles; the first is the region's, with its interval as a band.

    Args:
        axes: Names of the axes, the first up, then clockwise.
        notes: What stands below each name: the score, or why there is none.
        series: Profiles; where a score is missing the line breaks.
        lows: Lower ends of the interval.
        highs: Upper ends.
        title: Title of the chart.
        told: The same in words.
    """
    chart = _svg(RADAR, "radar", title, told)
    middle = _add(chart, "g", transform=f"translate({RADAR[0] / 2:g} 286)")
    count = len(axes)
    for level in (25.0, 50.0, 75.0, 100.0):
        _add(middle, "path", d=geometry.ring(count, level, RADIUS), fill="none",
             stroke=COLOURS["rule"], stroke_width=1.4 if level == 50 else 0.8)  # fmt: skip
    for axis in range(count):
        x, y = geometry.on_axis(axis, count, 100, RADIUS)
        _add(middle, "line", x1=0, y1=0, x2=x, y2=y, stroke=COLOURS["rule"], stroke_width=0.8)
    _add(middle, "path", d=geometry.band(lows, highs, RADIUS), fill=COLOURS["band"],
         fill_rule="evenodd", fill_opacity=0.75, stroke="none")  # fmt: skip
    for one in reversed(series):
        _profile(middle, one, own=one is series[0])
    for level in (25.0, 50.0, 75.0, 100.0):
        _text(middle, 4.0, -geometry.along(level, 0, RADIUS) + 12, f"{level:.0f}", font_size=10.5,
              **_halo("quiet"))  # fmt: skip
    for axis, (name, note) in enumerate(zip(axes, notes, strict=True)):
        _axis_label(middle, axis, count, name, note)
    _legend(chart, series, RADAR[1] - 14.0)
    return _markup(chart)


def _halo(colour: str) -> dict[str, object]:
    return {
        "fill": COLOURS[colour],
        "stroke": COLOURS["paper"],
        "stroke_width": 3,
        "paint_order": "stroke",
    }


def _profile(parent: Element, one: Series, *, own: bool) -> None:
    """Draw a profile: its line, and a mark at every score, so that a lonely one is seen."""
    line = _add(parent, "path", d=geometry.outline(one.values, RADIUS), fill="none",
                stroke=one.colour, stroke_width=3 if own else 2)  # fmt: skip
    if one.dashes:
        line.set("stroke-dasharray", one.dashes)
    for axis, value in enumerate(one.values):
        if value is not None:
            x, y = geometry.on_axis(axis, len(one.values), value, RADIUS)
            _add(parent, "circle", cx=x, cy=y, r=4.6 if own else 2.8, fill=one.colour,
                 stroke=COLOURS["paper"], stroke_width=1)  # fmt: skip


def _axis_label(parent: Element, axis: int, axes: int, name: str, note: str) -> None:
    x, y = geometry.on_axis(axis, axes, 100, RADIUS + 16)
    anchor = "middle" if abs(x) < 12 else "start" if x > 0 else "end"
    lines = geometry.shortened(geometry.wrapped(name, 22), 3)
    below = geometry.shortened(geometry.wrapped(note, 26), 2)
    height = 16 * len(lines) + 15 * len(below)
    top = y - height if y < -RADIUS * 0.8 else y if y > RADIUS * 0.8 else y - height / 2
    for n, line in enumerate(lines):
        _text(parent, x, top + 16 * n + 12, line, text_anchor=anchor, font_weight=600, font_size=14)
    for n, line in enumerate(below):
        _text(parent, x, top + 16 * len(lines) + 15 * n + 12, line, text_anchor=anchor,
              font_size=12.5, fill=COLOURS["quiet"])  # fmt: skip


def _legend(chart: Element, series: Sequence[Series], y: float) -> None:
    names = [one.name for one in series]
    x = (RADAR[0] - sum(52 + 7.2 * len(name) for name in (*names, "90 % interval"))) / 2
    for one, name in zip(series, names, strict=True):
        line = _add(chart, "line", x1=x, y1=y - 4, x2=x + 28, y2=y - 4, stroke=one.colour,
                    stroke_width=3 if one is series[0] else 2)  # fmt: skip
        if one.dashes:
            line.set("stroke-dasharray", one.dashes)
        _text(chart, x + 34, y, name)
        x += 52 + 7.2 * len(name)
    _add(chart, "rect", x=x, y=y - 11, width=28, height=13, fill=COLOURS["band"])
    _text(chart, x + 34, y, "90 % interval")


# Lines of 0 to 100


def line(
    value: float | None,
    *,
    low: float | None = None,
    high: float | None = None,
    marks: Sequence[Dot] = (),
    width: float = 150.0,
) -> str:
    """Return a bar of 0 to 100 with its interval and marks of others; empty without a score."""
    chart = _small(width, 22, "line")
    length = width - 12
    _add(chart, "rect", x=6, y=8, width=length, height=6, fill=COLOURS["wash"])
    for cut in (25.0, 50.0, 75.0):
        at = geometry.along(cut, 6, length)
        _add(chart, "line", x1=at, y1=7, x2=at, y2=15, stroke=COLOURS["rule"], stroke_width=1)
    if value is not None:
        end = geometry.along(value, 6, length)
        _add(chart, "rect", x=6, y=8, width=end - 6, height=6, fill=COLOURS["region"])
        if low is not None and high is not None:
            a, b = geometry.along(low, 6, length), geometry.along(high, 6, length)
            _add(chart, "path", d=f"M{a:.1f},11 H{b:.1f} M{a:.1f},7 V15 M{b:.1f},7 V15",
                 stroke=COLOURS["ink"], stroke_width=1.4, fill="none")  # fmt: skip
    for mark in marks:
        _mark(chart, geometry.along(mark.value, 6, length), 11.0, mark)
    return _markup(chart)


def _mark(chart: Element, x: float, y: float, mark: Dot) -> None:
    """Draw a mark whose shape tells as much as its colour."""
    shapes = {
        "peers": f"M{x - 4:.1f},{y - 4:.1f} h8 v8 h-8 Z",
        "frontier": f"M{x:.1f},{y - 6:.1f} l6,6 l-6,6 l-6,-6 Z",
    }
    _add(chart, "path", d=shapes[mark.sign], fill=mark.colour, stroke=COLOURS["paper"],
         stroke_width=1.2)  # fmt: skip


def strip(cells: Mapping[str, float], width: float = 240.0) -> str:
    """Return groups as letters on a line of 0 to 100; letters that meet go below each other."""
    names, values = list(cells), list(cells.values())
    length = width - 40
    places = [geometry.along(value, 20, length) for value in values]
    widest = max((len(name) for name in names), default=1)
    lanes = geometry.lanes(places, 11.0 + 8 * widest)
    height = 22 + 17 * max(lanes, default=0)
    chart = _small(width, height, "strip")
    _add(chart, "line", x1=20, y1=11, x2=20 + length, y2=11, stroke=COLOURS["rule"])
    for cut in (0.0, 50.0, 100.0):
        at = geometry.along(cut, 20, length)
        _add(chart, "line", x1=at, y1=5, x2=at, y2=height - 2, stroke=COLOURS["rule"])
    for name, x, lane in zip(names, places, lanes, strict=True):
        wide = 10 + 7.5 * len(name)
        y = 11 + 17 * lane
        _add(chart, "rect", x=x - wide / 2, y=y - 8, width=wide, height=16, rx=8,
             fill=COLOURS["region"] if len(name) == 1 else COLOURS["peers"])  # fmt: skip
        _text(chart, x, y + 4, name, font_size=11, font_weight=600, text_anchor="middle",
              fill=COLOURS["paper"])  # fmt: skip
    return _markup(chart)


# Perception against statistics


def perception(spots: Sequence[Spot], *, cut: float, margin: float, title: str, told: str) -> str:
    """Return the map of what people say against what statistics say, with its quadrants.

    Args:
        spots: Items.
        cut: Where weak ends and strong begins, on both axes.
        margin: Distance from the cut below which there is no label.
        title: Title of the chart.
        told: The same in words.
    """
    left, top = 64.0, 14.0
    chart = _svg((left + MAP + 20, top + MAP + 58), "map", title, told)
    plot = _add(chart, "g", transform=f"translate({left:g} {top:g})")
    _add(plot, "rect", width=MAP, height=MAP, fill=COLOURS["wash"], stroke=COLOURS["rule"])
    near, right, up = MAP * margin / 100, MAP * cut / 100, MAP * (1 - cut / 100)
    for cross in ({"x": right - near, "y": 0.0, "width": 2 * near, "height": MAP},
                  {"x": 0.0, "y": up - near, "width": MAP, "height": 2 * near}):  # fmt: skip
        _add(plot, "rect", fill=COLOURS["paper"], **cross)
    _add(plot, "path", d=f"M{right:g},0 V{MAP:g} M0,{up:g} H{MAP:g}", fill="none",
         stroke=COLOURS["quiet"], stroke_width=1)  # fmt: skip
    for x, y, anchor, name in (
        (MAP - 10, 20, "end", "confirmed strength"),
        (10, 20, "start", "under-rated"),
        (MAP - 10, MAP - 10, "end", "over-rated"),
        (10, MAP - 10, "start", "confirmed weakness"),
    ):
        _text(plot, x, y, name, text_anchor=anchor, font_weight=600, fill=COLOURS["quiet"])
    _ticks(plot)
    where = [(geometry.along(s.perception, 0, MAP), MAP - geometry.along(s.statistics, 0, MAP))
             for s in spots]  # fmt: skip
    signs = geometry.placed(where, 22.0, 26.0)
    for (x, y), (sx, sy), spot in zip(where, signs, spots, strict=True):
        _add(plot, "line", x1=x, y1=y, x2=sx, y2=sy, stroke=COLOURS["region"], stroke_width=1)
        _add(plot, "circle", cx=x, cy=y, r=3, fill=COLOURS["region"])
        _add(plot, "circle", cx=sx, cy=sy, r=10.5, fill=COLOURS["region"], stroke=COLOURS["paper"])
        _text(plot, sx, sy + 4.5, f"{spot.number}", font_size=12.5, font_weight=700,
              text_anchor="middle", fill=COLOURS["paper"])  # fmt: skip
    return _markup(chart)


def _ticks(plot: Element) -> None:
    """Write the axes: 0, 50 and 100, and what they are."""
    for level in (0.0, 50.0, 100.0):
        at = geometry.along(level, 0, MAP)
        _text(plot, at, MAP + 18, f"{level:.0f}", text_anchor="middle", font_size=12)
        _text(plot, -8, MAP - at + 4, f"{level:.0f}", text_anchor="end", font_size=12)
    _text(plot, MAP / 2, MAP + 40, "What people say: score of the item", text_anchor="middle")
    _text(plot, -MAP / 2, -42, "What statistics say: percentile among regions",
          text_anchor="middle", transform="rotate(-90)")  # fmt: skip
