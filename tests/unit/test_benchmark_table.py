"""The benchmark table: who is ranked, who is not, and why."""

import pyarrow as pa
import pytest

from s3etl.benchmark import benchmark
from s3etl.catalogue import METHOD, Method
from s3etl.declarations import read_declaration
from s3etl.evaluate import evaluate
from s3etl.observations import tidy
from tests.unit.conftest import parsed, unconverted

REGIONS = ("AT11", "AT12", "AT13", "AT21", "AT22", "AT31", "HR04", "HR02", "SI01")


@pytest.fixture
def rows(dataset, snapshot, indicator):
    """Benchmark rows by region; every region has its place in REGIONS as its value."""

    def compute(*, missing=(), flags=None, versions=None, exact=None, **changes):
        cells = []
        for value, geo in enumerate((*REGIONS, "AT"), 1):
            shown = None if geo in missing else float(value)
            cells.append(("EUR", geo, "2014", shown, (flags or {}).get(geo)))
            cells.append(("THS", geo, "2014", 1.0, None))
        declared = indicator.model_copy(update=changes)
        table = tidy(parsed(cells), dataset, snapshot)
        if versions:
            named = [versions.get(geo, "2024") for geo in table.column("geo").to_pylist()]
            column = pa.array(named).dictionary_encode()
            place = table.schema.get_field_index("nuts_version")
            table = table.set_column(place, "nuts_version", column)
        figures = evaluate(declared, {"tiny": unconverted(table)}, origin="provider").figures
        if exact is not None:
            n = figures.num_rows
            split = pa.array(["split"] * n).dictionary_encode()
            for name, values in (("conv_method", split), ("conv_exact", pa.array([exact] * n))):
                figures = figures.set_column(figures.schema.get_field_index(name), name, values)
        method = read_declaration(METHOD, Method)
        found, norms = benchmark(
            figures,
            declared,
            datasets={"tiny": dataset},
            snapshots={"tiny": snapshot},
            method=method,
        )
        return {r["geo"]: r for r in found.to_pylist()}, norms.to_pylist()

    return compute


def test_the_best_comes_first_and_an_old_territory_is_not_counted_twice(rows):
    found, _ = rows(versions={"HR04": "2016"})
    ranked = {geo: r["rank"] for geo, r in found.items() if r["rankable"]}
    assert ranked == {
        geo: i for i, geo in enumerate(reversed([r for r in REGIONS if r != "HR04"]), 1)
    }
    assert found["HR04"]["not_rankable_because"] == "its country is compared in NUTS 2024"
    assert found["HR04"]["value"] == 7.0
    assert {r["n_compared"] for r in found.values() if r["rankable"]} == {8}


def test_a_country_no_conversion_covers_is_compared_in_the_version_most_of_it_has(rows):
    found, _ = rows(versions={"AT21": "2013", "HR04": "2016", "HR02": "2013", "SI01": "2010"})
    assert found["SI01"]["rankable"]
    assert found["AT21"]["not_rankable_because"] == "its country is compared in NUTS 2024"
    # One region each: the newest version.
    assert found["HR04"]["rankable"]
    assert found["HR02"]["not_rankable_because"] == "its country is compared in NUTS 2016"


def test_a_divided_territory_is_less_certain(rows):
    whole, _ = rows(noise_cv=0.02)
    divided, _ = rows(noise_cv=0.02, exact=0.7)

    def spread(found):
        return (found["AT31"]["interval_high"] - found["AT31"]["interval_low"]) / 6

    # 10 % of what is not exact beside the 2 % of every figure (methodology 6).
    assert spread(divided) / spread(whole) == pytest.approx((0.02**2 + 0.03**2) ** 0.5 / 0.02)


def test_a_territory_without_a_value_does_not_decide_the_version(rows):
    found, _ = rows(missing=("HR02",), versions={"HR04": "2016"})
    assert found["HR04"]["rankable"]
    assert found["HR02"]["not_rankable_because"] == "no value"


def test_less_is_better_turns_ranks_and_scores_round(rows):
    found, norms = rows(direction="-")
    assert found["AT11"]["rank"] == 1
    assert found["AT11"]["score_min_max"] == 100
    assert all(norm["reverse"] for norm in norms)


def test_countries_and_context_indicators_are_shown_and_never_ranked(rows):
    found, _ = rows()
    assert found["AT"]["not_rankable_because"] == "national"
    assert found["AT"]["geo_level"] == "national"
    assert found["AT"]["value"] == 10.0
    context, norms = rows(direction="ctx")
    assert {r["not_rankable_because"] for r in context.values()} == {
        "context indicator",
        "national",
    }
    assert all(r["rank"] is r["score_z"] is None for r in context.values())
    assert norms == []


def test_a_region_set_apart_is_shown_with_the_reason(rows):
    found, _ = rows(set_apart={"AT13": "another territory"})
    assert found["AT13"]["value"] == 3.0
    assert found["AT13"]["not_rankable_because"] == "set apart: another territory"
    assert found["AT12"]["n_compared"] == 8


def test_too_few_regions_have_no_ranks(rows):
    found, _ = rows(missing=("AT11", "AT12", "AT13", "AT21", "AT22"))
    assert not any(r["rankable"] for r in found.values())
    assert found["AT31"]["not_rankable_because"] == "fewer than 5 regions with a value"


def test_low_reliability_widens_the_interval_behind_any_other_flag(rows):
    found, _ = rows(flags={"AT31": "bu", "AT22": "b"})
    width = {g: (r["interval_high"] - r["interval_low"]) / r["value"] for g, r in found.items()}
    assert width["AT31"] == pytest.approx(5 * width["AT22"])
    assert found["AT31"]["obs_flag"] == "bu"


def test_declared_noise_is_in_the_figures_own_unit(rows):
    found, _ = rows(noise_sd=1.0)
    widths = [r["interval_high"] - r["interval_low"] for r in found.values()]
    assert widths == pytest.approx([2 * 1.6448536] * len(widths), rel=1e-6)


def test_the_seed_makes_intervals_the_same_in_every_run(rows):
    assert rows() == rows()
