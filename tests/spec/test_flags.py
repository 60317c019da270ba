"""What a provider's flags mean in SDMX (methodology 9)."""

import pytest

from s3etl.observations import status_of

TABLE = [
    # flag, missing, OBS_STATUS, CONF_STATUS
    (None, False, "A", "F"),
    ("b", False, "B", "F"),
    ("d", False, "D", "F"),
    ("e", False, "E", "F"),
    ("s", False, "E", "F"),
    ("f", False, "F", "F"),
    ("i", False, "I", "F"),
    ("n", False, "N", "F"),
    ("p", False, "P", "F"),
    ("u", False, "U", "F"),
    ("z", True, "M", "F"),
    ("r", False, "A", "F"),
    ("bu", False, "B", "F"),
    ("ub", False, "B", "F"),
    ("bep", False, "B", "F"),
    ("dei", False, "D", "F"),
    ("ep", False, "E", "F"),
    ("pu", False, "P", "F"),
    ("c", True, "Q", "C"),
    ("C", True, "Q", "C"),
    ("cd", True, "D", "C"),
    ("cu", True, "U", "C"),
    ("u", True, "U", "F"),
    (None, True, "O", "F"),
]


@pytest.mark.parametrize(("flag", "missing", "status", "confidentiality"), TABLE)
def test_flag_means(flag, missing, status, confidentiality):
    assert status_of(flag, missing) == (status, confidentiality)
