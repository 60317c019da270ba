"""Domains: what a division, a label or a list of NAICS codes belongs to."""

import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.domains import (
    LABELS,
    SETS,
    concordance,
    domains_of,
    domains_of_divisions,
    employment_by_domain,
    load_labels,
    load_set,
)
from s3etl.domains.nace import DIVISIONS
from s3etl.domains.naics import domains_of_categories, naics_to_divisions
from s3etl.domains.tables import NAICS_NACE
from s3etl.errors import CatalogueError, Changed
from sources.classifications import read_naics_nace

ECOSYSTEMS = load_set(SETS / "ecosystems")
ECCP = load_labels(LABELS / "eccp.csv", ECOSYSTEMS)
US = load_labels(LABELS / "us_clusters.csv", ECOSYSTEMS)

HEADER = "division,domain,weight,origin,note\n"


def rows(table):
    return [tuple(row.values()) for row in table.to_pylist()]


def weights(assigned):
    return [(r, d, round(w, 6)) for r, d, w in rows(assigned.weights)]


def own_set(tmp_path, concordance_csv=None, **changes):
    """Write a set of two domains in which every division goes to the second, unless given."""
    folder = tmp_path / "mine"
    folder.mkdir(exist_ok=True)
    lines = {
        "version": '"1"',
        "title": "Mine",
        "source": "test",
        "nace_version": '"2"',
        "domains": "{wood: Wood, rest: The rest}",
        "outside": "outside",
    } | changes
    yaml = "".join(f"{key}: {value}\n" for key, value in lines.items())
    (folder / "domains.yaml").write_text(yaml)
    if concordance_csv is None:
        concordance_csv = HEADER + "".join(f"{d},rest,1,test,\n" for d in DIVISIONS)
    (folder / "concordance.csv").write_text(concordance_csv)
    return folder


def test_nace_rev_2_has_88_divisions():
    assert len(DIVISIONS) == 88
    assert DIVISIONS[0] == "01"
    assert DIVISIONS[-1] == "99"
    assert not {"04", "34", "40", "44", "48", "54", "57", "67", "76", "83", "89"} & set(DIVISIONS)


def test_the_ecosystems_are_14_and_what_is_outside_is_none_of_them():
    table = concordance(ECOSYSTEMS)
    assert len(table.domains) == 14
    assert "outside" not in table.domains
    assert table.weights.shape == (88, 14)
    np.testing.assert_allclose(table.weights.sum(axis=1) + table.outside, 1, atol=1e-12)
    assert (table.weights.sum(axis=0) > 0).all()


@pytest.mark.parametrize(
    ("division", "expected"),
    [
        ("10", {"agri_food": 1.0}),
        ("14", {"textiles": 1.0}),
        ("21", {"health": 1.0}),
        ("29", {"mobility": 1.0}),
        ("30", {"aerospace_defence": 0.5, "mobility": 0.5}),
        ("35", {"energy_renewables": 1.0}),
        ("62", {"digital": 1.0}),
        ("64", {}),
        ("71", {"construction": 0.6}),
        ("84", {}),
    ],
)
def test_division_belongs_to(division, expected):
    table = concordance(ECOSYSTEMS).of([division])
    found = {d: w for d, w in zip(table.domains, table.weights[0], strict=True) if w}
    assert found == expected
    assert table.outside[0] == pytest.approx(1 - sum(expected.values()))


def test_every_judgement_says_why_and_every_origin_is_known():
    for share in ECOSYSTEMS.shares:
        assert share.notes["origin"] in {"SWD(2021) 351 [M]", "judgement"}
        assert share.notes["origin"] != "judgement" or len(share.notes["note"]) > 10
        # From memory is the membership of a whole division, never a share of one.
        assert share.weight == 1 or share.notes["origin"] == "judgement"


def test_employment_goes_to_domains_and_none_is_lost():
    table = concordance(ECOSYSTEMS).of(["10", "30", "71"])
    employment = np.array([[100.0, 40.0, 10.0], [0.0, 20.0, 0.0]])
    found = employment_by_domain(employment, table.weights)
    at = table.domains.index
    assert found[0, at("agri_food")] == 100
    assert found[0, at("aerospace_defence")] == found[0, at("mobility")] == 20
    assert found[0, at("construction")] == 6
    assert found[1, at("agri_food")] == 0  # a true zero stays one
    np.testing.assert_allclose(
        found.sum(axis=1) + employment @ table.outside, employment.sum(axis=1)
    )


def test_a_missing_division_makes_its_domains_missing_and_no_other():
    table = concordance(ECOSYSTEMS).of(["10", "30"])
    found = employment_by_domain(np.array([[np.nan, 40.0]]), table.weights)
    at = table.domains.index
    assert np.isnan(found[0, at("agri_food")])
    assert found[0, at("mobility")] == 20
    assert found[0, at("digital")] == 0


def test_an_unknown_division_is_refused():
    with pytest.raises(CatalogueError, match="'1'"):
        concordance(ECOSYSTEMS).of(["1"])


