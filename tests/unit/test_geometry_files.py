"""Reading the outlines of regions: what is taken, and every way to refuse."""

import gzip
import json
from pathlib import Path

import pytest
import shapely

from expectations.validate import judge
from s3etl.catalogue import ReferenceTable
from s3etl.declarations import read_declaration
from s3etl.errors import Changed
from s3etl.nuts.tables import GEOMETRY
from sources import TABLES, checked, geometry, nuts
from sources.providers import FolderProvider, SampleProvider, Wanted
from sources.sample.nuts import boxes, codes_in, nuts_files

GISCO = "NUTS_RG_20M_2024_4326_LEVL_2.geojson"
SHORT = "nuts2_20M_2024.geojson.gz"
DECLARED = read_declaration(TABLES / "nuts_geometry.yaml", ReferenceTable)


def square(x=0.0, y=0.0, size=1.0):
    ends = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {"type": "Polygon", "coordinates": [ends]}


def feature(code="AT11", shape=None):
    return {"properties": {"NUTS_ID": code}, "geometry": square() if shape is None else shape}


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def read(files):
    return geometry.read_geometry(files, "nuts_geometry")


def shapes_in(table):
    return dict(
        zip(
            table.column("geo").to_pylist(),
            shapely.from_wkb(table.column("geometry").to_pylist()),
            strict=True,
        )
    )


def test_both_names_and_packings_are_read():
    plain = read({GISCO: collection(feature(), feature("AT12", square(1)))})
    assert plain.schema == GEOMETRY
    assert plain.drop(["geometry"]).to_pylist() == [
        {"version": "2024", "geo": code, "level": 2, "scale": 20} for code in ("AT11", "AT12")
    ]
    packed = read({SHORT: gzip.compress(collection(feature(), feature("AT12", square(1))))})
    assert packed.equals(plain)
    assert shapes_in(plain)["AT12"].bounds == (1, 0, 2, 1)


def test_the_finest_scale_of_a_version_and_level_is_used_and_others_are_not_read():
    table = read(
        {
            "nuts2_60M_2021.geojson": b"not even JSON",
            "nuts2_20M_2021.geojson": collection(feature("PT16")),
            "nuts3_60M_2021.geojson": collection(feature("PT16B")),
        }
    )
    found = {(r["geo"], r["version"], r["scale"]) for r in table.to_pylist()}
    assert found == {("PT16", "2021", 20), ("PT16B", "2021", 60)}


def test_rings_that_cross_themselves_are_made_valid():
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}
    (shape,) = shapes_in(read({GISCO: collection(feature("AT11", bow))})).values()
    assert shape.is_valid
    assert shape.area == 2
    spike = [*square()["coordinates"][0][:2], [5, 0], [1, 0], *square()["coordinates"][0][2:]]
    lined = {"type": "Polygon", "coordinates": [spike]}
    (shape,) = shapes_in(read({GISCO: collection(feature("AT11", lined))})).values()
    assert shape.geom_type in {"Polygon", "MultiPolygon"}
    assert shape.area == 1


def test_heights_and_islands_are_read():
    island = [[[x, y, 7.0] for x, y in square(5)["coordinates"][0]]]
    many = {"type": "MultiPolygon", "coordinates": [square()["coordinates"], island]}
    (shape,) = shapes_in(read({GISCO: collection(feature("AT11", many))})).values()
    assert (shape.area, shape.has_z) == (2, False)


def bad(coordinates, kind="Polygon"):
    return {GISCO: collection(feature("AT11", {"type": kind, "coordinates": coordinates}))}


