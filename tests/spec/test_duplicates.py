"""Duplicates: which records are one organisation, and which only look like it."""

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.errors import CatalogueError, Changed
from s3etl.organisations.duplicates import (
    DECISIONS,
    GROUPS,
    MERGES,
    POSSIBLE,
    duplicates,
)
from s3etl.organisations.merging import merged
from s3etl.organisations.method import load_method
from s3etl.organisations.names import distinguishing, web_domain, words_of
from s3etl.organisations.pairs import name_similarity

METHOD = load_method()
COLUMNS = ("register", "id", "name", "country", "website", "nuts3")
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])


def table(*rows):
    return pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows], SCHEMA)


def two(name_a, name_b, *, site=(None, None), nuts=("AT312", "AT312"), country=("AT", "AT")):
    return table(
        ("a", "1", name_a, country[0], site[0], nuts[0]),
        ("b", "1", name_b, country[1], site[1], nuts[1]),
    )


def decided(*rows):
    names = ("register_a", "id_a", "register_b", "id_b", "decision")
    return pa.Table.from_pylist(
        [
            dict(zip(names, row, strict=True), reason="asked them", decided=date(2026, 11, 1))
            for row in rows
        ],
        DECISIONS,
    )


def grouped(result):
    found = {}
    for row in result.groups.to_pylist():
        found.setdefault(row["group"], set()).add(f"{row['register']}:{row['id']}")
    return found


def why(result):
    merges = [row["rule"] for row in result.merges.to_pylist()]
    return merges or [row["reason"] for row in result.possible.to_pylist()]


WORDS = [
    ("ICT Cluster Varna", "ict varna"),
    ("Varna ICT Cluster", "ict varna"),
    ("Silicon Alps Cluster GmbH", "alps silicon"),
    ("bayern photonics e. V.", "bayern photonics"),
    ("Energy Saxony e.V.", "energy saxony"),
    ("CLUTEX - klastr technicke textilie, z.s.", "clutex technicke textilie"),
    ("Клъстер Пловдив", "plovdiv"),
    ("Pôle Véhicule du Futur", "du futur pole vehicule"),
    ("MÜNCHEN Straße", "munchen strasse"),
    ("it's OWL Clustermanagement GmbH", "its owl"),
    ("Cluster GmbH", "cluster gmbh"),  # nothing would be left
]


@pytest.mark.parametrize(("name", "words"), WORDS)
def test_words_that_tell_a_name(name, words):
    assert " ".join(words_of(name, METHOD.ignored)) == words


SITES = [
    ("https://www.silicon-alps.at/en/", "silicon-alps.at"),
    ("Silicon-Alps.at", "silicon-alps.at"),
    ("http://plastics.biz-up.at:8080?x=1#y", "biz-up.at"),
    ("https://user@ict.co.rs/path", "ict.co.rs"),
    ("www.cluster.org.pl", "cluster.org.pl"),
    ("https://www.facebook.com/some.cluster", None),
    ("https://mycluster.wordpress.com", None),
    ("co.uk", None),
    ("http://10.0.0.1/", None),
    ("n/a", None),
    ("-", None),
    ("none yet", None),
    ("", None),
    (None, None),
]


@pytest.mark.parametrize(("site", "domain"), SITES)
def test_web_domain_of(site, domain):
    assert web_domain(site, METHOD.two_label_suffixes, METHOD.generic_domains) == domain


def test_similarity_counts_letters_put_in_and_taken_out():
    assert name_similarity("abcd", "abcd") == 1
    assert name_similarity("abcd", "abd") == pytest.approx(6 / 7)
    assert distinguishing(("food", "linz"), ("linz", "plastics")) == ("food", "plastics")


BUA = "{} Cluster @ Business Upper Austria - OÖ Wirtschaftsagentur GmbH"

