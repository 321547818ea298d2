"""Two sets of assumptions made ready for a bridge: whether there can be one, with the same years and the same draws."""

from dataclasses import replace

import xarray as xr

from sim.analysis.differences import WITHOUT_TRIAL, Side
from sim.assumptions.schema import Assumptions
from sim.assumptions.settings import Years
from sim.draws.parameters import sample
from sim.errors import InputError, nearest
from sim.variables import MARKET, MEETS_CRITERIA, MONEY, TRIAL, VARIABLES

_MOST_PLAYED = 64
"""Draws where every trial is played patient by patient."""

_MOST_CAPPED = 256
"""Draws where caps of sites make each trial slow."""

_MOST_ROWS = 32_768
"""Draws of all mixtures together: so many take a few seconds."""

_OF_MARKET = {row.name for row in MARKET}
_OF_TRIAL = {row.name for row in (*TRIAL, MEETS_CRITERIA)}


def check(base: Assumptions, other: Assumptions, variable: str, year: int) -> None:
    """Refuse what has no bridge.

    Parameters
    ----------
    base, other : the two sides.
    variable, year : which mean it is to lead from one side to the other.

    Raises
    ------
    InputError : when both do not share their draws, or one lacks the variable or the year, or counts other money.
    """
    if variable not in VARIABLES:
        raise InputError(f"bridge: '{variable}' is no variable{nearest(variable, VARIABLES)}")
    if base.report.bridge_draws == 0:
        raise InputError("report.bridge_draws: 0 asks for no bridge; must be above 0")
    for name, own in base.sampling:
        if own != getattr(other.sampling, name):
            raise InputError(f"bridge: sampling.{name} is not the same on both sides, which need the same draws")
    if base.years.first != other.years.first:
        raise InputError(f"bridge: years.first is {base.years.first} and {other.years.first}; both sides need the same")
    for side in (base, other):
        _check_side(side, variable, year)
    units = [side.market.money_unit for side in (base, other) if side.market is not None]
    if MONEY in VARIABLES[variable].unit and len(set(units)) > 1:
        raise InputError(f"bridge: {variable} is in {units[0]} and in {units[1]}; both sides need the same money")


def _check_side(side: Assumptions, variable: str, year: int) -> None:
    needed = {"market": variable in _OF_MARKET, "trial": variable in _OF_TRIAL}
    for part, is_needed in needed.items():
        if is_needed and getattr(side, part) is None:
            raise InputError(f"bridge: {variable} needs a {part}, and {side.scenario.name} has none")
    row = VARIABLES[variable]
    if row.level == "market" and row.unit == "decimal year":
        raise InputError(f"bridge: {variable} is a date in each region, of which there is no total")
    years = {"run": (year,), "market": side.market_years, "cell": side.years.all}[row.level]
    if year not in years:
        raise InputError(f"bridge: year {year} is not among {years[0]} to {years[-1]} of {side.scenario.name}")


def sides_of(base: Assumptions, other: Assumptions, variable: str) -> tuple[Side, Side]:
    """Both sides, of what the variable hangs on, with the parameters of as many draws as are asked for."""
    whole = _same_years(_upstream(base, variable), _upstream(other, variable))
    apart = (base.trial is None) != (other.trial is None)
    draws = range(_most(base, other))
    first, second = (Side(side, _sampled(side, draws, whole=apart), stands_in=apart) for side in whole)
    return first, second


def shortened(sides: tuple[Side, Side], mixtures: int) -> tuple[tuple[Side, Side], range]:
    """Both sides with as many of the draws as so many mixtures of them can have, equally many in every replicate."""
    base, other = sides
    most = min(base.parameters.sizes["draw"], _MOST_ROWS // mixtures)
    draws = range(most - most % base.assumptions.sampling.replicates or most)
    few = [replace(side, parameters=side.parameters.isel(draw=slice(len(draws)))) for side in (base, other)]
    return (few[0], few[1]), draws


def _upstream(side: Assumptions, variable: str) -> Assumptions:
    """Without the sections that the variable does not hang on."""
    if variable in _OF_MARKET:
        return side
    return side.without("market") if variable in _OF_TRIAL else side.without("trial", "market")


def _most(*sides: Assumptions) -> int:
    """Draws that there are and that are asked for, fewer where a trial is slow."""
    number = min(sides[0].report.bridge_draws, sides[0].sampling.draws)
    for trial in (side.trial for side in sides):
        sites = None if trial is None else trial.enrolment.sites
        if trial is not None and trial.engine == "process":
            number = min(number, _MOST_PLAYED)
        elif sites is not None and (sites.cap is not None or sites.country_caps):
            number = min(number, _MOST_CAPPED)
    return number


def _same_years(*sides: Assumptions) -> list[Assumptions]:
    """Both sides with patients for the same years; each market keeps its own."""
    last = max(side.all_years.last for side in sides)
    found = []
    for side in sides:
        years = Years(first=side.years.first, last=last)
        sold = side.market
        kept = None if sold is None else sold.model_copy(update={"last_year": side.market_years[-1]})
        found.append(side.model_copy(update={"years": years, "market": kept}))
    return found


def _sampled(side: Assumptions, draws: range, *, whole: bool) -> xr.Dataset:
    """The parameters of one side; with those that its market needs where the other's trial, none, takes its place."""
    found = sample(side, draws)
    if not whole or side.trial is None or side.market is None:
        return found
    alone = sample(side.without("trial"), draws)
    return found.assign({name: alone[name] for name in alone.data_vars if str(name).startswith(WITHOUT_TRIAL)})
