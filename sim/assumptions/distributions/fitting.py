"""Two-parameter families from any two of mean, sd and percentiles: closed forms where there are any, else a solver.

Where two members of a family have the given values (a mean and a high percentile can leave both a narrow and a very
wide one) the narrower is taken.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.special import betaincinv, gammaincinv, ndtri

from sim.assumptions.distributions.base import FloatArray, require, require_finite, require_positive
from sim.assumptions.distributions.classic import Beta, Gamma, LogNormal, Normal
from sim.assumptions.distributions.given import Given
from sim.assumptions.distributions.numeric import Curve, first_root
from sim.assumptions.distributions.two_shapes import by_percentiles, by_sd


def fit_normal(statistics: Mapping[str, float]) -> Normal:
    """The normal with two given statistics: `mean`, `sd`, `median`, `p05`…, in the quantity's unit.

    Raises
    ------
    InputError
        Where no normal has them.
    """
    given = Given.read("normal", statistics, -math.inf, math.inf)
    fitted = Normal(*_line(given))
    given.confirm(fitted)
    return fitted


def fit_lognormal(statistics: Mapping[str, float]) -> LogNormal:
    """The lognormal with two given statistics, or with one and `log_sd`, the sd of the natural logarithm.

    Raises
    ------
    InputError
        Where no lognormal has them.
    """
    if "log_sd" in statistics:
        return _lognormal_by_log_sd(dict(statistics))
    given = Given.read("lognormal", statistics, 0.0, math.inf)
    fitted = LogNormal(*_log_line(given))
    given.confirm(fitted)
    return replace(fitted, stated_mean=given.mean)


def fit_gamma(statistics: Mapping[str, float]) -> Gamma:
    """The gamma with two given statistics.

    Raises
    ------
    InputError
        Where no gamma has them.
    """
    given = Given.read("gamma", statistics, 0.0, math.inf)
    if given.mean is not None and given.sd is not None:
        shape = math.exp(min(2.0 * (math.log(given.mean) - math.log(given.sd)), 700.0))
        fitted = Gamma(shape, given.mean / shape if shape > 0.0 else math.inf)
    else:
        # the scale cancels from the ratio of two statistics
        (first, x), (second, y) = _unit_gamma(given)
        gap = math.log(x) - math.log(y)
        t = _first_root(given, lambda t: first(t) - second(t) - gap, np.linspace(32.0, -7.0, 400))
        fitted = Gamma(math.exp(t), float(x / np.exp(first(np.array(t)))))
    given.confirm(fitted)
    return replace(fitted, stated_mean=given.mean)


def fit_beta(statistics: Mapping[str, float], low: float = 0.0, high: float = 1.0) -> Beta:
    """The beta between `low` and `high` with two given statistics, or with `mean` and `effective_n`, the sum of shapes.

    Raises
    ------
    InputError
        Where no beta has them.
    """
    if set(statistics) == {"mean", "effective_n"}:
        mean, total = statistics["mean"], statistics["effective_n"]
        require_positive("beta", effective_n=total)
        require_finite("beta", mean=mean)
        require(low < mean < high, f"beta: mean = {mean:g} must lie between {low:g} and {high:g}, exclusive")
        share = (mean - low) / (high - low)
        return Beta(share * total, (1.0 - share) * total, low, high, mean)
    given = Given.read("beta", statistics, low, high)
    fitted = Beta(*_beta_shapes(given, low, high), low, high)
    given.confirm(fitted)
    return replace(fitted, stated_mean=given.mean)


def _line(given: Given) -> tuple[float, float]:
    """Mean and sd of a normal; a mean is its median."""
    points = [(float(ndtri(p)), x) for p, x in given.points]
    points += [(0.0, given.mean)] if given.mean is not None else []
    if given.sd is not None:
        z, x = points[0]
        return x - z * given.sd, given.sd
    (z, x), (v, y) = points
    if z == v:
        raise given.refusal("the mean of a normal is its median, which leaves the sd open")
    sd = (y - x) / (v - z)
    if sd <= 0.0:
        raise given.refusal("the mean and the percentile are in the wrong order")
    return x - z * sd, sd


def _lognormal_by_log_sd(statistics: dict[str, float]) -> LogNormal:
    """The lognormal with a given sd of the logarithm and one more statistic."""
    log_sd = statistics.pop("log_sd")
    require_positive("lognormal", log_sd=log_sd)
    require(
        len(statistics) == 1 and "sd" not in statistics, "lognormal: log_sd goes with one of mean, median, p01 to p99"
    )
    # any sd completes the pair, so that name and value of the other are checked
    given = Given.read("lognormal", {**statistics, "sd": 1.0}, 0.0, math.inf)
    if given.mean is not None:
        return LogNormal(math.log(given.mean) - log_sd * log_sd / 2.0, log_sd, given.mean)
    ((p, x),) = given.points
    return LogNormal(math.log(x) - float(ndtri(p)) * log_sd, log_sd)


def _log_line(given: Given) -> tuple[float, float]:
    """Mean and sd of the logarithm of a lognormal."""
    points = [(float(ndtri(p)), math.log(x)) for p, x in given.points]
    if len(points) == 2:
        (z, x), (v, y) = points
        sigma = (y - x) / (v - z)
        return x - z * sigma, sigma
    log_sd = math.log(given.sd) if given.sd is not None else 0.0
    if given.mean is None:
        z, x = points[0]
        # variance = exp(2 mu + sigma^2) (exp(sigma^2) - 1)
        sigma = math.exp(
            _first_root(
                given,
                lambda t: 2.0 * (x - z * np.exp(t) - log_sd) + np.exp(2.0 * t) + np.log(np.expm1(np.exp(2.0 * t))),
                np.linspace(-32.0, 3.0, 400),
            )
        )
        return x - z * sigma, sigma
    log_mean = math.log(given.mean)
    if given.sd is not None:
        variance = math.log1p(math.exp(min(2.0 * (log_sd - log_mean), 700.0)))
        return log_mean - variance / 2.0, math.sqrt(variance)
    z, x = points[0]
    # sigma^2 / 2 - z sigma = log mean - x
    square = z * z + 2.0 * (log_mean - x)
    roots = [z + sign * math.sqrt(square) for sign in (-1.0, 1.0)] if square >= 0.0 else []
    sigma = min((root for root in roots if root > 0.0), default=0.0)
    if sigma == 0.0:
        raise given.refusal()
    return x - z * sigma, sigma


def _unit_gamma(given: Given) -> list[tuple[Curve, float]]:
    """For each statistic its logarithm at scale 1, as a function of the log shape, and its given value."""
    curves: list[tuple[Curve, float]] = []
    if given.mean is not None:
        curves.append((lambda t: t, given.mean))
    if given.sd is not None:
        curves.append((lambda t: t / 2.0, given.sd))
    return curves + [(_log_quantile(p), x) for p, x in given.points]


def _log_quantile(p: float) -> Curve:
    """Logarithm of a quantile of the gamma with scale 1, as a function of the log shape."""
    return lambda t: np.asarray(np.log(gammaincinv(np.exp(t), p)), dtype=np.float64)


def _beta_shapes(given: Given, low: float, high: float) -> tuple[float, float]:
    """The shapes of a beta with the given statistics."""
    width = high - low
    points = [(p, (x - low) / width) for p, x in given.points]
    sd = given.sd / width if given.sd is not None else None
    if given.mean is None:
        found = by_percentiles(points) if sd is None else by_sd(points[0], sd)
        if found is None:
            raise given.refusal()
        return found
    mean = (given.mean - low) / width
    if sd is not None:
        bound = math.sqrt(mean * (1.0 - mean))
        require(sd < bound, f"{given.text}: the sd must be below {bound * width:.6g}, the greatest with this mean")
        total = mean * (1.0 - mean) / (sd * sd) - 1.0 if sd * sd > 0.0 else math.inf
    else:
        p, x = points[0]
        total = math.exp(
            _first_root(
                given,
                lambda t: np.asarray(betaincinv(mean * np.exp(t), (1.0 - mean) * np.exp(t), p) - x, dtype=np.float64),
                np.linspace(32.0, -7.0, 400),
            )
        )
    return mean * total, (1.0 - mean) * total


def _first_root(given: Given, curve: Curve, grid: FloatArray) -> float:
    """The first zero of `curve` along a grid that runs from narrow to wide, which must have one."""
    found = first_root(curve, grid)
    if found is None:
        raise given.refusal()
    return found
