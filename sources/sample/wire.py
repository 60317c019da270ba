"""The wire formats: a table as the bytes of Eurostat's files, old and new.

No figure is changed in here but by rounding, and no flag is added.
"""

import gzip
from collections.abc import Iterator
from datetime import datetime
from math import isnan

import numpy as np

from s3etl.catalogue import Dataset
from sources.sample.table import Table, series_of

NOTHING = (":", "")  # value and flag of a cell that says nothing
ENDINGS = {  # else the new layout; those without a name are of the old one
    "lfst_r_lfe2emp": ".tsv.gz",
    "lfst_r_lfu3pers": ".tsv.gz",
    "nama_10r_2gdp": ".tsv.gz",
    "nama_10r_2gvagr": ".tsv.gz",
    "sbs_r_nuts06_r2": ".tsv.gz",
    "trng_lfse_04": ".tsv.gz",
    "nama_10r_3gva": "_linear.csv.gz",
    "rd_e_gerdreg": "_linear.csv.gz",
    "demo_r_pjanaggr3": "_linear.csv.gz",
    "htec_emp_reg2": "_linear.csv.gz",
    "tour_occ_nin2": "_tabular.tsv",
    "nama_10r_3gdp": "_linear.csv.gz",
}


def write(dataset: Dataset, table: Table, updated: datetime) -> tuple[str, bytes]:
    """Return the name and the bytes of a dataset's file."""
    ending = ENDINGS.get(dataset.id, "_tabular.tsv.gz")
    new = ending.startswith("_")
    linear = ending.startswith("_linear")
    lines = _linear(dataset, table, updated) if linear else _tabular(dataset, table, new=new)
    newline = "\r\n" if new else "\n"
    body = "".join(line + newline for line in lines).encode()
    if ending.endswith(".gz"):
        body = gzip.compress(body, 6, mtime=int(updated.timestamp()))
    return dataset.id + ending, body


def _tabular(dataset: Dataset, table: Table, *, new: bool) -> Iterator[str]:
    """Write a line for every series and area; the old layout has the newest year first."""
    step, freq, start, time = (1, "freq,", "A,", "TIME_PERIOD") if new else (-1, "", "", "time")
    names = freq + ",".join([*dataset.dimensions, f"geo\\{time}"])
    yield "\t".join([names, *(f"{year} " for year in table.grid.years[::step])])
    for key, cells in _rows(dataset, table):
        yield "\t".join([start + key, *(f"{value} {flag}" for value, flag in cells[::step])])


def _linear(dataset: Dataset, table: Table, updated: datetime) -> Iterator[str]:
    """Write a line for every cell that says something."""
    names = ["DATAFLOW", "LAST UPDATE", "freq", *dataset.dimensions, "geo"]
    yield ",".join([*names, "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG"])
    start = f"ESTAT:{dataset.id.upper()}(1.0),{updated:%d/%m/%y %H:%M:%S},A"
    for key, cells in _rows(dataset, table):
        for year, (value, flag) in zip(table.grid.years, cells, strict=True):
            if (value, flag) != NOTHING:
                number = value.rstrip("0").rstrip(".") if "." in value else value.strip(":")
                yield f"{start},{key},{year},{number},{flag}"


def _rows(dataset: Dataset, table: Table) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Print values and flags of every series and area about which something is said."""
    flags = np.full(table.values.shape, "")
    for letter, mask in sorted(table.marks.items()):
        flags = np.strings.add(flags, np.where(mask, letter, ""))
    shape = (-1, len(table.grid.geos), len(table.grid.years))
    for series, values, marks in zip(
        series_of(dataset), table.values.reshape(shape), flags.reshape(shape), strict=True
    ):
        places, key = table.places.get(series[dataset.unit_of], 1), ",".join(series.values())
        rounded = (np.round(values, places) + 0.0).tolist()  # + 0.0: no minus zero
        for geo, row, letters in zip(table.grid.geos, rounded, marks.tolist(), strict=True):
            texts = (":" if isnan(x) else f"{x:.{places}f}" for x in row)
            cells = list(zip(texts, letters, strict=True))
            if any(cell != NOTHING for cell in cells):
                yield f"{key},{geo}", cells
