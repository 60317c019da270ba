"""How unequal plants are: CV² of their sizes and the plant Herfindahl index (methodology 3.4, 3.6).

Size classes in, numbers by division out; what they are used for is known elsewhere.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from s3etl.portfolio.arrays import Floats, amounts, divide
from s3etl.portfolio.method import SizeClasses


def size_class_cv2(
    units: ArrayLike, persons: ArrayLike, lowest: ArrayLike, highest: ArrayLike
) -> Floats:
    """CV² = N Σ n_k (m_k² + v_k)/E² − 1, of sizes told by classes with mean m_k = e_k/n_k.

    Within a class of a first and a last size a and b, v_k = (b − m_k)(m_k − a)/3: what a
    uniform distribution has, and nothing where all are at one end. In the open class the
    excess over a is exponential: v_k = (m_k − a)². Choices of the project [P].

    Args:
        units: n, plants (or enterprises), (…, classes).
        persons: e, persons employed in them, same axes.
        lowest: a, persons, (classes,).
        highest: b, persons, (classes,); infinite for an open class.

    Returns:
        By (…); NaN where a class is not known, or where there is no plant or no person.

    Raises:
        ValueError: An amount is negative or infinite.
    """
    n, e, a = amounts(units), amounts(persons), amounts(lowest)
    b = np.asarray(highest, np.float64)
    mean = divide(e, np.where(n > 0, n, np.nan))
    over = np.maximum(0.0, mean - a)
    room = np.where(np.isfinite(b), np.maximum(0.0, b - mean) / 3, over)
    second = np.where(n == 0, 0.0, n * (mean**2 + room * over))
    whole = np.where((n == 0) & np.isnan(e), 0.0, e).sum(axis=-1)
    whole = np.where(whole > 0, whole, np.nan)
    return np.asarray(np.maximum(0.0, divide(n.sum(axis=-1) * second.sum(axis=-1), whole**2) - 1))


def plant_herfindahl(cv2: ArrayLike, plants: ArrayLike) -> Floats:
    """H = (1 + CV²)/N, the sum of squared shares of N plants (methodology 3.6).

    Args:
        cv2: CV² of their sizes, any axes.
        plants: N, same axes.

    Returns:
        At most 1, which is one plant; NaN where an input is, or where N is 0.

    Raises:
        ValueError: An amount is negative or infinite.
    """
    count = amounts(plants)
    return np.minimum(1.0, divide(1 + amounts(cv2), np.where(count > 0, count, np.nan)))


def cv2_of_divisions(
    observations: pa.Table,
    declared: SizeClasses,
    year: str,
    divisions: NDArray[Any],
    countries: Sequence[str],
) -> Floats:
    """Return CV² of divisions, S: over the countries that publish all classes of the division.

    Args:
        observations: Observations of the size classes; series are NACE, class and indicator
            code, by points.
        declared: Codes and bounds of the classes.
        year: The year.
        divisions: S, NACE divisions.
        countries: Countries that are taken.
    """
    names = ("series", "geo", "period", "value", "conf_status")
    texts = {n: observations.column(n) for n in names}
    frame = pd.DataFrame(
        {n: (c.cast(pa.string()) if n != "value" else c).to_pandas() for n, c in texts.items()}
    )
    frame = frame[
        (frame["period"] == year)
        & frame["geo"].isin(list(countries))
        & (frame["conf_status"] != "C")  # a confidential value is never used
    ]
    keys = frame["series"].str.split(".", n=2, expand=True).reindex(columns=range(3))
    classes = list(declared.classes)
    axes = [list(divisions), list(countries), classes, [declared.units, declared.employment]]
    columns: list[Any] = [keys[0], frame["geo"], keys[1], keys[2]]
    places = [pd.Index(axis).get_indexer(codes) for axis, codes in zip(axes, columns, strict=True)]
    there = np.all([place >= 0 for place in places], axis=0)
    wide = np.full([len(axis) for axis in axes], np.nan)
    wide[tuple(place[there] for place in places)] = frame["value"].to_numpy(float)[there]
    whole = np.isfinite(wide).all(axis=(2, 3), keepdims=True)
    total = np.where(whole, wide, 0.0).sum(axis=1)
    bounds = list(declared.classes.values())
    return size_class_cv2(
        total[..., 0],
        total[..., 1],
        [b[0] for b in bounds],
        [b[1] if len(b) > 1 else np.inf for b in bounds],
    )
