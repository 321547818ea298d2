"""The order of the model: parameters → transplants → cohort. The only place that names it."""

import xarray as xr

from sim.assumptions.schema import LOG_CHANGE, Assumptions
from sim.errors import InputError
from sim.model.cohort import Expected, WholePatients, cohort
from sim.model.transplants import growth_factors, transplants
from sim.variables import CELL_DIMS, RATES, STRATA

MOST = 1_000_000_000
"""Transplants a year that are still counted: more than a tenth of all people, and they fit four bytes."""


def populations(assumptions: Assumptions, parameters: xr.Dataset, draws: range, *, chance: bool) -> xr.Dataset:
    """The model: a pure function of assumptions and the parameters of some draws.

    Parameters
    ----------
    assumptions : what is assumed.
    parameters : values of every quantity, as `sim.draws.parameters.sample` gives them.
    draws : the draw numbers of those values, which name the chance of each draw.
    chance : whole patients, or expected numbers.

    Returns
    -------
    Every population of the funnel: [draw, region, transplant, age_group, year].

    Raises
    ------
    InputError : when there are more transplants in some year than can be counted.
    """
    given = assumptions.transplants
    factors = growth_factors(
        parameters["transplants.growth"], assumptions.years.all, given.reference_year, given.growth.unit == LOG_CHANGE
    )
    shares = {dimension: parameters[f"transplants.shares.{dimension}"] for dimension in given.shares}
    volume = transplants(parameters["transplants.volume"], shares, factors)
    strata = {dimension: list(given.strata.of(dimension)) for dimension in STRATA}
    volume = volume.expand_dims({d: labels for d, labels in strata.items() if d not in volume.dims})
    volume = volume.sel(strata).transpose("draw", *CELL_DIMS)
    _check_volume(volume)
    rates = {name: parameters[f"vod.{name}"] for name in RATES}
    return cohort(volume, rates, WholePatients(assumptions.sampling.seed, draws) if chance else Expected())


def _check_volume(volume: xr.DataArray) -> None:
    """Refuse a volume, [draw, + strata, year], that no counting could bear; a growth of 2 for 2 % soon gives it."""
    total = volume.sum([dimension for dimension in volume.dims if dimension not in ("draw", "year")])
    highest = total.max("draw")
    beyond = highest.where(~(highest <= MOST), drop=True)
    if beyond.size:
        year, most = int(beyond["year"][0]), float(beyond[0])
        raise InputError(
            f"transplants.volume: {most:.3g} transplants in {year} are above {MOST:.0e}, with transplants.growth "
            "(2 % is 0.02)"
        )
