"""Base editions: goalposts and limits of one edition, frozen for those that follow.

Reads and writes the files of ``s3etl/composites/bases`` (methodology 8, step 2); what they hold
was computed by :meth:`s3etl.benchmark.composite.Composite.freeze`.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import model_validator

from s3etl.benchmark.prepare import Treat
from s3etl.benchmark.scoring import Normalise
from s3etl.benchmark.state import Operation
from s3etl.declarations import Declaration, read_declaration
from s3etl.errors import CatalogueError


class Base(Declaration):
    """One file of ``s3etl/composites/bases``.

    Attributes:
        composite: The composite it belongs to.
        edition: Year of its own edition.
        limits: Limits of the step treat, as the attribute of that name.
        posts: Goalposts of the step normalise, likewise.
    """

    composite: str
    edition: int
    limits: dict[str, tuple[float | None, float | None, bool]]
    posts: dict[str, tuple[float, float]]

    @model_validator(mode="after")
    def _of_the_same(self) -> Self:
        Treat(limits=self.limits)  # refuses what is in the wrong order, or no number
        Normalise(posts=self.posts)
        if apart := sorted(self.limits.keys() ^ self.posts.keys()):
            raise ValueError(f"{apart[0]} has limits or goalposts and not both; freeze them again")
        return self

    def written_in(
        self, composite: str, version: str, steps: Iterable[Operation], *, editions: int
    ) -> tuple[Operation, ...]:
        """Return the steps with the frozen limits and goalposts written in.

        Args:
            composite: Id of the composite.
            version: Its version, which begins with the year of the edition.
            steps: Its steps.
            editions: How many a base serves, its own the first; there is one a year.

        Raises:
            CatalogueError: The base is not of this composite, or served its editions.
        """
        year, last = version.partition(".")[0], self.edition + editions - 1
        if composite != self.composite:
            raise CatalogueError(f"The base {self.id} is of {self.composite}; name one of its own.")
        if not (year.isdecimal() and self.edition <= int(year) <= last):
            raise CatalogueError(
                f"The base {self.id} serves the editions {self.edition} to {last}, and the version "
                f"is {version}; freeze a new base, or begin the version with one of these years."
            )
        frozen: dict[str, dict[str, Any]] = {
            "treat": {"limits": self.limits},
            "normalise": {"posts": self.posts},
        }
        return tuple(step.model_copy(update=frozen.get(step.step, {})) for step in steps)


def read_base(folder: Path, name: str) -> Base:
    """Read a base edition.

    Raises:
        CatalogueError: There is no such file, or it is wrong.
    """
    path = folder / f"{name}.yaml"
    if not path.exists():
        raise CatalogueError(f"The base {name} is not there: {path}; freeze one, or name another.")
    return read_declaration(path, Base)


def base_text(composite: str, edition: int, log: Iterable[Mapping[str, Any]]) -> str:
    """Return the file of a base edition.

    Args:
        composite: The composite.
        edition: Year of the edition.
        log: Rows of the table ``index_step`` of that edition (``step``, ``arguments`` as JSON).

    Raises:
        CatalogueError: The log has no frozen limits and goalposts.
    """
    steps = {row["step"]: json.loads(row["arguments"]) for row in log}
    limits = steps.get("treat", {}).get("limits")
    posts = steps.get("normalise", {}).get("posts")
    if not (limits and posts):
        raise CatalogueError(
            f"{composite}: its log has no limits or goalposts to freeze; let treat and normalise "
            "pool a number of years, and run again."
        )
    lines = [
        "# Goalposts and limits of a base window, written by s3etl (methodology 8, step 2).",
        "# Numbers of a release: freeze a new edition beside it rather than edit them.",
        f"composite: {composite}",
        f"edition: {edition}",
    ]
    for name, values in (("limits", limits), ("posts", posts)):
        lines.append(f"{name}:")
        # JSON is YAML, and repr keeps every digit of a number.
        lines += [f"  {code}: {json.dumps(value)}" for code, value in sorted(values.items())]
    return "\n".join(lines) + "\n"
