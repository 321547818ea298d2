"""The families by their names and their named arguments."""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache

from sim.assumptions.distributions.base import Distribution, Kind
from sim.assumptions.distributions.bounded import Pert, Triangular, Uniform
from sim.assumptions.distributions.fitting import fit_beta, fit_gamma, fit_lognormal, fit_normal
from sim.assumptions.distributions.given import probability
from sim.assumptions.distributions.metalog import Metalog
from sim.errors import InputError, nearest

_MOMENTS = ("mean", "sd", "median")

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "beta": (*_MOMENTS, "effective_n"),
    "gamma": _MOMENTS,
    "lognormal": (*_MOMENTS, "log_sd"),
    "metalog": ("median",),
    "normal": _MOMENTS,
    "pert": ("low", "mode", "high"),
    "triangular": ("low", "mode", "high"),
    "uniform": ("low", "high"),
}
"""The families and the arguments they take; the first five take percentiles too, as p05 or p97.5."""

_FITTED: Mapping[str, Callable[[Mapping[str, float]], Distribution]] = {
    "beta": fit_beta,
    "gamma": fit_gamma,
    "lognormal": fit_lognormal,
    "normal": fit_normal,
}


def build(family: str, arguments: Mapping[str, float], kind: Kind) -> Distribution:
    """A distribution from the name of its family and named numbers.

    Parameters
    ----------
    family
        A key of `ARGUMENTS`.
    arguments
        Moments, percentiles or ends, in the quantity's unit.
    kind
        Gives a metalog its bounds.

    Raises
    ------
    InputError
        For an unknown, missing or impossible argument.
    """
    _check_names(family, arguments)
    if family in _FITTED:
        return _FITTED[family](arguments)
    if family == "metalog":
        points = [(probability(name) or 0.0, value) for name, value in arguments.items()]
        if len({at for at, _ in points}) != 3 or len(points) != 3:
            raise InputError(f"metalog needs three different percentiles; given: {', '.join(arguments) or 'nothing'}")
        return Metalog.through(points, kind.low, kind.high)
    missing = [name for name in ARGUMENTS[family] if name not in arguments]
    if missing:
        raise InputError(f"{family} needs {', '.join(ARGUMENTS[family])}; missing: {', '.join(missing)}")
    if family == "uniform":
        return Uniform(**arguments)
    return Pert(**arguments) if family == "pert" else Triangular(**arguments)


@lru_cache(maxsize=1024)  # most of what reading assumptions takes, and a sweep changes but a few of them
def between(low: float, high: float, coverage: float, kind: Kind) -> Distribution:
    """The distribution of the kind's own family whose central part runs from `low` to `high`.

    Beta for a kind with two bounds, lognormal for one that starts at 0, normal for others.

    Parameters
    ----------
    low, high
        The ends of the central part, in the quantity's unit.
    coverage
        Its probability: 0.9 makes the ends the 5th and 95th percentile.
    kind
        The quantity's kind.

    Raises
    ------
    InputError
        Where the ends are in the wrong order or outside of the kind's bounds.
    """
    if not low < high:
        raise InputError(f"{low:g} to {high:g}: the first number must be below the second")
    if not 0.0 < coverage < 1.0:
        raise InputError(f"at {100 * coverage:g}%: must lie between 0% and 100%, exclusive")
    # in percent, rounded as it was written: (1 - 0.8) / 2 is not 0.1 in binary
    tail = round(50.0 * (1.0 - coverage), 10)
    if low == kind.low == 0.0:
        name = _percentile(tail)
        raise InputError(f"{name} = 0 must be above 0, as the range has tails; or write uniform(low=0, high={high:g})")
    statistics = {_percentile(tail): low, _percentile(100.0 - tail): high}
    if math.isfinite(kind.low) and math.isfinite(kind.high):
        return fit_beta(statistics, kind.low, kind.high)
    return fit_lognormal(statistics) if kind.low == 0.0 else fit_normal(statistics)


def _percentile(percent: float) -> str:
    """The name of a percentile: `p5`, `p97.5`."""
    return "p" + f"{percent:.10f}".rstrip("0").rstrip(".")


def _check_names(family: str, arguments: Mapping[str, float]) -> None:
    """Refuse an argument that the family does not take."""
    known = ARGUMENTS[family]
    for name in arguments:
        percentile = "median" in known and probability(name) is not None
        if name not in known and not percentile:
            names = [*known, "p05", "p10", "p50", "p90", "p95"] if "median" in known else known
            raise InputError(f"{family}: unknown argument '{name}'{nearest(name, names)}")
