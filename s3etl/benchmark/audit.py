"""The audit of a composite's coherence, before anything is said about its uncertainty.

Correlations, collinear pairs, reliability, components, effective weights and what each node
does to the ranks (methodology 8, step 5). Nothing is decided here: limits are flagged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from s3etl.benchmark.composite import Composite
from s3etl.benchmark.declaration import Coherence
from s3etl.benchmark.ranks import positions, settled
from s3etl.benchmark.scoring import Aggregate
from s3etl.benchmark.treatment import moments
from s3etl.benchmark.weights import principal_components
from s3etl.errors import CatalogueError, Unfit

Values = NDArray[np.float64]
Kind = Literal["pearson", "spearman", "kendall"]
KINDS: Final[tuple[Kind, ...]] = ("pearson", "spearman", "kendall")


def correlation(first: Values, second: Values, kind: Kind = "pearson") -> Values:
    """Correlate columns one by one, each pair over the units that have both.

    Args:
        first: Axes (units, pairs).
        second: The same.
        kind: ``pearson``, ``spearman`` (of average ranks) or ``kendall`` (τ-b, which allows for
            ties).

    Returns:
        Axis (pairs); NaN where fewer than two units have both, or one does not vary.
    """
    both = np.isfinite(first) & np.isfinite(second)
    a, b = np.where(both, first, np.nan), np.where(both, second, np.nan)
    if kind == "spearman":
        a, b = positions(a, ties="average"), positions(b, ties="average")
    if kind == "kendall":
        i, j = np.triu_indices(len(a), 1)
        # −1, 0 or 1 for each two units; 0 also where one has a gap.
        a, b = (np.nan_to_num(np.sign(x[i] - x[j])) for x in (settled(a, 0), settled(b, 0)))
    else:
        count = np.maximum(both.sum(axis=0), 1)
        a, b = (np.nan_to_num(x - np.nansum(x, axis=0) / count) for x in (a, b))
    size = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    out = np.full(size.shape, np.nan)
    np.divide((a * b).sum(axis=0), size, out=out, where=size > 0)
    return out


def cronbach_alpha(values: Values) -> float:
    """Cronbach's α: how far members measure one thing, k/(k−1) (1 − Σ variances / Σ covariances).

    Args:
        values: Axes (units, members), all pointing the same way; covariances are taken over the
            units that have both members.

    Returns:
        α, or NaN for fewer than two members, or two that no two units have both.
    """
    k = values.shape[1]
    there = np.isfinite(values)
    x = np.where(there, values, 0.0)
    n = there.T.astype(float) @ there
    if k < 2 or (n < 2).any():
        return float("nan")
    sums = x.T @ there
    # Covariance of each pair over its own units; sums[i, j] is of i over the units of both.
    covariance = (x.T @ x - sums * sums.T / n) / (n - 1)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))


def describe(frame: pd.DataFrame) -> pd.DataFrame:
    """Describe indicators: what is there, what is zero, what repeats, and their shape.

    Args:
        frame: A column per indicator, for example ``composite.after("impute")``.

    Returns:
        One row per indicator: ``min``, ``max``, ``mean``, ``median``, ``sd`` (n − 1), ``skew``,
        ``kurtosis`` (both corrected for sample size), ``available``, ``non_zero`` (of those),
        ``different`` values, ``same`` (how often the most frequent one occurs).
    """
    skew, kurtosis = moments(frame.to_numpy(float))
    counts = [column.value_counts() for _, column in frame.items()]
    return pd.DataFrame(
        {
            "min": frame.min(),
            "max": frame.max(),
            "mean": frame.mean(),
            "median": frame.median(),
            "sd": frame.std(ddof=1),
            "skew": skew,
            "kurtosis": kurtosis,
            "available": frame.notna().sum(),
            "non_zero": (frame.notna() & (frame != 0)).sum(),
            "different": [len(count) for count in counts],
            "same": [count.max() if len(count) else 0 for count in counts],
        },
        index=frame.columns,
    )


def availability(frame: pd.DataFrame) -> pd.DataFrame:
    """Describe units: how many indicators are missing or zero.

    Args:
        frame: A row per unit, a column per indicator.

    Returns:
        One row per unit: ``missing``, ``zero``, ``available`` (share of the indicators that is
        there) and ``non_zero`` (share of those that is not zero).
    """
    there = frame.notna().sum(axis=1)
    zero = (frame == 0).sum(axis=1)
    return pd.DataFrame(
        {
            "missing": frame.shape[1] - there,
            "zero": zero,
            "available": there / frame.shape[1],
            "non_zero": 1 - zero / there.where(there > 0),
        }
    )


@dataclass(frozen=True)
class Audit:
    """What the audit found; tables with a row per finding.

    Attributes:
        items: Correlation of every node with its parent (``node``, ``parent``, ``pearson``,
            ``spearman``, ``kendall``) and whether it is weak (``weak``).
        pairs: Correlation of every two indicators (``first``, ``second``, ``pearson``) and
            whether they are collinear (``collinear``).
        reliability: Cronbach's α of every aggregate (``node``, ``members``, ``alpha``).
        components: Principal components of the members of every aggregate (``node``,
            ``component``, ``sd``, ``share`` of variance), over units without a gap; none of an
            aggregate whose members do not all vary over two such units.
        weights: Weights declared and effective, by node.
        without: Mean absolute shift of the ranks in the index, and its correlation
            (``spearman``) with the index, when a node is left out (``node``, ``shift``).
    """

    items: pd.DataFrame
    pairs: pd.DataFrame
    reliability: pd.DataFrame
    components: pd.DataFrame
    weights: pd.DataFrame
    without: pd.DataFrame


def audit(
    composite: Composite, *, limits: Coherence | None = None, year: int | None = None
) -> Audit:
    """Audit a composite (methodology 8, step 5).

    Args:
        composite: The composite.
        limits: Correlations that are flagged; those of the methodology if not given.
        year: The year audited; the newest if not given.

    Raises:
        CatalogueError: The composite has no such year.
    """
    limits = limits or Coherence()
    nodes = in_year(composite.after("aggregate"), year)
    tree = composite.hierarchy
    below = [(n.code, n.parent) for level in tree.levels for n in level if n.parent]
    return Audit(
        items=_items(nodes, below, limits.least_item),
        pairs=_pairs(nodes[list(tree.indicators)], limits.most_pair),
        reliability=pd.DataFrame(
            [
                (node, len(members), cronbach_alpha(nodes[list(members)].to_numpy(float)))
                for node, members in _families(composite)
            ],
            columns=["node", "members", "alpha"],
        ),
        components=components(nodes, _varying(composite, nodes)),
        weights=composite.effective_weights,
        without=left_out(composite, [node for node, _ in below], year=year),
    )


def left_out(
    composite: Composite, nodes: Iterable[str], *, year: int | None = None
) -> pd.DataFrame:
    """Measure what leaving a node out does to the ranks in the index.

    Args:
        composite: The composite.
        nodes: Codes of the nodes, one left out at a time; one without siblings is passed over.
        year: The year compared; the newest if not given.

    Returns:
        One row per node: ``node``, ``shift`` (mean absolute difference of ranks of the units
        ranked both times; NaN if none is) and ``spearman`` (correlation of scores with and
        without it).
    """
    tree = composite.hierarchy
    parents = {node.code: node.parent for level in tree.levels for node in level}
    gone = next(step.without for step in composite.steps if isinstance(step, Aggregate))
    before, base = _index(composite, year)
    rows = []
    for node in nodes:
        if len(tree.members(parents[node] or "")) < 2:
            continue
        ranks, scores = _index(composite.regenerate("aggregate", without=(*gone, node)), year)
        rho = correlation(base[:, None], scores[:, None], "spearman")
        moved = np.abs(ranks - before)
        moved = moved[np.isfinite(moved)]
        rows.append((node, float(moved.mean()) if moved.size else np.nan, float(rho[0])))
    return pd.DataFrame(rows, columns=["node", "shift", "spearman"])


def components(frame: pd.DataFrame, families: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Principal components of the members of each node, over the units that have them all.

    Args:
        frame: A row per unit, a column per member.
        families: Members by node.

    Returns:
        One row per component: ``node``, ``component`` (from 1), ``sd``, ``share`` of variance.

    Raises:
        Unfit: A member does not vary over those units, or there are fewer than two of them.
    """
    rows = []
    for node, members in families.items():
        try:
            found = principal_components(frame[list(members)].to_numpy(float))
        except ValueError as error:
            raise Unfit(f"{node}: {error}; leave it out of the audit.") from None
        pairs = zip(found.sd, found.share, strict=True)
        rows += [(node, k, float(sd), float(share)) for k, (sd, share) in enumerate(pairs, 1)]
    return pd.DataFrame(rows, columns=["node", "component", "sd", "share"])


