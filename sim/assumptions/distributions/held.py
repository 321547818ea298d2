"""A distribution whose rare values beyond a bound are held at the bound."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from sim.assumptions.distributions.base import Distribution, FloatArray, Kind, ends
from sim.errors import InputError

RARE = 1e-6
"""The share of draws that may fall outside of a quantity's bounds; they are held at the bound."""


@final
@dataclass(frozen=True)
class Held(Distribution):
    """A distribution held within bounds that it leaves in fewer than one draw in a million.

    Mean and standard deviation are those of the distribution as stated: holding moves them by less than a planner
    could tell.

    Parameters
    ----------
    inner
        The distribution as stated.
    low, high
        The bounds, in the quantity's unit.
    """

    inner: Distribution
    low: float
    high: float

    def ppf(self, u: FloatArray) -> FloatArray:
        """Quantiles."""
        return np.asarray(np.clip(self.inner.ppf(u), self.low, self.high), dtype=np.float64)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of a value not above `x`."""
        inside = np.where(np.asarray(x) < self.low, 0.0, self.inner.cdf(x))
        return np.asarray(np.where(np.asarray(x) >= self.high, 1.0, inside), dtype=np.float64)

    @property
    def mean(self) -> float:
        """The mean as stated."""
        return self.inner.mean

    @property
    def sd(self) -> float:
        """The standard deviation as stated."""
        return self.inner.sd


def hold(distribution: Distribution, kind: Kind, text: str) -> Distribution:
    """The distribution within the bounds of its kind: itself where it never leaves them, held where it rarely does.

    Parameters
    ----------
    distribution, kind
        What was read and what is allowed.
    text
        How the reader wrote it, for the message.

    Raises
    ------
    InputError
        When it leaves the bounds more than rarely, or its mean is no finite number: naming the text and the bound.
    """
    low, high = ends(distribution)
    certain = low == high
    if low < kind.low and distribution.cdf(np.array(kind.low)) > RARE:
        raise InputError(f"{text} {'is' if certain else 'can fall'} below {kind.low:g} ({kind.rule})")
    if high > kind.high and 1.0 - distribution.cdf(np.array(kind.high)) > RARE:
        raise InputError(f"{text} {'is' if certain else 'can rise'} above {kind.high:g} ({kind.rule})")
    with np.errstate(all="ignore"):
        mean, sd = distribution.mean, distribution.sd
    if not (math.isfinite(low) and math.isfinite(high) and math.isfinite(mean)) or math.isnan(sd):
        raise InputError(f"{text} is too wide: its values and its mean must be finite numbers ({kind.rule})")
    if kind.low <= low and high <= kind.high:
        return distribution
    return Held(distribution, kind.low, kind.high)
