"""Noise: values as they might have been measured, a draw for each replication.

Draws only; how uncertain a value is, is given, and nothing is scored here.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from s3etl.benchmark.state import OWN, State, Values


@dataclass(frozen=True)
class Noises:
    """How uncertain each value is; standard deviations as shares of it, 0 for none.

    Attributes:
        noise: Of measurement, axes (years, units, indicators).
        conversion: Of a split between regions; none if not known.
    """

    noise: Values
    conversion: Values | None = None


class _Source(NamedTuple):
    """One kind of noise; axes (years, indicators, units), indicators in order of their names.

    Attributes:
        sd: Standard deviation in the unit of the value.
        cells: Places of the values that have any, in all axes together.
    """

    sd: Values
    cells: NDArray[np.int64]


@dataclass(frozen=True)
class Noisy:
    """Values that noise comes to.

    Draws go by name: units stand in the order of theirs, indicators are brought into it.

    Attributes:
        values: Axes (years, indicators, units), so that what is compared is next in memory.
        noise: Measurement noise.
        conversion: Noise of conversion.
        by_name: Place of each indicator in the order of names.
    """

    values: Values
    noise: _Source
    conversion: _Source | None
    by_name: NDArray[np.int64] | slice

    @classmethod
    def of(cls, state: State, start: State, noises: Noises, years: slice) -> Self:
        """Prepare the noise of some years.

        Args:
            state: The values after imputation.
            start: The values as they were read. What is missing there has no noise, unless a
                value of the unit's own from another year stands in: that was measured, too.
            noises: How uncertain each is.
            years: The years.
        """
        values = np.ascontiguousarray(np.swapaxes(state.data[years], -1, -2))
        observed = np.isfinite(start.data[years]) | np.isin(state.imputed[years], OWN)
        order = np.argsort(state.hierarchy.indicators)

        def source(share: Values) -> _Source:
            its = np.swapaxes(np.where(observed, share[years], 0.0), -1, -2)[:, order]
            return _Source(np.abs(values)[:, order] * its, np.flatnonzero(its))

        return cls(
            values,
            source(noises.noise),
            None if noises.conversion is None else source(noises.conversion),
            slice(None) if (np.diff(order) > 0).all() else np.argsort(order),
        )

    def drawn(self, noise: NDArray[np.int64], conversion: NDArray[np.int64]) -> Values:
        """Draw values.

        Args:
            noise: Number that each run's draw of measurement noise grows from, axis (runs);
                0 is none.
            conversion: The same of conversion.

        Returns:
            Axes (runs, years, units, indicators).
        """
        out = np.empty((len(noise), *self.values.shape))
        draw = np.empty(self.values.shape)
        for run, values in enumerate(out):
            values[:] = self.values
            for number, source in ((noise[run], self.noise), (conversion[run], self.conversion)):
                if number and source is not None:
                    _standard(int(number), source.cells, draw.reshape(-1))
                    np.multiply(draw, source.sd, out=draw)
                    np.add(values, draw[:, self.by_name], out=values)
        return np.swapaxes(out, -1, -2)


def _standard(number: int, cells: NDArray[np.int64], out: Values) -> None:
    """Fill cells with standard normal draws: a function of the number, whatever was drawn before.

    SFC64 takes a sixth less time than numpy's default, and draws are half of a replication's.
    """
    rng = np.random.Generator(np.random.SFC64(number))
    if cells.size == out.size:
        rng.standard_normal(out=out)
    else:
        out[:] = 0.0
        out[cells] = rng.standard_normal(cells.size)
