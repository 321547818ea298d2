"""The options of a decision, and what each is worth in each draw."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.draws.streams import FloatArray
from sim.results.batches import Batches


class Worth(NamedTuple):
    """A mean over the draws.

    Attributes
    ----------
    value : in the benefit's unit.
    error : its Monte Carlo error; NaN where nobody knows it.
    """

    value: float
    error: float


@dataclass(frozen=True)
class Options:
    """What is to be chosen among.

    Attributes
    ----------
    names : of the options, in order.
    benefit : what each is worth, [draw, option], in one unit.
    batch : the independent batch of each draw, [draw].
    batches : how draws fall into these.
    """

    names: tuple[str, ...]
    benefit: FloatArray
    batch: NDArray[np.int64]
    batches: Batches

    @cached_property
    def best(self) -> int:
        """The option to choose on what is known: the one with the highest mean, of equals the first."""
        return int(self.benefit.mean(axis=0).argmax())

    @cached_property
    def gains(self) -> FloatArray:
        """What each option is worth beyond the best, [draw, option]; that of the best itself is 0."""
        return self.benefit - self.benefit[:, [self.best]]

    @property
    def resolution(self) -> float:
        """The least error of a value for which some draws are decided otherwise: what one draw more or less makes."""
        return float(self.gains.std(axis=0).max()) / len(self.gains)

    def mean(self, values: FloatArray) -> Worth:
        """The mean of values, [draw], with its error from the scatter of the batches."""
        by_batch = np.array([values[self.batch == one].mean() for one in range(self.batches.number)])
        return Worth(float(values.mean()), float(self.batches.error(by_batch)))
