"""How sites differ, told by their counts: by maximum likelihood, or as a posterior that is carried and not plugged in.

A site's count is negative binomial where rates are gamma distributed between sites (Anisimov & Fedorov 2007, Stat Med
26). The posterior of the mean rate, its coefficient of variation and the decline with age is laid out on a grid (as in
Gelman et al., Bayesian Data Analysis, 2013, ch. 3) in the probabilities of the priors, so that any prior will do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import scipy

from sim.draws.streams import FloatArray
from sim.model.trial.plan import IntArray

_CLOSE = 1e-12  # relative error of a root
_MOST_EXCESS = 1e6  # squared coefficient of variation beyond which it is not sought
_PASSES = 8  # of narrowing the grid to where the posterior is
_SIGHT = 1e-9  # mass of a slice of the grid below which it is out of sight
_END = 2.0**-53  # the least of the uniform numbers; no quantile function ever sees 0 or 1
_AXES = ("rate_cv", "decline", "rate")  # in the order in which they are drawn

Quantiles = Callable[[FloatArray], FloatArray]
Exposure = Callable[[float], FloatArray]


@final
@dataclass(frozen=True)
class FittedRates:
    """The gamma law of site rates that fits the counts best.

    Attributes
    ----------
    mean : patients per month.
    cv : coefficient of variation; 0 where the sites differ no more than by chance.
    """

    mean: float
    cv: float

    @property
    def shape(self) -> float:
        """Shape of the gamma law; infinite without spread."""
        return self.cv**-2 if self.cv > 0 else np.inf

    @property
    def rate(self) -> float:
        """Rate of the gamma law, months; infinite without spread."""
        return self.shape / self.mean


def fit_shape_rate(counts: FloatArray, exposure: FloatArray) -> FittedRates:
    """The gamma law of site rates by maximum likelihood.

    Parameters
    ----------
    counts : patients of each site, [site], one above 0 at least.
    exposure : patients expected of a site per unit of its rate, [site], months above 0.
    """

    def slope(excess: float) -> float:
        mean = _best_mean(counts, exposure, excess) * exposure
        grown = 1.0 + mean * excess
        chance = sum(np.sum(counts > j) * j / (1.0 + j * excess) for j in range(int(counts.max())))
        return float(chance + np.sum(np.log(grown) / excess**2 - (counts + 1.0 / excess) * mean / grown))

    plain = counts.sum() / exposure.sum()
    if np.sum((counts - plain * exposure) ** 2 - counts) <= 0:  # the slope at no spread
        return FittedRates(float(plain), 0.0)
    low = high = 1.0
    while slope(low) < 0:
        low /= 2.0
    while slope(high) > 0 and high < _MOST_EXCESS:
        high *= 2.0
    excess = float(scipy.optimize.brentq(slope, low, high, rtol=_CLOSE)) if slope(high) <= 0 else high
    return FittedRates(_best_mean(counts, exposure, excess), excess**0.5)


def _best_mean(counts: FloatArray, exposure: FloatArray, excess: float) -> float:
    """The mean rate that fits best, given the squared coefficient of variation."""

    def slope(mean: float) -> float:
        return float(np.sum((counts - mean * exposure) / (1.0 + mean * exposure * excess)))

    each = counts / exposure  # the slope is above 0 at the least of them, below 0 at the largest
    low, high = float(each.min()), float(each.max())
    return float(scipy.optimize.brentq(slope, low, high, rtol=_CLOSE)) if high > low else high


@final
@dataclass(frozen=True)
class HyperPosterior:
    """The posterior of what the sites' rates have in common, on a grid in the probabilities of the priors.

    Attributes
    ----------
    priors : quantile functions of coefficient of variation, decline and mean rate.
    edges : of the grid's cells, probabilities of each prior, [axis][cell + 1].
    mass : of the cells, adding up to 1, [coefficient of variation, decline, mean rate].
    """

    priors: tuple[Quantiles, ...]
    edges: tuple[FloatArray, ...]
    mass: FloatArray

    def draw(
        self, u_rate: FloatArray, u_cv: FloatArray, u_decline: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Values from the posterior, each rising with its own uniform number.

        Parameters
        ----------
        u_rate, u_cv, u_decline : uniform numbers strictly between 0 and 1, [draw].

        Returns
        -------
        Mean rate (patients per month), coefficient of variation and decline (per month), [draw]. The coefficient of
        variation is drawn first, then the decline given it, then the mean rate given both; a prior's own shape holds
        within a cell, so that without data the values are the prior's.
        """
        of_cv = self.mass.sum(axis=(1, 2))
        cv, cell = _inverted(np.broadcast_to(of_cv, (len(u_cv), len(of_cv))), self.edges[0], u_cv)
        decline, slot = _inverted(self.mass.sum(axis=2)[cell], self.edges[1], u_decline)
        rate, _ = _inverted(self.mass[cell, slot], self.edges[2], u_rate)
        found = [prior(u) for prior, u in zip(self.priors, (cv, decline, rate), strict=True)]
        return found[2], found[0], found[1]


