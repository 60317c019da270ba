"""What every declared source of data has, whatever is in it.

Only the common part; datasets and reference tables are declared in :mod:`s3etl.catalogue`,
registers in :mod:`s3etl.registers`.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from s3etl.declarations import Declaration

NutsVersion = Literal["2006", "2010", "2013", "2016", "2021", "2024"]


class Part(BaseModel):
    """Base of the nested parts of a declaration."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Declaration):
    """What every declared source of data has, whatever is in it.

    Attributes:
        title: The provider's title.
        citation: How to cite it.
        licence: Terms of re-use.
        files: File names under which a folder may hold it (patterns with ``*``), besides the
            names the provider's own downloads have.
        quarantine_tolerance: Share of rows that may be set aside before the batch is refused.
    """

    title: str
    citation: str
    licence: str
    files: tuple[str, ...] = ()
    quarantine_tolerance: float = Field(default=0.001, ge=0, le=1)
    notes: str = ""
