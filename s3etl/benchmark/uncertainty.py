"""What is uncertain about a composite: the section ``uncertainty`` of its declaration.

Every choice that could have been made otherwise is a factor; nothing is drawn or computed here.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from s3etl.declarations import Declaration, read_declaration
from s3etl.source import Part

FILE: Final = Path(__file__).with_suffix(".yaml")


class Choice(Part):
    """Other arguments for one step, each as likely as the others.

    Attributes:
        step: The step.
        among: The alternatives: arguments that take the place of the composite's own; one
            without any argument is the step as it is declared.
    """

    kind: Literal["choice"]
    step: Literal["denominate", "screen", "impute", "treat", "normalise", "aggregate"]
    among: tuple[dict[str, Any], ...] = Field(min_length=1)


class Weights(Part):
    """Every weight times a number of its own between 1 − spread and 1 + spread, all as likely.

    Attributes:
        spread: Half the width.
        levels: Levels whose weights vary (1: indicators); all below the index if not given.
    """

    kind: Literal["weights"]
    spread: float = Field(ge=0, lt=1)
    levels: tuple[Annotated[int, Field(ge=1)], ...] | None = None


class LeaveOut(Part):
    """One indicator left out, or none; each as likely. One without siblings always stays."""

    kind: Literal["leave_out"]


class Imputation(Part):
    """A draw of the imputation model in place of the mean of several.

    Attributes:
        draws: Number of different draws.
    """

    kind: Literal["imputation"]
    draws: int = Field(ge=1)


class Noise(Part):
    """Normal measurement noise on every value that was observed.

    Attributes:
        cv: Standard deviation as a share of the value, where none is given for that value.
    """

    kind: Literal["noise"]
    cv: float = Field(ge=0)


class Conversion(Part):
    """Normal noise on values that were split between regions when boundaries changed.

    Attributes:
        error: Standard deviation of a wholly guessed split, as a share of the value.
    """

    kind: Literal["conversion"]
    error: float = Field(ge=0)


Factor = Annotated[
    Choice | Weights | LeaveOut | Imputation | Noise | Conversion, Field(discriminator="kind")
]


class Uncertainty(Part):
    """The section ``uncertainty``.

    Attributes:
        runs: Replications of the Monte Carlo analysis; the composite is computed so often.
        seed: Seed of every draw.
        factors: What is uncertain, by the name it has in tables.
        interval: Percentiles that bound ranks and effects.
        top: Places whose probability is told.
        groups: Shares of the compared units at which a group ends, rising; the last ends at 1.
        badges: Largest width of the interval, as a share of the compared units, for A and B.
        sobol_runs: Runs of each design behind Sobol effects.
        resamples: Bootstrap resamples behind their intervals.
    """

    runs: int = Field(ge=1)
    seed: int = Field(ge=0)
    factors: dict[str, Factor] = Field(min_length=1)
    interval: tuple[float, float] = (5, 95)
    top: int = Field(default=10, ge=1)
    groups: tuple[float, ...] = (0.2, 0.4, 0.6, 0.8)
    badges: tuple[float, float] = (0.10, 0.25)
    sobol_runs: int = Field(default=500, ge=2)
    resamples: int = Field(default=200, ge=1)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        low, high = self.interval
        if not 0 <= low < high <= 100:
            raise ValueError("interval goes from low to high, between 0 and 100")
        for name, shares in {"groups": self.groups, "badges": self.badges}.items():
            pairs = zip((0.0, *shares), (*shares, 1.0), strict=True)
            if not all(before < after for before, after in pairs):
                raise ValueError(f"{name}: shares rise, between 0 and 1")
        kinds = [factor.kind for factor in self.factors.values() if factor.kind != "choice"]
        if twice := {kind for kind in kinds if kinds.count(kind) > 1}:
            raise ValueError(f"factors: {', '.join(sorted(twice))} occurs twice")
        return self


class UncertaintyMethod(Uncertainty, Declaration):
    """The file ``uncertainty.yaml``: what is varied where a composite declares nothing.

    Attributes:
        version: Version of these choices.
    """

    version: str


@cache
def load_uncertainty(path: Path = FILE) -> UncertaintyMethod:
    """Read the declaration.

    Raises:
        CatalogueError: It is wrong.
    """
    return read_declaration(path, UncertaintyMethod)
