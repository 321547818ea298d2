"""Quantiles of draws of which some may be infinite or missing."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

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
