"""The trend of a volume: a random walk with drift in its logarithm, pinned at its history.

    log V(t + g) = log V(t) + drift · g + noise · √g · Z

It is the law by which Lee & Carter (J. Am. Stat. Assoc. 87, 1992) carry mortality forward. Years counted unevenly are
weighted by their gaps (Harvey, Forecasting, Structural Time Series Models and the Kalman Filter, 1989): the drift is
told by the two ends alone, the noise by how the steps between scatter around it. Under the prior 1 / noise both have
the textbook posterior, an inverse chi-square and a normal, and both are drawn.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from sim.evidence.history import History

FloatArray = npt.NDArray[np.float64]

FEWEST = 5
"""Years that a history needs to tell its own year-to-year noise."""

SIGHT = 0.999
"""The part of the noise's law that is drawn from: without an end it would give the volume no mean."""

_FAR = 10.0  # standard errors, beyond any percentile asked for


@dataclass(frozen=True)
class Trend:
    """A history and the law that carries it to other years.

    Attributes
    ----------
    history : the years it is pinned at.
    drift : estimated change of the logarithm per year.
    noise : estimated standard deviation of a year's change around the drift.
    degrees : degrees of freedom of the noise.
    span : years over which the drift was seen.
    like : the history that lent the noise and, to a history of one year, the drift; None where nothing was borrowed.
    """

    history: History
    drift: float
    noise: float
    degrees: int
    span: int
    like: History | None = None

    def noise_at(self, u: FloatArray) -> FloatArray:
        """Quantiles of the noise: noise² = degrees · s² / χ², cut at its 99.9th percentile.

        Parameters
        ----------
        u : uniform numbers strictly between 0 and 1, of any shape.

        Returns
        -------
        Standard deviations of a year's change of the logarithm, in the shape of `u`.
        """
        from scipy.special import chdtri

        return np.asarray(self.noise * np.sqrt(self.degrees / chdtri(self.degrees, SIGHT * u)))

    def drift_at(self, u: FloatArray, noise: FloatArray) -> FloatArray:
        """Quantiles of the drift, given the noise: normal around its estimate with variance noise² / span.

        Parameters
        ----------
        u : uniform numbers strictly between 0 and 1.
        noise : as `noise_at` gives it, in the same shape.

        Returns
        -------
        Changes of the logarithm per year, in the shape of `u`.
        """
        from scipy.special import ndtri

        return np.asarray(self.drift + noise / math.sqrt(self.span) * ndtri(u))

    @property
    def noise_mean(self) -> float:
        """The mean of the noise as it is drawn."""
        u, weight = _nodes()
        return float(weight @ self.noise_at(u))

    def drift_quantile(self, p: float) -> float:
        """The value that the drift, whatever the noise, stays below with probability `p`."""
        from scipy.optimize import brentq
        from scipy.special import ndtr

        u, weight = _nodes()
        error = self.noise_at(u) / math.sqrt(self.span)
        if not error.any():
            return self.drift
        reach = _FAR * float(error.max())
        return self.drift + float(brentq(lambda x: float(weight @ ndtr(x / error)) - p, -reach, reach, xtol=1e-12))


def fit(history: History, like: History | None = None) -> Trend:
    """The trend of a history, or of a short one that moves like another.

    Parameters
    ----------
    history : at least five years; with `like` at least one.
    like : a history of at least five years that lends its noise and, to a history of one year, its drift.

    Returns
    -------
    The drift's estimate is (log V_n − log V_1) / (t_n − t_1); the noise's is the root of the sum over the m steps of
    (step − drift · gap)² / gap, divided by the m − 1 degrees of freedom that the drift leaves.
    """
    teller = like or history
    own = history if len(history.points) > 1 else teller
    steps, gaps = _steps(teller)
    degrees = len(gaps) - 1
    noise = math.sqrt(float(((steps - steps.sum() / gaps.sum() * gaps) ** 2 / gaps).sum()) / degrees)
    steps, gaps = _steps(own)
    return Trend(history, float(steps.sum() / gaps.sum()), noise, degrees, int(gaps.sum()), like)


@cache
def _nodes() -> tuple[FloatArray, FloatArray]:
    """Places between 0 and 1 and their weights, by Gauss and Legendre: a mean over a uniform number."""
    roots, weights = np.polynomial.legendre.leggauss(200)
    return (roots + 1) / 2, weights / 2


def _steps(history: History) -> tuple[FloatArray, FloatArray]:
    """Changes of the logarithm from point to point, and the years they took."""
    volumes = np.array([point.volume for point in history.points])
    return np.diff(np.log(volumes)), np.diff(np.array(history.years, dtype=np.float64))
