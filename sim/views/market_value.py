"""The distribution of the net present value: draws that are approved and draws that fail, against zero."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.results.run import Results
from sim.views.causes import whole_percent
from sim.views.estimates import Estimates
from sim.views.market_facts import AS_IT_IS, MILLION, market_of, million
from sim.views.market_words import value_message
from sim.views.numbers import UNKNOWN, rounded
from sim.views.style import BLUE, INK, ORANGE, QUIET, Border, look, panel, plain_numbers, run_sheet

FloatArray = NDArray[np.float64]

_TAIL = 0.002  # of the draws, on either side, that the picture leaves outside
_BINS = 60
_STEPS = (1.0, 2.0, 5.0, 10.0)  # of round numbers


def value(results: Results) -> Figure:
    """A histogram of the draws' net present values, those that fail apart from those that are approved."""
    market = market_of(results)
    assert market is not None
    with look():
        figure = run_sheet(results, value_message(results), subject=market.title)
        axes = panel(figure, Border(left=1.3, top=1.6))
        worth = results.draws["net_present_value"].to_numpy() / MILLION
        approval = results.draws["prob_approval"].to_numpy()
        edges = _edges(worth)
        failed = _shares(worth[approval == 0], edges, len(worth))
        others = _shares(worth[approval > 0], edges, len(worth))
        width = np.diff(edges)
        axes.bar(edges[:-1], failed, width, align="edge", color=ORANGE)
        axes.bar(edges[:-1], others, width, bottom=failed, align="edge", color=BLUE)
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(0, float((failed + others).max()) * 1.12)
        _marks(axes, results)
        _key(axes, approval)
        axes.xaxis.set_major_formatter(plain_numbers())
        axes.yaxis.set_major_formatter(plain_numbers())
        axes.set_xlabel(f"{market.value_name}, {AS_IT_IS}, {market.millions}")
        axes.set_ylabel(f"share of draws, % per {rounded(float(width[0]), UNKNOWN)} M")
        return figure


def _edges(worth: FloatArray) -> FloatArray:
    """Equal bins of a round width, 1, 2 or 5 with zeros, that begin and end at whole ones: none lies across zero."""
    low, high = np.quantile(worth, [_TAIL, 1 - _TAIL])
    bins = min(_BINS, int(np.ceil(2 * len(worth) ** (1 / 3))))  # Rice's rule: few draws make few bins
    width = _round_width(float(high - low) / bins)
    first, last = np.floor(low / width), np.ceil(high / width)
    return np.asarray(width * np.arange(first, max(last, first + 1) + 1))


def _round_width(width: float) -> float:
    """The next round number above."""
    if width <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(step for step in _STEPS if step * power >= width) * power)


def _shares(worth: FloatArray, edges: FloatArray, draws: int) -> FloatArray:
    """Per cent of all draws in each bin."""
    return np.histogram(worth, edges)[0] * 100 / draws


def _marks(axes: Axes, results: Results) -> None:
    """Zero, and the mean of all draws; what lies to the right of zero."""
    find = Estimates(results)
    mean = million(find("net_present_value"))
    left, right = axes.get_xlim()
    for place, words, colour, dashes, is_left in (
        (0.0, "0", INK, "-", mean.value >= 0),
        (mean.value, f"mean {mean} M", QUIET, "--", mean.value < 0),
    ):
        if left <= place <= right:
            axes.axvline(place, color=colour, linewidth=1.8, linestyle=dashes)
            axes.annotate(
                words,
                xy=(place, 1),
                xycoords=axes.get_xaxis_transform(),
                xytext=(2 if is_left else -2, 5),
                textcoords="offset points",
                ha="right" if is_left else "left",
                weight="bold",
                color=colour,
                annotation_clip=False,
            )
    above = whole_percent(find("prob_npv_positive").value)
    won = whole_percent(find("prob_npv_positive_if_approved").value)
    words = f"above 0: {above} of the draws\n{won} of those approved"
    axes.text(0.99, 0.97, words, transform=axes.transAxes, ha="right", va="top", size=13, weight="bold")


def _key(axes: Axes, approval: FloatArray) -> None:
    """The colours in words; without chance each draw is the mean of both futures, and none of them fails."""
    failed = float((approval == 0).mean())
    certain = bool(np.isin(approval, (0, 1)).all())
    rows = [(f"approved: {whole_percent(1 - failed)} of the draws", BLUE)]
    rows += [(f"failed: {whole_percent(failed)} of the draws", ORANGE)] if failed else []
    if not certain:
        rows = [("each draw the mean of both futures", BLUE)]
    for row, (words, colour) in enumerate(rows):
        height = 0.80 - 0.06 * row
        axes.plot(0.985, height + 0.012, "s", color=colour, markersize=11, transform=axes.transAxes)
        axes.text(0.97, height, words, transform=axes.transAxes, ha="right", size=13)
