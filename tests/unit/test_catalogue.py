"""Declarations are strict: each mistake is one error that names file and field."""

import shutil

import pytest

from expectations.validate import SUITES
from s3etl import catalogue
from s3etl.errors import CatalogueError
from sources import DATASETS, REGISTRIES, TABLES


@pytest.fixture
def folders(tmp_path):
    """A copy of every declaration, to spoil."""
    copies = {
        "datasets": tmp_path / "datasets",
        "tables": tmp_path / "tables",
        "suites": tmp_path / "suites",
        "registers": tmp_path / "registers",
        "indicators": tmp_path / "indicators",
    }
    for source, name in (
        (DATASETS, "datasets"),
        (TABLES, "tables"),
        (SUITES, "suites"),
        (REGISTRIES, "registers"),
        (catalogue.INDICATORS, "indicators"),
    ):
        shutil.copytree(source, copies[name])
    method = tmp_path / "method.yaml"
    shutil.copy(catalogue.METHOD, method)
    return {**copies, "method": method}


def load(folders):
    return catalogue.load(
        folders["datasets"],
        folders["tables"],
        folders["suites"],
        folders["registers"],
        indicators=folders["indicators"],
        method=folders["method"],
    )


def test_the_real_catalogue_loads_whole():
    found = catalogue.load(DATASETS, TABLES, SUITES, REGISTRIES)
    assert {"ECO01", "ECO02", "HUM04", "HUM08"} <= set(found.indicators)
    assert sum(not i.framework for i in found.indicators.values()) >= 6
    assert found.indicators["ECO01"].datasets == ("nama_10r_2gdp",)


SPOILED = [
    ("indicators/ECO01.yaml", "unit: PPS per", "unti: PPS per", "unti"),
    ("indicators/ECO01.yaml", "measure: value", "measure: valeu", "measure"),
    ("indicators/ECO01.yaml", "nama_10r_2gdp", "nama_10r_9gdp", "roles.value.dataset"),
    ("indicators/ECO01.yaml", "PPS_EU27_2020_HAB", "PPS_HUB", "roles.value.series"),
    ("indicators/ECO01.yaml", "formerly: {unit: PPS_HAB}", "formerly: {unit: PPS}", "formerly"),
    ("indicators/ECO01.yaml", "series: {unit", "series: {unti", "roles.value.series"),
    ("indicators/ECO01.yaml", "measure: value", "", "not_computed"),
    ("indicators/HUM08.yaml", "status: unverified", "status: verified", "status"),
    ("indicators/ECO01.yaml", 'direction: "+"', "direction: up", "direction"),
    ("indicators/ECO01.yaml", "  value:\n    dataset", "  vale:\n    dataset", "roles"),
    ("indicators/ECO01.yaml", "pillar: ECO", "pillar: ECO\nlevel: 3", "level"),
    ("indicators/ECO01.yaml", "pillar: ECO", "pillar: ECO\nvariant_of: ECO02", "variant"),
    ("indicators/ECO01.yaml", "pillar: ECO", "pillar: ECO\nparameters: {scale: 2}", "parameters"),
    ("indicators/ECO01.yaml", "pillar: ECO", "pillar: ECO\nid: ECO01", "field id"),
    ("indicators/ECO01.yaml", "pillar: ECO", "pillar: ECO\npillar: HUM", "duplicate key"),
    ("indicators/ECO01.yaml", "pillar: ECO", "pillar: &p ECO", "anchors"),
    ("indicators/ECO01.yaml", "pillar: ECO", "pillar: [", "ECO01.yaml"),
    ("indicators/ECO02.yaml", "lags: [0, 1, 2]", "lags: [0, -1]", "roles.values"),
    ("indicators/population_growth.yaml", "  years: 5\n", "  yeers: 5\n", "parameters"),
    ("datasets/nama_10r_2gdp.yaml", "unit_of: unit", "unit_of: na_item", "unit_of"),
    ("datasets/nama_10r_2gdp.yaml", "  PPS_HAB: {low: 0}", "  PPS: {low: 0}", "ranges"),
    ("datasets/sbs_r_nuts06_r2.yaml", "  V94310: PC", "  V94311: PC", "units"),
    ("datasets/nama_10r_2gdp.yaml", '"2024"', '"2014"', "nuts_version"),
    ("datasets/nama_10r_2gdp.yaml", "extensive: [MIO_EUR", "extensive: [MIO_USD", "extensive"),
    ("tables/nuts_codes.yaml", "provider: nuts", "provider: nutz", "provider"),
    ("datasets/nama_10r_2gdp.yaml", "EUR_HAB_EU, MIO_EUR", "EUR_HAB_EU, MIO_EUR, MIO_EUR", "twice"),
    ("suites/population_is_counted.yaml", "demo_r_pjanaggr3", "demo_r_pjanaggr4", "datasets"),
    ("suites/population_is_counted.yaml", "severity: critical", "severity: fatal", "severity"),
    (
        "suites/population_is_counted.yaml",
        "kwargs: {",
        "kwargs: {row_condition: x, ",
        "row_condition",
    ),
    ("method.yaml", "goalposts: [2.5, 97.5]", "goalposts: [97.5, 2.5]", "percentiles"),
]


@pytest.mark.parametrize(("file", "old", "new", "named"), SPOILED)
def test_a_mistake_is_named(folders, file, old, new, named):
    path = folders["method"].parent / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CatalogueError) as error:
        load(folders)
    assert path.name in str(error.value)
    assert named in str(error.value)
    assert "\n" not in str(error.value)


def test_norway_is_not_false(folders):
    path = folders["datasets"] / "nama_10r_2gvagr.yaml"
    path.write_text(path.read_text().replace("unit: [PCH_PRE]", "unit: [PCH_PRE, NO]"))
    assert load(folders).datasets["nama_10r_2gvagr"].dimensions["unit"] == ("PCH_PRE", "NO")
