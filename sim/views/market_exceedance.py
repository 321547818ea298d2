"""How likely net sales peak above what: if approved, and with failures counted."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from sim.results.run import Results
from sim.views.causes import whole_percent
from sim.views.market_facts import AS_IT_IS, IF_WON, MILLION, market_of
from sim.views.market_peaks import exceedance_message, exceeded, peaks_of, threshold_of
from sim.views.style import BLUE, QUIET, RED, Border, look, panel, plain_numbers, run_sheet

FloatArray = NDArray[np.float64]

_UPPER, _LOWER = 0.5, 0.3  # of a curve's height, where its name stands
_TAIL = 0.001  # of the draws that the curve leaves outside, at the high end
_POINTS = 400  # places along the axis


def exceedance(results: Results) -> Figure:
    """P(peak net sales > x) over x: one curve if approved, one risk-adjusted."""
    market = market_of(results)
    assert market is not None
    with look():
        figure = run_sheet(results, exceedance_message(results), subject=market.title)
        axes = panel(figure, Border(left=1.3, right=0.9, top=1.45))
        won, plain = (peaks / MILLION for peaks in peaks_of(results))
        high = float(np.quantile(won, 1 - _TAIL)) if len(won) else 0.0
        places = np.linspace(0, high or 1.0, _POINTS)
        threshold = threshold_of(won)
        axes.axvline(threshold, color=QUIET, linewidth=1, linestyle=":")
        for peaks, name, colour in ((won, IF_WON, BLUE), (plain, AS_IT_IS, RED)):
            shares = exceeded(peaks, places)
            axes.plot(places, 100 * shares, color=colour, linewidth=2.8)
            _name(axes, places, shares, name, colour)
            _mark(axes, threshold, float(exceeded(peaks, np.array([threshold]))[0]), name, colour)
        axes.set_xlim(0, high or 1.0)
        axes.set_ylim(0, 102)
        axes.xaxis.set_major_formatter(plain_numbers())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0f} %"))
        axes.grid()
        axes.set_xlabel(f"x, {market.millions} per year")
        axes.set_ylabel("probability that net sales peak above x")
        return figure


def _name(axes: Axes, places: FloatArray, shares: FloatArray, name: str, colour: str) -> None:
    """A curve's name beside it: above the upper, below the lower."""
    is_upper = name == IF_WON
    at = int(np.argmin(np.abs(shares - shares[0] * (_UPPER if is_upper else _LOWER))))
    axes.annotate(
        name,
        xy=(places[at], 100 * shares[at]),
        xytext=(12, 8) if is_upper else (-12, -8),
        textcoords="offset points",
        ha="left" if is_upper else "right",
        va="bottom" if is_upper else "top",
        color=colour,
        weight="bold",
        size=14,
    )


def _mark(axes: Axes, place: float, share: float, name: str, colour: str) -> None:
    """The dot that the title speaks of, with its number."""
    is_upper = name == IF_WON
    axes.plot(place, 100 * share, "o", color=colour, markeredgecolor="white", markersize=11, zorder=3)
    axes.annotate(
        whole_percent(share),
        xy=(place, 100 * share),
        xytext=(12, 4) if is_upper else (-12, -6),
        textcoords="offset points",
        ha="left" if is_upper else "right",
        va="bottom" if is_upper else "top",
        weight="bold",
    )
