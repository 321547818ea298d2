"""Net sales by year in two panels that never mix: the fan if approved, and the mean that counts failures."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.results.run import Results
from sim.variables import IF_APPROVED, TOTAL
from sim.views.estimates import Estimates
from sim.views.market_facts import AS_IT_IS, Market, market_of, million, month_of, region_name
from sim.views.market_words import approval, sales_message
from sim.views.messages import shown_name
from sim.views.style import BLUE, GREEN, INK, ORANGE, PALE, QUIET, Border, look, panel, plain_numbers, run_sheet

_BANDS = (("p05", "p95", 0.18), ("p10", "p90", 0.28), ("p25", "p75", 0.45))
_SPLIT, _GAP = 0.56, 0.08  # of the width: the left panel, and between the two
_COLOURS = (PALE, ORANGE, GREEN)
_ROW = 0.07  # of the height that a region's dates take above the fan
_MIDDLE = 0.5  # a year's sales stand at its number, its dates half a year before


def sales(results: Results) -> Figure:
    """Net sales by year: left median and bands if approved, right the risk-adjusted mean by region."""
    market = market_of(results)
    assert market is not None
    with look():
        figure = run_sheet(results, sales_message(results), subject=market.title)
        border = Border(left=1.2, right=0.6, top=1.75)
        left = panel(figure, border, 0, _SPLIT)
        right = panel(figure, border, _SPLIT + _GAP, 1)
        find = Estimates(results)
        _fan(left, find, market)
        _means(right, find, market)
        high = left.get_ylim()[1] if market.regions else 1.0
        for axes in (left, right):
            axes.set_ylim(0, high)
            axes.set_xlim(market.years[0], max(market.years[-1], market.years[0] + 1))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda year, _: f"{year:.0f}"))
            axes.yaxis.set_major_formatter(plain_numbers())
            axes.grid(axis="y")
            axes.set_xlabel("calendar year")
        left.set_ylabel(f"net sales if approved, {market.millions} per year")
        right.set_ylabel(f"{AS_IT_IS} mean, {market.millions} per year")
        _head(left, "If approved", "failures left out: median, and bands of 50, 80 and 90 %")
        _head(right, "Risk-adjusted", f"failures sell nothing; P(approval) {approval(results)}: the mean")
        return figure


def _fan(axes: Axes, find: Estimates, market: Market) -> None:
    """Median and bands of what is sold if approved; above it the dates of the regions."""
    years, name = list(market.years), f"net_sales{IF_APPROVED}"
    lines = {
        statistic: np.nan_to_num([million(find(name, statistic, year)).value for year in years])
        for statistic in ("p05", "p10", "p25", "p50", "p75", "p90", "p95")
    }
    for low, high, strength in _BANDS:
        axes.fill_between(years, lines[low], lines[high], color=BLUE, alpha=strength, linewidth=0)
    axes.plot(years, lines["p50"], color=BLUE, linewidth=2.5)
    room = 1 - _ROW * len(market.regions) - 0.04
    axes.set_ylim(0, float(lines["p95"].max()) / max(room, 0.5) or 1.0)
    place = int(np.argmax(lines["p50"]))
    for statistic in ("p10", "p50", "p90"):
        mark = million(find(name, statistic, years[place]))
        if mark.value > 0:
            _marked(axes, years[place], mark.value, f"{shown_name(statistic)} {mark}", bold=statistic == "p50")
    _dates(axes, find, market)


def _marked(axes: Axes, year: float, height: float, words: str, *, bold: bool) -> None:
    """A dot with its words."""
    axes.plot(year, height, "o", color=BLUE, markeredgecolor="white", markersize=7)
    axes.annotate(
        words,
        xy=(year, height),
        xytext=(0, 8),
        textcoords="offset points",
        ha="center",
        weight="bold" if bold else "normal",
        size=11,
        path_effects=[withStroke(linewidth=3, foreground="white")],
    )


def _dates(axes: Axes, find: Estimates, market: Market) -> None:
    """A line for each region, from the median launch to the median end of exclusivity."""
    for row, region in enumerate(market.regions):
        labels = {"region": region}
        start, end = (
            find(f"{name}{IF_APPROVED}", "p50", TOTAL, labels).value for name in ("launch_date", "exclusivity_end")
        )
        if not math.isfinite(start):
            continue
        height = 1 - _ROW * (row + 0.85)
        last = min(end, market.years[-1] + _MIDDLE) if math.isfinite(end) else market.years[-1] + _MIDDLE
        shared: dict[str, Any] = {"transform": axes.get_xaxis_transform()}
        axes.plot([start - _MIDDLE, last - _MIDDLE], [height] * 2, color=QUIET, linewidth=3, **shared)
        axes.plot([start - _MIDDLE], [height], marker="|", color=QUIET, markersize=11, markeredgewidth=3, **shared)
        where = f"{region_name(region)}: " if region_name(region) else ""
        words = f"{where}launch {month_of(start)}, exclusive to {month_of(end)}"
        axes.text(start - _MIDDLE, height + 0.012, words, size=10, color=INK, va="bottom", **shared)


def _means(axes: Axes, find: Estimates, market: Market) -> None:
    """The mean of all draws by region, one upon the other, and their sum."""
    years = list(market.years)
    several = 1 < len(market.regions) <= len(_COLOURS)
    parts = list(market.regions) if several else [TOTAL]
    layers = np.array(
        [[million(find("net_sales", year=year, labels={"region": part})).value for year in years] for part in parts]
    )
    tops = np.cumsum(layers, axis=0)
    for row, part in enumerate(parts):
        below = tops[row] - layers[row]
        axes.fill_between(years, below, tops[row], color=_COLOURS[row], alpha=0.75, linewidth=0)
        place = int(np.argmax(layers[row]))
        if several and layers[row, place] > 0:
            height = below[place] + layers[row, place] / 2
            axes.text(years[place], height, region_name(part), ha="center", va="center", size=11)
    axes.plot(years, tops[-1], color=INK, linewidth=2.5)
    place = int(np.argmax(tops[-1]))
    mark = million(find("net_sales", year=years[place]))
    if mark.value > 0:
        _marked(axes, years[place], mark.value, f"mean {mark}", bold=True)


def _head(axes: Axes, strong: str, small: str) -> None:
    """What a panel shows, above it."""
    shared: dict[str, Any] = {"transform": axes.transAxes, "va": "bottom"}
    axes.text(0, 1.075, strong, weight="bold", size=13, **shared)
    axes.text(0, 1.025, small, color=QUIET, size=11, **shared)
