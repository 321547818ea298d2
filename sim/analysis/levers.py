"""What would bring the read-out in time: more charts a week, more sites, a faster rate, a shorter close-out.

Each lever is moved alone, on the same draws, until the probability of a read-out by the promise reaches the goal.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sim.assumptions.distributions import ends
from sim.assumptions.schema import Assumptions
from sim.assumptions.trial.trial import Trial
from sim.dates import day_of
from sim.draws.parameters import sample
from sim.draws.streams import FloatArray
from sim.model.chain import populations, trial
from sim.model.cohort import Expected
from sim.model.trial.plan import TrialStreams
from sim.results.batches import Batches
from sim.results.trial import GOAL, readout_dates

COLUMNS = ("lever", "unit", "now", "probability_now", "needed", "probability_then", "mcse", "note")
DATE_COLUMNS = ("date", "probability", "mcse", "readout_date")

_DRAWS = 1024
"""They tell a probability to about a hundredth."""

_DRAWS_CAPPED = 256
"""Where caps make each trial slow."""

_TIMES = "times what it is"

_FURTHEST = 16.0
"""A lever is moved up to so many times what it is; further is another trial."""

_HALVINGS = 7
"""Of an octave on a logarithmic scale: to half a per cent."""

_ROUNDING = 1e-9


@dataclass(frozen=True)
class _Lever:
    """One thing that can be changed.

    Attributes
    ----------
    name, unit : as people read them.
    now : its mean.
    probability : 1 in the draws that read out by the promise when it is so many times what it is, [draw].
    amount : how much of it that is; None is in proportion.
    falls : whether less of it is wanted.
    """

    name: str
    unit: str
    now: float
    probability: Callable[[float], FloatArray]
    amount: Callable[[float], float] | None = None
    falls: bool = False

    def times(self, factor: float) -> FloatArray:
        """1 in the draws that read out in time with so many times as much of it, or so many times less."""
        return self.probability(1 / factor if self.falls else factor)

    def reached(self, factor: float) -> float:
        """How much of it that is."""
        if self.amount is not None:
            return self.amount(factor)
        return self.now / factor if self.falls else self.now * factor


class _Bench:
    """Repeats the trial with other numbers, on the same draws."""

    def __init__(self, assumptions: Assumptions) -> None:
        sampling = assumptions.sampling
        sites = assumptions.trial.enrolment.sites if assumptions.trial is not None else None
        capped = sites is not None and (sites.cap is not None or bool(sites.country_caps))
        number = min(_DRAWS_CAPPED if capped else _DRAWS, sampling.draws)
        draws = range(number - number % max(sampling.replicates, 1) or number)
        self.assumptions = assumptions = assumptions.without("market")  # it comes after the read-out
        self.batches = Batches.of(sampling.method, sampling.replicates, len(draws))
        self.parameters = sample(assumptions, draws)
        self._expected = populations(assumptions, self.parameters, Expected())
        self._streams = TrialStreams(sampling.seed, draws) if sampling.chance else None

    def readout(self, parameters: xr.Dataset, changed: Assumptions | None = None) -> FloatArray:
        """Months to the read-out: [draw]."""
        _, outcome = trial(changed or self.assumptions, parameters, self._expected, self._streams, judged=False)
        return outcome.readout

    def in_time(self, parameters: xr.Dataset, changed: Assumptions | None = None) -> FloatArray:
        """1 where the trial reads out by the promise: [draw]."""
        plan = (changed or self.assumptions).trial
        assert plan is not None
        assert plan.promise is not None
        return (self.readout(parameters, changed) <= plan.months(plan.promise[1])).astype(np.float64)

    def times(self, factor: float, *names: str) -> xr.Dataset:
        """The parameters with some of them so many times what they are."""
        return self.parameters.assign({name: self.parameters[name] * factor for name in names})

    def error(self, hits: FloatArray) -> float:
        """The Monte Carlo error of their mean."""
        if self.batches.exact:
            return 0.0
        if not self.batches.number or hits.min() == hits.max():
            return float("nan")
        return float(self.batches.error(np.array([part.mean() for part in self.batches.split(hits)])))


def levers(assumptions: Assumptions) -> pd.DataFrame:
    """What each lever alone would have to be for the goal.

    Parameters
    ----------
    assumptions : what is assumed; without a trial or a promise there is nothing to reach.

    Returns
    -------
    A row per lever: lever, unit, now (its mean), probability_now, needed, probability_then with its Monte Carlo error,
    and a note where it cannot reach the goal or has reached it; then `needed` is empty.
    """
    plan = assumptions.trial
    if plan is None or plan.promise is None:
        return pd.DataFrame(columns=list(COLUMNS))
    bench = _Bench(assumptions)
    now = bench.in_time(bench.parameters)
    rows = [_row(bench, lever, now) for lever in _levers(bench, plan)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(bench: _Bench, lever: _Lever, now: FloatArray) -> tuple[Any, ...]:
    start = float(now.mean())
    if start >= GOAL:
        return (lever.name, lever.unit, lever.now, start, np.nan, start, bench.error(now), "is enough as it is")
    low, high = 1.0, 2.0
    reached = lever.times(high)
    while reached.mean() < GOAL and high < _FURTHEST:
        low, high = high, 2 * high
        reached = lever.times(high)
    if reached.mean() < GOAL:
        note = f"does not suffice alone, not even {'a sixteenth' if lever.falls else 'sixteen times'} as much"
        return (lever.name, lever.unit, lever.now, start, np.nan, float(reached.mean()), bench.error(reached), note)
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(low * high))
        tried = lever.times(middle)
        if tried.mean() >= GOAL:
            high, reached = middle, tried
        else:
            low = middle
    return (
        lever.name,
        lever.unit,
        lever.now,
        start,
        lever.reached(high),
        float(reached.mean()),
        bench.error(reached),
        "",
    )


def _levers(bench: _Bench, plan: Trial) -> Iterator[_Lever]:
    """The levers that this trial has."""
    charts = "trial.control.charts_per_week"
    if plan.control is not None:
        yield _scaled(bench, "charts reviewed", "charts a week", charts)
    sites = plan.enrolment.sites
    yield _Lever("enrolment rate", _TIMES, 1.0, lambda factor: _faster(bench, bench.parameters, factor))
    if plan.control is not None:
        both = "charts and enrolment rate together"
        yield _Lever(both, _TIMES, 1.0, lambda factor: _faster(bench, bench.times(factor, charts), factor))
    if plan.enrolment.model == "sites" and sites is not None:
        now = sites.number
        yield _Lever(
            "sites", "sites", sum(now.values()), lambda factor: _more_sites(bench, factor),
            amount=lambda factor: float(sum(_number(now, factor).values())),
        )  # fmt: skip
    names = ("trial.close_out.lock", "trial.close_out.analysis")
    yield _scaled(bench, "lock and analysis", "days", *names, falls=True)


def _scaled(bench: _Bench, name: str, unit: str, *parameters: str, falls: bool = False) -> _Lever:
    """A lever that multiplies parameters of the draws."""
    now = sum(float(bench.parameters[parameter].mean()) for parameter in parameters)
    return _Lever(name, unit, now, lambda factor: bench.in_time(bench.times(factor, *parameters)), falls=falls)


def _faster(bench: _Bench, parameters: xr.Dataset, factor: float) -> FloatArray:
    """Enrolment from now on so many times as fast."""
    plan = bench.assumptions.trial
    assert plan is not None
    changed = plan.enrolment.model_copy(update={"pace": plan.enrolment.pace * factor})
    return bench.in_time(parameters, _with(bench.assumptions, {"enrolment": changed}))


def _more_sites(bench: _Bench, factor: float) -> FloatArray:
    """More sites in every country."""
    plan = bench.assumptions.trial
    assert plan is not None
    sites = plan.enrolment.sites
    assert sites is not None
    number = _number(sites.number, factor)
    more = sites.model_copy(update={"number": number, "planned": _extended(sites.planned, sites.number, number)})
    enrolment = plan.enrolment.model_copy(update={"sites": more})
    return bench.in_time(bench.parameters, _with(bench.assumptions, {"enrolment": enrolment}))


def _number(now: Mapping[str, int], factor: float) -> dict[str, int]:
    """So many times the sites of every country, in whole ones."""
    return {country: int(np.ceil(count * factor - _ROUNDING)) for country, count in now.items()}


def _extended(
    planned: tuple[float, ...] | None, before: Mapping[str, int], after: Mapping[str, int]
) -> tuple[float, ...] | None:
    """Openings for more sites: those of a country go on in a circle."""
    if planned is None:
        return None
    found, first = list[float](), 0
    for country, count in before.items():
        own = planned[first : first + count] or (0.0,)
        found += [own[place % len(own)] for place in range(after[country])]
        first += count
    return tuple(found)


def _with(assumptions: Assumptions, changes: Mapping[str, Any]) -> Assumptions:
    """The same assumptions with another trial."""
    assert assumptions.trial is not None
    return assumptions.model_copy(update={"trial": assumptions.trial.model_copy(update=dict(changes))})


def by_interim_date(assumptions: Assumptions) -> pd.DataFrame:
    """How far the answer hangs on the date of what was seen, where that is uncertain.

    Parameters
    ----------
    assumptions : what is assumed.

    Returns
    -------
    A row each for the earliest, a middle and the latest date: date, the probability of a read-out by the promise, its
    Monte Carlo error, and the median read-out, a decimal year. No row where the date is certain or nothing is promised.
    """
    plan = assumptions.trial
    leaf = None if plan is None or plan.interim is None else plan.interim.date.leaves[()]
    if plan is None or plan.promise is None or leaf is None or leaf.distribution is None or leaf.is_certain:
        return pd.DataFrame(columns=list(DATE_COLUMNS))
    bench, (first, last) = _Bench(assumptions), ends(leaf.distribution)
    rows = []
    for date in (first, (first + last) / 2, last):
        same = bench.parameters["trial.interim.date"]
        parameters = bench.parameters.assign({"trial.interim.date": xr.full_like(same, date)})
        readout = bench.readout(parameters)
        hits = (readout <= plan.months(plan.promise[1])).astype(np.float64)
        middle = readout_dates(np.array(np.median(readout)), plan.start)
        rows.append((day_of(date).isoformat(), float(hits.mean()), bench.error(hits), float(middle)))
    return pd.DataFrame(rows, columns=list(DATE_COLUMNS))
