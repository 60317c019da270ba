"""The choices behind reference regions: structural variables, weights, draws.

A declaration, read strictly; nothing is computed here.
"""

from functools import cache
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from s3etl.declarations import Declaration, read_declaration
from s3etl.source import Part

FILE: Final = Path(__file__).with_suffix(".yaml")


class Dimension(Part):
    """A structural dimension and its variables.

    Attributes:
        indicators: By variable the indicators that may give it; the first that has figures does.
        sections: NACE sections whose shares are variables.
        whole: Sections whose employment together is what these are shares of.
        divisions: Divisions of manufacturing whose shares in section C are variables.
        portfolio: By variable the indicator of the portfolio that gives it.
        without: Why the dimension has no variables.
    """

    indicators: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    sections: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    divisions: tuple[str, ...] = ()
    portfolio: dict[str, str] = Field(default_factory=dict)
    without: str = ""

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of its variables, in order."""
        return (*self.indicators, *self.sections, *self.divisions, *self.portfolio)

    @model_validator(mode="after")
    def _some_or_none(self) -> Self:
        if bool(self.variables) == bool(self.without):
            raise ValueError("give variables, or say in without why there are none")
        if bool(self.sections) != bool(self.whole):
            raise ValueError("sections are shares of a whole: give both")
        if not all(self.indicators.values()):
            raise ValueError("each variable names at least one indicator")
        return self


class Treatment(Part):
    """How a variable is made comparable.

    Attributes:
        skewness: Largest absolute skewness of a variable that stays as it is.
        kurtosis: Largest excess kurtosis; beyond both it is reshaped.
        power: λ of Box–Cox where values of 0 rule out the logarithm.
        winsorise: Percentiles beyond which values are cut.
    """

    skewness: float = Field(gt=0)
    kurtosis: float = Field(gt=0)
    power: float = Field(gt=0, lt=1)
    winsorise: tuple[float, float]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 <= self.winsorise[0] < self.winsorise[1] <= 100:
            raise ValueError("winsorise goes from low to high, between 0 and 100")
        return self


class PeersMethod(Declaration):
    """The file ``method.yaml``.

    Attributes:
        version: Version of these choices.
        dimensions: Structural dimensions by name; each counts equally.
        oldest: Years a value may be older than the newest of its variable.
        treatment: How variables are made comparable.
        omega: Weights within a dimension.
        number: Reference regions of a region.
        least_weight: Share of the weight of the variant's dimensions for which a region needs
            data.
        similar_neighbour: Neighbour whose median distance is the scale of similarity.
        draws: Draws behind stability.
        concentration: Parameter of the Dirichlet from which weights of dimensions are drawn.
        seed: Of the draws.
        core: Share of draws from which a reference is a core one.
        likely: Share of draws from which it is likely.
        plausible: Distances of near regions in the published tool, lowest and highest.
    """

    version: str
    dimensions: dict[str, Dimension] = Field(min_length=1)
    oldest: int = Field(ge=0)
    treatment: Treatment
    omega: Literal["equal", "loadings"]
    number: int = Field(ge=1)
    least_weight: float = Field(gt=0, le=1)
    similar_neighbour: int = Field(ge=1)
    draws: int = Field(ge=1)
    concentration: float = Field(gt=0)
    seed: int
    core: float = Field(gt=0, le=1)
    likely: float = Field(gt=0, le=1)
    plausible: tuple[float, float]

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [v for d in self.dimensions.values() for v in d.variables]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"dimensions: {twice[0]} is the name of two variables")
        if self.likely > self.core:
            raise ValueError("likely is at most core")
        return self

    @property
    def variables(self) -> dict[str, str]:
        """Dimension of each variable, in order."""
        return {v: name for name, d in self.dimensions.items() for v in d.variables}

    @property
    def indicators(self) -> tuple[str, ...]:
        """Ids of all indicators that may give a variable."""
        lists = (ids for d in self.dimensions.values() for ids in d.indicators.values())
        return tuple(dict.fromkeys(i for ids in lists for i in ids))


@cache
def load_method(path: Path = FILE) -> PeersMethod:
    """Read the declaration.

    Raises:
        CatalogueError: It is wrong.
    """
    return read_declaration(path, PeersMethod)
