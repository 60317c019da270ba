"""The choices behind the portfolio: which series, which cuts, how many draws.

A declaration, read strictly; nothing is computed here.
"""

from functools import cache
from pathlib import Path
from typing import Final, Self

from pydantic import Field, model_validator

from s3etl.declarations import Declaration, read_declaration
from s3etl.source import Part

FILE: Final = Path(__file__).with_suffix(".yaml")


class SizeClasses(Part):
    """National size classes, which tell how unequal plants are.

    Attributes:
        dataset: Dataset; its series are NACE, size class and indicator code.
        units: Its indicator code of enterprises.
        employment: Of persons employed.
        classes: First and last number of persons of each class; the last is open.
    """

    dataset: str
    units: str
    employment: str
    classes: dict[str, tuple[float, float] | tuple[float]] = Field(min_length=2)

    @model_validator(mode="after")
    def _one_is_open(self) -> Self:
        bounds = list(self.classes.values())
        if [len(b) for b in bounds] != [2] * (len(bounds) - 1) + [1]:
            raise ValueError("classes have a first and a last number; the last one only a first")
        flat = [x for b in bounds for x in b]
        if sorted(set(flat)) != flat:
            raise ValueError("classes are in order and do not overlap")
        return self


class Series(Part):
    """One series of business statistics: regions and their national totals in one dataset.

    Attributes:
        dataset: Dataset, by NUTS 2 region and country; its series are NACE and indicator code.
        employment: Its indicator code of persons employed.
        wages: Of wages and salaries, million euro.
        units: Of local units.
        size_classes: National size classes of the same years, where there are any.
        replays: Pairs of its years whose national declines are replayed as scenarios.
    """

    dataset: str
    employment: str
    wages: str
    units: str
    size_classes: SizeClasses | None = None
    replays: tuple[tuple[str, str], ...] = ()


class CrossCheck(Part):
    """Employment of the whole economy, to set beside that of the portfolio (methodology 3.1).

    Attributes:
        dataset: Where it is.
        series: Its series.
        persons: Persons of one unit.
        plausible: Bounds of the share of the market economy.
    """

    dataset: str
    series: str
    persons: float = Field(gt=0)
    plausible: tuple[float, float]


class PortfolioMethod(Declaration):
    """The file ``method.yaml``.

    Attributes:
        version: Version of these choices.
        series: Series of business statistics, each a portfolio of its own.
        newest_years: Number of newest years of which the fullest is the reference year.
        lag: Years between the year before and the reference year.
        draws: Number of filled tables M.
        draw_cv: CV of the noise of a filled cell.
        seed: Seed of every draw.
        plant_size_cv2_tried: Values that are tried instead (methodology 3.4, 10).
        plant_size_cv2: CV² of plant sizes where size classes do not tell it.
        concentration: Cuts of the Ellison-Glaeser index.
        specialised: LQ* from which a division counts as specialised.
        strength: LQ* from which a domain counts as a strength.
        label_share: Share of draws in which a label has to hold.
        least_covered: Least share of a region's employment that labour cost and size cover.
        most_imputed: Largest imputed share of employment with which a region has an index.
        cross_check: Employment of the whole economy.
        sure_sign: Correlation of complexity with diversity below which nobody is ranked by it.
        noise_cv: Coefficient of variation of the measurement noise behind intervals and ranks.
        rank_draws: Simulation runs behind intervals and ranks.
        interval: Percentiles that bound intervals.
    """

    version: str
    series: tuple[Series, ...] = Field(min_length=1)
    newest_years: int = Field(ge=1)
    lag: int = Field(ge=1)
    draws: int = Field(ge=2)
    draw_cv: float = Field(gt=0)
    seed: int
    plant_size_cv2: float = Field(ge=0)
    plant_size_cv2_tried: tuple[float, ...] = ()
    concentration: tuple[float, float]
    specialised: float = Field(gt=1)
    strength: float = Field(gt=1)
    label_share: float = Field(gt=0.5, le=1)
    least_covered: float = Field(gt=0, le=1)
    most_imputed: float = Field(ge=0, le=1)
    cross_check: CrossCheck
    sure_sign: float = Field(ge=0, le=1)
    noise_cv: float = Field(ge=0)
    rank_draws: int = Field(ge=100)
    interval: tuple[float, float]

    @property
    def datasets(self) -> tuple[str, ...]:
        """Return the datasets of the series."""
        return tuple(series.dataset for series in self.series)

    @property
    def size_datasets(self) -> tuple[str, ...]:
        """Return the datasets of size classes that the series use."""
        used = [s.size_classes.dataset for s in self.series if s.size_classes]
        return tuple(dict.fromkeys(used))

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.interval
        if not 0 <= low < high <= 100:
            raise ValueError("interval goes from low to high, between 0 and 100")
        if not self.concentration[0] < self.concentration[1]:
            raise ValueError("concentration goes from low to high")
        names = [series.dataset for series in self.series]
        if len(set(names)) < len(names):
            raise ValueError(f"series names a dataset twice: {names}")
        return self


@cache
def load_method(path: Path = FILE) -> PortfolioMethod:
    """Read the declaration.

    Raises:
        CatalogueError: It is wrong.
    """
    return read_declaration(path, PortfolioMethod)
