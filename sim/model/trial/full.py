"""What is known of a site that was full before the date: its law ends with the probability of its cap or more.

Rates are gamma distributed between sites (Anisimov & Fedorov 2007, Stat Med 26), counts negative binomial, and the
odds of exposure at a site's patient of some number beta.
"""

import numpy as np
from scipy.special import betainc, betaincinv, gammaln

from sim.draws.streams import FloatArray

_IN_RANGE = 1e-280
"""Probabilities below lose digits."""


def pooled(shape: FloatArray, odds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shape and odds, [draw], of one site with the mean and variance of several, [site, draw]."""
    each = shape * odds / (1.0 - odds)
    expected: FloatArray = sum(each, np.zeros(shape.shape[1]))
    squares: FloatArray = sum(each**2 / shape, np.zeros(shape.shape[1]))
    some = expected > 0
    pooled = np.where(some, expected**2 / np.where(some, squares, 1.0), 1.0)
    return pooled, expected / (pooled + expected)


def log_or_more(shape: FloatArray, odds: FloatArray, count: int) -> FloatArray:
    """Logarithm of P(count or more) / P(count) of negative binomial laws; beyond the range, a geometric tail's."""
    tail = betainc(count, shape, odds)
    seen = tail > _IN_RANGE
    p = np.where(seen, odds, 0.5)
    exactly = gammaln(shape + count) - gammaln(shape) - gammaln(count + 1.0) + count * np.log(p) + shape * np.log1p(-p)
    ratio = np.clip(odds * (shape + count) / (count + 1.0), 0.0, 0.5)
    return np.where(seen, np.maximum(np.log(np.where(seen, tail, 1.0)) - exactly, 0.0), -np.log1p(-ratio))


def share_until(shape: FloatArray, odds: FloatArray, cap: int, uniform: FloatArray) -> FloatArray:
    """The share of a site's exposure that had passed when it was full, given that it is.

    The odds at a site's patient number `cap` have a beta law (cap, shape), whatever its rate: of it the part below.
    """
    tail = betainc(cap, shape, odds)
    seen = tail > _IN_RANGE
    found = np.where(seen, betaincinv(cap, shape, uniform * tail), odds * uniform ** (1.0 / cap))
    found = np.minimum(found, odds)
    return np.asarray(found / odds * (1.0 - odds) / (1.0 - found))
