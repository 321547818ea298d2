"""Values of one quantity, put together from those of its labels."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

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


def rows_of(
    array: xr.DataArray, cells: Mapping[str, Sequence[object]], draws: int
) -> tuple[FloatArray, NDArray[np.int64]]:
    """The different columns of an array, and which of them each cell has.

    Parameters
    ----------
    array : [draw, + some dimensions of the cells], in any order, or without draws.
    cells : dimension → its labels, in order.
    draws : their number.

    Returns
    -------
    Columns, [row, draw], and of each cell, in the order of its dimensions, which row is its own: [cell].
    """
    along = [name for name in cells if name in array.dims]
    apart = {name: list(cells[name]) for name in along if array[name].to_numpy().tolist() != list(cells[name])}
    own = array.sel(apart) if apart else array
    own = own if "draw" in own.dims else own.expand_dims(draw=draws)
    values = np.ascontiguousarray(own.transpose(*along, "draw").to_numpy(), dtype=np.float64).reshape(-1, draws)
    shape = [len(labels) if name in along else 1 for name, labels in cells.items()]
    row = np.broadcast_to(np.arange(len(values)).reshape(shape), [len(labels) for labels in cells.values()])
    return values, np.ascontiguousarray(row, dtype=np.int64).ravel()
