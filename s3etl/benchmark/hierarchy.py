"""A hierarchy of indicators as arrays: levels, parents, weights, directions.

Indicators are level 1, their parents level 2, and so on up to the one index. Checked when it is
made; no values and no aggregation here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from s3etl.errors import CatalogueError

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Node:
    """An indicator, or an aggregate of others.

    Attributes:
        code: Its name in tables.
        parent: The aggregate it belongs to; none for the index.
        weight: Its weight among its siblings; only ratios count.
        direction: +1 where more is better, −1 where less is; of aggregates always +1.
        title: Its name for people.
    """

    code: str
    parent: str | None
    weight: float = 1.0
    direction: int = 1
    title: str = ""


@dataclass(frozen=True)
class Hierarchy:
    """Nodes, level by level, in declared order within a level.

    Attributes:
        levels: Nodes of each level, the indicators first and the index last.
    """

    levels: tuple[tuple[Node, ...], ...]

    @classmethod
    def of(cls, nodes: Iterable[Node]) -> Self:
        """Arrange nodes into levels.

        Args:
            nodes: In any order; the one without a parent is the index, those that are nobody's
                parent are indicators.

        Raises:
            CatalogueError: A code occurs twice, a parent does not exist, nodes form a cycle, an
                aggregate has no members or members of different levels, there is not exactly
                one index, or a weight or direction is not a number it can be.
        """
        every = list(nodes)
        _check(every)
        by_code = {node.code: node for node in every}
        depth = {node.code: _depth(node, by_code) for node in every}
        if not every:
            raise CatalogueError("The hierarchy has no nodes: declare an index and its members.")
        parents = {node.parent for node in every}
        top = max(depth.values())
        for node in every:
            if node.code not in parents and depth[node.code] != top:
                raise CatalogueError(
                    f"{node.code}: it has no members and does not stand at the level of the "
                    "indicators; give it members, or remove it."
                )
        ordered = [[n for n in every if depth[n.code] == d] for d in range(top, -1, -1)]
        if turned := [n.code for level in ordered[1:] for n in level if n.direction < 0]:
            raise CatalogueError(
                f"{turned[0]}: it is an aggregate, in whose scores more is always better; give "
                "direction -1 to its indicators instead."
            )
        if top == 0:
            raise CatalogueError(f"{every[0].code}: the index has no members; give it some.")
        return cls(tuple(tuple(level) for level in ordered))

    @cached_property
    def indicators(self) -> tuple[str, ...]:
        """Codes of the indicators, in the order of the columns of every array."""
        return self.codes(1)

    @cached_property
    def aggregates(self) -> tuple[str, ...]:
        """Codes of all aggregates, level by level, the index last."""
        return tuple(node.code for level in self.levels[1:] for node in level)

    @property
    def index(self) -> str:
        """Code of the index."""
        return self.levels[-1][0].code

    @cached_property
    def direction(self) -> Values:
        """+1 or −1, axis (indicators)."""
        return np.array([node.direction for node in self.levels[0]], float)

    def codes(self, level: int) -> tuple[str, ...]:
        """Codes of one level; 1 is that of the indicators."""
        return tuple(node.code for node in self.levels[level - 1])

    def level_of(self, code: str) -> int:
        """Level of a node; 1 is that of the indicators.

        Raises:
            CatalogueError: There is no such node.
        """
        for number, level in enumerate(self.levels, 1):
            if any(node.code == code for node in level):
                return number
        raise CatalogueError(f"{code} is not part of {self.index}; name one of its nodes.")

    def members(self, code: str) -> tuple[str, ...]:
        """Codes of the nodes directly below an aggregate."""
        return tuple(
            node.code for level in self.levels[:-1] for node in level if node.parent == code
        )

    def leaves(self, code: str) -> tuple[str, ...]:
        """Codes of the indicators at or below a node, in their order."""
        found = {code}
        for level in reversed(self.levels):
            found |= {node.code for node in level if node.parent in found}
        return tuple(name for name in self.indicators if name in found)

    def membership(self, level: int) -> Values:
        """Whether a node of a level belongs to a node of the next, axes (members, parents)."""
        parents: NDArray[np.str_] = np.array(self.codes(level + 1))
        its = np.array([node.parent for node in self.levels[level - 1]])
        out: Values = (its[:, None] == parents).astype(float)
        return out

    def weights(self, level: int) -> Values:
        """Declared weights of a level, axis (members)."""
        return np.array([node.weight for node in self.levels[level - 1]], float)

    def effective(self, level: int) -> Values:
        """Share of each node of a level in the index, axes (nodes); they sum to 1.

        The product of its own weight and those of all nodes above it, each divided by the sum
        over its siblings.
        """
        share = np.ones(1)
        for lower in range(len(self.levels) - 1, level - 1, -1):
            matrix = self.membership(lower) * self.weights(lower)[:, None]
            share = matrix / matrix.sum(axis=0) @ share
        return share

    def weighted(self, weights: Mapping[str, float]) -> "Hierarchy":
        """Return the hierarchy with other weights for the nodes named.

        Raises:
            CatalogueError: A node does not exist, or a weight is not above 0.
        """
        for code in weights:
            self.level_of(code)
        changed = [
            replace(node, weight=float(weights.get(node.code, node.weight)))
            for level in self.levels
            for node in level
        ]
        return Hierarchy.of(changed)

    def without(self, codes: Sequence[str]) -> "Hierarchy":
        """Return the hierarchy without some nodes and everything below them.

        Raises:
            CatalogueError: A node does not exist, or an aggregate is left without members.
        """
        for code in codes:
            if self.level_of(code) == len(self.levels):
                raise CatalogueError(f"{code} is the index; leave out nodes below it.")
        gone = set(codes)
        for level in reversed(self.levels):
            gone |= {node.code for node in level if node.parent in gone}
        left = [node for level in self.levels for node in level if node.code not in gone]
        for node in left:
            if self.members(node.code) and not set(self.members(node.code)) - gone:
                raise CatalogueError(
                    f"{node.code}: all its members are left out; leave it out instead."
                )
        return Hierarchy.of(left)


def _check(nodes: Sequence[Node]) -> None:
    codes = Counter(node.code for node in nodes)
    if twice := [code for code, count in codes.items() if count > 1]:
        raise CatalogueError(f"{twice[0]} is declared twice; every node needs a code of its own.")
    for node in nodes:
        if node.parent is not None and node.parent not in codes:
            raise CatalogueError(
                f"{node.code}: its parent {node.parent} is not declared; declare it, or name "
                "another."
            )
        if not (np.isfinite(node.weight) and node.weight > 0):
            raise CatalogueError(
                f"{node.code}: its weight is {node.weight:g}; give it a number above 0, or leave "
                "the node out."
            )
        if node.direction not in {1, -1}:
            raise CatalogueError(
                f"{node.code}: its direction is {node.direction:g}; give 1 where more is better, "
                "-1 where less is, or leave a context indicator out."
            )
    top = [node.code for node in nodes if node.parent is None]
    if len(top) > 1:
        raise CatalogueError(
            f"{' and '.join(top)} have no parent; only the index has none, so name theirs."
        )


def _depth(node: Node, by_code: Mapping[str, Node]) -> int:
    """Return how many levels a node stands below the index."""
    path = [node.code]
    while node.parent is not None:
        node = by_code[node.parent]
        if node.code in path:
            circle = " -> ".join([*path[path.index(node.code) :], node.code])
            raise CatalogueError(f"{circle}: parents go round in a circle; break it.")
        path.append(node.code)
    return len(path) - 1
