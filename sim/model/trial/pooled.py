"""Accrual as one process, its plan a prior that counts as much as one lets it.

Gajewski, Simon & Carlson 2008 (Stat Med 27): a plan of n patients in T months is worth n·P patients in T·P months of
data, so that with m patients seen in t months the patients per month are Gamma(n·P + m, T·P + t). The strength P is a
number, or 1 - m / n (accelerated: the plan fades as patients come in), or uniform and updated by the data (hedging).
"""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import scipy
from scipy.special import betainc, betaincinv, gammaln, roots_legendre

from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.model.trial.gamma_quantile import gamma_quantile
from sim.model.trial.plan import TrialStreams

Strength = float | Literal["accelerated", "hedging"]

_CELLS = 256  # of the strength, where it is drawn
_NODES = 128  # of the strength, where it is averaged over
_CLOSE = 1e-10  # of a time, relative
_LONGEST = 1e12  # months of a plan that never ends, where its likelihood is reckoned
_NOTHING_TOLD = (
    "trial.enrolment.pooled.strength: {} leaves no plan, and the data are {} patients in {:g} months: must be above 0, "
    "or patients and months be"
)


@final
@dataclass(frozen=True)
class PooledPosterior:
    """What is known of the patients per month: a gamma distribution, or several of them with weights.

    Attributes
    ----------
    shape, rate : of the gamma distributions, [node]; the rate in months.
    weight : of the gamma distributions, adding up to 1, [node].
    """

    shape: FloatArray
    rate: FloatArray
    weight: FloatArray

    @property
    def mean(self) -> float:
        """Expected patients per month."""
        return float(self.weight @ (self.shape / self.rate))

    def prob_within(self, more: int, months: float) -> float:
        """Probability that so many more patients come within so many months: beta prime in the months."""
        if more <= 0:
            return 1.0
        return float(self.weight @ betainc(more, self.shape, months / (months + self.rate)))

    def time_quantile(self, more: int, probability: float) -> float:
        """Months within which so many more patients come with a probability."""
        beta = betaincinv(more, self.shape, probability)
        each = self.rate * beta / (1.0 - beta)  # the mixture's lies between the least and the largest of them
        low, high = float(each.min()), float(each.max())
        if high - low <= _CLOSE * high:
            return high
        return float(
            scipy.optimize.brentq(lambda months: self.prob_within(more, months) - probability, low, high, rtol=_CLOSE)
        )

    def count_quantile(self, months: float, probability: float) -> int:
        """The fewest patients that are not exceeded within so many months with a probability: negative binomial."""
        low, high = -1, 1
        while 1.0 - self.prob_within(high + 1, months) < probability:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if 1.0 - self.prob_within(middle + 1, months) < probability else (low, middle)
        return high


def pooled_posterior(
    strength: Strength, target: int, planned_months: float, enrolled: int, exposure: float
) -> PooledPosterior:
    """What plan and data say together, exactly.

    Parameters
    ----------
    strength : how much the plan counts, from 0 to 1, or by which rule.
    target : patients of the plan.
    planned_months : months of the plan.
    enrolled : patients so far.
    exposure : months so far.
    """
    if strength == "hedging":
        at, weight = roots_legendre(_NODES)
        share = (at + 1.0) / 2.0
        log_weight = np.log(weight) + _log_marginal(
            share, target, np.array([planned_months]), enrolled, np.array([exposure])
        )
        weight = np.exp(log_weight[0] - log_weight.max())
    else:
        share, weight = np.array([_share(strength, target, enrolled)]), np.ones(1)
    return PooledPosterior(target * share + enrolled, planned_months * share + exposure, weight / weight.sum())


def pooled_rate(
    strength: Strength,
    target: int,
    planned_months: FloatArray,
    enrolled: int,
    exposure: FloatArray,
    streams: TrialStreams,
) -> FloatArray:
    """Draws of the patients per month from their posterior.

    Parameters
    ----------
    strength : how much the plan counts, from 0 to 1, or by which rule.
    target : patients of the plan.
    planned_months : months of the plan, [draw]; of no effect where the strength is 0.
    enrolled : patients so far.
    exposure : months so far, [draw].
    streams : random numbers `pooled_strength` (of hedging alone) and `pooled_rate`.

    Returns
    -------
    Patients per month, [draw].

    Raises
    ------
    InputError
        Where neither the plan nor the data count.
    """
    if strength == "hedging":
        share = _drawn_share(target, planned_months, enrolled, exposure, streams.one("pooled_strength"))
    else:
        share = np.full(len(streams.draws), _share(strength, target, enrolled))
    shape, months = target * share + enrolled, np.where(share > 0, planned_months, 0.0) * share + exposure
    if not (np.all(shape > 0) and np.all(months > 0)):
        raise InputError(_NOTHING_TOLD.format(strength, enrolled, exposure.min()))
    return gamma_quantile(streams.one("pooled_rate"), shape) / months


def expected_pooled_rate(
    strength: Strength, target: int, planned_months: FloatArray, enrolled: int, exposure: FloatArray
) -> FloatArray:
    """The patients per month without chance, [draw]: the mean of their posterior; parameters as for `pooled_rate`."""
    plan = np.nan_to_num(planned_months)[:, None]
    weight = np.ones((len(exposure), 1))
    if strength == "hedging":
        at, nodes = roots_legendre(_NODES)
        share = (at + 1.0) / 2.0
        logarithm = np.log(nodes) + _log_marginal(share, target, planned_months, enrolled, exposure)
        weight = np.exp(logarithm - logarithm.max(axis=1, keepdims=True))
    else:
        share = np.array([_share(strength, target, enrolled)])
    patients, months = target * share + enrolled, plan * share + exposure[:, None]
    if not (np.all(patients > 0) and np.all(months > 0)):
        raise InputError(_NOTHING_TOLD.format(strength, enrolled, exposure.min()))
    means = patients / months
    return np.asarray((weight * means).sum(axis=1) / weight.sum(axis=1))


def _share(strength: float | Literal["accelerated"], target: int, enrolled: int) -> float:
    """The strength as a number."""
    return max(1.0 - enrolled / target, 0.0) if strength == "accelerated" else float(strength)


def _drawn_share(
    target: int, planned_months: FloatArray, enrolled: int, exposure: FloatArray, uniform: FloatArray
) -> FloatArray:
    """Strengths from their posterior after a uniform prior, [draw]: by inversion, the density constant in cells."""
    share = (np.arange(_CELLS) + 0.5) / _CELLS
    logarithm = _log_marginal(share, target, planned_months, enrolled, exposure)
    reached = np.cumsum(np.exp(logarithm - logarithm.max(axis=1, keepdims=True)), axis=1)
    goal = uniform * reached[:, -1]
    cell = np.minimum(np.sum(reached <= goal[:, None], axis=1), _CELLS - 1)
    row = np.arange(len(cell))
    before = np.where(cell > 0, reached[row, cell - 1], 0.0)
    return np.asarray((cell + (goal - before) / (reached[row, cell] - before)) / _CELLS)


def _log_marginal(
    share: FloatArray, target: int, planned_months: FloatArray, enrolled: int, exposure: FloatArray
) -> FloatArray:
    """Logarithm of the probability of the data given the strength, up to a constant, [draw, strength]."""
    shape, months = target * share, np.outer(np.minimum(planned_months, _LONGEST), share)
    chance = gammaln(shape + enrolled) - gammaln(shape)
    fit = shape * np.log1p(exposure[:, None] / months) + enrolled * np.log(months + exposure[:, None])
    return np.asarray(chance - fit)
