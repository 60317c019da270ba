"""When the files of the sample world were published, and what its late revision changes.

No figure is in here but the factors of the revision.
"""

from datetime import UTC, datetime
from typing import Final, Literal

Edition = Literal["first", "revised"]

FIRST_UPDATE: Final = datetime(2015, 3, 1, 23, tzinfo=UTC)
REVISED_UPDATE: Final = datetime(2015, 9, 1, 23, tzinfo=UTC)
UPDATES: Final = {
    "2013": (FIRST_UPDATE, REVISED_UPDATE),
    "2021": (datetime(2022, 3, 1, 23, tzinfo=UTC), datetime(2022, 9, 1, 23, tzinfo=UTC)),
    "2024": (datetime(2026, 2, 20, 10, tzinfo=UTC), datetime(2026, 8, 20, 10, tzinfo=UTC)),
}
"""First and revised date of the files in the codes of each NUTS version: one in which it was
the newest in force."""

REVISED_COUNTRY: Final = "XB"
REVISION: Final = (1.011, 1.018, 1.027)
"""The late revision: factors on the accounts of one country in the last three years."""

REVISED_DATASETS: Final = ("nama_10r_2gdp", "nama_10r_3gdp", "nama_10r_3gva", "rd_e_gerdreg")
"""What the late revision touches; the last two also have a further year then."""


def updated(version: str, *, revised: bool) -> datetime:
    """Return the date of a file in the codes of a NUTS version."""
    return UPDATES[version][revised]
