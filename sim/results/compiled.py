"""The inner loops of counting draws, compiled; see `sim.results.kernels`."""

from collections.abc import Sequence

import numpy as np
from numba import njit
from numba.typed import List
from numpy.typing import NDArray

from sim.results.bars import MOST_BARS, MOST_NUMBERS, WholeBars
from sim.results.kernels import FloatArray, Sums

Counts = NDArray[np.int64]


@njit(nogil=True, cache=True, error_model="numpy")
def moments(values: NDArray[np.generic], origin: FloatArray, first: int, batches: int) -> Sums:
    """See `Kernels.moments`."""
    cells, draws = values.shape
    count, total, squares = np.zeros((batches, cells)), np.zeros((batches, cells)), np.zeros((batches, cells))
    there, one, two = np.empty(batches), np.empty(batches), np.empty(batches)
    for cell in range(cells):
        one[:], two[:] = 0.0, 0.0
        for start in range(0, draws - draws % batches, batches):  # so that a batch is a place in a vector
            for place in range(batches):
                away = np.float64(values[cell, start + place]) - origin[cell]
                one[place] += away
                two[place] += away * away
        there[:] = draws // batches
        for place in range(draws % batches):
            away = np.float64(values[cell, draws - draws % batches + place]) - origin[cell]
            there[place] += 1.0
            one[place] += away
            two[place] += away * away
        if not np.isfinite(two.sum()):
            _with_gaps(values[cell], origin[cell], there, one, two)
        for place in range(batches):
            row = (first + place) % batches
            count[row, cell], total[row, cell], squares[row, cell] = there[place], one[place], two[place]
    return count, total, squares


@njit(nogil=True, cache=True, error_model="numpy")
def _with_gaps(values: NDArray[np.generic], origin: float, there: FloatArray, one: FloatArray, two: FloatArray) -> None:
    """The same of a cell that is missing in some draws, or infinite."""
    there[:], one[:], two[:] = 0.0, 0.0, 0.0
    for draw in range(len(values)):
        place, away = draw % len(there), np.float64(values[draw]) - origin
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


@njit(nogil=True, cache=True)
def bars(values: NDArray[np.integer], first: int, counts: NDArray[np.uint32], first_bar: int, shift: int) -> None:
    """See `Kernels.bars`."""
    batches, size = counts.shape
    flat = counts.ravel()
    start, last = first % batches * size - first_bar, batches * size - first_bar
    for value in values:
        flat[np.uint64((value >> shift) + start)] += np.uint32(1)  # unsigned: no place counts from the end
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
    outside: Counts,
) -> int:
    """Count the rows of whole numbers, [row, draw], whose bars have room for them.

    Parameters
    ----------
    values : whole numbers.
    first : the batch of the first draw.
    by_batch : the bars of each row, [batch, bar].
    place : of each row its first bar, its shift, and the lowest and the highest number so far: [row, 4].
    most : bars at most that numbers may lie apart; beyond it they have to be joined.
    whole : of each row the bars of all batches, [1, bar]; without any where the others do not join numbers.
    place_whole : the first of these bars, and their shift: [row, 2].
    most_whole : of these bars.
    outside : takes the rows that are left out.

    Returns
    -------
    How many are left out.
    """
    found = 0
    for row in range(len(values)):
        counts, first_bar, shift = by_batch[row], place[row, 0], place[row, 1]
        every, first_of_all, shift_of_all = whole[row], place_whole[row, 0], place_whole[row, 1]
        is_wide = every.shape[1] > 0
        low, high = _span(values[row])
        low, high = min(low, place[row, 2]), max(high, place[row, 3])
        fits = _has_room(low, high, counts, first_bar, shift, most)
        if not fits or (is_wide and not _has_room(low, high, every, first_of_all, shift_of_all, most_whole)):
            outside[found] = row
            found += 1
            continue
        place[row, 2], place[row, 3] = low, high
        bars(values[row], first, counts, first_bar, shift)
        if is_wide:
            bars(values[row], 0, every, first_of_all, shift_of_all)
    return found


@njit(nogil=True, cache=True)
def _add(total: NDArray[np.generic], values: NDArray[np.generic]) -> None:
    for draw in range(len(total)):
        total[draw] += values[draw]


@njit(nogil=True, cache=True)
def summed(values: NDArray[np.generic], starts: Counts, members: Counts, out: NDArray[np.generic]) -> None:
    """Sums of rows, [sum, draw], of values, [cell, draw]; the members of each lie between its start and the next."""
    for row in range(len(out)):
        total, first = out[row], values[members[starts[row]]]
        for draw in range(len(total)):
            total[draw] = first[draw]
        for place in range(starts[row] + 1, starts[row + 1]):
            _add(total, values[members[place]])


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


_NONE = np.zeros((1, 0), np.uint32)


class CompiledRows:
    """Counts the histograms of many cells together; see `sim.results.kernels`.

    Parameters
    ----------
    bars : of the cells, by batch.
    whole : of the cells, every number apart, where the others do not keep them so.
    """

    def __init__(self, bars: Sequence[WholeBars], whole: Sequence[WholeBars | None]) -> None:
        """Nothing is counted yet."""
        self._bars, self._whole = list(bars), list(whole)
        self._counts = List([one.counts for one in bars])
        self._every = List([_NONE if one is None else one.counts for one in whole])
        self._place = np.array([one.place for one in bars], np.int64)
        self._place_whole = np.array([(0, 0) if one is None else one.place[:2] for one in whole], np.int64)
        self._outside = np.empty(len(bars), np.int64)

    def __call__(self, values: NDArray[np.integer], first_row: int) -> list[int]:
        """Count whole numbers, [cell, draw]; which cells are left, because their bars have no room for theirs."""
        found = _rows(
            values, first_row, self._counts, self._place, MOST_BARS,
            self._every, self._place_whole, MOST_NUMBERS, self._outside,
        )  # fmt: skip
        for bars, whole, (_, _, low, high) in zip(self._bars, self._whole, self._place.tolist(), strict=True):
            bars.saw(low, high)
            if whole is not None:
                whole.saw(low, high)
        return [int(cell) for cell in self._outside[:found]]
