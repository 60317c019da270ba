"""The rule sets of cluster stars as declared in ``stars.yaml`` (methodology 3.5).

Only what is chosen and how well it is founded; nothing is evaluated here.
"""

from pathlib import Path
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from s3etl.declarations import Declaration, read_declaration

METHOD: Final = Path(__file__).with_name("stars.yaml")

Measure = Literal["employment", "lq", "shrunk_lq", "share", "labour_cost", "growth", "local_units"]
MEASURES: Final[tuple[str, ...]] = get_args(Measure)
"""Employment in persons; LQ; LQ*; share of the region's employment (0 to 1); labour cost per
person relative to the national mean of the division (ratio); growth over three years less that
of the EU's division (a difference); local units (number)."""
Criterion = Literal["size", "specialisation", "focus", "productivity", "quality", "dynamism"]
Evidence = Literal["F", "M", "P"]
"""F found in a source, M from memory of the literature, P choice of the project."""
Share = Annotated[float, Field(gt=0, lt=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cut(_Part):
    """One condition; exactly one of the three limits.

    Attributes:
        measure: What is compared.
        at_least: Smallest value that meets it.
        above: Value that has to be exceeded.
        top: Share of regions, within the division, that meet it: best first.
        evidence: How well the limit is founded.
    """

    measure: Measure
    at_least: float | None = None
    above: float | None = None
    top: Share | None = None
    evidence: Evidence

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if sum(x is not None for x in (self.at_least, self.above, self.top)) != 1:
            raise ValueError("a cut has exactly one of at_least, above and top")
        return self


class Star(_Part):
    """One criterion: a star where all of its cuts are met."""

    name: Criterion
    cuts: Annotated[tuple[Cut, ...], Field(min_length=1)]


class Mass(_Part):
    """Least employment of a cell that may have stars: both persons and share of the region."""

    persons: Annotated[float, Field(ge=0)]
    share: Annotated[float, Field(ge=0, lt=1)]
    evidence: Evidence


class RuleSet(_Part):
    """One published or proposed set of rules.

    Attributes:
        title: Its name.
        evidence: How well its criteria are founded.
        universe: What it was computed over by its authors.
        criteria: One star each.
        minimum_mass: Least employment, if it asks for one.
    """

    title: str
    evidence: Evidence
    universe: str
    criteria: Annotated[tuple[Star, ...], Field(min_length=1)]
    minimum_mass: Mass | None = None

    @model_validator(mode="after")
    def _different_criteria(self) -> Self:
        names = [star.name for star in self.criteria]
        if len(set(names)) != len(names):
            raise ValueError("a criterion is named twice")
        return self


class StarMethod(Declaration):
    """All rule sets and what they share.

    Attributes:
        version: Raised with every change.
        agreement: Share of draws that must agree for a label.
        shift: By how much every cut moves for threshold fragility.
        quantile: How a cut among n ranked values is placed: by interpolation, or the value at
            or above, or at or below, the place.
        rule_sets: By id.
    """

    version: str
    agreement: Annotated[float, Field(gt=0.5, le=1)]
    shift: Share
    quantile: Literal["linear", "higher", "lower"]
    rule_sets: dict[str, RuleSet]


def load_stars(path: Path = METHOD) -> StarMethod:
    """Read the rule sets.

    Raises:
        CatalogueError: The declaration is wrong; file and field are named.
    """
    return read_declaration(path, StarMethod)
