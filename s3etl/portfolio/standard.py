"""The columns of methodology 9 that every table of regions made of the portfolio carries.

What the figures rest on, region by region; the figures themselves are not known here.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.observations import status_of
from s3etl.portfolio.cells import Floats, State
from s3etl.portfolio.economy import Economy
from s3etl.portfolio.estimate import Portfolio
from s3etl.portfolio.method import PortfolioMethod

IMPUTED_STEP: Final = 0.05
"""Step of imputed shares. A finer one would tell the total of a region, and that a hidden cell."""
FILLED: Final = "filled"
"""What ``imputed`` says of a figure that rests on filled cells (methodology 3.2)."""
NACE: Final = "2"


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


SOURCE: Final = (
    _field("nace_version", pa.string(), "NACE version"),
    _field("obs_status", pa.string(), "SDMX: I imputed in part, E estimated territory, A normal"),
    _field("conf_status", pa.string(), "SDMX: F free, C confidential"),
    _field("source_updated", pa.string(), "when the provider last updated the series"),
    _field("source_hash", pa.string(), "hash of its snapshot"),
    _field("method_version", pa.string(), "version of the portfolio's method"),
)
IMPUTATION: Final = (
    _field("imputed", pa.string(), "filled where cells behind it are, else none"),
    _field("imputed_share", pa.float64(), "share of its employment that is filled, at most"),
    _field("margins_met", pa.bool_(), "whether filled cells of its country meet all its margins"),
    _field("coverage", pa.float64(), "share of its divisions that are published"),
)


def standard(portfolio: Portfolio, method: PortfolioMethod) -> dict[str, NDArray[Any]]:
    """Return the columns of :data:`SOURCE` and :data:`IMPUTATION` for R regions."""
    economy = portfolio.economy
    some = portfolio.imputed_share > 0
    return {
        **_source(economy, method),
        "obs_status": np.where(some, "I", np.where(economy.divided, "E", "A")).astype(object),
        "conf_status": np.full(len(some), "F", object),
        "imputed": np.where(some, FILLED, "none").astype(object),
        "imputed_share": upwards(portfolio.imputed_share),
        "margins_met": np.asarray(portfolio.converged)[economy.employment.country],
        "coverage": np.round(economy.employment.published.mean(axis=1), 3),
    }


def of_cells(economy: Economy, method: PortfolioMethod) -> dict[str, NDArray[Any]]:
    """Return the columns of :data:`SOURCE` for cells, R × S, each with its own status."""
    state = economy.employment.state
    flags, which = np.unique(economy.flags.astype(str), return_inverse=True)
    missing = state >= State.NOT_APPLICABLE
    told = np.array([[status_of(flag, gone)[0] for gone in (False, True)] for flag in flags])
    status = told[which.reshape(state.shape), missing.astype(int)].astype(object)
    status[state == State.NOT_APPLICABLE] = "M"
    secret = state == State.CONFIDENTIAL
    status[secret] = "Q"
    wide = {name: column[:, None] for name, column in _source(economy, method).items()}
    return {
        **{name: np.broadcast_to(column, state.shape) for name, column in wide.items()},
        "obs_status": status,
        "conf_status": np.where(secret, "C", "F").astype(object),
    }


def _source(economy: Economy, method: PortfolioMethod) -> dict[str, NDArray[Any]]:
    count = len(economy.regions)
    return {
        "nace_version": np.full(count, NACE, object),
        "source_updated": np.full(count, economy.source_updated, object),
        "source_hash": np.full(count, economy.source_hash, object),
        "method_version": np.full(count, method.version, object),
    }


def upwards(share: Floats) -> Floats:
    """Return shares rounded up to steps, so that 0 is none at all."""
    steps = np.ceil(np.round(share / IMPUTED_STEP, 9))
    return np.asarray(np.round(steps * IMPUTED_STEP, 2))
