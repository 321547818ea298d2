"""The inner loops of counting draws: by NumPy, or by compiled code that gives the same counts."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.results.bars import CountBars, Packed, WholeBars

FloatArray = NDArray[np.float64]
Sums = tuple[FloatArray, FloatArray, FloatArray]

Places = NDArray[np.int64]


class CountRows(Protocol):
    """Counts the histograms of many cells together."""

    def __call__(self, values: NDArray[np.integer], first_row: int, cells: Places, /) -> Sequence[int]:
        """Count whole numbers of some cells, [row, draw], the first of this batch; which rows have no room."""

    def renew(self, cell: int, /) -> None:
        """Take notice of a cell that was counted by itself, whose counts may have others in their place."""

    def taken(self, wide: Places, /) -> tuple[Packed, Packed]:
        """What is counted, of all cells by batch and of some every number apart; nothing is counted any more."""

    def add(self, own: Packed, fits: NDArray[np.bool_], wide: Places, whole: Packed, /) -> None:
        """Count what others have taken, in the cells that have room for it; some have every number apart too."""


AddToBuckets = Callable[[NDArray[np.int64], NDArray[np.int64], FloatArray, FloatArray], None]


def _buckets(bucket: NDArray[np.int64], row: NDArray[np.int64], powers: FloatArray, sums: FloatArray) -> None:
    """See `Kernels.buckets`."""
    size, rows = sums.shape[1], (len(sums) - 5) // 2
    first, second = powers[:2]
    place = row * size + bucket
    sums[:rows] += np.bincount(place, minlength=rows * size).reshape(rows, size)
    sums[rows : 2 * rows] += np.bincount(place, first, rows * size).reshape(rows, size)
    for total, values in zip(sums[2 * rows :], (first * first, first * second, *powers[1:]), strict=True):
        total += np.bincount(bucket, values, size)


class Kernels(NamedTuple):
    """What a tally is counted with.

    Attributes
    ----------
    moments : values [cell, draw], origin [cell], first batch, number of batches → how many are there, the sum of how
        far they are from the origin, and of its squares, [batch, cell] each; NaN where some are infinite.
    products : columns [row, draw], row [cell], columns [row, draw], row [cell], origin [cell], first batch, number of
        batches → the same of the cells' products, which are finite.
    bars : whole numbers [draw], first batch, counts [batch, bar], first bar, shift: adds to the counts, in place.
    rows : histograms of many cells, by batch, and those in which every number stands apart → what counts them
        together; None counts one after the other.
    buckets : the place of each law and its row, [draw] each, its powers, [4, draw], sums [2 rows + 5, place]: adds to
        the sums, in place, how many laws there are in each row, and their first power; of all rows the square of this,
        its product with the second power, and the other powers.
    """

    moments: Callable[[NDArray[np.generic], FloatArray, int, int], Sums]
    products: Callable[[FloatArray, Places, FloatArray, Places, FloatArray, int, int], Sums]
    bars: CountBars
    rows: Callable[[WholeBars, WholeBars], CountRows] | None = None
    buckets: AddToBuckets = _buckets

    def __reduce__(self) -> tuple[Callable[[], "Kernels"], tuple[()]]:
        """Sent to another process by name: compiled code is loaded there anew."""
        return (_plain if self is PLAIN else compiled), ()


def _moments(values: NDArray[np.generic], origin: FloatArray, first: int, batches: int) -> Sums:
    parts = [_part(values[:, (batch - first) % batches :: batches], origin) for batch in range(batches)]
    count, total, squares = (np.array([part[place] for part in parts]) for place in range(3))
    return count, total, squares


def _part(values: NDArray[np.generic], origin: FloatArray) -> Sums:
    """The same of one batch: [cell] each."""
    away = np.subtract(values, origin[:, None], dtype=np.float64)
    count = np.full(len(away), away.shape[1], np.float64)
    if values.dtype.kind == "f" and not np.isfinite(away).all():
        missing = np.isnan(away)
        away[missing] = 0.0
        away[np.isinf(away)] = np.nan
        count -= missing.sum(axis=1)
    return count, away.sum(axis=1), np.square(away, out=away).sum(axis=1)


def _products(
    left: FloatArray,
    left_row: Places,
    right: FloatArray,
    right_row: Places,
    origin: FloatArray,
    first: int,
    batches: int,
) -> Sums:
    return _moments(left[left_row] * right[right_row], origin, first, batches)


def _bars(values: NDArray[np.integer], first: int, counts: NDArray[np.uint32], first_bar: int, shift: int) -> None:
    rows, size = counts.shape
    for row in range(rows):
        own = values[(row - first) % rows :: rows] >> shift
        own -= first_bar
        counts[row] += np.bincount(own, minlength=size).astype(np.uint32)


PLAIN = Kernels(_moments, _products, _bars)


def _plain() -> Kernels:
    return PLAIN


def compiled() -> Kernels:
    """The same as compiled code, which takes some tenths of a second to load."""
    from sim.results.compiled import CompiledRows, bars, buckets, moments, products

    return Kernels(moments, products, bars, CompiledRows, buckets)


def by_cell(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """[draw, …] as [cell, draw], without a copy where the draws of a cell lie side by side."""
    return np.ascontiguousarray(np.moveaxis(values, 0, -1).reshape(-1, len(values)))
