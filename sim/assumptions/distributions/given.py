"""The two things known of a family that is to be fitted: moments and percentiles, checked."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from sim.assumptions.distributions.base import Distribution, require, require_finite, require_positive
from sim.errors import InputError, nearest

_PERCENTILE = re.compile(r"p([0-9]{1,2}(?:\.[0-9]+)?)")

TOLERANCE = 1e-9
"""How far a fitted distribution may be from what was given, as a share of it."""


def probability(name: str) -> float | None:
    """The probability that the name of a percentile stands for (`p05`, `p97.5`, `median`); none for other names.

    Raises
    ------
    InputError
        For p0: no percentile lies at the end of a distribution.
    """
    if name == "median":
        return 0.5
    match = _PERCENTILE.fullmatch(name)
    if match is None:
        return None
    value = float(match[1]) / 100.0
    require(0.0 < value < 1.0, f"{name}: a percentile lies above p0 and below p100")
    return value


@final
@dataclass(frozen=True)
class Given:
    """Exactly two statistics of one family.

    Parameters
    ----------
    family
        Its name, for messages.
    mean, sd
        The moments, in the quantity's unit, where they are given.
    points
        Pairs of probability and value, both rising, of the percentiles that are given.
    """

    family: str
    mean: float | None
    sd: float | None
    points: tuple[tuple[float, float], ...]

    @classmethod
    def read(cls, family: str, statistics: Mapping[str, float], low: float, high: float) -> "Given":
        """Check two named statistics of a family whose values lie strictly between `low` and `high`.

        Raises
        ------
        InputError
            For a wrong name, number or order, naming the bound.
        """
        require_finite(family, **statistics)
        named = {name: probability(name) for name in statistics if name not in ("mean", "sd")}
        for name, at in named.items():
            if at is None:
                raise InputError(f"{family}: unknown argument '{name}'{nearest(name, ('mean', 'sd', 'median', 'p05'))}")
        given = ", ".join(statistics) or "nothing"
        require(len(statistics) == 2, f"{family} needs exactly two of mean, sd, median, p01 to p99; given: {given}")
        for name, value in statistics.items():
            if name == "sd":
                require_positive(family, sd=value)
                continue
            require(value > low, f"{family}: {name} = {value:g} must be above {low:g}")
            require(value < high, f"{family}: {name} = {value:g} must be below {high:g}")
        points = sorted((at, statistics[name], name) for name, at in named.items() if at is not None)
        if len(points) == 2:
            (p, x, first), (q, y, second) = points
            require(p < q, f"{family}: {first} and {second} are the same percentile")
            require(x < y, f"{family}: {first} = {x:g} must be below {second} = {y:g}")
        return cls(family, statistics.get("mean"), statistics.get("sd"), tuple((p, x) for p, x, _ in points))

    @property
    def text(self) -> str:
        """The statistics as they would be written."""
        parts = [f"{name}={value:g}" for name, value in (("mean", self.mean), ("sd", self.sd)) if value is not None]
        return f"{self.family}({', '.join(parts + [f'p{100 * p:g}={x:g}' for p, x in self.points])})"

    def refusal(self, why: str = "no member of the family was found that has exactly these values") -> InputError:
        """The error that says it cannot be fitted."""
        return InputError(f"{self.text} cannot be fitted: {why}")

    def confirm(self, fitted: Distribution) -> None:
        """Refuse a fit that does not give back both statistics to nine digits.

        Raises
        ------
        InputError
            Naming the statistics.
        """
        wanted = [value for value in (self.mean, self.sd) if value is not None] + [x for _, x in self.points]
        with np.errstate(all="ignore"):
            found = [m for m, w in ((fitted.mean, self.mean), (fitted.sd, self.sd)) if w is not None]
            found += [float(fitted.ppf(np.array([p]))[0]) for p, _ in self.points]
        # only a normal may lie about 0, where its sd is the measure
        least = fitted.sd if self.family == "normal" else 0.0
        for value, reached in zip(wanted, found, strict=True):
            if not (math.isfinite(reached) and abs(reached - value) <= TOLERANCE * max(abs(value), least)):
                raise self.refusal()
