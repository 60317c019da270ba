"""The real registry of cluster organisations, placed with the real outlines.

The tables below are to be read: what was written by hand from general knowledge, and what the
files give. A row that changes is read by a person.
"""

import csv
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
import shapely

from s3etl.organisations.codes import country_of
from s3etl.organisations.placing import place
from s3etl.organisations.postcodes import installed_postcodes
from s3etl.organisations.regions import RegionNames
from s3etl.organisations.wording import fold
from sources import nuts

pytestmark = pytest.mark.shared

# Written by hand from general knowledge of the places: city, NUTS 2 of 2024.
KNOWN = """
AL Korçë AL03, AL Tirana AL02, AT Graz AT22, AT Linz AT31, AT Vienna AT13, AT Villach AT21,
AT Innsbruck AT33, AT St. Pölten AT12, AT Weiz AT22, BE Gosselies BE32, BE Gent BE23,
BE Ghent BE23, BE Oostende BE25, BE Brussels BE10, BE Antwerpen BE21, BE Namur BE35,
BE Leuven BE24, BE Hoboken BE21, BE Lommel BE22, BE Wavre BE31, BE Liège BE33, BE Vielsalm BE34,
BG Sofia BG41, BG София-Град BG41, BG Пловдив BG42, BG Varna BG33, BG Ruse BG32, BG Vidin BG31,
BG Burgas BG34, CY Nicosia CY00, CZ Prague CZ01, CZ Kladno CZ02, CZ Dobřany CZ03,
CZ Ústí nad Labem CZ04, CZ Liberec CZ05, CZ Pardubice CZ05, CZ Brno CZ06, CZ Zlín CZ07,
CZ Olomouc - Holice CZ07, CZ Ostrava CZ08, CZ Ostrava - Poruba CZ08, CZ Havířov CZ08,
DE München DE21, DE Munich / München DE21, DE Martinsried/Munich DE21, DE 93053 Regensburg DE23,
DE Nuremberg DE25, DE Bayreuth DE24, DE Würzburg DE26, DE Augsburg DE27, DE Stuttgart DE11,
DE Mannheim DE12, DE Freiburg DE13, DE Konstanz DE13, DE Berlin DE30, DE Potsdam DE40,
DE Bremen DE50, DE Hamburg DE60, DE Frankfurt am Main DE71, DE Kassel DE73, DE Rostock DE80,
DE Braunschweig DE91, DE Goettingen DE91, DE Hannover DE92, DE Celle DE93, DE Oldenburg DE94,
DE Duesseldorf DEA1, DE Aachen DEA2, DE Münster DEA3, DE Paderborn DEA4, DE Dortmund DEA5,
DE Mainz DEB3, DE Kaiserslautern DEB3, DE Dresden DED2, DE Chemnitz DED4, DE Freiberg DED4,
DE Leipzig DED5, DE Halle/ Saale DEE0, DE Magdeburg DEE0, DE Kiel DEF0, DE Jena DEG0,
DE Weimar DEG0, DK Copenhagen S DK01, DK Elsingore DK01, DK Odense M DK03, DK Sønderborg DK03,
DK Aarhus C. DK04, DK Aalborg DK05, EE Tallinn EE00, FI Helsinki FI1B, FI Turku FI1C,
FI Lahti FI1C, FI Tampere FI19, FI Seinajoki FI19, FI Oulu FI1D, FI Joensuu FI1D,
FR Paris FR10, FR Evry FR10, FR Orléans Cedex FRB0, FR DIJON FRC1, FR BELFORT FRC2,
FR CAEN FRD1, FR LE HAVRE FRD2, FR Lille FRE1, FR loos FRE1, FR Amiens FRE2, FR ILLKIRCH FRF1,
FR Metz FRF3, FR Nantes FRG0, FR RENNES FRH0, FR Bordeaux FRI1, FR Bruges FRI1, FR PAU FRI1,
FR Limoges FRI2, FR Montpellier FRJ1, FR TOULOUSE FRJ2, FR Clermont-Ferrand FRK1, FR Lyon FRK2,
FR cluses FRK2, FR Aix en Provence FRL0, FR Avignon Cedex 9 FRL0, FR Fort de France FRY2,
GR Athens EL30, GR Piraeus EL30, GR Maroussi, Athens EL30, GR Heraklion EL43,
GR Thessaloniki EL52, GR KOZANI EL53, HR Zagreb HR05, HR Split HR03, HR Osijek HR02,
HR Varaždin HR06, HU Budapest HU11, HU Győr HU22, HU Pécs HU23, HU Miskolc HU31,
HU Debrecen HU32, HU Szeged HU33, HU Székesfehérvár HU21, IE Cork IE05, IE Dublin 2 IE06,
IE Athlone IE06, IT Torino ITC1, IT La Spezia ITC3, IT Milan ITC4, IT Bari ITF4, IT Tito (PZ) ITF5,
IT Tito Scalo Potenza PZ ITF5, IT Catanzaro ITF6, IT Napoli ITF3, IT Messina ITG1, IT TRENTO ITH2,
IT Mestre VENEZIA ITH3, IT Tavagnacco (Udine) ITH4, IT Bologna ITH5, IT Prato ITI1,
IT Ancona ITI3, IT ROMA ITI4, LU Esch-sur-Alzette LU00, LV Rīga LV00, ME Podgorica ME00,
MK Skopje MK00, MT Valletta MT00, PT Porto PT11, PT ÉVORA PT1C, PT Santarém PT1D, PT Aveiro PT19,
PT Caparica PT1B, SI Ljubljana SI04, SI Lubljana SI04, SI Maribor SI03, RS Belgrade RS11,
RS Novi Sad RS12, RS Kragujevac RS21, RS Niš RS22, XK Prishtina XK00
"""

