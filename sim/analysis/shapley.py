"""Shapley effects: what each of several independent groups of inputs contributes to a variance; and Shapley values.

Owen, "Sobol' indices and Shapley value", SIAM/ASA J. Uncertainty Quantification 2 (2014); Song, Nelson & Staum, ibid. 4
(2016). With variance components s_W of an answer, one for every set W of groups, the effect of group i is the sum of
s_W / |W| over the sets with i in them: what groups do only together is shared equally among them.
"""

from itertools import product
from math import comb

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def shapley_effects(answers: FloatArray) -> FloatArray:
    """Unbiased estimates of the Shapley effects, one from each draw.

    A draw holds two independent values of every group, A and B, and the answers to all their combinations. The contrast
    d_U of a set U of groups is the mean of the answers, each with a minus sign for every group of U taken from B. Its
    mean square is the sum of s_W / 2^|W| over the sets W that contain U, so that

        effect of i  =  sum over the sets U of odd size with i in them of  2 / |U| · mean of d_U²,

    for of W's subsets with i in them those of odd size u number C(|W|-1, u-1), and 2/u · C(|W|-1, u-1) adds up over odd
    u to 2^|W| / |W|. It is the Shapley value of v(S) = Cov(answer to A, answer to A in S and B elsewhere), each v(S)
    averaged over all pairs of answers that have just S in common; being a sum of squares it is never negative.

    Parameters
    ----------
    answers : [2, …, 2, draw], an axis per group: 0 takes it from A, 1 from B.

    Returns
    -------
    [group, draw], in the square of the answers' unit. A draw's effects add up to the mean of (y - y')² / 2 over pairs
    of answers with no group in common, whose expectation is the variance. A group that moves no answer has exactly 0.
    """
    groups = answers.ndim - 1
    contrasts = answers - answers.mean()  # a shift changes no contrast; without it digits are lost
    for axis in range(groups):
        a, b = np.moveaxis(contrasts, axis, 0)
        contrasts = np.stack([(a + b) / 2, (a - b) / 2], axis=axis)
    effects = np.zeros((groups, answers.shape[-1]))
    for members in np.ndindex(*answers.shape[:-1]):
        size = sum(members)
        if size % 2:
            effects[np.flatnonzero(members)] += 2 / size * np.square(contrasts[members])
    return effects


def shapley_values(worth: FloatArray, number: int) -> FloatArray:
    """What each of several inputs adds to a worth, on average over all orders of adding them.

    Parameters
    ----------
    worth : [2, …, 2, …], an axis per input: 0 without it, 1 with it; further axes are worths of their own.
    number : of inputs.

    Returns
    -------
    [input, …]. They add up to the worth with all less the worth with none.
    """
    values = np.zeros((number, *worth.shape[number:]))
    for place in range(number):
        without, along = np.moveaxis(worth, place, 0)
        gains = along - without
        for members in product((0, 1), repeat=number - 1):
            values[place] += gains[members] / (number * comb(number - 1, sum(members)))
    return values
