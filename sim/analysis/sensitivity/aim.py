"""What the target is to reach: at least, or at most, a number."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.surface import BoolArray
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.variables import VARIABLES

AT_LEAST, AT_MOST = "at least", "at most"
"""The two ways to reach a number."""

ASKED, MEDIAN, LIKELY = "as asked", "its own median", "true, by the draw"
"""Where the number comes from: the settings; of neither the median of the draws; of an event, that it happens."""

_HALF = 0.5  # of an event, which is 0 or 1 in a draw


@dataclass(frozen=True)
class Aim:
    """A number and the side of it that counts.

    Attributes
    ----------
    wish : `at least` or `at most`.
    bound : in the target's unit.
    origin : where the bound comes from.
    """

    wish: str
    bound: float
    origin: str = ASKED

    def met(self, answer: FloatArray) -> BoolArray:
        """Whether each answer reaches it; a missing one does not."""
        return np.asarray(answer >= self.bound if self.wish == AT_LEAST else answer <= self.bound)

    def beyond(self, answer: FloatArray) -> FloatArray:
        """By how much each answer reaches it; negative where it does not."""
        return answer - self.bound if self.wish == AT_LEAST else self.bound - answer

    @property
    def marks(self) -> dict[str, Any]:
        """The columns that say in every table what was to be reached."""
        return {"wish": self.wish, "bound": self.bound, "origin": self.origin}


def aim_of(question: Question) -> Aim:
    """What the settings want of the target; of neither bound, its own median.

    Raises
    ------
    InputError : when no draw meets it, or every draw does.
    """
    asked, sample = question.asked, question.sample
    if asked.at_most is not None:
        aim, key = Aim(AT_MOST, asked.at_most), "at_most"
    elif asked.at_least is not None:
        aim, key = Aim(AT_LEAST, asked.at_least), "at_least"
    else:
        is_event = VARIABLES[question.target.variable].only_mean
        bound = _HALF if is_event else float(np.median(sample.answer))
        aim, key = Aim(AT_LEAST, bound, LIKELY if is_event else MEDIAN), "at_least"
    met = aim.met(sample.answer)
    if met.all() or not met.any():
        ends = f"{sample.answer.min():.6g} to {sample.answer.max():.6g}"
        which = "every draw" if met.all() else "no draw"
        raise InputError(
            f"sensitivity.{key}: {question.target.variable} is {aim.wish} {aim.bound:.6g} in {which}, which leaves "
            f"nothing to tell apart; its draws run from {ends}"
        )
    return aim
