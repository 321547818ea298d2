"""A share whose logit has a t distribution: what random-effects pooling yields."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri, stdtr, stdtrit

from sim.assumptions.distributions.base import Distribution, FloatArray, require, require_finite, require_positive
from sim.assumptions.distributions.numeric import moments


@final
@dataclass(frozen=True)
class LogitT(Distribution):
    """A share whose logit is t distributed, or normal with infinite degrees of freedom.

    Higgins, Thompson & Spiegelhalter 2009 use it as the predictive distribution of a random-effects meta-analysis.

    Parameters
    ----------
    location, scale
        Of the logit; `scale` above 0.
    df
        Degrees of freedom, above 0; infinite for the normal.
    between
        The share of `scale` squared that is disagreement between studies, from 0 to 1.
    """

    location: float
    scale: float
    df: float = math.inf
    between: float = 0.0

    def __post_init__(self) -> None:
        require_finite("pooled", location=self.location)
        require_positive("pooled", scale=self.scale)
        require(self.df > 0.0, f"pooled: df = {self.df:g} must be above 0")
        require(0.0 <= self.between <= 1.0, f"pooled: between = {self.between:g} must lie between 0 and 1")

    def _lower(self, u: FloatArray) -> FloatArray:
        """Standard quantiles."""
        return np.asarray(ndtri(u) if math.isinf(self.df) else stdtrit(self.df, u), dtype=np.float64)

    def ppf(self, u: FloatArray) -> FloatArray:
        """Quantiles."""
        return np.asarray(expit(self.location + self.scale * self._lower(u)), dtype=np.float64)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of a value not above `x`."""
        standard = (logit(np.clip(x, 0.0, 1.0)) - self.location) / self.scale
        return np.asarray(ndtr(standard) if math.isinf(self.df) else stdtr(self.df, standard), dtype=np.float64)

    @cached_property
    def _moments(self) -> tuple[float, float]:
        """Mean and standard deviation, by quadrature."""
        # by symmetry from the lower tail, where the probability keeps its digits
        return moments(
            lambda t: np.asarray(expit(self.location - np.sign(t) * self.scale * self._lower(expit(-np.abs(t)))))
        )

    @property
    def mean(self) -> float:
        """The mean."""
        return self._moments[0]

    @property
    def sd(self) -> float:
        """The standard deviation."""
        return self._moments[1]
