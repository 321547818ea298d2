"""A factor of many counts' probabilities that is known by its law: averaged over by that, not by its draws.

On a grid of logarithms the law of a product is a convolution. So what was added up at the factor's mean, bucket by
bucket, becomes what it would have been at every value of the factor, whatever the number of draws.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from sim.results.laws import FloatArray

_SCORES = np.linspace(-7.0, 7.0, 4097)
LEVELS = ndtr(_SCORES)
"""Levels at which the values of a quantity stand for its law: evenly spaced normal scores, [point]."""

_DENSITY = np.exp(-0.5 * _SCORES**2)
WEIGHTS = _DENSITY / _DENSITY.sum()
"""The probability that each of them stands for: [point]; moments of a smooth quantile function are as good as exact."""

_FIRST, _OTHERS = 1, (2, 3, 2, 3, 4)
"""Which power of the factor the sums of a bucket go with: the first power of laws by row, and the sums of all rows."""

_RARE = 1e-4
_TINY = 1e-300


def about_mean(points: FloatArray) -> FloatArray:
    """Values of a quantity at `LEVELS`, [point], over their mean."""
    return np.asarray(points / (points @ WEIGHTS))


def lowest(factor: Sequence[FloatArray]) -> float:
    """A product of values that are hardly ever below it."""
    place = np.searchsorted(LEVELS, _RARE)
    return float(np.prod([min(points[place], points[-1 - place]) for points in factor]))


def mean_square(factor: Sequence[FloatArray]) -> float:
    """The mean square of a product; 1 of none."""
    return float(np.prod([points**2 @ WEIGHTS for points in factor]))


def averaged_over(sums: FloatArray, fineness: float, factor: Sequence[FloatArray]) -> FloatArray:
    """Sums of buckets once every law is multiplied by each value of a factor.

    Parameters
    ----------
    sums : as `Kernels.buckets` has them, a place for each step of the logarithm: [2 rows + 5, place].
    fineness : steps for a unit of the logarithm.
    factor : independent quantities that it is the product of: values of each about a mean of 1, at `LEVELS`.

    Returns
    -------
    The same of the products, at further places: [2 rows + 5, place].
    """
    law = _on_grid(factor, fineness)
    rows = (len(sums) - 5) // 2
    power = (*[0] * rows, *[_FIRST] * rows, *_OTHERS)
    return np.array([np.convolve(own, law[number]) for own, number in zip(sums, power, strict=True)])


def _on_grid(factor: Sequence[FloatArray], fineness: float) -> FloatArray:
    """The mean of a product's powers, from 0 to 4, within each step of its logarithm: [power, place]."""
    law = np.ones((5, 1))
    for points in factor:
        place = np.rint(np.log(np.maximum(points, _TINY)) * fineness).astype(np.int64)
        place -= place.min()
        own = [np.bincount(place, points**power * WEIGHTS) for power in range(5)]
        law = np.array([np.convolve(one, other) for one, other in zip(law, own, strict=True)])
    return law
