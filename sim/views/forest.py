"""The forest plot: pooled studies with their intervals, their mean, and where a new population may lie."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sim.results.run import Results
from sim.views.numbers import rounded
from sim.views.studies import Mark, Pooling, forest_message, poolings
from sim.views.style import BLUE, HEIGHT, INK, ORANGE, QUIET, Border, look, panel, run_sheet

_MOST = 3  # panels that a sheet holds
_ROW, _BETWEEN = 0.42, 0.95  # inches
_BORDER = Border(left=3.75, right=3.6, top=1.75, bottom=1.05)
_LETTERS = 34  # of a name
_LARGEST = 420  # square points of a study that has all the weight


def forest(results: Results) -> Figure:
    """A panel for each pooled quantity: studies as squares, the mean as a diamond, the prediction as a bar."""
    with look():
        shown = poolings(results)[:_MOST]
        rows = [len(pooling.studies) + 2 for pooling in shown]
        wanted = _BORDER.top + _BORDER.bottom + _ROW * sum(rows) + _BETWEEN * (len(shown) - 1)
        height = max(HEIGHT, wanted)
        figure = run_sheet(results, forest_message(results), height)
        row = (height - wanted) / sum(rows) + _ROW
        top = _BORDER.top
        for pooling, number in zip(shown, rows, strict=True):
            bottom = height - top - row * number
            _draw(panel(figure, _BORDER._replace(top=top, bottom=bottom)), pooling)
            top += row * number + _BETWEEN
        figure.axes[-1].set_xlabel("share of patients, with 95 % intervals; squares show the weight")
        return figure


def _draw(axes: Axes, pooling: Pooling) -> None:
    """One pooling, from the first study down to the new population."""
    marks = [*pooling.studies, pooling.mean, pooling.prediction]
    for row, study in enumerate(pooling.studies):
        _study(axes, row, study)
    last = len(marks) - 1
    mean, prediction = pooling.mean, pooling.prediction
    axes.fill(
        [mean.low, mean.estimate, mean.high, mean.estimate],
        [last - 1, last - 1.26, last - 1, last - 0.74],
        color=ORANGE,
    )
    axes.barh(last, prediction.high - prediction.low, 0.3, left=prediction.low, color=ORANGE, alpha=0.55)
    axes.plot([prediction.estimate] * 2, [last - 0.15, last + 0.15], color=INK, linewidth=1.5)
    axes.axvline(mean.estimate, color=ORANGE, linewidth=1, linestyle=":")
    for row, mark in enumerate(marks):
        taken = row == last - 1 if pooling.takes_mean else row == last
        _words(axes, row, mark, bold=taken)
    _frame(axes, pooling, max(mark.high for mark in marks), last)


def _study(axes: Axes, row: int, study: Mark) -> None:
    """Its interval and its square, hollow where it is from memory."""
    axes.plot([study.low, study.high], [row, row], color=BLUE, linewidth=1.8)
    face = "white" if study.recalled else BLUE
    axes.scatter(
        [study.estimate], [row], _LARGEST * study.weight + 12, marker="s", color=face, edgecolors=BLUE, zorder=3
    )


def _words(axes: Axes, row: int, mark: Mark, *, bold: bool) -> None:
    """The name to the left, counts and numbers to the right."""
    shared: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
    shared["weight"] = "bold" if bold else "normal"
    axes.text(-0.03, row - (0.14 if mark.recalled else 0), _cut(mark.name), ha="right", **shared)
    if mark.recalled:
        axes.text(-0.03, row + 0.24, "from memory, unverified", ha="right", color=QUIET, size=9, **shared)
    axes.text(1.03, row, mark.counts, ha="left", color=QUIET, **shared)
    axes.text(1.25, row, str(mark), ha="left", **shared)


def _cut(name: str) -> str:
    """A name that ends where the sheet does."""
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS - 2]} …"


def _frame(axes: Axes, pooling: Pooling, highest: float, last: int) -> None:
    """Scales, a line above the results, and the quantity's name."""
    axes.axhline(last - 1.5, color=QUIET, linewidth=0.8)
    axes.set_xlim(0, min(1.0, 1.06 * highest))
    axes.set_ylim(last + 0.55, -0.55)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{rounded(100 * share, 0)} %"))
    axes.grid(axis="x")
    title = f"{pooling.unit} ({pooling.quantity})" if pooling.unit else pooling.quantity
    axes.set_title(title, loc="left", size=12, weight="bold")
