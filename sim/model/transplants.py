"""Transplant volume: a stated year, split into strata and carried through the years."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from sim.draws.labelled import labelled
from sim.draws.streams import FloatArray


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


def trend_volume(
    histories: Mapping[tuple[str, ...], Mapping[int, float]],
    drift: xr.DataArray,
    noise: xr.DataArray,
    shock: xr.DataArray,
    years: Sequence[int],
) -> xr.DataArray:
    """Volumes that walk through the years and meet their history.

    After the last counted year the walk goes on from it, before the first it goes back from it, and between two counted
    years it is the Brownian bridge that meets both.

    Parameters
    ----------
    histories : combination of labels → year → volume counted in that year.
    drift : change of the logarithm per year, [draw, + strata].
    noise : standard deviation of a year's change, [draw, + strata].
    shock : the change of each year from the year before, in standard deviations, [draw, + strata, shock_year].
    years : calendar years.

    Returns
    -------
    [draw, + strata, year], transplants per year.
    """
    strata = [str(dimension) for dimension in drift.dims[1:]]
    steps = drift + noise * shock
    paths = {
        labels: _path(history, steps.sel(dict(zip(strata, labels, strict=True))), years)
        for labels, history in histories.items()
    }
    coords = {dimension: drift[dimension].to_numpy().tolist() for dimension in strata}
    return labelled(paths, coords, "transplants per year", {"year": years}).assign_coords(draw=drift["draw"])


def _path(history: Mapping[int, float], steps: xr.DataArray, years: Sequence[int]) -> FloatArray:
    """One volume through the years, [draw, year], from changes of its logarithm, [draw, shock_year]."""
    changes = steps.transpose("draw", "shock_year").to_numpy()
    start = int(steps["shock_year"][0]) - 1  # the change of year y stands in column y - start - 1
    path = np.empty((len(changes), len(years)))
    for column, year in enumerate(years):
        before = max((known for known in history if known <= year), default=min(history))
        after = min((known for known in history if known >= year), default=max(history))
        part = (year - before) / (after - before) if after > before else 0.0
        whole = _walked(changes, before - start, after - start)
        apart = _walked(changes, before - start, year - start) - part * whole
        with np.errstate(over="ignore"):  # what overflows is refused with the volume it gives
            path[:, column] = history[before] ** (1.0 - part) * history[after] ** part * np.exp(apart)
    return path


def _walked(changes: FloatArray, start: int, end: int) -> FloatArray:
    """The sum of the changes from one place to another, later or earlier: [draw]."""
    taken = np.asarray(changes[:, min(start, end) : max(start, end)].sum(axis=1))
    return taken if end >= start else -taken


def split_volume(volume: xr.DataArray, shares: Mapping[str, xr.DataArray]) -> xr.DataArray:
    """The volume of each stratum.

    Parameters
    ----------
    volume : transplants in the reference year, [draw, + strata], or in each year, [draw, + strata, year].
    shares : how the volume splits along further dimensions, each [draw, + strata].

    Returns
    -------
    [draw, + strata, or year too], transplants per year.
    """
    result = volume
    for share in shares.values():
        result = result * share
    return result
