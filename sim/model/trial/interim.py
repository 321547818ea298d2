"""What is learnt of sites from the patients they have enrolled by a date.

Rates of sites are gamma distributed and patients Poisson, so what is known of a site given its own count is gamma
again (Anisimov & Fedorov 2007). A factor that is common to all sites has no such form: its prior is cut into slices of
equal probability, each weighed by how likely it makes what was seen.
"""

import numpy as np

from sim.draws.streams import FloatArray
from sim.model.trial.gamma_quantile import gamma_quantile
from sim.model.trial.plan import Seen

_SLICES = 64
"""Of the common factor's prior; the data of one trial do not tell its factor to a slice's width."""


def gamma_rates(
    u: FloatArray, mean: FloatArray, cv: FloatArray, patients: FloatArray | float, exposure: FloatArray | float
) -> FloatArray:
    """Rates of sites given what each has enrolled; arrays broadcast together.

    Parameters
    ----------
    u : uniform numbers strictly between 0 and 1.
    mean, cv : of the rates before anything is seen; where the coefficient of variation is 0 data change nothing.
    patients : that a site has enrolled.
    exposure : patients that it would have enrolled by then at a rate of 1, expected.
    """
    varies = cv > 0
    shape = np.where(varies, cv, 1.0) ** -2.0
    return np.where(varies, mean * gamma_quantile(u, shape + patients) / (shape + mean * exposure), mean)


def shared_given(u: FloatArray, cv: FloatArray, expected: FloatArray, site_cv: FloatArray, seen: Seen) -> FloatArray:
    """The factor common to all sites, given what they have enrolled.

    The count of a site, or of all together, is negative binomial given the factor; that of all together has the mean
    and variance of its sites (Anisimov 2011, and exact where all have been open equally long).

    Parameters
    ----------
    u : a uniform number a draw, strictly between 0 and 1, [draw].
    cv : of the factor, whose mean is 1, [draw].
    expected : patients of each site by the date, at a factor of 1 and its mean rate, [draw, site].
    site_cv : of the rates between sites, [draw, site].
    seen : what was seen.

    Returns
    -------
    [draw]; 1 where the coefficient of variation is 0.
    """
    if seen.by_site is None:
        counts = np.array([float(seen.enrolled)])
        spread = np.sqrt(((expected * site_cv) ** 2).sum(axis=1, keepdims=True))
        expected = expected.sum(axis=1, keepdims=True)
        site_cv = spread / np.where(expected > 0, expected, 1.0)
    else:
        counts = seen.by_site
        expected, site_cv = expected[:, : len(counts)], site_cv[:, : len(counts)]
    shape = np.where(cv > 0, cv, 1.0) ** -2.0
    middles = (np.arange(_SLICES) + 0.5) / _SLICES
    fits = [
        _log_likelihood(gamma_quantile(np.full(u.shape, v), shape) / shape, expected, site_cv, counts) for v in middles
    ]
    v = _inverted(u, np.stack(fits, axis=1))
    return np.where(cv > 0, gamma_quantile(v, shape) / shape, 1.0)


def _log_likelihood(factor: FloatArray, expected: FloatArray, site_cv: FloatArray, counts: FloatArray) -> FloatArray:
    """Of the counts, given a factor, up to what is the same for all factors: [draw]."""
    varies = site_cv > 0
    shape = np.where(varies, site_cv, 1.0) ** -2.0
    expected = factor[:, None] * expected
    gamma = -(shape + counts) * np.log1p(expected / shape)
    return np.asarray(np.where(varies, gamma, -expected).sum(axis=1) + counts.sum() * np.log(factor))


def _inverted(u: FloatArray, fits: FloatArray) -> FloatArray:
    """The probability of the prior that a uniform number stands for, when its slices are weighed: [draw].

    Parameters
    ----------
    u : [draw].
    fits : logarithm of the weight of each slice, [draw, slice].
    """
    weights = np.exp(fits - fits.max(axis=1, keepdims=True))
    ends = np.cumsum(weights, axis=1)
    wanted = u * ends[:, -1]
    slice_ = np.minimum((ends < wanted[:, None]).sum(axis=1), _SLICES - 1)[:, None]
    weight, end = np.take_along_axis(weights, slice_, 1)[:, 0], np.take_along_axis(ends, slice_, 1)[:, 0]
    within = np.clip(1.0 - (end - wanted) / weight, 0.0, 1.0)
    probability: FloatArray = (slice_[:, 0] + within) / _SLICES
    return probability.clip(2.0**-53, 1.0 - 2.0**-53)


def expected_counts(enrolled: int, expected: FloatArray, cv: FloatArray) -> FloatArray:
    """Patients of each site when only their total is known, without chance: [draw, site].

    The best linear guess, exact where all sites have been open equally long or their rates do not vary.

    Parameters
    ----------
    enrolled : patients of all sites together.
    expected : patients of each site by its mean rate, [draw, site].
    cv : of the rates between sites, [draw, site].
    """
    variance = expected * (1.0 + expected * cv**2)
    total = variance.sum(axis=1, keepdims=True)
    surplus = enrolled - expected.sum(axis=1, keepdims=True)
    return np.asarray(np.maximum(expected + variance * surplus / np.where(total > 0, total, 1.0), 0.0))
