"""What a study would show, given the true value of its quantity: probabilities of its outcomes."""

import numpy as np
from scipy.special import expit, logit

from sim.assumptions.decision import Scale
from sim.draws.streams import FloatArray

_OUTCOMES = 300  # classes that what a study shows is put into
_BEYOND = 1e-7  # of the outcomes, that may lie outside the classes between the first and the last
_FAR = 6.0  # standard deviations beyond the outermost value that the classes reach


def scale_of(values: FloatArray) -> Scale:
    """On which studies of these values err evenly: log odds between 0 and 1, logs above 0, else the values."""
    if values.min() > 0:
        return "logit" if values.max() < 1 else "log"
    return "plain"


def scaled(values: FloatArray, scale: Scale) -> FloatArray:
    """Values on a scale, which they must fit: [place]."""
    if scale == "plain":
        return values
    return np.asarray(logit(values) if scale == "logit" else np.log(values), dtype=np.float64)


def mean_of_normals(centres: FloatArray, sd: float) -> FloatArray:
    """The probabilities of a mean that errs normally.

    Parameters
    ----------
    centres : the true values on the scale of the error, [place].
    sd : of the error of the mean.

    Returns
    -------
    [place, class of outcomes]; each row adds up to 1.
    """
    from scipy.stats import norm

    edges = np.linspace(centres.min() - _FAR * sd, centres.max() + _FAR * sd, _OUTCOMES - 1)
    return _classes(np.asarray(norm.cdf(edges, centres[:, None], sd), dtype=np.float64))


def counted_share(shares: FloatArray, n: int, between: float = 0.0) -> FloatArray:
    """The probabilities of how many of n patients have what the quantity is the share of.

    Parameters
    ----------
    shares : the true ones, strictly between 0 and 1, [place].
    n : patients.
    between : standard deviation, on the scale of log odds, by which the population that is looked at differs.

    Returns
    -------
    [place, class of outcomes]; each row adds up to 1.
    """
    from scipy.stats import binom

    odds, weights = _around(scaled(shares, "logit"), between)
    seen = expit(odds)
    first, last = binom.ppf(_BEYOND, n, seen.min()), binom.ppf(1 - _BEYOND, n, seen.max())
    return weights @ _classes(np.asarray(binom.cdf(_whole(float(first), float(last)), n, seen[:, None])))


def counted_events(values: FloatArray, n: int, between: float = 0.0) -> FloatArray:
    """The probabilities of a count that is proportional to the quantity, and n in its middle.

    Parameters
    ----------
    values : the true ones, all above 0, [place].
    n : entries that are expected where the quantity is at its median.
    between : standard deviation, on the log scale, by which what is counted differs.

    Returns
    -------
    [place, class of outcomes]; each row adds up to 1.
    """
    from scipy.stats import poisson

    logs, weights = _around(scaled(values / np.median(values), "log"), between)
    means = n * np.exp(logs)
    first, last = poisson.ppf(_BEYOND, means.min()), poisson.ppf(1 - _BEYOND, means.max())
    return weights @ _classes(np.asarray(poisson.cdf(_whole(float(first), float(last)), means[:, None])))


def _around(centres: FloatArray, sd: float) -> tuple[FloatArray, FloatArray]:
    """What a population may have that differs from the one in question, and how likely.

    Returns
    -------
    Values, evenly spaced, [value], and the probability of each around each centre, [place, value], rows adding up to 1.
    A difference that is finer than the spacing is taken for none.
    """
    grid = np.linspace(centres.min() - _FAR * sd, centres.max() + _FAR * sd, _OUTCOMES)
    if sd <= grid[1] - grid[0]:
        return centres, np.eye(len(centres))
    weights = np.exp(-0.5 * ((grid - centres[:, None]) / sd) ** 2)
    return grid, weights / weights.sum(axis=1, keepdims=True)


def _whole(first: float, last: float) -> FloatArray:
    """Whole numbers between two; of many some, evenly spaced in their square roots, as counts scatter."""
    roots = np.linspace(np.sqrt(first), np.sqrt(last), _OUTCOMES)
    return np.unique(np.arange(first, last + 1) if last - first < _OUTCOMES else np.round(roots**2))


def _classes(cumulative: FloatArray) -> FloatArray:
    """From the probability of no more than each edge to that of each class between edges."""
    ends = np.zeros((len(cumulative), 1))
    return np.diff(np.hstack([ends, cumulative, ends + 1]), axis=1)
