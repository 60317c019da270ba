"""What is declared: datasets, indicators, judgements and the benchmarking method.

Strict models and closed references: the catalogue loads whole or not at all. No data and no
formulas here; the formulas an indicator may name are the functions of :mod:`s3etl.measures`.
"""

import inspect
import re
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from s3etl import measures
from s3etl.declarations import Declaration, read_declaration, read_folder
from s3etl.domains.declared import LABELS
from s3etl.domains.tables import NAICS
from s3etl.errors import CatalogueError
from s3etl.records import Severity
from s3etl.registers.declaration import Register
from s3etl.source import NutsVersion, Part, Source

HERE = Path(__file__).parent
INDICATORS = HERE / "indicators"
METHOD = HERE / "benchmark" / "method.yaml"


class ValueRange(Part):
    """Bounds of possible values of one unit; a value outside is set aside."""

    low: float | None = None
    high: float | None = None


class ReferenceTable(Source):
    """A table of codes or weights that the datasets are read with, such as the NUTS codes.

    Its columns are not declared here: they are the schema of that id in :mod:`s3etl.nuts` or
    :mod:`s3etl.domains`.

    Attributes:
        provider: Who publishes it.
        addresses: Where its files are, below the provider's base address; empty if it can be
            had as files only.
    """

    provider: Literal["nuts", "classification"]
    files: tuple[str, ...] = Field(min_length=1)
    quarantine_tolerance: float = Field(default=0, ge=0, le=1)
    addresses: tuple[str, ...] = ()


Dimensions = Annotated[dict[str, tuple[str, ...]], Field(min_length=1)]
"""Dimensions besides frequency, region and time, in series-key order, with their codes."""


class Dataset(Source):
    """A provider's statistical dataset as we expect it.

    Attributes:
        provider: Who publishes it.
        frequency: SDMX frequency of the series; ``A`` is yearly.
        nuts_version: Newest NUTS version whose codes may stand in it; older ones may survive.
        nace_version: NACE version, where the dataset has industries.
        levels: NUTS levels that occur.
        dimensions: Dimensions besides frequency, region and time, in the order of the series
            key, each with its codes.
        selection: Whether the codes are those we take (rows of others are not taken) rather
            than all there are (another one is a change of structure).
        earlier: Dimensions and codes of older files of the same dataset, newest first; such a
            file is taken as it is.
        unit_of: The dimension that tells the unit of an observation.
        units: Unit of each code of ``unit_of``, where the code is not itself the unit.
        ranges: Possible values by unit.
        extensive: Units whose values add up over regions; all others are rates, means or
            shares. It decides how values are converted between NUTS versions.
        weight: What divides a region when its territory is split: its population, or its area
            for land variables (methodology 6).
    """

    provider: Literal["eurostat"]
    frequency: Literal["A", "Q", "M"]
    nuts_version: NutsVersion
    nace_version: Literal["2", "2.1"] | None = None
    levels: tuple[Literal[0, 1, 2, 3], ...]
    dimensions: Dimensions
    selection: bool = False
    earlier: tuple[Dimensions, ...] = ()
    unit_of: str
    units: dict[str, str] = Field(default_factory=dict)
    ranges: dict[str, ValueRange] = Field(default_factory=dict)
    extensive: tuple[str, ...] = ()
    weight: Literal["population", "area"] = "population"

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if any(self.unit_of not in dimensions for dimensions in self.layouts):
            raise ValueError(f"unit_of names {self.unit_of!r}, which is not a dimension")
        codes = {code for dimensions in self.layouts for code in dimensions[self.unit_of]}
        if self.units and set(self.units) != codes:
            raise ValueError(f"units must name each code of {self.unit_of}: {sorted(codes)}")
        for field in ("ranges", "extensive"):
            if unknown := set(getattr(self, field)) - set(self.unit_names):
                raise ValueError(
                    f"{field} names units the dataset does not have: {sorted(unknown)}"
                )
        for dimensions in self.layouts:
            for name, values in dimensions.items():
                if len(set(values)) != len(values):
                    raise ValueError(f"dimension {name} lists a code twice")
                if any("." in value for value in values):
                    raise ValueError(
                        f"dimension {name}: a point separates the codes of a series key"
                    )
        return self

    @property
    def layouts(self) -> tuple[dict[str, tuple[str, ...]], ...]:
        """Dimensions and codes of today's files and of earlier ones."""
        return (self.dimensions, *self.earlier)

    @property
    def unit_names(self) -> tuple[str, ...]:
        """Units that occur in the dataset."""
        codes = (code for dimensions in self.layouts for code in dimensions[self.unit_of])
        return tuple(dict.fromkeys(self.unit(code) for code in codes))

    def unit(self, code: str) -> str:
        """Unit of an observation whose ``unit_of`` dimension has ``code``."""
        return self.units.get(code, code)