def test_another_folder_is_another_set(tmp_path):
    text = HEADER + "16,wood,0.75,test,\n16,rest,0.25,test,\n"
    text += "".join(f"{d},outside,1,test,\n" for d in DIVISIONS if d != "16")
    mine = load_set(own_set(tmp_path, text))
    assert (mine.id, mine.domains) == ("mine", ("wood", "rest"))
    assert concordance(mine).of(["16"]).weights.tolist() == [[0.75, 0.25]]
    assert concordance(mine).outside.sum() == 87


ALL_BUT_16 = "".join(f"{d},rest,1,test,\n" for d in DIVISIONS if d != "16")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEADER + ALL_BUT_16 + "16,wood,0.5,test,\n", "row 89: field weight: .* 16 add up to 0.5"),
        (HEADER + ALL_BUT_16 + "16,wood,0.5,test,\n16,rest,0.50000001,test,\n", "add up to 1.0000"),
        (HEADER + ALL_BUT_16 + "16,wood,0,test,\n", "row 89: field weight: a share above 0"),
        (HEADER + ALL_BUT_16 + "16,wood,1.5,test,\n", "row 89: field weight"),
        (HEADER + ALL_BUT_16 + "16,wood,nan,test,\n", "row 89: field weight"),
        (HEADER + ALL_BUT_16 + "16,wood,,test,\n", "row 89: field weight"),
        (HEADER + ALL_BUT_16 + "16,metal,1,test,\n", "row 89: field domain: 'metal'"),
        (HEADER + ALL_BUT_16 + "16,,1,test,\n", "row 89: field domain"),
        (HEADER + ALL_BUT_16 + "16,wood,.5,t,\n16,wood,.5,t,\n", "row 90: 16 and wood stand there"),
        (HEADER + ALL_BUT_16 + "04,wood,1,test,\n", "row 89: field division: '04'"),
        (HEADER + ALL_BUT_16, "division 16 is missing"),
        (HEADER + ALL_BUT_16 + "16,wood,1,,\n", "row 89: field origin"),
        (HEADER + ALL_BUT_16 + "16,wood,1,judgement,\n", "row 89: field note"),
        (HEADER + ALL_BUT_16 + "16,wood,1\n", "row 89: expected 5 fields, found 3"),
        ("a,b\n", "row 1: the header is division,domain,weight,origin,note"),
    ],
)
def test_a_wrong_table_is_refused_with_its_row(tmp_path, text, says):
    with pytest.raises(CatalogueError, match=says):
        load_set(own_set(tmp_path, text))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"outside": "rest"}, "outside is 'rest', which is a domain"),
        ({"nace_version": '"2.1"'}, "field nace_version"),
        ({"domains": "{Wood: Wood}"}, "'Wood' is not an id"),
        ({"domain": "{}"}, "there is no such field"),
    ],
)
def test_a_wrong_declaration_is_refused(tmp_path, changes, says):
    with pytest.raises(CatalogueError, match=says):
        load_set(own_set(tmp_path, **changes))


def test_a_set_without_its_table_is_refused(tmp_path):
    shutil.copytree(SETS / "ecosystems", tmp_path / "half")
    (tmp_path / "half" / "concordance.csv").unlink()
    with pytest.raises(CatalogueError, match="there is no such file"):
        load_set(tmp_path / "half")


def test_labels_of_a_record_count_equally_and_add_up_to_1():
    found = domains_of(
        [
            ["agri_food"],
            ["Digital", "digital ", "Health"],
            [],
            None,
            ["Mobility, Transport, Automotive"],
        ],
        ECCP,
    )
    assert weights(found) == [
        (0, "agri_food", 1.0),
        (1, "digital", 0.5),
        (1, "health", 0.5),
        (4, "mobility", 1.0),
    ]
    assert found.unmapped.num_rows == 0


def test_what_has_no_domain_is_handed_back():
    found = domains_of([["Cross-ecosystem", "Health"], ["Cross-ecosystem"], ["Wizardry"]], ECCP)
    assert weights(found) == [(0, "health", 1.0)]
    assert rows(found.unmapped) == [
        (0, "Cross-ecosystem", "no domain"),
        (1, "Cross-ecosystem", "no domain"),
        (2, "Wizardry", "unknown"),
    ]


def test_a_label_of_several_domains_gives_them_by_weight():
    found = domains_of([["Furniture"], ["Furniture", "Plastics"]], US)
    assert weights(found) == [
        (0, "construction", 0.5),
        (0, "creative", 0.5),
        (1, "construction", 0.25),
        (1, "creative", 0.25),
        (1, "energy_intensive", 0.5),
    ]


