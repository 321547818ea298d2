"""Totals over strata, beside the strata themselves."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sim.variables import COLUMN_DIMS, STRATA, TOTAL, VARIABLES

Counts = NDArray[np.int64]

_ADDED = tuple(dimension for column in STRATA for dimension in COLUMN_DIMS[column])
"""Every dimension that has a total."""


def with_totals(array: xr.DataArray) -> xr.DataArray:
    """Add the label `all` to every dimension that is divided, holding the sum over its labels.

    Parameters
    ----------
    array : […, region, transplant, age_group, …], any of these dimensions; a variable that does not add up, such as a
        date, is left as it is.
    """
    known = VARIABLES.get(str(array.name))
    if known is not None and not known.adds_up:
        return array
    for dimension in _ADDED:
        if dimension in array.dims and array[dimension].to_numpy().tolist() != [TOTAL]:
            array = _with_total(array, dimension)
    return array


def _with_total(array: xr.DataArray, dimension: str) -> xr.DataArray:
    """The array and, behind its last label along a dimension, the sum over all of them."""
    axis = array.get_axis_num(dimension)
    parts = array.to_numpy()
    values = np.empty_like(parts, shape=[size + (place == axis) for place, size in enumerate(parts.shape)])
    by_label = np.moveaxis(values, axis, 0)
    by_label[:-1] = np.moveaxis(parts, axis, 0)
    np.sum(parts, axis=axis, out=by_label[-1])
    others = {name: labels for name, labels in array.coords.items() if dimension not in labels.dims}
    labels = [*array[dimension].to_numpy().tolist(), TOTAL]
    return xr.DataArray(values, {**others, dimension: labels}, array.dims, array.name, array.attrs)


def column_labels(array: xr.DataArray) -> list[list[object]]:
    """The labels of each cell column of a tidy table: those of the dimension that stands in it, or that of a total."""
    found = []
    for dimensions in COLUMN_DIMS.values():
        own = [dimension for dimension in dimensions if dimension in array.dims]
        found.append(array[own[0]].to_numpy().tolist() if own else [TOTAL])
    return found


def headline_total(array: xr.DataArray) -> xr.DataArray:
    """The total over all strata: [draw, year]."""
    return array.sum([dimension for dimension in _ADDED if dimension in array.dims], skipna=False, keep_attrs=True)


def members_of(cells: Mapping[str, Sequence[object]]) -> tuple[Counts, Counts]:
    """Which cells each cell of an array with its totals is the sum of.

    Parameters
    ----------
    cells : region, transplant, age_group and year → their labels, in order.

    Returns
    -------
    Where the members of each begin, and end behind the last, [cell + 1], and the members: both as places.
    """
    strata = {name: list(labels) for name, labels in cells.items() if name in STRATA}
    shape, years = [len(labels) for labels in strata.values()], len(cells["year"])
    number = int(np.prod(shape))
    each = np.eye(number, dtype=np.int64).reshape(number, *shape)
    holds = with_totals(xr.DataArray(each, dims=("cell", *strata), coords=strata)).to_numpy().reshape(number, -1).T > 0
    members = [np.flatnonzero(row) * years + year for row in holds for year in range(years)]  # no year is added up
    return np.cumsum([0, *map(len, members)]), np.concatenate(members)
