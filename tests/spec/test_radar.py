"""Where scores go on a radar and on a line, and what happens where one is missing."""

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.report import geometry

scores = st.floats(0, 100)
some = st.lists(st.none() | scores, min_size=3, max_size=9)


@pytest.mark.parametrize(
    ("axis", "value", "expected"),
    [
        (0, 100, (0, -50)),  # the first axis points up
        (1, 100, (50, 0)),  # then clockwise
        (2, 50, (0, 25)),
        (3, 100, (-50, 0)),
        (3, 0, (0, 0)),  # 0 is the centre
        (1, 120, (50, 0)),  # nothing leaves the chart
        (1, -5, (0, 0)),
    ],
)
def test_a_score_lies_on_its_axis(axis, value, expected):
    assert geometry.on_axis(axis, 4, value, 50) == pytest.approx(expected, abs=1e-9)


@given(some)
def test_as_far_from_the_centre_as_the_score_is_high(values):
    for axis, value in enumerate(values):
        if value is not None:
            found = math.hypot(*geometry.on_axis(axis, len(values), value, 200))
            assert found == pytest.approx(2 * value, abs=1e-6)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ("1111111", [[0, 1, 2, 3, 4, 5, 6]]),
        ("0111111", [[1, 2, 3, 4, 5, 6]]),
        ("1101111", [[3, 4, 5, 6, 0, 1]]),  # around the top in one run
        ("1010001", [[2], [6, 0]]),
        ("0000000", []),
        ("", []),
    ],
)
def test_runs_go_around_the_circle_and_stop_where_something_is_missing(there, expected):
    assert geometry.runs([c == "1" for c in there]) == expected


@given(st.lists(st.booleans(), max_size=12))
def test_runs_hold_everything_that_is_there_once(there):
    found = [axis for run in geometry.runs(there) for axis in run]
    assert sorted(found) == [axis for axis, known in enumerate(there) if known]


def test_a_whole_profile_is_closed_and_one_with_a_gap_is_not():
    assert geometry.outline([50.0, 50.0, 50.0], 100).endswith("Z")
    broken = geometry.outline([50.0, None, 50.0, 50.0], 100)
    assert "Z" not in broken
    assert points(broken) == [(0, 50), (-50, 0), (0, -50)]


@given(some)
def test_a_line_has_no_point_where_a_score_is_missing(values):
    known = [axis for axis, value in enumerate(values) if value is not None]
    found = points(geometry.outline(values, 100))
    assert len(found) <= len(known)
    if len(known) == len(values):
        assert len(found) == len(known)


def test_a_band_lies_between_its_bounds():
    whole = geometry.band([20.0] * 4, [60.0] * 4, 100)
    assert whole.count("Z") == 2
    assert points(whole) == [(0, -60), (60, 0), (0, 60), (-60, 0),
                             (0, -20), (20, 0), (0, 20), (-20, 0)]  # fmt: skip
    part = geometry.band([20.0, 20.0, None, 20.0], [60.0, 60.0, 60.0, None], 100)
    assert points(part) == [(0, -60), (60, 0), (20, 0), (0, -20)]
    assert geometry.band([None] * 4, [None] * 4, 100) == ""


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("Effect of S3 on clusters", 12, ["Effect of S3", "on clusters"]),
        ("", 10, [""]),
        ("incomprehensibilities", 8, ["incompre", "hensibil", "ities"]),
    ],
)
def test_names_are_wrapped(text, width, expected):
    assert geometry.wrapped(text, width) == expected


@given(st.text(max_size=200), st.integers(1, 30))
def test_no_line_is_too_long_and_no_sign_is_lost(text, width):
    lines = geometry.wrapped(text, width)
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_what_is_cut_says_so():
    assert geometry.shortened(["a b", "c d", "e f"], 2) == ["a b", "c …"]
    assert geometry.shortened(["a b", "c d"], 2) == ["a b", "c d"]


@given(st.lists(scores, max_size=8), st.floats(1, 40))
def test_signs_in_one_lane_never_meet(places, apart):
    lanes = geometry.lanes(places, apart)
    for lane in set(lanes):
        here = sorted(p for p, own in zip(places, lanes, strict=True) if own == lane)
        assert all(b - a >= apart for a, b in pairwise(here))


def test_a_sign_stands_on_its_point_unless_another_is_near():
    assert geometry.placed([(0, 0), (100, 100)], 20, 25) == [(0, 0), (100, 100)]
    first, second = geometry.placed([(0, 0), (5, 0)], 20, 25)
    assert math.dist(first, second) >= 20
    assert geometry.placed([(3, 3)] * 30, 20, 25)  # where there is no room the best is taken


def points(path):
    """Return the points of a path, rounded."""
    found = re.findall(r"(-?[0-9.]+),(-?[0-9.]+)", path)
    return [(round(float(x)), round(float(y))) for x, y in found]
