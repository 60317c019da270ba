"""No difference is stated that is not sure: what is said of a gap in an index."""

import pytest

from pipelines import show_index
from pipelines.console import console


@pytest.mark.parametrize(
    ("sure", "said", "unsaid"),
    [
        (0.9, "What the gap of 2.0 points to BB12 is made of", "No gap to"),
        (
            0.62,
            "No gap to BB12, the first, is told: it is ahead in 62% of the runs, and 90% are",
            "2.0 points",
        ),
    ],
)
def test_a_gap_is_told_where_it_is_sure(sure: float, said: str, unsaid: str) -> None:
    row = {"front": "BB12", "geo": "AA11", "part": "ECO1", "pillar": "ECO", "value": 2.0}
    with console.capture() as text:
        show_index._gap([row | {"gap": 2.0, "p_ahead": sure}], {"ECO": "Economy"})
    told = " ".join(text.get().split())
    assert said in told
    assert unsaid not in told
