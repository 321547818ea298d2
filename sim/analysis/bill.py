"""The uncertainty bill: which group of inputs makes how much of the headline's variance."""

import math
from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd

from sim.analysis.groups import (
    CHANCE,
    GROUPS,
    Mixed,
    Remembered,
    between_studies,
    groups_of,
    uncertain_groups,
)
from sim.analysis.shapley import FloatArray, shapley_effects
from sim.assumptions.schema import Assumptions
from sim.draws.designs import LatinHypercube
from sim.draws.parameters import sample
from sim.draws.streams import Stream
from sim.model.chain import populations
from sim.model.cohort import Expected, WholePatients
from sim.results.batches import Batches
from sim.results.totals import headline_total
from sim.variables import HEADLINE

COLUMNS = ("group", "share", "error", "low", "high", "variance", "note")

CERTAIN = "does not vary here"
"""The note of a group that nothing is drawn for."""

LEFT_OUT = "left out of this run"
"""The note of chance where patients are expected numbers."""

_Share = tuple[float, float]
_NOTHING: _Share = (0.0, 0.0)
_UNKNOWN: _Share = (math.nan, math.nan)

_REPLICATES = 8
"""Independent randomisations, whose scatter is the error of the shares."""

_ERRORS = 2
"""Errors from a share to either end of its interval, which holds the truth in 95 cases of 100."""


def uncertainty_bill(assumptions: Assumptions, variance: float) -> pd.DataFrame:
    """Shapley shares of the variance of the headline, in its first year and all strata together.

    Parameters
    ----------
    assumptions : what is assumed; `report.uncertainty_draws` says how many draws the shares take.
    variance : what is divided: the headline's variance in the run, in patients².

    Returns
    -------
    A row per group: group; share (they add up to 1), its Monte Carlo error, and low and high, two errors below and
    above it; variance, the group's part of it; note. No row where nothing varies. Where a correlation joins quantities
    of different groups the numbers are empty and the note says why.

    Raises
    ------
    InputError : when the draws cannot be made.
    """
    assumptions = assumptions.without("trial", "market")  # which no patient hangs on
    between = between_studies(assumptions)
    if crossing := _crossing(assumptions, between):
        note = f"the correlation of {crossing} joins two groups"
        return _table(dict.fromkeys(GROUPS, _UNKNOWN), dict.fromkeys(GROUPS, note), variance)
    years = assumptions.years.model_copy(update={"last": assumptions.years.first})
    first_year = assumptions.model_copy(update={"years": years})
    groups = uncertain_groups(first_year, between)
    effects = shapley_effects(_answers(first_year, groups, between)) if groups else np.zeros((0, 1))
    if not effects.any():
        return pd.DataFrame(columns=list(COLUMNS))
    shares = dict.fromkeys(GROUPS, _NOTHING) | dict(zip(groups, _shares(effects), strict=True))
    absent = {group: LEFT_OUT if group == CHANCE else CERTAIN for group in GROUPS if group not in groups}
    return _table(shares, dict.fromkeys(GROUPS, "") | absent, variance)


def _crossing(assumptions: Assumptions, between: Mapping[str, float]) -> str:
    """The first correlated pair of quantities that do not lie in one group, in words; else nothing."""
    for pair in assumptions.correlation:
        if len(set().union(*(groups_of(name, between) for name in pair.between))) > 1:
            return " and ".join(pair.between)
    return ""


def _answers(assumptions: Assumptions, groups: tuple[str, ...], between: Mapping[str, float]) -> FloatArray:
    """The headline for every mixture of two independent sets of random numbers: [2, …, 2, draw], patients per year."""
    seeds = [_seed(assumptions.sampling.seed, side) for side in "AB"]
    draws = range(assumptions.report.uncertainty_draws)
    a, b = (Remembered(LatinHypercube(seed, len(draws), _REPLICATES)) for seed in seeds)
    chances = [WholePatients(seed, draws) for seed in seeds] if CHANCE in groups else [Expected()]
    drawn = [group for group in groups if group != CHANCE]  # chance is the last of them
    answers = np.empty((*[2] * len(drawn), len(chances), len(draws)))
    for place in product((0, 1), repeat=len(drawn)):
        from_b = frozenset(group for group, side in zip(drawn, place, strict=True) if side)
        parameters = sample(assumptions, draws, Mixed(a, b, from_b, between))
        for side, chance in enumerate(chances):
            counted = populations(assumptions, parameters, chance)
            answers[(*place, side)] = headline_total(counted[HEADLINE]).to_numpy()[:, 0]
    return answers.reshape(*[2] * len(groups), len(draws))


def _seed(seed: int, side: str) -> int:
    """The seed of one of the two sets, which shares no stream with the run."""
    high, low = Stream(seed, f"uncertainty bill {side}").key
    return high << 32 | low


def _shares(effects: FloatArray) -> list[_Share]:
    """The share and its error, to first order that of a ratio of means, of effects by draw, [group, draw]."""
    batches = Batches(_REPLICATES)
    by_batch = np.stack([part.mean(axis=0) for part in batches.split(effects.T)])
    total = by_batch.sum(axis=1, keepdims=True)
    shares = by_batch.mean(axis=0) / total.mean()
    errors = batches.error((by_batch - shares * total) / total.mean())
    return list(zip(shares.tolist(), errors.tolist(), strict=True))


def _table(shares: Mapping[str, _Share], notes: Mapping[str, str], variance: float) -> pd.DataFrame:
    rows = []
    for group, (share, error) in shares.items():
        low, high = np.clip((share - _ERRORS * error, share + _ERRORS * error), 0, 1).tolist()
        rows.append((group, share, error, low, high, share * variance, notes[group]))
    return pd.DataFrame(rows, columns=list(COLUMNS))
