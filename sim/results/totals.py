"""Totals over strata, beside the strata themselves."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sim.variables import COLUMN_DIMS, STRATA, TOTAL, VARIABLES

Counts = NDArray[np.int64]
Number = TypeVar("Number", bound=np.generic)

_ADDED = tuple(dimension for column in STRATA for dimension in COLUMN_DIMS[column])
"""Every dimension that has a total."""


def with_totals(array: xr.DataArray) -> xr.DataArray:
    """Add the label `all` to every dimension that is divided, holding the sum over its labels.

    Parameters
    ----------
    array : […, region, transplant, age_group, …], any of these dimensions; a variable that does not add up, such as a
        date, is left as it is.
    """
    labels = {str(name): array[name].to_numpy().tolist() for name in array.dims if name in _ADDED}
    axes = added_axes(str(array.name), array.dims, labels)
    if not axes:
        return array
    own = {name: [*labels[name], TOTAL] for name in axes}
    others = {name: found for name, found in array.coords.items() if not set(axes) & set(found.dims)}
    values = added_up(array.to_numpy(), list(axes.values()))
    return xr.DataArray(values, {**others, **own}, array.dims, array.name, array.attrs)


def added_axes(name: str, dims: Sequence[Hashable], labels: Mapping[str, Sequence[object]]) -> dict[str, int]:
    """The dimensions along which a variable has totals, and which axis each is: those that are divided.

    Parameters
    ----------
    name : of the variable, which may be one that does not add up.
    dims : its dimensions, in order.
    labels : dimension → its labels.
    """
    known = VARIABLES.get(name)
    if known is not None and not known.adds_up:
        return {}
    return {one: dims.index(one) for one in _ADDED if one in dims and list(labels[one]) != [TOTAL]}


def added_up(parts: NDArray[Number], axes: Sequence[int]) -> NDArray[Number]:
    """Values with, along each axis, their sum behind the last: a copy.

    Parameters
    ----------
    parts : of any dimensions.
    axes : in the order they are added up.
    """
    values = np.empty_like(parts, shape=longer(parts.shape, axes))
    put_added_up(parts, axes, values)
    return values


def longer(shape: Sequence[int], axes: Iterable[int]) -> tuple[int, ...]:
    """The shape of values of this shape with their sums."""
    added = set(axes)
    return tuple(size + (axis in added) for axis, size in enumerate(shape))


def put_added_up(parts: NDArray[np.generic], axes: Sequence[int], values: NDArray[np.generic]) -> None:
    """The same into an array that is there, of the shape that `longer` gives."""
    values[tuple(map(slice, parts.shape))] = parts
    _add_up(values, parts.shape, axes)


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
    return columns_of({str(name): array[name].to_numpy().tolist() for name in array.dims if name != "draw"})


def columns_of(labels: Mapping[str, list[object]]) -> list[list[object]]:
    """The same of a variable's dimensions: dimension → its labels."""
    own = ([name for name in dimensions if name in labels] for dimensions in COLUMN_DIMS.values())
    return [labels[found[0]] if found else [TOTAL] for found in own]


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
