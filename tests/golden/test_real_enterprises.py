"""Active enterprises of NUTS 2 regions from Eurostat's own file of 2008 to 2020."""

import csv
import gzip
from pathlib import Path

import pytest

from pipelines.workspace import load_catalogue
from s3etl.nuts.convert import convert
from s3etl.nuts.vintage import placed
from s3etl.observations import tidy
from s3etl.organisations.enterprises import Enterprises, enterprises_of
from s3etl.organisations.method import load_method
from s3etl.records import Snapshot
from sources import eurostat, nuts

pytestmark = pytest.mark.shared

SERIES = load_method().enterprises[1]
NAME = "bd_size_r3_tabular.tsv.gz"


@pytest.fixture(scope="module")
def found(shared_data: Path, shared_nuts: Path) -> dict[str, Enterprises]:
    declared = load_catalogue().datasets[SERIES.dataset]
    snapshot = Snapshot(
        dataset=declared.id, sha256="0" * 64, origin="provider", name=NAME, retrieved_from=".",
        retrieved_at="2026-09-15T00:00:00Z", source_updated=None, size=1,
    )  # fmt: skip

    def folder(name: str, pattern: str) -> dict[str, bytes]:
        return {p.name: p.read_bytes() for p in (shared_nuts / name).glob(pattern)}

    codes = nuts.read_codes(folder("codes", "all_nuts_codes_*"), "codes")
    matrices = nuts.read_matrices(folder("jrc_matrices", "n*.csv*"), "matrices")
    file = eurostat.parse(shared_data / NAME)
    rows = placed(tidy(file, declared, snapshot), codes, declared, snapshot)
    table = convert(rows, matrices, extensive=declared.extensive, weight=declared.weight)
    return enterprises_of({SERIES.dataset: table.observations}, [SERIES], codes)


def test_regions_have_what_the_file_says(found: dict[str, Enterprises], shared_data: Path) -> None:
    """Of the newest year that is published, read by other means; Graz is in Styria, AT22."""
    with gzip.open(shared_data / NAME, "rt", encoding="utf-8") as file:
        lines = csv.reader(file, delimiter="\t")
        years = [text.strip() for text in next(lines)[1:]]
        own = {}
        for key, *cells in lines:
            _, code, size, nace, geo = key.split(",")
            if f"{code}.{size}.{nace}" == SERIES.series and len(geo) == 4:
                numbers = [
                    (y, c.split()[0]) for y, c in zip(years, cells, strict=True) if c.strip()
                ]
                own[geo] = [(int(y), float(n)) for y, n in numbers if n != ":"]
    both = sorted(found.keys() & own.keys())
    assert len(both) == 175
    for geo in both:
        assert (found[geo].year, found[geo].number) == own[geo][-1], geo
    assert found["AT22"] == Enterprises(75264, 2020, "bd_size_r3")
    # Two Dutch regions have new codes; together they have what they had.
    assert found["NL35"].number + found["NL36"].number == pytest.approx(
        own["NL31"][-1][1] + own["NL33"][-1][1]
    )


def test_which_countries_are_there(found: dict[str, Enterprises]) -> None:
    countries = {geo[:2] for geo in found}
    assert not countries & {"BE", "DE", "EL", "IE", "UK"}
    assert {"AT", "BG", "CZ", "ES", "FR", "IT", "NL", "PT", "SE"} <= countries
    assert {geo[:2] for geo, firms in found.items() if firms.year < 2019} == {"SI"}
