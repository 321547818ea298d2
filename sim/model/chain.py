"""The order of the model: parameters → transplants → cohort → trial → market. The only place that names it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from sim.assumptions.schema import Assumptions
from sim.assumptions.transplants import LOG_CHANGE, Transplants
from sim.assumptions.volume import DRIFT, NOISE, SHOCK
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.model.cohort import Chance, cohort
from sim.model.transplants import growth_factors, split_volume, trend_volume
from sim.variables import CELL_DIMS, MEETS_CRITERIA, RATES, STRATA

if TYPE_CHECKING:  # trial and market are imported where there is one: patients alone do not wait for them
    from sim.model.market.outcome import MarketOutcome
    from sim.model.market.plan import MarketPlan, MarketStreams, Trialled
    from sim.model.process.story import Story
    from sim.model.reading import TrialReader
    from sim.model.trial.enrolment import EnrolmentLaw
    from sim.model.trial.outcome import Outcome, TrialPlan
    from sim.model.trial.plan import TrialStreams

TRIAL_STAGE = MEETS_CRITERIA.name
"""Severe cases that meet the criteria of the trial: the stage that a trial adds to the funnel."""

MOST = 1_000_000_000
"""Transplants a year that are still counted: more than a tenth of all people, and they fit four bytes."""


def populations(assumptions: Assumptions, parameters: xr.Dataset, chance: Chance) -> xr.Dataset:
    """The model: a pure function of assumptions and the parameters of some draws.

    Parameters
    ----------
    assumptions : what is assumed.
    parameters : values of every quantity, as `sim.draws.parameters.sample` gives them.
    chance : whole patients, drawn for the same draws, or expected numbers.

    Returns
    -------
    Every population of the funnel: [draw, region, transplant, age_group, year].

    Raises
    ------
    InputError : when there are more transplants in some year than can be counted.
    """
    given = assumptions.transplants
    volume, factors = volume_and_growth(assumptions, parameters)
    volume = volume * factors
    strata = {dimension: list(given.strata.of(dimension)) for dimension in STRATA}
    volume = volume.expand_dims({d: labels for d, labels in strata.items() if d not in volume.dims})
    volume = _by_cell(volume, strata)
    _check_volume(volume)
    return cohort(volume, rates_of(parameters), chance)


def rates_of(parameters: xr.Dataset) -> dict[str, xr.DataArray]:
    """The rates of the funnel by name, [draw, + strata] each."""
    return {name: parameters[f"vod.{name}"] for name in RATES}


def volume_and_growth(assumptions: Assumptions, parameters: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """Two factors whose product is the transplants of each year before chance.

    Returns
    -------
    The volume split into strata, [draw, + strata, or year too where it follows a trend], and its growth since the year
    it is stated for, [draw, + strata, year], or 1.
    """
    given = assumptions.transplants
    shares = {dimension: parameters[f"transplants.shares.{dimension}"] for dimension in given.shares}
    volume, factors = _volume(given, parameters, assumptions.all_years.all)
    return split_volume(volume, shares), factors


def _by_cell(volume: xr.DataArray, strata: Mapping[str, Sequence[str]]) -> xr.DataArray:
    """[draw, region, transplant, age_group, year], the draws of a cell side by side, as all that follows has them."""
    if any(volume[name].to_numpy().tolist() != labels for name, labels in strata.items()):
        volume = volume.sel(strata)
    turned = volume.transpose(*CELL_DIMS, "draw")
    return turned.copy(data=np.ascontiguousarray(turned.to_numpy())).transpose("draw", *CELL_DIMS)


def trial(
    assumptions: Assumptions,
    parameters: xr.Dataset,
    expected: xr.Dataset,
    streams: "TrialStreams | None",
    *,
    judged: bool = True,
    law: "EnrolmentLaw | None" = None,
    every_patient: bool = True,
    processes: int = 1,
) -> "tuple[TrialPlan, Outcome]":
    """The trial, with the same draws of the same patients.

    Parameters
    ----------
    assumptions : what is assumed; with a trial.
    parameters : values of every quantity, as `sim.draws.parameters.sample` gives them.
    expected : the expected populations of the same draws, [draw, + strata, year].
    streams : the trial's random numbers, for the same draws; None leaves chance out.
    judged : whether success is wanted.
    law, every_patient : as for `sim.model.trial.outcome.play_out`; None is NumPy's law.
    processes : that plays are shared among, where they take the law's place.

    Raises
    ------
    InputError : when what was seen of the enrolment cannot have been, as patients before any site was open.
    """
    from sim.model.trial.enrolment import PLAIN
    from sim.model.trial.outcome import play_out, without_chance

    assert assumptions.trial is not None
    reader = _reader(assumptions, parameters, expected, streams)
    plan, numbers = reader.plan(), reader.numbers()
    if streams is None:
        return plan, without_chance(plan, numbers, judged=judged)
    if assumptions.trial.engine == "process":
        from sim.model.played import Plays

        return plan, Plays(plan, numbers, *reader.details(), streams).outcome(judged=judged, processes=processes)
    return plan, play_out(plan, numbers, streams, judged=judged, law=law or PLAIN, every_patient=every_patient)


def story(
    assumptions: Assumptions, parameters: xr.Dataset, expected: xr.Dataset, streams: "TrialStreams", row: int
) -> "Story":
    """The trial of one draw, played patient by patient.

    Parameters
    ----------
    assumptions, parameters, expected, streams : as for `trial`.
    row : of the draw among these.
    """
    from sim.model.played import Plays

    reader = _reader(assumptions, parameters, expected, streams)
    return Plays(reader.plan(), reader.numbers(), *reader.details(), streams).story(row)


def _reader(
    assumptions: Assumptions, parameters: xr.Dataset, expected: xr.Dataset, streams: "TrialStreams | None"
) -> "TrialReader":
    from sim.model.reading import Funnel, TrialReader

    assert assumptions.trial is not None
    return TrialReader(assumptions.trial, parameters, Funnel.of(expected.sel(year=[assumptions.years.first])), streams)


def market(
    assumptions: Assumptions,
    parameters: xr.Dataset,
    counted: xr.Dataset,
    expected: xr.Dataset,
    trialled: "Trialled | None",
    chance: Chance,
    streams: "MarketStreams | None",
) -> "tuple[MarketPlan, MarketOutcome]":
    """The market, with the same draws of the same patients and of the read-out.

    Parameters
    ----------
    assumptions : what is assumed; with a market.
    parameters : values of every quantity, as `sim.draws.parameters.sample` gives them.
    counted : the populations, as `chance` says, [draw, + strata, year], with the years of the market.
    expected : the expected ones of the same draws.
    trialled : what the trial gives; None where there is none.
    chance : whether patients are whole.
    streams : the market's random numbers, for the same draws; None leaves chance out.

    Raises
    ------
    InputError : when the shares of regions add up to more than 1 in some draw.
    """
    from sim.model.market.outcome import market_outcome
    from sim.model.market_reading import MarketReader

    reader = MarketReader(assumptions, parameters)
    plan, numbers = reader.plan(), reader.numbers()
    given = trialled or assumed_readout(parameters, streams)
    return plan, market_outcome(plan, numbers, counted, expected, given, chance, streams)


def assumed_readout(parameters: xr.Dataset, streams: "MarketStreams | None") -> "Trialled":
    """What stands in for a trial: a date, and success by a probability."""
    from sim.model.market.plan import Trialled

    readout, success = (_column(parameters, f"market.without_trial.{name}") for name in ("readout", "success"))
    if streams is not None:
        success = (streams.one("success") < success).astype(np.float64)
    return Trialled(readout, success)


def _column(parameters: xr.Dataset, name: str) -> FloatArray:
    return np.asarray(parameters[name].to_numpy(), dtype=np.float64)


def candidates(counted: xr.Dataset, parameters: xr.Dataset, chance: Chance) -> xr.DataArray:
    """Severe cases that meet the trial's criteria: [draw, region, transplant, age_group, year], patients per year."""
    return chance.passing(TRIAL_STAGE, counted["severe_vod"], parameters["trial.meets_criteria"])


