"""The StressTest report as a page: whole, accessible, and safe whatever the texts hold."""

import datetime as dt
import re
from itertools import pairwise

import pytest

from s3etl.stresstest.questionnaire import load
from s3etl.stresstest.regional_profile import profile
from s3etl.stresstest.words import INVENTED
from tests import profiles
from tests.pages import Page, charts
from warehouse.report.charts import COLOURS
from warehouse.report.page import Made, Origins, report

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;</style>{{ 7*7 }}"


def made(origin="sample", **other):
    told = {
        "release": "0123456789abcdef",
        "as_of": "2026-03-20",
        "day": dt.date(2026, 11, 24),
        "sources": [Origins("Survey", "Answers of a survey", "Confidential", "2026-03-20")],
    }
    return Made(origin=origin, **(told | other))


def page_of(told=None, *, origin="sample", regions=None, domains=None, **more):
    more = {
        "evidence": profiles.evidence(),
        "practices": profiles.practices(),
        "participation": profiles.participation(),
    } | more
    found = profile(
        profiles.tables(told or profiles.rows()),
        "XA11",
        regions=regions or profiles.REGIONS,
        domains=domains or {"digital": "Digital"},
        **more,
    )
    return report(found, made(origin))


# Variants of what there may be


def everything():
    return profiles.rows() | {"stresstest_change": profiles.changes()}


def hole():
    told = profiles.rows()
    told["stresstest_dimension"][2] |= {
        "value": None,
        "interval_low": None,
        "interval_high": None,
        "missing_because": "not scored: under 60 % of the weight",
    }
    return told


def alone():
    """Return a region without peers or anybody in front."""
    told = profiles.rows()
    for name in ("stresstest_dimension", "stresstest_item"):
        for row in told[name]:
            row.update(profiles.against(row["value"], None, None))
    return told


def few():
    told = profiles.rows()
    for name in ("stresstest_dimension", "stresstest_item"):
        for row in told[name]:
            row["frontier_basis"] = "named comparators"
    return told


def no_row():
    told = profiles.rows()
    del told["stresstest_dimension"][1]
    return told


def only_items():
    told = dict.fromkeys(profiles.rows(), ())
    return told | {"stresstest_item": profiles.rows()["stresstest_item"]}


VARIANTS = {
    f.__name__: f for f in (profiles.rows, everything, hole, alone, few, no_row, only_items)
} | {"withheld": profiles.withheld}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("origin", ["sample", "provider"])
def test_every_page_is_whole_and_accessible(variant, origin):
    text = page_of(VARIANTS[variant](), origin=origin)
    page = Page(text)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("title")) >= 1
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    named = {i for _, a in page.elements for i in a.get("aria-labelledby", "").split()}
    assert named <= set(ids)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(set(a) >= {"scope"} for a in page.all("th"))
    for chart in charts(text):
        if chart.get("aria-hidden") != "true":
            told = [chart.find(f"{{http://www.w3.org/2000/svg}}{t}") for t in ("title", "desc")]
            assert all(element is not None and element.text for element in told)


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_is_fetched_and_nothing_runs(variant):
    page = Page(page_of(VARIANTS[variant]()))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "iframe", "img", "object", "embed", "link", "form", "base"}
    for tag, attrs in page.elements:
        assert not [name for name in attrs if name.startswith("on") or name == "src"], tag
        assert "url(" not in attrs.get("style", "")
        if "href" in attrs:
            assert re.match(r"https?://", attrs["href"])
    assert "@import" not in page_of()
    assert "url(" not in page_of()


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_figure_is_nan_or_none(variant):
    text = Page(page_of(VARIANTS[variant]())).text
    assert not re.search(r"\b(?:nan|None|null|undefined|True|False)\b", text)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_section_of_an_invented_report_says_so(variant):
    invented = Page(page_of(VARIANTS[variant]()))
    assert {"class": "side", "aria-hidden": "true"} in invented.all("div")  # on every printed page
    assert invented.text.count(INVENTED) >= 3
    real = Page(page_of(VARIANTS[variant](), origin="provider")).text
    assert "nvented" not in real.replace("(invented)", "")  # titles of documents


def test_the_honest_statement_is_on_it():
    page = Page(page_of(origin="provider"))
    assert page.text.count(" ".join(load().statement.split())) == 2
    assert "0123456789abcdef" in page.text
    assert "2026-11-24" in page.text


def test_a_region_with_everything_withheld_says_why_and_shows_no_figure():
    text = page_of(profiles.withheld())
    page = Page(text)
    assert charts(text) == []
    assert page.text.count(profiles.GAP) >= 2
    assert "0.0" not in page.text


