"""What it is worth to see a study's data before deciding: the expected value of sample information, EVSI.

The data tell of the benefit only through the quantity that they measure. So the regression of the benefit on the
quantity, which finds what knowing it exactly is worth, is all that is needed of the model: the mean benefit given the
data is the mean of that curve over the quantity's values, weighted by how likely each makes the data (N. A. Menzies,
"An efficient estimator for the expected value of sample information", Medical Decision Making 36, 2016). A regression
of the benefit on simulated data (M. Strong, J. E. Oakley, A. Brennan and P. Breeze, "Estimating the expected value of
sample information using the probabilistic sensitivity analysis sample", Medical Decision Making 35, 2015) finds the
same with more noise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.analysis.sensitivity.information.options import Options, Worth
from sim.analysis.sensitivity.information.perfect import evppi, following, given
from sim.analysis.sensitivity.information.regression import Curve, normal_scores
from sim.draws.streams import FloatArray

_PLACES = 300  # values that stand for the quantity, evenly spaced in normal scores: the tails are as fine as the middle


@dataclass(frozen=True)
class Learnable:
    """A quantity that a study could measure.

    Attributes
    ----------
    options : what is decided.
    values : of the quantity, [draw].
    """

    options: Options
    values: FloatArray

    @cached_property
    def curve(self) -> Curve:
        """The mean gain of each option given the quantity."""
        return given(self.options, self.values[:, None])

    @cached_property
    def perfect(self) -> Worth:
        """What knowing it exactly is worth."""
        return evppi(self.options, self.curve)

    @cached_property
    def place(self) -> NDArray[np.int64]:
        """The place of each draw among the values that stand for all: [draw]."""
        scores = normal_scores(self.values)
        low, high = scores.min(), scores.max()
        cell = np.round((scores - low) / (high - low) * (_PLACES - 1)).astype(np.int64)
        return np.unique(cell, return_inverse=True)[1]

    @cached_property
    def weights(self) -> FloatArray:
        """The share of the draws at each place: [place]."""
        return np.bincount(self.place) / len(self.place)

    @cached_property
    def places(self) -> FloatArray:
        """The quantity at each place: [place]."""
        return self._at_places(self.values)

    @cached_property
    def gains(self) -> FloatArray:
        """The mean gain of each option at each place, [place, option]; that of the best is 0."""
        return np.stack([self._at_places(column) for column in self.curve.expected.T], axis=1)

    def _at_places(self, values: FloatArray) -> FloatArray:
        return np.bincount(self.place, values) / np.bincount(self.place)


def evsi(known: Learnable, outcomes: FloatArray) -> Worth:
    """What a study's data are worth.

    Parameters
    ----------
    known : the quantity that it measures.
    outcomes : the probability of each outcome given the quantity, [place, outcome], rows adding up to 1.

    Returns
    -------
    The value of knowing the quantity exactly, times the share of it that the data reach by the curve; never above it,
    and never less for data of which other data are a part.
    """
    joint = known.weights[:, None] * outcomes
    by_outcome = joint.T @ known.gains
    before = (known.weights @ known.gains).max()
    whole = known.weights @ known.gains.max(axis=1) - before
    reached = by_outcome.max(axis=1).sum() - before
    share = min(max(reached / whole, 0.0), 1.0) if whole > 0 else 0.0
    chosen = outcomes @ np.eye(len(known.options.names))[by_outcome.argmax(axis=1)]
    error = known.options.mean(following(known.options, chosen[known.place])).error
    value, of_value = known.perfect
    return Worth(float(value * share), max(error, float(of_value * share) if value > 0 else of_value))


Outcomes = Callable[[int], FloatArray]
"""Size of a study → the probability of each outcome, [place, outcome]."""


def growing(known: Learnable, outcomes: Outcomes, sizes: tuple[int, ...]) -> list[Worth]:
    """What studies of growing size are worth: none less than a smaller one.

    Parameters
    ----------
    known : the quantity.
    outcomes : of a study of a size.
    sizes : rising.
    """
    found: list[Worth] = []
    for n in sizes:
        value, error = evsi(known, outcomes(n))
        found.append(Worth(max([value, *(one.value for one in found[-1:])]), error))
    return found
