"""Mean and standard deviation in one pass over chunks of draws, by batch."""

import numpy as np
from numpy.typing import NDArray

from sim.results.batches import Batches
from sim.results.kernels import PLAIN, Kernels, Sums, by_cell
from sim.results.parts import Parts

FloatArray = NDArray[np.float64]

_ALL = slice(None)


class Moments:
    """Running sums about each cell's first value, so that a certain cell has a spread of exactly 0.

    Parameters
    ----------
    batches : how draws fall into independent batches.
    kernels : what adds them up.
    """

    def __init__(self, batches: Batches, kernels: Kernels = PLAIN) -> None:
        self._batches, self._kernels = batches, kernels
        self._origin: FloatArray | None = None
        self._count: FloatArray | None = None
        self._sums: FloatArray | None = None

    def add(self, values: NDArray[np.generic], first_draw: int) -> None:
        """Take in the values of neighbouring draws, [draw, …]; what is missing is left out.

        What is infinite in some draw has no moments.
        """
        if self._origin is None:
            first = values[0].astype(np.float64)
            self._origin = np.where(np.isfinite(first), first, 0.0)
            self._sums = np.zeros((2, self.batches, *values.shape[1:]))
            self._count = np.zeros(self._sums.shape[1:])
        self.add_cells(by_cell(values), first_draw)

    def add_cells(self, values: NDArray[np.generic], first_draw: int) -> None:
        """The same of further draws, [cell, draw]."""
        self.add_sums(self.sums_of(values, first_draw))

    @property
    def origin(self) -> FloatArray:
        """What the sums are about: [cell]."""
        assert self._origin is not None
        return self._origin.ravel()

    @property
    def batches(self) -> int:
        """Batches that sums are kept of: at least one."""
        return max(self._batches.number, 1)

    def sums_of(self, values: NDArray[np.generic], first_draw: int, cells: slice | NDArray[np.int64] = _ALL) -> Sums:
        """What further draws of some cells, [cell, draw], would add; nothing is added."""
        return self._kernels.moments(values, self.origin[cells], first_draw % self.batches, self.batches)

    def add_sums(self, found: Sums) -> None:
        """Take in what `sums_of` gave."""
        assert self._sums is not None
        assert self._count is not None
        for kept, part in zip((self._count, *self._sums), found, strict=True):
            kept += part.reshape(kept.shape)

    def parts(self) -> Parts:
        """What it has taken in, for `add_parts`."""
        assert self._sums is not None
        assert self._count is not None
        return {"count": self._count, "sums": self._sums}

    def add_parts(self, parts: Parts) -> None:
        """Take in what other moments about the same values have."""
        assert self._sums is not None
        assert self._count is not None
        self._count += parts["count"]
        self._sums += parts["sums"]

    def fresh(self) -> "Moments":
        """Moments about the same values, of nothing yet."""
        assert self._sums is not None
        assert self._count is not None
        moments = Moments(self._batches, self._kernels)
        moments._origin, moments._sums = self._origin, np.zeros_like(self._sums)
        moments._count = np.zeros_like(self._count)
        return moments

    def mean(self) -> FloatArray:
        """The mean over all draws: […]."""
        assert self._sums is not None
        assert self._origin is not None
        assert self._count is not None
        mean: FloatArray = self._origin + _over(self._sums[0].sum(axis=0), self._count.sum(axis=0))
        return mean

    def sums(self) -> tuple[FloatArray, FloatArray]:
        """How many draws there are in each batch, and their sum: [batch, …] each."""
        assert self._sums is not None
        assert self._origin is not None
        assert self._count is not None
        return self._count, self._sums[0] + self._count * self._origin

    def by_batch(self) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of each batch: [batch, …] each."""
        assert self._sums is not None
        assert self._origin is not None
        assert self._count is not None
        return self._origin + _over(self._sums[0], self._count), _spread(self._count, *self._sums)

    def sd(self) -> tuple[FloatArray, FloatArray]:
        """The standard deviation over all draws, and its Monte Carlo error: […] each."""
        assert self._sums is not None
        assert self._count is not None
        by_batch = _spread(self._count, *self._sums)
        return _spread(self._count.sum(axis=0), *self._sums.sum(axis=1)), self._batches.error(by_batch)


def _spread(count: FloatArray, total: FloatArray, squares: FloatArray) -> FloatArray:
    variance = (squares - _over(np.square(total), count)) / np.maximum(count - 1, 1)
    return np.where(count > 0, np.sqrt(np.maximum(variance, 0)), np.nan)


def _over(total: FloatArray, count: FloatArray) -> FloatArray:
    """A mean; missing where nothing was."""
    return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0))
