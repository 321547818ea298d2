"""The inner loops of counting draws: by NumPy, or by compiled code that gives the same counts."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.results.bars import CountBars, Packed, WholeBars

FloatArray = NDArray[np.float64]
Sums = tuple[FloatArray, FloatArray, FloatArray]

Places = NDArray[np.int64]

_TOGETHER = 1 << 16
"""Numbers that are added up together, so that they stay in the processor's cache."""

_STRIP = 512
"""Draws whose sums are kept apart until the end, so that they are added in vectors whatever the number of batches."""


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
    cells, draws = values.shape
    step, order = max(_TOGETHER // max(draws, 1), 1), (np.arange(batches) - first) % batches
    found = np.empty((3, batches, cells))
    for start in range(0, cells, step):
        some = slice(start, start + step)
        found[..., some] = np.array(_sums(values[some], origin[some], batches))[:, order]
    count, total, squares = found
    return count, total, squares


def _sums(values: NDArray[np.generic], origin: FloatArray, batches: int) -> Sums:
    """The same of a few cells, beginning with the batch of the first draw."""
    cells, draws = values.shape
    strip = batches * max(_STRIP // batches, 1)
    away = np.empty((cells, -(-draws // strip), strip))
    flat = away.reshape(cells, -1)
    np.subtract(values, origin[:, None], out=flat[:, :draws], dtype=np.float64)
    flat[:, draws:] = 0.0
    count = np.repeat((draws + np.arange(batches, 0, -1)[:, None] - 1.0) // batches, cells, axis=1)
    if values.dtype.kind == "f" and not np.isfinite(away).all():
        missing = np.isnan(away)
        away[missing] = 0.0
        away[np.isinf(away)] = np.nan
        count -= _folded(missing, batches)
    total = _folded(away, batches)
    return count, total, _folded(np.square(away, out=away), batches)


def _folded(strips: NDArray[np.generic], batches: int) -> FloatArray:
    """Sums of strips of draws, [cell, strip, draw], by batch: [batch, cell]."""
    by_draw = strips.sum(axis=1, dtype=np.float64).reshape(len(strips), -1, batches)
    return np.asarray(by_draw.sum(axis=1)).T


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
    place = values >> shift
    place -= first_bar
    if rows > 1:
        place += _rows(first, rows, len(values)) * np.int32(size)
    counts += np.bincount(place, minlength=counts.size).reshape(counts.shape).astype(np.uint32)


@lru_cache(maxsize=4)
def _rows(first: int, rows: int, draws: int) -> NDArray[np.int32]:
    """The rows of neighbouring draws, the first of which is of this row: [draw]; they are those of cell after cell."""
    return (np.arange(first, first + draws) % rows).astype(np.int32)


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
