"""Both shapes of a beta at once, from two percentiles or from a percentile and the standard deviation."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv, expit, logit, ndtri

from sim.assumptions.distributions.base import FloatArray


def shapes(points: Sequence[tuple[float, float]], sd: float | None) -> tuple[float, float] | None:
    """The shapes of the beta on [0, 1] with these statistics, or none where no start leads to them.

    Solved by Powell's hybrid method for the logit of the mean and the logarithm of the sum of shapes; the residuals are
    place and log width, so that a very narrow beta is as well conditioned as a wide one.

    Parameters
    ----------
    points
        Pairs of probability and value: two, or one beside the `sd`.
    sd
        Standard deviation, where it is given.
    """
    from scipy.optimize import root

    def residual(unknown: FloatArray) -> list[float]:
        a, b = _shapes(unknown)
        quantiles = [float(logit(betaincinv(a, b, p))) for p, _ in points]
        place = quantiles[0] - float(logit(points[0][1]))
        if sd is not None:
            return [place, math.log(_sd(a, b) / sd)]
        wanted = float(logit(points[1][1]) - logit(points[0][1]))
        # a width below rounding would have no logarithm
        return [place, math.log(max(quantiles[1] - quantiles[0], 1e-300) / wanted)]

    start = _by_sd(points[0], sd) if sd is not None else _by_points(points)
    for shift in (0.0, 2.0, -2.0, 4.0, -4.0):
        with np.errstate(all="ignore"):
            found = root(residual, start + np.array([0.0, shift]), tol=1e-14)
            if np.max(np.abs(found.fun)) < 1e-9:
                return _shapes(found.x)
    return None


def _shapes(unknown: FloatArray) -> tuple[float, float]:
    """The shapes, from the logit of the mean and the logarithm of their sum."""
    mean, total = np.clip(unknown, [-300.0, -20.0], [300.0, 80.0])
    return float(np.exp(total) * expit(mean)), float(np.exp(total) * expit(-mean))


def _sd(a: float, b: float) -> float:
    """The standard deviation of a beta."""
    total = a + b
    return math.sqrt((a / total) * (b / total) / (total + 1.0))


def _by_points(points: Sequence[tuple[float, float]]) -> FloatArray:
    """A start: the beta whose logit has about the spread of a normal through both points."""
    (z, x), (v, y) = [(float(ndtri(p)), float(logit(value))) for p, value in points]
    spread = (y - x) / (v - z)
    return _start(x - z * spread, spread)


def _by_sd(point: tuple[float, float], sd: float) -> FloatArray:
    """A start: the mean moved off the percentile as for a normal."""
    p, x = point
    mean = min(max(x - float(ndtri(p)) * sd, 0.02 * x), 1.0 - 0.02 * (1.0 - x))
    return _start(math.log(mean / (1.0 - mean)), sd / (mean * (1.0 - mean)))


def _start(place: float, spread: float) -> FloatArray:
    """The unknowns of a beta whose logit has this mean and spread: the latter is about 1 / sqrt(n m (1 - m))."""
    share = float(expit(place) * expit(-place))
    return np.array([place, math.log(max(1.0 / (spread * spread * share), 0.01))])
