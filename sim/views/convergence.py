"""Whether there were draws enough: the running mean of the headline, over all draws and in each replicate."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from sim.results.run import Results
from sim.results.totals import headline_total
from sim.variables import HEADLINE
from sim.views.estimates import Estimate, Estimates
from sim.views.messages import convergence_message, headline_label, lowered
from sim.views.style import BLUE, ORANGE, QUIET, Border, look, panel, plain_numbers, run_sheet

FloatArray = NDArray[np.float64]

_POINTS = 400  # of a line; more are not to be seen
_SETTLED = 64  # the part of the draws after which the lines must be inside the picture


def convergence(results: Results) -> Figure:
    """The running mean with the draws, each replicate's own, and the final mean with two errors either side."""
    with look():
        figure = run_sheet(results, convergence_message(results))
        axes = panel(figure, Border(left=1.5, right=2.6))
        values = headline_total(results.draws[HEADLINE]).sel(year=results.years[0]).to_numpy().astype(np.float64)
        mean, replicates = Estimates(results)(), int(results.provenance["replicates"])
        shown = _replicate_lines(axes, values, replicates) if replicates > 1 else []
        at = _points(len(values))
        running = np.cumsum(values)[at] / (at + 1)
        axes.plot(at + 1, running, color=BLUE, linewidth=2.5)
        _final(axes, mean)
        _frame(axes, len(values), [*shown, running[at >= len(values) // _SETTLED]], mean)
        axes.set_xlabel("number of draws so far (logarithmic scale)")
        axes.set_ylabel(f"mean of {lowered(headline_label())}, in {results.years[0]}")
        _names(axes, mean, float(running[-1]), replicates)
        return figure


def _points(draws: int) -> NDArray[np.int64]:
    """Some of the draws, evenly on a logarithmic axis, the last one among them."""
    return np.unique(np.geomspace(1, draws, _POINTS).round().astype(np.int64)) - 1


def _replicate_lines(axes: Axes, values: FloatArray, replicates: int) -> list[FloatArray]:
    """Each replicate's running mean against all draws made by then; the settled part of each is returned."""
    settled = []
    for replicate in range(replicates):
        own = values[replicate::replicates]
        at = _points(len(own))
        running = np.cumsum(own)[at] / (at + 1)
        axes.plot(at * replicates + replicate + 1, running, color=QUIET, linewidth=0.9, alpha=0.45)
        settled.append(running[at >= len(own) // _SETTLED * 4])
    return settled


def _final(axes: Axes, mean: Estimate) -> None:
    if np.isfinite(mean.error) and mean.error > 0:
        axes.axhspan(mean.value - 2 * mean.error, mean.value + 2 * mean.error, color=ORANGE, alpha=0.35, linewidth=0)


def _frame(axes: Axes, draws: int, lines: list[FloatArray], mean: Estimate) -> None:
    """Limits from the settled part of the lines: the first few draws lie anywhere."""
    away = max(float(np.abs(line - mean.value).max()) for line in lines)
    error = 3 * mean.error if np.isfinite(mean.error) else 0.0
    reach = 1.1 * max(away, error) or max(abs(mean.value) / 100, 1.0)
    axes.set_ylim(mean.value - reach, mean.value + reach)
    axes.set_xscale("log")
    axes.set_xlim(1, draws)
    axes.xaxis.set_major_formatter(plain_numbers())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(plain_numbers())
    axes.grid(axis="y")


def _names(axes: Axes, mean: Estimate, last: float, replicates: int) -> None:
    """What the lines are, at the right end."""
    beside: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
    axes.text(1.02, last, f"mean {mean}", color=BLUE, weight="bold", **beside)
    rows = [f"band: ± 2 Monte Carlo\nerrors ({mean.error_text})"] if mean.error_text.startswith("±") else []
    rows += [f"thin: the {replicates} replicates,\neach on its own"] if replicates > 1 else []
    for row, text in enumerate(rows):
        axes.text(1.02, 0.06 + 0.13 * row, text, transform=axes.transAxes, va="bottom", color=QUIET, size=11)
