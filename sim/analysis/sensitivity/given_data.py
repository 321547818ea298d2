"""First-order indices from the draws of a run: which share of the variance goes with an input's value alone.

The correlation ratio of Pearson (1905), by bins of equal count with a straight line in each; see Plischke, Borgonovo &
Smith, "Global sensitivity measures from given data", Eur. J. Oper. Res. 226 (2013). What a fit makes of noise is kept
out by multiplying fits of different batches alone, which are independent: the usual correction for the numbers fitted
would take draws for independent, which those of a design are not.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.analysis.sensitivity.sample import Sample
from sim.draws.streams import FloatArray
from sim.errors import InputError

FEWEST = 128
"""Draws of a run below which its bins say nothing."""

_IN_BIN = 16  # draws at least, of each batch
_MOST_BINS = 32
_FEW = 12  # different values, up to which an input is taken value by value
_PARTS = 8  # of a run without batches, which are not quite independent then
_ERRORS = 1.96  # on either side of an estimate: 95 in 100


def first_order(sample: Sample) -> pd.DataFrame:
    """The first-order index of every input, in the order of the sample.

    Returns
    -------
    A row per input: input, first, first_low, first_high, first_error. An estimate below 0 is given as 0; interval and
    error are from the batches of the run, empty where it has none.

    Raises
    ------
    InputError : when there are fewer draws than bins need.
    """
    if len(sample.answer) < FEWEST:
        raise InputError(
            f"sampling.draws: {len(sample.answer)} draws are below {FEWEST}, which sobol needs of a finished run"
        )
    parts = sample.batches.number or _PARTS
    batch = sample.batch if sample.batches.number else np.arange(len(sample.answer)) % parts
    shares = np.stack([shares_by_batch(values, sample.answer, batch, parts) for values in sample.numbers.T], axis=1)
    found, errors = shares.mean(axis=0), sample.batches.error(shares)
    first = np.clip(found, 0, 1)
    return pd.DataFrame(
        {
            "input": sample.names,
            "first": first,
            "first_low": np.clip(first - _ERRORS * errors, 0, 1),
            "first_high": np.clip(first + _ERRORS * errors, 0, 1),
            "first_error": errors,
        }
    )


def shares_by_batch(values: FloatArray, answer: FloatArray, batch: NDArray[np.int64], parts: int) -> FloatArray:
    """The share of an answer's variance that its mean given an input makes, as each batch sees it.

    Parameters
    ----------
    values : of the input, [draw]; of few different ones each is a bin, without a line.
    answer : [draw].
    batch : of each draw, [draw].
    parts : batches there are.

    Returns
    -------
    [batch]: the jackknife's pseudo-values, whose mean is the estimate; by chance a little below 0 where the share is 0.
    """
    fits = _fits(values, (answer - answer.mean()) / (answer.std() or 1.0), batch, parts)
    products = fits @ fits.T
    together, own = products.sum(), np.diag(products)
    whole = (together - own.sum()) / (parts * (parts - 1))
    without = together - 2 * products.sum(axis=1) + own - (own.sum() - own)
    return np.asarray(parts * whole - (parts - 1) * without / ((parts - 1) * (parts - 2)), dtype=np.float64)


def _fits(values: FloatArray, answer: FloatArray, batch: NDArray[np.int64], parts: int) -> FloatArray:
    """Mean and slope of every batch in every bin, so that the product of two fits is their covariance: [batch, number].

    A batch without a draw in a bin has the mean of all there, and no slope.
    """
    bins, has_lines = _bins(values, parts)
    number = int(bins.max()) + 1
    counts = np.bincount(bins, minlength=number)
    apart = values - (np.bincount(bins, values) / counts)[bins]
    size = np.sqrt(np.bincount(bins, apart**2) / counts)[bins]
    line = np.divide(apart, size, out=np.zeros_like(apart), where=(size > 0) & has_lines)

    def summed(what: FloatArray) -> FloatArray:
        found = np.bincount(batch * number + bins, what, minlength=parts * number)
        return np.asarray(found.reshape(parts, number), dtype=np.float64)

    drawn = np.maximum(summed(np.ones_like(answer)), 1)
    mean, middle = summed(answer) / drawn, summed(line) / drawn
    width = summed(line**2) / drawn - middle**2
    slope = np.divide(summed(line * answer) / drawn - middle * mean, width, out=np.zeros_like(width), where=width > 0)
    weight = counts / len(values)
    level = mean - slope * middle
    level -= (level @ weight)[:, None]
    return np.concatenate([level, slope], axis=1) * np.sqrt(np.tile(weight, 2))


def _bins(values: FloatArray, parts: int) -> tuple[NDArray[np.int64], bool]:
    """The bin of each draw, and whether there is a line in each."""
    different, of_value = np.unique(values, return_inverse=True)
    if len(different) <= _FEW:
        return np.asarray(of_value.ravel(), dtype=np.int64), False
    number = min(max(len(values) // (parts * _IN_BIN), 1), _MOST_BINS)
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return np.asarray(ranks * number // len(values), dtype=np.int64), True
