"""A share with a mixture of many betas: what the beta-binomial model predicts for a new population."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from scipy.special import betainc, betaln, expit, log_expit, logit

from sim.assumptions.distributions.base import Distribution, FloatArray, require
from sim.assumptions.distributions.tabulated import Knots, hermite, tabulate

_BLOCK = 100_000
"""Products of betas and shares that are computed at a time."""

_NEAR = 1e-8
"""The share below which the one that it leaves, so near to 1, has lost too many digits to be reckoned from."""


@final
@dataclass(frozen=True, eq=False)
class BetaMixture(Distribution):
    """A mixture of betas on [0, 1]. Quantiles and probabilities are interpolated in a table, to 1e-6 in probability.

    Parameters
    ----------
    a, b
        [component], shapes above 0.
    weights
        [component], adding up to 1.
    between
        The share of the variance that is disagreement between studies, from 0 to 1.
    """

    a: FloatArray
    b: FloatArray
    weights: FloatArray
    between: float = 0.0

    def __post_init__(self) -> None:
        require(self.a.size > 0, "beta mixture: needs at least one component")
        require(bool((self.a > 0.0).all() and (self.b > 0.0).all()), "beta mixture: shapes must be above 0")
        require(0.0 <= self.between <= 1.0, f"beta mixture: between = {self.between:g} must lie between 0 and 1")
        total = float(self.weights.sum())
        require(abs(total - 1.0) <= 1e-9, f"beta mixture: the weights add up to {total:.10g}; they must add up to 1")

    def ppf(self, u: FloatArray) -> FloatArray:
        """Quantiles."""
        knots = self._knots
        return np.asarray(expit(hermite(logit(u), knots.probability, knots.share, 1.0 / knots.slope)))

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of a value not above `x`."""
        knots, places = self._knots, logit(np.clip(x, 0.0, 1.0))
        inside = expit(hermite(places, knots.share, knots.probability, knots.slope))
        return np.asarray(np.where(places < knots.share[0], 0.0, np.where(places > knots.share[-1], 1.0, inside)))

    @property
    def mean(self) -> float:
        """The mean."""
        return float(self.weights @ self._means)

    @property
    def sd(self) -> float:
        """The standard deviation, within and between the components."""
        within = self._means * (1.0 - self._means) / (self.a + self.b + 1.0)
        return math.sqrt(float(self.weights @ (within + (self._means - self.mean) ** 2)))

    @cached_property
    def _means(self) -> FloatArray:
        return self.a / (self.a + self.b)

    @cached_property
    def _knots(self) -> Knots:
        return tabulate(self._curve)

    def _curve(self, share: FloatArray) -> Knots:
        """The logit of the probability, and its slope, at logits of shares."""
        at_once = max(1, _BLOCK // self.a.size)
        blocks = [self._sums(share[start : start + at_once, None]) for start in range(0, share.size, at_once)]
        below, above, density = (np.concatenate(part) for part in zip(*blocks, strict=True))
        with np.errstate(divide="ignore", invalid="ignore"):
            return Knots(share, np.log(below) - np.log(above), density / (below * above))

    def _sums(self, share: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Probabilities below and above, and density per logit: [share]."""
        # counted from the nearer end, 0 or 1, where a share keeps its digits
        swap, near, far = share > 0.0, expit(-np.abs(share)), expit(np.abs(share))
        a, b = np.where(swap, self.b, self.a), np.where(swap, self.a, self.b)
        first = betainc(a, b, near) @ self.weights
        second = np.where(near[:, 0] < _NEAR, 1.0 - first, betainc(b, a, far) @ self.weights)
        log_density = self.a * log_expit(share) + self.b * log_expit(-share) - betaln(self.a, self.b)
        below, above = np.where(swap[:, 0], second, first), np.where(swap[:, 0], first, second)
        return below, above, np.exp(log_density) @ self.weights
