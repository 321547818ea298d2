"""The tallies there are: of whole numbers, one by one, and of real ones between those of a pilot."""

from typing import Self, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sim.results.bars import MOST_BARS, MOST_NUMBERS, RealBars, WholeBars, packed, quantiles_of_bars, unpacked
from sim.results.batches import Batches
from sim.results.kernels import PLAIN, CountRows, Kernels, Places
from sim.results.parts import Parts
from sim.results.sample import QUANTILES, FloatArray
from sim.results.tally import Tally

_KNOTS = 512
_LEVELS = np.array(list(QUANTILES.values()))


class WholeTally(Tally):
    """Of whole numbers: every one of them apart."""

    def __init__(self, pilot: xr.DataArray, batches: Batches, kernels: Kernels = PLAIN) -> None:
        """Nothing is counted yet."""
        super().__init__(pilot, batches, kernels)
        cells = range(int(np.prod(self._shape, dtype=int)))
        self._by_batch = [WholeBars(self._rows, MOST_BARS) for _ in cells]
        self._in_all: list[WholeBars | None] = [None for _ in cells]
        self._together: CountRows | None = None

    def _count(self, values: NDArray[np.generic], first_row: int, cells: Places) -> None:
        numbers = cast(NDArray[np.integer], values)
        left = range(len(numbers)) if self._together is None else self._together(numbers, first_row, cells)
        for row in left:
            cell = int(cells[row])
            self._count_alone(cell, numbers[row], first_row)
            if self._together is not None:
                self._together.renew(cell, self._by_batch[cell], self._in_all[cell])
        if self._together is None and self._kernels.rows is not None:
            self._together = self._kernels.rows(self._by_batch, self._in_all)

    def _count_alone(self, cell: int, column: NDArray[np.integer], first_row: int) -> None:
        """Count the numbers of one cell, making room for them."""
        bars, whole = self._by_batch[cell], self._in_all[cell]
        if whole is None and bars.would_join(column):
            whole = self._apart(cell)
        bars.add(column, first_row, self._kernels.bars)
        if whole is not None:
            whole.add(column, 0, self._kernels.bars)

    def _apart(self, cell: int) -> WholeBars:
        """Bars of all batches, in which a cell's numbers stand apart from here on; in its others they join."""
        whole = self._in_all[cell] = WholeBars(1, MOST_NUMBERS)
        if self._by_batch[cell].counts.any():
            low, high, shift, counts = self._by_batch[cell].seen()
            whole.add_bars(low, high, shift, _in_one(counts))
        return whole

    def parts(self) -> Parts:
        """See `Tally.parts`."""
        wide = [cell for cell, whole in enumerate(self._in_all) if whole is not None]
        places, counts = packed(self._by_batch)
        places_wide, counts_wide = packed([self._in_all[cell] or self._by_batch[cell] for cell in wide])
        own = {"wide": np.array(wide, int), "places_wide": places_wide, "counts_wide": counts_wide}
        return {**super().parts(), "places": places, "counts": counts, **own}

    def add_parts(self, parts: Parts) -> None:
        """See `Tally.add_parts`."""
        super().add_parts(parts)
        wide = dict(zip(parts["wide"].tolist(), unpacked(parts["places_wide"], parts["counts_wide"]), strict=True))
        for cell, (low, high, shift, counts) in enumerate(unpacked(parts["places"], parts["counts"])):
            bars, whole = self._by_batch[cell], self._in_all[cell]
            if whole is None and (cell in wide or bars.would_join(np.array([low, high]))):
                whole = self._apart(cell)
            if whole is not None:
                whole.add_bars(*wide.get(cell, (low, high, shift, _in_one(counts))))
            bars.add_bars(low, high, shift, counts)
        self._together = None  # its bars may be others now

    def __getstate__(self) -> dict[str, object]:
        """As it is sent to another process, where it is to be counted on from `fresh`."""
        return {**self.__dict__, "_together": None}

    def fresh(self) -> Self:
        """See `Tally.fresh`."""
        tally = super().fresh()
        tally._by_batch = [bars.fresh() for bars in self._by_batch]
        tally._in_all = [None if whole is None else whole.fresh() for whole in self._in_all]
        tally._together = None if self._kernels.rows is None else self._kernels.rows(tally._by_batch, tally._in_all)
        return tally

    def _bars(self, cell: int) -> tuple[FloatArray, FloatArray, NDArray[np.integer]]:
        starts, ends, counts = (self._in_all[cell] or self._by_batch[cell]).spread()
        return starts, ends, counts.sum(axis=0)

    def _quantiles(self) -> FloatArray:
        none = np.zeros(1, np.int64)
        bars = (self._bars(cell) for cell in range(len(self._by_batch)))
        return np.array(
            [quantiles_of_bars(starts, ends, counts[None], none, _LEVELS)[0] for starts, ends, counts in bars]
        )

    def _quantiles_by_batch(self) -> FloatArray:
        none = np.zeros(self._rows, np.int64)
        return np.array([quantiles_of_bars(*bars.spread(), none, _LEVELS) for bars in self._by_batch])


