"""What the terminal shows of a region's StressTest."""

import pytest
from rich.console import Console

from pipelines import console, show_stresstest
from pipelines.show_stresstest import bar
from s3etl.stresstest.questionnaire import load
from s3etl.stresstest.regional_profile import profile
from tests import profiles

BLANK = dict.fromkeys(
    ("value", "interval_low", "interval_high", "peer_value", "frontier_value"), None
)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"value": 50.0}, "█████·····"),
        ({"value": 0.0}, "··········"),  # a score of 0 has a bar, a missing one has none
        ({}, ""),
        ({"value": 100.0}, "██████████"),
        ({"value": 50.0, "interval_low": 30.0, "interval_high": 70.0}, "███▒▒▒▒···"),
        ({"value": 50.0, "peer_value": 20.0, "frontier_value": 100.0}, "██P██····F"),
        ({"value": 50.0, "peer_value": 0.0, "frontier_value": 0.0}, "P████·····"),
    ],
)
def test_a_bar_is_as_long_as_the_score(told, expected):
    assert bar(BLANK | told, 10) == expected


@pytest.fixture
def printed(monkeypatch):
    """Return what is printed of some tables."""

    def show(told, origin="sample", **more):
        wide = Console(highlight=False, width=160)
        for module in (console, show_stresstest):
            monkeypatch.setattr(module, "console", wide)
        found = profile(profiles.tables(told), "XA11", regions=profiles.REGIONS, **more)
        with wide.capture() as text:
            show_stresstest.stresstest(found, origin)
        return text.get()

    return show


def test_everything_of_a_profile_is_shown(printed):
    text = printed(
        profiles.rows() | {"stresstest_change": profiles.changes()},
        evidence=profiles.evidence(),
        practices=profiles.practices(),
    )
    assert "StressTest of Vaskombra (XA11), 2026 (invented sample answers" in text
    assert " ".join(load().statement.split()) in " ".join(text.split())
    headings = """Dimensions; Directions; Widest gaps; Groups; Perception against;
    Whom to learn from;
    What to do next; Changes since 2024; Not shown"""
    for heading in headings.split(";"):
        assert heading.strip() in text
    assert "C+R" in text
    assert "https://example.org/xa12/D2.1 and 2 more" in text
    assert "Both can learn: from Orvanne (XC01)" in text


def test_a_region_of_which_nothing_may_be_shown_has_reasons_and_no_figure(printed):
    text = printed(profiles.withheld(), origin="provider")
    assert "invented" not in text
    assert text.count(profiles.GAP) >= 10
    assert "0.0" not in text
    assert "54 figures" in text


def test_brackets_in_names_are_no_markup(printed):
    told = profiles.rows()
    told["stresstest_teacher"][0]["title"] = "[red]gone[/red]"
    told["stresstest_action"][0]["reason"] = "[/bold] closes nothing"
    text = printed(told)
    assert "[red]gone[/red]" in text
    assert "[/bold] closes nothing" in text
