"""Method stress (methodology 10) and supposed shocks, as definitions."""

from dataclasses import replace

import numpy as np
import pytest

from s3etl.benchmark.ranks import badges
from s3etl.errors import CatalogueError
from s3etl.organisations.quality import load_quality
from s3etl.portfolio import method_stress
from s3etl.portfolio.estimate import estimate
from s3etl.portfolio.indicators import indicators, star_counts
from s3etl.portfolio.method import load_method
from s3etl.portfolio.shock_vectors import shock_vectors, supposed
from s3etl.portfolio.stars import Stars
from tests.spec.test_portfolio import METHOD, world

NAN = np.nan


@pytest.mark.parametrize(
    ("low", "high", "of", "badge"),
    [
        (1, 1, 100, "A"),
        (5, 15, 100, "A"),  # a tenth of the ranks
        (5, 16, 100, "B"),
        (5, 30, 100, "B"),  # a quarter
        (5, 31, 100, "C"),
        (3, 4, 10, "A"),
        (NAN, NAN, 100, ""),
    ],
)
def test_a_badge_says_how_wide_the_interval_of_a_rank_is(low, high, of, badge) -> None:
    assert badges([low], [high], of).tolist() == [badge]


def test_the_mean_rank_shift_is_over_regions_that_have_both() -> None:
    reference = np.array([4.0, 3, 2, NAN, 1])
    otherwise = np.array([3.0, 4, 2, 9, NAN])  # the first two change places, of three
    assert method_stress.rank_shift(reference, otherwise) == (pytest.approx(2 / 3), 3)
    shift, count = method_stress.rank_shift(reference, np.full(5, NAN))
    assert np.isnan(shift)
    assert count == 0


def test_the_declared_plant_size_changes_nothing_and_another_something() -> None:
    now = estimate(world(3, regions=20, share_hidden=0.0), [], METHOD)
    same = METHOD.model_copy(update={"plant_size_cv2_tried": (METHOD.plant_size_cv2,)})
    assert [told.value for told in method_stress.of_plant_size(now, same)] == [0, 0]
    far = METHOD.model_copy(update={"plant_size_cv2_tried": (3000.0,)})
    flips, shift = method_stress.of_plant_size(now, far)
    assert (flips.subject, shift.subject) == ("LQ*", "B-01")
    assert 0 < flips.value <= 1
    assert shift.n_compared == now.usable.sum()
    assert set(load_method().plant_size_cv2_tried) <= {1.0, 2.0, 4.5, 6.0}


def test_what_the_sign_of_complexity_rests_on_is_told() -> None:
    now = estimate(world(3, regions=20, share_hidden=0.0), [], METHOD)
    (told,) = method_stress.of_complexity(now)
    present = now.quotients.raw >= 1
    complexity = indicators(now, None, None, METHOD)["B-11"].value
    there = np.isfinite(complexity)
    diversity = present.sum(axis=1)[there]
    assert told.value == pytest.approx(np.corrcoef(complexity[there], diversity)[0, 1])
    assert told.value > 0
    assert (told.subject, told.n_compared) == ("B-11", there.sum())


def test_the_market_economy_is_set_beside_all_jobs() -> None:
    now = estimate(world(3, regions=20, share_hidden=0.0), [], METHOD)
    check = METHOD.cross_check.model_copy(update={"plausible": (0.3, 1.0)})
    market = now.filled.sum(axis=1)
    jobs = market / 0.5
    jobs[:3] = market[:3] / np.array([0.2, 1.1, np.nan])  # two are odd, of one nothing is known
    told = method_stress.of_total_economy(now, jobs, check)
    known = int((now.usable & np.isfinite(jobs)).sum())
    assert {row.n_compared for row in told} == {known}
    assert [row.value for row in told[1:]] == [0.5, told[2].value, 2.0]
    assert told[-1].measure == "regions outside 0.3 to 1"
    assert method_stress.of_total_economy(now, np.full(20, NAN), check) == []


def test_other_weights_of_labels_are_flat_and_convex() -> None:
    quality = load_quality()
    assert set(quality.instead("flat").weights.values()) == {1.0}
    convex = quality.instead("convex").weights
    assert all(convex[label] == pytest.approx(w**2) for label, w in quality.weights.items())


def test_stars_of_hidden_cells_are_not_counted() -> None:
    now = estimate(world(4, share_hidden=0.0), [], METHOD)
    given = np.zeros((8, 8, 2), bool)
    given[0, 0] = given[0, 1, 0] = given[1, 2, 1] = True
    found = Stars(("size", "specialisation"), given, given, given[..., 0])
    drawn = Stars(found.criteria, given[None], given[None], given[None][..., 0])
    shown = np.ones((8, 8), bool)
    shown[0, 0] = False
    name, told, values = star_counts("default", now, shown, found, drawn)
    assert (name, told.direction) == ("B-03-default", "+")
    assert values.value[:3].tolist() == [1, 1, 0]
    assert values.drawn.shape == (1, 8)
    divided = replace(now, economy=replace(now.economy, divided=np.arange(8) == 1))
    _, _, values = star_counts("default", divided, shown, found, drawn)
    assert np.isnan(values.value[1])
    assert "divided" in values.reason[1]


def test_a_vector_is_zero_where_it_names_nothing() -> None:
    vector = shock_vectors()["energy_prices"]
    found = supposed(vector, np.array(["B05", "C17", "C24", "J62"]))
    assert found.shock.tolist() == [0, 0.1, 0.1, 0]
    assert found.title == vector.title


@pytest.mark.parametrize(
    ("shock", "said"),
    [
        ("{C24: 0.1, C25: 0.1}", "at least 3 items"),  # it would tell the share of a cell
        ("{C24: 0.1, C25: 0.1, C26: 1.5}", "less than or equal to 1"),
        ("{C24: 0.1, C25: 0.1, C26: 0}", "greater than 0"),
        ("{C24: 0.1, C25: 0.1, Steel: 0.2}", "should match pattern"),
    ],
)
def test_a_vector_that_makes_no_sense_is_refused(tmp_path, shock, said) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"title: Mine\nwhy: I wonder\nshock: {shock}\n")
    with pytest.raises(CatalogueError, match=rf"mine\.yaml: field shock.*{said}"):
        shock_vectors(tmp_path)
