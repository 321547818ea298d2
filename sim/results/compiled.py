"""The inner loops of counting draws, compiled; see `sim.results.kernels`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.results.kernels import FloatArray, Sums


@njit(nogil=True, cache=True, error_model="numpy")
def moments(values: NDArray[np.generic], origin: FloatArray, first: int, batches: int) -> Sums:
    """See `Kernels.moments`."""
    cells, draws = values.shape
    count, total, squares = np.zeros((batches, cells)), np.zeros((batches, cells)), np.zeros((batches, cells))
    there, one, two = np.empty(batches), np.empty(batches), np.empty(batches)
    for cell in range(cells):
        one[:], two[:] = 0.0, 0.0
        for start in range(0, draws - draws % batches, batches):  # so that a batch is a place in a vector
            for place in range(batches):
                away = np.float64(values[cell, start + place]) - origin[cell]
                one[place] += away
                two[place] += away * away
        there[:] = draws // batches
        for place in range(draws % batches):
            away = np.float64(values[cell, draws - draws % batches + place]) - origin[cell]
            there[place] += 1.0
            one[place] += away
            two[place] += away * away
        if not np.isfinite(two.sum()):
            _with_gaps(values[cell], origin[cell], there, one, two)
        for place in range(batches):
            row = (first + place) % batches
            count[row, cell], total[row, cell], squares[row, cell] = there[place], one[place], two[place]
    return count, total, squares


@njit(nogil=True, cache=True, error_model="numpy")
def _with_gaps(values: NDArray[np.generic], origin: float, there: FloatArray, one: FloatArray, two: FloatArray) -> None:
    """The same of a cell that is missing in some draws, or infinite."""
    there[:], one[:], two[:] = 0.0, 0.0, 0.0
    for draw in range(len(values)):
        place, away = draw % len(there), np.float64(values[draw]) - origin
        if not np.isnan(away):
            finite = np.nan if np.isinf(away) else away
            there[place] += 1.0
            one[place] += finite
            two[place] += finite * finite


@njit(nogil=True, cache=True)
def bars(values: NDArray[np.integer], first: int, counts: NDArray[np.uint32], first_bar: int, shift: int) -> None:
    """See `Kernels.bars`."""
    rows = len(counts)
    row = first % rows
    for value in values:
        counts[row, (value >> shift) - first_bar] += np.uint32(1)
        row = row + 1 if row + 1 < rows else 0
