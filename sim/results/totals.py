"""Totals over strata, beside the strata themselves."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

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


class Totals(NamedTuple):
    """Where the totals over strata stand among these.

    Attributes
    ----------
    size : how many strata and totals there are.
    cells : places of the strata: [stratum].
    sums : place of each total, and of what it is the sum of: each of these is a stratum or an earlier total.
    """

    size: int
    cells: Counts
    sums: Sequence[tuple[int, Sequence[int]]]

    def add_up(self, values: NDArray[np.generic]) -> None:
        """Fill in the totals, in place: [place, …]."""
        for place, (first, *others) in self.sums:
            np.add(values[first], values[others[0]] if others else 0, out=values[place])
            for other in others[1:]:
                values[place] += values[other]


def totals_of(strata: Mapping[str, Sequence[str]]) -> Totals:
    """Strata and their totals in the order of an array `with_totals`.

    Parameters
    ----------
    strata : region, transplant and age_group → their labels, in order.
    """
    sizes = [len(labels) for labels in strata.values()]
    is_divided = [list(labels) != [TOTAL] for labels in strata.values()]
    places = np.arange(np.prod(np.add(sizes, is_divided))).reshape(np.add(sizes, is_divided))
    sums, cells = [], []
    for where in np.ndindex(*places.shape):
        over = [axis for axis, (at, size) in enumerate(zip(where, sizes, strict=True)) if at == size]
        if over:  # along the shortest of the dimensions it goes over: of the totals over the others
            axis = min(over, key=lambda axis: sizes[axis])
            members = places[tuple(slice(sizes[axis]) if axis == along else at for along, at in enumerate(where))]
            sums.append((len(over), int(places[where]), members.tolist()))
        else:
            cells.append(int(places[where]))
    return Totals(places.size, np.array(cells), [(place, members) for _, place, members in sorted(sums)])


def members_of(cells: Mapping[str, Sequence[object]]) -> list[Counts]:
    """Which cells each cell of an array with its totals is the sum of: places, [cell] each.

    Parameters
    ----------
    cells : region, transplant, age_group and year → their labels, in order; no year is added up.
    """
    totals, years = totals_of({name: [str(label) for label in cells[name]] for name in STRATA}), len(cells["year"])
    members = {place: [stratum] for stratum, place in enumerate(totals.cells.tolist())}
    for place, parts in totals.sums:
        members[place] = [stratum for part in parts for stratum in members[part]]
    return [np.array(sorted(members[place])) * years + year for place in range(totals.size) for year in range(years)]
