"""The funnel: from transplants to deaths and survivors, readable although 45,000 stand beside 600."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from sim.results.run import Results
from sim.variables import FUNNEL, HEADLINE, VARIABLES, Variable
from sim.views.estimates import Estimates, is_point, stages
from sim.views.messages import funnel_message, lowered
from sim.views.numbers import percent
from sim.views.style import BLUE, INK, ORANGE, QUIET, Border, look, panel, plain_numbers, run_sheet


def funnel(results: Results) -> Figure:
    """The stages of the first year, with mean and P10–P90 on a logarithmic axis, and the share that leads to each."""
    with look():
        figure = run_sheet(results, funnel_message(results))
        axes = panel(figure, Border(left=3.4, right=3.0))
        find, shown = Estimates(results), stages(results)
        left = _log_axis(axes, [find(stage.name, name).value for stage in shown for name in ("mean", "p10", "p90")])
        for row, stage in enumerate(shown):
            _stage(axes, row, stage, find, left, is_point(results))
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(f"{_unit()} in {results.years[0]} (logarithmic scale)")
        return figure


def _unit() -> str:
    root = FUNNEL[0]
    return f"{VARIABLES[HEADLINE].unit} ({lowered(root.long_name)}: {root.unit})"


def _log_axis(axes: Axes, values: list[float]) -> float:
    """A logarithmic axis that holds the positive values; zeros end at its left edge, which is returned."""
    positive = [value for value in values if value > 0] or [1.0]
    left, right = 10 ** np.floor(np.log10(min(positive) / 1.5)), max(positive) * 1.5
    axes.set_xscale("log")
    axes.set_xlim(left, right)
    axes.xaxis.set_major_formatter(plain_numbers())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x")
    return float(left)


def _stage(axes: Axes, row: int, stage: Variable, find: Estimates, left: float, point: bool) -> None:
    """One row: the name and its share to the left, bar, interval and dot, the numbers to the right."""
    mean, low, high = (find(stage.name, name) for name in ("mean", "p10", "p90"))
    axes.barh(row, max(mean.value, left) - left, 0.62, left=left, color=BLUE, alpha=0.13)
    if not point:
        axes.plot([max(low.value, left), max(high.value, left)], [row, row], color=BLUE, linewidth=5, alpha=0.75)
    axes.plot(max(mean.value, left), row, "o", color=ORANGE, markersize=11, markeredgecolor=INK, clip_on=False)
    share = ""
    if stage.of is not None and find(stage.of).value > 0:
        share = f"{percent(mean.value / find(stage.of).value)} of {lowered(VARIABLES[stage.of].long_name)}"
    _beside(axes, row, "right", stage.long_name, share)
    _beside(axes, row, "left", str(mean), "" if point else f"P10–P90: {find.spread(stage.name)}")


def _beside(axes: Axes, row: int, align: str, strong: str, small: str) -> None:
    """Two lines next to a row, one in its middle where there is no second."""
    place = -0.03 if align == "right" else 1.03
    shared: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center", "ha": align}
    axes.text(place, row - (0.14 if small else 0), strong, weight="bold", size=14, **shared)
    if small:
        axes.text(place, row + 0.19, small, color=QUIET, size=11, **shared)
