"""How unequal plants are, by hand and by laws (methodology 3.4, 3.6)."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.observations import SCHEMA
from s3etl.portfolio.method import SizeClasses, load_method
from s3etl.portfolio.plants import cv2_of_divisions, plant_herfindahl, size_class_cv2

NAN, INF = np.nan, np.inf
LOW, HIGH = [0, 10, 250], [9, 249, INF]


def test_by_hand() -> None:
    """90 plants of 0-9 with 450 persons, 10 of 250 and more with 4,000.

    Means 5 and 400; variances (9 − 5)(5 − 0)/3 = 20/3 and (400 − 250)² = 22,500. Second moments
    90 · (25 + 20/3) = 2,850 and 10 · (160,000 + 22,500) = 1,825,000, together 1,827,850. So
    CV² = 100 · 1,827,850/4,450² − 1.
    """
    found = size_class_cv2([90, 0, 10], [450, 0, 4000], LOW, HIGH)
    assert found == pytest.approx(182_785_000 / 19_802_500 - 1)
    assert found == pytest.approx(8.2304, abs=5e-5)


def test_a_class_that_is_uniform_has_the_variance_of_a_uniform_distribution() -> None:
    sizes = np.linspace(10, 249, 1001)
    found = size_class_cv2([0, 1001, 0], [0, sizes.sum(), 0], LOW, HIGH)
    assert found == pytest.approx(sizes.var() / sizes.mean() ** 2, rel=0.005)


def test_plants_at_one_end_of_a_class_are_equal() -> None:
    assert size_class_cv2([7, 0, 0], [63, 0, 0], LOW, HIGH) == pytest.approx(0)
    assert size_class_cv2([0, 0, 2], [0, 0, 500], LOW, HIGH) == pytest.approx(0)


def test_what_is_not_known_leaves_it_unknown() -> None:
    units, persons = [[90, 1, 10]] * 3, [[450, NAN, 4000], [450, 20, NAN], [NAN, 20, 4000]]
    assert np.isnan(size_class_cv2(units, persons, LOW, HIGH)).all()
    assert np.isnan(size_class_cv2([[0, 0, 0], [3, 0, 0]], [[0, 0, 0]] * 2, LOW, HIGH)).all()
    with pytest.raises(ValueError, match="negative"):
        size_class_cv2([-1, 0, 0], [1, 0, 0], LOW, HIGH)


@given(st.lists(st.integers(1, 500), min_size=3, max_size=3), st.integers(2, 9))
def test_only_shares_of_plants_matter(units: list[int], times: int) -> None:
    n = np.array(units, float)
    e = n * [4, 60, 700]
    one, many = (size_class_cv2(k * n, k * e, LOW, HIGH) for k in (1, times))
    assert many == pytest.approx(one)


@given(st.lists(st.floats(1, 1000), min_size=1, max_size=50))
def test_the_herfindahl_index_follows_from_cv2(sizes: list[float]) -> None:
    x = np.array(sizes)
    share = x / x.sum()
    cv2 = x.var() / x.mean() ** 2
    assert plant_herfindahl(cv2, len(x)) == pytest.approx((share**2).sum())


def test_the_herfindahl_index_at_its_ends() -> None:
    assert plant_herfindahl([3, 3, 3], [100, 1, 0.5])[:2].tolist() == [0.04, 1]
    assert np.isnan(plant_herfindahl([3, NAN, 3], [0, 10, NAN])).all()


# --- of observations ---------------------------------------------------------------------------

DECLARED = SizeClasses(
    dataset="sizes", units="ENT", employment="EMP", classes={"0-9": (0, 9), "GE10": (10,)}
)
ROWS = """
    XA C10 0-9  ENT 90    XA C10 0-9  EMP 450   XA C10 GE10 ENT 10   XA C10 GE10 EMP 200
    XB C10 0-9  ENT 10    XB C10 0-9  EMP 40    XB C10 GE10 ENT 0    XB C10 GE10 EMP 0
    XC C10 0-9  ENT 1     XC C10 0-9  EMP 9     XC C10 GE10 ENT 1    XC C10 GE10 EMP 90c
    XE C10 0-9  ENT 500   XE C10 0-9  EMP 500   XE C10 GE10 ENT 500  XE C10 GE10 EMP 99999
    XA C11 0-9  ENT 90    XA C11 0-9  EMP 450   XA C11 GE10 ENT 10
"""


def observations(text: str = ROWS) -> pa.Table:
    words = text.split()
    rows = []
    for geo, nace, size, indicator, number in zip(*(words[i::5] for i in range(5)), strict=True):
        rows.append(
            {
                "dataset": "sizes", "series": f"{nace}.{size}.{indicator}", "geo": geo,
                "nuts_version": "2024", "period": "2022", "value": float(number.strip("c")),
                "unit": "NR", "obs_status": "A",
                "conf_status": "C" if number.endswith("c") else "F", "snapshot": "a",
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def test_countries_that_publish_all_classes_of_a_division_are_added_up() -> None:
    """XC hides one, XE is not asked for, and of C11 one class is not there."""
    divisions = np.array(["C10", "C11", "C12"], object)
    found = cv2_of_divisions(observations(), DECLARED, "2022", divisions, ["XA", "XB", "XC"])
    by_hand = size_class_cv2([100, 10], [490, 200], [0, 10], [9, INF])
    assert found[0] == pytest.approx(float(by_hand))
    assert np.isnan(found[1:]).all()
    other = cv2_of_divisions(observations(), DECLARED, "2019", divisions, ["XA", "XB", "XC"])
    assert np.isnan(other).all()


def test_a_hidden_value_is_never_used() -> None:
    divisions = np.array(["C10"], object)
    changed = observations(ROWS.replace("90c", "12345c"))
    args = (DECLARED, "2022", divisions, ["XA", "XB", "XC"])
    assert cv2_of_divisions(changed, *args) == cv2_of_divisions(observations(), *args)


def test_series_are_declared_once_each_and_classes_in_order() -> None:
    method = load_method()
    assert method.datasets == ("sbs_r_nuts06_r2", "sbs_r_nuts2021")
    with pytest.raises(ValueError, match="twice"):
        method.model_validate(method.model_dump() | {"series": [method.series[0].model_dump()] * 2})
    with pytest.raises(ValueError, match="only a first"):
        SizeClasses(dataset="d", units="n", employment="e", classes={"a": (0,), "b": (10,)})
    with pytest.raises(ValueError, match="overlap"):
        SizeClasses(dataset="d", units="n", employment="e", classes={"a": (0, 10), "b": (10,)})
