"""The Monte Carlo error of any statistic, from the scatter of independent batches of draws."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_PLAIN_BATCHES = 8
_MOST_BATCHES = 16  # more replicates are pooled: a batch must be large enough to see a tail
_FEWEST_BEYOND = 2  # draws of a batch beyond a quantile, below which its scatter says too little


@dataclass(frozen=True)
class Batches:
    """How the draws of a run fall into independent batches: draw d belongs to batch d % number.

    The batches are the replicates, or several of these together where there are many.

    Attributes
    ----------
    number : of batches; 0 where the error is unknown, because a single randomisation of a design has no scatter to
        judge it by.
    exact : whether there is no Monte Carlo error at all, as in the calculation at the means.
    """

    number: int
    exact: bool = False

    @classmethod
    def of(cls, method: str, replicates: int, draws: int) -> "Batches":
        """The batches of a sampling method: its replicates, or slices of a plain random sample."""
        if method == "point":
            return cls(0, exact=True)
        if replicates > 1:
            pooled = [number for number in range(4, _MOST_BATCHES + 1) if replicates % number == 0]
            return cls(max(pooled, default=replicates))
        return cls(_PLAIN_BATCHES if method == "random" and draws >= 2 * _PLAIN_BATCHES else 0)

    def split(self, array: NDArray[np.generic], first_draw: int = 0) -> list[NDArray[np.generic]]:
        """The rows of each batch, from rows that begin with the draw `first_draw`."""
        return [array[(batch - first_draw) % self.number :: self.number] for batch in range(self.number)]

    def see(self, quantile: float, draws: int) -> bool:
        """Whether a batch holds enough draws beyond a quantile for its scatter to be an honest error."""
        return self.exact or (self.number > 0 and draws / self.number * min(quantile, 1 - quantile) >= _FEWEST_BEYOND)

    def error(self, by_batch: FloatArray) -> FloatArray:
        """The standard error of the mean of the batches' values: [batch, …] → […].

        The scatter is widened by sqrt((B-1)/(B-3)), the standard deviation of Student's t with B-1 degrees of freedom:
        so the error's own uncertainty is in it, and an estimate lies within two of them in 95 of 100 cases even with
        eight batches.
        """
        if self.exact:
            return np.zeros(by_batch.shape[1:])
        if self.number == 0:
            return np.full(by_batch.shape[1:], np.nan)
        scatter: FloatArray = by_batch.std(axis=0, ddof=1) / math.sqrt(self.number)
        return scatter * math.sqrt((self.number - 1) / (self.number - 3))