# What stands for a city, is one, and is not placed: text, rows, and what the reason says.
UNPLACED = {
    ("BE", "Les Isnes"): (1, "no place or region"),
    ("BE", "Grâce-Hollogne"): (1, "no place or region"),
    ("FI", "Leppäkaarre"): (1, "no place or region"),
    ("FR", "PORTE-DE-SAVOIE"): (1, "no place or region"),
    ("FR", "SAINTE-CLOTILDE"): (1, "no place or region"),
    ("FR", "Saint Denis"): (1, "Saint-Denis (FRY4), Saint-Denis (FR10)"),
    ("FR", "Saint-Denis"): (1, "Saint-Denis (FRY4), Saint-Denis (FR10)"),
    ("RS", "Selenča"): (1, "no place or region"),
}
# Countries without NUTS 2 regions in 2024; all their rows have cities.
OUTSIDE = {"GE": 7, "MD": 17}
# NUTS 3 as the towns have it; the outlines of 2021 are coarse, and what is not sure is missing.
NUTS3 = """
DE Düsseldorf DEA11, DE Kaiserslautern DEB32, DE Regensburg DE232, DE Weimar DEG05,
AT Graz AT221, CZ Brno CZ064, FR Lyon FRK26, FR Paris FR101, IT Milano ITC4C, BG Varna BG331
"""


def bytes_of(folder: Path, *patterns: str) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for pattern in patterns for p in sorted(folder.glob(pattern))}


@pytest.fixture(scope="module")
def tables(shared_nuts: Path) -> dict[str, pa.Table]:
    lists = bytes_of(shared_nuts / "codes", "nuts_changes*", "nuts_2024_names*")
    codes = bytes_of(shared_nuts / "codes", "all_nuts_codes_*")
    outlines = bytes_of(shared_nuts / "geometry", "*.geojson.gz")
    return {
        "codes": nuts.read_codes(codes, "nuts_codes"),
        "names": nuts.read_names(lists, "nuts_names"),
        "geometry": nuts.TABLES["nuts_geometry"](outlines, "nuts_geometry"),
    }


