"""Neighbours: regions whose outlines meet, and what alignment says of them (C-18, C-19)."""

import numpy as np
import pyarrow as pa
import pytest
import shapely

from s3etl.alignment.region import _complementarity, _with_neighbours
from s3etl.nuts.contiguity import neighbours

PLACES = {  # left, bottom: squares of side 1
    "AA01": (0, 0),
    "AA02": (1, 0),  # beside AA01
    "AA03": (2.01, 0),  # generalised outlines leave a gap of a kilometre
    "AA04": (9, 9),  # an island
}


def outlines(**more):
    rows = [
        {"version": "2024", "geo": geo, "geometry": shapely.to_wkb(shapely.box(x, y, x + 1, y + 1))}
        for geo, (x, y) in PLACES.items()
    ]
    return pa.Table.from_pylist([*rows, *more.values()])


def test_neighbours_share_a_border_and_an_island_has_none():
    found = neighbours(outlines(), list(PLACES))
    pairs = {("AA01", "AA02"), ("AA02", "AA03")}
    codes = list(PLACES)
    for i, a in enumerate(codes):
        for j, b in enumerate(codes):
            assert found[i, j] == ((a, b) in pairs or (b, a) in pairs)


def test_order_of_regions_and_rows_changes_nothing():
    codes = ["AA03", "AA01", "AA04", "AA02"]
    found = neighbours(outlines().take([3, 1, 0, 2]), codes)
    again = neighbours(outlines(), list(PLACES))
    order = [list(PLACES).index(code) for code in codes]
    assert (found == again[np.ix_(order, order)]).all()


def test_a_region_without_an_outline_and_an_older_version_have_no_neighbours():
    old = {
        "version": "2021",
        "geo": "AA09",
        "geometry": shapely.to_wkb(shapely.box(0, 0, 1, 1)),
    }
    found = neighbours(outlines(old=old), [*PLACES, "AA09", "AA10"])
    assert not found[4:].any()
    assert not neighbours(outlines().slice(0, 0), ["AA01"]).any()


ADJACENT = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], bool)
PI = np.array([[1.0, 0.0], [0.5, 0.5], [np.nan, np.nan]])


def test_alignment_with_neighbours_is_the_mean_over_those_with_a_strategy():
    found = _with_neighbours(PI, ADJACENT)
    assert found[0] == pytest.approx(1 / np.sqrt(2))  # cos((1, 0), (1, 1))
    assert found[1] == pytest.approx(1 / np.sqrt(2))  # the third has no strategy
    assert np.isnan(found[2])
    assert np.isnan(_with_neighbours(PI, None)).all()


def test_complementarity_is_the_share_of_priorities_where_only_a_neighbour_is_strong():
    strong = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    found = _complementarity(PI, strong, ADJACENT)
    assert found[0] == 1.0  # its only priority is a strength next door
    assert found[1] == 0.5  # the second domain is strong in the third region
    assert np.isnan(found[2])
    alone = _complementarity(PI, strong, np.zeros((3, 3), bool))
    assert np.isnan(alone).all()
