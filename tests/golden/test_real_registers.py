"""The real registers: what they hold, whether every region exists, and where strategies reach.

The counts are those of the files; a difference is read by a person.
"""

from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.validate import judge
from s3etl.declarations import read_folder
from s3etl.domains.records import domains_of_records
from s3etl.errors import Changed
from s3etl.records import Snapshot
from s3etl.registers.declaration import Register
from s3etl.registers.places import Gazetteer, located
from s3etl.strategies.like import like, vectors
from s3etl.strategies.resolve import resolved
from sources import REGISTRIES, nuts
from sources.door import admit
from sources.records import read_register
from tests.conftest import _shared

pytestmark = pytest.mark.shared

SOUTH_TYROL = Path(__file__).parent / "southtyrol"


def bytes_of(folder: Path, *patterns: str) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for pattern in patterns for p in sorted(folder.glob(pattern))}


@pytest.fixture(scope="module")
def shared_s3() -> Path:
    """Return the folder of strategies beside the checkout."""
    return _shared("s3")


@pytest.fixture(scope="module")
def declared() -> dict[str, Register]:
    return dict(read_folder(REGISTRIES, Register))


@pytest.fixture(scope="module")
def tables(shared_nuts: Path) -> dict[str, pa.Table]:
    codes = bytes_of(shared_nuts / "codes", "all_nuts_codes_*")
    names = bytes_of(shared_nuts / "codes", "nuts_changes*", "nuts_2024_names*")
    matrices = bytes_of(shared_nuts / "jrc_matrices", "*.csv", "*.csv.gz")
    return {
        "codes": nuts.read_codes(codes, "nuts_codes"),
        "names": nuts.read_names(names, "nuts_names"),
        "matrices": nuts.read_matrices(matrices, "nuts_matrices"),
    }


@pytest.fixture(scope="module")
def registers(
    declared: dict[str, Register],
    tables: dict[str, pa.Table],
    shared_clusters: Path,
    shared_s3: Path,
) -> dict[str, pa.Table]:
    """The four registers, through the door, read, with their regions."""
    files = {
        "eccp": shared_clusters / "eccp" / "eccp_cluster_organisations.csv",
        "us_cluster_mapping": shared_clusters
        / "us_cluster_mapping"
        / "CurrentOrganizationsAndClusters.csv",
        "s3_priorities": shared_s3 / "eu_s3_ecosystems" / "s3_priorities_by_region.json",
        "cz_nris3": shared_s3 / "cz_nris3" / "domeny_kraje.json",
    }
    places = Gazetteer(tables["codes"], tables["names"], "provider")
    found = {}
    for name, file in files.items():
        admitted = admit(file.read_bytes(), file.name, declared[name])
        assert admitted == (file.read_bytes(), (), None)
        records = read_register(admitted.data, file.name, declared[name])
        found[name] = located(records, declared[name], places)
    return found


@pytest.fixture(scope="module")
def applies(
    registers: dict[str, pa.Table], declared: dict[str, Register], tables: dict[str, pa.Table]
) -> pa.Table:
    """The strategies of the first register brought to NUTS 2."""
    table = registers["s3_priorities"]
    ids = table.column("id").to_pylist()
    domains: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for row in domains_of_records(table, "eccp").weights.to_pylist():
        domains.setdefault(("s3_priorities", ids[row["record"]]), []).append(
            (row["domain"], row["weight"])
        )
    return resolved(
        table.append_column("register", pa.array(["s3_priorities"] * table.num_rows)),
        domains,
        {"s3_priorities": declared["s3_priorities"].nuts_version},
        codes=tables["codes"],
        matrices=tables["matrices"],
    )


def test_every_record_can_be_used_and_no_row_is_lost(registers):
    assert {name: table.num_rows for name, table in registers.items()} == {
        "eccp": 851,
        "us_cluster_mapping": 145,
        "s3_priorities": 225,
        "cz_nris3": 91,
    }
    for table in registers.values():
        assert set(table.column("problem").to_pylist()) == {""}
        assert len(set(table.column("id").to_pylist())) == table.num_rows


def test_2237_rows_of_the_american_register_are_145_organisations(registers, shared_clusters):
    file = shared_clusters / "us_cluster_mapping" / "CurrentOrganizationsAndClusters.csv"
    assert len(file.read_text(encoding="utf-8").splitlines()) - 1 == 2237
    assert set(registers["us_cluster_mapping"].column("country").to_pylist()) == {"US"}


def test_what_a_register_does_not_carry_is_absent(registers):
    for name in ("members", "staff_fte", "founded", "website", "quality_label", "geo"):
        column = registers["eccp"].column(name)
        assert column.null_count == len(column)


def test_every_region_exists_in_its_version_and_every_czech_name_means_one(registers):
    czech = registers["cz_nris3"].column("geo").to_pylist()
    assert len(set(czech)) == 14
    assert {len(geo) for geo in czech} == {5}
    levels = Counter(len(geo) - 2 for geo in registers["s3_priorities"].column("geo").to_pylist())
    assert levels == {0: 11, 1: 35, 2: 140, 3: 39}


