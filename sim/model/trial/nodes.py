"""Distributions as a few points with weights, by which a law is averaged over them (Gauss's quadrature)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
import scipy
from scipy.special import roots_legendre

from sim.draws.streams import FloatArray


@final
@dataclass(frozen=True)
class Nodes:
    """A distribution as points with weights, by which it is averaged over.

    Attributes
    ----------
    at : the points, [node].
    weight : adding up to 1, [node].
    """

    at: FloatArray
    weight: FloatArray

    @classmethod
    def certain(cls, value: float) -> "Nodes":
        """One value."""
        return cls(np.array([value]), np.ones(1))

    @classmethod
    def uniform(cls, low: float, high: float, count: int = 64) -> "Nodes":
        """A uniform distribution, exact for polynomials of degree 2 count - 1, as the others."""
        at, weight = roots_legendre(count)
        return cls(low + (high - low) * (at + 1.0) / 2.0, weight / 2.0)

    @classmethod
    def beta(cls, one: float, other: float, count: int = 32) -> "Nodes":
        """A beta distribution."""
        k, both = np.arange(1.0, count), one + other
        ahead = (one + k - 1.0) * (other + k - 1.0) * k / ((both + 2.0 * k - 1.0) * (both + 2.0 * k - 2.0) ** 2)
        ahead *= np.where(k == 1, 1.0, (both + k - 2.0) / np.where(k == 1, 1.0, both + 2.0 * k - 3.0))
        middle = (one - other) * (both - 2.0) / ((both + 2.0 * k) * (both + 2.0 * k - 2.0))
        return cls._from_recurrence(np.insert((1.0 + middle) / 2.0, 0, one / both), ahead)

    @classmethod
    def gamma(cls, cv: float, count: int = 32) -> "Nodes":
        """A gamma distribution of mean 1 and this coefficient of variation."""
        if cv == 0:
            return cls.certain(1.0)
        k, excess = np.arange(float(count)), cv**2
        return cls._from_recurrence(1.0 + 2.0 * k * excess, (k * excess * (1.0 + (k - 1.0) * excess))[1:])

    @classmethod
    def _from_recurrence(cls, middle: FloatArray, ahead: FloatArray) -> "Nodes":
        """Gauss's points from the recurrence of the orthogonal polynomials (Golub & Welsch 1969, Math Comp 23).

        Unlike closed forms of the weights it overflows for no parameter.
        """
        at, vectors = scipy.linalg.eigh_tridiagonal(middle, np.sqrt(ahead))
        return cls(np.asarray(at, dtype=np.float64), np.asarray(vectors[0] ** 2, dtype=np.float64))

    def mean(self, function: Callable[[FloatArray], FloatArray] = np.asarray) -> float:
        """The mean of a function of it."""
        return float(self.weight @ function(self.at))
