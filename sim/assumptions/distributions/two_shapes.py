"""Both shapes of a beta on [0, 1] at once, from two percentiles or from a percentile and the standard deviation."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv, expit, logit, ndtri

from sim.assumptions.distributions.base import FloatArray
from sim.assumptions.distributions.numeric import first_root

Shapes = tuple[float, float]


def by_sd(point: tuple[float, float], sd: float) -> Shapes | None:
    """The shapes with this standard deviation and this pair of probability and value, or none.

    The standard deviation leaves one unknown, the mean m: the sum of shapes is m (1 - m) / sd^2 - 1. The mean is
    sought from 1/2, where that sum is greatest, outwards.
    """
    p, x = point
    # 1/2 is the greatest sd on [0, 1]; below 1e-150 its square is lost
    if not 1e-150 < sd < 0.5:
        return None

    def shapes(t: FloatArray) -> tuple[FloatArray, FloatArray]:
        total = expit(t) * expit(-t) / (sd * sd) - 1.0
        return total * expit(t), total * expit(-t)

    def gap(t: FloatArray) -> FloatArray:
        return np.asarray(betaincinv(*shapes(t), p) - x, dtype=np.float64)

    # the least mean has m (1 - m) = sd^2, written so that it keeps its digits for a small sd
    least = 2.0 * sd * sd / (1.0 + math.sqrt((1.0 - 2.0 * sd) * (1.0 + 2.0 * sd)))
    down = np.linspace(0.0, float(logit(least)), 400)[:-1]
    for grid in (down, -down) if gap(np.array(0.0)) > 0.0 else (-down, down):
        found = first_root(gap, grid)
        if found is not None:
            a, b = shapes(np.array(found))
            return float(a), float(b)
    return None


def by_percentiles(points: Sequence[tuple[float, float]]) -> Shapes | None:
    """The shapes with these two pairs of probability and value, or none where no start leads to them.

    Solved by Powell's hybrid method for the logit of the mean and the logarithm of the sum of shapes; the residuals are
    place and log width, so that a very narrow beta is as well conditioned as a wide one.
    """
    from scipy.optimize import root

    (p, x), (q, y) = points
    place, width = float(logit(x)), float(logit(y) - logit(x))

    def residual(unknown: FloatArray) -> list[float]:
        a, b = _shapes(unknown)
        first, second = float(logit(betaincinv(a, b, p))), float(logit(betaincinv(a, b, q)))
        # a width below rounding would have no logarithm
        return [first - place, math.log(max(second - first, 1e-300) / width)]

    for shift in (0.0, 2.0, -2.0, 4.0, -4.0):
        with np.errstate(all="ignore"):
            found = root(residual, _start(points) + np.array([0.0, shift]), tol=1e-14)
            if np.max(np.abs(found.fun)) < 1e-9:
                return _shapes(found.x)
    return None


def _shapes(unknown: FloatArray) -> Shapes:
    """The shapes, from the logit of the mean and the logarithm of their sum."""
    mean, total = np.clip(unknown, [-300.0, -20.0], [300.0, 80.0])
    return float(np.exp(total) * expit(mean)), float(np.exp(total) * expit(-mean))


def _start(points: Sequence[tuple[float, float]]) -> FloatArray:
    """A start: the beta whose logit has about the spread of a normal through both points, 1 / sqrt(n m (1 - m))."""
    (z, x), (v, y) = [(float(ndtri(p)), float(logit(value))) for p, value in points]
    spread = (y - x) / (v - z)
    place = x - z * spread
    share = float(expit(place) * expit(-place))
    return np.array([place, math.log(max(1.0 / (spread * spread * share), 0.01))])
