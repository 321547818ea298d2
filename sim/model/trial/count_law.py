"""The exact law of accrual, for planning: how many patients by when, and how long until how many.

Sites enrol as Poisson processes whose rates are gamma distributed between sites (Anisimov & Fedorov 2007, Stat Med
26), so that a site's count is negative binomial and the trial's is their convolution. What is uncertain about a site's
opening, the share that passes screening and a factor common to all sites is averaged over by Gauss's quadrature.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import scipy

from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.model.trial.nodes import Nodes
from sim.model.trial.profile import age_integral

_CLOSE = 1e-9  # relative error of times and integrals
_LONG = 1e9  # months beyond which no trial is waited for
_PIECES = 400  # of an integral over time, at most
_MOST_SITES = 1 << 14  # that a trial is planned with
_LEAST_EXCESS = 1e-290  # a square of a spread below it has lost its digits, and the law is Poisson's to all of them

_AT_START, _ALL = Nodes.certain(0.0), Nodes.certain(1.0)


@final
@dataclass(frozen=True)
class Site:
    """One site's law.

    Attributes
    ----------
    mean : of its rate, patients screened per month at full speed.
    cv : coefficient of variation of its rate; 0 is a rate that is known.
    opening : when it opens, months since the trial's start.
    kept : share of the screened who count.
    ramp : months that its rate takes to rise linearly from 0 to full speed.
    decline : fall of the logarithm of its rate per month of its age.
    cap : patients that it may enrol; None is no cap.
    """

    mean: float
    cv: float = 0.0
    opening: Nodes = _AT_START
    kept: Nodes = _ALL
    ramp: float = 0.0
    decline: float = 0.0
    cap: int | None = None

    @classmethod
    def gamma(cls, shape: float, rate: float) -> "Site":
        """A site whose rate is gamma distributed with this shape and rate (in months)."""
        return cls(shape / rate, shape**-0.5)

    def exposure(self, months: float) -> Nodes:
        """Patients expected by a time per unit of its rate."""
        age = months - self.opening.at
        worth = age_integral(age, np.full(age.shape, self.ramp), np.full(age.shape, self.decline))
        return Nodes(np.outer(worth, self.kept.at).ravel(), np.outer(self.opening.weight, self.kept.weight).ravel())

    def pmf(self, months: float, most: int, factor: float = 1.0) -> FloatArray:
        """Probabilities of 0 … most patients by a time, [count], its rate multiplied by a factor."""
        exposure = self.exposure(months)
        probability = exposure.weight @ negative_binomial(self.mean * factor * exposure.at, self.cv, most)
        if self.cap is not None and self.cap <= most:
            probability[self.cap] = 1.0 - probability[: self.cap].sum()
            probability[self.cap + 1 :] = 0.0
        return probability


@final
@dataclass(frozen=True)
class Accrual:
    """The law of a trial's accrual.

    Attributes
    ----------
    sites : its sites.
    shared_cv : coefficient of variation of a gamma factor of mean 1 that is common to all sites.
    """

    sites: tuple[Site, ...]
    shared_cv: float = 0.0

    def pmf(self, months: float, most: int) -> FloatArray:
        """Probabilities of 0 … most patients by a time, [count]."""
        shared = Nodes.gamma(self.shared_cv)
        laws = [self._pmf_given(months, most, factor) for factor in shared.at.tolist()]
        return np.asarray(shared.weight @ np.stack(laws))

    def _pmf_given(self, months: float, most: int, factor: float) -> FloatArray:
        """The law given the shared factor; sites that are one object are convolved together."""
        total = np.zeros(most + 1)
        total[0] = 1.0
        for alike, times in Counter(id(site) for site in self.sites).items():
            law = next(site for site in self.sites if id(site) == alike).pmf(months, most, factor)
            total = _sum_with(total, law, times)
        return total

    def prob_enrolled_by(self, target: int, months: float) -> float:
        """Probability of at least so many patients by a time."""
        return 1.0 - self.prob_short(target, months)

    def prob_short(self, target: int, months: float) -> float:
        """Probability of fewer patients by a time."""
        return float(self.pmf(months, target - 1).sum()) if target > 0 else 0.0

    def time_quantile(self, target: int, probability: float) -> float:
        """Months by which the target is reached with a probability; infinite where that is not to be expected."""

        def missing(months: float) -> float:
            return 1.0 - probability - self.prob_short(target, months)

        late = 1.0
        while missing(late) < 0:
            late *= 2.0
            if late > _LONG:
                return np.inf
        return float(scipy.optimize.brentq(missing, 0.0, late, xtol=_CLOSE, rtol=_CLOSE))

    def time_moments(self, target: int) -> tuple[float, float]:
        """Mean and standard deviation of the months until the target, each infinite where it does not exist."""
        index = self._tail_index(target)
        scale = self.time_quantile(target, 0.5) if index > 1.0 else np.inf
        mean = self._integral(target, scale, lambda _: 1.0) if index > 1.0 else np.inf
        square = self._integral(target, scale, lambda months: 2.0 * months) if index > 2.0 else np.inf
        return mean, float(np.sqrt(square - mean**2)) if np.isfinite(square) else np.inf

    def _tail_index(self, target: int) -> float:
        """The power of time by which the probability of being short falls in the end."""
        late, later = self.prob_short(target, _LONG / 10.0), self.prob_short(target, _LONG)
        fall = float(np.log10(late / later)) if later > 0 else np.inf
        return min(fall, self.shared_cv**-2) if self.shared_cv > 0 else fall

    def _integral(self, target: int, scale: float, weight: Callable[[float], float]) -> float:
        """The integral over time of a weight and the probability of being short, with time mapped onto 0 … 1."""

        def integrand(x: float) -> float:
            months = scale * x / (1.0 - x)
            return weight(months) * self.prob_short(target, months) * scale / (1.0 - x) ** 2

        # the median, which lies in the middle, divides a steep law; the pieces cannot miss it
        ends = ((0.0, 0.5), (0.5, 1.0))
        return sum(
            scipy.integrate.quad(integrand, low, high, epsabs=0.0, epsrel=_CLOSE, limit=_PIECES)[0]
            for low, high in ends
        )

    def count_moments(self, months: float) -> tuple[float, float]:
        """Mean and variance of the patients by a time, of sites without a cap."""
        assert all(site.cap is None for site in self.sites)
        mean = variance = 0.0
        for site in self.sites:
            exposure = site.exposure(months)
            expected, square = site.mean * exposure.mean(), site.mean**2 * exposure.mean(np.square)
            mean += expected
            variance += square * (1.0 + site.cv**2) - expected**2
        shared = self.shared_cv**2
        return mean, mean + (1.0 + shared) * variance + shared * mean**2


def _sum_with(total: FloatArray, law: FloatArray, times: int) -> FloatArray:
    """The law of a sum with so many more sites of one law, as far as the arrays reach, by repeated doubling."""
    while times:
        if times % 2:
            total = np.convolve(total, law)[: len(law)]
        law, times = np.convolve(law, law)[: len(law)], times // 2
    return total


def negative_binomial(mean: FloatArray, cv: float, most: int) -> FloatArray:
    """Probabilities of 0 … most patients where the rate is gamma distributed: negative binomial, or Poisson.

    Parameters
    ----------
    mean : expected patients, [node].
    cv : coefficient of variation of the rate; 0 is Poisson's law.
    most : the largest count.

    Returns
    -------
    [node, count], from logarithms, so that the smallest are right too.
    """
    count, excess = np.arange(1, most + 1), cv**2
    spread = 1.0 + mean * excess
    law = np.empty((len(mean), most + 1))
    law[:, 0] = -np.log1p(mean * excess) / excess if excess > _LEAST_EXCESS else -mean
    with np.errstate(divide="ignore"):  # a site that is not open has no patients
        law[:, 1:] = np.log(np.outer(mean / spread, (1.0 + (count - 1) * excess) / count))
    return np.exp(np.cumsum(law, axis=1))


def count_pmf(shape: FloatArray, rate: FloatArray, exposure: FloatArray, most: int) -> FloatArray:
    """The law of the patients of all sites together, given the exposure of each.

    Parameters
    ----------
    shape, rate : of the gamma law of a site's rate, [site]; the rate in months.
    exposure : patients expected of a site per unit of its rate, [site], months.
    most : the largest count that is asked for.

    Returns
    -------
    Probabilities of 0 … most patients, [count].
    """
    total = np.zeros(most + 1)
    total[0] = 1.0
    for alpha, expected in zip(shape.tolist(), (shape / rate * exposure).tolist(), strict=True):
        total = np.convolve(total, negative_binomial(np.array([expected]), alpha**-0.5, most)[0])[: most + 1]
    return total


def sites_needed(site: Site, target: int, months: float, probability: float, shared_cv: float = 0.0) -> int:
    """The fewest sites of one kind that reach the target by a time with a probability.

    Parameters
    ----------
    site : the kind.
    target : patients.
    months : the time.
    probability : how sure it is to be, below 1.
    shared_cv : as in `Accrual`.

    Raises
    ------
    InputError
        Where no number of sites that a trial could have is enough.
    """

    def enough(sites: int) -> bool:
        return Accrual((site,) * sites, shared_cv).prob_enrolled_by(target, months) >= probability

    upper = 1
    while not enough(upper):
        upper *= 2
        if upper > _MOST_SITES:
            raise InputError(
                f"sites: {target} patients by month {months:g} with probability {probability:g}"
                f" would need more than {_MOST_SITES} sites like these"
            )
    lower = upper // 2
    while upper - lower > 1:
        middle = (lower + upper) // 2
        lower, upper = (lower, middle) if enough(middle) else (middle, upper)
    return upper


def staggered(site: Site, openings: FloatArray) -> tuple[Site, ...]:
    """Sites of one kind that open at known times, [site], months."""
    return tuple(replace(site, opening=Nodes.certain(opening)) for opening in openings.tolist())
