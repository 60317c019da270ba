"""The choices behind gaps, groups, bands and convergence (methodology 7).

A declaration, read strictly; nothing is computed here.
"""

from functools import cache
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from s3etl.declarations import Declaration, read_declaration

FILE: Final = Path(__file__).with_suffix(".yaml")


class Comparison(Declaration):
    """The file ``comparison.yaml``.

    Attributes:
        version: Version of these choices.
        frontier: What F is: a percentile of the regions compared, or the third best of them.
        percentile: The percentile.
        fewest: References with a value that a gap needs.
        groups: Lower limits of leader, strong and moderate, in per cent of the base.
        sure: Probability below which membership of a group is called border.
        bands: Number of equal bands of ranks; 5 for quintiles.
        apart: Probability from which one region is said to be above another.
        window: Most years between the first and last year of convergence and trends.
        shared: Share of the latest year's regions that the first year compared needs.
        fewest_years: Years with a value that a trend needs.
        interval: Share that intervals of trends and of β cover.
    """

    version: str
    frontier: Literal["percentile", "third_best"]
    percentile: float = Field(gt=0, lt=100)
    fewest: int = Field(ge=3)
    groups: tuple[float, float, float]
    sure: float = Field(gt=0, le=1)
    bands: int = Field(ge=2)
    apart: float = Field(gt=0.5, le=1)
    window: int = Field(ge=1)
    shared: float = Field(gt=0, le=1)
    fewest_years: int = Field(ge=3)
    interval: float = Field(gt=0, lt=1)

    @model_validator(mode="after")
    def _falling(self) -> Self:
        if not self.groups[0] > self.groups[1] > self.groups[2] > 0:
            raise ValueError("groups fall from leader to moderate and are above 0")
        return self


@cache
def load_comparison(path: Path = FILE) -> Comparison:
    """Read the declaration.

    Raises:
        CatalogueError: It is wrong.
    """
    return read_declaration(path, Comparison)
