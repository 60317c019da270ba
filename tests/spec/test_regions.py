"""Which codes are regions, and which only look like them."""

import pytest

from s3etl.regions import classify

TABLE = [
    ("AT", "region", 0),
    ("AT1", "region", 1),
    ("AT13", "region", 2),
    ("AT130", "region", 3),
    ("EL30", "region", 2),
    ("UKI3", "region", 2),
    ("EE00", "region", 2),
    ("EA19", "aggregate", None),
    ("EA20", "aggregate", None),
    ("EU28", "aggregate", None),
    ("EU27_2020", "aggregate", None),
    ("EU27_2007", "aggregate", None),
    ("EFTA", "aggregate", None),
    ("EEA30_2007", "aggregate", None),
    ("DE_TOT", "aggregate", None),
    ("FRZ", "extra-regio", None),
    ("FRZZ", "extra-regio", None),
    ("FRZZZ", "extra-regio", None),
    ("FRX", "unattributed", None),
    ("HUXX", "unattributed", None),
    ("GR30", "unknown", None),  # Greece is EL
    ("XA11", "unknown", None),  # the sample world is no country
    ("AT1300", "unknown", None),
    ("at13", "unknown", None),
    ("", "unknown", None),
]


@pytest.mark.parametrize(("code", "kind", "level"), TABLE)
def test_code_is(code, kind, level):
    found = classify(code, "provider")
    assert (found.kind, found.level) == (kind, level)


def test_sample_data_know_only_sample_countries():
    assert classify("XA11", "sample").level == 2
    assert classify("AT13", "sample").kind == "unknown"
