"""What money over the years comes to: tax, break-even, the largest need of cash, the peak."""

import numpy as np
from numpy.typing import NDArray

from sim.draws.streams import FloatArray

BoolArray = NDArray[np.bool_]

_TIE = 1e-12
"""Relative difference below which two years have the same sales, so that rounding moves no peak."""


def tax(profit: FloatArray, rate: FloatArray | float) -> FloatArray:
    """Tax on profit, losses being carried forward without limit.

    What has been taxed in all is the highest that the profit has ever come to.

    Parameters
    ----------
    profit : before tax, money a year, [year] or [draw, year].
    rate : of tax, one number or [draw].

    Returns
    -------
    In the shape of the profit, money a year, never below 0.
    """
    taxed = np.maximum.accumulate(np.maximum(np.cumsum(profit, axis=-1), 0.0), axis=-1)
    return np.asarray(rate, dtype=np.float64)[..., None] * np.diff(taxed, axis=-1, prepend=0.0)


def break_even_year(cash_flow: FloatArray, years: FloatArray) -> FloatArray:
    """The first year that ends with what was spent earned back.

    Parameters
    ----------
    cash_flow : money a year, [year] or [draw, year].
    years : calendar years, [year].

    Returns
    -------
    [draw]: the year in which the sum so far first turns from below 0 to 0 or more; where it was never below 0, the
    first year with a positive flow; infinite where there is none.
    """
    total = np.cumsum(cash_flow, axis=-1)
    short = total < 0
    before = np.concatenate([np.zeros_like(short[..., :1]), short[..., :-1]], axis=-1)
    earned = np.where(short.any(axis=-1, keepdims=True), before & ~short, cash_flow > 0)
    return np.where(earned.any(axis=-1), years[earned.argmax(axis=-1)], np.inf)


def largest_need(cash_flow: FloatArray) -> FloatArray:
    """The most money that is out at the end of any year: [draw], 0 where there is never less than nothing.

    Parameters
    ----------
    cash_flow : money a year, [year] or [draw, year].
    """
    lowest: FloatArray = np.cumsum(cash_flow, axis=-1).min(axis=-1)
    return np.maximum(-lowest, 0.0)


def peak(sales: FloatArray, years: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """The highest sales of a year, and when.

    Parameters
    ----------
    sales : money a year, at least 0, [year] or [draw, year].
    years : calendar years, [year].

    Returns
    -------
    The peak; its first year, missing where nothing is ever sold; and whether that is the last of the years, so that
    the peak may be cut off: [draw] each.
    """
    highest: FloatArray = sales.max(axis=-1)
    first = (sales >= highest[..., None] * (1.0 - _TIE)).argmax(axis=-1)
    sold = highest > 0
    return highest, np.where(sold, years[first], np.nan), sold & (first == len(years) - 1)
