"""Mean and standard deviation in one pass over chunks of draws, by batch."""

import numpy as np
from numpy.typing import NDArray

from sim.results.batches import Batches

FloatArray = NDArray[np.float64]


class Moments:
    """Running sums about each cell's first value, so that a certain cell has a spread of exactly 0."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._origin: FloatArray | None = None
        self._count = np.zeros(max(batches.number, 1))
        self._sums: FloatArray | None = None

    def add(self, values: FloatArray, first_draw: int) -> None:
        """Take in the values of neighbouring draws: [draw, …]."""
        if self._origin is None:
            self._origin = values[0].copy()
            self._sums = np.zeros((2, max(self._batches.number, 1), *values.shape[1:]))
        assert self._sums is not None
        away = values - self._origin
        parts = self._batches.split(away, first_draw) if self._batches.number else [away]
        for batch, part in enumerate(parts):
            self._count[batch] += len(part)
            self._sums[0, batch] += part.sum(axis=0)
            self._sums[1, batch] += np.square(part).sum(axis=0)

    def mean(self) -> FloatArray:
        """The mean over all draws: […]."""
        assert self._sums is not None
        assert self._origin is not None
        mean: FloatArray = self._origin + self._sums[0].sum(axis=0) / self._count.sum()
        return mean

    def sd(self) -> tuple[FloatArray, FloatArray]:
        """The standard deviation over all draws, and its Monte Carlo error: […] each."""
        assert self._sums is not None
        count = self._count.reshape(-1, *[1] * (self._sums.ndim - 2))
        by_batch = _spread(count, *self._sums)
        return _spread(count.sum(axis=0), *self._sums.sum(axis=1)), self._batches.error(by_batch)


def _spread(count: FloatArray, total: FloatArray, squares: FloatArray) -> FloatArray:
    variance = (squares - np.square(total) / count) / np.maximum(count - 1, 1)
    return np.sqrt(np.maximum(variance, 0))
