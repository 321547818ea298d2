"""The fan: severe VOD over the years, ever wider bands around the median."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.results.run import Results
from sim.variables import HEADLINE
from sim.views.estimates import Estimate, Estimates
from sim.views.messages import fan_message, headline_label, shown_name
from sim.views.style import BLUE, QUIET, Border, look, panel, plain_numbers, run_sheet

_BANDS = (("p05", "p95", 0.18), ("p10", "p90", 0.28), ("p25", "p75", 0.45))


def fan(results: Results) -> Figure:
    """Severe VOD by year: the median and the bands of 50, 80 and 90 % of the draws."""
    with look():
        figure = run_sheet(results, fan_message(results))
        axes = panel(figure, Border(left=1.3, right=2.6))
        find, years = Estimates(results), list(results.years)
        lines = {
            name: [find(HEADLINE, name, year).value for year in years]
            for name in ("p05", "p10", "p25", "p50", "p75", "p90", "p95")
        }
        for low, high, strength in _BANDS:
            axes.fill_between(years, lines[low], lines[high], color=BLUE, alpha=strength, linewidth=0)
        axes.plot(years, lines["p50"], color=BLUE, linewidth=2.5)
        axes.set_xlim(years[0], years[-1])
        axes.set_ylim(0, max(lines["p95"]) * 1.12 or 1)
        _right_labels(axes, {name: find(HEADLINE, name, years[-1]) for name in lines})
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda year, _: f"{year:.0f}"))
        axes.yaxis.set_major_formatter(plain_numbers())
        axes.grid(axis="y")
        axes.set_xlabel("calendar year of transplant")
        axes.set_ylabel(headline_label())
        return figure


def _right_labels(axes: Axes, labels: dict[str, Estimate]) -> None:
    """Names and numbers at the right ends of lines, moved apart where they would touch."""
    heights = spread_apart([mark.value for mark in labels.values()], 0.042 * axes.get_ylim()[1])
    for (name, mark), height in zip(labels.items(), heights, strict=True):
        words = f"{shown_name(name)}  {mark}"
        axes.annotate(
            words,
            xy=(1, mark.value),
            xycoords=axes.get_yaxis_transform(),
            xytext=(1.045, height),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            weight="bold" if name == "p50" else "normal",
            arrowprops={"arrowstyle": "-", "color": QUIET, "linewidth": 0.7, "shrinkA": 2, "shrinkB": 0},
            annotation_clip=False,
        )


def spread_apart(heights: list[float], gap: float) -> list[float]:
    """Ascending heights moved as little as need be to lie a gap apart, around the same centre."""
    order = np.arange(len(heights)) * gap
    free = np.array(heights) - order
    blocks: list[list[float]] = []
    for height in free:  # pool adjacent violators: whoever would overlap moves as one block to its mean
        blocks.append([float(height)])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    return [float(height) for height in np.concatenate([[np.mean(b)] * len(b) for b in blocks]) + order]
