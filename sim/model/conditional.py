"""What a population is given the quantities of a draw: binomial, of the transplants, with the product of its rates.

Given a draw, transplants are a number and each patient goes on to the next stage independently of the others. So every
population of the funnel is Bin(transplants, share), and what is left of chance in it is known without drawing it.
"""

from collections.abc import Mapping

import xarray as xr

from sim.variables import FUNNEL, MEETS_CRITERIA, VARIABLES, Variable


def shares(rates: Mapping[str, xr.DataArray], meets: xr.DataArray | None = None) -> dict[str, xr.DataArray]:
    """The share of transplants that reaches each population, the transplants themselves left out: [draw, + strata].

    Parameters
    ----------
    rates : the share that leads to each stage, by rate name, [draw, + strata].
    meets : the share of severe cases that meet the criteria of a trial; None without one.
    """
    found: dict[str, xr.DataArray] = {}
    for stage in FUNNEL[1:]:
        parent = found.get(str(stage.of), xr.DataArray(1.0))
        found[stage.name] = parent * rates[stage.rate] if stage.rate is not None else parent - found[str(stage.rest_of)]
    if meets is not None:
        found[MEETS_CRITERIA.name] = found[str(MEETS_CRITERIA.of)] * meets
    return found


def rates_to(stage: Variable) -> dict[str, bool]:
    """The rates whose product is the share of transplants that reaches a stage, and whether each is its complement."""
    if stage.of is None:
        return {}
    before = rates_to(VARIABLES[stage.of])
    if stage.rate is not None:
        return {**before, stage.rate: False}
    rest = None if stage.rest_of is None else VARIABLES[stage.rest_of].rate
    return before if rest is None else {**before, rest: True}
