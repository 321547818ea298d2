"""Drift, noise and the shocks of single years of volumes that follow a fitted trend."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import xarray as xr
from scipy.special import ndtri

from sim.assumptions.settings import Years
from sim.assumptions.volume import DRIFT, LAW_UNIT, NOISE, SHOCK, Volume
from sim.draws.designs import Design
from sim.draws.labelled import labelled
from sim.draws.streams import FloatArray
from sim.evidence.history import History
from sim.evidence.trend import Trend
from sim.variables import label_name

SHOCK_YEAR = "shock_year"
"""The dimension of what each year has of its own."""

_UNITS = {DRIFT: LAW_UNIT, NOISE: LAW_UNIT, SHOCK: "standard deviations"}

_Drawn = dict[str, FloatArray]
_Labels = tuple[str, ...]


def trend_parameters(volume: Volume, years: Years, draws: range, design: Design | None) -> dict[str, xr.DataArray]:
    """What a draw's path of the volume is made of.

    Every number has a stream of its own, named by what it is and by its labels, so that one stratum or year more moves
    no other. Drift and noise that one part of the volume borrows from another are the other's.

    Parameters
    ----------
    volume : one whose values are fitted trends.
    years : those the run covers.
    draws : draw numbers.
    design : how the uniform numbers are made; None leaves chance out: the estimated drift and no shocks.

    Returns
    -------
    `transplants.volume.drift` and `.noise`, [draw, + strata], log change per year; `.shock`, [draw, + strata,
    shock_year], in standard deviations of a year's change (0 where no year of the run needs it).
    """
    labels = {dimension: volume.labels(dimension) for dimension in volume.by}
    needed = {found: changes_needed(trend, years) for found, trend in volume.trends.items()}
    every = set().union(*needed.values()) or {years.last}  # a file of results has no empty dimension
    steps = range(min(every), max(every) + 1)
    lenders = {trend.history: found for found, trend in volume.trends.items() if trend.like is None}
    drawn = {
        found: _drawn(
            trend, _streams(trend, found, lenders), {year: year in needed[found] for year in steps}, draws, design
        )
        for found, trend in volume.trends.items()
    }
    columns = {name: {found: values[name] for found, values in drawn.items()} for name in _UNITS}
    beyond = {SHOCK: {SHOCK_YEAR: steps}}
    return {name: labelled(columns[name], labels, unit, beyond.get(name)) for name, unit in _UNITS.items()}


def changes_needed(trend: Trend, years: Years) -> set[int]:
    """The years whose change from the year before a path needs to reach the years of a run.

    They are those from the last counted year on, back from the first, and, where a year of the run lies between two
    counted ones, all between these.
    """
    counted = trend.history.years
    ends = (years.first, *counted, years.last)
    needed: set[int] = set()
    for start, end in ((min(ends), counted[0]), *pairwise(counted), (counted[-1], max(ends))):
        is_open = start < counted[0] or end > counted[-1]
        if is_open or any(start < year < end for year in years.all):
            needed |= set(range(start + 1, end + 1))
    return needed


def _streams(trend: Trend, labels: _Labels, lenders: Mapping[History, _Labels]) -> dict[str, str]:
    """The names of a trend's streams: what is borrowed from another part of the volume is one unknown, drawn once."""
    lender = labels if trend.like is None else lenders.get(trend.like, labels)
    drift = lender if len(trend.history.points) == 1 else labels
    return {NOISE: label_name(NOISE, lender), DRIFT: label_name(DRIFT, drift), SHOCK: label_name(SHOCK, labels)}


def _drawn(
    trend: Trend, streams: Mapping[str, str], steps: Mapping[int, bool], draws: range, design: Design | None
) -> _Drawn:
    """Drift, noise and shocks of one trend; `steps` says of each year whether its shock is needed, else it is 0."""
    shocks = np.zeros((len(draws), len(steps)))
    if design is None:
        flat = np.ones(len(draws))
        return {DRIFT: trend.drift * flat, NOISE: trend.noise * flat, SHOCK: shocks}
    noise = design.values(streams[NOISE], trend.noise_at, design.uniform(streams[NOISE], draws))
    drift = trend.drift_at(design.uniform(streams[DRIFT], draws), noise)
    for column, (year, is_needed) in enumerate(steps.items()):
        if is_needed:
            shocks[:, column] = design.values(streams[SHOCK], ndtri, design.uniform(streams[SHOCK], draws, year))
    return {DRIFT: drift, NOISE: noise, SHOCK: shocks}
