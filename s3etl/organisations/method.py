"""The choices behind duplicates and completeness, as declared in ``method.yaml``.

Only what is chosen; nothing is compared or estimated here.
"""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from s3etl.declarations import Declaration, read_declaration
from s3etl.source import Part

METHOD: Final = Path(__file__).with_suffix(".yaml")

Share = Annotated[float, Field(gt=0, le=1)]


class EnterpriseSeries(Part):
    """A series of active enterprises by region.

    Attributes:
        dataset: Dataset.
        series: Key of the series.
    """

    dataset: str
    series: str


class OrganisationMethod(Declaration):
    """Choices of methodology 4.1, versioned with what is computed by them.

    Attributes:
        version: Raised with every change.
        similarity: Fewest similarity of two names in one NUTS 3 region to be the same.
        same_domain_similarity: The same for two names on one web domain.
        distinct_words: Fewest similarity of the words only one of two names has; below it
            they tell two organisations apart, however similar the whole names are.
        possible_similarity: Fewest similarity of two names to be listed for review.
        contained_words: Fewest words of a name that stand in another to be listed.
        completeness_floor: Below this completeness, counts are lower bounds.
        interval: Percentiles that bound the interval of the estimate.
        enterprises: Series of active enterprises, best first.
        register_priority: Registers whose records are kept first, best first.
        legal_forms: Legal forms, in plain letters; left out of names.
        common_words: Words nearly every name has; left out too.
        generic_domains: Web domains that identify no organisation.
        two_label_suffixes: Suffixes such as ``co.uk``.
    """

    version: str
    similarity: Share
    same_domain_similarity: Share
    distinct_words: Share
    possible_similarity: Share
    contained_words: int = Field(ge=1)
    completeness_floor: Share
    interval: tuple[float, float]
    enterprises: tuple[EnterpriseSeries, ...]
    register_priority: tuple[str, ...]
    legal_forms: tuple[str, ...]
    common_words: tuple[str, ...]
    generic_domains: tuple[str, ...]
    two_label_suffixes: tuple[str, ...]

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        low, high = self.interval
        if not 0 < low < high < 100 or low + high != 100:
            raise ValueError("interval has two percentiles that leave as much below as above")
        if self.possible_similarity > self.similarity:
            raise ValueError("possible_similarity is at most similarity")
        for field in ("legal_forms", "common_words", "generic_domains", "two_label_suffixes"):
            values = getattr(self, field)
            if twice := [v for v in values if values.count(v) > 1]:
                raise ValueError(f"{field} has {twice[0]!r} twice")
            if odd := [v for v in values if v != v.lower().strip()]:
                raise ValueError(f"{field}: {odd[0]!r} is not in plain small letters")
        return self

    @cached_property
    def ignored(self) -> tuple[str, ...]:
        """What is left out of names, longest first."""
        return tuple(sorted((*self.legal_forms, *self.common_words), key=len, reverse=True))

    def rank(self, register: str) -> tuple[int, str]:
        """Return the sorting key of a register: smaller is kept first."""
        order = self.register_priority
        return (order.index(register) if register in order else len(order), register)


def load_method(path: Path = METHOD) -> OrganisationMethod:
    """Read the method.

    Raises:
        CatalogueError: The declaration is wrong; file and field are named.
    """
    return read_declaration(path, OrganisationMethod)