HOSTILE = {
    "no JSON": {GISCO: b"<html>"},
    "nothing": {GISCO: b""},
    "endless brackets": {GISCO: b"[" * 200_000},
    "an endless number": {GISCO: b'{"features": [' + b"1" * 10_000 + b"]}"},
    "a list": {GISCO: b"[1]"},
    "no features": {GISCO: b'{"type": "FeatureCollection"}'},
    "an empty collection": {GISCO: collection()},
    "features that are none": {GISCO: collection(1)},
    "no properties": {GISCO: collection({"geometry": square()})},
    "no code": {GISCO: collection({"properties": {"NUTS_ID": None}, "geometry": square()})},
    "a code that is none": {GISCO: collection(feature("Wien"))},
    "a code of another level": {GISCO: collection(feature("AT113"))},
    "a code twice": {GISCO: collection(feature(), feature())},
    "no geometry": {GISCO: collection({"properties": {"NUTS_ID": "AT11"}, "geometry": None})},
    "a point": bad([0, 0], "Point"),
    "a line": bad([[0, 0], [1, 1]], "LineString"),
    "no coordinates": bad(None),
    "no rings": bad([]),
    "a ring of nothing": bad([[]]),
    "a ring of one point": bad([[[0, 0]]]),
    "an open ring": bad([[[0, 0], [1, 0], [1, 1], [0, 1]]]),
    "a flat ring": bad([[[0, 0], [1, 1], [2, 2], [0, 0]]]),
    "text for a number": bad([[["0", 0], [1, 0], [1, 1], ["0", 0]]]),
    "no number": bad([[[float("nan"), 0], [1, 0], [1, 1], [0, 0]]]),
    "an infinite number": bad([[[0, 0], [float("inf"), 0], [1, 1], [0, 0]]]),
    "metres": bad(square(4_321_000, 3_210_000, 1000)["coordinates"]),
    "damage": {SHORT: gzip.compress(collection(feature()))[:-9]},
    "other bytes than UTF-8": {GISCO: b'{"features": "\xe4"}'},
    "another projection": {"NUTS_RG_20M_2024_3035_LEVL_2.geojson": collection(feature())},
    "a version that is none": {"nuts2_20M_2023.geojson": collection(feature())},
    "an unknown name": {"regions.geojson": collection(feature())},
    "two files of one scale": {n: collection(feature()) for n in (GISCO, "nuts2_20M_2024.geojson")},
    "no files": {},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_outlines_are_refused_for(kind):
    with pytest.raises(Changed, match=r"expected |of no known NUTS version") as told:
        read(HOSTILE[kind])
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 250


def test_what_is_too_large_is_refused_before_it_is_parsed(monkeypatch):
    monkeypatch.setattr(geometry, "MOST_REGIONS", 1)
    with pytest.raises(Changed, match="at most 1 features"):
        read({GISCO: collection(feature(), feature("AT12"))})
    monkeypatch.setattr(geometry, "MOST_CHARACTERS", 10)
    with pytest.raises(Changed, match="at most 10 characters"):
        read({GISCO: collection(feature())})
    monkeypatch.setattr(checked, "MOST_BYTES", 10)
    with pytest.raises(Changed, match="a usual size"):
        read({SHORT: gzip.compress(collection(feature()))})


def test_the_sample_world_has_outlines_that_hold_each_other():
    files = {name: data for name, data in nuts_files().items() if name.endswith(".geojson")}
    shapes = shapes_in(nuts.TABLES["nuts_geometry"](files, "nuts_geometry"))
    assert set(shapes) == {code for level in range(4) for code in codes_in("2024", level)}
    all_boxes = {code: box for level in range(4) for code, box in boxes(level).items()}
    for code, shape in shapes.items():
        assert shape.bounds == all_boxes[code]
        parts = [s.area for c, s in shapes.items() if c.startswith(code) and len(c) == 5]
        assert shape.area == pytest.approx(sum(parts))
    west, south, east, north = shapely.union_all(list(shapes.values())).bounds
    assert west >= 0
    assert east <= 30
    assert -54.4 < south < north <= -36  # south of Africa, north of Bouvet Island


@pytest.mark.parametrize("origin", ["sample", "provider"])
def test_the_judge_takes_outlines_of_regions_of_its_origin(snapshot, origin):
    files = {name: data for name, data in nuts_files().items() if name.endswith(".geojson")}
    table = read(files)
    judged = judge(table, DECLARED, (), snapshot.model_copy(update={"origin": origin}))
    assert judged.verdict.accepted == (origin == "sample")
    assert origin == "sample" or "region of a country of this origin" in judged.verdict.reason


def test_every_provider_hands_over_the_declared_files(tmp_path: Path):
    (tmp_path / "from" / "geometry").mkdir(parents=True)
    for name in (GISCO, SHORT, "nuts3_60M_2021.geojson.gz", "nuts_2024_names.csv.gz", "x.geojson"):
        (tmp_path / "from" / "geometry" / name).write_bytes(b"1")
    folder = FolderProvider([tmp_path / "from"]).get(Wanted(DECLARED, tmp_path))
    taken = {GISCO, SHORT, "nuts3_60M_2021.geojson.gz"}
    assert set(nuts.unbundle(folder.file.read_bytes())) == taken
    made = SampleProvider("first").get(Wanted(DECLARED, tmp_path))
    names = {address.rsplit("/", 1)[-1] for address in DECLARED.addresses}
    assert set(nuts.unbundle(made.file.read_bytes())) == names