def test_every_label_is_declared_whole():
    for table in (ECCP, US):
        total = {}
        for share in table.shares:
            total[share.item] = total.get(share.item, 0) + share.weight
            assert share.weight == 1 or share.notes["note"], f"{share.item}: say why it is split"
        assert all(abs(sum_ - 1) < 1e-9 for sum_ in total.values())
    assert {s.domain for s in ECCP.shares} == {*ECOSYSTEMS.domains, ""}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("label,domain,weight,note\nA,health,0.5,\n", "row 2: field weight"),
        ("label,domain,weight,note\nA,,1,\n", "row 2: field note"),
        ("label,domain,weight,note\nA,outside,1,x\n", "row 2: field domain"),
        ("label,domain,weight,note\nA b,health,1,\na  B,digital,1,\n", "row 3: field label"),
        ("label,domain,weight,note\n,health,1,\n", "row 2: field label"),
        ('label,domain,weight,note\n"A,health,1,\n', "not CSV"),
    ],
)
def test_a_wrong_label_table_is_refused(tmp_path, text, says):
    path = tmp_path / "mine.csv"
    path.write_text(text)
    with pytest.raises(CatalogueError, match=says):
        load_labels(path, ECOSYSTEMS)


def test_lists_of_divisions_become_domains():
    found = domains_of_divisions([["10", "62"], ["72", "29"], ["72"], ["7", "10"]], ECOSYSTEMS)
    assert weights(found) == [
        (0, "agri_food", 0.5),
        (0, "digital", 0.5),
        (1, "mobility", 1.0),
        (3, "agri_food", 1.0),
    ]
    assert rows(found.unmapped) == [
        (1, "72", "no domain"),
        (2, "72", "no domain"),
        (3, "7", "unknown"),
    ]


LABEL = st.sampled_from([*sorted({s.item for s in US.shares}), "nobody knows"])


@given(st.lists(st.lists(LABEL, max_size=5), max_size=8))
def test_weights_of_a_record_add_up_to_1_and_no_label_is_lost(records):
    found = domains_of(records, US)
    sums = {}
    for record, _, weight in rows(found.weights):
        assert 0 < weight <= 1
        sums[record] = sums.get(record, 0) + weight
    assert all(abs(total - 1) < 1e-9 for total in sums.values())
    for i, record in enumerate(records):
        lost = {label for r, label, _ in rows(found.unmapped) if r == i}
        assert (i in sums) == bool(set(record) - lost)


PAIRS = NAICS_NACE.empty_table().from_pylist(
    [
        {"naics": "111110", "nace": "01.11", "division": "01"},
        {"naics": "336411", "nace": "30.30", "division": "30"},
        {"naics": "336411", "nace": "33.16", "division": "33"},
        {"naics": "336411", "nace": "33.17", "division": "33"},
        {"naics": "541110", "nace": "69.10", "division": "69"},
    ],
    schema=NAICS_NACE,
)


def test_a_naics_code_is_spread_over_its_classes_and_summed_to_divisions():
    assert [(n, d, round(w, 6)) for n, d, w in rows(naics_to_divisions(PAIRS))] == [
        ("111110", "01", 1.0),
        ("336411", "30", 0.333333),
        ("336411", "33", 0.666667),
        ("541110", "69", 1.0),
    ]


def test_a_category_has_the_domains_of_its_codes_and_says_how_much_is_known():
    found = domains_of_categories(
        {"Farms and law": ["111110", "541110", "541110"], "Half": ["111110", "999999"], "None": []},
        naics_to_divisions(PAIRS),
        ECOSYSTEMS,
    )
    assert rows(found.weights) == [
        ("Farms and law", "agri_food", 0.5),
        ("Farms and law", None, 0.5),
        ("Half", "agri_food", 1.0),
    ]
    assert rows(found.coverage) == [
        ("Farms and law", 2, 2, 1.0),
        ("Half", 2, 1, 0.5),
        ("None", 0, 0, None),
    ]


HEAD = "NAICS 2017,NACE Rev. 2,NACE Rev. 2,US NAICS 2017,Notes\n"


def test_naics_codes_are_read_as_text_and_get_their_zero_back():
    text = (
        "\ufeff"
        + HEAD
        + '111110,1.11,"Cereals, dry",Soy,\n311811,10.71,Bread,Bakery,\n00,98.10,x,y,z\n'
    )
    found = read_naics_nace({"a.csv": text.encode()}, "naics_nace")
    assert rows(found) == [("111110", "01.11", "01"), ("311811", "10.71", "10")]
    assert found.schema.equals(NAICS_NACE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n", "expected the columns NAICS 2017 and NACE Rev. 2"),
        (HEAD + "11111,01.11,x,y,\n", "row 2: expected a NAICS and a NACE code"),
        (HEAD + "111110,4.11,x,y,\n", "row 2: expected a NAICS and a NACE code"),
        (HEAD + "111110,01.11,x,y,\n111110,1.11,x,y,\n", "stands twice"),
        (HEAD + "111110,01.11\n", "row 2: expected as many cells"),
    ],
)
def test_another_file_is_refused(text, says):
    with pytest.raises(Changed, match=says):
        read_naics_nace({"a.csv": text.encode()}, "naics_nace")


def test_no_file_and_bytes_that_are_no_text_are_refused():
    with pytest.raises(Changed, match="found none"):
        read_naics_nace({}, "naics_nace")
    with pytest.raises(Changed, match="UTF-8"):
        read_naics_nace({"a.csv": b"\xff\xfe\x00"}, "naics_nace")
