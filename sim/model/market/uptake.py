"""How a drug is taken up after its launch: shares of the peak, and what they add up to over time.

Every curve knows its exact integral, so that a year of the calendar needs no steps of time. Years since launch are an
array such as [draw, region, year]; what a curve is made of may differ between draws, as [draw, 1, 1].
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from sim.draws.streams import FloatArray

_TEN_TO_NINETY = 2.0 * np.log(9.0)
"""From 10 % to 90 % of a logistic curve, where its logit rises by 1 a year: years."""

_SHORTEST = 1e-9
"""Years of a rise that is as good as a step."""

_NOBODY = 1e-300
"""Innovation a year below which nobody ever begins; a smaller one has no finite reciprocal."""


class Uptake(ABC):
    """A curve of uptake: the share of the peak that is reached, by time since launch."""

    @abstractmethod
    def share(self, years: FloatArray) -> FloatArray:
        """The share of the peak reached so many years after launch, 0 before; minus infinity is never launched."""

    @abstractmethod
    def integral(self, years: FloatArray) -> FloatArray:
        """The share's integral from the launch on, in years at the peak; 0 before."""


@final
@dataclass(frozen=True)
class Linear(Uptake):
    """A straight line up to the peak.

    Attributes
    ----------
    years : from launch to the peak; 0 is at the peak at once. Broadcasts.
    """

    years: FloatArray

    def share(self, years: FloatArray) -> FloatArray:
        """See `Uptake.share`."""
        return np.where(years < 0, 0.0, self._risen(_since_launch(years)))

    def integral(self, years: FloatArray) -> FloatArray:
        """See `Uptake.integral`."""
        since = _since_launch(years)
        rising = np.minimum(since, self.years)
        return rising * self._risen(since) / 2.0 + (since - rising)

    def _risen(self, since: FloatArray) -> FloatArray:
        slow = np.greater(self.years, 0.0)
        return np.where(slow, np.minimum(since, self.years) / np.where(slow, self.years, 1.0), 1.0)


@final
@dataclass(frozen=True)
class Logistic(Uptake):
    """The logistic curve (Fisher & Pry 1971, Technol Forecast Soc Change 3), moved to be 0 at launch.

    With L the logistic curve, the share is (L(t) - L(0)) / (1 - L(0)), which goes to 1.

    Attributes
    ----------
    midpoint : years until half the peak on the curve before it is moved, at least 0. Broadcasts.
    rise : years that the same curve takes from 10 % to 90 %. Broadcasts.
    """

    midpoint: FloatArray
    rise: FloatArray

    def share(self, years: FloatArray) -> FloatArray:
        """See `Uptake.share`."""
        since, pace = _since_launch(years), self._pace
        return -np.expm1(-pace * since) * expit(pace * (since - self.midpoint))

    def integral(self, years: FloatArray) -> FloatArray:
        """See `Uptake.integral`."""
        risen, start = self._pace * _since_launch(years), self._pace * self.midpoint
        gained = _softplus(risen - start) - _softplus(-start)
        # what the curve had at launch, taken off again; written so that no large numbers cancel
        return np.maximum(gained - np.exp(-start) * (risen - gained), 0.0) / self._pace

    @property
    def _pace(self) -> FloatArray:
        """By how much the logit rises a year."""
        pace: FloatArray = _TEN_TO_NINETY / np.maximum(self.rise, _SHORTEST)
        return pace


