"""What a year's money is worth at the date of valuation."""

from typing import Literal

import numpy as np

from sim.draws.streams import FloatArray

Timing = Literal["mid-year", "end-year"]
"""Whether a year's money comes in its middle or at its end."""


def factors(years: FloatArray, rate: FloatArray | float, valuation: float, timing: Timing) -> FloatArray:
    """Worth at the date of valuation of a unit of money in each calendar year.

    Parameters
    ----------
    years : calendar years, [year].
    rate : of discount a year, above -1, one number or [draw].
    valuation : decimal year.
    timing : "mid-year" is the middle of the part of the year after that date, "end-year" the end of the year.

    Returns
    -------
    [year] or [draw, year]; 0 before the date of valuation.
    """
    part, left = part_after(years, valuation), years + 1.0 - valuation
    due = left - (part / 2.0 if timing == "mid-year" else 0.0)
    growth = 1.0 + np.asarray(rate, dtype=np.float64)[..., None]
    worth: FloatArray = (part > 0) * growth ** -np.maximum(due, 0.0)
    return worth


def part_after(years: FloatArray, valuation: float) -> FloatArray:
    """The part of each calendar year that lies after the date of valuation, a decimal year: [year], from 0 to 1."""
    return np.clip(years + 1.0 - valuation, 0.0, 1.0)
