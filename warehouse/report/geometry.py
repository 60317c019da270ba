"""Where things of a chart go: points of a radar, runs of what is there, lanes for labels.

Plain numbers in, plain numbers and path texts out; no colour, no element and no word.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

Point = tuple[float, float]
Values = Sequence[float | None]

FULL: Final = 100.0
"""Largest score; 0 lies in the centre of a radar and at the start of a line."""


def along(value: float, start: float, length: float) -> float:
    """Return where a score lies on a line; scores beyond 0 to 100 stay on it."""
    return start + length * min(max(value, 0.0), FULL) / FULL


def on_axis(axis: int, axes: int, value: float, radius: float) -> Point:
    """Return a score on an axis of a radar around (0, 0), the first axis up, then clockwise."""
    angle = 2 * math.pi * axis / axes
    out = along(value, 0.0, radius)
    return out * math.sin(angle), -out * math.cos(angle)


def runs(there: Sequence[bool]) -> list[list[int]]:
    """Return which neighbours around a circle are there without a break between them.

    Runs start after something missing; where nothing is missing there is one run of all.
    """
    count = len(there)
    if all(there):
        return [list(range(count))] if count else []
    gap = list(there).index(False)
    out: list[list[int]] = [[]]
    for step in range(1, count + 1):
        axis = (gap + step) % count
        if there[axis]:
            out[-1].append(axis)
        elif out[-1]:
            out.append([])
    return [run for run in out if run]


def outline(values: Values, radius: float) -> str:
    """Return the path of a profile on a radar; it breaks where a score is missing."""
    return " ".join(
        path(_points(values, run, radius), closed=len(run) == len(values))
        for run in runs([value is not None for value in values])
        if len(run) > 1
    )


def band(lows: Values, highs: Values, radius: float) -> str:
    """Return the path of the area between two profiles, to be filled by the even-odd rule."""
    count, parts = len(lows), []
    there = [low is not None and high is not None for low, high in zip(lows, highs, strict=True)]
    for run in runs(there):
        outer, inner = _points(highs, run, radius), _points(lows, run, radius)
        if len(run) == count:
            parts += [path(outer, closed=True), path(inner, closed=True)]
        elif len(run) > 1:
            parts.append(path([*outer, *reversed(inner)], closed=True))
    return " ".join(parts)


def _points(values: Values, run: Sequence[int], radius: float) -> list[Point]:
    found = ((i, values[i]) for i in run)
    return [on_axis(i, len(values), v, radius) for i, v in found if v is not None]


def path(points: Iterable[Point], *, closed: bool) -> str:
    """Return the path through points."""
    steps = " L".join(f"{x:.2f},{y:.2f}" for x, y in points)
    return f"M{steps}{' Z' if closed else ''}"


def ring(axes: int, value: float, radius: float) -> str:
    """Return the path of a grid line of a radar."""
    return path([on_axis(i, axes, value, radius) for i in range(axes)], closed=True)


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most ``width`` signs; a longer word is cut."""
    lines = [""]
    for word in text.split():
        for start in range(0, len(word), width):
            piece = word[start : start + width]
            if lines[-1] and len(lines[-1]) + 1 + len(piece) > width:
                lines.append(piece)
            else:
                lines[-1] = f"{lines[-1]} {piece}".strip()
    return lines


def shortened(lines: Sequence[str], most: int) -> list[str]:
    """Return the first lines, with a mark where there were more."""
    return list(lines) if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][:-1]}…"]


def lanes(places: Sequence[float], apart: float) -> list[int]:
    """Return for each place the lowest lane where nothing is nearer than ``apart``."""
    out = [0] * len(places)
    last: list[float] = []
    for i in sorted(range(len(places)), key=lambda i: (places[i], i)):
        free = [lane for lane, place in enumerate(last) if places[i] - place >= apart]
        lane = free[0] if free else len(last)
        if lane == len(last):
            last.append(places[i])
        last[lane] = places[i]
        out[i] = lane
    return out


def placed(points: Sequence[Point], apart: float, reach: float) -> list[Point]:
    """Return a place for the sign of each point: on it, else beside it, clear of the others.

    Places around a point are tried in order, near ones first, and the one farthest from
    everything is taken where none is clear.
    """
    out: list[Point] = []
    for i, (x, y) in enumerate(points):
        others = [*points[:i], *points[i + 1 :], *out]
        tries = [(x, y)] + [
            (x + far * reach * math.sin(turn), y - far * reach * math.cos(turn))
            for far in (1, 2)
            for turn in (math.tau * k / 8 for k in range(1, 9))
        ]
        clear = [min((math.dist(t, o) for o in others), default=math.inf) for t in tries]
        good = next((k for k, room in enumerate(clear) if room >= apart), None)
        out.append(tries[clear.index(max(clear)) if good is None else good])
    return out
