"""How figures of the StressTest are said: never a zero for what is missing, never alone."""

from dataclasses import replace

import pytest

from s3etl.errors import Refused
from s3etl.stresstest import words
from s3etl.stresstest.documents import plain, reference, safe_link
from s3etl.stresstest.regional_profile import gap_of, profile
from tests import profiles


def read(told=None, **more):
    return profile(
        profiles.tables(told or profiles.rows()), "XA11", regions=profiles.REGIONS, **more
    )


@pytest.mark.parametrize(
    ("value", "figure", "signed"),
    [
        (62.5, "62.5", "+62.5"),
        (0.0, "0.0", "0.0"),
        (-0.04, "0.0", "0.0"),
        (-12.5, "−12.5", "−12.5"),
        (None, "–", "–"),
    ],
)
def test_points_have_one_decimal_and_none_is_a_dash(value, figure, signed):
    assert words.figure(value) == figure
    assert words.signed(value) == signed


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"value": 41.7}, "41.7"),
        ({"value": 0.0}, "0.0"),
        ({"value": None, "missing_because": profiles.GAP}, profiles.GAP),
        ({"value": None, "missing_because": None, "obs_status": "M"}, "not applicable"),
        ({"value": None}, "no score, and the tables do not say why"),
    ],
)
def test_a_score_or_the_reason_there_is_none(row, expected):
    assert words.score(row) == expected


def test_an_interval_says_where_it_is_only_indicative():
    row = {"interval_low": 29.1, "interval_high": 40.5, "interval_quality": "indicative"}
    assert words.between(row) == "29.1 to 40.5, indicative"
    assert words.between(row | {"interval_low": None}) == "–"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"rank": 5, "rank_low": 3, "rank_high": 8, "n_compared": 18}, "5 of 18 (3 to 8)"),
        ({"rank": 1, "rank_low": 1, "rank_high": 1, "n_compared": 18}, "1 of 18"),
        ({"rank": None, "not_rankable_because": "too few answers"}, "not ranked: too few answers"),
    ],
)
def test_a_rank_comes_with_its_span_or_a_reason(told, expected):
    assert words.rank(told) == expected


@pytest.mark.parametrize(
    ("c2s", "s2c", "expected"),
    [
        (60.0, 40.0, "Clusters give more to the strategy than they get from it"),
        (40.0, 60.0, "Clusters get more from the strategy than they give to it"),
        (50.0, 50.0, "The two directions do not clearly differ"),
        (50.0, 46.0, "The two directions do not clearly differ"),  # intervals overlap
        (None, 50.0, "Balance of the directions: withheld"),
    ],
)
def test_balance_says_which_direction_is_stronger(c2s, s2c, expected):
    told = profiles.rows()
    first, second, balance = told["stresstest_direction"]
    for row, value in ((first, c2s), (second, s2c)):
        row["value"] = value
        row["interval_low"], row["interval_high"] = (value and value - 3, value and value + 3)
    if c2s is None:
        balance |= {"value": None, "missing_because": "withheld"}
    assert words.balance(read(told)).startswith(expected)


def test_headlines():
    found = read()
    assert words.headlines(found) == [
        "Overall 53.3 of 100 points (49.9 to 56.4); rank 5 of 18 (3 to 8).",
        "Weakest link: Monitoring, evaluation and learning (35.4 points).",
        words.balance(found),
        "Widest gap: “Cluster management is professional” (53.0 points behind the frontrunners).",
    ]


def test_a_region_of_which_nothing_may_be_shown_says_why():
    found = read(profiles.withheld())
    assert words.headlines(found) == [
        f"Overall score: {profiles.GAP}.",
        f"Balance of the directions: {profiles.GAP}.",
    ]
    assert list(found.withheld) == [profiles.GAP]
    assert found.widest == found.divided == found.actions == []


def test_reasons_have_names_in_place_of_codes():
    found = read()
    assert words.reason(found, found.actions[0]) == (
        "Peers are 38.0 points ahead; Bliskilune (XB21) has 80.0 in “Monitoring, evaluation and "
        "learning”, here it is 35.4 (ahead in 97 % of draws)."
    )


def test_few_regions_have_named_comparators():
    told = profiles.rows()
    assert words.frontier_name(told["stresstest_dimension"]) == "Frontrunners"
    for row in told["stresstest_dimension"]:
        row["frontier_basis"] = "named comparators"
    assert words.frontier_name(told["stresstest_dimension"]) == "Named comparators"


# What is chosen of the tables


