"""Draws that are counted and not kept: any number of them in the same memory.

Whole patients are counted number by number, so that the quantiles of all draws are those of the draws themselves, to
the last bit. Money, months and dates are counted between the 512-quantiles of a pilot, the first draws of the run: a
quantile lies between the same two of them as the true one, evenly between them. The scatter of the batches, from which
errors come, is that of about 1,024 bars a cell at most.
"""

import copy
from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sim.results.batches import Batches
from sim.results.kernels import PLAIN, Kernels, Places, Sums, by_cell
from sim.results.moments import Moments
from sim.results.parts import Parts, named, of
from sim.results.sample import QUANTILES, FloatArray, Sample, Statistics
from sim.results.totals import column_labels
from sim.variables import VARIABLES

_KEPT_BARS = 200  # of the histogram that a run's folder keeps
_LEVELS = np.array(list(QUANTILES.values()))


class Tally(Sample):
    """Counts the draws of one variable, portion by portion.

    Parameters
    ----------
    pilot : the run's first draws, [draw, + strata, year] or [draw], with totals; they are not counted yet.
    batches : how draws fall into independent batches.
    kernels : what counts them.
    """

    def __init__(self, pilot: xr.DataArray, batches: Batches, kernels: Kernels = PLAIN) -> None:
        """Nothing is counted yet."""
        self.name, self.draws = str(pilot.name), 0
        self.unit = str(pilot.attrs.get("unit", VARIABLES[self.name].unit))
        self.labels = column_labels(pilot)
        self._batches, self._rows = batches, max(batches.number, 1)
        self._shape = pilot.shape[1:]
        self._dims = pilot.dims[1:]
        self._coords = {name: pilot[name] for name in self._dims if name in pilot.coords}
        self._kernels, self._moments = kernels, Moments(batches, kernels)

    def add(self, values: NDArray[np.generic], first_draw: int) -> None:
        """Count neighbouring draws: [draw, …]."""
        self._moments.add(values, first_draw)
        self.draws += len(values)
        columns = by_cell(values)
        self._count(columns, first_draw % self._rows, np.arange(len(columns)))

    def count_cells(self, values: NDArray[np.generic], first_draw: int, cells: Places) -> None:
        """Count further draws of some cells, [cell, draw], in their histograms; see `took`.

        Once something is counted, several threads may, as long as no two count the same cells at once.
        """
        self._count(values, first_draw % self._rows, cells)

    def sums_of(self, values: NDArray[np.generic], first_draw: int, cells: Places) -> Sums:
        """What these add to the moments: [batch, cell] each."""
        return self._moments.sums_of(values, first_draw, cells)

    def took(self, sums: Sums, draws: int) -> None:
        """Take in the moments of draws that are counted in the histograms of all cells."""
        self._moments.add_sums(sums)
        self.draws += draws

    def parts(self) -> Parts:
        """What it has counted, for `add_parts`."""
        return {"draws": np.array(self.draws), **named("moments", self._moments.parts())}

    def add_parts(self, parts: Parts) -> None:
        """Count what a tally about the same pilot has counted."""
        self.draws += int(parts["draws"])
        self._moments.add_parts(of("moments", parts))

    def handed_over(self) -> tuple[Parts, Self]:
        """What it has counted, for `add_parts`, and `fresh`, perhaps in the same memory: this one is done with."""
        return self.parts(), self.fresh()

    def fresh(self) -> Self:
        """A tally about the same pilot with nothing counted."""
        tally = copy.copy(self)
        tally.draws, tally._moments = 0, self._moments.fresh()
        return tally

    @abstractmethod
    def _count(self, values: NDArray[np.generic], first_row: int, cells: Places) -> None:
        """Count neighbouring draws of some cells, [cell, draw], the first of which is of this batch."""

    @abstractmethod
    def _quantiles(self) -> FloatArray:
        """Quantiles of all draws: [cell, level]."""

    @abstractmethod
    def _quantiles_by_batch(self) -> FloatArray:
        """Quantiles of each batch: [cell, batch, level]."""

    @abstractmethod
    def _bars(self, cell: int) -> tuple[FloatArray, FloatArray, NDArray[np.integer]]:
        """Where the bars of a cell begin and end, and what they hold in all: [bar] each."""

    def whole(self) -> Statistics:
        """See `Sample.whole`."""
        return self._statistics(self._moments.mean(), self._moments.sd()[0], self._quantiles())

    def by_batch(self) -> Sequence[Statistics]:
        """See `Sample.by_batch`."""
        if not self._batches.number:
            return []
        means, spreads = self._moments.by_batch()
        quantiles = self._quantiles_by_batch()
        return [self._statistics(means[row], spreads[row], quantiles[:, row]) for row in range(self._rows)]

    def _statistics(self, mean: FloatArray, spread: FloatArray, quantiles: FloatArray) -> Statistics:
        levels = quantiles.T.reshape(len(_LEVELS), *self._shape)
        spread = np.where(np.isnan(mean), np.nan, spread if self.draws > 1 else 0.0)
        return {"mean": mean, "sd": spread, **dict(zip(QUANTILES, levels, strict=True))}

    def histogram(self) -> xr.Dataset:
        """What is kept of it: counts of each cell between edges, infinity left out: [+ strata, bin]."""
        cells = [_few(*self._bars(cell)) for cell in range(int(np.prod(self._shape, dtype=int)))]
        counts, edges = (np.array(part) for part in zip(*cells, strict=True))
        return xr.Dataset(
            {
                f"{self.name}_histogram": ((*self._dims, "bin"), counts.reshape(*self._shape, _KEPT_BARS)),
                f"{self.name}_edges": ((*self._dims, "edge"), edges.reshape(*self._shape, _KEPT_BARS + 1)),
            },
            coords=self._coords,
        )


def _few(starts: FloatArray, ends: FloatArray, counts: NDArray[np.integer]) -> tuple[FloatArray, FloatArray]:
    """Bars joined to equal ones from the smallest number to the largest: counts [bin], edges [bin + 1]."""
    low, high = (starts[0], ends[-1]) if len(starts) else (0.0, 1.0)
    middles = (starts + ends) / 2
    low, high = (low, high) if low < high else (low - 0.5, high + 0.5)
    edges = np.linspace(low, high, _KEPT_BARS + 1)
    place = np.minimum(np.searchsorted(edges, middles, side="right") - 1, _KEPT_BARS - 1)  # as `np.histogram` has it
    return np.bincount(place, counts, _KEPT_BARS).astype(counts.dtype), edges
