"""Sobol' indices from the answers to two matrices of inputs and to those in which one input is swapped.

Estimators of Saltelli, Annoni, Azzini, Campolongo, Ratto & Tarantola, "Variance based sensitivity analysis of model
output", Comput. Phys. Commun. 181 (2010): of the first order Saltelli's, of the total order Jansen's.
"""

import math
from typing import NamedTuple

import numpy as np

from sim.draws.streams import FloatArray


class Indices(NamedTuple):
    """First and total order of some inputs.

    Attributes
    ----------
    value : [order, input].
    error : the standard error of each: [order, input].
    """

    value: FloatArray
    error: FloatArray


def estimated(answers: FloatArray) -> Indices:
    """The indices, and by how much they would scatter with other rows.

    An index is a ratio of two means over rows, of what a row tells of the input and of the squares that make up the
    variance. So its error is that of the mean of the one less the index times the other, over the variance (the delta
    method), which is what resampling the rows comes to, without resampling.

    Parameters
    ----------
    answers : to A, to B, and to A with each input from B, [2 + input, row]; they vary.
    """
    middle, rows = answers[:2].mean(), answers.shape[1]
    of_a, of_b = answers[:2] - middle
    squares = (of_a**2 + of_b**2) / 2
    variance = squares.mean()
    value, error = np.empty((2, 2, len(answers) - 2))
    for place, mixed in enumerate(answers[2:]):
        away = mixed - answers[0]
        for order, told in enumerate((of_b * away, away * away / 2)):
            value[order, place] = told.mean() / variance
            told -= value[order, place] * squares
            error[order, place] = math.sqrt(np.square(told, out=told).sum() / (rows - 1) / rows) / variance
    return Indices(value, error)
