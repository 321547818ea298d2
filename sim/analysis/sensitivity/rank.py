"""Rank correlations: how surely the answer rises or falls with each input.

Spearman's, and the partial one, from which what goes with the other inputs is taken out of input and answer: Iman &
Conover, "The use of the rank transform in regression", Technometrics 21 (1979); Marino, Hogue, Ray & Kirschner, "A
methodology for performing global uncertainty and sensitivity analysis", J. Theor. Biol. 254 (2008). Both need no more
than the draws of a run, and bear an answer that never comes in some of them.
"""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.analysis.sensitivity.blocks import check_varies
from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.sample import Sample
from sim.draws.streams import FloatArray

RANK = "rank"
"""The name of the method, and of its table."""

COLUMNS = (
    "input", "partial", "partial_low", "partial_high", "partial_error", "spearman", "spearman_low", "spearman_high",
    "spearman_error", "draws", "target", "year", "unit",
)  # fmt: skip

_ERRORS = 1.96  # on either side of an estimate: 95 in 100
_HELD_BY_OTHERS = 1e8  # variance inflation from which on an input is what the others are, and has no part of its own
_FLOOR = 1e-12  # of an eigenvalue
_SPARE = 2  # draws of a batch for each rank correlation taken out, below which it says too little
_NEAR_ONE = 1 - 1e-12


def rank(question: Question) -> dict[str, pd.DataFrame]:
    """The table of the rank correlations, the strongest partial one first.

    Parameters
    ----------
    question : the run's own draws answer.

    Returns
    -------
    A row per input: input; its partial rank correlation with the answer, the interval that holds it in 95 of 100 cases,
    and its Monte Carlo error; the same of Spearman's rank correlation; the draws it comes from. The partial one is
    missing for an input that the others determine.

    Raises
    ------
    InputError : when nothing is uncertain, the answer is the same in every draw, or draws are too few.
    """
    sample = question.sample
    check_varies(sample.answer, sample.target.variable)
    table = correlations(sample)
    order = table["partial"].abs().sort_values(ascending=False, kind="stable").index
    return {RANK: table.loc[order].reset_index(drop=True).assign(**question.target.marks)[list(COLUMNS)]}


def correlations(sample: Sample) -> pd.DataFrame:
    """Both rank correlations of every input with the answer, in the order of the sample."""
    found = _both(sample.numbers, sample.answer)
    inputs, draws = len(sample.names), len(sample.answer)
    parts = [_both(sample.numbers[own], sample.answer[own]) for own in _batches(sample)]
    errors = sample.batches.error(np.stack(parts)) if parts else np.full_like(found, math.nan)
    table = pd.DataFrame({"input": sample.names, "draws": draws})
    for name, place, taken_out in (("partial", 0, inputs - 1), ("spearman", 1, 0)):
        low, high = _interval(found[place], errors[place], draws - 3 - taken_out)
        table[name], table[f"{name}_low"], table[f"{name}_high"] = found[place], low, high
        table[f"{name}_error"] = errors[place]
    return table


def _batches(sample: Sample) -> list[NDArray[np.intp]]:
    """The draws of each batch; none where batches are unknown or too small."""
    owns = [np.flatnonzero(sample.batch == one) for one in range(sample.batches.number)]
    return owns if all(len(own) >= _SPARE * (len(sample.names) + 1) for own in owns) else []


def _both(numbers: FloatArray, answer: FloatArray) -> FloatArray:
    """Partial and plain: [2, input]; 0 for what does not move in these draws."""
    from scipy.stats import rankdata

    ranks = rankdata(np.column_stack([numbers, answer]), axis=0)
    moves = np.ptp(ranks, axis=0) > 0
    if not moves[-1]:
        return np.zeros((2, numbers.shape[1]))
    matrix = np.eye(len(moves))
    matrix[np.ix_(moves, moves)] = np.atleast_2d(np.corrcoef(ranks[:, moves], rowvar=False))
    inverse = _inverse_of(matrix)
    inflation = np.diag(inverse)
    partial = -inverse[:-1, -1] / np.sqrt(inflation[:-1] * inflation[-1])
    held = np.diag(_inverse_of(matrix[:-1, :-1])) > _HELD_BY_OTHERS
    return np.stack([np.where(held, math.nan, partial), matrix[:-1, -1]])


def _inverse_of(matrix: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors / np.maximum(values, _FLOOR)) @ vectors.T, dtype=np.float64)


def _interval(found: FloatArray, errors: FloatArray, freedom: int) -> tuple[FloatArray, FloatArray]:
    """95 % by Fisher's transform, which keeps it between -1 and 1; where errors are unknown as of independent draws."""
    inside = np.clip(found, -_NEAR_ONE, _NEAR_ONE)
    own = 1 / math.sqrt(freedom) if freedom > 0 else math.inf
    width = _ERRORS * np.where(np.isnan(errors), own, errors / (1 - inside**2))
    middle = np.arctanh(inside)
    return np.tanh(middle - width), np.tanh(middle + width)
