"""The families with a least and a greatest value: uniform, triangular, PERT."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from sim.assumptions.distributions.base import Distribution, FloatArray, require, require_finite
from sim.assumptions.distributions.classic import Beta, require_interval


@final
@dataclass(frozen=True)
class Uniform(Distribution):
    """Every value of an interval alike.

    Parameters
    ----------
    low, high
        The interval, in the quantity's unit.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        require_interval("uniform", self.low, self.high)

    def ppf(self, u: FloatArray) -> FloatArray:
        """Quantiles."""
        return np.asarray(np.minimum(self.low + (self.high - self.low) * u, self.high), dtype=np.float64)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of a value not above `x`."""
        return np.clip((np.asarray(x) - self.low) / (self.high - self.low), 0.0, 1.0)

    @property
    def mean(self) -> float:
        """The middle."""
        return self.low + (self.high - self.low) / 2.0

    @property
    def sd(self) -> float:
        """The standard deviation."""
        return (self.high - self.low) / math.sqrt(12.0)


@final
@dataclass(frozen=True)
class Triangular(Distribution):
    """A density that rises straight to the mode and falls straight from it.

    Parameters
    ----------
    low, mode, high
        The least, the likeliest and the greatest value, in the quantity's unit.
    """

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        _require_mode("triangular", self.low, self.mode, self.high)

    def ppf(self, u: FloatArray) -> FloatArray:
        """Quantiles."""
        width = self.high - self.low
        peak = (self.mode - self.low) / width
        rising = self.low + width * np.sqrt(peak * np.asarray(u))
        falling = self.high - width * np.sqrt((1.0 - peak) * (1.0 - np.asarray(u)))
        # the bounds keep rounding from passing the mode or the ends
        return np.asarray(np.where(u < peak, np.minimum(rising, self.mode), np.maximum(falling, self.mode)))

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of a value not above `x`."""
        width = self.high - self.low
        share = np.clip((np.asarray(x) - self.low) / width, 0.0, 1.0)
        peak = (self.mode - self.low) / width
        rising = share * share / (peak or 1.0)
        falling = 1.0 - (1.0 - share) ** 2 / ((1.0 - peak) or 1.0)
        return np.asarray(np.where(share < peak, rising, falling))

    @property
    def mean(self) -> float:
        """The mean of the three points."""
        return self.low + ((self.mode - self.low) + (self.high - self.low)) / 3.0

    @property
    def sd(self) -> float:
        """The standard deviation."""
        width = self.high - self.low
        peak = (self.mode - self.low) / width
        return width * math.sqrt((1.0 - peak + peak * peak) / 18.0)


@final
@dataclass(frozen=True)
class Pert(Distribution):
    """The PERT distribution: a beta whose mean is (low + 4 mode + high) / 6.

    Malcolm, Roseboom, Clark & Fazar 1959, in the form of Vose 2008.

    Parameters
    ----------
    low, mode, high
        The least, the likeliest and the greatest value, in the quantity's unit.
    """

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        _require_mode("pert", self.low, self.mode, self.high)

    @cached_property
    def beta(self) -> Beta:
        """The same distribution by its shapes."""
        peak = (self.mode - self.low) / (self.high - self.low)
        return Beta(1.0 + 4.0 * peak, 5.0 - 4.0 * peak, self.low, self.high)

    def ppf(self, u: FloatArray) -> FloatArray:
        """Quantiles."""
        return self.beta.ppf(u)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of a value not above `x`."""
        return self.beta.cdf(x)

    @property
    def mean(self) -> float:
        """The mean."""
        return self.beta.mean

    @property
    def sd(self) -> float:
        """The standard deviation."""
        return self.beta.sd


def _require_mode(family: str, low: float, mode: float, high: float) -> None:
    """Refuse a mode outside of its interval."""
    require_interval(family, low, high)
    require_finite(family, mode=mode)
    require(low <= mode <= high, f"{family}: mode = {mode:g} must lie between low = {low:g} and high = {high:g}")
