"""The three-term metalog: the smooth distribution through three percentiles, within bounds if there are any."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self, final

import numpy as np
from scipy.special import expit, logit

from sim.assumptions.distributions.base import U_MAX, U_MIN, Distribution, FloatArray, require, require_finite
from sim.assumptions.distributions.numeric import invert, log_moments, moments

_STEEPEST = 1.6671131192
"""The greatest |a3| / a2 with a density above 0 everywhere (Keelin 2016), rounded down.

It is 1 / max(y - 1/2 + y (1 - y) logit(y)), from the derivative of M."""


@final
@dataclass(frozen=True)
class Metalog(Distribution):
    """The metalog with three terms, free or between bounds.

    Keelin 2016, The Metalog Distributions, Decision Analysis 13: M(y) = a1 + a2 logit(y) + a3 (y - 1/2) logit(y). With
    a lower or an upper bound M is the logarithm of the distance from it, with both the logit of the place between them.

    Parameters
    ----------
    a1, a2, a3
        Coefficients; `a2` above 0 and |a3| below 1.6671 times `a2`.
    low, high
        Bounds, in the quantity's unit; infinite where there is none.
    """

    a1: float
    a2: float
    a3: float
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        require_finite("metalog", a1=self.a1, a2=self.a2, a3=self.a3)
        require(self.low < self.high, f"metalog: low = {self.low:g} must be below high = {self.high:g}")
        bound = _STEEPEST * self.a2
        require(abs(self.a3) < bound, f"metalog: a3 = {self.a3:g} must lie between -{bound:g} and {bound:g}")

    @classmethod
    def through(
        cls,
        points: Sequence[tuple[float, float]],
        low: float = -math.inf,
        high: float = math.inf,
        name: str = "metalog",
    ) -> Self:
        """The metalog through three points.

        Parameters
        ----------
        points
            Three pairs of probability and value, both rising.
        low, high
            Bounds, in the quantity's unit; infinite where there is none.
        name
            How messages call it.

        Raises
        ------
        InputError
            Where the points do not rise, leave the bounds, or are too skew for three terms.
        """
        (p1, x1), (p2, x2), (p3, x3) = points = sorted(points)
        require(min(p2 - p1, p3 - p2) >= 1e-6, f"{name}: the percentiles lie too close together")
        require_finite(name, low=x1, middle=x2, high=x3)
        require(x1 < x2 < x3, f"{name}: the values {x1:g}, {x2:g}, {x3:g} must rise with their percentiles")
        require(x1 > low, f"{name}: {x1:g} must be above {low:g}, the lower bound")
        require(x3 < high, f"{name}: {x3:g} must be below {high:g}, the upper bound")
        free = [_to_line(x, low, high) for x in (x1, x2, x3)]
        require(free[0] < free[1] < free[2], f"{name}: the values {x1:g}, {x2:g}, {x3:g} lie too close together")
        inverse = np.asarray(np.linalg.inv([_basis(y) for y, _ in points]), dtype=np.float64)
        least, most = (float(_from_line(np.array(m), low, high)) for m in _middles(inverse, free[0], free[2]))
        require(
            least < x2 < most,
            f"{name}: the middle value {x2:g} must lie between {least:.6g} and {most:.6g} (beyond, the ends {x1:g} and "
            f"{x3:g} are too lopsided for a metalog)",
        )
        a1, a2, a3 = (float(a) for a in inverse @ free)
        return cls(a1, a2, a3, low, high)

    def _line(self, t: FloatArray) -> FloatArray:
        """M at the logit `t`."""
        return np.asarray(self.a1 + (self.a2 + self.a3 * (expit(t) - 0.5)) * t)

    def ppf(self, u: FloatArray) -> FloatArray:
        """Quantiles."""
        return _from_line(self._line(logit(u)), self.low, self.high)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of a value not above `x`, by inverting `ppf`; 0 and 1 beyond what can be drawn."""
        x = np.asarray(x, dtype=np.float64)
        u = invert(self.ppf, x, np.full(x.shape, U_MIN), np.full(x.shape, U_MAX))
        least, most = self.ppf(np.array([U_MIN, U_MAX]))
        return np.where(x < least, 0.0, np.where(x >= most, 1.0, u))

    @cached_property
    def _moments(self) -> tuple[float, float]:
        """Mean and standard deviation: Keelin's formulas without bounds, by quadrature within them."""
        if math.isinf(self.low) and math.isinf(self.high):
            variance = math.pi**2 / 3 * self.a2 * self.a2 + (1 / 12 + math.pi**2 / 36) * self.a3 * self.a3
            return self.a1 + self.a3 / 2.0, math.sqrt(variance)
        if math.isinf(self.high):
            mean, sd = log_moments(self._line, self.a2 + self.a3 / 2.0)
            return self.low + mean, sd
        if math.isinf(self.low):
            mean, sd = log_moments(lambda t: -self._line(-t), self.a2 - self.a3 / 2.0)
            return self.high - mean, sd
        return moments(lambda t: _from_line(self._line(t), self.low, self.high))

    @property
    def mean(self) -> float:
        """The mean; infinite where the tail is too long."""
        return self._moments[0]

    @property
    def sd(self) -> float:
        """The standard deviation; infinite where the tail is too long."""
        return self._moments[1]


def _basis(y: float) -> list[float]:
    """The three terms at the probability `y`."""
    t = math.log(y) - math.log1p(-y)
    return [1.0, t, (y - 0.5) * t]


def _to_line(x: float, low: float, high: float) -> float:
    """A value between the bounds, moved to the whole line."""
    if math.isinf(low):
        return x if math.isinf(high) else -math.log(high - x)
    return math.log(x - low) if math.isinf(high) else math.log(x - low) - math.log(high - x)


def _from_line(m: FloatArray, low: float, high: float) -> FloatArray:
    """The inverse of `_to_line`."""
    if math.isinf(low):
        return m if math.isinf(high) else np.asarray(high - np.exp(-m))
    if math.isinf(high):
        return np.asarray(low + np.exp(m))
    return np.asarray(np.minimum(low + (high - low) * expit(m), high))


def _middles(inverse: FloatArray, first: float, last: float) -> tuple[float, float]:
    """Between which middle values |a3| stays below its bound: each coefficient is a straight line in the middle one."""
    at_zero, slope = inverse @ [first, 0.0, last], inverse[:, 1]
    ends = [
        -(_STEEPEST * at_zero[1] + sign * at_zero[2]) / (_STEEPEST * slope[1] + sign * slope[2]) for sign in (-1, 1)
    ]
    return min(ends), max(ends)
