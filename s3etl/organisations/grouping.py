"""Groups of records that grow by joining two, without joining what is known to be different.

Which pairs are tried, and in which order, is decided in :mod:`s3etl.organisations.duplicates`.
"""

from collections import defaultdict
from collections.abc import Sequence

from s3etl.errors import CatalogueError
from s3etl.organisations.method import OrganisationMethod
from s3etl.organisations.pairs import Organisation, told_apart


class Groups:
    """Disjoint groups of positions; each record is alone at first.

    Attributes:
        of: Group of each position.
        members: Positions of each group.
    """

    def __init__(
        self,
        found: Sequence[Organisation],
        method: OrganisationMethod,
        different: set[tuple[int, int]],
    ) -> None:
        self.of = list(range(len(found)))
        self.members = {i: [i] for i in self.of}
        self._found = found
        self._method = method
        self._different = different
        self._alias = list(self.of)

    def joined(self, i: int, j: int) -> bool:
        """Tell whether two records are in one group."""
        return self.of[i] == self.of[j]

    def join(self, i: int, j: int) -> None:
        """Put the groups of two records together."""
        into, other = sorted((self.of[i], self.of[j]))
        if into != other:
            for member in self.members[other]:
                self.of[member] = into
            self.members[into] += self.members.pop(other)

    def settle(self) -> None:
        """Take what is joined so far as decided: names of one organisation, however different.

        Raises:
            CatalogueError: Two of them are decided to be different as well.
        """
        self._alias = list(self.of)
        for i, j in sorted(self._different):
            if self.joined(i, j):
                a, b = sorted((self._found[i].key, self._found[j].key))
                raise CatalogueError(
                    f"decisions: {':'.join(a)} and {':'.join(b)} are decided to be different, "
                    "and the same by way of others; take one decision out."
                )

    def may_join(self, i: int, j: int) -> bool:
        """Tell whether no two records of the two groups are known, or named, to be different.

        Of records that were decided to be one, one name that agrees is enough.
        """
        agree: dict[tuple[int, int], bool] = defaultdict(bool)
        for a in self.members[self.of[i]]:
            for b in self.members[self.of[j]]:
                if (min(a, b), max(a, b)) in self._different:
                    return False
                apart = told_apart(self._found[a], self._found[b], self._method)
                agree[self._alias[a], self._alias[b]] |= not apart
        return all(agree.values())

    def kept(self) -> list[int]:
        """Return for each position the record its group keeps: best register, then id."""
        key = [(self._method.rank(o.key[0]), o.key) for o in self._found]
        best = {g: min(members, key=key.__getitem__) for g, members in self.members.items()}
        return [best[group] for group in self.of]
