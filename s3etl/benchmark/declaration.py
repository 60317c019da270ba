"""Declared composites: the files of ``s3etl/composites``, read strictly.

Says which nodes and steps a composite has; nothing is computed here.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from s3etl.benchmark.base import read_base
from s3etl.benchmark.hierarchy import Hierarchy, Node
from s3etl.benchmark.prepare import Denominate, Impute, Screen, Treat
from s3etl.benchmark.scoring import Aggregate, Normalise, Rank
from s3etl.benchmark.uncertainty import Uncertainty
from s3etl.catalogue import Indicator
from s3etl.declarations import Declaration, read_folder
from s3etl.errors import CatalogueError
from s3etl.source import Part

COMPOSITES: Final = Path(__file__).parents[1] / "composites"
BASES: Final = "bases"
"""Folder of the base editions, beside the composites."""

Step = Annotated[
    Denominate | Screen | Impute | Treat | Normalise | Aggregate | Rank,
    Field(discriminator="step"),
]


class Member(Part):
    """An indicator or aggregate of a composite.

    Attributes:
        parent: The aggregate it belongs to; none for the index.
        weight: Its weight among its siblings; only ratios count.
        direction: ``+`` more is better, ``-`` less is.
        title: Its name for people.
    """

    parent: str | None = None
    weight: float = Field(default=1.0, gt=0)
    direction: Literal["+", "-"] = "+"
    title: str = ""


class Coherence(Part):
    """Correlations the audit flags (methodology 8, step 5).

    Attributes:
        least_item: An indicator or aggregate should correlate more with its parent.
        most_pair: No two indicators should correlate more.
    """

    least_item: float = Field(default=0.3, ge=-1, le=1)
    most_pair: float = Field(default=0.92, ge=0, le=1)


class CompositeDeclaration(Declaration):
    """One composite index.

    Attributes:
        title: Its name for people.
        version: Version of these choices, published with every score.
        source: Where they come from.
        aggregates: Every aggregate by code; the one without a parent is the index.
        indicators: Every indicator by code, or ``framework``: the indicators that are declared
            as the framework's own, verified and not context, each under the aggregate that has
            the code of its pillar.
        least_members: Indicators below which a pillar is not active: it is left out.
        steps: The steps, in order.
        base: File of ``s3etl/composites/bases`` whose limits and goalposts the steps take; those
            of the release's own base window if not given.
        base_editions: Yearly editions that a base serves, its own the first.
        coherence: Limits of the audit.
        ranked_years: Newest years that are ranked in a release; the ranks of each rest on runs
            of their own, and none goes without its interval.
        uncertainty: What is uncertain; ``s3etl/benchmark/uncertainty.yaml`` if not given.
    """

    title: str
    version: str
    source: str
    aggregates: dict[str, Member] = Field(min_length=1)
    indicators: dict[str, Member] | Literal["framework"]
    least_members: int = Field(default=1, ge=1)
    steps: tuple[Step, ...] = Field(min_length=1)
    base: str | None = None
    base_editions: int = Field(default=5, ge=1)
    coherence: Coherence = Coherence()
    ranked_years: int = Field(default=5, ge=1)
    uncertainty: Uncertainty | None = None

    @model_validator(mode="after")
    def _one_index(self) -> Self:
        if sum(member.parent is None for member in self.aggregates.values()) != 1:
            raise ValueError("aggregates: exactly one, the index, has no parent")
        return self

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = [step.step for step in self.steps]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"steps: {', '.join(sorted(twice))} occurs twice")
        return self

    def hierarchy(self, indicators: Mapping[str, Indicator] | None = None) -> Hierarchy:
        """Arrange the nodes; pillars that are not active are left out.

        Args:
            indicators: Declared indicators by id, where they are the framework's.

        Raises:
            CatalogueError: The nodes make no hierarchy, for instance as no pillar is active.
        """
        members, idle = self.members(indicators), self.inactive(indicators)
        nodes = [
            Node(code, m.parent, m.weight, -1 if m.direction == "-" else 1, m.title or code)
            for code, m in {**members, **self.aggregates}.items()
            if code not in idle and m.parent not in idle
        ]
        return Hierarchy.of(nodes)

    def inactive(self, indicators: Mapping[str, Indicator] | None = None) -> tuple[str, ...]:
        """Codes of the pillars that are left out, in declared order.

        Args:
            indicators: As for :meth:`hierarchy`.
        """
        counts = Counter(member.parent for member in self.members(indicators).values())
        # Only aggregates that would hold indicators can be inactive; others hold those.
        above = {member.parent for member in self.aggregates.values()}
        return tuple(
            code
            for code in self.aggregates
            if code not in above and counts[code] < self.least_members
        )

    @property
    def index(self) -> str:
        """Code of the index: the first aggregate without a parent."""
        return next(code for code, m in self.aggregates.items() if m.parent is None)

    def members(self, indicators: Mapping[str, Indicator] | None = None) -> dict[str, Member]:
        """Return every indicator by code, those of inactive pillars too.

        Args:
            indicators: Declared indicators by id, where they are the framework's.

        Raises:
            CatalogueError: They are and were not given.
        """
        if self.indicators != "framework":
            return self.indicators
        if indicators is None:
            raise CatalogueError(
                f"{self.id}: its indicators are those of the framework; give their declarations."
            )
        return {
            name: Member(parent=i.pillar, direction=i.direction, title=i.title)
            for name, i in indicators.items()
            if i.framework and i.status == "verified" and i.direction != "ctx"
        }


def load_composites(folder: Path = COMPOSITES) -> dict[str, CompositeDeclaration]:
    """Read the declared composites, by id.

    A composite that names a base edition has its limits and goalposts written into its steps.

    Raises:
        CatalogueError: One of them is wrong.
    """
    found = read_folder(folder, CompositeDeclaration)
    for name, one in found.items():
        if one.base is not None:
            base = read_base(folder / BASES, one.base)
            steps = base.written_in(name, one.version, one.steps, editions=one.base_editions)
            found[name] = one.model_copy(update={"steps": steps})
    return found
