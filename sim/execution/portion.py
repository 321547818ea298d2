"""Neighbouring draws through the whole model."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from sim.assumptions.schema import Assumptions
from sim.draws.parameters import design_of, sample
from sim.execution.engine import Engine
from sim.model.chain import TRIAL_STAGE, candidates, populations
from sim.model.cohort import Expected, WholePatients
from sim.variables import MONEY, VARIABLES

if TYPE_CHECKING:
    from sim.execution.trial import TrialRun


class Portion(NamedTuple):
    """What the model makes of neighbouring draws.

    Attributes
    ----------
    parameters : of the draws, [draw, …] each.
    outputs : with chance, [draw, …] each.
    expected : outputs without chance, but for those whose mean says all.
    """

    parameters: xr.Dataset
    outputs: xr.Dataset
    expected: xr.Dataset


def through_model(assumptions: Assumptions, draws: range, trial: "TrialRun | None", engine: Engine) -> Portion:
    """Neighbouring draws through the model.

    Parameters
    ----------
    assumptions : what is assumed.
    draws : their numbers.
    trial : takes in the trial of these draws; None where there is none.
    engine : counts their patients.

    Raises
    ------
    InputError : when the draws cannot be made.
    """
    sampling = assumptions.sampling
    parameters = sample(assumptions, draws, design_of(sampling, engine.uniforms))
    patients = WholePatients(sampling.seed, draws, count=engine.patients)
    expected = populations(assumptions, parameters, Expected())
    chance = patients if sampling.chance else Expected()
    counted = populations(assumptions, parameters, patients) if sampling.chance else expected
    own, mean = _of_run(assumptions, counted), _of_run(assumptions, expected)
    seen = read = None
    if trial is not None:
        own = own.assign({TRIAL_STAGE: candidates(own, parameters, chance)})
        mean = mean.assign({TRIAL_STAGE: candidates(mean, parameters, Expected())})
        seen = trial.counted(parameters, expected, draws)
        read = trial.expected(parameters, expected, judged=assumptions.market is not None)
        own, mean = own.merge(seen), mean.merge(read)
    if assumptions.market is not None:
        from sim.execution.market import MarketRun  # patients alone do not wait for it
        from sim.model.market.plan import MarketStreams

        market = MarketRun(assumptions)
        streams = MarketStreams(sampling.seed, draws) if sampling.chance else None
        own = own.merge(market.outputs(parameters, counted, expected, seen, chance, streams))
        mean = mean.merge(market.outputs(parameters, expected, expected, read, Expected(), None))
    money = "" if assumptions.market is None else assumptions.market.money_unit
    expected_ones = mean[[name for name in mean.data_vars if not VARIABLES[str(name)].only_mean]]
    return Portion(parameters, _stored(own, money), expected_ones)


def _of_run(assumptions: Assumptions, populations: xr.Dataset) -> xr.Dataset:
    """The populations of the years of the run, without those of the market beyond them."""
    years = list(assumptions.years.all)
    return populations if populations["year"].to_numpy().tolist() == years else populations.sel(year=years)


def _stored(outputs: xr.Dataset, money: str) -> xr.Dataset:
    """Outputs with unit and long name, whole patients in four bytes.

    Parameters
    ----------
    outputs : of the model.
    money : what the market's money is, as people read it.
    """
    stored = {}
    for name, array in outputs.data_vars.items():
        whole = array.dtype.kind == "i"  # each far below 2**31, see MOST
        variable = VARIABLES[str(name)]
        words = {"unit": variable.unit.replace(MONEY, money), "long_name": variable.long_name}
        stored[name] = (array.astype(np.int32) if whole else array).assign_attrs(words)
    return outputs.assign(stored)
