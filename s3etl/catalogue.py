"""What is declared: datasets, indicators, judgements and the benchmarking method.

Strict models and closed references: the catalogue loads whole or not at all. No data and no
formulas here; the formulas an indicator may name are the functions of :mod:`s3etl.measures`.
"""

import inspect
import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from s3etl import measures
from s3etl.declarations import Declaration, read_declaration, read_folder
from s3etl.errors import CatalogueError
from s3etl.records import Severity

HERE = Path(__file__).parent
INDICATORS = HERE / "indicators"
METHOD = HERE / "benchmark" / "method.yaml"

NutsVersion = Literal["2006", "2010", "2013", "2016", "2021", "2024"]


class Part(BaseModel):
    """Base of the nested parts of a declaration."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ValueRange(Part):
    """Bounds of possible values of one unit; a value outside is set aside."""

    low: float | None = None
    high: float | None = None


class Dataset(Declaration):
    """A provider's dataset as we expect it.

    Attributes:
        title: The provider's title.
        provider: Who publishes it.
        citation: How to cite it.
        licence: Terms of re-use.
        frequency: SDMX frequency of the series; ``A`` is yearly.
        nuts_version: NUTS version the file is published in. Older codes may survive in it.
        nace_version: NACE version, where the dataset has industries.
        levels: NUTS levels that occur.
        dimensions: Dimensions besides frequency, region and time, in the order of the series
            key, each with all its codes.
        unit_of: The dimension that tells the unit of an observation.
        units: Unit of each code of ``unit_of``, where the code is not itself the unit.
        ranges: Possible values by unit.
        files: Further file names under which a folder may hold it; Eurostat's own download
            names work without being listed.
        quarantine_tolerance: Share of rows that may be set aside before the batch is refused.
    """

    title: str
    provider: Literal["eurostat"]
    citation: str
    licence: str
    frequency: Literal["A", "Q", "M"]
    nuts_version: NutsVersion
    nace_version: Literal["2", "2.1"] | None = None
    levels: tuple[Literal[0, 1, 2, 3], ...]
    dimensions: dict[str, tuple[str, ...]] = Field(min_length=1)
    unit_of: str
    units: dict[str, str] = Field(default_factory=dict)
    ranges: dict[str, ValueRange] = Field(default_factory=dict)
    files: tuple[str, ...] = ()
    quarantine_tolerance: float = Field(default=0.001, ge=0, le=1)
    notes: str = ""

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if self.unit_of not in self.dimensions:
            raise ValueError(f"unit_of names {self.unit_of!r}, which is not a dimension")
        codes = set(self.dimensions[self.unit_of])
        if self.units and set(self.units) != codes:
            raise ValueError(f"units must name each code of {self.unit_of}: {sorted(codes)}")
        if unknown := set(self.ranges) - set(self.unit_names):
            raise ValueError(f"ranges names units the dataset does not have: {sorted(unknown)}")
        for name, values in self.dimensions.items():
            if len(set(values)) != len(values):
                raise ValueError(f"dimension {name} lists a code twice")
            if any("." in value for value in values):
                raise ValueError(f"dimension {name}: a point separates the codes of a series key")
        return self

    @property
    def unit_names(self) -> tuple[str, ...]:
        """Units that occur in the dataset."""
        return tuple(dict.fromkeys(self.unit(code) for code in self.dimensions[self.unit_of]))

    def unit(self, code: str) -> str:
        """Unit of an observation whose ``unit_of`` dimension has ``code``."""
        return self.units.get(code, code)


class Role(Part):
    """Which observations play one part in a measure.

    Attributes:
        dataset: Dataset id.
        series: The code, or several codes, of every dimension of the dataset. Several codes
            give several terms.
        lags: Years before the figure's year, one term each; 0 is the year itself.
    """

    dataset: str
    series: dict[str, str | tuple[str, ...]]
    lags: tuple[int, ...] = (0,)

    @model_validator(mode="after")
    def _lags(self) -> Self:
        if not self.lags or min(self.lags) < 0 or len(set(self.lags)) != len(self.lags):
            raise ValueError("lags are different whole numbers of years, 0 or more")
        return self

    def terms(self) -> tuple[tuple[tuple[str, ...], int], ...]:
        """Series keys (codes in dataset order) and lags, in the order a measure sees them."""
        choices = [(c,) if isinstance(c, str) else c for c in self.series.values()]
        return tuple((keys, lag) for keys in product(*choices) for lag in self.lags)


class Indicator(Declaration):
    """An indicator: what it means and how it is computed.

    Attributes:
        title: Short name.
        definition: What the number is, exactly.
        unit: Unit of the figure.
        direction: ``+`` more is better, ``-`` less is better, ``ctx`` context, never ranked.
        level: NUTS level at which regions are compared.
        pillar: Pillar of the framework (methodology 5.2).
        framework: Whether this is the framework's own indicator of that id.
        variant_of: The framework indicator it stands near to without being it.
        measure: Name of a function in :mod:`s3etl.measures`.
        roles: One entry for each array argument of the measure.
        parameters: Keyword arguments of the measure.
        noise_cv: Coefficient of variation of the measurement noise; the method's if not given.
        noise_sd: Standard deviation in the figure's own unit, for growth rates and other
            figures that may be near zero; used instead of ``noise_cv``.
        joined_by_code: Why regions of datasets in different NUTS versions may be joined by
            their code; required where the roles' versions differ.
        set_apart: Regions whose figures are shown and not ranked, with the reason: what the
            provider publishes for them is known to be wrong or of another territory.
        confidence: How far dataset and filters are verified (methodology, evidence marks).
        source: Where the definition comes from.
    """

    title: str
    definition: str
    unit: str
    direction: Literal["+", "-", "ctx"]
    level: Literal[2, 3] = 2
    pillar: Literal["ECO", "RDI", "HUM", "IND", "ENT", "DIG", "OPN", "INS"]
    framework: bool = False
    variant_of: str | None = None
    measure: str
    roles: dict[str, Role]
    parameters: dict[str, float] = Field(default_factory=dict)
    noise_cv: float | None = Field(default=None, gt=0)
    noise_sd: float | None = Field(default=None, gt=0)
    joined_by_code: str = ""
    set_apart: dict[str, str] = Field(default_factory=dict)
    confidence: Literal["verified", "partly verified", "unverified"]
    source: str
    notes: str = ""

    @model_validator(mode="after")
    def _one_noise(self) -> Self:
        if self.noise_cv is not None and self.noise_sd is not None:
            raise ValueError("give noise_cv or noise_sd, not both")
        if self.framework and self.variant_of:
            raise ValueError("a framework indicator is not a variant of another")
        return self

    @property
    def datasets(self) -> tuple[str, ...]:
        """Ids of the datasets it reads, in order of first use."""
        return tuple(dict.fromkeys(role.dataset for role in self.roles.values()))


class Expectation(Part):
    """One native GX expectation with its reason.

    Attributes:
        type: GX type, for example ``expect_column_values_to_be_between``.
        kwargs: Its arguments. ``row_condition`` is not used: GX loses rows with it.
        severity: ``critical`` or ``warning``.
        why: The reason, for the person who reads the verdict.
    """

    type: str = Field(pattern="^expect_")
    kwargs: dict[str, Any]
    severity: Severity
    why: str = Field(min_length=10)

    @model_validator(mode="after")
    def _no_condition(self) -> Self:
        if "row_condition" in self.kwargs:
            raise ValueError("row_condition is not used: GX loses rows with it")
        return self


class Suite(Declaration):
    """Hand-written judgements over one or more datasets."""

    title: str
    datasets: tuple[str, ...] = Field(min_length=1)
    expectations: tuple[Expectation, ...] = Field(min_length=1)


class Method(Declaration):
    """The choices behind scores, ranks and intervals (methodology 8), versioned with figures.

    Attributes:
        version: Version of the method, published with every figure.
        base_window: Number of newest years pooled for the norms.
        goalposts: Percentiles of the pooled window that score 0 and 100.
        noise_cv: Coefficient of variation of measurement noise: ``U`` for low reliability,
            ``default`` for every other figure.
        draws: Number of simulation runs behind the intervals.
        seed: Seed of the simulation.
        interval: Percentiles of the runs that bound the published intervals.
        minimum_compared: Fewest regions with a value for a rank to mean anything.
    """

    version: str
    base_window: int = Field(ge=1)
    goalposts: tuple[float, float]
    noise_cv: dict[str, float]
    draws: int = Field(ge=100)
    seed: int
    interval: tuple[float, float]
    minimum_compared: int = Field(ge=2)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for low, high in (self.goalposts, self.interval):
            if not 0 <= low < high <= 100:
                raise ValueError("percentiles go from low to high, between 0 and 100")
        if set(self.noise_cv) != {"default", "U"}:
            raise ValueError("noise_cv has a default and U (low reliability), and no others")
        return self


class Catalogue(Part):
    """Everything declared, with references closed."""

    datasets: dict[str, Dataset]
    indicators: dict[str, Indicator]
    suites: dict[str, Suite]
    method: Method

    def suites_of(self, dataset: str) -> tuple[Suite, ...]:
        """Suites that judge a dataset."""
        return tuple(s for s in self.suites.values() if dataset in s.datasets)


def _check_role(
    name: str, role: Role, indicator: Indicator, datasets: Mapping[str, Dataset]
) -> str:
    dataset = datasets.get(role.dataset)
    if dataset is None:
        return f"field roles.{name}.dataset: {role.dataset!r} is not a declared dataset"
    if list(role.series) != list(dataset.dimensions):
        wanted = ", ".join(dataset.dimensions)
        return (
            f"field roles.{name}.series: {role.dataset} has the dimensions {wanted}, in this order"
        )
    for dimension, chosen in role.series.items():
        codes = (chosen,) if isinstance(chosen, str) else chosen
        if unknown := [c for c in codes if c not in dataset.dimensions[dimension]]:
            return (
                f"field roles.{name}.series.{dimension}: {role.dataset} does not have "
                f"{', '.join(unknown)}"
            )
    if indicator.level not in dataset.levels:
        return f"field level: {role.dataset} has no NUTS {indicator.level} regions"
    return ""


def _check_measure(indicator: Indicator) -> str:
    measure = measures.MEASURES.get(indicator.measure)
    if measure is None:
        return f"field measure: {indicator.measure!r} is not one of {', '.join(measures.MEASURES)}"
    signature = inspect.signature(measure).parameters.values()
    roles = [p.name for p in signature if p.kind is not p.KEYWORD_ONLY]
    if sorted(indicator.roles) != sorted(roles):
        return f"field roles: measure {indicator.measure} takes the roles {', '.join(roles)}"
    options = {p.name: p.default is p.empty for p in signature if p.kind is p.KEYWORD_ONLY}
    if unknown := set(indicator.parameters) - set(options):
        return f"field parameters: measure {indicator.measure} does not take {', '.join(unknown)}"
    if missing := {n for n, needed in options.items() if needed} - set(indicator.parameters):
        return f"field parameters: measure {indicator.measure} needs {', '.join(missing)}"
    return ""


def _check_indicator(indicator: Indicator, datasets: Mapping[str, Dataset]) -> str:
    if problem := _check_measure(indicator):
        return problem
    for name, role in indicator.roles.items():
        if problem := _check_role(name, role, indicator, datasets):
            return problem
    versions = {datasets[d].nuts_version for d in indicator.datasets}
    if len(versions) > 1 and not indicator.joined_by_code:
        return f"field joined_by_code: its datasets are in NUTS {', '.join(sorted(versions))}"
    return ""


def load(
    datasets: Path, suites: Path, *, indicators: Path = INDICATORS, method: Path = METHOD
) -> Catalogue:
    """Load and close the catalogue.

    Args:
        datasets: Folder of dataset declarations (``sources/datasets``).
        suites: Folder of judgements (``expectations/suites``).
        indicators: Folder of indicator declarations.
        method: The method declaration.

    Raises:
        CatalogueError: Any declaration is wrong or names something that is not declared.
    """
    found = Catalogue(
        datasets=read_folder(datasets, Dataset),
        indicators=read_folder(indicators, Indicator),
        suites=read_folder(suites, Suite),
        method=read_declaration(method, Method),
    )
    for indicator in found.indicators.values():
        if problem := _check_indicator(indicator, found.datasets):
            raise CatalogueError(f"{indicators / indicator.id}.yaml: {problem}.")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", indicator.id):
            raise CatalogueError(
                f"{indicators / indicator.id}.yaml: the name is not an identifier."
            )
    for suite in found.suites.values():
        if unknown := [d for d in suite.datasets if d not in found.datasets]:
            raise CatalogueError(
                f"{suites / suite.id}.yaml: field datasets: {', '.join(unknown)} not declared."
            )
    return found