def test_a_missing_dimension_breaks_the_line_and_says_why():
    told = hole()
    radar = charts(page_of(told))[0]
    assert "not scored: under 60 % of" in " ".join(radar.itertext())
    paths = [
        p for p in radar.iter("{http://www.w3.org/2000/svg}path") if p.get("stroke-width") == "3"
    ]
    assert len(paths) == 1
    assert "Z" not in paths[0].get("d")


def test_without_anybody_to_compare_with_it_says_so():
    text = Page(page_of(alone())).text
    assert "No peers: too few reference regions are scored in this wave." in text
    assert "There is nobody to compare with" in text
    assert "Peers 0" not in text


def test_few_regions_are_compared_with_named_ones():
    text = Page(page_of(few())).text
    named = "Treluvia (XA12); Bliskilune (XB21); Orvanne (XC01)"
    assert f"Named comparators in one dimension or more: {named}." in text
    assert (
        "frontrunners"
        not in text.lower().replace("named comparators", "").split("first to take up")[0]
    )


def test_groups_that_are_pooled_are_shown_as_pooled():
    text = page_of()
    assert '<abbr title="cluster managers and research">C+R</abbr>' in text
    assert "4 cluster managers and research together" in Page(text).text


def test_actions_stand_in_three_kinds_with_their_order():
    told = everything()
    text = Page(page_of(told)).text.partition("What to do next")[2]
    order = [text.index(title) for title in ("Evidence:", "Dialogue:", "Transfer:")]
    assert order == sorted(order)
    told["stresstest_action"] = []
    assert Page(page_of(told)).text.count("Nothing of this kind.") == 3


# Hostile texts


def hostile(text):
    told = everything()
    for rows in told.values():
        for row in rows:
            for name in ("title", "reason", "twin_title", "missing_because", "evidence_note",
                         "perception_because", "not_reported_because", "caution", "label",
                         "learner_cell", "shared_domains", "frontier_regions",
                         "not_frontrunner_because", "teacher"):  # fmt: skip
                if name in row and (row[name] or name != "teacher"):
                    row[name] = text
            if "value" in row and "missing_because" in row and len(row["indicator_id"]) == 2:
                row["value"] = None
    return told


def hostile_page(text):
    return page_of(
        hostile(text),
        regions=dict.fromkeys(profiles.REGIONS, text),
        domains={"digital": text},
        evidence=profiles.evidence(
            {"region": "XA12", "item": "D2.1", "title": text, "link": "javascript:alert(1)"},
            {"region": "XC01", "item": "D2.1", "title": text, "link": f"https://x.org/{text}"},
            {"region": "XC01", "item": "D2.1", "title": text, "link": 'https://x.org/"onclick="a'},
        ),
        practices=profiles.practices(
            title=text, done=text, evidence_title=text, evidence_link=text, evidence_date=text
        ),
    )


def test_texts_of_strangers_are_texts():
    text = hostile_page(EVIL)
    page = Page(text)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img"}
    assert not [a for _, attrs in page.elements for a in attrs if a.startswith("on")]
    assert "javascript:" not in text
    assert "49" not in re.findall(r"alert\(1\).{0,60}?\b(49)\b", text)
    assert "{{ 7*7 }}" in page.text
    assert len(page.all("style")) == 1
    for chart in charts(text):
        assert not list(chart.iter("{http://www.w3.org/2000/svg}script"))


def test_signs_that_turn_the_reading_order_do_not_reach_the_page():
    text = hostile_page("abc\u202edef\x00\x08ghi")
    assert not re.search("[\x00-\x08\x0b\x0e-\x1f\u202a-\u202e\u2066-\u2069]", text)
    assert charts(text)


def test_very_long_names_are_cut_in_charts_and_whole_in_the_text():
    long = "Donaudampfschifffahrtsgesellschaft" * 12
    text = hostile_page(long)
    assert long in Page(text).text
    for chart in charts(text):
        lines = [e.text or "" for e in chart.iter("{http://www.w3.org/2000/svg}text")]
        assert all(len(line) <= 50 for line in lines)


# Colours


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    lin = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2]


def contrast(one, other):
    low, high = sorted((luminance(COLOURS[one]), luminance(COLOURS[other])))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("paper", ["paper", "wash"])
@pytest.mark.parametrize("ink", ["ink", "quiet", "region", "peers", "frontier", "ahead", "behind"])
def test_words_can_be_read_on_their_ground(ink, paper):
    assert contrast(ink, paper) >= 4.5


def test_the_warning_can_be_read():
    assert contrast("warn", "warnwash") >= 4.5
    assert contrast("warn", "paper") >= 4.5