class RealTally(Tally):
    """Of real numbers, some of which may be infinite or missing."""

    def __init__(self, pilot: xr.DataArray, batches: Batches, kernels: Kernels = PLAIN) -> None:
        """Nothing is counted yet."""
        super().__init__(pilot, batches, kernels)
        columns = pilot.to_numpy().reshape(pilot.shape[0], -1).astype(np.float64).T
        self._cells = [RealBars(self._rows, _knots(column)) for column in columns]

    def _count(self, values: NDArray[np.generic], first_row: int, cells: Places) -> None:
        for batch in range(self._rows):
            ordered = values[:, (batch - first_row) % self._rows :: self._rows].astype(np.float64, order="C")
            ordered.sort(axis=1)
            for cell, column in zip(cells, ordered, strict=True):
                self._cells[cell].add(batch, column)

    def parts(self) -> Parts:
        """See `Tally.parts`."""
        spans = np.array([(bars.low, bars.high) for bars in self._cells]).reshape(-1, 2)
        counts = np.concatenate([bars.counts for bars in self._cells], axis=1)
        never = np.array([bars.never for bars in self._cells])
        return {**super().parts(), "spans": spans, "counts": counts, "never": never}

    def add_parts(self, parts: Parts) -> None:
        """See `Tally.add_parts`."""
        super().add_parts(parts)
        ends = np.cumsum([bars.counts.shape[1] for bars in self._cells])[:-1]
        counts = np.split(parts["counts"], ends, axis=1)
        for bars, (low, high), some, never in zip(
            self._cells, parts["spans"].tolist(), counts, parts["never"], strict=True
        ):
            bars.add_bars(low, high, some, never)

    def fresh(self) -> Self:
        """See `Tally.fresh`."""
        tally = super().fresh()
        tally._cells = [bars.fresh() for bars in self._cells]
        return tally

    def _bars(self, cell: int) -> tuple[FloatArray, FloatArray, NDArray[np.integer]]:
        bars = self._cells[cell]
        counts = bars.counts.sum(axis=0)
        filled = counts > 0
        starts, ends = bars.edges()
        return starts[filled], ends[filled], counts[filled]

    def _quantiles(self) -> FloatArray:
        found = [
            quantiles_of_bars(*bars.edges(), bars.counts.sum(axis=0)[None], bars.never.sum()[None], _LEVELS)[0]
            for bars in self._cells
        ]
        return np.array(found)

    def _quantiles_by_batch(self) -> FloatArray:
        return np.array([quantiles_of_bars(*bars.edges(), bars.counts, bars.never, _LEVELS) for bars in self._cells])


def _in_one(counts: NDArray[np.integer]) -> NDArray[np.uint32]:
    """The counts of all batches together: [batch, bar] → [1, bar]."""
    return np.asarray(counts.sum(axis=0, keepdims=True, dtype=np.uint32))


def _knots(column: FloatArray) -> FloatArray:
    """The numbers of a pilot between which others are counted: [knot], rising."""
    finite = np.sort(column[np.isfinite(column)])
    if not finite.size:
        return finite
    places = np.unique(np.linspace(0, finite.size - 1, _KNOTS + 1).round().astype(int))
    return np.unique(finite[places])


def tally(pilot: xr.DataArray, batches: Batches, kernels: Kernels = PLAIN) -> Tally:
    """A tally of the kind that the numbers of a pilot are of."""
    return (WholeTally if pilot.dtype.kind == "i" else RealTally)(pilot, batches, kernels)
