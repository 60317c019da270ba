"""Every measure has a table of definition in ``measures/<name>.md``; the docs show the same."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from s3etl.measures import MEASURES

TABLES = Path(__file__).parent / "measures"


def read_table(path: Path) -> tuple[dict[str, float], dict[str, np.ndarray], np.ndarray]:
    """Return parameters, arguments with the axes (terms, figures) and the expected result."""
    lines = path.read_text().splitlines()
    parameters = {}
    if lines[0].startswith("parameters:"):
        pairs = lines[0].removeprefix("parameters:").split(",")
        parameters = {k.strip(): float(v) for k, v in (pair.split("=") for pair in pairs)}
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    names, cells = rows[0], rows[2:]
    numbers = np.array([[float(c) if c else np.nan for c in row] for row in cells]).T
    arguments = {
        name: numbers[[i for i, n in enumerate(names) if n == name]]
        for name in dict.fromkeys(names[:-1])
    }
    return parameters, arguments, numbers[-1]


def test_every_measure_has_its_table():
    assert sorted(MEASURES) == sorted(path.stem for path in TABLES.glob("*.md"))


@pytest.mark.parametrize("name", MEASURES)
def test_measure_is_what_its_table_says(name):
    parameters, arguments, expected = read_table(TABLES / f"{name}.md")
    result = MEASURES[name](**arguments, **parameters)
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", MEASURES)
def test_a_missing_term_always_makes_the_figure_missing(name):
    parameters, arguments, _ = read_table(TABLES / f"{name}.md")
    for role, values in arguments.items():
        for term in range(len(values)):
            holed = {k: np.where(np.isnan(v), 1.0, v) for k, v in arguments.items()}
            holed[role][term] = np.nan
            assert np.isnan(MEASURES[name](**holed, **parameters)).all()


positive = arrays(float, (2, 5), elements=st.floats(1, 1e6))


@given(positive, positive)
def test_ratio_law_scaling_both_sides_changes_nothing(a, b):
    ratio = MEASURES["ratio"]
    np.testing.assert_allclose(ratio(7 * a, 7 * b), ratio(a, b), rtol=1e-12)


@given(positive, positive)
def test_part_and_rest_make_a_hundred(a, b):
    share = MEASURES["part_of_whole"]
    np.testing.assert_allclose(share(a, b) + share(b, a), 100, rtol=1e-12)


@given(arrays(float, (3, 5), elements=st.floats(-50, 50)))
def test_mean_lies_between_its_terms(values):
    mean = MEASURES["mean"](values)
    assert (mean >= values.min(axis=0) - 1e-9).all()
    assert (mean <= values.max(axis=0) + 1e-9).all()


@given(arrays(float, (3, 5), elements=st.floats(-50, 50)))
def test_total_is_as_many_means_as_it_has_terms(values):
    np.testing.assert_allclose(
        MEASURES["total"](values), 3 * MEASURES["mean"](values), rtol=1e-9, atol=1e-9
    )


@given(positive, positive)
def test_amounts_per_head_weighted_by_heads_are_amounts_over_heads(amounts, heads):
    per_head = MEASURES["weighted_mean"](amounts / heads, heads)
    np.testing.assert_allclose(per_head, MEASURES["ratio"](amounts, heads), rtol=1e-9)
    assert (per_head >= (amounts / heads).min(axis=0) * (1 - 1e-9)).all()
    assert (per_head <= (amounts / heads).max(axis=0) * (1 + 1e-9)).all()


@given(positive, positive)
def test_growth_of_a_ratio_is_growth_over_growth(a, b):
    def factor(growth):
        return 1 + growth / 100

    growth, ratio_growth = MEASURES["annual_growth"], MEASURES["ratio_growth"]
    np.testing.assert_allclose(
        factor(ratio_growth(a, b, years=3)),
        factor(growth(a, years=3)) / factor(growth(b, years=3)),
        rtol=1e-9,
    )


@given(arrays(float, (2, 5), elements=st.floats(1, 1e6)))
def test_growth_compounds_back_to_the_later_stock(stock):
    growth = MEASURES["annual_growth"](stock, years=5)
    np.testing.assert_allclose(stock[1] * (1 + growth / 100) ** 5, stock[0], rtol=1e-9)
