"""The trial of a run: its outputs chunk by chunk, and its tables at the end."""

from datetime import date

import numpy as np
import pandas as pd
import xarray as xr

from sim.assumptions.schema import Assumptions
from sim.draws.parameters import sample
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.execution.ahead import available
from sim.execution.engine import Engine, enrolled
from sim.model.chain import populations, story, trial
from sim.model.cohort import Expected
from sim.model.process.story import Story
from sim.model.trial import enrolment
from sim.model.trial.outcome import Outcome, TrialPlan, control_is_last
from sim.model.trial.plan import TrialStreams
from sim.model.trial.verdict import EXACT
from sim.results.batches import Batches
from sim.results.moments import Moments
from sim.results.parts import Parts, named, of
from sim.results.trial import (
    ACCRUAL,
    EVENTS,
    PATIENTS,
    READOUT,
    SITES,
    SUCCESS,
    Quarters,
    accrual_table,
    event_of,
    readout_dates,
    readout_table,
    site_table,
    success_table,
)

_LONGEST = 6_000.0
"""Months: what takes more than five hundred years never comes, and has no date."""


class TrialRun:
    """Takes in the trial of neighbouring draws, chunk after chunk.

    Parameters
    ----------
    assumptions : what is assumed; with a trial.
    batches : how draws fall into independent batches.
    engine : what the run is worked out with.
    """

    def __init__(self, assumptions: Assumptions, batches: Batches, engine: Engine) -> None:
        assert assumptions.trial is not None
        self._assumptions = assumptions
        self._trial = assumptions.trial
        self._batches = batches
        self._engine = engine
        self._law = enrolment.compiled() if engine.is_compiled and enrolled(assumptions) else enrolment.PLAIN
        self._first: tuple[TrialPlan, Outcome] | None = None
        self._success: dict[tuple[str, str, float], Moments] = {}
        self._dates = Quarters(batches)
        self._story: Story | None = None
        self._tells = True  # of its first draws, when they will have come

    @property
    def _is_first(self) -> bool:
        """Whether the next draws are the first, of which tables tell."""
        return self._tells and self._first is None

    def fresh(self) -> "TrialRun":
        """The same of other draws than the first, which alone are told of: nothing is counted yet."""
        trial = TrialRun(self._assumptions, self._batches, self._engine)
        trial._success = {place: successes.fresh() for place, successes in self._success.items()}
        trial._tells = False
        return trial

    def parts(self) -> Parts:
        """What it has counted, for `add_parts`."""
        found = named("dates", self._dates.parts())
        for number, successes in enumerate(self._success.values()):
            found |= named(f"success {number}", successes.parts())
        return found

    def add_parts(self, parts: Parts) -> None:
        """Count what the same trial in other draws has counted."""
        self._dates.add_parts(of("dates", parts))
        for number, successes in enumerate(self._success.values()):
            successes.add_parts(of(f"success {number}", parts))

    def expected(self, parameters: xr.Dataset, populations: xr.Dataset, *, judged: bool) -> xr.Dataset:
        """The outputs without chance: [draw] each; with the probabilities of success where it is to be judged."""
        plan, outcome = trial(self._assumptions, parameters, populations, None, judged=judged)
        return outputs(plan, outcome, self._trial.start)

    def counted(self, parameters: xr.Dataset, populations: xr.Dataset, draws: range) -> xr.Dataset:
        """The outputs of these draws: [draw] each.

        Parameters
        ----------
        parameters : of the draws.
        populations : expected ones, of the same draws.
        draws : their numbers.
        """
        sampling = self._assumptions.sampling
        streams = TrialStreams(sampling.seed, draws) if sampling.chance else None
        plan, outcome = trial(
            self._assumptions,
            parameters,
            populations,
            streams,
            law=self._law,
            every_patient=self._is_first,
            processes=self._assumptions.execution.threads or available(),
        )
        if self._is_first:
            self._first = plan, outcome
            if streams is not None and np.isfinite(outcome.readout).any():
                self._story = play(self._assumptions, draws[_middle(outcome.readout)])
        for verdict in outcome.verdicts:
            place = (verdict.endpoint, verdict.test, verdict.level)
            self._success.setdefault(place, Moments(self._batches)).add(verdict.success, draws.start)
        found = outputs(plan, outcome, self._trial.start)
        self._dates.add(found["readout_date"].to_numpy(), draws.start)
        return found

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of the trial, by name; accrual and sites from the first chunk of draws."""
        assert self._first is not None
        plan, outcome = self._first
        start = self._trial.start
        verdicts = [(*place, *event_of(successes, self._batches)) for place, successes in self._success.items()]
        decides = EXACT if plan.reference is not None else plan.test
        tables = {
            ACCRUAL: accrual_table(outcome.times, start),
            READOUT: readout_table(self._dates),
            SUCCESS: success_table(verdicts, self._trial.primary, decides),
        }
        enrolled = outcome.enrolled
        if enrolled is not None and self._trial.enrolment.model == "sites":
            sites = enrolled.sites
            tables[SITES] = site_table(
                plan.sites.names, plan.sites.countries, sites.opening, sites.weight, sites.enrolled, enrolled.by_site,
                start,
            )  # fmt: skip
        if self._story is not None:
            tables[EVENTS] = pd.DataFrame(self._story.rows(start))
            tables[PATIENTS] = pd.DataFrame(self._story.enrolled())
        return tables


def _in_reach(months: FloatArray) -> FloatArray:
    """Months; infinite where nobody would wait so long."""
    return np.where(months <= _LONGEST, months, np.inf)


def play(assumptions: Assumptions, draw: int = 0) -> Story:
    """One trial, played patient by patient with the numbers of one draw.

    Parameters
    ----------
    assumptions : what is assumed, from `sim.load`; with a trial.
    draw : its number, from 0.

    Returns
    -------
    The story: its events, its patients, its arms and its read-out, in months since the trial's start.

    Raises
    ------
    InputError : when there is no trial, or no such draw.
    """
    number = assumptions.sampling.draws
    if assumptions.trial is None:
        raise InputError("trial: there is none to play; choose a trial= option")
    if not 0 <= draw < number:
        raise InputError(f"draw: {draw} is not among the {number} draws, counted from 0")
    draws = range(draw, draw + 1)
    parameters = sample(assumptions, draws)
    expected = populations(assumptions, parameters, Expected())
    return story(assumptions, parameters, expected, TrialStreams(assumptions.sampling.seed, draws), 0)


def _middle(readout: FloatArray) -> int:
    """The row of the draw whose read-out is nearest to the median of those that come."""
    return int(np.abs(readout - np.median(readout[np.isfinite(readout)])).argmin())


def outputs(plan: TrialPlan, outcome: Outcome, start: date) -> xr.Dataset:
    """The output variables of a trial: [draw] each.

    Parameters
    ----------
    plan : of the trial.
    outcome : as it came out.
    start : its first day.
    """
    last = outcome.times[:, -1]
    readout = _in_reach(outcome.readout)
    found = {
        "enrolment_months": last,
        "prospective_months": outcome.prospective,
        "readout_months": readout,
        "readout_date": readout_dates(readout, start),
        "prob_enrolled": np.isfinite(last).astype(np.float64),
    }
    if outcome.controls is not None:
        found |= {
            "control_months": _in_reach(outcome.controls.months),
            "control_charts": outcome.controls.charts,
            "controls": outcome.controls.found.astype(np.float64),
            "prob_control_last": control_is_last(outcome),
        }
    if plan.promise is not None:
        after, latest = plan.promise
        by_promise = outcome.readout <= latest
        found["prob_readout_by_promise"] = by_promise.astype(np.float64)
        found["prob_readout_in_window"] = (by_promise & (outcome.readout > after)).astype(np.float64)
    decides = EXACT if plan.reference is not None else plan.test
    for verdict in outcome.verdicts:
        if verdict.test == decides and verdict.level == plan.levels[0]:
            found[f"prob_success_{verdict.endpoint}"] = verdict.success
    return xr.Dataset({name: ("draw", values) for name, values in found.items()})
