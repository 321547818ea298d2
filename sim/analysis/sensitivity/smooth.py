"""The mean of an answer given one input, from draws."""

import numpy as np

from sim.draws.streams import FloatArray

_KNOTS = 4  # pieces of the curve; a cubic in each
_DEGREE = 3
_FEW = 12  # different values, up to which an input is taken value by value


def conditional_mean(values: FloatArray, answer: FloatArray, at: FloatArray) -> FloatArray:
    """A least-squares cubic spline of the answer on the input's ranks, read at some values.

    Parameters
    ----------
    values : of the input, [draw]; of few different ones the mean of the draws with each is taken.
    answer : [draw].
    at : where it is read, [place].

    Returns
    -------
    [place], in the answer's unit.
    """
    different = np.unique(values)
    if len(different) <= _FEW:
        nearest = different[np.abs(different[None, :] - at[:, None]).argmin(axis=1)]
        return np.array([answer[values == value].mean() for value in nearest])
    order = np.sort(values)
    ranks, places = (np.searchsorted(order, x, side="right") / len(order) for x in (values, at))
    coefficients = np.linalg.lstsq(_basis(ranks), answer, rcond=None)[0]
    return np.asarray(_basis(places) @ coefficients, dtype=np.float64)


def _basis(ranks: FloatArray) -> FloatArray:
    """Truncated powers of ranks between 0 and 1: [place, function]."""
    powers = [ranks**power for power in range(_DEGREE + 1)]
    knots = np.arange(1, _KNOTS) / _KNOTS
    return np.stack([*powers, *(np.clip(ranks - knot, 0, None) ** _DEGREE for knot in knots)], axis=1)
