"""Quantiles of beta distributions, many at a time.

The logit of the quantile is a smooth function of the normal score of the probability. It is interpolated at Chebyshev's
points (Trefethen, Approximation Theory and Approximation Practice, 2013) on small intervals, each of which is a fixed
polynomial: so a value depends on its own probability and on nothing that is asked for beside it. Where no polynomial
follows it, and beyond the last interval, the inverse of the incomplete beta function.
"""

from functools import lru_cache

import numpy as np
from numpy.polynomial.polynomial import polyvander
from numpy.typing import NDArray
from scipy.special import betaincinv, expit, ndtr, ndtri

from sim.assumptions.distributions.base import FloatArray

_POINTS = 10
_INTERVALS = 128
_FAR = 8.25  # normal scores; uniform numbers from a stream reach 8.21
_SMALL = 1e-12  # of a last coefficient: about what is missed
_KEPT = 4096  # tables that are remembered, 10 kB each
_AT_ONCE = 1 << 13  # numbers that are worked on together, so that they stay in the processor's cache


def beta_quantile(u: FloatArray, a: float, b: float) -> FloatArray:
    """Quantiles of a beta distribution between 0 and 1, to a relative error of about 1e-12 of them and of what is left.

    Parameters
    ----------
    u : probabilities from 0 to 1, of any shape.
    a, b : shapes above 0.
    """
    table = _table(a, b)
    flat, found = np.ravel(u), np.empty(np.size(u))
    for first in range(0, flat.size, _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        found[some] = betaincinv(a, b, flat[some]) if table is None else _read(table, flat[some], a, b)
    return found.reshape(np.shape(u))


def _read(table: FloatArray, u: FloatArray, a: float, b: float) -> FloatArray:
    """The polynomials' values: [number]."""
    place = (ndtri(u) + _FAR) * (_INTERVALS / (2 * _FAR))
    inside = (place >= 0) & (place < _INTERVALS)
    interval = np.where(inside, place, 0.0).astype(np.int64)
    within = 2.0 * (place - interval) - 1.0
    total = table[-1][interval]
    with np.errstate(invalid="ignore"):  # of what lies outside
        for power in range(_POINTS - 2, -1, -1):
            total = total * within + table[power][interval]
    found = np.asarray(expit(total))
    if not inside.all():
        found[~inside] = betaincinv(a, b, u[~inside])
    return found


@lru_cache(maxsize=_KEPT)
def _table(a: float, b: float) -> FloatArray | None:
    """Coefficients of each interval's polynomial, lowest power first, [power, interval]; None where there are none."""
    points = np.cos(np.pi * (np.arange(_POINTS) + 0.5) / _POINTS)
    left = -_FAR + 2 * _FAR / _INTERVALS * np.arange(_INTERVALS)
    score = left + (2 * _FAR / _INTERVALS) * (points[:, None] + 1.0) / 2.0
    with np.errstate(all="ignore"):  # a share that cannot be told from 0 has no logit, and then there is no table
        logit = np.where(score < 0, _logit(score, a, b), -_logit(-score, b, a))
        coefficients = np.asarray(np.linalg.solve(polyvander(points, _POINTS - 1), logit))
    is_smooth = np.isfinite(coefficients).all() and np.abs(coefficients[-1]).max() * 2.0 ** (2 - _POINTS) < _SMALL
    return coefficients if is_smooth else None


def _logit(score: NDArray[np.float64], a: float, b: float) -> FloatArray:
    """Of the quantile at a normal score below 0."""
    share = betaincinv(a, b, ndtr(np.minimum(score, 0.0)))
    return np.asarray(np.log(share) - np.log1p(-share))
