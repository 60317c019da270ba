"""The choices behind the StressTest's scores: rules of validity, cuts, draws, twins, versions.

A declaration, read strictly; nothing is computed here.
"""

from functools import cache
from pathlib import Path
from typing import Final, Self

from pydantic import Field, model_validator

from s3etl.declarations import Declaration, read_declaration
from s3etl.source import Part
from s3etl.stresstest.questionnaire import TWINNED

FILE: Final = Path(__file__).with_suffix(".yaml")
Share = Field(ge=0, le=1)
COVERED: Final = {"item", "dimension", "direction", "BALANCE", "ST", "ST-MIN", "ST-GEO"}
"""Kinds of scores that have an interval."""


class Twin(Part):
    """The indicator an item is compared with; reversed where less of it is more of the item."""

    indicator: str = Field(pattern=r"^[BC]-[0-9]{2}$")
    reversed: bool = False


class Mapping(Part):
    """How the items of an earlier questionnaire become those of a later one.

    Attributes:
        earlier: Its version.
        later: Version it is brought to.
        items: Later item by earlier item.
        scale_changed: Whether levels mean something else, so that no answer can be compared.
    """

    earlier: str
    later: str
    items: dict[str, str]
    scale_changed: bool = False

    @model_validator(mode="after")
    def _one_to_one(self) -> Self:
        if len(set(self.items.values())) != len(self.items):
            raise ValueError(f"{self.earlier}: two of its items become the same one")
        return self


class StressTestMethod(Declaration):
    """The file ``method.yaml``; its comments say what each choice is for."""

    version: str
    documented: int = Field(ge=1, le=3)
    cap: int = Field(ge=1, le=4)
    least_answers: int = Field(ge=3)
    least_groups: int = Field(ge=1, le=5)
    most_unsure: float = Share
    not_applicable: float = Share
    least_weight: float = Share
    least_dimensions: int = Field(ge=1, le=7)
    needed_dimensions: tuple[str, ...]
    geometric_floor: float = Field(gt=0)
    providers: str = Field(pattern=r"^[PICBR]+$")
    users: str = Field(pattern=r"^[PICBR]+$")
    flag_gap: float = Field(gt=0)
    flag_answers: int = Field(ge=1)
    false_discovery: float = Field(gt=0, lt=1)
    permutations: int = Field(ge=100)
    draws: int = Field(ge=100)
    seed: int
    interval: tuple[float, float]
    jitter: float = Field(ge=0)
    reliable_group: int = Field(ge=2)
    coverage: dict[str, dict[int, float]]
    front_quantile: float = Share
    front_least: int = Field(ge=1)
    front_respondents: int = Field(ge=1)
    front_groups: int = Field(ge=1, le=5)
    front_evidence: float = Share
    quantile_regions: int = Field(ge=1)
    least_peers: int = Field(ge=1)
    lead: float = Field(gt=0)
    teacher_probability: float = Share
    teacher_evidence: float = Share
    teachers: int = Field(ge=1)
    twins: dict[str, Twin]
    twin_cut: float = Field(gt=0, lt=100)
    twin_margin: float = Field(ge=0)
    transfer_gap: float = Field(gt=0)
    mappings: tuple[Mapping, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        low, high = self.interval
        if not 0 <= low < high <= 100:
            raise ValueError("interval goes from low to high, between 0 and 100")
        if set(self.providers) & set(self.users):
            raise ValueError("no group is on both sides of the perception gap")
        if set(self.twins) != TWINNED:
            raise ValueError(f"twins are of the items {', '.join(sorted(TWINNED))}")
        if set(self.coverage) != COVERED:
            raise ValueError(f"coverage is told of {', '.join(sorted(COVERED))}")
        for sizes in map(list, self.coverage.values()):
            if sizes != sorted(sizes) or sizes[:1] != [1] or self.reliable_group not in sizes:
                raise ValueError("coverage is told by size of group, from 1, up to reliable_group")
        return self


@cache
def load_method(path: Path = FILE) -> StressTestMethod:
    """Read the declaration.

    Raises:
        CatalogueError: It is wrong.
    """
    return read_declaration(path, StressTestMethod)
