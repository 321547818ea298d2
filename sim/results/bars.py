"""Histograms that grow with what they are given: of whole numbers, and of real ones about the values of a pilot.

Adding is commutative: what they say in the end depends on the values and not on the order or the portions they came in.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Integers = NDArray[np.integer]

Bars = tuple[int, int, int, Integers]
"""Of a cell the lowest and the highest number, the shift, and the counts between them, [row, bar]."""

Packed = tuple[Integers, Integers]
"""Of some cells lowest and highest number and shift, [cell, 3], and the counts between them, one cell after the other,
[row, bar], in as few bytes as hold them."""

AddSpans = Callable[[Integers, Integers, Integers, Integers, Integers], None]
"""Adds to some cells, [cell], from a bar of each on, [cell], what stands from here to there, [cell] each, among counts,
[row, bar]."""

CountBars = Callable[[NDArray[np.integer], int, NDArray[np.uint32], int, int], None]

MOST_BARS = 1024
"""Bars of a histogram by batch; of wider ranges each bar holds 2, 4, 8 … neighbouring whole numbers."""

MOST_NUMBERS = 1 << 20
"""Numbers of a cell that are told apart: a range that is wider still, as of a hundred million, has wider bars."""

SEEN = [2, 3, 1]
"""Where the lowest and the highest number and the shift of a cell stand in `WholeBars.place`."""

_ROOM = 16  # whole numbers, at least, that a range is extended by


class WholeBars:
    """How often each whole number occurred, in each of several rows: the histograms of many cells.

    Parameters
    ----------
    cells : their number.
    rows : of each histogram.
    most : bars of each at most, whose width doubles when they do not suffice.

    Attributes
    ----------
    counts : of each cell, [row, bar]; a cell of which nothing was counted has no bar.
    place : of each cell its first bar, how many places its numbers are shifted, and the lowest and the highest number
        so far: [cell, 4]. Who counts elsewhere changes it in place.
    """

    def __init__(self, cells: int, rows: int, most: int) -> None:
        """Nothing is counted yet."""
        self.rows, self.most = rows, most
        self.counts = [np.zeros((rows, 0), np.uint32)] * cells
        self.place = np.zeros((cells, 4), np.int64)

    @property
    def begun(self) -> NDArray[np.bool_]:
        """Which cells have bars: [cell]."""
        return np.array([counts.shape[1] > 0 for counts in self.counts], bool)

    def bars(self, cell: int) -> tuple[Integers, NDArray[np.uint32]]:
        """The lowest number of each bar of a cell that holds any, [bar], and how often they occurred, [row, bar]."""
        first, shift, low, high = self.place[cell].tolist()
        start, stop = (max((end >> shift) - first, 0) for end in (low, high + (1 << shift)))
        filled = start + np.flatnonzero(np.bitwise_or.reduce(self.counts[cell][:, start:stop], axis=0))
        return (filled + first) << shift, self.counts[cell][:, filled]

    def spread(self, cell: int) -> tuple[FloatArray, FloatArray, NDArray[np.uint32]]:
        """Where each of these bars begins and ends, [bar] each, and what it holds, [row, bar].

        A bar of one number is that number.
        """
        numbers, counts = self.bars(cell)
        starts, shift = numbers.astype(np.float64), int(self.place[cell, 1])
        return (starts - 0.5, starts - 0.5 + (1 << shift), counts) if shift else (starts, starts, counts)

    def would_join(self, cell: int, low: int, high: int) -> bool:
        """Whether numbers from the lowest to the highest would make the bars of a cell wider than they are."""
        _, shift, lowest, highest = self.place[cell].tolist()
        if self.counts[cell].shape[1]:
            low, high = min(low, lowest), max(high, highest)
        return bool((high >> shift) - (low >> shift) >= self.most)

    def add(self, cell: int, values: Integers, first_row: int, count: CountBars) -> None:
        """Count whole numbers of a cell, [number], in one row after the other.

        Parameters
        ----------
        cell : its place.
        values : whole numbers.
        first_row : of the first of them.
        count : adds to the counts of bars, as `sim.results.kernels` has it.
        """
        self._make_room(cell, int(values.min()), int(values.max()))
        first, shift = self.place[cell, :2].tolist()
        count(values, first_row, self.counts[cell], first, shift)

    def add_bars(self, cell: int, low: int, high: int, shift: int, counts: Integers) -> None:
        """Count what other bars of a cell hold, neighbouring and as wide as these or narrower.

        Parameters
        ----------
        cell : its place.
        low, high : the lowest and the highest number they have seen, in the first bar and in the last.
        shift : of their width.
        counts : [row, bar].
        """
        self._make_room(cell, low, high)
        own_first, own_shift = self.place[cell, :2].tolist()
        first, own, number = low >> shift, self.counts[cell], counts.shape[1]
        if shift == own_shift:
            own[:, first - own_first : first - own_first + number] += counts.astype(np.uint32, copy=False)
        else:
            places = ((np.arange(first, first + number) << shift) >> own_shift) - own_first
            np.add.at(own.T, places, counts.T)

    def seen(self, cell: int) -> Bars:
        """What `add_bars` takes."""
        first, shift, low, high = self.place[cell].tolist()
        return low, high, shift, self.counts[cell][:, (low >> shift) - first : (high >> shift) - first + 1]

    def span(self, cells: Integers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """In which bar of some cells what they have seen begins, and where it ends, laid end to end: [cell] each."""
        first, shift, low, high = self.place[cells].T
        return (low >> shift) - first, np.cumsum((high >> shift) - (low >> shift) + 1)

    def packed(self, cells: Integers) -> Packed:
        """What the bars of some cells have counted, to be sent or kept."""
        seen = [self.seen(cell)[3] for cell in cells.tolist()] or [np.zeros((self.rows, 0), np.uint32)]
        few = max(int(counts.max(initial=0)) for counts in seen) <= np.iinfo(np.uint16).max
        counts: Integers = np.concatenate(seen, axis=1, dtype=np.uint16 if few else np.uint32, casting="unsafe")
        return self.place[cells][:, SEEN], counts

    def has_room(self, cells: Integers, places: Integers) -> NDArray[np.bool_]:
        """Which of some cells have bars as wide, and room, for what `packed` gave of others: [cell].

        Parameters
        ----------
        cells : their places.
        places : of `packed`.
        """
        first, shift, lowest, highest = self.place[cells].T
        sizes = np.array([counts.shape[1] for counts in self.counts])[cells]
        start, last = np.minimum(lowest, places[:, 0]) >> shift, np.maximum(highest, places[:, 1]) >> shift
        is_inside = (start >= first) & (last < first + sizes) & (last - start < self.most)
        return np.asarray((sizes > 0) & (shift == places[:, 2]) & is_inside)

    def add_packed(self, cells: Integers, packed: Packed, fits: NDArray[np.bool_], add: AddSpans | None = None) -> None:
        """Count what `packed` gave of others, in those of some cells that have room for it.

        Parameters
        ----------
        cells : their places.
        packed : of others.
        fits : which have room: [cell].
        add : adds to the counts; None does it by NumPy.
        """
        places, counts = packed
        own, (low, high, shift) = cells[fits], places.T
        ends = np.cumsum((high >> shift) - (low >> shift) + 1)
        begins, starts = np.concatenate([[0], ends])[:-1], (low >> shift) - self.place[cells, 0]
        self.place[own, 2] = np.minimum(self.place[own, 2], low[fits])
        self.place[own, 3] = np.maximum(self.place[own, 3], high[fits])
        (add or self._add_spans)(own, starts[fits], begins[fits], ends[fits], counts)

    def _add_spans(self, cells: Integers, starts: Integers, begins: Integers, ends: Integers, counts: Integers) -> None:
        for cell, start, begin, end in zip(*(part.tolist() for part in (cells, starts, begins, ends)), strict=True):
            self.counts[cell][:, start : start + end - begin] += counts[:, begin:end]

    def fresh(self) -> "WholeBars":
        """Bars of the same numbers with nothing counted."""
        bars = WholeBars(0, self.rows, self.most)
        bars.place, bars.counts = self.place.copy(), [np.zeros_like(counts) for counts in self.counts]
        return bars

    def _make_room(self, cell: int, low: int, high: int) -> None:
        """Hold these numbers of a cell too: by wider bars where there is a limit, else by more."""
        own_first, own_shift, lowest, highest = self.place[cell].tolist()
        size = self.counts[cell].shape[1]
        if size:
            if low >= lowest and high <= highest:
                return
            low, high = min(low, lowest), max(high, highest)
        self.place[cell, 2:] = low, high
        shift = own_shift
        while (high >> shift) - (low >> shift) >= self.most:
            shift += 1
        first, last = low >> shift, high >> shift
        inside = first >= own_first and last < own_first + size
        if shift == own_shift and inside and size:
            return
        room = (last - first) // 4 + _ROOM
        before, counts = self.bars(cell)
        self.place[cell, :2] = first - room, shift
        self.counts[cell] = np.zeros((self.rows, last - first + 1 + 2 * room), np.uint32)
        if before.size:
            np.add.at(self.counts[cell].T, (before >> shift) - (first - room), counts.T)


def unpacked(places: Integers, counts: Integers) -> Iterator[Bars]:
    """What `WholeBars.packed` gave, cell by cell, as `WholeBars.add_bars` takes it."""
    start = 0
    for low, high, shift in places.tolist():
        number = (high >> shift) - (low >> shift) + 1
        yield low, high, shift, counts[:, start : start + number]
        start += number


class RealBars:
    """How often real numbers fell between those of a pilot, or on one of them, in each of several rows.

    Bar 0 is below the first of the pilot's numbers, bar 1 on it, bar 2 between it and the second, …: so what occurs
    again and again, as 0 where nothing is sold, is told apart from its neighbours.

    Parameters
    ----------
    rows : of the histogram.
    knots : the pilot's numbers, [knot], rising.
    """

    def __init__(self, rows: int, knots: FloatArray) -> None:
        """Nothing is counted yet."""
        self.knots = knots
        self.counts = np.zeros((rows, 2 * len(knots) + 1), np.uint32)
        self.never = np.zeros(rows, np.int64)
        self.low, self.high = np.inf, -np.inf

    def add(self, row: int, ordered: FloatArray) -> None:
        """Count numbers of one row, [number], in order; infinity is never, what is missing stands last."""
        finite = int(np.searchsorted(ordered, np.inf))
        self.never[row] += int(np.searchsorted(ordered, np.nan)) - finite  # NaN is sorted behind infinity
        if not finite:
            return
        numbers = ordered[:finite]
        self.low, self.high = min(self.low, float(numbers[0])), max(self.high, float(numbers[-1]))
        ends = np.empty(2 * len(self.knots) + 2, np.int64)
        ends[0], ends[-1] = 0, finite
        ends[1:-1:2] = np.searchsorted(numbers, self.knots, side="left")
        ends[2:-1:2] = np.searchsorted(numbers, self.knots, side="right")
        self.counts[row] += np.diff(ends).astype(np.uint32)

    def add_bars(self, low: float, high: float, counts: Integers, never: Integers) -> None:
        """Count what bars about the same knots hold, [row, bar], and what never comes, [row]."""
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.counts += counts.astype(np.uint32, copy=False)
        self.never += never

    def fresh(self) -> "RealBars":
        """Bars about the same knots with nothing counted."""
        return RealBars(len(self.counts), self.knots)

    def edges(self) -> tuple[FloatArray, FloatArray]:
        """Where each bar begins and ends: [bar] each."""
        low, high = (self.low, self.high) if self.low <= self.high else (0.0, 0.0)  # where nothing is finite
        ends = np.concatenate([[low], np.repeat(np.clip(self.knots, low, high), 2), [high]])
        return ends[:-1], ends[1:]
