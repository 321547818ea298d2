"""Quantiles of gamma distributions by compiled code, within 2e-11 of those of `gamma_quantile`.

Of one shape the quantile is a polynomial of the uniform number on 64 parts of each of its octaves, counted from the
nearer end: the leading bits of the number name the polynomial and the others are its argument, so that neither a
logarithm nor a normal score is needed. Of many shapes the polynomials are those of `gamma_quantile`, each number its
own.
"""

from functools import lru_cache

import numpy as np
from numba import njit, uint64
from numpy.polynomial.polynomial import polyvander
from numpy.typing import NDArray
from scipy.special import gammainccinv, gammaincinv

from sim.draws.streams import FloatArray
from sim.model.trial.gamma_quantile import gamma_quantile

_DEGREE = 4
_BITS = 6
_PIECES = 1 << _BITS  # of an octave
_OCTAVES = 52  # from 2**-53, below which there is no uniform number, to a half
_SMALLEST, _LARGEST = 0.5, 4_096.0  # shapes of which one table serves: relative error below 2e-12
_TABLES = 24  # that are remembered, 270 KB each
_BLOCK = 1024  # numbers that go through all steps together, so that they stay in the fastest cache


def quantiles(u: FloatArray, shape: FloatArray | float) -> FloatArray:
    """Quantiles of gamma distributions of rate 1.

    Parameters
    ----------
    u : uniform numbers of streams, [row, draw], side by side; done with, as one shape's quantiles take their memory.
    shape : above 0, finite, [row, draw], or one row for all; a number is that of all, of which a table serves.

    Returns
    -------
    [row, draw].
    """
    if isinstance(shape, float) and _SMALLEST <= shape <= _LARGEST:
        _of_one_shape(u.reshape(-1), _table(shape))
        return u
    return gamma_quantile(u, shape)


@lru_cache(_TABLES)
def _table(shape: float) -> FloatArray:
    """Coefficients, lowest power first: [octave from either end and piece of it, power]."""
    points = np.cos(np.pi * np.arange(_DEGREE, -1, -1) / _DEGREE)
    octave, piece = np.divmod(np.arange(_OCTAVES * _PIECES), _PIECES)
    u = np.ldexp(1.0 + (piece[:, None] + (points + 1.0) / 2.0) / _PIECES, octave[:, None] - _OCTAVES - 1)
    solve = np.linalg.inv(polyvander(points, _DEGREE)).T
    return np.concatenate([gammaincinv(shape, u) @ solve, gammainccinv(shape, u) @ solve])


@njit(nogil=True, cache=True, error_model="numpy")
def _of_one_shape(numbers: FloatArray, table: FloatArray) -> None:
    """Put in the place of uniform numbers, [number], quantiles by the polynomials of one shape."""
    where, within = np.empty(_BLOCK, np.int64), np.empty(_BLOCK)
    for first in range(0, len(numbers), _BLOCK):
        some = numbers[first : first + _BLOCK]
        _place(some, where[: len(some)], within[: len(some)])
        _polynomial(table.ravel(), where[: len(some)], within[: len(some)], some)


@njit(nogil=True, cache=True, error_model="numpy")
def _place(u: FloatArray, where: NDArray[np.int64], within: FloatArray) -> None:
    """The polynomial of each number, and where between 1 and 2 in its piece the number lies."""
    for i in range(len(u)):
        within[i] = min(u[i], 1.0 - u[i])
    bits = within.view(np.int64)
    for i in range(len(u)):
        end = _OCTAVES * _PIECES if u[i] > 0.5 else 0
        where[i] = (bits[i] >> (52 - _BITS)) - (1023 - _OCTAVES - 1) * _PIECES + end
        bits[i] = ((bits[i] << _BITS) & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000


@njit(nogil=True, cache=True, error_model="numpy")
def _polynomial(table: FloatArray, where: NDArray[np.int64], within: FloatArray, out: FloatArray) -> None:
    """Values of the polynomials."""
    for i in range(len(out)):
        row, x = uint64(where[i]) * uint64(_DEGREE + 1), 2.0 * within[i] - 3.0
        x2 = x * x
        low, middle = table[row] + table[row + uint64(1)] * x, table[row + uint64(2)] + table[row + uint64(3)] * x
        out[i] = low + (middle + table[row + uint64(4)] * x2) * x2