def test_gaps_are_to_peers_and_where_there_are_none_to_the_front():
    found = read().widest
    assert [gap_of(row)[0] for row in found] == sorted(
        (gap_of(row)[0] for row in found), reverse=True
    )
    assert gap_of({"peer_gap": 0.0, "frontier_gap": 30.0}) == (0.0, "peers")
    assert gap_of({"peer_gap": None, "frontier_gap": 30.0}) == (30.0, "frontier")
    assert gap_of({"peer_gap": None, "frontier_gap": None}) == (None, "")


def test_pooled_groups_are_one_cell_and_others_say_why_they_are_not_there():
    cells = read().groups("D1.2")
    assert cells["C"] == cells["R"]
    assert cells["C"].shown_as == "C+R"
    assert cells["B"].value is None
    assert cells["B"].why == "not asked"
    missing = profiles.rows()
    missing["stresstest_group"] = []
    why = read(missing).groups("D1.1")["P"].why
    assert why == "not shown: no answer, or too few"


def test_documents_of_a_teacher_are_its_evidence_and_its_practices():
    found = read(evidence=profiles.evidence(), practices=profiles.practices())
    first = found.teachers("dimension")["D2"][0]
    told = [(d.title, d.link) for d in found.evidence(first)]
    assert told == [
        ("Annual report on D2.1 (invented)", "https://example.org/xa12/D2.1"),
        ("Annual report on D2.4 (invented)", "https://example.org/xa12/D2.4"),
        ("Report 1", "https://reports.example/1"),
    ]


def test_asserted_evidence_and_evidence_of_other_waves_are_no_documents():
    more = [
        {"region": "XA12", "item": "D2.2", "grade": 1, "title": "asserted"},
        {"region": "XA12", "item": "D2.2", "wave": 2024, "title": "another wave"},
        {"region": "XA12", "item": "D2.2", "problem": "no date", "title": "unusable"},
    ]
    assert ("XA12", "D2.2") not in read(evidence=profiles.evidence(*more)).documents


def test_a_region_or_wave_that_was_not_surveyed_is_refused():
    tables = profiles.tables(profiles.rows())
    with pytest.raises(Refused, match=r"XA99: no StressTest of it; surveyed are XA11\."):
        profile(tables, "XA99")
    with pytest.raises(Refused, match=r"XA11: it has no wave 2020; it has 2026\."):
        profile(tables, "XA11", wave=2020)


def test_the_newest_wave_is_shown_unless_another_is_asked_for():
    told = profiles.rows()
    told["stresstest_item"] += [row | {"ref_year": 2024} for row in told["stresstest_item"]]
    tables = profiles.tables(told)
    assert profile(tables, "XA11").wave == 2026
    assert profile(tables, "XA11", wave=2024).waves == (2024, 2026)
    assert profile(tables, "XA11", wave=2024).rows["stresstest_group"] == []


# Texts and links of strangers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org/a?b=1#c", "https://example.org/a?b=1#c"),
        ("HTTP://example.org", "HTTP://example.org"),
        ("javascript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("\u202ejavascript:alert(1)", ""),
        ("data:text/html,<script>alert(1)</script>", ""),
        ("//example.org/x", ""),
        ("https://", ""),
        ("https://[broken", ""),
        ("ftp://example.org/x", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_only_addresses_of_the_web_are_links(text, expected):
    assert safe_link(text) == expected


def test_signs_that_hide_or_turn_text_are_dropped():
    assert plain("a\x00b\u202ec\u200bd \t\n e") == "abcd e"
    assert plain("Łódź – Žilina “ok”") == "Łódź – Žilina “ok”"


def test_a_practice_is_named_by_register_and_id():
    assert reference("practices P 01") == ("practices", "P 01")
    assert reference("P01") == ("P01", "")


def test_a_name_that_has_its_code_is_not_given_it_twice():
    found = read()
    named = replace(found, regions={"XA25": "New Nirvuvia (XA25)", "XA11": "Vaskombra"})
    assert named.region("XA25") == "New Nirvuvia (XA25)"
    assert named.region("XA11") == "Vaskombra (XA11)"
    assert named.region("XB99") == "XB99"


def test_a_dimension_that_asks_for_no_document_misses_none():
    assert "not in the register" in words.unproven({"indicator_id": "D4"})
    assert words.unproven({"indicator_id": "D6"}).startswith("No document is asked for")


def test_similarity_is_a_figure_only_where_it_is_known():
    told = {"similarity": 0.4, "similarity_basis": "reference regions"}
    assert (words.alike(told), words.similarity(told)) == ("0.40", "similarity 0.40")
    none = {"similarity": 1.0, "similarity_basis": "no reference regions: all count"}
    assert (words.alike(none), words.similarity(none)) == ("–", "similarity not known")