def test_cross_ecosystem_is_the_one_label_that_gives_no_domain(registers):
    found = domains_of_records(registers["s3_priorities"], "eccp")
    lost = Counter((r["label"], r["reason"]) for r in found.unmapped.to_pylist())
    assert lost == {("Cross-ecosystem", "no domain"): 42}
    assert len(set(found.weights.column("domain").to_pylist())) == 14


def test_every_strategy_reaches_a_region_and_weights_add_up_to_one(registers, applies):
    assert set(applies.column("id").to_pylist()) == set(
        registers["s3_priorities"].column("id").to_pylist()
    )
    weights: dict[str, dict[tuple[str, str], float]] = {}
    for r in applies.to_pylist():
        weights.setdefault(r["geo"], {})[r["strategy_geo"], r["id"]] = r["priority_weight"]
    assert all(sum(w.values()) == pytest.approx(1) for w in weights.values())


def test_levels_are_told(applies):
    links = {(r["geo"], r["strategy_geo"], r["applies"]) for r in applies.to_pylist()}
    assert Counter(how for _, _, how in links) == {
        "its own": 136,
        "of its NUTS 1 region": 82,
        "of its NUTS 3 regions": 39,
        "national": 11,
        "of the country, which is one region": 5,
        "of an earlier region": 5,
    }
    assert {r["geo"] for r in applies.to_pylist() if r["strategy_geo"] == "PT16"} == {
        "PT19",
        "PT1D",
    }


def test_the_strategies_most_like_that_of_styria(applies):
    found = like("AT22", vectors(applies)).to_pylist()
    assert [(r["strategy"], round(r["likeness"], 4)) for r in found[:6]] == [
        ("DEB", 0.9258),
        ("DEG", 0.9258),
        ("DED", 0.8571),
        ("FRC", 0.8571),
        ("AT31", 0.8452),
        ("DE1", 0.8452),
    ]
    assert found[0]["regions"] == ["DEB1", "DEB2", "DEB3"]


# The uploads of the South Tyrolean scoreboard: valid ones, and ones that are meant to be refused


@pytest.fixture(scope="module")
def uploads() -> dict[str, bytes]:
    folder = _shared("scoreboards") / "southtyrol_istat"
    return {p.name: p.read_bytes() for p in folder.rglob("*.csv")}


def upload(uploads: dict[str, bytes], file: str) -> tuple[pa.Table, Register]:
    office = read_folder(SOUTH_TYROL, Register)
    (register,) = [r for r in office.values() if any(fnmatch(file, p) for p in r.files)]
    return read_register(uploads[file], file, register), register


def verdict(table: pa.Table, register: Register, file: str):
    snapshot = Snapshot(
        dataset=register.id,
        sha256="a" * 64,
        origin="provider",
        name=file,
        retrieved_from="a folder",
        retrieved_at="2026-01-01T00:00:00+00:00",
        source_updated=None,
        size=1,
    )
    return judge(table, register, (), snapshot)


TERRITORY = "enterprises-with-innovation-activities-divided-by-territory.csv"
NACE = "enterprises-with-innovation-activities-in-italy-divided-by-NACE.csv"
RESEARCH = "domestic-research-and-development-with-empty-value.csv"
FAULTY = "employmentDemographicWithAllFaultyRows.csv"
SHORT = "invalidResearchAndDevelopment.csv"
HEADLESS = "invalidResearchAndDevelopmentHeader.csv"
ACCEPTED = {  # rows, and how many of them have no value
    "validEmploymentDemographic.csv": (2, 0),
    "validInnovation.csv": (2, 0),
    "validResearchAndDevelopment2.csv": (2, 0),
    TERRITORY: (24, 0),
    NACE: (307, 79),
    RESEARCH: (20, 2),
}


def test_these_are_all_uploads(uploads):
    assert set(uploads) == {*ACCEPTED, FAULTY, SHORT, HEADLESS}


@pytest.mark.parametrize("file", ACCEPTED)
def test_a_valid_upload_is_accepted_whole_and_an_empty_value_stays_missing(uploads, file):
    table, register = upload(uploads, file)
    judged = verdict(table, register, file)
    assert judged.verdict.accepted
    assert judged.verdict.quarantined == 0
    values = judged.observations.column("value")
    assert (len(values), values.null_count) == ACCEPTED[file]
    assert 0.0 not in values.to_pylist()


def test_what_is_confidential_has_no_value(uploads):
    rows = upload(uploads, NACE)[0].to_pylist()
    assert Counter((r["flag"], r["value"] is None) for r in rows) == {
        (None, False): 228,
        ("c", True): 79,
    }


@pytest.mark.parametrize(
    ("file", "problems"),
    [
        (
            FAULTY,
            ["U2: expected a number, found another text: 544a", "expected 23 cells, found 22"],
        ),
        (SHORT, ["expected 33 cells, found 32"]),
    ],
)
def test_an_upload_with_bad_rows_is_refused_and_each_row_says_why(uploads, file, problems):
    table, register = upload(uploads, file)
    judged = verdict(table, register, file)
    assert not judged.verdict.accepted
    assert judged.observations.num_rows == 0
    assert [p for p in table.column("problem").to_pylist() if p] == problems
    assert problems[0] in judged.verdict.reason


def test_an_upload_with_another_header_is_refused_by_it(uploads):
    with pytest.raises(Changed, match="expected the column Flags in the header of research_and_d"):
        upload(uploads, HEADLESS)
