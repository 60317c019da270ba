"""Reading the files of the NUTS classification: what is taken, and every way to refuse."""

import gzip
import io
import warnings
import zipfile

import pyarrow as pa
import pytest

from s3etl.errors import Changed
from s3etl.nuts.tables import KEYS, SCHEMAS
from sources import nuts

HEADER = "code_v2021,code_v2024,uniqueID,areaKm,pop11,pop21,artif_surf12,artif_surf18,bu_vol\n"
ROW = "AT11,AT12,AT11AT12,1.5,10,11,2,3,4\n"
MATRIX = "n2_cm_v2021_v2024.csv"
CODES = "all_nuts_codes_2006_2024.csv.gz"
CHANGES = (
    "code_2006,code_2010,geo_name_2006,geo_name_2010,change_2006,change_2010\n"
    "GR11,EL11,Anatoliki,Anatoliki,,recoded\n"
    "AT11,AT11,Burgenland,Burgenland,,\n"
    "DEE1,DEE0 (part),Dessau,Dessau,,discontinued\n"
    "DEE2,,Halle,,,discontinued\n"
)
GISCO = "CNTR_CODE,NUTS_ID,NAME_LATN,NUTS_NAME\nAT,AT,Österreich,Österreich\nEL,EL1,Voreia,Βόρεια\n"


def matrix(text, name=MATRIX):
    return nuts.read_matrices({name: text.encode()}, "nuts_matrices")


def test_a_bundle_gives_back_its_files_and_is_the_same_bytes_in_any_order():
    files = {"b.csv": b"2", "a.csv.gz": gzip.compress(b"1"), "c.csv": b""}
    packed = nuts.bundle(files)
    assert nuts.unbundle(packed) == files
    assert nuts.bundle(dict(reversed(files.items()))) == packed
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {e.compress_type for e in archive.infolist()} == {zipfile.ZIP_STORED}


