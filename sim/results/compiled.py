"""The inner loops of counting draws, compiled; see `sim.results.kernels`."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numba import njit
from numba.typed import List
from numpy.typing import NDArray

from sim.results.bars import MOST_BARS, MOST_NUMBERS, SEEN, Packed, WholeBars
from sim.results.compiled_spans import add_spans, taken
from sim.results.kernels import FloatArray, Sums

Counts = NDArray[np.int64]

_STRIP = 128
"""Draws whose sums are kept apart until the end, so that they are added in vectors whatever the number of batches."""


@njit(nogil=True, cache=True)
def _strip(draws: int, batches: int) -> int:
    """Draws that are added side by side, a multiple of the batches."""
    return batches * min(max(_STRIP // batches, 1), max(draws // batches, 1))


@njit(nogil=True, cache=True)
def _folded(one: FloatArray, two: FloatArray, first: int, total: FloatArray, squares: FloatArray) -> None:
    """Sums of a strip, [place], as those of its batches: [batch]."""
    batches = len(total)
    total[:], squares[:] = 0.0, 0.0
    for place in range(len(one)):
        batch = (first + place) % batches
        total[batch] += one[place]
        squares[batch] += two[place]


@njit(nogil=True, cache=True)
def _there(draws: int, first: int, batches: int, cells: int) -> FloatArray:
    """How many draws each batch has: [batch, cell]."""
    count = np.empty((batches, cells))
    for place in range(batches):
        count[(first + place) % batches] = (draws - place + batches - 1) // batches
    return count


@njit(nogil=True, cache=True, error_model="numpy")
def _away(values: NDArray[np.generic], origin: float, one: FloatArray, two: FloatArray) -> None:
    for place in range(len(values)):
        away = np.float64(values[place]) - origin
        one[place] += away
        two[place] += away * away


@njit(nogil=True, cache=True, error_model="numpy")
def moments(values: NDArray[np.generic], origin: FloatArray, first: int, batches: int) -> Sums:
    """See `Kernels.moments`."""
    cells, draws = values.shape
    count, total, squares = _there(draws, first, batches, cells), np.empty((batches, cells)), np.empty((batches, cells))
    strip = _strip(draws, batches)
    one, two = np.empty(strip), np.empty(strip)
    for cell in range(cells):
        one[:], two[:] = 0.0, 0.0
        for start in range(0, draws, strip):
            _away(values[cell, start : start + strip], origin[cell], one, two)
        _folded(one, two, first, total[:, cell], squares[:, cell])
        if not np.isfinite(squares[:, cell].sum()):
            _with_gaps(values[cell], origin[cell], first, count[:, cell], total[:, cell], squares[:, cell])
    return count, total, squares


@njit(nogil=True, cache=True, error_model="numpy")
def _product(left: FloatArray, right: FloatArray, origin: float, one: FloatArray, two: FloatArray) -> None:
    for place in range(len(left)):
        away = left[place] * right[place] - origin
        one[place] += away
        two[place] += away * away


@njit(nogil=True, cache=True, error_model="numpy")
def products(
    left: FloatArray,
    left_row: Counts,
    right: FloatArray,
    right_row: Counts,
    origin: FloatArray,
    first: int,
    batches: int,
) -> Sums:
    """See `Kernels.products`."""
    cells, draws = len(origin), left.shape[1]
    count, total, squares = _there(draws, first, batches, cells), np.empty((batches, cells)), np.empty((batches, cells))
    strip = _strip(draws, batches)
    one, two = np.empty(strip), np.empty(strip)
    for cell in range(cells):
        one[:], two[:] = 0.0, 0.0
        a, b = left[left_row[cell]], right[right_row[cell]]
        for start in range(0, draws, strip):
            some = slice(start, start + strip)
            _product(a[some], b[some], origin[cell], one, two)
        _folded(one, two, first, total[:, cell], squares[:, cell])
    return count, total, squares


@njit(nogil=True, cache=True, error_model="numpy")
def _with_gaps(
    values: NDArray[np.generic], origin: float, first: int, there: FloatArray, one: FloatArray, two: FloatArray
) -> None:
    """The sums of a cell that is missing in some draws, or infinite: [batch] each."""
    there[:], one[:], two[:] = 0.0, 0.0, 0.0
    for draw in range(len(values)):
        place, away = (first + draw) % len(there), np.float64(values[draw]) - origin
        if not np.isnan(away):
            finite = np.nan if np.isinf(away) else away
            there[place] += 1.0
            one[place] += finite
            two[place] += finite * finite


@njit(nogil=True, cache=True)
def _span(values: NDArray[np.integer]) -> tuple[int, int]:
    """The lowest and the highest; in a form that becomes vector instructions."""
    low, high = values[0], values[0]
    for draw in range(len(values)):
        value = values[draw]
        if value < low:
            low = value
        if value > high:
            high = value
    return low, high


@njit(inline="always", nogil=True, cache=True)
def _count(flat: NDArray[np.uint32], value: int, shift: int, start: int) -> None:
    flat[np.uint64((value >> shift) + start)] += np.uint32(1)  # unsigned: no place counts from the end


@njit(nogil=True, cache=True)
def _by_eight(
    flat: NDArray[np.uint32], values: NDArray[np.integer], first: int, batches: int, size: int, shift: int, base: int
) -> int:
    """Count draws by eight, of as many batches or fewer, so that none waits for where the next begins; how many."""
    starts = (first + np.arange(8)) % batches * size - base
    a, b, c, d, e, f, g, h = starts[0], starts[1], starts[2], starts[3], starts[4], starts[5], starts[6], starts[7]
    done = len(values) - len(values) % 8
    for draw in range(0, done, 8):
        _count(flat, values[draw], shift, a)
        _count(flat, values[draw + 1], shift, b)
        _count(flat, values[draw + 2], shift, c)
        _count(flat, values[draw + 3], shift, d)
        _count(flat, values[draw + 4], shift, e)
        _count(flat, values[draw + 5], shift, f)
        _count(flat, values[draw + 6], shift, g)
        _count(flat, values[draw + 7], shift, h)
    return done


@njit(nogil=True, cache=True)
def bars(values: NDArray[np.integer], first: int, counts: NDArray[np.uint32], first_bar: int, shift: int) -> None:
    """See `Kernels.bars`."""
    batches, size = counts.shape
    flat = counts.ravel()
    done = _by_eight(flat, values, first, batches, size, shift, first_bar) if 8 % batches == 0 else 0
    start, last = (first + done) % batches * size - first_bar, batches * size - first_bar
    for draw in range(done, len(values)):
        _count(flat, values[draw], shift, start)
        start += size
        if start >= last:
            start = -first_bar


@njit(nogil=True, cache=True)
def _has_room(low: int, high: int, counts: NDArray[np.uint32], first_bar: int, shift: int, most: int) -> bool:
    lowest, highest = low >> shift, high >> shift
    return highest - lowest < most and lowest >= first_bar and highest < first_bar + counts.shape[1]


@njit(nogil=True, cache=True)
def _rows(
    values: NDArray[np.integer],
    first: int,
    by_batch: Sequence[NDArray[np.uint32]],
    place: Counts,
    most: int,
    whole: Sequence[NDArray[np.uint32]],
    place_whole: Counts,
    most_whole: int,
    cells: Counts,
    outside: Counts,
) -> int:
    """Count the rows of whole numbers, [row, draw], whose bars have room for them.

    Parameters
    ----------
    values : whole numbers.
    first : the batch of the first draw.
    by_batch : the bars of each cell, [batch, bar].
    place : of each cell its first bar, its shift, and the lowest and the highest number so far: [cell, 4].
    most : bars at most that numbers may lie apart; beyond it they have to be joined.
    whole : of each cell the bars of all batches, [1, bar]; without any where the others do not join numbers.
    place_whole : the same of these: [cell, 4].
    most_whole : of these bars.
    cells : of which each row is: [row].
    outside : takes the rows that are left out.

    Returns
    -------
    How many are left out.
    """
    found = 0
    for row in range(len(values)):
        cell = cells[row]
        counts, first_bar, shift = by_batch[cell], place[cell, 0], place[cell, 1]
        every, first_of_all, shift_of_all = whole[cell], place_whole[cell, 0], place_whole[cell, 1]
        is_wide = every.shape[1] > 0
        low, high = _span(values[row])
        low, high = min(low, place[cell, 2]), max(high, place[cell, 3])
        fits = _has_room(low, high, counts, first_bar, shift, most)
        if not fits or (is_wide and not _has_room(low, high, every, first_of_all, shift_of_all, most_whole)):
            outside[found] = row
            found += 1
            continue
        place[cell, 2], place[cell, 3] = low, high
        bars(values[row], first, counts, first_bar, shift)
        if is_wide:
            place_whole[cell, 2], place_whole[cell, 3] = low, high
            bars(values[row], 0, every, first_of_all, shift_of_all)
    return found


@njit(nogil=True, cache=True)
def buckets(bucket: Counts, row: Counts, powers: FloatArray, sums: FloatArray) -> None:
    """See `Kernels.buckets`."""
    rows = (len(sums) - 5) // 2
    for draw in range(len(bucket)):
        place, own = np.uint64(bucket[draw]), np.uint64(row[draw])
        first, second = powers[0, draw], powers[1, draw]
        sums[own, place] += 1.0
        sums[own + np.uint64(rows), place] += first
        sums[2 * rows, place] += first * first
        sums[2 * rows + 1, place] += first * second
        sums[2 * rows + 2, place] += second
        sums[2 * rows + 3, place] += powers[2, draw]
        sums[2 * rows + 4, place] += powers[3, draw]


def _packed(bars: WholeBars, by_cell: Sequence[NDArray[np.uint32]], cells: Counts) -> Packed:
    """What bars have counted, as `WholeBars.packed` has it, and which then have counted nothing."""
    starts, ends = bars.span(cells)
    lower, upper = taken(by_cell, cells, starts, ends, bars.rows)
    counts = lower | (upper.astype(np.uint32) << np.uint32(16)) if upper.size else lower
    return bars.place[cells][:, SEEN], counts


class CompiledRows:
    """Counts the histograms of many cells together; see `sim.results.kernels`.

    Parameters
    ----------
    bars : by batch.
    whole : every number apart, of cells whose others do not keep them so.
    """

    def __init__(self, bars: WholeBars, whole: WholeBars) -> None:
        """Nothing is counted yet."""
        self._bars, self._whole = bars, whole
        self._counts, self._every = List(bars.counts), List(whole.counts)

    def renew(self, cell: int) -> None:
        """See `sim.results.kernels.CountRows`."""
        self._counts[cell], self._every[cell] = self._bars.counts[cell], self._whole.counts[cell]

    def taken(self, wide: Counts) -> tuple[Packed, Packed]:
        """See `sim.results.kernels.CountRows`."""
        every = np.arange(len(self._bars.place))
        return _packed(self._bars, self._counts, every), _packed(self._whole, self._every, wide)

    def add(self, own: Packed, fits: NDArray[np.bool_], wide: Counts, whole: Packed) -> None:
        """See `sim.results.kernels.CountRows`."""
        self._bars.add_packed(np.arange(len(fits)), own, fits, partial(add_spans, self._counts))
        self._whole.add_packed(wide, whole, fits[wide], partial(add_spans, self._every))

    def __call__(self, values: NDArray[np.integer], first_row: int, cells: Counts) -> list[int]:
        """Count whole numbers of some cells, [row, draw]; which rows are left, because their bars have no room."""
        outside = np.empty(len(cells), np.int64)
        found = _rows(
            values, first_row, self._counts, self._bars.place, MOST_BARS,
            self._every, self._whole.place, MOST_NUMBERS, cells, outside,
        )  # fmt: skip
        return list(outside[:found].tolist())
