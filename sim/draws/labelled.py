"""Values of one quantity, put together from those of its labels."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from sim.draws.streams import FloatArray


def labelled(
    columns: Mapping[tuple[str, ...], FloatArray],
    labels: Mapping[str, Sequence[str]],
    unit: str,
    beyond: Mapping[str, Sequence[int]] | None = None,
) -> xr.DataArray:
    """One array from the columns of its labels.

    Parameters
    ----------
    columns : combination of labels → values, [draw, + the dimensions beyond].
    labels : dimension → its labels, in order.
    unit : of the values.
    beyond : further dimensions of every column, with their coordinates.

    Returns
    -------
    [draw, + labels, + beyond], in that unit.
    """
    beyond = beyond or {}
    coords = {name: list(found) for name, found in {**labels, **beyond}.items()}
    draws = len(next(iter(columns.values())))
    array = np.empty((draws, *map(len, coords.values())))
    for combination, column in columns.items():
        place = (coords[dimension].index(label) for dimension, label in zip(labels, combination, strict=True))
        cell: tuple[slice | int, ...] = (slice(None), *place)
        array[cell] = column
    return xr.DataArray(array, dims=("draw", *coords), coords=coords, attrs={"unit": unit})
