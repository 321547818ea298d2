"""Totals over strata, beside the strata themselves."""

import xarray as xr

from sim.variables import STRATA, TOTAL


def with_totals(array: xr.DataArray) -> xr.DataArray:
    """Add the label `all` to every dimension that is divided, holding the sum over its labels.

    Parameters
    ----------
    array : […, region, transplant, age_group, …], any of these dimensions, in numbers that add up.
    """
    for dimension in STRATA:
        if dimension in array.dims and array[dimension].to_numpy().tolist() != [TOTAL]:
            total = array.sum(dimension).expand_dims({dimension: [TOTAL]}).astype(array.dtype)
            array = xr.concat([array, total], dim=dimension).transpose(*array.dims)
    return array


def headline_total(array: xr.DataArray) -> xr.DataArray:
    """The total over all strata: [draw, year]."""
    return array.sum([dimension for dimension in STRATA if dimension in array.dims], keep_attrs=True)