Series = dict[str, str | tuple[str, ...]]


def _keys(series: Series) -> list[str]:
    """Return the series keys (codes in dataset order, by points) of all combinations."""
    choices = [(c,) if isinstance(c, str) else c for c in series.values()]
    return [".".join(codes) for codes in product(*choices)]


class Role(Part):
    """Which observations play one part in a measure.

    Attributes:
        dataset: Dataset id.
        series: The code, or several codes, of every dimension of the dataset. Several codes
            give several terms.
        formerly: The same series in files of an earlier layout, where its codes differ.
        lags: Years before the figure's year, one term each; 0 is the year itself.
    """

    dataset: str
    series: Series
    formerly: Series | None = None
    lags: tuple[int, ...] = (0,)

    @model_validator(mode="after")
    def _terms(self) -> Self:
        if not self.lags or min(self.lags) < 0 or len(set(self.lags)) != len(self.lags):
            raise ValueError("lags are different whole numbers of years, 0 or more")
        if self.formerly and len(_keys(self.formerly)) != len(_keys(self.series)):
            raise ValueError("formerly must give as many series as series does")
        return self

    def terms(self) -> tuple[tuple[tuple[str, ...], int], ...]:
        """Names of each series (today's, and formerly) and lag, in the order a measure sees."""
        names = [_keys(self.series)] + ([_keys(self.formerly)] if self.formerly else [])
        return tuple((term, lag) for term in zip(*names, strict=True) for lag in self.lags)

    def names(self) -> set[str]:
        """Names of all series that may play the part."""
        return {name for term, _ in self.terms() for name in term}


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
        measure: Name of a function in :mod:`s3etl.measures`; none if it is not computed.
        roles: One entry for each array argument of the measure.
        not_computed: Why the indicator is declared and not computed (no source yet, or another
            block computes it).
        parameters: Keyword arguments of the measure.
        noise_cv: Coefficient of variation of the measurement noise; the method's if not given.
        noise_sd: Standard deviation in the figure's own unit, for growth rates and other
            figures that may be near zero; used instead of ``noise_cv``.
        set_apart: Regions whose figures are shown and not ranked, with the reason: what the
            provider publishes for them is known to be wrong or of another territory.
        confidence: How far dataset and filters are verified: seen in a live query or its
            documentation (✔), dataset code seen and a filter from memory (◐), memory only (○).
        status: Whether it may enter an aggregate; only a verified one may (methodology 8).
            ``s3etl datasets check --live`` says which can be raised.
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
    measure: str | None = None
    roles: dict[str, Role] = Field(default_factory=dict)
    not_computed: str = ""
    parameters: dict[str, float] = Field(default_factory=dict)
    noise_cv: float | None = Field(default=None, gt=0)
    noise_sd: float | None = Field(default=None, gt=0)
    set_apart: dict[str, str] = Field(default_factory=dict)
    confidence: Literal["verified", "partly verified", "unverified"]
    status: Literal["verified", "unverified"]
    source: str
    notes: str = ""

    @model_validator(mode="after")
    def _one_noise(self) -> Self:
        if self.noise_cv is not None and self.noise_sd is not None:
            raise ValueError("give noise_cv or noise_sd, not both")
        if self.framework and self.variant_of:
            raise ValueError("a framework indicator is not a variant of another")
        return self

    @model_validator(mode="after")
    def _computed_or_not(self) -> Self:
        if bool(self.measure) == bool(self.not_computed):
            raise ValueError("give a measure, or say in not_computed why there is none")
        if self.status == "verified" and self.confidence != "verified":
            raise ValueError("status is verified only where confidence is")
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
        nuts_version: NUTS version in which regions are compared; other data are converted.
        split_error: Relative error of a value whose territory was divided, times the share
            that is not exact.
    """

    version: str
    base_window: int = Field(ge=1)
    goalposts: tuple[float, float]
    noise_cv: dict[str, float]
    draws: int = Field(ge=100)
    seed: int
    interval: tuple[float, float]
    minimum_compared: int = Field(ge=2)
    nuts_version: NutsVersion
    split_error: float = Field(ge=0)

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

    tables: dict[str, ReferenceTable]
    datasets: dict[str, Dataset]
    registers: dict[str, Register]
    indicators: dict[str, Indicator]
    suites: dict[str, Suite]
    method: Method

    @property
    def sources(self) -> dict[str, ReferenceTable | Dataset | Register]:
        """Everything that is taken from a provider: reference tables, datasets, registers."""
        return {**self.tables, **self.datasets, **self.registers}

    @property
    def computed(self) -> dict[str, Indicator]:
        """The indicators that have a measure."""
        return {name: i for name, i in self.indicators.items() if i.measure}

    def suites_of(self, dataset: str) -> tuple[Suite, ...]:
        """Suites that judge a dataset."""
        return tuple(s for s in self.suites.values() if dataset in s.datasets)


def _check_series(series: Series, layouts: Sequence[Dimensions]) -> str:
    """Say what is wrong with a series, or nothing if it fits one of the layouts."""
    fitting = [layout for layout in layouts if list(layout) == list(series)]
    if not fitting:
        return f"has the dimensions {', '.join(layouts[0])}, in this order"
    wrong = ""
    for layout in fitting:
        asked = [
            (dimension, code)
            for dimension, codes in series.items()
            for code in ((codes,) if isinstance(codes, str) else codes)
        ]
        unknown = [f"{d}={code}" for d, code in asked if code not in layout[d]]
        if not unknown:
            return ""
        wrong = wrong or f"does not have {', '.join(unknown)}"
    return wrong


def _check_role(
    name: str, role: Role, indicator: Indicator, datasets: Mapping[str, Dataset]
) -> str:
    dataset = datasets.get(role.dataset)
    if dataset is None:
        return f"field roles.{name}.dataset: {role.dataset!r} is not a declared dataset"
    if problem := _check_series(role.series, dataset.layouts):
        return f"field roles.{name}.series: {role.dataset} {problem}"
    if role.formerly and (problem := _check_series(role.formerly, dataset.earlier or ({},))):
        return f"field roles.{name}.formerly: an earlier {role.dataset} {problem}"
    if indicator.level not in dataset.levels:
        return f"field level: {role.dataset} has no NUTS {indicator.level} regions"
    return ""


def _check_measure(indicator: Indicator) -> str:
    measure = measures.MEASURES.get(indicator.measure or "")
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
    if indicator.not_computed:
        return ""
    if problem := _check_measure(indicator):
        return problem
    for name, role in indicator.roles.items():
        if problem := _check_role(name, role, indicator, datasets):
            return problem
    return ""


def load(
    datasets: Path,
    tables: Path,
    suites: Path,
    registers: Path,
    *,
    indicators: Path = INDICATORS,
    method: Path = METHOD,
) -> Catalogue:
    """Load and close the catalogue.

    Args:
        datasets: Folder of dataset declarations (``sources/datasets``).
        tables: Folder of reference tables (``sources/tables``).
        suites: Folder of judgements (``expectations/suites``).
        registers: Folder of registers (``sources/registries``).
        indicators: Folder of indicator declarations.
        method: The method declaration.

    Raises:
        CatalogueError: Any declaration is wrong or names something that is not declared.
    """
    found = Catalogue(
        tables=read_folder(tables, ReferenceTable),
        datasets=read_folder(datasets, Dataset),
        registers=read_folder(registers, Register),
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
    for register in found.registers.values():
        known = {NAICS, *(path.stem for path in LABELS.glob("*.csv"))}
        if register.labels and register.labels not in known:
            raise CatalogueError(
                f"{registers / register.id}.yaml: field labels: {LABELS.name}/"
                f"{register.labels}.csv is not there."
            )
        if register.id in found.datasets or register.id in found.tables:
            raise CatalogueError(f"{registers / register.id}.yaml: a dataset has that name.")
    for suite in found.suites.values():
        known = {*found.datasets, *found.registers}
        if unknown := [d for d in suite.datasets if d not in known]:
            raise CatalogueError(
                f"{suites / suite.id}.yaml: field datasets: {', '.join(unknown)} not declared."
            )
    return found
