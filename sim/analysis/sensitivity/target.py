"""The answer that a question is about: one variable, in one year where it has years, one number a draw."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from sim.assumptions.schema import Assumptions
from sim.assumptions.sensitivity import Sensitivity
from sim.draws.streams import FloatArray
from sim.errors import InputError, nearest
from sim.results.run import Results
from sim.variables import MARKET, MARKET_YEAR, MEETS_CRITERIA, MONEY, TOTAL, TRIAL, VARIABLES

_YEARS = ("year", MARKET_YEAR)
_OF_MARKET = {row.name for row in MARKET}
_OF_TRIAL = {row.name for row in (*TRIAL, MEETS_CRITERIA)}


@dataclass(frozen=True)
class Target:
    """What is asked about.

    Attributes
    ----------
    variable : its name.
    year : in which year; None where it has none.
    unit : with the currency and its year.
    """

    variable: str
    year: int | None
    unit: str

    @property
    def marks(self) -> dict[str, str]:
        """The columns that say in every table what was asked about: target, year and unit."""
        return {"target": self.variable, "year": TOTAL if self.year is None else str(self.year), "unit": self.unit}

    @property
    def sections(self) -> tuple[str, ...]:
        """The parts of the assumptions that it may hang on."""
        if self.variable in _OF_MARKET:
            return "transplants", "vod", "trial", "market"
        return ("transplants", "vod", "trial") if self.variable in _OF_TRIAL else ("transplants", "vod")

    def of(self, outputs: xr.Dataset | Mapping[str, xr.DataArray]) -> FloatArray:
        """The answer in each draw, all strata and regions together; missing where it is not there: [draw].

        Parameters
        ----------
        outputs : with the variable, [draw, …].
        """
        array = outputs[self.variable]
        years = {name: self.year for name in _YEARS if name in array.dims}
        chosen = array.sel(years) if years else array
        total = chosen.sum([name for name in chosen.dims if name != "draw"], skipna=False)
        return np.asarray(total.to_numpy(), dtype=np.float64)


def target_of(results: Results, asked: Sensitivity) -> Target:
    """The target that the settings name, as a run gives it.

    Raises
    ------
    InputError : when there is no such variable, or the run does not give it, or not in that year.
    """
    return named_target(results, asked.target, asked.year)


def named_target(results: Results, name: str, year: int | None = None, key: str = "sensitivity.target") -> Target:
    """The target of that name, as a run gives it.

    Parameters
    ----------
    results : the run, its draws in hand.
    name, year : of the variable; of one that has years None is the first.
    key : of the setting that names it, for the message.

    Raises
    ------
    InputError : as `target_of` says.
    """
    outputs = results.draws
    if name not in VARIABLES:
        raise InputError(f"{key}: '{name}' is no variable{nearest(name, VARIABLES)}")
    if name not in outputs:
        given = [known for known in VARIABLES if known in outputs]
        raise InputError(f"{key}: this run gives no {name}{nearest(name, given)}")
    array, row = outputs[name], VARIABLES[name]
    unit = str(array.attrs.get("unit", row.unit))
    if row.level == "market" and row.unit == "decimal year":
        raise InputError(f"{key}: {name} is a date in each region, of which there is no total")
    years = [int(label) for dim in _YEARS if dim in array.dims for label in array[dim].to_numpy()]
    if not years:
        return Target(name, None, unit)
    when = next((one for one in years if one >= results.years[0]), years[0]) if year is None else year
    if when not in years:
        raise InputError(f"sensitivity.year: {when} is not among {years[0]} to {years[-1]} of {name}")
    return Target(name, when, unit)


def unit_in(assumptions: Assumptions, variable: str) -> str:
    """The unit of a variable, with the currency of the market."""
    unit = VARIABLES[variable].unit
    return unit if assumptions.market is None else unit.replace(MONEY, assumptions.market.money_unit)
