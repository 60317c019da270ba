"""Small tables the unit tests build on."""

import pyarrow as pa
import pytest

from s3etl.catalogue import Dataset, Indicator
from s3etl.nuts.convert import convert
from s3etl.nuts.tables import MATRICES
from s3etl.records import Snapshot


def parsed(cells, dimensions=("unit",)):
    """A parsed file: ``cells`` are (codes…, geo, period, value, flag)."""
    names = [*dimensions, "geo", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG"]
    table = {}
    for i, name in enumerate(names):
        column = [cell[i] for cell in cells]
        if name == "OBS_VALUE":
            table[name] = pa.array(column, pa.float64())
        else:
            table[name] = pa.array(column, pa.string()).dictionary_encode()
    return pa.table(table)


def unconverted(table):
    """Observations that no matrix covers: each keeps its own NUTS version."""
    return convert(table, MATRICES.empty_table(), extensive=())


@pytest.fixture
def dataset():
    """A dataset of two units."""
    return Dataset(
        id="tiny",
        title="Tiny",
        provider="eurostat",
        citation="none",
        licence="none",
        frequency="A",
        nuts_version="2013",
        levels=(0, 1, 2),
        dimensions={"unit": ("EUR", "THS")},
        unit_of="unit",
        ranges={"EUR": {"low": 0}},
        quarantine_tolerance=0.5,
    )


@pytest.fixture
def snapshot():
    """The bytes the tiny dataset would have come from."""
    return Snapshot(
        dataset="tiny",
        sha256="a" * 64,
        origin="provider",
        name="tiny.tsv.gz",
        retrieved_from="a folder",
        retrieved_at="2026-01-01T00:00:00+00:00",
        source_updated=None,
        size=1,
    )


@pytest.fixture
def indicator():
    """EUR per thousand persons of the tiny dataset."""
    return Indicator(
        id="TINY",
        title="Tiny",
        definition="EUR over THS.",
        unit="EUR per person",
        direction="+",
        pillar="ECO",
        measure="ratio",
        roles={
            "numerator": {"dataset": "tiny", "series": {"unit": "EUR"}},
            "denominator": {"dataset": "tiny", "series": {"unit": "THS"}},
        },
        confidence="unverified",
        status="unverified",
        source="test",
    )
