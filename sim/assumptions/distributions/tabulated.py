"""A distribution function that is dear to compute, tabulated once as densely as its accuracy takes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.assumptions.distributions.base import FloatArray

REACH = 700.0
"""Logits within which shares are told apart: floating-point numbers hold no smaller ones."""

_LAST = 38.0
"""The logit beyond which no uniform number is ever drawn: that of 2**-53, and one more."""

_TOLERANCE = 4e-6
"""By how much the logit of a probability may be missed in the middle of an interval. The interval is halved once more,
so that what remains is a sixteenth of it."""

_FINEST = 1e-6
"""The width in logits below which no interval is halved: the incomplete beta function of SciPy has small jumps."""

_FIRST = 57
"""Knots at the start."""


class Knots(NamedTuple):
    """Points of a distribution function, both sides as logits.

    Parameters
    ----------
    share
        [knot], rising.
    probability
        [knot], of a share not above: rising, infinite where it cannot be told from 0 or 1.
    slope
        [knot], of the probability's logit in the share's.
    """

    share: FloatArray
    probability: FloatArray
    slope: FloatArray


def tabulate(curve: Callable[[FloatArray], Knots]) -> Knots:
    """Knots between which the quantiles are met by cubic Hermite interpolation.

    An interval is halved while its middle is missed, or while its slopes would not make a rising curve (Fritsch &
    Carlson 1980, SIAM J Numer Anal 17).

    Parameters
    ----------
    curve
        From logits of shares to knots there.
    """
    knots = curve(np.linspace(-REACH, REACH, _FIRST))
    left = np.arange(_FIRST - 1)
    while left.size:
        middle = curve((knots.share[left] + knots.share[left + 1]) / 2.0)
        wide = knots.share[left + 1] - knots.share[left] > _FINEST
        missed = wide & _is_drawn(knots, left) & _is_missed(knots, left, middle)
        # every interval before the new knot moves it one place on
        places = left + np.arange(left.size)
        knots = Knots(*(np.insert(old, left + 1, new) for old, new in zip(knots, middle, strict=True)))
        left = np.sort(np.concatenate([places[missed], places[missed] + 1]))
    known = np.isfinite(knots.probability) & np.isfinite(knots.slope) & (knots.slope > 0.0)
    return Knots(*(part[known] for part in knots))


def hermite(at: FloatArray, x: FloatArray, y: FloatArray, slope: FloatArray) -> FloatArray:
    """The cubic through points with these slopes, element by element; before and after them the first and the last."""
    inside = np.clip(at, x[0], x[-1])
    left = np.clip(np.searchsorted(x, inside, side="right") - 1, 0, x.size - 2)
    return _cubic(inside, (x[left], y[left], slope[left]), (x[left + 1], y[left + 1], slope[left + 1]))


def _cubic(
    at: FloatArray, left: tuple[FloatArray, FloatArray, FloatArray], right: tuple[FloatArray, FloatArray, FloatArray]
) -> FloatArray:
    """Between two points with their slopes, (x, y, slope) each."""
    width, rise = right[0] - left[0], right[1] - left[1]
    s = (at - left[0]) / width
    first, last = left[2] * width - rise, right[2] * width - rise
    return np.asarray(left[1] + s * (rise + (1.0 - s) * (first * (1.0 - s) - last * s)))


def _is_drawn(knots: Knots, left: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Whether a uniform number can lead to these intervals."""
    return np.asarray((knots.probability[left] < _LAST) & (knots.probability[left + 1] > -_LAST))


def _is_missed(knots: Knots, left: npt.NDArray[np.intp], middle: Knots) -> npt.NDArray[np.bool_]:
    """Whether the quantile at the middle's probability is another share, or the curve might fall."""
    with np.errstate(all="ignore"):
        ends = [(knots.probability[i], knots.share[i], 1.0 / knots.slope[i]) for i in (left, left + 1)]
        miss = np.abs(_cubic(middle.probability, ends[0], ends[1]) - middle.share) * middle.slope
        secant = (ends[1][1] - ends[0][1]) / (ends[1][0] - ends[0][0])
        steepest = np.maximum(ends[0][2], ends[1][2]) / secant
        flattest = np.minimum(ends[0][2], ends[1][2]) / secant
        # written so that what is no number counts as missed
        return ~((miss <= _TOLERANCE) & (steepest <= 3.0) & (flattest >= 1.0 / 3.0))
