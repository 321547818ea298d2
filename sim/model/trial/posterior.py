"""Site rates given how many patients all sites together have enrolled.

Rates are gamma distributed between sites (Anisimov & Fedorov 2007, Stat Med 26). Where only the total is known, the
sites' counts are drawn given the total, by the forward convolution of their negative binomial laws and a backward
pass through it (forward filtering, backward sampling: Carter & Kohn 1994, Biometrika 81); given its count, a site's
rate is gamma distributed again. Nothing is approximated.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.model.trial.gamma_quantile import gamma_quantile
from sim.model.trial.plan import IntArray, TrialStreams

_NUMBERS_AT_ONCE = 1 << 20  # of one convolution's inputs: 8 MB
_HALVINGS = 40  # of an interval in which the tilt lies; the tilt serves the range of the numbers, not the answer
_LEAST_TILT, _MOST_TILT = -80.0, 30.0


def site_rates_given(
    shape: FloatArray,
    rate: FloatArray,
    exposure: FloatArray,
    enrolled: int,
    streams: TrialStreams,
    names: tuple[str, ...],
) -> tuple[FloatArray, IntArray]:
    """Site rates from their law given the total enrolled, and the sites' counts that go with them.

    Parameters
    ----------
    shape, rate : of the gamma law of a site's rate before the data, [draw, site]; the rate in months.
    exposure : patients expected of a site per unit of its rate up to the date, [draw, site], months.
    enrolled : patients of all sites together.
    streams : random numbers; `site_count` deals the patients to the sites, `site_rate` is the stream of the prior.
    names : of the sites.

    Returns
    -------
    Site rates, [draw, site], patients per month, and patients by site, [draw, site], which add up to the total. Without
    exposure a site's rate is the prior's, `gamma_quantile(u, shape) / rate`, bit for bit.

    Raises
    ------
    InputError
        Where patients are enrolled though in some draw no site can have enrolled any.
    """
    if enrolled and not np.all(np.any(exposure > 0, axis=1)):
        raise InputError(
            f"trial.interim.enrolled: {enrolled} patients by a date at which no site may have been open yet:"
            " must be 0, or the date later"
        )
    counts = _site_counts(shape, rate, exposure, enrolled, streams.each("site_count", names))
    uniform = streams.each("site_rate", names)
    return gamma_quantile(uniform, shape + counts) / (rate + exposure), counts


def _site_counts(
    shape: FloatArray, rate: FloatArray, exposure: FloatArray, enrolled: int, uniform: FloatArray
) -> IntArray:
    """Patients by site given their total, [draw, site]; draws are worked on in parts to bound the memory."""
    draws, sites = shape.shape
    odds = exposure / (rate + exposure)
    step = max(1, _NUMBERS_AT_ONCE // ((enrolled + 1) * max(sites, 1)))
    counts = np.zeros((draws, sites), dtype=np.int64)
    if enrolled:
        for first in range(0, draws, step):
            part = slice(first, first + step)
            counts[part] = _dealt(shape[part].T, odds[part].T, enrolled, uniform[part].T).T
    return counts


def _dealt(shape: FloatArray, odds: FloatArray, total: int, uniform: FloatArray) -> IntArray:
    """Counts by site, [site, draw]: the last site's given the total, then the one before given what is left."""
    pmfs = _tilted_pmfs(shape, odds, total)
    before = _sums_before(pmfs)
    counts = np.zeros(shape.shape, dtype=np.int64)
    left = np.full(shape.shape[1], total)
    for site in reversed(range(1, len(shape))):
        counts[site] = _given_sum(pmfs[site], before[site], left, uniform[site])
        left = left - counts[site]
    counts[0] = left
    return counts


def _tilted_pmfs(shape: FloatArray, odds: FloatArray, total: int) -> FloatArray:
    """Laws of the sites' counts up to a factor, [site, count, draw], tilted so that the total is a likely one.

    A factor cᵏ on the probability of every count k changes nothing once the total is given, and keeps the numbers of
    data far from the prior within the computer's range.
    """
    tilted = odds * _tilt(shape, odds, total)
    count = np.arange(1, total + 1)[:, None]
    pmfs = np.empty((len(shape), total + 1, shape.shape[1]))
    with np.errstate(divide="ignore"):  # a site without exposure has count 0
        for site, law in enumerate(pmfs):
            law[0] = 0.0
            law[1:] = np.log((shape[site] + (count - 1)) / count * tilted[site])
            np.cumsum(law, axis=0, out=law)
            law -= law.max(axis=0)
            np.exp(law, out=law)
            law /= law.sum(axis=0)
    return pmfs


def _tilt(shape: FloatArray, odds: FloatArray, total: int) -> FloatArray:
    """The factor c by which the sites together expect about the total, [draw]: a root, by halving."""
    largest = odds.max(axis=0)
    low, high = np.full(largest.shape, _LEAST_TILT), np.full(largest.shape, _MOST_TILT)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        tilted = odds * (expit(middle) / largest)
        too_high = np.sum(shape * tilted / (1.0 - tilted), axis=0) > total
        low, high = np.where(too_high, low, middle), np.where(too_high, middle, high)
    return np.asarray(expit(low) / largest)


def _sums_before(pmfs: FloatArray) -> FloatArray:
    """Laws of the sum over the sites before each, [site, sum, draw]."""
    before = np.zeros_like(pmfs)
    before[0, 0] = 1.0
    for site in range(1, len(pmfs)):
        before[site] = _convolved(before[site - 1], pmfs[site - 1])
    return before


def _convolved(one: FloatArray, other: FloatArray) -> FloatArray:
    """The law of a sum, [sum, draw], as far as the arrays reach."""
    total = np.zeros_like(one)
    length = len(one)
    for count, probability in enumerate(other):
        total[count:] += probability * one[: length - count]
    return total


def _given_sum(pmf: FloatArray, before: FloatArray, left: NDArray[np.int64], uniform: FloatArray) -> IntArray:
    """A site's count given the sum of it and those before, [draw]: the quantile of one uniform number."""
    count = np.arange(len(pmf))[:, None]
    others = left - count
    reached = np.take_along_axis(before, np.maximum(others, 0), axis=0)
    weight = np.cumsum(np.where(others >= 0, pmf * reached, 0.0), axis=0)
    return np.asarray(np.minimum(np.sum(weight < uniform * weight[-1], axis=0), left))
