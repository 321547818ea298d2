"""The families with closed formulas: certain, normal, lognormal, beta, gamma."""

import math
from dataclasses import dataclass, field
from typing import final

import numpy as np
from scipy.special import betainc, gammainc, gammaincinv, gammaln, ndtr, ndtri

from sim.assumptions.distributions.base import Distribution, FloatArray, require, require_finite, require_positive
from sim.assumptions.distributions.beta_quantile import beta_quantile

_ONE_TERM = 1e-16  # of the gamma quantile: below it further terms of its series are lost in rounding


@final
@dataclass(frozen=True)
class Certain(Distribution):
    """A number that is known.

    Parameters
    ----------
    value
        The number, in the quantity's unit.
    """

    value: float

    def __post_init__(self) -> None:
        require_finite("a certain number", value=self.value)

    def ppf(self, u: FloatArray) -> FloatArray:
        """The value, whatever `u`."""
        return np.full(np.shape(u), self.value)

    def cdf(self, x: FloatArray) -> FloatArray:
        """A step from 0 to 1 at the value."""
        return np.where(np.asarray(x) >= self.value, 1.0, 0.0)

    @property
    def mean(self) -> float:
        """The value."""
        return self.value

    @property
    def sd(self) -> float:
        """Zero."""
        return 0.0


@final
@dataclass(frozen=True)
class Normal(Distribution):
    """The normal distribution.

    Parameters
    ----------
    mu, sigma
        Mean and standard deviation, in the quantity's unit; `sigma` above 0.
    """

    mu: float
    sigma: float

    def __post_init__(self) -> None:
        require_finite("normal", mean=self.mu)
        require_positive("normal", sd=self.sigma)

    def ppf(self, u: FloatArray) -> FloatArray:
        """Quantiles."""
        return np.asarray(self.mu + self.sigma * ndtri(u), dtype=np.float64)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of a value not above `x`."""
        return np.asarray(ndtr((np.asarray(x) - self.mu) / self.sigma), dtype=np.float64)

    @property
    def mean(self) -> float:
        """The mean."""
        return self.mu

    @property
    def sd(self) -> float:
        """The standard deviation."""
        return self.sigma


@final
@dataclass(frozen=True)
class LogNormal(Distribution):
    """A positive number whose logarithm is normal.

    Parameters
    ----------
    mu, sigma
        Mean and standard deviation of the natural logarithm; `sigma` above 0.
    stated_mean
        The mean as it was given, to its last digit; None where it follows from the others.
    """

    mu: float
    sigma: float
    stated_mean: float | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        require_finite("lognormal", log_mean=self.mu)
        require_positive("lognormal", log_sd=self.sigma)

    def ppf(self, u: FloatArray) -> FloatArray:
        """Quantiles."""
        return np.asarray(np.exp(self.mu + self.sigma * ndtri(u)), dtype=np.float64)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of a value not above `x`."""
        with np.errstate(divide="ignore"):
            logarithm = np.log(np.maximum(x, 0.0))
        return np.asarray(ndtr((logarithm - self.mu) / self.sigma), dtype=np.float64)

    @property
    def mean(self) -> float:
        """The mean; infinite where it exceeds the largest number."""
        if self.stated_mean is not None:
            return self.stated_mean
        with np.errstate(over="ignore"):
            return float(np.exp(self.mu + self.sigma * self.sigma / 2.0))

    @property
    def sd(self) -> float:
        """The standard deviation; infinite where it exceeds the largest number."""
        with np.errstate(over="ignore"):
            return float(self.mean * np.sqrt(np.expm1(self.sigma * self.sigma)))


@final
@dataclass(frozen=True)
class Beta(Distribution):
    """The beta distribution, stretched to an interval.

    Parameters
    ----------
    a, b
        Shapes, above 0.
    low, high
        The interval, in the quantity's unit.
    stated_mean
        The mean as it was given, to its last digit; None where it follows from the others.
    """

    a: float
    b: float
    low: float = 0.0
    high: float = 1.0
    stated_mean: float | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        require_positive("beta", a=self.a, b=self.b)
        require_interval("beta", self.low, self.high)

    def ppf(self, u: FloatArray) -> FloatArray:
        """Quantiles."""
        share = beta_quantile(u, self.a, self.b)
        return np.asarray(np.minimum(self.low + (self.high - self.low) * share, self.high), dtype=np.float64)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of a value not above `x`."""
        share = (np.asarray(x) - self.low) / (self.high - self.low)
        return np.asarray(betainc(self.a, self.b, np.clip(share, 0.0, 1.0)), dtype=np.float64)

    @property
    def mean(self) -> float:
        """The mean."""
        if self.stated_mean is not None:
            return self.stated_mean
        return self.low + (self.high - self.low) * (self.a / (self.a + self.b))

    @property
    def sd(self) -> float:
        """The standard deviation."""
        total = self.a + self.b
        return (self.high - self.low) * math.sqrt((self.a / total) * (self.b / total) / (total + 1.0))


@final
@dataclass(frozen=True)
class Gamma(Distribution):
    """The gamma distribution.

    Parameters
    ----------
    shape
        Above 0.
    scale
        Above 0, in the quantity's unit.
    stated_mean
        The mean as it was given, to its last digit; None where it follows from the others.
    """

    shape: float
    scale: float
    stated_mean: float | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        require_positive("gamma", shape=self.shape, scale=self.scale)

    def ppf(self, u: FloatArray) -> FloatArray:
        """Quantiles.

        Where they are so small that the first term of the series is the whole, u = x^shape / Γ(shape + 1), that term is
        inverted: SciPy's quantile of one number and the next may fall there by 1e-14 of itself.
        """
        with np.errstate(under="ignore"):
            first = np.exp((np.log(u) + gammaln(self.shape + 1.0)) / self.shape)
        x = np.where(first < _ONE_TERM, first, gammaincinv(self.shape, u))
        return np.asarray(self.scale * x, dtype=np.float64)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of a value not above `x`."""
        return np.asarray(gammainc(self.shape, np.maximum(x, 0.0) / self.scale), dtype=np.float64)

    @property
    def mean(self) -> float:
        """The mean."""
        return self.shape * self.scale if self.stated_mean is None else self.stated_mean

    @property
    def sd(self) -> float:
        """The standard deviation."""
        return math.sqrt(self.shape) * self.scale


def require_interval(family: str, low: float, high: float) -> None:
    """Refuse an interval that is empty, or too long for a floating-point number."""
    require_finite(family, low=low, high=high)
    require(low < high, f"{family}: low = {low:g} must be below high = {high:g}")
    require_finite(family, **{"high - low": high - low})
