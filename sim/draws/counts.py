"""Whole patients: a binomial count as an exact function of one uniform number.

The count is the binomial quantile of the uniform, so it is monotone in it: two scenarios that share their uniforms
share their chance. A Cornish–Fisher series (Cornish & Fisher, 1937) with the lattice correction places the quantile;
where it falls within its own error of a whole number, and wherever the variance is small, the count is stepped until
the distribution function brackets the uniform. The series decides how much work that is, never the answer.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, ndtri

from sim.draws.streams import FloatArray

Counts = NDArray[np.int64]

_BLOCK = 8192
"""Counts that are worked out together, so few that they stay where the processor reaches them quickly."""


def _exceeds(k: Counts, u: FloatArray, n: Counts, p: FloatArray) -> NDArray[np.bool_]:
    """Whether u lies above P[X <= k], judged in the smaller tail so that no digit is lost near 0 or 1."""
    inside = (k >= 0) & (k < n)
    first, second = np.where(inside, k + 1.0, 1.0), np.where(inside, n - k, 1).astype(np.float64)
    upper, tail = u > 0.5, np.empty(u.shape)
    betainc(first, second, p, out=tail, where=upper)
    betaincc(first, second, p, out=tail, where=~upper)
    return np.where(inside, np.where(upper, tail > 1.0 - u, tail < u), k < 0)


def _series(u: FloatArray, n: Counts, p: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The quantile as a real number whose whole part is the count, and where it is sure.

    The regularised beta function extends P[X < x] to real x; this is its inverse as a series in 1/sd, to third order.
    Sure: variance of 6 or more, |z| below 7, and farther from a whole number than the error the tests scan for.
    """
    z, q = ndtri(u), 1.0 - p
    t, d = p * q, q - p
    variance = n * t
    s = np.sqrt(np.maximum(variance, 1.0))
    z2 = z * z
    x = n * p + z * np.sqrt(variance) + 0.5 + d * (z2 - 1) / 6
    x += (z * (7 * t - 1) / 36 - z * z2 * (2 * t + 1) / 72) / s
    x += d * (t + 2) * (-4 / 405 + z2 * (7 / 1620 + z2 / 540)) / s**2
    x += z * (671 - 1354 * t - 433 * t * t) / 38880 / s**3
    x += z * z2 * ((256 * t * t + 403 * t - 137) / 38880 + z2 * (4 * t * t + 52 * t - 23) / 17280) / s**3
    error = (0.04 + 0.002 * z2**3) / s**4 + 1e-12 * (1.0 + n * p)
    return x, (variance >= 6) & (z2 < 49) & (np.abs(x - np.rint(x)) > error)


def binomial_quantile(u: FloatArray, n: Counts, p: FloatArray) -> Counts:
    """The smallest k with P[X <= k] >= u for X ~ Binomial(n, p); arrays broadcast together.

    Parameters
    ----------
    u : uniform numbers strictly between 0 and 1.
    n : whole patients, from 0.
    p : probabilities from 0 to 1.

    Returns
    -------
    Whole patients from 0 to n.
    """
    shape = np.broadcast_shapes(u.shape, n.shape, p.shape)
    u, n, p = (array.ravel() for array in np.broadcast_arrays(u, n, p))
    k = np.empty(u.shape, dtype=np.int64)
    for first in range(0, len(k), _BLOCK):
        some = slice(first, first + _BLOCK)
        k[some] = _quantiles(u[some], n[some], p[some])
    return k.reshape(shape)


def _quantiles(u: FloatArray, n: Counts, p: FloatArray) -> Counts:
    """The same of arrays alike in shape, with one dimension."""
    x, sure = _series(u, n, p)
    k = np.clip(np.floor(x), 0, n).astype(np.int64)
    doubtful = np.flatnonzero(~sure)
    k[doubtful] = _stepped(k[doubtful], u[doubtful], n[doubtful], p[doubtful])
    return k


def _stepped(k: Counts, u: FloatArray, n: Counts, p: FloatArray) -> Counts:
    """The exact quantile, from a starting point of any quality."""
    rising = _exceeds(k, u, n, p)
    _walk(k, rising, +1, u, n, p)
    _walk(k, ~rising, -1, u, n, p)
    return k


def _walk(k: Counts, moving: NDArray[np.bool_], step: int, u: FloatArray, n: Counts, p: FloatArray) -> None:
    """Step the moving lanes of k, in place, until P[X <= k] has just reached u from that side."""
    lanes = np.flatnonzero(moving)
    while lanes.size:
        target = k[lanes] + step
        if step > 0:
            k[lanes] = target
            lanes = lanes[_exceeds(target, u[lanes], n[lanes], p[lanes])]
        else:
            stays = _exceeds(target, u[lanes], n[lanes], p[lanes])
            lanes = lanes[~stays]
            k[lanes] = target[~stays]