def _volume(given: Transplants, parameters: xr.Dataset, years: Sequence[int]) -> tuple[xr.DataArray, xr.DataArray]:
    """The volume, [draw, + strata], and its growth since the year it is stated for; a trend has its years already."""
    if given.growth is None or given.reference_year is None:
        histories = {labels: trend.history.volumes for labels, trend in given.volume.trends.items()}
        return trend_volume(histories, parameters[DRIFT], parameters[NOISE], parameters[SHOCK], years), xr.DataArray(
            1.0
        )
    growth = parameters["transplants.growth"]
    factors = growth_factors(growth, years, given.reference_year, given.growth.unit == LOG_CHANGE)
    return parameters["transplants.volume"], factors


def _check_volume(volume: xr.DataArray) -> None:
    """Refuse a volume, [draw, + strata, year], that no counting could bear; a growth of 2 for 2 % soon gives it."""
    total = volume.sum([dimension for dimension in volume.dims if dimension not in ("draw", "year")])
    highest = total.max("draw")
    beyond = highest.where(~(highest <= MOST), drop=True)
    if beyond.size:
        year, most = int(beyond["year"][0]), float(beyond[0])
        raise InputError(
            f"transplants.volume: {most:.3g} transplants in {year} are above {MOST:.0e}, with transplants.growth "
            "(2 % is 0.02), or with a trend carried too far (years.last)"
        )
