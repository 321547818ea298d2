"""The tornado: what each input alone does to the answer, from one of its percentiles to another.

With the model at hand every input is moved alone while the others stand at their medians or means, chance left out; a
probability is the mean over rows of chance, the same for every bar. Correlated inputs are moved alone all the same.
From a finished run it is the mean of the answer given the input, read at the same percentiles.
"""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from sim.analysis.sensitivity.blocks import in_blocks
from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.sample import Sample
from sim.analysis.sensitivity.smooth import conditional_mean
from sim.analysis.sensitivity.sobol import correlated
from sim.analysis.sensitivity.surface import Surface
from sim.assumptions.distributions import Distribution
from sim.assumptions.schema import Assumptions
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.variables import VARIABLES

TORNADO = "tornado"
"""The name of the method, and of its table."""

COLUMNS = (
    "input", "low_percentile", "high_percentile", "low_value", "high_value", "base_value", "low_answer", "high_answer",
    "base_answer", "swing", "error", "how", "target", "year", "unit",
)  # fmt: skip

ALONE = {"median": "others at their medians", "mean": "others at their means"}
"""How the model was asked, by where the inputs stand that are not moved."""

SAMPLED = "mean of the draws given the input"
"""How a finished run was asked."""

APART, ALONG = ", correlated ones too", ", with what is correlated with it"
"""What is added to it where inputs are correlated: with the model, and of a finished run."""

_EDGE = 1e-9  # the means of all families lie well within
_FEWEST_ROWS = 2  # of chance, below which nothing has a scatter


def tornado(question: Question) -> dict[str, pd.DataFrame]:
    """The table of the tornado, the widest bar first.

    Parameters
    ----------
    question : with the model one input at a time is moved; without it the run's own draws answer.

    Returns
    -------
    A row per input: input; the percentiles it is moved between, and its values there and at the base; the answers there
    and at the base; swing, the distance of the two; the Monte Carlo error of the swing; how it was asked.

    Raises
    ------
    InputError : when nothing is uncertain or the target never comes in some draws.
    """
    asked = question.asked
    if question.assumptions is None:
        sample = question.sample.finite(TORNADO)
        table = from_sample(sample, asked.percentiles)
        table["how"] = SAMPLED + (ALONG if sample.correlated else "")
    else:
        assumptions, surface = question.model(TORNADO), question.surface(TORNADO)
        rows = asked.rows if VARIABLES[question.target.variable].only_mean else 0
        middle = at_base(assumptions, asked.base)
        with np.errstate(invalid="ignore"):  # what never comes at both ends is refused below
            table = one_at_a_time(surface, asked.percentiles, middle, rows)
        _check_coming(table, question.target.variable)
        values = [[value_at(assumptions, name, level / 100) for name in table["input"]] for level in asked.percentiles]
        table["low_value"], table["high_value"] = values
        table["base_value"] = [value_at(assumptions, name, middle(name)) for name in table["input"]]
        table["how"] = ALONE[asked.base] + (APART if correlated(assumptions, surface.names) else "")
    if not table["swing"].any():
        raise InputError(
            f"sensitivity.target: no input alone moves {question.target.variable}; there is nothing to show"
        )
    order = table["swing"].abs().sort_values(ascending=False, kind="stable").index
    return {TORNADO: table.loc[order].reset_index(drop=True).assign(**question.target.marks)[list(COLUMNS)]}


def one_at_a_time(
    surface: Surface,
    percentiles: tuple[float, float],
    base: Callable[[str], float] = lambda _: 0.5,
    rows: int = 0,
) -> pd.DataFrame:
    """Each input of a surface moved alone.

    Parameters
    ----------
    surface : the model.
    percentiles : from which to which.
    base : where each input stands that is not moved, as a uniform number.
    rows : of chance that each answer is the mean of, the same for all; 0 leaves chance out.

    Returns
    -------
    A row per input, in the surface's order; values are not known here.
    """
    low, high = (level / 100 for level in percentiles)
    middle = np.empty(surface.width)
    for name, columns in zip(surface.names, surface.columns, strict=True):
        middle[list(columns)] = base(name)
    places = np.tile(middle, (1 + 2 * len(surface.names), 1))
    for number, columns in enumerate(surface.columns):
        places[1 + 2 * number, list(columns)] = low
        places[2 + 2 * number, list(columns)] = high
    answers, errors = _answers(surface, places, rows)
    ends = answers[1:].reshape(-1, 2)
    return pd.DataFrame(
        {
            "input": surface.names,
            "low_percentile": percentiles[0],
            "high_percentile": percentiles[1],
            "low_answer": ends[:, 0],
            "high_answer": ends[:, 1],
            "base_answer": answers[0],
            "swing": ends[:, 1] - ends[:, 0],
            "error": errors,
        }
    )


