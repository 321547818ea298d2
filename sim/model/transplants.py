"""Transplant volume: a stated year, split into strata and carried through the years."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr


def growth_factors(growth: xr.DataArray, years: Sequence[int], reference_year: int, is_log: bool) -> xr.DataArray:
    """What the volume of the reference year is multiplied by in each year.

    Parameters
    ----------
    growth : change per year, [draw, + strata]; with `shock_year` besides where every year has its own.
    years : calendar years.
    reference_year : the year whose factor is 1.
    is_log : whether growth is a change of the logarithm rather than of the volume itself.

    Returns
    -------
    [draw, + strata, year], dimensionless.
    """
    step: xr.DataArray = growth if is_log else xr.apply_ufunc(np.log1p, growth)
    if "shock_year" not in growth.dims:
        elapsed = xr.DataArray(np.subtract(years, reference_year), dims="year", coords={"year": list(years)})
        return _exp(step * elapsed)
    shock = growth["shock_year"]
    paths = [
        step.where((shock > reference_year) & (shock <= year), 0).sum("shock_year")
        - step.where((shock > year) & (shock <= reference_year), 0).sum("shock_year")
        for year in years
    ]
    return _exp(xr.concat(paths, dim=xr.Variable("year", list(years))))


def _exp(logarithm: xr.DataArray) -> xr.DataArray:
    with np.errstate(over="ignore"):  # what overflows is refused with the volume it gives
        factors: xr.DataArray = xr.apply_ufunc(np.exp, logarithm)
    return factors


def transplants(volume: xr.DataArray, shares: Mapping[str, xr.DataArray], factors: xr.DataArray) -> xr.DataArray:
    """Transplants a year before chance.

    Parameters
    ----------
    volume : transplants in the reference year, [draw, + strata].
    shares : how the volume splits along further dimensions, each [draw, + strata].
    factors : growth since the reference year, [draw, + strata, year].

    Returns
    -------
    [draw, + strata, year], transplants per year.
    """
    result = volume
    for share in shares.values():
        result = result * share
    return result * factors
