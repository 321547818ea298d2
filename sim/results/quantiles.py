"""Quantiles of draws of which some may be infinite or missing."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Integers = NDArray[np.integer]

NEVER, SURELY_NEVER = 1e300, 1e200
"""Stand for infinity where quantiles are interpolated: what is put in its place, and what comes out as infinite."""


def quantiles(values: FloatArray, levels: list[float], *, overwrite: bool = False) -> FloatArray:
    """Quantiles over the draws, where some may be infinite; what is missing in some is told of the others: [level, …].

    They are interpolated as `numpy.quantile` does. The draws are put in order for that, which NumPy does several times
    faster than looking for single ones among them.

    Parameters
    ----------
    values : [draw, …].
    levels : between 0 and 1.
    overwrite : whether the values may be put in another order, which saves a copy.
    """
    ordered = np.moveaxis(values, 0, -1)
    if not overwrite:
        ordered = ordered.copy(order="C")  # the draws of a cell side by side
    ordered.sort(axis=-1)  # what is missing comes last
    last = np.full(ordered.shape[:-1], ordered.shape[-1] - 1)
    gone = np.isnan(ordered[..., -1])
    if gone.any():
        last[gone] = np.maximum(last[gone] - np.isnan(ordered[gone]).sum(axis=-1), 0)
    return np.moveaxis(_between(ordered, last[..., None], levels), -1, 0)


def _between(ordered: FloatArray, last: NDArray[np.intp], levels: list[float]) -> FloatArray:
    """Quantiles: […, level].

    Parameters
    ----------
    ordered : […, draw], ascending.
    last : the place of the last draw that is not missing: […, 1].
    levels : between 0 and 1.
    """
    place = last * np.array(levels)
    below = np.floor(place).astype(np.intp)
    draws = np.take_along_axis(ordered, np.concatenate([below, np.minimum(below + 1, last)], axis=-1), axis=-1)
    low, high = np.split(np.clip(draws, -NEVER, NEVER), 2, axis=-1)
    share, apart = place - below, high - low
    found = np.where(share < 0.5, low + share * apart, high - (1 - share) * apart)
    return np.asarray(np.where(np.abs(found) > SURELY_NEVER, np.copysign(np.inf, found), found))


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
