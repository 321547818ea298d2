"""Histograms that grow with what they are given: of whole numbers, and of real ones about the values of a pilot.

Adding is commutative: what they say in the end depends on the values and not on the order or the portions they came in.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.results.quantiles import NEVER, SURELY_NEVER

FloatArray = NDArray[np.float64]
Integers = NDArray[np.integer]

CountBars = Callable[[NDArray[np.integer], int, NDArray[np.uint32], int, int], None]

MOST_BARS = 1024
"""Bars of a histogram by batch; of wider ranges each bar holds 2, 4, 8 … neighbouring whole numbers."""

MOST_NUMBERS = 1 << 20
"""Numbers of a cell that are told apart: a range that is wider still, as of a hundred million, has wider bars."""

_ROOM = 16  # whole numbers, at least, that a range is extended by


class WholeBars:
    """How often each whole number occurred, in each of several rows.

    Parameters
    ----------
    rows : of the histogram.
    most : bars at most, whose width doubles when they do not suffice.
    """

    def __init__(self, rows: int, most: int) -> None:
        """Nothing is counted yet."""
        self.rows, self.most, self.shift = rows, most, 0
        self._first = 0
        self.counts = np.zeros((rows, 0), np.uint32)
        self._low = self._high = 0

    @property
    def place(self) -> tuple[int, int, int, int]:
        """The first bar, how many places numbers are shifted, and the lowest and the highest number so far."""
        return self._first, self.shift, self._low, self._high

    def saw(self, low: int, high: int) -> None:
        """Take notice of the lowest and the highest number that others have counted here."""
        self._low, self._high = low, high

    @property
    def bars(self) -> tuple[Integers, NDArray[np.uint32]]:
        """The lowest number of each bar that holds any, [bar], and how often they occurred, [row, bar]."""
        start, stop = (max((end >> self.shift) - self._first, 0) for end in (self._low, self._high + (1 << self.shift)))
        filled = start + np.flatnonzero(np.bitwise_or.reduce(self.counts[:, start:stop], axis=0))
        return (filled + self._first) << self.shift, self.counts[:, filled]

    def spread(self) -> tuple[FloatArray, FloatArray, NDArray[np.uint32]]:
        """Where each of these bars begins and ends, [bar] each, and what it holds, [row, bar].

        A bar of one number is that number.
        """
        numbers, counts = self.bars
        starts = numbers.astype(np.float64)
        return (starts - 0.5, starts - 0.5 + (1 << self.shift), counts) if self.shift else (starts, starts, counts)

    def would_join(self, values: Integers) -> bool:
        """Whether these numbers would make its bars wider than they are."""
        low, high = int(values.min()), int(values.max())
        if self.counts.shape[1]:
            low, high = min(low, self._low), max(high, self._high)
        return (high >> self.shift) - (low >> self.shift) >= self.most

    def add(self, values: Integers, first_row: int, count: CountBars) -> None:
        """Count whole numbers, [number], in one row after the other.

        Parameters
        ----------
        values : whole numbers.
        first_row : of the first of them.
        count : adds to the counts of bars, as `sim.results.kernels` has it.
        """
        self._make_room(int(values.min()), int(values.max()))
        count(values, first_row, self.counts, self._first, self.shift)

    def add_bars(self, low: int, high: int, shift: int, counts: NDArray[np.integer]) -> None:
        """Count what other bars hold, neighbouring and as wide as these or narrower.

        Parameters
        ----------
        low, high : the lowest and the highest number they have seen, in the first bar and in the last.
        shift : of their width.
        counts : [row, bar].
        """
        self._make_room(low, high)
        first, number = low >> shift, counts.shape[1]
        if shift == self.shift:
            self.counts[:, first - self._first : first - self._first + number] += counts.astype(np.uint32, copy=False)
        else:
            places = ((np.arange(first, first + number) << shift) >> self.shift) - self._first
            np.add.at(self.counts.T, places, counts.T)

    def seen(self) -> tuple[int, int, int, NDArray[np.uint32]]:
        """What `add_bars` takes: the lowest and the highest number so far, the shift, and the counts between them."""
        first, last = ((one >> self.shift) - self._first for one in (self._low, self._high))
        return self._low, self._high, self.shift, self.counts[:, first : last + 1]

    def fresh(self) -> "WholeBars":
        """Bars of the same numbers with nothing counted."""
        bars = WholeBars(self.rows, self.most)
        bars.shift, bars._first, bars._low, bars._high = self.shift, self._first, self._low, self._high
        bars.counts = np.zeros_like(self.counts)
        return bars

    def _make_room(self, low: int, high: int) -> None:
        """Hold these numbers too: by wider bars where there is a limit, else by more."""
        is_empty = self.counts.shape[1] == 0
        if not is_empty:
            if low >= self._low and high <= self._high:
                return
            low, high = min(low, self._low), max(high, self._high)
        self._low, self._high = low, high
        shift = self.shift
        while (high >> shift) - (low >> shift) >= self.most:
            shift += 1
        first, last = low >> shift, high >> shift
        inside = first >= self._first and last < self._first + self.counts.shape[1]
        if shift == self.shift and inside and not is_empty:
            return
        room = (last - first) // 4 + _ROOM
        before, counts = self.bars
        self.shift, self._first = shift, first - room
        self.counts = np.zeros((self.rows, last - first + 1 + 2 * room), np.uint32)
        if before.size:
            np.add.at(self.counts.T, (before >> shift) - self._first, counts.T)


def packed(bars: Sequence[WholeBars]) -> tuple[Integers, Integers]:
    """What bars have counted, to be sent or kept.

    Returns
    -------
    Lowest and highest number and shift, [bars, 3], and the counts of all, one after the other, [row, bar], in as few
    bytes as hold them.
    """
    seen = [one.seen() for one in bars]
    places = np.array([one[:3] for one in seen], np.int64).reshape(len(seen), 3)
    counts = np.concatenate([one[3] for one in seen], axis=1) if seen else np.zeros((1, 0), np.uint32)
    few = counts.size == 0 or counts.max() <= np.iinfo(np.uint16).max
    return places, counts.astype(np.uint16) if few else counts


def unpacked(places: Integers, counts: Integers) -> Iterator[tuple[int, int, int, Integers]]:
    """What `packed` gave, histogram by histogram, as `WholeBars.add_bars` takes it."""
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


def quantiles_of_bars(
    starts: FloatArray, ends: FloatArray, counts: NDArray[np.integer], never: Integers, levels: FloatArray
) -> FloatArray:
    """Quantiles of numbers that are known by their bars, as `np.quantile` has them; within a bar evenly spread.

    Parameters
    ----------
    starts, ends : of the bars, [bar], rising; equal where a bar is a single number, which is then met exactly.
    counts : [row, bar].
    never : further numbers that are infinite: [row].
    levels : between 0 and 1.

    Returns
    -------
    [row, level]; missing where there is no number.
    """
    up_to = np.cumsum(counts, axis=1, dtype=np.int64)
    number = (up_to[:, -1] + never)[:, None]
    place = levels * (number - 1)
    below = np.floor(place)
    part = place - below
    ranks = np.minimum(np.stack([below, below + 1], axis=1).astype(np.int64), number[:, None] - 1)
    ordered = _ordered(ranks.reshape(len(counts), -1), starts, ends, up_to).reshape(ranks.shape)
    first, second = ordered[:, 0], ordered[:, 1]
    apart = second - first
    found = np.where(part >= 0.5, second - apart * (1 - part), first + apart * part)
    found[found > SURELY_NEVER] = np.inf
    return np.where(number > 0, found, np.nan)


def _ordered(rank: Integers, starts: FloatArray, ends: FloatArray, up_to: Integers) -> FloatArray:
    """The numbers of these ranks, from 0, in order: [row, rank]."""
    rows, finite = np.arange(len(rank))[:, None], up_to[:, -1:]
    apart = rows * (finite.max() + 1)  # one ascending list of all rows
    found = np.searchsorted((up_to + apart).ravel(), np.minimum(np.maximum(rank, 0), finite - 1) + apart, side="right")
    bar = np.minimum(found - rows * len(starts), len(starts) - 1)
    within = starts[bar]
    if starts is not ends:  # some bars are wider than a number
        before = np.where(bar > 0, up_to[rows, bar - 1], 0)
        share = (rank - before + 0.5) / np.maximum(up_to[rows, bar] - before, 1)
        width = ends[bar] - within
        within = np.where(width > 0, within + share * width, within)
    return np.where(rank < finite, within, NEVER)
