"""Supposed shocks, as declared in ``scenarios/``: which share of a division's jobs is at risk.

Assumptions of whoever wrote them, each with its reason; replays of the past are computed in
:mod:`s3etl.portfolio.scenario`.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from s3etl.declarations import Declaration, read_folder
from s3etl.portfolio.scenario import Scenario

FOLDER: Final = Path(__file__).with_name("scenarios")
LEAST_DIVISIONS: Final = 3
"""Fewest divisions of a vector. The share of a region's jobs that one of a single division puts
at risk is that division's share, which may be hidden."""

Division = Annotated[str, Field(pattern=r"^[B-S][0-9]{2}$")]
Share = Annotated[float, Field(gt=0, le=1)]


class ShockVector(Declaration):
    """One file of ``scenarios/``.

    Attributes:
        title: What it supposes, in one sentence.
        why: Where the shares come from.
        shock: δ, share of jobs at risk by NACE Rev. 2 division such as ``C24``; divisions that
            are not named have none.
    """

    title: str = Field(min_length=1)
    why: str = Field(min_length=1)
    shock: dict[Division, Share] = Field(min_length=LEAST_DIVISIONS)


@cache
def shock_vectors(folder: Path = FOLDER) -> dict[str, ShockVector]:
    """Read the declared vectors by id.

    Raises:
        CatalogueError: One is wrong; file and field are named.
    """
    return read_folder(folder, ShockVector)


def supposed(vector: ShockVector, divisions: NDArray[np.str_]) -> Scenario:
    """Return a declared vector over the divisions of a portfolio; what is not there is not used."""
    delta = np.array([vector.shock.get(str(d), 0.0) for d in divisions.tolist()])
    return Scenario(vector.id, vector.title, divisions, delta)
