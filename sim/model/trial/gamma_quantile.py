"""Quantiles of gamma distributions, many at a time.

The logarithm of the quantile is a smooth function of the normal score of the probability and of the logarithm of the
shape. It is interpolated by polynomials through Chebyshev's points (Trefethen, Approximation Theory and Approximation
Practice, 2013) on small rectangles, each of which is a fixed function: so a value depends on its own probability and
shape and on nothing that is asked for beside it. Outside the table, the inverse of the incomplete gamma function.
"""

from functools import cache

import numpy as np
from numpy.polynomial.polynomial import polyvander
from numpy.typing import NDArray
from scipy.special import gammainccinv, gammaincinv, gammaln, log_ndtr, ndtr, ndtri

from sim.draws.streams import FloatArray

_DEGREE = 7
_SIDE = 0.25  # of a rectangle, in normal scores and in logarithms of the shape: relative error below 1e-10
_FAR = 8.25  # normal scores; uniform numbers from a stream reach 8.21
_SMALLEST, _LARGEST = -12, 36  # rectangles whose shapes, from 0.0498 to 8103, are tabulated
_POWER_LAW = -40.0  # logarithm of the quantile below which its series has one term
_AT_ONCE = 1 << 14  # numbers that are worked on together, so that they stay in the processor's cache


def gamma_quantile(u: FloatArray, shape: FloatArray | float) -> FloatArray:
    """Quantiles of gamma distributions of rate 1; arrays broadcast together.

    Parameters
    ----------
    u : uniform numbers strictly between 0 and 1.
    shape : shapes above 0, finite.

    Returns
    -------
    Quantiles, in the common shape of the arrays; to a relative error below 1e-9.
    """
    shapes = np.asarray(shape, dtype=np.float64)
    if shapes.size and np.all(shapes == shapes.flat[0]):
        return _of_one_shape(np.broadcast_to(u, np.broadcast_shapes(u.shape, shapes.shape)), float(shapes.flat[0]))
    u, shapes = np.broadcast_arrays(u, shapes)
    flat_u, flat_shape, found = u.ravel(), shapes.ravel(), np.empty(u.size)
    for first in range(0, u.size, _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        found[part] = _of_many_shapes(flat_u[part], flat_shape[part])
    return found.reshape(u.shape)


def _of_one_shape(u: FloatArray, shape: float) -> FloatArray:
    """Quantiles of one distribution: the polynomials in the shape are summed once."""
    place = np.log(shape) / _SIDE
    row = int(np.floor(place))
    if not _SMALLEST <= row < _LARGEST:
        return _direct(u, np.broadcast_to(shape, u.shape))
    coefficients = _horner(_rectangles(row), 2.0 * (place - row) - 1.0)
    column, within, inside = _score_place(u)
    value = np.exp(_horner(coefficients[:, column], within))
    return value if inside.all() else np.where(inside, value, _direct(u, np.broadcast_to(shape, u.shape)))


def _of_many_shapes(u: FloatArray, shape: FloatArray) -> FloatArray:
    """Quantiles, [number]: the same sums in the same order, each number with its own rectangle."""
    place = np.log(shape) / _SIDE
    row = np.floor(place).astype(np.int64)
    column, within, inside = _score_place(u)
    inside &= (row >= _SMALLEST) & (row < _LARGEST)
    value = np.empty(u.shape)
    outside = np.flatnonzero(~inside)
    value[outside] = _direct(u[outside], shape[outside])
    known = np.flatnonzero(inside)
    if known.size:
        rows, which = np.unique(row[known], return_inverse=True)
        table = np.stack([_rectangles(int(each)) for each in rows], axis=-1)
        coordinate = 2.0 * (place[known] - row[known]) - 1.0
        column, within = column[known], within[known]
        total = np.zeros(known.size)
        for power in reversed(range(_DEGREE + 1)):
            total = total * within + _horner(table[:, power][:, column, which], coordinate)
        value[known] = np.exp(total)
    return value


def _horner(coefficients: FloatArray, x: FloatArray | float) -> FloatArray:
    """The polynomial with these coefficients, [power, …], lowest power first, at x."""
    total = np.zeros(coefficients.shape[1:])
    for coefficient in coefficients[::-1]:
        total = total * x + coefficient
    return total


def _score_place(u: FloatArray) -> tuple[NDArray[np.int64], FloatArray, NDArray[np.bool_]]:
    """The rectangle that a probability's normal score lies in, where in it (-1 to 1), and whether there is one."""
    place = (ndtri(u) + _FAR) / _SIDE
    inside = (place >= 0) & (place < 2 * _FAR / _SIDE)
    column = np.where(inside, place, 0.0).astype(np.int64)
    return column, 2.0 * (place - column) - 1.0, inside


@cache
def _rectangles(row: int) -> FloatArray:
    """Coefficients of the polynomials of one row of rectangles: [power of shape, power of score, rectangle]."""
    points = np.cos(np.pi * np.arange(_DEGREE, -1, -1) / _DEGREE)
    along = (points + 1.0) / 2.0
    left = -_FAR + _SIDE * np.arange(round(2 * _FAR / _SIDE))
    z = (left[:, None] + _SIDE * along)[:, :, None]
    value = _log_quantile(z, np.exp(_SIDE * (row + along)))
    solve = np.linalg.inv(polyvander(points, _DEGREE))
    return np.asarray(np.einsum("ij,pjk,lk->lip", solve, value, solve))


def _log_quantile(z: FloatArray, shape: FloatArray) -> FloatArray:
    """Logarithm of the quantile at a normal score, from the smaller tail; far down, the power law that it tends to."""
    power_law = (log_ndtr(z) + gammaln(shape + 1.0)) / shape
    value = np.where(z < 0, gammaincinv(shape, ndtr(z)), gammainccinv(shape, ndtr(-z)))
    far_down = power_law < _POWER_LAW
    return np.asarray(np.where(far_down, power_law, np.log(np.where(far_down, 1.0, value))))


def _direct(u: FloatArray, shape: FloatArray) -> FloatArray:
    """Quantiles by the inverse of the incomplete gamma function."""
    return np.asarray(gammaincinv(shape, u))
