"""The real ECCP list: what is merged in it, what is listed, and a second spelling found again.

City text stands in for the NUTS 3 region. Every pair below was read by a person.
"""

import csv

import numpy as np
import pyarrow as pa
import pytest

from s3etl.organisations.completeness import ALL, completeness
from s3etl.organisations.duplicates import duplicates
from s3etl.organisations.method import load_method

pytestmark = pytest.mark.shared

METHOD = load_method()
COLUMNS = ("register", "id", "name", "country", "website", "nuts3")
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])

# What some write for a city: it says nothing about the region.
NO_CITY = frozenset(
    """albania belgique croatia czechia danmark deutschland estonia france ireland italia
    magyarország portugal slovenia slovenija suomi česko österreich""".split()  # noqa: SIM905
)

# Listed for review; the first and the last are one organisation, the others are two.
LISTED = [
    ("Silicon Alps", "Silicon Alps Cluster GmbH"),
    ("CREATECH BULGARIA", "Cleantech Bulgaria"),
    (
        "ecoplus. The Business Agency of Lower Austria, Mechatronics-Cluster",
        "ecoplus. The Business Agency of Lower Austria, Plastics-Cluster",
    ),
    (
        "Cluster of information and communication technologies Burgas",
        "Cluster Information and Communication Technologies Blagoevgrad",
    ),
    ("Cluster Automotive", "automotive-bw"),
    ("Flanders Bike Valley", "Flanders Biobased Valley"),
    ("Bulgarian Fashion Association", "Bulgarian Fintech Association"),
    (
        "Mechatronics Cluster @ Business Upper Austria - OÖ Wirtschaftsagentur",
        "Plastics Cluster @ Business Upper Austria - OÖ Wirtschaftsagentur GmbH",
    ),
    ("MAI Carbon Cluster Management", "MAI Carbon of Carbon Composites e.V."),
]

# One organisation each, by the names in two languages: no rule on names can find them.
TRANSLATED = [
    ("Franconian Plastics Network (KNF)", "Kunststoff-Netzwerk Franken"),
    (
        "AIPQR - ASSOCIAÇÃO DAS INDÚSTRIAS DA PETROQUÍMICA, QUÍMICA E REFINAÇÃO",
        "Chemical, Petrochemical and Refining Cluster",
    ),
    ("BION Cluster lombardo scienze della vita", "Lombardy Life Sciences Cluster"),
]


@pytest.fixture(scope="module")
def eccp(shared_clusters):
    path = shared_clusters / "eccp" / "eccp_cluster_organisations.csv"
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def table(rows):
    return pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows], SCHEMA)


def region(row):
    city = row["city"].strip().casefold()
    return None if city in NO_CITY else city or None


def test_in_the_real_list_nothing_is_merged_wrongly_and_near_misses_are_listed(eccp):
    records = [
        ("eccp", str(i), row["name"], row["country"], None, region(row))
        for i, row in enumerate(eccp)
    ]
    result = duplicates(table(records), METHOD)
    name = {str(i): row["name"] for i, row in enumerate(eccp)}
    assert result.groups.num_rows == 851
    assert result.merges.num_rows == 0
    listed = {frozenset((name[p["id_a"]], name[p["id_b"]])) for p in result.possible.to_pylist()}
    assert listed == {frozenset(pair) for pair in LISTED}
    assert not [pair for pair in TRANSLATED if frozenset(pair) in listed]
    assert {text for pair in TRANSLATED for text in pair} <= set(name.values())


AGENCIES = {
    "Business Upper": "biz-up.at",
    "Standortagentur Tirol": "standort-tirol.at",
    "ecoplus.": "ecoplus.at",
    "OIA/": "ouka.fi",
    "Clust-ER": "regione.emilia-romagna.it",
}


def test_the_clusters_of_one_agency_stay_apart_on_its_web_domain(eccp):
    records = [
        ("eccp", str(i), row["name"], row["country"], f"https://www.{site}/x", region(row))
        for i, row in enumerate(eccp)
        for start, site in AGENCIES.items()
        if start in row["name"]
    ]
    assert len(records) > 25
    assert duplicates(table(records), METHOD).merges.num_rows == 0


def respelt(text, how):
    """Return a name as another register might write it."""
    from anyascii import anyascii

    words = text.split()
    return [
        text.upper(),
        anyascii(text),
        f"{text} GmbH",
        " ".join(words[1:] + words[:1]),
        text.replace(" ", "  ").replace("-", " - "),
    ][how % 5]


def test_a_second_register_in_another_spelling_is_found_again_and_completeness_is_right(eccp):
    rng = np.random.default_rng(20261124)
    place = [region(row) or row["city"] for row in eccp]
    first = [i for i in range(len(eccp)) if rng.random() < 0.7]
    second = [i for i in range(len(eccp)) if rng.random() < 0.6]
    records = [("eccp", str(i), eccp[i]["name"], eccp[i]["country"], None, place[i]) for i in first]
    records += [
        ("other", str(i), respelt(eccp[i]["name"], i), eccp[i]["country"], None, place[i])
        for i in second
    ]
    result = duplicates(table(records), METHOD)
    assert {(m["id_a"], m["id_b"]) for m in result.merges.to_pylist()} == {
        (str(i), str(i)) for i in set(first) & set(second)
    }
    found = {row["country"]: row for row in completeness(result.groups, METHOD).to_pylist()}
    assert found[ALL]["n_both"] == len(set(first) & set(second))
    assert found[ALL]["low"] < 851 < found[ALL]["high"]
