"""Intervals of a proportion, and what a published interval says of the number of patients behind it."""

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_LEVEL = 0.95
_MISSED = 1e-9  # of the interval, by which its limits may be missed
_Z = NormalDist().inv_cdf(0.5 + _LEVEL / 2)


def wilson(events: int, n: int) -> tuple[float, float]:
    """The 95 % interval of Wilson 1927 (J Am Stat Assoc 22), without continuity correction.

    Parameters
    ----------
    events, n : patients with the event, among how many; n above 0.
    """
    share, weight = events / n, _Z**2 / n
    middle = (share + weight / 2) / (1 + weight)
    half = math.sqrt(share * (1 - share) * weight + weight**2 / 4) / (1 + weight)
    low = 0.0 if events == 0 else middle - half  # exactly: rounding must not leave the share outside
    return low, 1.0 if events == n else middle + half


def jeffreys(events: int, n: int) -> tuple[float, float]:
    """The 95 % interval of the posterior under Jeffreys' prior, closed at 0 and at 1.

    The modification at the ends is that of Brown, Cai & DasGupta 2001 (Stat Sci 16).

    Parameters
    ----------
    events, n : patients with the event, among how many; n above 0.
    """
    from scipy.special import betaincinv

    a, b = events + 0.5, n - events + 0.5
    low, high = betaincinv(a, b, [0.5 - _LEVEL / 2, 0.5 + _LEVEL / 2])
    return 0.0 if events == 0 else float(low), 1.0 if events == n else float(high)


def beta_of_limits(low: float, high: float) -> tuple[float, float]:
    """The beta distribution with those 2.5th and 97.5th percentiles: its two shapes, whose sum is the effective n.

    Parameters
    ----------
    low, high : limits of a 95 % interval, 0 < low < high < 1.

    Raises
    ------
    ArithmeticError : when the solver finds none.
    """
    import numpy as np
    from scipy.optimize import root
    from scipy.special import betaincinv

    def missed(shapes: "npt.NDArray[np.float64]", /) -> list[float]:
        a, b = np.exp(shapes)
        found = betaincinv(a, b, [0.5 - _LEVEL / 2, 0.5 + _LEVEL / 2])
        return [(found[0] - low) / (high - low), (found[1] - high) / (high - low)]

    middle, spread = (low + high) / 2, (high - low) / (2 * _Z)
    size = max(middle * (1 - middle) / spread**2 - 1, 1.0)  # by moments, as if it were symmetric
    solved = root(missed, [math.log(middle * size), math.log((1 - middle) * size)], tol=1e-12)
    if np.abs(solved.fun).max() > _MISSED:  # the solver's own word also tells of progress that rounding ends
        raise ArithmeticError(f"no beta distribution has the 95 % limits {low} and {high}")
    return math.exp(solved.x[0]), math.exp(solved.x[1])
