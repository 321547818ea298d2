"""Sobol' indices: the share of an answer's variance that each input makes alone, and with all it does with others.

Sobol' (1993). With the model at hand two independent matrices of inputs are asked, and each input in turn is taken from
the other one: Saltelli, Annoni, Azzini, Campolongo, Ratto & Tarantola, "Variance based sensitivity analysis of model
output", Comput. Phys. Commun. 181 (2010), as SciPy computes it. From a finished run only the first order is known.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import sobol_indices

from sim.analysis.sensitivity.blocks import Block, check_varies, for_variance
from sim.analysis.sensitivity.given_data import first_order
from sim.analysis.sensitivity.points import points
from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.surface import Surface
from sim.assumptions.schema import Assumptions
from sim.draws.streams import FloatArray, Stream
from sim.errors import InputError

SOBOL = "sobol"
"""The name of the method, and of its table."""

COLUMNS = (
    "input", "first", "first_low", "first_high", "first_error", "total", "total_low", "total_high", "total_error",
    "draws", "how", "target", "year", "unit",
)  # fmt: skip

ASKED_ANEW, SAMPLED = "two matrices of inputs", "bins of the run's draws"
"""How it was computed: with the model, or from a finished run."""

_RESAMPLES = 500
_AT_ONCE = 2**22  # counts of a resampling that are held together
_SIDES = (2.5, 97.5)  # percentiles of the resampled indices, between which 95 % lie


def sobol(question: Question) -> dict[str, pd.DataFrame]:
    """The table of the Sobol' indices, the largest total first; from a finished run the largest first order.

    Parameters
    ----------
    question : with the model each input and chance is taken from another matrix in turn; without it the run's own
        draws give the first order.

    Returns
    -------
    A row per input, `chance` among them where the model is asked: input; first- and total-order index, each with the
    interval that holds it in 95 of 100 cases and its Monte Carlo error; rows of each matrix or draws of the run; how it
    was computed. Total orders of a finished run are empty. An estimate below 0 is given as 0, and no interval leaves 0
    to 1.

    Raises
    ------
    InputError : when inputs are correlated, rows are no power of two, the target never comes in some rows, or nothing
        is uncertain.
    """
    if question.assumptions is None:
        sample = question.sample.finite(SOBOL)
        check_independent(sample.correlated, SOBOL, "beside a run, without from_run")
        check_varies(sample.answer, sample.target.variable)
        table = first_order(sample).assign(
            total=math.nan, total_low=math.nan, total_high=math.nan, total_error=math.nan, draws=len(sample.answer),
            how=SAMPLED,
        )  # fmt: skip
        order = table["first"]
    else:
        assumptions, rows = question.model(SOBOL), question.asked.rows
        check_power(rows)
        surface = question.surface(SOBOL)
        check_independent(correlated(assumptions, surface.names), SOBOL)
        table = indices(surface, rows, assumptions.sampling.seed, question.target.variable).assign(how=ASKED_ANEW)
        order = table["total"]
    ordered = table.loc[order.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)
    return {SOBOL: ordered.assign(**question.target.marks)[list(COLUMNS)]}


def check_power(rows: int) -> None:
    """Refuse rows that are no power of two, with which Sobol' points are balanced.

    Raises
    ------
    InputError : naming the key and the nearest that is.
    """
    if rows & (rows - 1):
        near = 2 ** round(math.log2(rows))
        raise InputError(f"sensitivity.draws: {rows} is no power of two, which sobol needs; take {near}")


def check_independent(pairs: Sequence[tuple[str, str]], method: str, where: str = "") -> None:
    """Refuse inputs that hang together.

    Parameters
    ----------
    pairs : of correlated inputs.
    method : that takes independent ones.
    where : it has to be asked instead.

    Raises
    ------
    InputError : naming the first pair.
    """
    for one, other in pairs[:1]:
        raise InputError(
            f"correlation: {one} and {other} hang together, and {method} divides the variance among independent inputs "
            f"alone; ask sensitivity=shapley{f' {where}' if where else ''}"
        )


def correlated(assumptions: Assumptions, names: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs among some inputs that hang together."""
    return [pair.between for pair in assumptions.correlation if set(pair.between) <= set(names) and pair.spearman]


