"""The distribution of severe VOD in the first year, from the draws or from the histogram kept of them."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from sim.results.run import Results
from sim.results.totals import headline_total
from sim.variables import HEADLINE, STRATA, TOTAL
from sim.views.estimates import Estimates
from sim.views.messages import distribution_message, headline_label, shown_name
from sim.views.numbers import UNKNOWN, rounded
from sim.views.style import BLUE, PALE, QUIET, RED, Border, look, panel, plain_numbers, run_sheet

FloatArray = NDArray[np.float64]

_MARKS = (("p10", QUIET, "--"), ("p50", BLUE, "-"), ("mean", RED, "-"), ("p90", QUIET, "--"))
_BINS = 60
_TAIL = 0.001  # of the draws, on either side, that the distribution leaves outside the picture


def distribution(results: Results) -> Figure:
    """Severe VOD in the first year: a histogram of the draws, with mean, P10, P50 and P90."""
    with look():
        figure = run_sheet(results, distribution_message(results))
        axes = panel(figure, Border(left=1.3, top=1.75))
        shares, edges = _shares(results)
        find = Estimates(results)
        low, high = (find(statistic=name).value for name in ("p10", "p90"))
        middle = (edges[:-1] + edges[1:]) / 2
        inside = (middle >= low) & (middle <= high)
        axes.bar(edges[:-1], shares, np.diff(edges), align="edge", color=np.where(inside, BLUE, PALE))
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(0, shares.max() * 1.05)
        _marks(axes, find)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=edges[-1] - edges[0] > 5))
        axes.xaxis.set_major_formatter(plain_numbers())
        axes.yaxis.set_major_formatter(plain_numbers())
        axes.set_xlabel(f"{headline_label()}, in {results.years[0]}")
        axes.set_ylabel(_share_label(float(edges[1] - edges[0])))
        return figure


def _share_label(width: float) -> str:
    each = "patient" if width == 1 else f"{rounded(width, UNKNOWN)} patients"
    return f"share of draws, % per {each}"


def _shares(results: Results) -> tuple[FloatArray, FloatArray]:
    """Per cent of the draws in each bin, and the bins' edges: from the draws, or from the histogram kept of them."""
    if not results.has_draws:
        return _kept_shares(results)
    year = headline_total(results.draws[HEADLINE]).sel(year=results.years[0])
    values = year.to_numpy().astype(np.float64)
    low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
    whole = bool((values == np.round(values)).all())
    bins = min(_BINS, int(np.ceil(2 * len(values) ** (1 / 3))))  # Rice's rule: few draws make few bins
    width = (high - low) / bins or 1.0
    if whole:  # bins of equally many whole numbers each, else the picture has teeth that the draws have not
        width, low = np.ceil(width), low - 0.5
    edges = low + width * np.arange(int(np.ceil((high - low) / width)) + 1)
    edges = edges if len(edges) > 1 else np.array([low, low + width])
    return np.histogram(values, edges)[0] * 100 / len(values), edges


def _kept_shares(results: Results) -> tuple[FloatArray, FloatArray]:
    cell = dict.fromkeys(STRATA, TOTAL) | {"year": results.years[0]}
    counts = results.dataset[f"{HEADLINE}_histogram"].sel(cell).to_numpy()
    edges = results.dataset[f"{HEADLINE}_edges"].sel(cell).to_numpy().astype(np.float64)
    starts = np.arange(0, len(counts), max(len(counts) // _BINS, 1))
    return np.add.reduceat(counts, starts) * 100 / counts.sum(), edges[np.append(starts, len(counts))]


def _marks(axes: Axes, find: Estimates) -> None:
    """Vertical lines with their names and numbers above the axes: mean and median on a line of their own."""
    mean, median = find().value, find(statistic="p50").value
    left = {"p10", "p50" if median <= mean else "mean"}
    for name, colour, dashes in _MARKS:
        mark = find(statistic=name)
        axes.axvline(mark.value, color=colour, linestyle=dashes, linewidth=1.8)
        axes.annotate(
            f" {shown_name(name)} {mark} ",
            xy=(mark.value, 1),
            xycoords=axes.get_xaxis_transform(),
            xytext=(0, 4 if name in ("p10", "p90") else 24),
            textcoords="offset points",
            ha="right" if name in left else "left",
            color=colour,
            weight="bold",
            annotation_clip=False,
        )
