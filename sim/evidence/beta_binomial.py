"""The beta-binomial model of several proportions: counts as they are, zeros too, and no half events.

The shares of populations follow a beta with mean m = a / (a + b) and correlation r = 1 / (a + b + 1) between patients
of one population (Skellam 1948, J R Stat Soc B 10); the events of a study are binomial in that share. Before
the data, m has Jeffreys' prior Beta(1/2, 1/2), and the square root of r, which is the standard deviation between
populations as a part of the largest there could be, is uniform on (0, 1), as Gelman 2006 (Bayesian Analysis 1) advises
for a standard deviation between few groups. The posterior is found by quadrature, without sampling: the trapezoid rule
on both logits, which converges exponentially for densities that are analytic and vanish at both ends (Trefethen &
Weideman 2014, SIAM Review 56).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, gammaln, log_expit, logsumexp

from sim.errors import InputError
from sim.evidence.pooling import COVERAGE, Interval, check_count

FloatArray = npt.NDArray[np.float64]
Curve = Callable[[FloatArray], FloatArray]

_REACH = 90.0
"""Logits within which the mean is sought: Jeffreys' prior has less than exp(-45) of its mass on either side."""

_HIGHEST = 30.0
"""The logit up to which the correlation is sought: its prior has less than exp(-30) of its mass beyond."""

_ALIKE, _NARROW = 1e-7, 0.01
"""The correlation times all patients, which is the populations' spread as a part of the variance of their mean: where
populations are alike, and up to where one beta serves for both. It moves the distribution function by less than 1e-6,
or by 1e-5 with a single event in all studies, and by 1e-4 with none, at shares that do not matter."""

_DEPTH = 20.0
"""How far below its peak, in natural logarithms, a density is followed."""

_SCAN = 33
"""Points with which a peak is looked for."""

_STEP = 0.5
"""Largest step in logits: the trapezoid errs by exp(-2 pi d / step) where the density is tame up to d from the real
line, and here d is pi / 2 at least."""

_PER_SD, _PER_KERNEL = 0.7, 1.2
"""Largest step in standard deviations, of a peak and of the spread of populations: bells s wide that stand a step apart
make a sum that is smooth but for 2 exp(-2 (pi s / step)^2)."""

_STIRLING = 16.0
"""From where on Stirling's series holds."""

_NEGLIGIBLE = 1e-7
"""The weight that is left out in all, so that fewer points remain."""


@final
@dataclass(frozen=True, eq=False)
class Betas:
    """A mixture of betas.

    Parameters
    ----------
    a, b
        [component], the shapes.
    weights
        [component], adding up to 1.
    """

    a: FloatArray
    b: FloatArray
    weights: FloatArray


@final
@dataclass(frozen=True, eq=False)
class Posterior:
    """What the counts leave to believe.

    Parameters
    ----------
    means, correlations
        [point], of populations' shares, and between patients of one population.
    weights
        [point], adding up to 1.
    predictive
        What a new population's share may be.
    """

    means: FloatArray
    correlations: FloatArray
    weights: FloatArray
    predictive: Betas

    @property
    def mean(self) -> float:
        """The expected mean, which is a new population's expected share too."""
        return float(self.weights @ self.means)

    @property
    def correlation(self) -> float:
        """The expected correlation."""
        return float(self.weights @ self.correlations)

    @property
    def mean_interval(self) -> Interval:
        """Between which values the mean lies in 95 %, with equal tails."""
        order = np.argsort(self.means)
        weights = self.weights[order]
        middles = np.cumsum(weights) - weights / 2.0
        low, high = np.interp([(1.0 - COVERAGE) / 2.0, (1.0 + COVERAGE) / 2.0], middles, self.means[order])
        return float(low), float(high)

    @property
    def between(self) -> float:
        """The share of a new population's variance that stays when mean and correlation are known."""
        within = float(self.weights @ (self.means * (1.0 - self.means) * self.correlations))
        return within / (within + float(self.weights @ (self.means - self.mean) ** 2))


class _Slice(NamedTuple):
    """The posterior for one correlation.

    Parameters
    ----------
    place : logit of the correlation.
    logits : of the mean: [point].
    log_masses : logarithms of the posterior per step of `place`: [point].
    narrow : whether the spread of populations is next to nothing beside that of their mean.
    """

    place: float
    logits: FloatArray
    log_masses: FloatArray
    narrow: bool


def beta_binomial(counts: Sequence[tuple[int, int]]) -> Posterior:
    """The posterior of populations' shares.

    Parameters
    ----------
    counts
        Events and patients of each study.

    Raises
    ------
    InputError
        For fewer than two studies: one says nothing of how populations differ. For events that do not lie between 0 and
        the number of patients.
    """
    if len(counts) < 2:
        raise InputError(f"pooling {len(counts)} {'study' if len(counts) == 1 else 'studies'}: needs at least 2")
    for events, n in counts:
        check_count(events, n)
    studies = np.array(counts, dtype=np.float64)

    def log_mass(places: FloatArray) -> FloatArray:
        return np.array([logsumexp(_slice(studies, place).log_masses) for place in places])

    low, high, _, sd = _peak(log_mass, math.log(_ALIKE / studies[:, 1].sum()), _HIGHEST)
    step = min(_STEP, _PER_SD * sd)
    slices = [_slice(studies, place) for place in np.arange(low, high + step, step)]
    # further down nothing changes but the prior, which falls like exp(place / 2): a geometric series
    slices[0].log_masses[:] -= math.log(-math.expm1(-step / 2.0))
    return _posterior(slices)


