"""Quantiles of draws of which some may be infinite or missing."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Integers = NDArray[np.integer]

NEVER, SURELY_NEVER = 1e300, 1e200
"""Stand for infinity where quantiles are interpolated: what is put in its place, and what comes out as infinite."""


def quantiles(values: FloatArray, levels: list[float], *, overwrite: bool = False) -> FloatArray:
    """Quantiles over the draws, where some may be infinite; what is missing in some is told of the others: [level, …].

    Parameters
    ----------
    values : [draw, …].
    levels : between 0 and 1.
    overwrite : whether the values may be put in another order, which saves a copy.
    """
    if np.isfinite(values).all():
        side_by_side = np.moveaxis(values, 0, -1)
        if not overwrite:
            side_by_side = side_by_side.copy(order="C")  # the draws of a cell: sorted twice as fast
        return np.asarray(np.quantile(side_by_side, levels, axis=-1, overwrite_input=True))
    missing = np.isnan(values)
    if not missing.any():
        found = quantiles(np.where(np.isinf(values), np.copysign(NEVER, values), values), levels)
        return np.asarray(np.where(np.abs(found) > SURELY_NEVER, np.copysign(np.inf, found), found))
    cells, gone = (array.reshape(len(array), -1) for array in (values, missing))
    found = np.full((len(levels), cells.shape[1]), np.nan)
    for pattern in np.unique(gone, axis=1).T:  # draws that never come are missing in many cells alike
        if not pattern.all():
            alike = (gone == pattern[:, None]).all(axis=0)
            found[:, alike] = quantiles(cells[~pattern][:, alike], levels)
    return found.reshape(len(levels), *values.shape[1:])


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
