"""Active enterprises of a region, in small tables (methodology 4.2, 5.2)."""

import pyarrow as pa
import pytest

from s3etl.nuts.convert import CONVERTED
from s3etl.nuts.tables import CODES
from s3etl.organisations.enterprises import Enterprises, enterprises_of
from s3etl.organisations.method import EnterpriseSeries

NEW = EnterpriseSeries(dataset="new", series="ENT_NR.ALL")
OLD = EnterpriseSeries(dataset="old", series="V11910.TOTAL.ALL")
# XA11 has two parts, XA12 and XB11 one each.
CODE_ROWS = [
    *(("2024", geo, 2) for geo in ("XA11", "XA12", "XB11")),
    *(("2024", geo, 3) for geo in ("XA111", "XA112", "XA121", "XB111")),
    ("2021", "XA113", 3),  # of another version
]


def codes() -> pa.Table:
    rows = [{"version": v, "geo": g, "level": level} for v, g, level in CODE_ROWS]
    return pa.Table.from_pylist(rows, schema=CODES)


def table(series: EnterpriseSeries, text: str) -> pa.Table:
    """Region, year, number; c behind it is confidential, : is not published."""
    rows = []
    for line in text.strip().splitlines():
        geo, year, number, *rest = line.split()
        rows.append(
            {
                "dataset": series.dataset, "series": rest[0] if rest else series.series,
                "geo": geo, "nuts_version": "2024", "period": year, "unit": "NR",
                "value": None if number == ":" else float(number.strip("c")),
                "obs_status": "A", "conf_status": "C" if number.endswith("c") else "F",
                "snapshot": "a",
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=CONVERTED)


def found(**tables: str) -> dict[str, Enterprises]:
    series = {"new": NEW, "old": OLD}
    made = {name: table(series[name], text) for name, text in tables.items()}
    return enterprises_of(made, [NEW, OLD], codes())


def test_the_newest_year_of_the_region_itself() -> None:
    told = found(new="XA11 2022 900\nXA11 2023 950\nXA111 2023 1\nXA112 2023 2")
    assert told == {"XA11": Enterprises(950, 2023, "new")}


def test_else_the_sum_of_all_of_its_parts() -> None:
    told = found(new="XA111 2023 400\nXA112 2023 550\nXA121 2023 70\nXA11 2023 :")
    assert told["XA11"] == Enterprises(950, 2023, "new")
    assert told["XA12"] == Enterprises(70, 2023, "new")


@pytest.mark.parametrize("gap", [":", "550c"])
def test_a_part_that_is_not_published_is_not_zero(gap: str) -> None:
    told = found(new=f"XA111 2023 400\nXA112 2023 {gap}\nXA111 2021 300\nXA112 2021 500")
    assert told["XA11"] == Enterprises(800, 2021, "new")
    assert found(new=f"XA111 2023 400\nXA112 2023 {gap}") == {}


def test_a_country_is_of_one_dataset() -> None:
    told = found(new="XA11 2023 950", old="XA11 2020 1\nXA12 2020 2\nXB11 2020 30")
    assert told == {"XA11": Enterprises(950, 2023, "new"), "XB11": Enterprises(30, 2020, "old")}
    assert found(old="XA12 2020 2")["XA12"] == Enterprises(2, 2020, "old")


def test_other_series_and_other_codes_are_not_taken() -> None:
    assert found(new="XA11 2023 950 ENT_BRTH_NR.ALL\nXA 2023 9999\nXA1 2023 99\nXC11 2023 4") == {}
    assert found() == {}
