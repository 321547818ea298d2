"""Sobol' indices: the share of an answer's variance that each input makes alone, and with all it does with others.

Sobol' (1993). With the model at hand two independent matrices of inputs are asked, and each input in turn is taken from
the other one (`estimates.py`). From a finished run only the first order is known.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sim.analysis.sensitivity.blocks import Block, check_varies, checked, for_variance
from sim.analysis.sensitivity.estimates import estimated
from sim.analysis.sensitivity.given_data import first_order
from sim.analysis.sensitivity.points import points
from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.surface import Surface
from sim.assumptions.schema import Assumptions
from sim.draws.streams import FloatArray
from sim.errors import InputError

SOBOL = "sobol"
"""The name of the method, and of its table."""

COLUMNS = (
    "input", "first", "first_low", "first_high", "first_error", "total", "total_low", "total_high", "total_error",
    "draws", "how", "target", "year", "unit",
)  # fmt: skip

ASKED_ANEW, SAMPLED = "two matrices of inputs", "bins of the run's draws"
"""How it was computed: with the model, or from a finished run."""

_ERRORS = 1.96  # on either side of an estimate: 95 in 100


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
        by = "first"
    else:
        assumptions, rows = question.model(SOBOL), question.asked.rows
        check_power(rows)
        surface = question.surface(SOBOL)
        check_independent(correlated(assumptions, surface.names), SOBOL)
        table = indices(surface, rows, assumptions.sampling.seed, question.target.variable).assign(how=ASKED_ANEW)
        by = "total"
    ordered = table.sort_values(by, ascending=False, kind="stable", ignore_index=True)
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
    a, b = matrices(surface, points(seed, SOBOL, 2 * surface.width, rows))
    return _table(surface.inputs, _answers(surface, a, b, variable))


def matrices(surface: Surface, uniforms: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two matrices of values, [row, column] each, of which a column of the second has the values of the first's.

    Every column of points has one number in each of as many slices as there are rows. So the value of a slice may stand
    for the other number in it, and quantiles are paid once: replicated designs (McKay, NUREG/CR-6311, 1995; Tissot &
    Prieur, J. Stat. Comput. Simul. 85, 2015). The second's points only say in which order; the error of an index is the
    same, as a test prints.

    Parameters
    ----------
    surface : with the quantiles.
    uniforms : points for both, [row, 2 columns], which values take the place of.
    """
    rows, width = len(uniforms), surface.width
    for column in range(width):
        own, other = uniforms[:, column], uniforms[:, width + column]
        slices, others = ((one * rows).astype(np.intp) for one in (own, other))
        own[:] = surface.quantile(column, own)
        of_slice = own.copy()
        of_slice[slices] = own
        of_slice.take(others, out=other, mode="clip")
    return uniforms[:, :width], uniforms[:, width:]


def _answers(surface: Surface, a: FloatArray, b: FloatArray, variable: str) -> FloatArray:
    """The answers to A, to B, and to A with one input after the other from B: [2 + input, row]."""
    if surface.swaps is not None:
        return checked(surface.swaps(a, b), SOBOL, variable)

    def block(number: int) -> Block:
        place = number - 2
        taken = np.full(len(a), number == 1 or place == len(surface.names))
        if number < 2:
            return (a, b)[number], taken
        mixed = a.copy(order="K")
        for column in surface.columns[place] if place < len(surface.names) else ():
            mixed[:, column] = b[:, column]
        return mixed, taken

    return for_variance(surface, 2 + len(surface.inputs), block, SOBOL, variable)


def _table(names: Sequence[str], answers: FloatArray) -> pd.DataFrame:
    """A row per input, from the answers, [2 + input, row]."""
    found = estimated(answers)
    columns: dict[str, Any] = {"input": names, "draws": answers.shape[1]}
    for name, value, error in zip(("first", "total"), *found, strict=True):
        shown = np.clip(value, 0, 1)
        columns[name] = shown
        columns[f"{name}_low"] = np.clip(value - _ERRORS * error, 0, shown)
        columns[f"{name}_high"] = np.clip(value + _ERRORS * error, shown, 1)
        columns[f"{name}_error"] = error
    return pd.DataFrame(columns)