def in_year(frame: pd.DataFrame, year: int | None) -> pd.DataFrame:
    """Return the rows of one year of a table by year and unit; the newest if none is named.

    Raises:
        CatalogueError: The table has no such year.
    """
    if frame.index.nlevels == 1:
        return frame
    years = frame.index.get_level_values(0)
    year = int(years.max()) if year is None else year
    if year not in years:
        raise CatalogueError(f"There is no year {year}; name one of {years.min()}–{years.max()}.")
    return frame.loc[years == year].droplevel(0)


def _families(composite: Composite) -> list[tuple[str, tuple[str, ...]]]:
    tree = composite.hierarchy
    return [(node, tree.members(node)) for node in tree.aggregates]


def _varying(composite: Composite, nodes: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Families whose members all vary over the units without a gap."""
    found = {}
    for node, members in _families(composite):
        whole = nodes[list(members)].dropna()
        if len(whole) > 1 and (whole.max() > whole.min()).all():
            found[node] = members
    return found


def _index(composite: Composite, year: int | None) -> tuple[Values, Values]:
    """Ranks and scores in the index."""
    index = composite.hierarchy.index
    ranks, scores = (in_year(frame, year) for frame in (composite.ranks, composite.scores))
    return ranks[index].to_numpy(float, na_value=np.nan), scores[index].to_numpy(float)


def _items(nodes: pd.DataFrame, below: list[tuple[str, str]], least: float) -> pd.DataFrame:
    items, parents = (list(side) for side in zip(*below, strict=True))
    first, second = nodes[items].to_numpy(float), nodes[parents].to_numpy(float)
    frame = pd.DataFrame({"node": items, "parent": parents})
    for kind in KINDS:
        frame[kind] = correlation(first, second, kind)
    return frame.assign(weak=~(frame["pearson"] > least))


def _pairs(indicators: pd.DataFrame, most: float) -> pd.DataFrame:
    codes, values = indicators.columns.to_numpy(), indicators.to_numpy(float)
    i, j = np.triu_indices(len(codes), 1)
    found = correlation(values[:, i], values[:, j])
    frame = pd.DataFrame({"first": codes[i], "second": codes[j], "pearson": found})
    return frame.assign(collinear=frame["pearson"].abs() > most)