# What speaks for it, the two records, and the rule that merges or the reason that lists them.
CASES = [
    ("equal names, same region", two("Silicon Alps", "SILICON ALPS Cluster GmbH"), True),
    ("one typing error", two("Green Tech Valley Styria", "Green Tech Vallei Styria"), True),
    ("an ending", two("Photonic Network Austria", "Photonics Network Austria"), True),
    ("another script", two("Пловдив Мехатроника", "Plovdiv Mehatronika"), True),
    (
        "equal names, other region",
        two("Silicon Alps", "Silicon Alps", nuts=("AT211", "AT221")),
        "similar name, other NUTS 3",
    ),
    (
        "equal names, region unknown",
        two("Silicon Alps", "Silicon Alps", nuts=("AT211", None)),
        "similar name, NUTS 3 unknown",
    ),
    (
        "equal names, both regions unknown",
        two("Silicon Alps", "Silicon Alps", nuts=(None, None)),
        "similar name, NUTS 3 unknown",
    ),
    ("equal names, other country", two("ITS Link", "ITS Link", country=("AT", "DE")), None),
    ("different names", two("Food Cluster", "Wood Industry Cluster"), None),
    (
        "one agency, two clusters",
        two(BUA.format("AI"), BUA.format("IT")),
        "similar name, each with a word of its own",
    ),
    (
        "one agency, two clusters, one web domain",
        two(BUA.format("Mechatronics"), BUA.format("Plastics"), site=("biz-up.at", "biz-up.at")),
        "same web domain, other name",
    ),
    (
        "one web domain, similar names, other region",
        two(
            "Lower Austria Green Building",
            "Green Building Lower Austria ecoplus",
            site=("https://www.gb.at", "gb.at/en"),
            nuts=("AT123", None),
        ),
        "web domain",
    ),
    (
        "one web domain, one name in the other",
        two("ACstyria", "ACstyria Mobilitätscluster", site=("acstyria.com", "www.acstyria.com")),
        "web domain",
    ),
    (
        "one web domain, translated name: a person has to look",
        two(
            "Franconian Plastics Network", "Kunststoff-Netzwerk Franken", site=("knf.de", "knf.de")
        ),
        "same web domain, other name",
    ),
    (
        "a web domain that says nothing",
        two("Alpha Stone", "Beta Steel", site=("facebook.com/a", "facebook.com/b")),
        None,
    ),
    (
        "one name in the other, same region",
        two("MAI Carbon Cluster Management", "MAI Carbon of Carbon Composites e.V."),
        "same NUTS 3, one name in the other",
    ),
    (
        "nearly similar",
        two("Createch Bulgaria", "Cleantech Bulgaria"),
        "name nearly similar enough",
    ),
]


@pytest.mark.parametrize(("case", "records", "expected"), CASES, ids=[c[0] for c in CASES])
def test_two_records(case, records, expected):
    result = duplicates(records, METHOD)
    if expected is True:
        expected = "name and NUTS 3"
    assert why(result) == ([expected] if expected else [])
    one = expected in {"name and NUTS 3", "web domain"}
    assert grouped(result) == ({"a:1": {"a:1", "b:1"}} if one else {"a:1": {"a:1"}, "b:1": {"b:1"}})


def test_every_merge_says_pair_rule_similarity_and_what_is_kept():
    records = table(
        ("zeta", "7", "Silicon Alps", "AT", None, "AT211"),
        ("eccp", "9", "Silicon Alps Cluster", "AT", None, "AT211"),
    )
    result = duplicates(records, METHOD)
    assert result.groups.schema.equals(GROUPS)
    assert result.possible.schema.equals(POSSIBLE)
    assert result.merges.schema.equals(MERGES)
    assert result.merges.to_pylist() == [
        {
            "register_a": "eccp",
            "id_a": "9",
            "register_b": "zeta",
            "id_b": "7",
            "rule": "name and NUTS 3",
            "similarity": 1.0,
            "kept_register": "eccp",
            "kept_id": "9",
        }
    ]
    assert result.groups.column("group").to_pylist() == ["eccp:9", "eccp:9"]