def packed(*entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as archive:
        warnings.simplefilter("ignore")  # a name twice
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def encrypted():
    data = bytearray(packed(("a.csv", "1")))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


BUNDLES = {
    "no ZIP": b"code,version\n",
    "nothing": b"",
    "cut off": nuts.bundle({"a.csv": b"1" * 100})[:-30],
    "changed": nuts.bundle({"a.csv": b"1" * 100}).replace(b"1" * 100, b"2" * 100),
    "a path": packed(("../a.csv", "1")),
    "a folder": packed(("codes/a.csv", "1")),
    "an absolute path": packed(("/etc/a.csv", "1")),
    "no name at all": packed(("..", "1")),
    "a name twice": packed(("a.csv", "1"), ("a.csv", "2")),
    "too many": packed(*((f"{i}.csv", "") for i in range(nuts.MOST_FILES + 1))),
    "a password": encrypted(),
    "another compression": packed(("a.csv", "1" * 5000), method=zipfile.ZIP_BZIP2),
    "a bomb": packed(*((f"{i}.csv", bytes(nuts.MOST_BYTES // 4)) for i in range(5))),
}


@pytest.mark.parametrize("kind", BUNDLES)
def test_a_bundle_is_refused_for(kind):
    with pytest.raises(Changed, match=r"^bundle: expected .*\.$"):
        nuts.unbundle(BUNDLES[kind])


def test_a_bundle_that_lies_about_its_size_is_refused():
    """The directory says ten bytes; a million are inside."""
    data = bytearray(packed(("a.csv", bytes(10**6))))
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.index(signature) + place
        data[start : start + 4] = (10).to_bytes(4, "little")
    with pytest.raises(Changed):
        nuts.unbundle(bytes(data))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_matrix_is_read(pack):
    table = nuts.read_matrices(
        {MATRIX + (".gz" if pack is gzip.compress else ""): pack((HEADER + ROW).encode())}, "m"
    )
    assert table.schema == SCHEMAS["nuts_matrices"]
    assert table.to_pylist() == [
        {"level": 2, "from_version": "2021", "to_version": "2024", "from_geo": "AT11"}
        | {"to_geo": "AT12", "area": 1.5, "pop11": 10, "pop21": 11}
        | {"artif12": 2, "artif18": 3, "built_up": 4}
    ]


MATRICES = {
    "a negative weight": HEADER + ROW.replace(",11,", ",-11,"),
    "an infinite weight": HEADER + ROW.replace(",11,", ",inf,"),
    "a weight that is no number": HEADER + ROW.replace(",11,", ",nan,"),
    "text for a weight": HEADER + ROW.replace(",11,", ",many,"),
    "no weight": HEADER + ROW.replace(",11,", ",,"),
    "a key twice": HEADER + ROW + ROW,
    "a code of another level": HEADER + ROW.replace("AT11,", "AT1,", 1),
    "a code that is none": HEADER + ROW.replace("AT11,", "at-1,", 1),
    "no code": HEADER + ROW.replace("AT11,", ",", 1),
    "versions of another pair": HEADER.replace("v2021", "v2016") + ROW,
    "a column less": HEADER.replace("pop21,", "") + ROW,
    "a cell less": HEADER + "AT11,AT12,x,1\n",
    "nothing": "",
}


@pytest.mark.parametrize("kind", MATRICES)
def test_a_matrix_is_refused_for(kind):
    with pytest.raises(Changed, match=r"expected .*, found .*\.$") as told:
        matrix(MATRICES[kind])
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "name",
    [
        "n2_cm_v2021.csv",
        "n4_cm_v2021_v2024.csv",
        "n2_cm_v2020_v2024.csv",
        "n2_cm_v2021_v2021.csv",
        "matrix.csv",
    ],
)
def test_a_matrix_is_known_by_its_name(name):
    with pytest.raises(Changed):
        matrix(HEADER + ROW, name)


def test_the_same_matrix_in_two_files_is_refused():
    body = (HEADER + ROW).encode()
    with pytest.raises(Changed, match="AT11 AT12 twice"):
        nuts.read_matrices({MATRIX: body, f"{MATRIX}.gz": gzip.compress(body)}, "nuts_matrices")


def test_codes_are_kept_as_published():
    text = b"code,version,country\nGR11,2006,Greece\nEL11,2010,Greece\nAT1,2024,Austria\n"
    table = nuts.read_codes({CODES: gzip.compress(text)}, "nuts_codes")
    assert table.schema == SCHEMAS["nuts_codes"]
    assert [tuple(r.values()) for r in table.to_pylist()] == [
        ("2006", "GR11", 2),
        ("2010", "EL11", 2),
        ("2024", "AT1", 1),
    ]


def test_codes_and_names_of_gisco():
    files = {"NUTS_AT_2024.csv": ("\ufeff" + GISCO).encode()}
    codes = nuts.read_codes(files, "nuts_codes").to_pylist()
    assert [r["geo"] for r in codes] == ["EL1"]  # countries are no codes of a version
    names = {r["geo"]: r["name"] for r in nuts.read_names(files, "nuts_names").to_pylist()}
    assert names == {"AT": "Österreich", "EL1": "Voreia"}


def test_names_and_changes_by_version():
    """A code marked as a part is a place that moved, not a region."""
    files = {"nuts_changes.csv.gz": gzip.compress(CHANGES.encode())}
    names = nuts.read_names(files, "nuts_names")
    assert names.schema == SCHEMAS["nuts_names"]
    found = {(r["version"], r["geo"]): r["name"] for r in names.to_pylist()}
    assert found["2006", "GR11"] == found["2010", "EL11"] == "Anatoliki"
    assert not {geo for _, geo in found if "part" in geo}
    changes = nuts.read_changes(files, "nuts_changes")
    assert changes.schema == SCHEMAS["nuts_changes"]
    assert {tuple(r.values()) for r in changes.to_pylist()} == {
        ("2010", "EL11", "recoded"),
        ("2010", "DEE2", "discontinued"),
    }


CODE_FILES = {
    "a code twice": "code,version\nAT11,2021\nAT11,2021\n",
    "a version that is none": "code,version\nAT11,2020\n",
    "a code that is none": "code,version\nAT 11,2021\n",
    "no column of codes": "geo,version\nAT11,2021\n",
    "a column twice": "code,version,code\nAT11,2021,AT11\n",
    "a cell too many": "code,version\nAT11,2021,x\n",
    "a cell too few": "code,version\nAT11\n",
    "no rows": "code,version\n",
    "nothing": "",
    "a NUL byte": "code,version\nAT11,20\0021\n",
    "an endless cell": "code,version," + "x" * 200_000 + "\n",
}


@pytest.mark.parametrize("kind", CODE_FILES)
def test_codes_are_refused_for(kind):
    with pytest.raises(Changed, match="expected ") as told:
        nuts.read_codes({"codes.csv": CODE_FILES[kind].encode()}, "nuts_codes")
    assert "\n" not in str(told.value)


GOOD = b"code,version\nAT11,2021\n"
PACKED = {
    "damage": gzip.compress(GOOD)[:12] + b"\xff" * 9,
    "an end too soon": gzip.compress(GOOD)[:-9],
    "something behind it": gzip.compress(GOOD) + b"more",
    "a second file behind it": gzip.compress(GOOD) + gzip.compress(b"AT12,2021\n"),
    "other bytes than UTF-8": GOOD + b"\xe4\xf6,2021\n",
    "a bomb": gzip.compress(bytes(nuts.MOST_BYTES + 1), 1),
}


@pytest.mark.parametrize("kind", PACKED)
def test_a_file_is_refused_for(kind):
    with pytest.raises(Changed, match=r"^codes.csv.gz: "):
        nuts.read_codes({"codes.csv.gz": PACKED[kind]}, "nuts_codes")


def test_two_files_that_have_the_same_code_are_refused():
    files = {"NUTS_AT_2024.csv": GISCO.encode(), "codes.csv": b"code,version\nEL1,2024\n"}
    with pytest.raises(Changed, match="2024 EL1 twice"):
        nuts.read_codes(files, "nuts_codes")


def test_every_declared_table_has_a_reader_a_schema_and_a_key():
    assert set(nuts.TABLES) == set(SCHEMAS) == set(KEYS)
    for table, schema in SCHEMAS.items():
        assert set(KEYS[table]) <= set(schema.names)
        assert all((field.metadata or {}).get(b"is") for field in schema)
    assert isinstance(SCHEMAS["nuts_codes"], pa.Schema)
