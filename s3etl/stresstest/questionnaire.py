"""The StressTest's questionnaire (methodology 2.2 and 2.3), read from its one declaration.

Only what is asked, of whom and on which scale; answers and scores live elsewhere.
"""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from s3etl.declarations import Declaration, read_declaration
from s3etl.source import Part

FILE: Final = Path(__file__).parent / "questionnaire.yaml"

Group = Literal["P", "I", "C", "B", "R"]
Direction = Literal["C2S", "S2C", "SYS"]
Evidence = Literal["d", "k", "-"]

DIMENSIONS: Final = 7
ITEMS_PER_DIMENSION: Final = 6
TWINNED: Final = frozenset({"D1.5", "D4.6", "D6.1", "D6.2", "D6.3", "D6.4", "D6.6"})
"""Items that have a twin among the indicators (methodology 2.7), and so the evidence mark k."""


class Level(Part):
    """A level of the answer scale, or a grade of evidence: its number and what it means."""

    value: int = Field(ge=0, le=4)
    label: str = Field(min_length=1)


class State(Part):
    """An answer that is no level.

    Attributes:
        code: DK (cannot judge) or NA (not applicable).
        label: What it means.
        reason: Whether a one-line reason is asked for.
    """

    code: Literal["DK", "NA"]
    label: str = Field(min_length=1)
    reason: bool = False


class RespondentGroup(Part):
    """A group of respondents; groups count equally, however many answer in each."""

    code: Group
    name: str = Field(min_length=1)


class DirectionTag(Part):
    """A direction of the interplay: clusters to S3, S3 to clusters, or the system."""

    code: Direction
    name: str = Field(min_length=1)


class Dimension(Part):
    """One of the seven dimensions, and its weight relative to the others."""

    code: str = Field(pattern=r"^D[1-7]$")
    name: str = Field(min_length=1)
    weight: float = Field(gt=0)


class Item(Part):
    """One statement that is rated.

    Attributes:
        id: Dimension and number, such as ``D1.4``.
        text: The statement.
        direction: C2S (clusters to S3), S2C (S3 to clusters) or SYS (system).
        groups: Letters of the groups that are asked.
        evidence: ``d`` a document, ``k`` checked against an indicator, ``-`` none.
        cpr: Fulfilment criteria of the S3 enabling condition (Regulation (EU) 2021/1060,
            Annex IV) that the same evidence serves.
        weight: Weight within the dimension, relative to its other items.
    """

    id: str = Field(pattern=r"^D[1-7]\.[1-6]$")
    text: str = Field(min_length=1, max_length=200)
    direction: Direction
    groups: str = Field(pattern=r"^P?I?C?B?R?$", min_length=2)
    evidence: Evidence
    cpr: tuple[int, ...]
    weight: float = Field(gt=0)

    @property
    def dimension(self) -> str:
        """Code of the dimension."""
        return self.id[:2]

    @model_validator(mode="after")
    def _criteria(self) -> Self:
        if any(not 1 <= c <= 7 for c in self.cpr) or len(set(self.cpr)) != len(self.cpr):
            raise ValueError(f"{self.id}: cpr names criteria 1 to 7, each once")
        return self


class Questionnaire(Declaration):
    """What is asked, of whom and on which scale.

    Attributes:
        version: Answers carry the version they were given under.
        statement: What this questionnaire is and is not; printed wherever it is shown.
        scale: The levels 0 to 4.
        states: Answers that are no level.
        groups: Groups of respondents.
        directions: Names of the direction tags.
        grades: Grades of evidence, 0 to 3.
        dimensions: The seven dimensions, in order.
        items: The 42 items, in order.
    """

    version: str = Field(pattern=r"^[0-9]{4}\.[0-9]+$")
    statement: str = Field(min_length=1)
    scale: tuple[Level, ...]
    states: tuple[State, ...]
    groups: tuple[RespondentGroup, ...]
    directions: tuple[DirectionTag, ...]
    grades: tuple[Level, ...]
    dimensions: tuple[Dimension, ...]
    items: tuple[Item, ...]

    @model_validator(mode="after")
    def _lists(self) -> Self:
        if [level.value for level in self.scale] != [0, 1, 2, 3, 4]:
            raise ValueError("scale has the levels 0 to 4, in order")
        if [grade.value for grade in self.grades] != [0, 1, 2, 3]:
            raise ValueError("grades are 0 to 3, in order")
        if [state.code for state in self.states] != ["DK", "NA"]:
            raise ValueError("states are DK and NA")
        if "".join(group.code for group in self.groups) != "PICBR":
            raise ValueError("groups are P, I, C, B and R, in order")
        if {tag.code for tag in self.directions} != {"C2S", "S2C", "SYS"}:
            raise ValueError("directions are C2S, S2C and SYS")
        return self

    @model_validator(mode="after")
    def _items(self) -> Self:
        codes = [f"D{n}" for n in range(1, DIMENSIONS + 1)]
        if [dimension.code for dimension in self.dimensions] != codes:
            raise ValueError(f"dimensions are D1 to D{DIMENSIONS}, in order")
        expected = [f"{c}.{i}" for c in codes for i in range(1, ITEMS_PER_DIMENSION + 1)]
        if [item.id for item in self.items] != expected:
            found = Counter(item.id for item in self.items)
            wrong = [c for c in expected if found[c] != 1] or ["their order"]
            raise ValueError(f"items are D1.1 to D7.6, each once and in order; see {wrong[0]}")
        if {item.id for item in self.items if item.evidence == "k"} != TWINNED:
            raise ValueError(f"items with evidence k are {', '.join(sorted(TWINNED))}")
        return self

    @property
    def by_id(self) -> dict[str, Item]:
        """The items by their id."""
        return {item.id: item for item in self.items}

    @property
    def group_names(self) -> dict[str, str]:
        """Names of the groups by letter."""
        return {group.code: group.name for group in self.groups}


@cache
def load() -> Questionnaire:
    """Return the questionnaire.

    Raises:
        CatalogueError: The declaration is not valid; file and field are named.
    """
    return read_declaration(FILE, Questionnaire)


def score_of(answer: int) -> float:
    """Return the score 0 to 100 of an answer 0 to 4: x = 25·a (methodology 2.3)."""
    if not 0 <= answer <= 4:
        raise ValueError(f"an answer is 0 to 4, not {answer}")
    return 25.0 * answer