def _answers(surface: Surface, places: FloatArray, rows: int) -> tuple[FloatArray, FloatArray]:
    """The answer at each place, [place], and the error of the distance between the ends of each input, [input]."""
    if not (rows and surface.has_chance):
        return surface.at(places, None), np.zeros(len(places) // 2)
    first, values = np.zeros(rows, dtype=bool), surface.values(places)
    found = in_blocks(surface, len(places), lambda place: (np.tile(values[place], (rows, 1)), first))
    there = ~np.isnan(found).any(axis=0)  # the same rows everywhere, so that what differs is the input alone
    kept = found[:, there]
    apart = kept[2::2] - kept[1::2]
    if kept.shape[1] < _FEWEST_ROWS:
        return np.full(len(places), math.nan), np.full(len(apart), math.nan)
    return kept.mean(axis=1), apart.std(axis=1, ddof=1) / math.sqrt(kept.shape[1])


def _check_coming(table: pd.DataFrame, variable: str) -> None:
    """Refuse a target that never comes at the end of some bar.

    Raises
    ------
    InputError : naming the target and the input.
    """
    ends = table[["low_answer", "high_answer", "base_answer"]].to_numpy()
    lost = table[~np.isfinite(ends).all(axis=1)]
    if len(lost):
        raise InputError(
            f"sensitivity.target: {variable} never comes where {lost['input'].iloc[0]} is moved, so that no bar can be "
            "drawn; ask about a probability, or sensitivity=rank"
        )


def from_sample(sample: Sample, percentiles: tuple[float, float]) -> pd.DataFrame:
    """The mean of the answer given each input, read at two of its percentiles and compared with the mean of all.

    Returns
    -------
    A row per input, in the order of the sample.
    """
    rows = []
    for place, name in enumerate(sample.names):
        values = sample.numbers[:, place]
        ends = np.percentile(values, percentiles, method="nearest")
        found = conditional_mean(values, sample.answer, ends)
        swings = np.array([np.diff(conditional_mean(*part, ends))[0] for part in _parts(sample, place)])
        rows.append(
            {
                "input": name,
                "low_percentile": percentiles[0],
                "high_percentile": percentiles[1],
                "low_value": ends[0],
                "high_value": ends[1],
                "base_value": np.median(values),
                "low_answer": found[0],
                "high_answer": found[1],
                "base_answer": sample.answer.mean(),
                "swing": found[1] - found[0],
                "error": float(sample.batches.error(swings)) if len(swings) else math.nan,
            }
        )
    return pd.DataFrame(rows)


def _parts(sample: Sample, place: int) -> list[tuple[FloatArray, FloatArray]]:
    """One input and the answer in each batch; none where there are no batches."""
    batches = range(sample.batches.number)
    return [(sample.numbers[sample.batch == one, place], sample.answer[sample.batch == one]) for one in batches]


def value_at(assumptions: Assumptions, name: str, level: float) -> float:
    """The value of a quantity at a uniform number; missing for what is no plain number."""
    found = _distribution(assumptions, name)
    return math.nan if found is None else float(found.ppf(np.array([level]))[0])


def at_base(assumptions: Assumptions, base: str) -> Callable[[str], float]:
    """Input → the uniform number at which it stands when it is not moved: that of its median, or of its mean."""
    from scipy.optimize import brentq

    def place(name: str) -> float:
        found = _distribution(assumptions, name)
        if base == "median" or found is None:
            return 0.5
        low, high = found.ppf(np.array([_EDGE, 1 - _EDGE]))
        if not low < found.mean < high:
            return 0.5
        return float(brentq(lambda u: float(found.ppf(np.array([u]))[0]) - found.mean, _EDGE, 1 - _EDGE, xtol=1e-12))

    return place


def _distribution(assumptions: Assumptions, name: str) -> Distribution | None:
    leaf = assumptions.leaves.get(name)
    return None if leaf is None else leaf.distribution
