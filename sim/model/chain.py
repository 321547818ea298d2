"""The order of the model: parameters → transplants → cohort. The only place that names it."""

import xarray as xr

from sim.assumptions.schema import LOG_CHANGE, Assumptions
from sim.model.cohort import Expected, WholePatients, cohort
from sim.model.transplants import check_volume, growth_factors, transplants
from sim.variables import CELL_DIMS, RATES, STRATA


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
    check_volume(volume)
    rates = {name: parameters[f"vod.{name}"] for name in RATES}
    return cohort(volume, rates, WholePatients(assumptions.sampling.seed, draws) if chance else Expected())