def test_on_an_agencys_domain_only_equal_names_are_one():
    site = "www.standort-tirol.at"
    records = table(
        ("a", "agency", "Standortagentur Tirol", "AT", site, "AT332"),
        ("a", "it", "Standortagentur Tirol GmbH: Cluster IT Tirol", "AT", site, "AT332"),
        ("a", "life", "Standortagentur Tirol GmbH: Cluster Life Sciences Tirol", "AT", site, None),
        ("b", "it", "Cluster IT Tirol, Standortagentur Tirol", "AT", site, None),
    )
    assert grouped(duplicates(records, METHOD)) == {
        "a:agency": {"a:agency"},
        "a:it": {"a:it", "b:it"},
        "a:life": {"a:life"},
    }


def test_a_chain_does_not_join_two_that_are_told_apart():
    # The middle one is contained in both others.
    records = table(
        ("a", "1", "Lake Constance Photonics Network North", "AT", None, "AT342"),
        ("b", "1", "Lake Constance Photonics Network", "AT", None, "AT342"),
        ("c", "1", "Lake Constance Photonics Network Sud", "AT", None, "AT342"),
    )
    close = METHOD.model_copy(update={"similarity": 0.85})
    result = duplicates(records, close)
    assert grouped(result) == {"a:1": {"a:1"}, "b:1": {"b:1", "c:1"}}
    assert {
        (row["id_a"], row["register_a"], row["register_b"], row["reason"])
        for row in result.possible.to_pylist()
    } >= {("1", "a", "b", "would join two that are told apart")}


def test_a_decision_stands_above_the_rules_and_taking_it_out_gives_them_back():
    records = table(
        ("a", "1", "Silicon Alps", "AT", None, "AT211"),
        ("b", "1", "Silicon Alps Cluster", "AT", None, "AT211"),
        ("a", "2", "Franconian Plastics Network", "DE", None, "DE242"),
        ("b", "2", "Kunststoff-Netzwerk Franken", "DE", None, "DE242"),
        ("c", "2", "Kunststoff Netzwerk Franken e.V.", "DE", None, "DE242"),
    )
    before = duplicates(records, METHOD)
    decisions = decided(("b", "1", "a", "1", "different"), ("a", "2", "b", "2", "same"))
    after = duplicates(records, METHOD, decisions)
    assert grouped(before) == {"a:1": {"a:1", "b:1"}, "a:2": {"a:2"}, "b:2": {"b:2", "c:2"}}
    # The third follows the second, though its name is not the first's.
    assert grouped(after) == {"a:1": {"a:1"}, "b:1": {"b:1"}, "a:2": {"a:2", "b:2", "c:2"}}
    assert why(after) == ["name and NUTS 3", "decision"]
    assert after.possible.num_rows == 0
    assert duplicates(records, METHOD, DECISIONS.empty_table()) == before


def test_decisions_about_records_that_left_are_handed_back():
    records = two("Silicon Alps", "Silicon Alps")
    gone = decided(("a", "1", "z", "9", "same"))
    result = duplicates(records, METHOD, gone)
    assert result.unused.equals(gone)
    assert grouped(result) == {"a:1": {"a:1", "b:1"}}


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("a", "1", "b", "1", "maybe")], "row 1: field decision"),
        ([("a", "1", "a", "1", "same")], "row 1: it names one record twice"),
        ([("a", "1", "b", "1", "same"), ("b", "1", "a", "1", "different")], "row 2: another row"),
        (
            [
                ("a", "1", "b", "1", "same"),
                ("b", "1", "c", "1", "same"),
                ("a", "1", "c", "1", "different"),
            ],
            "a:1 and c:1 are decided to be different",
        ),
    ],
)
def test_decisions_that_contradict_are_refused(rows, says):
    records = table(*((r, "1", f"Name {r}", "AT", None, None) for r in "abc"))
    with pytest.raises(CatalogueError, match=says):
        duplicates(records, METHOD, decided(*rows))


def test_a_record_twice_or_without_a_name_is_refused():
    row = ("a", "1", "Silicon Alps", "AT", None, None)
    with pytest.raises(Changed, match="a 1 stands twice"):
        duplicates(table(row, row), METHOD)
    with pytest.raises(Changed, match="expected a name"):
        duplicates(table(("a", "1", None, "AT", None, None)), METHOD)


