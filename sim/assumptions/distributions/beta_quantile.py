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
    place = np.asarray(ndtri(u) + _FAR)
    place *= _INTERVALS / (2 * _FAR)
    outside = ~((place >= 0) & (place < _INTERVALS))
    is_whole = not outside.any()
    if not is_whole:
        place[outside] = 0.0
    interval = place.astype(np.intp)
    place -= interval
    place *= 2.0
    place -= 1.0
    total, coefficient = table[-1].take(interval), np.empty(place.shape)
    for power in range(_POINTS - 2, -1, -1):
        total *= place
        table[power].take(interval, out=coefficient, mode="clip")  # any other mode would take a copy of the output
        total += coefficient
    found = np.asarray(expit(total))
    if not is_whole:
        found[outside] = betaincinv(a, b, u[outside])
    return found


@lru_cache(maxsize=_KEPT)
def _table(a: float, b: float) -> FloatArray | None:
    """Coefficients of each interval's polynomial, lowest power first, [power, interval]; None where there are none."""
    points = np.cos(np.pi * (np.arange(_POINTS) + 0.5) / _POINTS)
    left = -_FAR + 2 * _FAR / _INTERVALS * np.arange(_INTERVALS)
    score = left + (2 * _FAR / _INTERVALS) * (points[:, None] + 1.0) / 2.0
    with np.errstate(all="ignore"):  # a share that cannot be told from 0 has no logit, and then there is no table
        below = score < 0
        logit = np.empty(score.shape)
        logit[below], logit[~below] = _logit(score[below], a, b), -_logit(-score[~below], b, a)
        coefficients = np.asarray(np.linalg.solve(polyvander(points, _POINTS - 1), logit))
    is_smooth = np.isfinite(coefficients).all() and np.abs(coefficients[-1]).max() * 2.0 ** (2 - _POINTS) < _SMALL
    return coefficients if is_smooth else None


def _logit(score: NDArray[np.float64], a: float, b: float) -> FloatArray:
    """Of the quantile at a normal score not above 0."""
    share = betaincinv(a, b, ndtr(score))
    return np.asarray(np.log(share) - np.log1p(-share))
