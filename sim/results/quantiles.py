"""Quantiles of draws of which some may be infinite or missing."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

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