def indices(surface: Surface, rows: int, seed: int, variable: str = "the answer") -> pd.DataFrame:
    """First- and total-order indices of every input of a surface, and of chance.

    Parameters
    ----------
    surface : the model; its inputs are independent.
    rows : of each matrix, a power of two.
    seed : of the run.
    variable : the target, for a message.

    Returns
    -------
    A row per input, in the surface's order, with the columns of the table.
    """
    both = points(seed, SOBOL, 2 * surface.width, rows)
    a, b = both[:, : surface.width], both[:, surface.width :]

    def block(number: int) -> Block:
        """A, B, and A with one input after the other from B."""
        place = number - 2
        taken = np.full(rows, number == 1 or place == len(surface.names))
        if number < 2:
            return (a, b)[number], taken
        mixed = a.copy()
        if place < len(surface.names):
            columns = list(surface.columns[place])
            mixed[:, columns] = b[:, columns]
        return mixed, taken

    answers = for_variance(surface, 2 + len(surface.inputs), block, SOBOL, variable)
    return _table(surface.inputs, answers, seed)


def _table(names: Sequence[str], answers: FloatArray, seed: int) -> pd.DataFrame:
    """Estimates by SciPy, and their scatter when rows are drawn again and again; [2 + input, row]."""
    of_a, of_b, rows = answers[:1], answers[1:2], answers.shape[1]
    mixed = np.concatenate([answers[2:], of_a])[:, None]  # and an input that does nothing: SciPy takes no single one
    found = sobol_indices(func={"f_A": of_a, "f_B": of_b, "f_AB": mixed}, n=rows)
    again = resampled(answers, seed)
    table = pd.DataFrame({"input": names, "draws": rows})
    for place, (name, estimate) in enumerate((("first", found.first_order), ("total", found.total_order))):
        low, high = np.percentile(again[:, place], _SIDES, axis=0)
        shown = np.clip(estimate[:-1], 0, 1)
        table[name] = shown
        table[f"{name}_low"], table[f"{name}_high"] = np.clip(low, 0, shown), np.clip(high, shown, 1)
        table[f"{name}_error"] = again[:, place].std(axis=0, ddof=1)
    return table


def resampled(answers: FloatArray, seed: int) -> FloatArray:
    """The indices of rows drawn again with replacement: the bootstrap of Archer, Saltelli & Sobol' (1997).

    Each index is a ratio of means over rows, so that a resampling is a product with how often it has each row. SciPy's
    own takes its random numbers from no seed of ours, and memory with the square of the rows.

    Parameters
    ----------
    answers : to A, to B, and to A with each input from B, [2 + input, row].
    seed : of the run.

    Returns
    -------
    [resampling, 2, input]: first and total order.
    """
    of_a, of_b, mixed = answers[0], answers[1], answers[2:]
    middle = (of_a.mean() + of_b.mean()) / 2
    of_a, of_b, mixed = of_a - middle, of_b - middle, mixed - middle
    alone, together = of_b * (mixed - of_a), np.square(mixed - of_a) / 2
    parts = np.concatenate([alone, together, [(of_a + of_b) / 2, (of_a**2 + of_b**2) / 2]]).T
    rows, inputs = len(of_a), len(mixed)
    high, low = Stream(seed, "sensitivity sobol again").key
    dice = np.random.default_rng(high << 32 | low)
    means = []
    for first in range(0, _RESAMPLES, step := max(1, _AT_ONCE // rows)):
        counts = dice.multinomial(rows, np.full(rows, 1 / rows), size=min(step, _RESAMPLES - first))
        means.append(counts @ parts / rows)
    found = np.concatenate(means)
    variance = found[:, -1] - found[:, -2] ** 2
    return np.asarray((found[:, :-2] / variance[:, None]).reshape(-1, 2, inputs), dtype=np.float64)
