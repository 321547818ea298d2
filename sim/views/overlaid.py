"""Net sales of a sweep's runs over the years, in two panels that never mix: if approved, and risk-adjusted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.results.run import Results
from sim.variables import IF_APPROVED
from sim.views.causes import whole_percent
from sim.views.estimates import Estimates
from sim.views.market_facts import AS_IT_IS, MILLION, Market, market_of, million, money_text
from sim.views.run_marks import Mark, key, marks
from sim.views.style import QUIET, Border, look, panel, plain_numbers, sheet
from sim.views.value_contrast import PEAK, with_markets

_SALES = "net_sales"
_GAP = 0.1  # of the width, between the panels


def overlaid(runs: Mapping[str, Results], small: str) -> Figure:
    """Left each run's median and P10–P90 of net sales if approved, right its risk-adjusted mean.

    Parameters
    ----------
    runs : label → run, all with markets in the same money.
    small : print below.
    """
    shown = marks(list(runs))
    with look():
        figure = sheet(overlaid_message(runs), "Net sales by calendar year", small)
        key(figure, list(shown.values()), 1.45)
        border = Border(left=1.2, right=0.6, top=2.3)
        left, right = panel(figure, border, 0, 0.5 - _GAP / 2), panel(figure, border, 0.5 + _GAP / 2, 1)
        for label, run in runs.items():
            _fan(left, run, shown[label])
            _mean(right, run, shown[label])
        money = _market(next(iter(runs.values()))).millions
        high = max(axes.get_ylim()[1] for axes in (left, right))
        for axes in (left, right):
            _frame(axes, high)
        left.set_ylabel(f"net sales if approved, {money} per year")
        right.set_ylabel(f"{AS_IT_IS} mean, {money} per year")
        _head(left, "If approved", "failures left out: median, and P10–P90")
        approved = " and ".join(dict.fromkeys(_approval(run) for run in runs.values()))
        _head(right, "Risk-adjusted", f"failures sell nothing; P(approval) {approved}: the mean")
        return figure


def overlaid_message(runs: Mapping[str, Results]) -> str:
    """`If approved, net sales peak at 12.7 M (downside) to 158 M (upside) USD of 2008 a year, means of the draws`."""
    peaks = {label: Estimates(run)(PEAK) for label, run in with_markets(runs).items()}
    known = sorted((peak.value, label) for label, peak in peaks.items() if not np.isnan(peak.value))
    if not known:
        return "No run ever reads out, so that nothing is sold"
    money = _market(next(iter(runs.values()))).money
    (_, low), (_, high) = known[0], known[-1]
    ends = [f"{money_text(peaks[label], coarse=True)} ({label})" for label in dict.fromkeys((low, high))]
    return f"If approved, net sales peak at {' to '.join(ends)}, {money} a year, means of the draws"


def _fan(axes: Axes, run: Results, mark: Mark) -> None:
    find, years = Estimates(run), list(_market(run).years)
    low, middle, high = (
        np.nan_to_num([million(find(f"{_SALES}{IF_APPROVED}", name, year)).value for year in years])
        for name in ("p10", "p50", "p90")
    )
    axes.fill_between(years, low, high, color=mark.colour, alpha=0.2, linewidth=0)
    axes.plot(years, middle, color=mark.colour, linestyle=mark.dash, linewidth=2.6)


def _mean(axes: Axes, run: Results, mark: Mark) -> None:
    find, years = Estimates(run), list(_market(run).years)
    values = [find(_SALES, year=year).value / MILLION for year in years]
    axes.plot(years, values, color=mark.colour, linestyle=mark.dash, linewidth=2.6)


def _frame(axes: Axes, high: float) -> None:
    axes.set_ylim(0, high or 1.0)
    axes.margins(x=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda year, _: f"{year:.0f}"))
    axes.yaxis.set_major_formatter(plain_numbers())
    axes.grid(axis="y")
    axes.set_xlabel("calendar year")


def _head(axes: Axes, strong: str, small: str) -> None:
    """What a panel shows, above it."""
    shared: dict[str, Any] = {"transform": axes.transAxes, "va": "bottom"}
    axes.text(0, 1.075, strong, weight="bold", size=13, **shared)
    axes.text(0, 1.02, small, color=QUIET, size=11, **shared)


def _approval(run: Results) -> str:
    return whole_percent(Estimates(run)("prob_approval").value)


def _market(run: Results) -> Market:
    found = market_of(run)
    assert found is not None
    return found