def hyper_posterior(
    priors: Mapping[str, Quantiles], counts: FloatArray, exposure: Exposure, nodes: int
) -> HyperPosterior:
    """The posterior of the mean rate, its coefficient of variation and the decline with age.

    Parameters
    ----------
    priors : quantile functions of `rate`, `rate_cv` and, where it is not 0, `decline`; independent of each other. A
        certain one takes one node.
    counts : patients of each site, [site].
    exposure : patients expected of a site per unit of its rate, [site], months, given the decline.
    nodes : cells along each axis.

    Returns
    -------
    The posterior, its grid narrowed to where it has its mass.
    """
    quantiles = tuple(priors.get(axis, np.zeros_like) for axis in _AXES)
    ends = [(0.0, 1.0)] * len(_AXES)
    cells = [nodes if _is_uncertain(prior) else 1 for prior in quantiles]
    for _ in range(_PASSES):
        edges = tuple(np.linspace(*end, count + 1) for end, count in zip(ends, cells, strict=True))
        values = [prior((edge[1:] + edge[:-1]) / 2.0) for prior, edge in zip(quantiles, edges, strict=True)]
        mass = _mass(values, counts, exposure)
        narrower = [_in_sight(mass, axis, edge) for axis, edge in enumerate(edges)]
        if narrower == ends:
            break
        ends = narrower
    return HyperPosterior(quantiles, edges, mass)


def _is_uncertain(prior: Quantiles) -> bool:
    """Whether a quantile function has more than one value."""
    low, high = prior(np.array([0.001, 0.999])).tolist()
    return bool(high > low)


def _mass(values: list[FloatArray], counts: FloatArray, exposure: Exposure) -> FloatArray:
    """Masses of the grid's cells, [coefficient of variation, decline, mean rate]."""
    cvs, declines, rates = values
    exposures = np.stack([exposure(decline) for decline in declines.tolist()])
    expected = rates[None, :, None] * exposures[:, None, :]
    logarithm = np.stack([_log_likelihood(counts, expected, cv**2) for cv in cvs.tolist()])
    mass = np.exp(logarithm - logarithm.max())
    return np.asarray(mass / mass.sum())


def _log_likelihood(counts: FloatArray, expected: FloatArray, excess: float) -> FloatArray:
    """Logarithm of the counts' probability up to a constant, sites being the last axis of what is expected."""
    seen = counts > 0
    chance = sum(float(np.sum(counts > j)) * np.log1p(j * excess) for j in range(1, int(counts.max(initial=0))))
    with np.errstate(divide="ignore"):
        fit = np.log(expected[..., seen]) @ counts[seen]
    grown = np.log1p(expected * excess)
    shrunk = grown.sum(axis=-1) / excess if excess > 0 else expected.sum(axis=-1)
    return np.asarray(chance + fit - grown @ counts - shrunk)


def _in_sight(mass: FloatArray, axis: int, edges: FloatArray) -> tuple[float, float]:
    """The ends between which the cells of an axis have mass, one cell more on either side."""
    other = tuple(i for i in range(mass.ndim) if i != axis)
    seen = np.flatnonzero(mass.sum(axis=other) > _SIGHT)
    return float(edges[max(seen[0] - 1, 0)]), float(edges[min(seen[-1] + 2, len(edges) - 1)])


def _inverted(mass: FloatArray, edges: FloatArray, u: FloatArray) -> tuple[FloatArray, IntArray]:
    """The place, [draw], at which the mass of the cells, [draw, cell], reaches a share u of the whole; and the cell."""
    reached = np.cumsum(mass, axis=1)
    goal = u * reached[:, -1]
    cell = np.minimum(np.sum(reached <= goal[:, None], axis=1), mass.shape[1] - 1)
    row = np.arange(len(cell))
    within = (goal - (reached[row, cell] - mass[row, cell])) / mass[row, cell]
    place = edges[cell] + within * (edges[cell + 1] - edges[cell])
    return np.clip(place, _END, 1.0 - _END), cell
