"""The tallies there are: of whole numbers, one by one, and of real ones between those of a pilot."""

from typing import Self, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sim.results.bars import MOST_BARS, MOST_NUMBERS, Bars, Packed, RealBars, WholeBars, unpacked
from sim.results.batches import Batches
from sim.results.kernels import PLAIN, CountRows, Kernels, Places
from sim.results.parts import Parts
from sim.results.quantiles import quantiles_of_bars
from sim.results.sample import QUANTILES, FloatArray
from sim.results.tally import Tally

_KNOTS = 512
_LEVELS = np.array(list(QUANTILES.values()))


class WholeTally(Tally):
    """Of whole numbers: every one of them apart."""

    def __init__(self, pilot: xr.DataArray, batches: Batches, kernels: Kernels = PLAIN) -> None:
        """Nothing is counted yet."""
        super().__init__(pilot, batches, kernels)
        cells = int(np.prod(self._shape, dtype=int))
        self._by_batch = WholeBars(cells, self._rows, MOST_BARS)
        self._in_all = WholeBars(cells, 1, MOST_NUMBERS)  # of cells whose others join numbers
        self._together: CountRows | None = None

    def _count(self, values: NDArray[np.generic], first_row: int, cells: Places) -> None:
        numbers = cast(NDArray[np.integer], values)
        left = range(len(numbers)) if self._together is None else self._together(numbers, first_row, cells)
        for row in left:
            cell = int(cells[row])
            self._count_alone(cell, numbers[row], first_row)
            if self._together is not None:
                self._together.renew(cell)
        if self._together is None and self._kernels.rows is not None:
            self._together = self._kernels.rows(self._by_batch, self._in_all)

    def _count_alone(self, cell: int, column: NDArray[np.integer], first_row: int) -> None:
        """Count the numbers of one cell, making room for them."""
        is_apart = self._is_apart(cell, int(column.min()), int(column.max()))
        self._by_batch.add(cell, column, first_row, self._kernels.bars)
        if is_apart:
            self._in_all.add(cell, column, 0, self._kernels.bars)

    def _is_apart(self, cell: int, low: int, high: int, must: bool = False) -> bool:
        """Whether a cell's numbers stand apart in bars of all batches: from where its others would join them on."""
        if self._in_all.counts[cell].shape[1]:
            return True
        if not (must or self._by_batch.would_join(cell, low, high)):
            return False
        if self._by_batch.counts[cell].any():
            lowest, highest, shift, counts = self._by_batch.seen(cell)
            self._in_all.add_bars(cell, lowest, highest, shift, _in_one(counts))
        return True

    def parts(self) -> Parts:
        """See `Tally.parts`."""
        wide = np.flatnonzero(self._in_all.begun)
        every = np.arange(len(self._by_batch.place))
        return self._as_parts(self._by_batch.packed(every), wide, self._in_all.packed(wide))

    def handed_over(self) -> tuple[Parts, Self]:
        """See `Tally.handed_over`."""
        if self._together is None:
            return super().handed_over()
        wide = np.flatnonzero(self._in_all.begun)
        own, whole = self._together.taken(wide)
        fresh = super().fresh()
        fresh._together = self._together  # with the same histograms, which are empty now
        return self._as_parts(own, wide, whole), fresh

    def _as_parts(self, own: Packed, wide: Places, whole: Packed) -> Parts:
        (places, counts), (places_wide, counts_wide) = own, whole
        names = {"places": places, "counts": counts, "places_wide": places_wide, "counts_wide": counts_wide}
        return {**super().parts(), "wide": wide, **names}

    def add_parts(self, parts: Parts) -> None:
        """See `Tally.add_parts`."""
        super().add_parts(parts)
        own, whole = ((parts[f"places{of}"], parts[f"counts{of}"]) for of in ("", "_wide"))
        every, wide = np.arange(len(own[0])), parts["wide"]
        fits = self._by_batch.has_room(every, own[0]) & ~self._in_all.begun
        fits[wide] = self._by_batch.has_room(wide, own[0][wide]) & self._in_all.has_room(wide, whole[0])
        if self._together is None:
            self._by_batch.add_packed(every, own, fits)
            self._in_all.add_packed(wide, whole, fits[wide])
        else:
            self._together.add(own, fits, wide, whole)
        if not fits.all():
            apart = dict(zip(wide.tolist(), unpacked(*whole), strict=True))
            for cell, bars in enumerate(unpacked(*own)):
                if not fits[cell]:
                    self._add_bars(cell, bars, apart.get(cell))

    def _add_bars(self, cell: int, bars: Bars, apart: Bars | None) -> None:
        """Count what others have of a cell, making room for it; None where its numbers stand apart by batch."""
        low, high, shift, counts = bars
        if self._is_apart(cell, low, high, must=apart is not None):
            self._in_all.add_bars(cell, *(apart or (low, high, shift, _in_one(counts))))
        self._by_batch.add_bars(cell, *bars)
        if self._together is not None:
            self._together.renew(cell)

    def __getstate__(self) -> dict[str, object]:
        """As it is sent to another process, where it is to be counted on from `fresh`."""
        return {**self.__dict__, "_together": None}

    def fresh(self) -> Self:
        """See `Tally.fresh`."""
        tally = super().fresh()
        tally._by_batch, tally._in_all = self._by_batch.fresh(), self._in_all.fresh()
        tally._together = None if self._kernels.rows is None else self._kernels.rows(tally._by_batch, tally._in_all)
        return tally

    def _bars(self, cell: int) -> tuple[FloatArray, FloatArray, NDArray[np.integer]]:
        bars = self._in_all if self._in_all.counts[cell].shape[1] else self._by_batch
        starts, ends, counts = bars.spread(cell)
        return starts, ends, counts.sum(axis=0)

    def _quantiles(self) -> FloatArray:
        none = np.zeros(1, np.int64)
        bars = (self._bars(cell) for cell in range(len(self._by_batch.place)))
        return np.array(
            [quantiles_of_bars(starts, ends, counts[None], none, _LEVELS)[0] for starts, ends, counts in bars]
        )

    def _quantiles_by_batch(self) -> FloatArray:
        none, cells = np.zeros(self._rows, np.int64), range(len(self._by_batch.place))
        return np.array([quantiles_of_bars(*self._by_batch.spread(cell), none, _LEVELS) for cell in cells])


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
