"""How likely net sales peak above what, of every run of a sweep: if approved, and risk-adjusted."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from sim.results.run import Results
from sim.views.causes import whole_percent
from sim.views.estimates import Estimate
from sim.views.market_facts import AS_IT_IS, IF_WON, MILLION, market_of, money_text
from sim.views.market_peaks import exceeded, peaks_of, threshold_of
from sim.views.run_marks import Mark, key, marks
from sim.views.style import QUIET, Border, look, panel, plain_numbers, sheet

FloatArray = NDArray[np.float64]

_TAIL = 0.005  # of the draws that a curve leaves outside, at the high end
_POINTS = 400  # places along the axis
_GAP = 0.1  # of the width, between the panels


def exceedances(runs: Mapping[str, Results], base: str, small: str) -> Figure:
    """P(peak net sales > x) over x, a curve for each run: left if approved, right risk-adjusted.

    Parameters
    ----------
    runs : label → run, all with their draws and markets in the same money.
    base : the run whose median says what is told of all.
    small : print below.
    """
    shown = marks(list(runs))
    peaks = {label: peaks_of(run) for label, run in runs.items()}
    with look():
        figure = sheet(exceedances_message(runs, base), "How likely net sales peak above x", small)
        key(figure, list(shown.values()), 1.45)
        border = Border(left=1.2, right=0.6, top=2.1)
        left, right = panel(figure, border, 0, 0.5 - _GAP / 2), panel(figure, border, 0.5 + _GAP / 2, 1)
        high = max((float(np.quantile(won, 1 - _TAIL)) for won, _ in peaks.values() if len(won)), default=0.0) or 1.0
        threshold = threshold_of(peaks[base][0])
        for label, pair in peaks.items():
            for axes, values in zip((left, right), pair, strict=True):
                _curve(axes, values, high, shown[label])
        money = market_of(next(iter(runs.values())))
        assert money is not None
        for axes, twin in ((left, IF_WON), (right, AS_IT_IS)):
            _frame(axes, high, threshold)
            axes.set_title(twin[0].upper() + twin[1:], loc="left", weight="bold", size=13)
            axes.set_xlabel(f"x, {money.millions} per year, {twin}")
        left.set_ylabel("probability that net sales peak above x")
        return figure


def exceedances_message(runs: Mapping[str, Results], base: str) -> str:
    """`If approved, net sales peak above 50 M USD of 2008 with 0 % (downside), 79 % (press_release), …`."""
    market = market_of(runs[base])
    assert market is not None
    threshold = threshold_of(peaks_of(runs[base])[0])
    shares = {label: float(exceeded(peaks_of(run)[0], np.array([threshold]))[0]) for label, run in runs.items()}
    told = [f"{whole_percent(share) if share else '0 %'} ({label})" for label, share in shares.items()]
    amount = money_text(Estimate(threshold, 0), coarse=True)
    return f"If approved, net sales peak above {amount} {market.money} with {', '.join(told)}"


def _curve(axes: Axes, values: FloatArray, high: float, mark: Mark) -> None:
    places = np.linspace(0, high, _POINTS)
    shares = 100 * exceeded(values, places)
    axes.plot(places / MILLION, shares, color=mark.colour, linestyle=mark.dash, linewidth=2.6)


def _frame(axes: Axes, high: float, threshold: float) -> None:
    axes.axvline(threshold / MILLION, color=QUIET, linewidth=1, linestyle=":")
    axes.set_xlim(0, high / MILLION)
    axes.set_ylim(0, 102)
    axes.xaxis.set_major_formatter(plain_numbers())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0f} %"))
    axes.grid()