@pytest.fixture(scope="module")
def registry(shared_clusters: Path) -> pa.Table:
    with (shared_clusters / "eccp" / "eccp_cluster_organisations.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        return pa.Table.from_pylist(list(csv.DictReader(file)))


@pytest.fixture(scope="module")
def placed(registry: pa.Table, tables: dict[str, pa.Table]) -> list[dict[str, object]]:
    """The rows of the registry with where they are."""
    found = place(registry, **tables)
    return [r | p for r, p in zip(registry.to_pylist(), found.to_pylist(), strict=True)]


def pairs(text: str) -> dict[tuple[str, str], str]:
    """Read ``DE München DE21, …``; a comma stands in a name too."""
    found, before = {}, ""
    for part in " ".join(text.split()).split(", "):
        whole = before + part
        words = whole.split(" ")
        if words[-1][:2] != country_of(words[0]) or not words[-1][2:3].isalnum():
            before = f"{whole}, "
            continue
        found[words[0], " ".join(words[1:-1])], before = words[-1], ""
    return found


def test_outlines_are_read_whole(tables):
    table = tables["geometry"]
    counts = Counter(
        zip(*(table.column(c).to_pylist() for c in ("version", "level", "scale")), strict=True)
    )
    assert counts == {
        ("2010", 2, 60): 316,
        ("2013", 2, 60): 320,
        ("2016", 2, 60): 332,
        ("2016", 3, 60): 1522,
        ("2021", 0, 60): 37,
        ("2021", 1, 60): 125,
        ("2021", 2, 20): 334,
        ("2021", 3, 60): 1514,
        ("2024", 0, 20): 39,
        ("2024", 1, 20): 115,
        ("2024", 2, 20): 299,
    }


def test_cities_everyone_knows_are_in_their_regions(placed):
    found = {(r["country"], r["city"]): r["geo"] for r in placed}
    known = pairs(KNOWN)
    assert len(known) >= 60
    assert {key: found[key] for key in known} == known


def test_95_percent_of_the_cities_are_placed_at_nuts_2(placed, tables):
    """A city is what is neither empty nor the name of its country nor of one of its regions.

    Rows of countries without NUTS 2 regions count as cities that are not placed.
    """
    names = RegionNames(tables["names"])
    english = {"Albania", "Czechia", "Croatia", "Estonia", "Ireland", "Slovenia", "Luxembourg"}
    countries = {
        country_of(c): names.countries[country_of(c)] | {fold(e) for e in english}
        for c in {r["country"] for r in placed}
    }
    cities = [
        r
        for r in placed
        if r["city"]
        and fold(r["city"]) not in countries[country_of(r["country"])]
        and r["placing_method"] != "region name"
    ]
    assert (len(placed), len(cities)) == (851, 810)
    missing = [r for r in cities if r["geo"] is None]
    assert 1 - len(missing) / len(cities) >= 0.95
    inside = [r for r in missing if r["country"] not in OUTSIDE]
    assert Counter(r["country"] for r in missing if r["country"] in OUTSIDE) == OUTSIDE
    assert Counter((r["country"], r["city"]) for r in inside) == {
        key: rows for key, (rows, _) in UNPLACED.items()
    }
    for r in inside:
        assert UNPLACED[r["country"], r["city"]][1] in r["placing_reason"]
        assert r["placing_method"] == "not placed"


def test_what_is_no_city_stays_national_with_its_reason(placed):
    national = [r for r in placed if r["placing_method"] == "country only"]
    assert Counter(r["geo"] for r in national) == {None: 39, "EE00": 1, "LU00": 2}
    assert all("only the country is given" in r["placing_reason"] for r in national if not r["geo"])
    assert all(r["placing_reason"] for r in placed if r["geo"] is None)
    assert all((r["placing_confidence"] is None) == (r["geo"] is None) for r in placed)


def test_no_organisation_is_in_a_wrong_country(placed, tables):
    """By the code, and by the outline of the country, which is not what placed it."""
    assert all(r["geo"][:2] == country_of(r["country"]) for r in placed if r["geo"])
    assert all(r["nuts3"][:2] == country_of(r["country"]) for r in placed if r["nuts3"])
    today = [
        r for r in tables["geometry"].to_pylist() if r["version"] == "2024" and r["level"] in (0, 2)
    ]
    shapes = {r["geo"]: shapely.from_wkb(r["geometry"]) for r in today}
    for geo in {r["geo"] for r in placed if r["geo"]}:
        inside = shapely.area(shapely.intersection(shapes[geo], shapes[geo[:2]]))
        assert inside > 0.97 * shapely.area(shapes[geo])


def test_nuts_3_is_right_or_missing(placed):
    found = {(r["country"], r["city"]): r["nuts3"] for r in placed}
    known = pairs(NUTS3)
    assert {key: found[key] for key in known} == known
    # Imola is on the edge of Ravenna's coarse outline, Piraeus on that of Athens.
    assert found["IT", "Imola"] is found["GR", "Piraeus"] is None
    placed_by_city = [r for r in placed if r["placing_method"] == "city"]
    assert sum(r["nuts3"] is not None for r in placed_by_city) / len(placed_by_city) > 0.85
    assert {r["nuts3_version"] for r in placed if r["nuts3"]} == {"2021"}


def test_a_postcode_in_the_city_gives_the_same_region(registry, tables):
    lookup = installed_postcodes()
    if lookup.postcodes is None:
        pytest.skip(lookup.reason)
    found = place(registry, **tables, postcodes=lookup.postcodes).to_pylist()
    by_code = [r for r in found if r["placing_method"] == "postal code"]
    assert [(r["geo"], r["nuts3"], r["matched"]) for r in by_code] == [("DE23", "DE232", "93053")]
