"""The bridge from one set of assumptions to another: the difference of a mean, split input by input.

Each input's part is its Shapley value (Shapley, "A value for n-person games", Contributions to the Theory of Games 2,
1953): what taking it over adds to the mean, averaged over all orders in which the inputs can be taken over. So the
parts add up to the whole, and none hangs on an order. Both sides have the same draws and chance.
"""

import math
from itertools import product

import numpy as np
import pandas as pd

from sim.analysis.differences import Input, Side, inputs
from sim.analysis.merging import merged
from sim.analysis.mixtures import Mixture, Mixtures
from sim.analysis.shapley import shapley_values
from sim.analysis.sides import check, shortened, sides_of
from sim.assumptions.schema import Assumptions
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.results.batches import Batches
from sim.variables import MONEY, TOTAL, VARIABLES

COLUMNS = (
    "step", "input", "from", "to", "from_mean", "to_mean", "contribution", "error", "share", "level", "note",
    "base", "other", "variable", "year", "unit", "draws",
)  # fmt: skip

START, INPUT, END = "start", "input", "end"
"""What a row is: the mean on one side, the part of an input, the mean on the other."""

_SHARED = ("base", "other", "variable", "year", "unit", "draws")
_EMPTY = {"input": "", "from": "", "to": "", "note": ""}

MOST = 7
"""Inputs that are split exactly: their 128 mixtures still go through the model in seconds."""


def bridge(
    base: Assumptions,
    other: Assumptions,
    variable: str = "net_present_value",
    year: int | None = None,
    names: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """The difference of a variable's mean between two sets of assumptions, input by input.

    Parameters
    ----------
    base, other : from `sim.load`; with the same sampling and the same first year. `report.bridge_draws` of the base
        says how many of the draws it takes; with more than five inputs it takes fewer.
    variable : any that both give; all strata and regions together, over the draws in which it is there.
    year : of a variable that has years; None is the first year of the base.
    names : of both sides, for people; None takes their scenarios'.

    Returns
    -------
    A row for the start, one for each input, the largest part first, and one for the end, columns as `COLUMNS`: `from`
    and `to` are the input's values as written, with their means where they are one number; `contribution` its part,
    with its Monte Carlo error and its share of the difference; `level` the mean so far. The note says where inputs were
    merged to make at most seven.

    Raises
    ------
    InputError : when both do not share their draws, or one lacks the variable, or it has no mean.
    """
    when = base.years.first if year is None else year
    check(base, other, variable, when)
    sides = sides_of(base, other, variable)
    kept = merged(inputs(*sides), MOST)
    sides, draws = shortened(sides, 2 ** len(kept))
    batches = Batches.of(base.sampling.method, base.sampling.replicates, len(draws))
    worth = _means(Mixtures(*sides, kept, draws), len(kept), variable, when, batches)
    called, row, unit = names or _names(base, other), VARIABLES[variable], VARIABLES[variable].unit
    return _table(kept, sides, worth, batches).assign(
        base=called[0],
        other=called[1],
        variable=variable,
        year=TOTAL if row.level == "run" else str(when),
        unit=unit if base.market is None else unit.replace(MONEY, base.market.money_unit),
        draws=len(draws),
    )[list(COLUMNS)]


def _names(base: Assumptions, other: Assumptions) -> tuple[str, str]:
    names = base.scenario.name, other.scenario.name
    return names if names[0] != names[1] else ("base", "other")


def _means(mixtures: Mixtures, number: int, variable: str, year: int, batches: Batches) -> FloatArray:
    """The mean of a variable in every mixture, of all draws and then of each batch: [2, …, 2, 1 + batch]."""
    places = list(product((0, 1), repeat=number))
    sets: list[Mixture] = [frozenset(np.flatnonzero(place).tolist()) for place in places]
    answers = mixtures.answers(sets, variable, year)
    means = np.array([[_mean(part, variable) for part in (one, *_split(one, batches))] for one in answers])
    return means.reshape(*[2] * number, -1)


def _split(values: FloatArray, batches: Batches) -> list[FloatArray]:
    """The draws of each batch; none where there are no batches."""
    return [np.asarray(part, dtype=np.float64) for part in batches.split(values)] if batches.number else []


def _mean(values: FloatArray, variable: str) -> float:
    """Over the draws in which it is there."""
    there = values[~np.isnan(values)]
    if not there.size or np.isinf(there).any():
        raise InputError(f"bridge: {variable} has no mean, as it never comes in some draws")
    return float(there.mean())


def _table(found: list[Input], sides: tuple[Side, Side], worth: FloatArray, batches: Batches) -> pd.DataFrame:
    number = len(found)
    first, last = worth[(0,) * number], worth[(1,) * number]
    parts = shapley_values(worth, number)
    total = last[0] - first[0]
    order = sorted(range(number), key=lambda place: -abs(parts[place][0]))
    rows: list[dict[str, object]] = [{**_EMPTY, "step": START, "level": first[0], "error": _error(first, batches)}]
    level = first[0]
    for one, part in ((found[place], parts[place]) for place in order):
        level += part[0]
        rows.append(
            {
                "step": INPUT, "input": one.name, "from": one.before, "to": one.after,
                "from_mean": _value(one, sides[0]), "to_mean": _value(one, sides[1]), "contribution": part[0],
                "error": _error(part, batches), "share": part[0] / total if total else np.nan, "level": level,
                "note": _note(one),
            }
        )  # fmt: skip
    rows.append({**_EMPTY, "step": END, "contribution": total, "error": _error(last, batches), "level": last[0]})
    return pd.DataFrame(rows, columns=[name for name in COLUMNS if name not in _SHARED])


def _note(one: Input) -> str:
    if one.parts > 1:
        return f"{one.parts} inputs, as more than {MOST} are not split"
    return "the same values, correlated otherwise" if one.before == one.after and not one.sections else ""


def _value(one: Input, side: Side) -> float:
    """The mean of an input that is one number of the draw; missing for others."""
    names = [name for name in one.parameters if name in side.parameters]
    if one.sections or len(names) != 1 or side.parameters[names[0]].dims != ("draw",):
        return math.nan
    return float(side.parameters[names[0]].mean())


def _error(means: FloatArray, batches: Batches) -> float:
    """The Monte Carlo error of the first of some numbers, of which the others are the batches'."""
    return float(batches.error(means[1:]))
