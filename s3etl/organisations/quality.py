"""What quality labels weigh, until when they count, and which organisations are active.

Labels and dates in, weights out, as declared in ``quality.yaml``; no region and no register is
known here.
"""

from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from s3etl.declarations import Declaration, read_declaration

QUALITY: Final = Path(__file__).with_suffix(".yaml")
NONE: Final = "none"
"""What stands for no label in the declared weights."""
Label = Literal["none", "bronze", "silver", "gold"]
LABELS: Final[tuple[Label, ...]] = ("none", "bronze", "silver", "gold")

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Share = Annotated[float, Field(gt=0, le=1)]


class QualityMethod(Declaration):
    """The file ``quality.yaml`` (methodology 4.1, 4.2), versioned with what is computed by it.

    Attributes:
        version: Raised with every change.
        weights: Q, weight of each label and of none; it does not fall from none to gold.
        other_weights: Weights that are tried instead, by name (methodology 10).
        label_months: Months a label counts after its last day.
        active_months: Months an organisation is active after its last confirmation.
        domain_weight: Weight from which a domain of an organisation is a field of it.
        least_domains: Fields from which an organisation reaches across domains.
        least_known: Least share of a region's organisations that have to tell a thing.
    """

    version: str
    weights: dict[Label, Share]
    other_weights: dict[str, dict[Label, Share]] = Field(default_factory=dict)
    label_months: int = Field(ge=0)
    active_months: int = Field(ge=1)
    domain_weight: Share
    least_domains: int = Field(ge=2)
    least_known: Share

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        for name, weights in {"weights": self.weights, **self.other_weights}.items():
            if missing := [label for label in LABELS if label not in weights]:
                raise ValueError(f"{name} has no {missing[0]}")
            ordered = [weights[label] for label in LABELS]
            if ordered != sorted(ordered):
                raise ValueError(f"{name} do not fall from none to gold")
        return self

    def instead(self, name: str) -> "QualityMethod":
        """Return the same choices with other weights of labels."""
        return self.model_copy(update={"weights": self.other_weights[name]})


@cache
def load_quality(path: Path = QUALITY) -> QualityMethod:
    """Read the declaration.

    Raises:
        CatalogueError: It is wrong; file and field are named.
    """
    return read_declaration(path, QualityMethod)


def label_counts(
    labels: Iterable[str | None],
    until: Iterable[str | None],
    as_of: date,
    *,
    since: Iterable[str | None] | None = None,
    method: QualityMethod | None = None,
) -> Bools:
    """Return whether each organisation has a label that counts (methodology 4.1).

    A label counts to its last day and ``label_months`` longer, in which it can be renewed. One
    whose last day is not known counts: nothing says that it has ended.

    Args:
        labels: bronze, silver, gold, or missing for none.
        until: Last days, ISO 8601; missing where not known.
        as_of: The day it is asked for.
        since: First days, ISO 8601; a label that begins after ``as_of`` does not count yet.
        method: The choices; those declared if not given.

    Raises:
        ValueError: There is no such label, or a date is none.
    """
    chosen = method or load_quality()
    given = _texts(labels)
    if odd := sorted(set(given[given != ""].tolist()) - set(LABELS)):
        raise ValueError(f"{odd[0]!r} is no quality label.")
    counts = (given != "") & (given != NONE) & ~_before(until, chosen.label_months, as_of)
    if since is not None:
        counts &= ~(_dates(since) > pd.Timestamp(as_of)).to_numpy(bool)
    return np.asarray(counts)


def quality_of(
    labels: Iterable[str | None],
    until: Iterable[str | None],
    as_of: date,
    *,
    since: Iterable[str | None] | None = None,
    method: QualityMethod | None = None,
) -> Floats:
    """Return Q, what the label of each organisation weighs (methodology 4.1).

    Where a label no longer counts, or not yet, Q is that of no label. So it is where none is
    given: whether the register tells labels at all has to be asked before.

    Args:
        labels: As for :func:`label_counts`.
        until: As there.
        as_of: As there.
        since: As there.
        method: As there.

    Raises:
        ValueError: There is no such label, or a date is none.
    """
    chosen = method or load_quality()
    given = list(labels)
    counts = label_counts(given, until, as_of, since=since, method=chosen)
    weight = {str(label): value for label, value in chosen.weights.items()}
    kept = np.where(counts, _texts(given), NONE)
    return np.array([weight[label] for label in kept.tolist()], np.float64)


def is_active(
    confirmed: Iterable[str | None], as_of: date, *, method: QualityMethod | None = None
) -> Bools:
    """Return whether each organisation is active: confirmed within 24 months (methodology 4.1).

    One whose confirmation is not known counts as active, because few registers tell it; a share
    of active organisations is then a share of those not known to be inactive.

    Args:
        confirmed: Days of the last confirmation, ISO 8601; missing where not known.
        as_of: The day it is asked for.
        method: The choices; those declared if not given.
    """
    return np.asarray(~_before(confirmed, (method or load_quality()).active_months, as_of))


def _before(days: Iterable[str | None], months: int, as_of: date) -> Bools:
    """Return whether a day and some months are over; never for a day that is not known."""
    ends = _dates(days) + pd.DateOffset(months=months)
    return np.asarray((ends < pd.Timestamp(as_of)).to_numpy(bool))


def _dates(days: Iterable[str | None]) -> "pd.Series[pd.Timestamp]":
    return pd.to_datetime(pd.Series([*days], dtype="object"), format="ISO8601")


def _texts(values: Iterable[str | None]) -> NDArray[np.object_]:
    return np.array([v if isinstance(v, str) else "" for v in values], object)
