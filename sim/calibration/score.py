"""How good a forecast was once the answer is known."""

from typing import NamedTuple

import numpy as np

from sim.draws.streams import FloatArray


class Place(NamedTuple):
    """Where an answer lies in its forecast: probabilities below it, and below it or at it."""

    below: float
    upto: float

    @property
    def middle(self) -> float:
        """The probability integral transform, half of what ties with the answer counted."""
        return (self.below + self.upto) / 2.0

    def inside(self, level: float) -> float:
        """How much of the answer lies inside the central interval that is to hold a share of all answers.

        A count, or a time known to the period, fills a piece of the forecast; the part of that piece that is inside
        is counted, so that a right forecast covers exactly its level on average (Czado, Gneiting & Held 2009,
        Biometrics 65, for the transform without random numbers).
        """
        low, high = (1.0 - level) / 2.0, (1.0 + level) / 2.0
        if self.upto <= self.below:
            return float(low <= self.below <= high)
        return max(0.0, min(self.upto, high) - max(self.below, low)) / (self.upto - self.below)


def place(sample: FloatArray, low: float, high: float) -> Place:
    """Where an answer between `low` and `high` lies in a sample of the forecast, [draw]; a count is both."""
    return Place(float(np.mean(sample < low)), float(np.mean(sample <= high)))


def crps(sample: FloatArray, answer: float) -> float:
    """Continuous ranked probability score of a sample of a forecast, [draw], in the answer's unit; less is better.

    The mean distance to the answer less half the mean distance between two draws (Gneiting & Raftery 2007, J Am Stat
    Assoc 102).
    """
    ordered = np.sort(sample)
    count = len(ordered)
    spread = float(np.sum((2.0 * np.arange(1, count + 1) - count - 1.0) * ordered)) / count**2
    return float(np.mean(np.abs(ordered - answer))) - spread
