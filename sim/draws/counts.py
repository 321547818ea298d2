"""Whole patients: a binomial count as an exact function of one uniform number.

The count is the binomial quantile of the uniform, so it is monotone in it: two scenarios that share their uniforms
share their chance. A Cornish–Fisher series (Cornish & Fisher, 1937) with the lattice correction places the quantile;
where the variance is small, sums of probabilities do. Where either comes within its own error of a doubt, the count is
stepped until the distribution function brackets the uniform: so they decide how much work that is, never the answer.
`docs/counts.md` derives both and shows how their errors were verified.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, ndtri

from sim.draws.streams import FloatArray

Counts = NDArray[np.int64]

_BLOCK = 8192
"""Counts that are worked out together, so few that they stay where the processor reaches them quickly."""

SMALL = 6.0
"""The variance below which probabilities are summed: at most 12 patients are expected on the smaller side."""

SUM_ERROR = 1e-12
"""More than the error of a sum of probabilities: some sixty roundings of 1e-16, and those of a power below exp(17)."""


def _exceeds(k: Counts, u: FloatArray, n: Counts, p: FloatArray) -> NDArray[np.bool_]:
    """Whether u lies above P[X <= k], judged in the smaller tail so that no digit is lost near 0 or 1."""
    inside = (k >= 0) & (k < n)
    first, second = np.where(inside, k + 1.0, 1.0), np.where(inside, n - k, 1).astype(np.float64)
    upper, tail = u > 0.5, np.empty(u.shape)
    betainc(first, second, p, out=tail, where=upper)
    betaincc(first, second, p, out=tail, where=~upper)
    return np.where(inside, np.where(upper, tail > 1.0 - u, tail < u), k < 0)


def _series(u: FloatArray, n: Counts, p: FloatArray) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """The quantile as a real number whose whole part is the count, its error at most, and where it is sure.

    The regularised beta function extends P[X < x] to real x; this is its inverse as a series in 1/sd, to third order.
    Sure: |z| below 7, and farther from a whole number than the error the tests scan for; of a variance of 6 or more.
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
    return x, error, (variance >= SMALL) & (z2 < 49) & (np.abs(x - np.rint(x)) > error)


def _summed(u: FloatArray, n: Counts, p: FloatArray) -> tuple[Counts, NDArray[np.bool_]]:
    """The count by adding up probabilities from the smaller side until they pass u, and where it is sure.

    Each follows from the one before: P[X = k] = P[X = k - 1] (n - k + 1) / k · p / (1 - p). Where p is above 1/2 those
    who do not go on are counted, against 1 - u. Only for a variance below 6.
    """
    mirrored = p > 0.5
    p, level = np.where(mirrored, 1.0 - p, p), np.where(mirrored, 1.0 - u, u)
    odds, left = p / (1.0 - p), n.astype(np.float64)
    found, sure = np.zeros(u.shape, np.int64), np.ones(u.shape, np.bool_)
    each = np.exp(n * np.log1p(-p))
    total, lanes, k = each.copy(), np.arange(len(u)), 0
    while lanes.size:
        above = level - total
        doubtful = np.abs(above) <= SUM_ERROR
        going = above > SUM_ERROR
        if not going.all():
            sure[lanes[doubtful]] = False
            found[lanes] = k
            lanes = lanes[going]
            level, total, each, odds, left = (array[going] for array in (level, total, each, odds, left))
        k += 1
        each *= left * odds / k
        left -= 1
        total += each
    return np.where(mirrored, n - found, found), sure


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
    k, sure = np.empty(u.shape, np.int64), np.empty(u.shape, np.bool_)
    small = n * p * (1.0 - p) < SMALL
    for lanes, place in ((small, _summed), (~small, _placed)):
        if lanes.all():
            k, sure = place(u, n, p)
        elif lanes.any():
            k[lanes], sure[lanes] = place(u[lanes], n[lanes], p[lanes])
    doubtful = np.flatnonzero(~sure)
    k[doubtful] = _stepped(k[doubtful], u[doubtful], n[doubtful], p[doubtful])
    return k


def _placed(u: FloatArray, n: Counts, p: FloatArray) -> tuple[Counts, NDArray[np.bool_]]:
    """The count by the series, and where it is sure."""
    x, _, sure = _series(u, n, p)
    return np.clip(np.floor(x), 0, n).astype(np.int64), sure


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
