"""Numerical work common to the families: inversion by bisection, roots along a grid, moments by quadrature."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from sim.assumptions.distributions.base import FloatArray

Curve = Callable[[FloatArray], FloatArray]

_STEP = 1 / 32
"""Spacing in logits: the trapezoid errs by about exp(-2 pi d / step), d being the distance to the nearest pole (pi for
the logistic density), so that this is far below rounding."""

_REACH = 40.0
"""Logits beyond which the logistic density is below rounding."""


def invert(curve: Curve, target: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """The smallest floating-point number x in [low, high] with curve(x) >= target; `high` where there is none.

    Bisection on the ordered bit patterns of the numbers, not on their values: 64 halvings end at neighbouring numbers
    wherever the answer lies, near zero too.

    Parameters
    ----------
    curve
        A function that never falls and works element by element.
    target, low, high
        Arrays of one shape.
    """
    below, above = _rank(np.nextafter(low, -np.inf)), _rank(high)
    for _ in range(64):
        middle = (below >> 1) + (above >> 1) + (below & above & 1)
        enough = curve(_unrank(middle)) >= target
        # middle == below once they are neighbours: nothing may move then
        moved = middle > below
        above = np.where(moved & enough, middle, above)
        below = np.where(moved & ~enough, middle, below)
        if not moved.any():
            break
    return _unrank(above)


def _rank(x: FloatArray) -> npt.NDArray[np.int64]:
    """Integers in the order of the floating-point numbers."""
    bits = np.ascontiguousarray(x, dtype=np.float64).view(np.int64)
    return np.where(bits >= 0, bits, np.iinfo(np.int64).min - bits)


def _unrank(rank: npt.NDArray[np.int64]) -> FloatArray:
    """The floating-point numbers of these ranks."""
    return np.where(rank >= 0, rank, np.iinfo(np.int64).min - rank).view(np.float64)


def first_root(curve: Curve, grid: FloatArray) -> float | None:
    """The first zero of `curve` along the grid, polished to full precision; none where its sign never changes.

    Parameters
    ----------
    curve
        A continuous function; where it cannot be computed it is no number.
    grid
        Rising or falling, fine enough to part neighbouring zeros.
    """
    from scipy.optimize import brentq

    with np.errstate(all="ignore"):
        values = curve(grid)
        known = np.isfinite(values[:-1]) & np.isfinite(values[1:])
        crossings = np.flatnonzero(known & (np.sign(values[:-1]) != np.sign(values[1:])))
        if crossings.size == 0:
            return None
        i = crossings[0]
        return float(brentq(lambda t: float(curve(np.array(t))), grid[i], grid[i + 1], xtol=1e-15, rtol=1e-15))


def moments(value: Curve) -> tuple[float, float]:
    """Mean and standard deviation of a bounded quantity, by the trapezoid rule on the logit scale.

    Parameters
    ----------
    value
        The quantile as a function of the logit of the probability.
    """
    logit = np.arange(-_REACH, _REACH + _STEP, _STEP)
    weight = expit(logit) * expit(-logit)
    weight /= weight.sum()
    x = value(logit)
    mean = float(weight @ x)
    return mean, math.sqrt(float(weight @ (x - mean) ** 2))


def log_moments(log_value: Curve, tail: float) -> tuple[float, float]:
    """Mean and standard deviation of a positive quantity with a power tail, by the trapezoid rule on the logit scale.

    The work is done in logarithms, because far in the tail the values overflow where value times density does not.

    Parameters
    ----------
    log_value
        The logarithm of the quantile as a function of the logit of the probability.
    tail
        The slope of `log_value` at large logits; the mean is infinite from 1 on, the standard deviation from 1/2 on.
    """
    mean = math.exp(min(_log_integral(log_value, 1.0 - tail), 709.0)) if tail < 0.999 else math.inf
    if not (0.0 < mean < 8e307) or tail >= 0.4995:
        return mean, math.inf

    def log_square(logit: FloatArray) -> FloatArray:
        gap = log_value(logit) - math.log(mean)
        with np.errstate(divide="ignore"):
            return 2.0 * np.where(gap > 50.0, gap, np.log(np.abs(np.expm1(np.minimum(gap, 50.0)))))

    return mean, mean * math.exp(_log_integral(log_square, 1.0 - 2.0 * tail) / 2.0)


def _log_integral(log_value: Curve, decay: float) -> float:
    """Logarithm of the integral of exp(log_value) over the logistic density, whose upper tail decays at this rate."""
    logit = np.arange(-_REACH, _REACH / min(decay, 1.0), _STEP)
    log_density = -np.abs(logit) - 2.0 * np.log1p(np.exp(-np.abs(logit)))
    exponent = log_value(logit) + log_density
    peak = float(exponent.max())
    return peak + math.log(float(np.exp(exponent - peak).sum()) * _STEP)
