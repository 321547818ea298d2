"""What a quantity may be (`Kind`) and what every distribution can do (`Distribution`)."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from sim.errors import InputError

FloatArray = npt.NDArray[np.float64]

U_MIN = 2.0**-53
"""The smallest uniform number that is ever drawn."""

U_MAX = 1.0 - 2.0**-53
"""The largest uniform number that is ever drawn."""


@final
@dataclass(frozen=True)
class Kind:
    """What values a quantity may take.

    Parameters
    ----------
    name
        What a planner calls such a number, fit to follow "a": `share`.
    low, high
        The bounds, both allowed where they are finite; in the quantity's unit.
    """

    name: str
    low: float
    high: float

    @property
    def rule(self) -> str:
        """The bounds as a clause for messages: `a share lies between 0 and 1`."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"a {self.name} lies between {self.low:g} and {self.high:g}"
        if math.isfinite(self.low):
            return f"a {self.name} is at least {self.low:g}"
        return f"a {self.name} is at most {self.high:g}" if math.isfinite(self.high) else f"a {self.name} is finite"


SHARE = Kind("share", 0.0, 1.0)
POSITIVE = Kind("positive number", 0.0, math.inf)
NUMBER = Kind("number", -math.inf, math.inf)


class Distribution(ABC):
    """An uncertain number, known by its quantile function.

    Every method works element by element, so that no value depends on how the draws are cut into chunks.
    """

    @abstractmethod
    def ppf(self, u: FloatArray) -> FloatArray:
        """Quantiles in the quantity's unit, never falling in `u`, for `u` in [2**-53, 1 - 2**-53]."""

    @abstractmethod
    def cdf(self, x: FloatArray) -> FloatArray:
        """The probability of a value not above `x` (in the quantity's unit)."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """The expected value, in the quantity's unit."""

    @property
    @abstractmethod
    def sd(self) -> float:
        """The standard deviation, in the quantity's unit."""

    @property
    def between(self) -> float:
        """The share of its variance that is disagreement between pooled studies; 0 for what pools none."""
        return 0.0

    @property
    def is_certain(self) -> bool:
        """Whether only one value can ever be drawn."""
        low, high = ends(self)
        return low == high


def ends(distribution: Distribution) -> tuple[float, float]:
    """The least and the greatest value that can be drawn, in the quantity's unit."""
    with np.errstate(all="ignore"):
        low, high = distribution.ppf(np.array([U_MIN, U_MAX]))
    return float(low), float(high)


def require(condition: bool, message: str) -> None:
    """Raise an `InputError` with this message unless the condition holds."""
    if not condition:
        raise InputError(message)


def require_finite(family: str, **values: float) -> None:
    """Refuse parameters that are no finite numbers, naming family, parameter and value."""
    for name, value in values.items():
        require(math.isfinite(value), f"{family}: {name} = {value:g} must be a finite number")


def require_positive(family: str, **values: float) -> None:
    """Refuse parameters that are not finite numbers above 0, naming family, parameter and value."""
    require_finite(family, **values)
    for name, value in values.items():
        require(value > 0.0, f"{family}: {name} = {value:g} must be above 0")
