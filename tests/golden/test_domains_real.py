"""Real labels and categories: all are mapped, and where our weights differ from derived ones.

The table below is to be read: which American cluster categories we put elsewhere than their
NAICS codes would, each for a reason noted in ``us_clusters.csv``.
"""

import csv
import json
from collections import defaultdict

import openpyxl
import pytest

from s3etl.domains import LABELS, SETS, domains_of, domains_of_divisions, load_labels, load_set
from s3etl.domains.naics import domains_of_categories, naics_to_divisions
from sources.classifications import read_naics_nace
from tests.conftest import _shared

pytestmark = pytest.mark.shared

ECOSYSTEMS = load_set(SETS / "ecosystems")
US = load_labels(LABELS / "us_clusters.csv", ECOSYSTEMS)
ECCP = load_labels(LABELS / "eccp.csv", ECOSYSTEMS)

# Category: the domain its NAICS codes give most weight to, where ours is another.
ELSEWHERE = {
    "Construction Products and Services": "energy_intensive",
    "Jewelry and Precious Metals": "health",
    "Local Entertainment and Media": "retail",
    "Recreational and Small Electric Goods": "health",
    # Earlier definitions (vintage 2007); of some only half of the codes are in NAICS 2017.
    "Aerospace Engines": "mobility",
    "Building Fixtures, Equipment and Services": "energy_intensive",
    "Construction Materials": "energy_intensive",
    "Local Utilities": "energy_intensive",
    "Motor Driven Products": "energy_intensive",
    "Sporting, Recreational and Children's Goods": "mobility",
}


@pytest.fixture(scope="module")
def divisions(shared_clusters):
    data = (shared_clusters / "definitions" / "NAICS2017_NACE.csv").read_bytes()
    pairs = read_naics_nace({"NAICS2017_NACE.csv": data}, "naics_nace")
    assert pairs.num_rows == 1788  # 1,790 less the two rows for all of NAICS
    assert len(set(pairs.column("naics").to_pylist())) == 1057
    return naics_to_divisions(pairs)


def earlier(shared_clusters):
    """Return the NAICS codes of the categories of vintage 2007, of which one is listed twice."""
    found = defaultdict(list)
    for entry in json.loads(
        (shared_clusters / "us_cluster_mapping" / "clusters-list.json").read_text()
    ):
        found[entry["name_t"]] += entry["naics_txt"]
    return dict(found)


def todays(shared_clusters):
    """Return the NAICS codes of today's categories, without government."""
    path = shared_clusters / "definitions" / "NAICS_crosswalks_to_Cluster_system.xlsx"
    found = defaultdict(list)
    book = openpyxl.load_workbook(path, read_only=True)
    for code, _, name, *_ in list(book.worksheets[0].iter_rows(values_only=True))[1:]:
        if name != "NA" and "Government" not in name:
            found[name].append(str(code))
    book.close()
    return dict(found)


def names_in(path, column):
    text = path.read_bytes().decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return {row[column] for row in csv.DictReader(text.split("\n"))}


def top(weights):
    return {domain for domain, w in weights.items() if w > max(weights.values()) - 1e-9}


def judged():
    found = defaultdict(dict)
    for share in US.shares:
        found[share.item][share.domain or None] = share.weight
    return found


def test_all_51_traded_and_16_local_categories_are_mapped(shared_clusters):
    folder = shared_clusters / "us_cluster_mapping"
    published = names_in(folder / "all_states_clusters.csv", "cluster_name_t")
    registry = names_in(folder / "CurrentOrganizationsAndClusters.csv", "cluster_name")
    assert len(published) == 67
    assert published == set(todays(shared_clusters))
    assert registry <= published
    assert {share.item for share in US.shares} == published | set(earlier(shared_clusters))


@pytest.mark.parametrize("which", [todays, earlier])
def test_our_top_domain_is_the_derived_one_or_the_difference_is_known(
    shared_clusters, divisions, which
):
    ours, derived = judged(), defaultdict(dict)
    categories = which(shared_clusters)
    result = domains_of_categories(categories, divisions, ECOSYSTEMS)
    for row in result.weights.to_pylist():
        derived[row["category"]][row["domain"]] = row["weight"]
    covered = {row["category"]: row["coverage"] for row in result.coverage.to_pylist()}
    new = which is todays
    apart = {
        name: top(derived[name])
        for name in categories
        if derived[name] and covered[name] >= 0.5 and not top(ours[name]) & top(derived[name])
    }
    if new:
        assert min(covered.values()) > 0.7
    known = {name: {ELSEWHERE[name]} for name in apart if name in ELSEWHERE}
    assert apart == known
    assert len(apart) <= len(categories) // 8
    notes = {share.item: share.notes["note"] for share in US.shares}
    assert all("derived" in notes[name] for name in apart)


def test_every_ecosystem_label_of_eccp_and_of_the_s3_table_is_known(shared_clusters):
    eccp = json.loads((shared_clusters / "eccp" / "industrial_ecosystems.json").read_text())
    labels = [[entry["id"]] for entry in eccp] + [[entry["name"]] for entry in eccp]
    found = domains_of(labels, ECCP)
    assert found.unmapped.num_rows == 0
    domains = found.weights.column("domain").to_pylist()
    assert domains[:14] == domains[14:]
    assert set(domains) == set(ECOSYSTEMS.domains)
    organisations = names_in(
        shared_clusters / "eccp" / "eccp_cluster_organisations.csv", "ecosystem"
    )
    assert domains_of([sorted(organisations - {""})], ECCP).unmapped.num_rows == 0


def test_s3_priorities_are_known_and_only_cross_ecosystem_is_none():
    folder = _shared("s3")
    by_country = json.loads(
        (folder / "eu_s3_ecosystems" / "s3_priorities_by_region.json").read_text()
    )
    text = json.dumps(by_country)
    assert "Cross-ecosystem" in text
    rows = (folder / "eu_s3_ecosystems" / "s3_priorities_by_region_long.csv").read_text()
    records = [[row["industrial_ecosystem"]] for row in csv.DictReader(rows.splitlines())]
    found = domains_of(records, ECCP)
    assert set(found.unmapped.column("label").to_pylist()) == {"Cross-ecosystem"}
    assert set(found.unmapped.column("reason").to_pylist()) == {"no domain"}
    assert found.weights.num_rows + found.unmapped.num_rows == len(records) == 1707


def test_czech_priorities_with_divisions_have_domains():
    folder = _shared("s3")
    regions = json.loads((folder / "cz_nris3" / "domeny_kraje.json").read_text())["kraje"]
    lists = [d.get("cz_nace") or [] for region in regions.values() for d in region["domeny"]]
    assert (len(lists), sum(map(bool, lists))) == (91, 54)
    found = domains_of_divisions(lists, ECOSYSTEMS)
    left = found.unmapped.to_pylist()
    # 34 is a division of NACE Rev. 1.1 (or an error of reading the PDF); Rev. 2 has none.
    assert [row["label"] for row in left if row["reason"] == "unknown"] == ["34"]
    without = {i for i, codes in enumerate(lists) if codes} - set(
        found.weights.column("record").to_pylist()
    )
    # One priority (spas and tourism) names research, 72, and nothing else.
    assert [lists[i] for i in without] == [["72"]]