@final
@dataclass(frozen=True)
class Bass(Uptake):
    """Innovators and those who imitate them (Bass 1969, Manag Sci 15): F' = (p + q F) (1 - F).

    Attributes
    ----------
    innovation : p, a year, from 0; nobody ever begins where it is 0. Broadcasts.
    imitation : q, a year, from 0. Broadcasts.
    """

    innovation: FloatArray
    imitation: FloatArray

    @property
    def peak_time(self) -> FloatArray:
        """Years after launch at which most join; 0 where imitation never outdoes innovation, infinite for nobody."""
        begins, innovation = self._innovation
        ahead = np.maximum(self.imitation, innovation)
        return np.where(begins, np.log(ahead / innovation) / (innovation + ahead), np.inf)

    def rate(self, years: FloatArray) -> FloatArray:
        """The share of the peak that joins, a year; 0 before launch."""
        share = self.share(years)
        return np.where(years < 0, 0.0, (self.innovation + self.imitation * share) * (1.0 - share))

    def share(self, years: FloatArray) -> FloatArray:
        """See `Uptake.share`."""
        begins, innovation = self._innovation
        gone, pool = self._parts(years)
        return np.where(begins, gone * (innovation / pool), 0.0)

    def integral(self, years: FloatArray) -> FloatArray:
        """See `Uptake.integral`."""
        begins, _ = self._innovation
        gone, pool = self._parts(years)
        # what is missed is log(1 + q F / p) / q, which has a limit without imitation
        ratio = self.imitation * (gone / pool)
        some = ratio > 0
        missed = gone / pool * np.where(some, np.log1p(ratio) / np.where(some, ratio, 1.0), 1.0)
        return np.where(begins, np.maximum(_since_launch(years) - missed, 0.0), 0.0)

    @property
    def _innovation(self) -> tuple[NDArray[np.bool_], FloatArray]:
        """Whether anybody ever begins, and the innovation, 1 where nobody does."""
        begins: NDArray[np.bool_] = np.greater(self.innovation, _NOBODY)
        return begins, np.where(begins, self.innovation, 1.0)

    def _parts(self, years: FloatArray) -> tuple[FloatArray, FloatArray]:
        """With e = exp(-(p + q) t): 1 - e, and p + q e; F is p times their ratio."""
        exponent = -(self.innovation + self.imitation) * _since_launch(years)
        return -np.expm1(exponent), self._innovation[1] + self.imitation * np.exp(exponent)


@final
@dataclass(frozen=True)
class Observed(Uptake):
    """Straight lines through points, such as those of a drug before; flat after the last.

    Attributes
    ----------
    years : of the points since launch, rising, from 0, [point]; the line to a first one after launch begins at 0.
    shares : of the peak, between 0 and 1, [point], or [point, draw, 1, 1].
    """

    years: FloatArray
    shares: FloatArray

    def share(self, years: FloatArray) -> FloatArray:
        """See `Uptake.share`."""
        since = _since_launch(years)
        share: FloatArray = np.zeros(since.shape)
        for start, stop, low, high in self._lines():
            passed = np.clip(since - start, 0.0, stop - start) / (stop - start)
            share = np.where(since >= start, (1.0 - passed) * low + passed * high, share)
        share = np.where(since >= self.years[-1], self.shares[-1], share)
        return np.where(years < 0, 0.0, share)

    def integral(self, years: FloatArray) -> FloatArray:
        """See `Uptake.integral`."""
        since = _since_launch(years)
        total: FloatArray = np.maximum(since - self.years[-1], 0.0) * self.shares[-1]
        for start, stop, low, high in self._lines():
            passed = np.clip(since - start, 0.0, stop - start)
            total = total + passed * (low + (high - low) * (passed / (stop - start)) / 2.0)
        return total

    def _lines(self) -> Iterator[tuple[float, float, FloatArray, FloatArray]]:
        """Where each straight line begins and ends, in years, and the shares there."""
        points = list(zip(self.years.tolist(), self.shares, strict=True))
        if points[0][0] > 0:
            points.insert(0, (0.0, np.zeros(())))
        for (start, low), (stop, high) in pairwise(points):
            yield start, stop, low, high


def _since_launch(years: FloatArray) -> FloatArray:
    """Years on the market, 0 before launch."""
    return np.maximum(years, 0.0)


def _softplus(x: FloatArray) -> FloatArray:
    """The logarithm of 1 + exp(x)."""
    return np.logaddexp(0.0, x)
