"""A factor of many counts' probabilities that is known by its law: averaged over by that, not by its draws.

On a grid of logarithms the law of a product is a convolution. So what was added up at the factor's mean, bucket by
bucket, becomes what it would have been at every value of the factor, whatever the number of draws.
"""

from collections.abc import Sequence

import numpy as np

from sim.results.laws import FloatArray

POINTS = 4096
"""Values of a quantity, equally likely, that its law is taken to be."""

_FIRST, _OTHERS = 1, (2, 3, 2, 3, 4)
"""Which power of the factor the sums of a bucket go with: the first power of laws by row, and the sums of all rows."""


def lowest(factor: Sequence[FloatArray]) -> float:
    """The smallest value of a product of independent quantities, each known by points: [point]."""
    return float(np.prod([points.min() for points in factor]))


def averaged_over(sums: FloatArray, fineness: float, factor: Sequence[FloatArray]) -> FloatArray:
    """Sums of buckets once every law is multiplied by each value of a factor.

    Parameters
    ----------
    sums : as `Kernels.buckets` has them, a place for each step of the logarithm: [2 rows + 5, place].
    fineness : steps for a unit of the logarithm.
    factor : independent quantities that it is the product of, each known by equally likely points about a mean of 1.

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
        place = np.rint(np.log(points) * fineness).astype(np.int64)
        place -= place.min()
        own = [np.bincount(place, points**power / len(points)) for power in range(5)]
        law = np.array([np.convolve(one, other) for one, other in zip(law, own, strict=True)])
    return law