def test_nothing_in_nothing_out():
    result = duplicates(table(), METHOD)
    assert result.groups.num_rows == result.merges.num_rows == result.possible.num_rows == 0


def test_the_merged_record_takes_the_first_value_that_is_not_missing():
    names = ("register", "id", "name", "city", "founded", "confirmed")
    schema = pa.schema(
        [
            *((n, pa.string()) for n in names[:4]),
            ("founded", pa.int64()),
            ("confirmed", pa.date32()),
        ]
    )
    rows = [
        ("zeta", "1", "Z", "Wien", 2001, date(2026, 1, 1)),
        ("beta", "1", "B", "Graz", None, date(2025, 1, 1)),
        ("eccp", "1", "E", None, None, None),
        ("beta", "2", "Alone", None, None, None),
    ]
    records = pa.Table.from_pylist([dict(zip(names, r, strict=True)) for r in rows], schema)
    keys = [("eccp:1", r, i) for r, i in (("zeta", "1"), ("beta", "1"), ("eccp", "1"))]
    groups = pa.Table.from_pylist(
        [
            {"group": g, "register": r, "id": i, "country": "AT"}
            for g, r, i in [*keys, ("beta:2", "beta", "2")]
        ],
        GROUPS,
    )
    assert merged(records, groups, METHOD).to_pylist() == [
        {
            "group": "beta:2",
            "name": "Alone",
            "city": None,
            "founded": None,
            "confirmed": None,
            "sources": ["beta:2"],
        },
        {
            "group": "eccp:1",
            "name": "E",  # the best register
            "city": "Wien",  # which lacks it: the most recently confirmed
            "founded": 2001,
            "confirmed": date(2026, 1, 1),
            "sources": ["eccp:1", "zeta:1", "beta:1"],
        },
    ]
    with pytest.raises(Changed, match="not in both"):
        merged(records, groups.slice(1), METHOD)


NAMES = st.sampled_from(
    [
        "Silicon Alps",
        "Silicon Alps Cluster",
        "Silicon Alp",
        "Silicon Alps North",
        "Silicon Alps South",
        BUA.format("Food"),
        BUA.format("Wood"),
        BUA.format("Plastics"),
        "Plastics",
    ]
)
RECORD = st.tuples(
    NAMES,
    st.sampled_from(["AT", "DE"]),
    st.sampled_from([None, "x.at", "www.x.at/y", "facebook.com/z"]),
    st.sampled_from([None, "AT211", "AT312"]),
)


@given(st.lists(RECORD, max_size=12), st.randoms(use_true_random=False))
def test_every_record_is_in_one_group_whatever_the_order_of_rows(records, random):
    rows = [(f"r{i % 3}", str(i), *record) for i, record in enumerate(records)]
    result = duplicates(table(*rows), METHOD)
    groups = grouped(result)
    assert sorted(m for members in groups.values() for m in members) == sorted(
        f"{r[0]}:{r[1]}" for r in rows
    )
    assert all(group in members for group, members in groups.items())
    country = {f"{r[0]}:{r[1]}": r[3] for r in rows}
    assert all(len({country[m] for m in members}) == 1 for members in groups.values())
    random.shuffle(rows)
    again = duplicates(table(*rows), METHOD)
    assert grouped(again) == groups
    assert again.merges.equals(result.merges)
    assert again.possible.equals(result.possible)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("similarity: 0.92", "similarity: 1.2"), "field similarity"),
        (("possible_similarity: 0.85", "possible_similarity: 0.95"), "at most similarity"),
        (("[5, 95]", "[5, 90]"), "field .*: interval"),
        (("  - gmbh\n", "  - GmbH\n"), "plain small letters"),
        (("  - gmbh\n", "  - gmbh\n  - gmbh\n"), "'gmbh' twice"),
        (("version:", "revision:"), "there is no such field"),
    ],
)
def test_a_wrong_method_is_refused(tmp_path, change, says):
    from s3etl.organisations.method import METHOD as PATH

    path = tmp_path / "method.yaml"
    path.write_text(PATH.read_text().replace(*change))
    with pytest.raises(CatalogueError, match=says):
        load_method(path)
