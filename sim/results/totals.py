"""Totals over strata, beside the strata themselves."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import DTypeLike, NDArray

from sim.variables import COLUMN_DIMS, STRATA, TOTAL, VARIABLES

Counts = NDArray[np.int64]

_ADDED = tuple(dimension for column in STRATA for dimension in COLUMN_DIMS[column])
"""Every dimension that has a total."""


def with_totals(array: xr.DataArray, *, dtype: DTypeLike | None = None, order: Literal["C", "K"] = "K") -> xr.DataArray:
    """Add the label `all` to every dimension that is divided, holding the sum over its labels.

    Parameters
    ----------
    array : […, region, transplant, age_group, …], any of these dimensions; a variable that does not add up, such as a
        date, is left as it is.
    dtype, order : of the values and of how they lie, as NumPy has them; by default as they are.
    """
    known = VARIABLES.get(str(array.name))
    adds_up = known is None or known.adds_up
    labels = {name: array[name].to_numpy().tolist() for name in _ADDED if adds_up and name in array.dims}
    axes = {array.get_axis_num(name): name for name, own in labels.items() if own != [TOTAL]}
    parts = array.to_numpy()
    if not axes:
        return array if dtype is None else array.copy(data=parts.astype(dtype, order=order))
    shape = [size + (axis in axes) for axis, size in enumerate(parts.shape)]
    values = np.empty_like(parts, dtype=dtype, order=order, shape=shape)
    values[tuple(map(slice, parts.shape))] = parts
    _add_up(values, parts.shape, list(axes))
    own = {name: [*labels[name], TOTAL] for name in axes.values()}
    others = {name: found for name, found in array.coords.items() if not set(axes.values()) & set(found.dims)}
    return xr.DataArray(values, {**others, **own}, array.dims, array.name, array.attrs)


def _add_up(values: NDArray[np.generic], shape: Sequence[int], axes: Sequence[int]) -> None:
    """Put, in place, the sum over each axis behind its last part: along one after the other, with the sums before it.

    Parameters
    ----------
    values : of any dimensions, longer by one than their parts along these axes.
    shape : of the parts.
    axes : in the order they are added up.
    """
    known = [slice(size) for size in shape]
    for axis in axes:
        total = known.copy()
        total[axis] = slice(shape[axis], shape[axis] + 1)
        np.sum(values[tuple(known)], axis=axis, keepdims=True, out=values[tuple(total)])
        known[axis] = slice(shape[axis] + 1)


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
