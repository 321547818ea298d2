"""The peaks of net sales by draw, and how likely one is above what; free of pictures."""

import numpy as np
from numpy.typing import NDArray

from sim.results.run import Results
from sim.variables import IF_APPROVED
from sim.views.causes import whole_percent
from sim.views.estimates import Estimate
from sim.views.market_facts import AS_IT_IS, IF_WON, market_of, money_text

FloatArray = NDArray[np.float64]

_STEPS = (5.0, 2.0, 1.0)  # of round numbers


def exceedance_message(results: Results) -> str:
    """`Net sales peak above 50 M USD of 2008 with 78 % if approved, with 63 % risk-adjusted`."""
    market = market_of(results)
    assert market is not None
    won, plain = peaks_of(results)
    threshold = threshold_of(won)
    shares = [whole_percent(float(exceeded(peaks, np.array([threshold]))[0])) for peaks in (won, plain)]
    amount = money_text(Estimate(threshold, 0), coarse=True)
    return f"Net sales peak above {amount} {market.money} with {shares[0]} {IF_WON}, with {shares[1]} {AS_IT_IS}"


def peaks_of(results: Results) -> tuple[FloatArray, FloatArray]:
    """Peak net sales, money per year: if approved, of every draw that reads out; and of every draw as it is.

    Raises
    ------
    InputError : when the run kept no draws.
    """
    names = (f"peak_sales{IF_APPROVED}", "peak_sales")
    won, plain = (results.draws[name].to_numpy().astype(np.float64) for name in names)
    return won[np.isfinite(won)], plain


def exceeded(values: FloatArray, places: FloatArray) -> FloatArray:
    """The share of the values above each place: [place]; 0 where there are none."""
    ordered = np.sort(values)
    above = len(ordered) - np.searchsorted(ordered, places, side="right")
    return np.asarray(above / max(len(ordered), 1), dtype=np.float64)


def threshold_of(peaks: FloatArray) -> float:
    """A round number, 1, 2 or 5 with zeros, at most the median; 0 where that is none."""
    median = float(np.median(peaks)) if len(peaks) else 0.0
    if median <= 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(median))
    return float(next(step for step in _STEPS if step * power <= median) * power)