def _slice(studies: FloatArray, place: float) -> _Slice:
    """The posterior of the mean for one correlation (given as a logit)."""
    size = math.exp(-place)
    prior = float(0.5 * log_expit(place) + log_expit(-place))

    def log_density(logits: FloatArray) -> FloatArray:
        a, b, value = size * expit(logits), size * expit(-logits), np.full(logits.shape, prior)
        for events, n in studies:
            value += _log_rise(a, events) + _log_rise(b, n - events) - _log_rise(np.array(size), n)
        events, others = studies[:, 0].sum() + 0.5, (studies[:, 1] - studies[:, 0]).sum() + 0.5
        return np.asarray(value + events * log_expit(logits) + others * log_expit(-logits))

    low, high, mean, sd = _peak(log_density, -_REACH, _REACH)
    correlation = float(expit(place))
    # a spread of shares is least, on the logit scale, for those nearest to a half
    share = float(expit(np.clip(0.0, mean - 2.0 * sd, mean + 2.0 * sd)))
    kernel = math.sqrt(correlation / (share * (1.0 - share)))
    narrow = correlation * studies[:, 1].sum() < _NARROW
    step = min(_STEP, _PER_SD * sd, math.inf if narrow else _PER_KERNEL * kernel)
    logits = np.arange(low, high + step, step)
    return _Slice(place, logits, log_density(logits) + math.log(step), narrow)


def _log_rise(a: FloatArray, k: float) -> FloatArray:
    """The logarithm of a (a + 1) … (a + k - 1) / a^k: by how much a rising power exceeds a power.

    From 16 on by differences of Stirling's series, since those of the logarithms themselves drown in rounding.
    """
    high = np.maximum(a, _STIRLING)
    series = (high + k - 0.5) * np.log1p(k / high) - k + _remainder(high + k) - _remainder(high)
    return np.asarray(np.where(a < _STIRLING, gammaln(a + k) - gammaln(a) - k * np.log(a), series))


def _remainder(x: FloatArray) -> FloatArray:
    """What Stirling's formula leaves of the logarithm of the gamma function, to 1e-11 from 16 on."""
    return (1.0 - (1.0 / 30.0 - 1.0 / (105.0 * x * x)) / (x * x)) / (12.0 * x)


def _peak(log_density: Curve, low: float, high: float) -> tuple[float, float, float, float]:
    """Ends of where a density of one peak is not negligible, its mean and its standard deviation."""
    while True:
        x = np.linspace(low, high, _SCAN)
        value = log_density(x)
        value -= value.max()
        (kept,) = np.nonzero(value > -_DEPTH)
        if kept[-1] - kept[0] >= _SCAN // 2:
            weight = np.exp(value) / np.exp(value).sum()
            mean = float(weight @ x)
            return low, high, mean, math.sqrt(weight @ (x - mean) ** 2)
        low, high = x[max(kept[0] - 1, 0)], x[min(kept[-1] + 1, _SCAN - 1)]


def _posterior(slices: Sequence[_Slice]) -> Posterior:
    """All slices together."""
    means = np.concatenate([expit(part.logits) for part in slices])
    correlations = np.concatenate([np.full(part.logits.size, expit(part.place)) for part in slices])
    log_masses = np.concatenate([part.log_masses for part in slices])
    total = float(logsumexp(log_masses))
    a, b, weights = (np.concatenate(parts) for parts in zip(*(_betas(part, total) for part in slices), strict=True))
    order = np.argsort(weights)
    kept = np.sort(order[np.cumsum(weights[order]) > _NEGLIGIBLE])
    predictive = Betas(a[kept], b[kept], weights[kept] / weights[kept].sum())
    return Posterior(means, correlations, np.exp(log_masses - total), predictive)


def _betas(part: _Slice, total: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shapes and weights of a slice's betas; of a narrow one the single beta with their mean and variance."""
    size, means, weights = math.exp(-part.place), expit(part.logits), np.exp(part.log_masses - total)
    if not part.narrow:
        return size * means, size * expit(-part.logits), weights
    shares = np.exp(part.log_masses - logsumexp(part.log_masses))
    mean = shares @ means
    variance = shares @ (means - mean) ** 2 + expit(part.place) * (shares @ (means * (1.0 - means)))
    size = float(mean * (1.0 - mean) / variance - 1.0)
    return np.array([size * mean]), np.array([size * (1.0 - mean)]), np.array([weights.sum()])
