"""What is known of a variable's draws: statistics of all of them, and of each independent batch."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sim.results.batches import Batches
from sim.results.quantiles import quantiles
from sim.results.totals import column_labels
from sim.variables import VARIABLES

FloatArray = NDArray[np.float64]
Statistics = Mapping[str, FloatArray]
"""Mean, standard deviation and quantiles of every cell, by name: […] each."""

QUANTILES = {"p05": 0.05, "p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95}


class Sample(ABC):
    """The draws of one variable, totals over its strata included.

    What is infinite in some draws has quantiles, but no mean and no standard deviation. Draws in which a cell is
    missing are left out; a cell that is always missing has no statistics.

    Attributes
    ----------
    name, unit : of the variable.
    labels : of the cells, for each cell column of a tidy table.
    draws : how many there are.
    has_chance : whether its numbers are drawn by chance, so that none scatters only because nothing happened.
    """

    name: str
    unit: str
    labels: Sequence[Sequence[object]]
    draws: int
    has_chance: bool = True

    @abstractmethod
    def whole(self) -> Statistics:
        """The statistics of all draws."""

    @abstractmethod
    def by_batch(self) -> Sequence[Statistics]:
        """The statistics of each batch; none where there are no batches."""

    def errors(self, batches: Batches) -> Statistics:
        """The Monte Carlo error of each statistic: from the scatter of the batches; unknown where one is infinite."""
        parts = self.by_batch() or [self.whole()]
        return {
            name: batches.error(np.stack([np.where(np.isinf(part[name]), np.nan, part[name]) for part in parts]))
            for name in parts[0]
        }


class Stored(Sample):
    """Draws that are at hand.

    Parameters
    ----------
    array : [draw, + strata, year] or [draw], with its totals.
    batches : how draws fall into independent batches.
    """

    def __init__(self, array: xr.DataArray, batches: Batches) -> None:
        """Nothing is worked out yet."""
        self.name, self.draws = str(array.name), array.sizes["draw"]
        self.unit = str(array.attrs.get("unit", VARIABLES[self.name].unit))
        self.labels = column_labels(array)
        self._values, self._batches = array.to_numpy(), batches

    def whole(self) -> Statistics:
        """See `Sample.whole`."""
        return _statistics(self._values)

    def by_batch(self) -> Sequence[Statistics]:
        """See `Sample.by_batch`."""
        return [_statistics(part) for part in self._batches.split(self._values)] if self._batches.number else []


def _statistics(values: NDArray[np.generic]) -> dict[str, FloatArray]:
    """Mean, standard deviation and quantiles over the draws: […] each."""
    numbers = values.astype(np.float64)
    missing = np.isnan(numbers)
    if missing.any():
        return _of_those_there(numbers, missing)
    never = np.isinf(numbers)
    finite = np.where(never, np.nan, numbers) if never.any() else numbers
    mean = finite.mean(axis=0)
    spread = finite.std(axis=0, ddof=1) if len(numbers) > 1 else np.zeros(numbers.shape[1:])
    found = quantiles(numbers, list(QUANTILES.values()))
    return {"mean": mean, "sd": spread, **dict(zip(QUANTILES, found, strict=True))}


def _of_those_there(numbers: FloatArray, missing: NDArray[np.bool_]) -> dict[str, FloatArray]:
    """The same of the draws in which each cell is there: […] each."""
    cells = missing.reshape(len(missing), -1)
    if (cells == cells[:, :1]).all() and not cells[:, 0].all():
        return _statistics(numbers[~cells[:, 0]])
    shape, columns = numbers.shape[1:], numbers.reshape(len(numbers), -1)
    found = [_column(columns[~cells[:, place], place]) for place in range(columns.shape[1])]
    return {name: np.array([column[name] for column in found]).reshape(shape) for name in found[0]}


def _column(values: FloatArray) -> dict[str, FloatArray]:
    """The statistics of one cell."""
    if len(values) == 0:
        return dict.fromkeys(("mean", "sd", *QUANTILES), np.array(np.nan))
    return _statistics(values)
