"""The choices behind the portfolio: which dataset, which cuts, how many draws.

A declaration, read strictly; nothing is computed here.
"""

from functools import cache
from pathlib import Path
from typing import Final, Self

from pydantic import Field, model_validator

from s3etl.declarations import Declaration, read_declaration

FILE: Final = Path(__file__).with_suffix(".yaml")


class PortfolioMethod(Declaration):
    """The file ``method.yaml``.

    Attributes:
        version: Version of these choices.
        dataset: Dataset of business statistics by region and division.
        employment: Its indicator code of persons employed.
        wages: Of wages and salaries, million euro.
        units: Of local units.
        newest_years: Number of newest years of which the fullest is the reference year.
        lag: Years between the year before and the reference year.
        draws: Number of filled tables M.
        draw_cv: CV of the noise of a filled cell.
        seed: Seed of every draw.
        plant_size_cv2: CV² of plant sizes.
        plant_size_cv2_tried: Values that are tried instead (methodology 3.4, 10).
        specialised: LQ* from which a division counts as specialised.
        strength: LQ* from which a domain counts as a strength.
        label_share: Share of draws in which a label has to hold.
        least_covered: Least share of a region's employment that labour cost and size cover.
        most_imputed: Largest imputed share of employment with which a region has an index.
        noise_cv: Coefficient of variation of the measurement noise behind intervals and ranks.
        rank_draws: Simulation runs behind intervals and ranks.
        replays: Pairs of years whose national declines are replayed as scenarios.
        interval: Percentiles that bound intervals.
    """

    version: str
    dataset: str
    employment: str
    wages: str
    units: str
    newest_years: int = Field(ge=1)
    lag: int = Field(ge=1)
    draws: int = Field(ge=2)
    draw_cv: float = Field(gt=0)
    seed: int
    plant_size_cv2: float = Field(ge=0)
    plant_size_cv2_tried: tuple[float, ...] = ()
    specialised: float = Field(gt=1)
    strength: float = Field(gt=1)
    label_share: float = Field(gt=0.5, le=1)
    least_covered: float = Field(gt=0, le=1)
    most_imputed: float = Field(ge=0, le=1)
    noise_cv: float = Field(ge=0)
    rank_draws: int = Field(ge=100)
    replays: tuple[tuple[str, str], ...]
    interval: tuple[float, float]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.interval
        if not 0 <= low < high <= 100:
            raise ValueError("interval goes from low to high, between 0 and 100")
        return self


@cache
def load_method(path: Path = FILE) -> PortfolioMethod:
    """Read the declaration.

    Raises:
        CatalogueError: It is wrong.
    """
    return read_declaration(path, PortfolioMethod)
