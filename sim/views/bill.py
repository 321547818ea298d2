"""The uncertainty bill: a bar for each group, each beginning where the one above it ends."""

import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sim.results.run import Results
from sim.variables import HEADLINE, VARIABLES
from sim.views.causes import Cause, causes
from sim.views.messages import bill_message, lowered
from sim.views.numbers import rounded
from sim.views.style import BLUE, FAINT, INK, ORANGE, QUIET, Border, look, panel, run_sheet

_ROOM = 30  # per cent of the axis that a number needs
_LINE = 44  # characters


def bill(results: Results) -> Figure:
    """The shares of the variance of the headline in the first year, one after the other up to 100 %."""
    with look():
        figure = run_sheet(results, bill_message(results))
        axes = panel(figure, Border(left=5.0, right=1.6))
        start = 0.0
        shown = causes(results)
        for row, cause in enumerate(shown):
            _bar(axes, row, cause, start, last=not any(other.share for other in shown[row + 1 :]))
            start += 100 * cause.share
        axes.set_xlim(0, 100)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_yticks([])
        axes.spines["left"].set_color(FAINT)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0f} %"))
        axes.grid(axis="x")
        name = lowered(VARIABLES[HEADLINE].long_name)
        draws = rounded(results.configuration["report"]["uncertainty_draws"], 0)
        axes.set_xlabel(f"share of the variance of {name} in {results.years[0]}, added up ({draws} draws for this)")
        return figure


def _bar(axes: Axes, row: int, cause: Cause, start: float, *, last: bool) -> None:
    """One row: name and meaning to the left, its bar, its share beside the bar, a line down to the next bar."""
    end = start + 100 * cause.share
    axes.barh(row, end - start, 0.56, left=start, color=ORANGE if row == 0 else BLUE)
    if not last:
        axes.plot([end, end], [row - 0.28, row + 1.28], color=QUIET, linewidth=0.9, clip_on=False)
    beside: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "right"}
    axes.text(-0.03, row - 0.08, cause.name, va="bottom", weight="bold", size=14, **beside)
    meaning = "\n".join(textwrap.wrap(cause.meaning, _LINE))
    axes.text(-0.03, row - 0.03, meaning, va="top", color=QUIET, size=11, linespacing=1.15, **beside)
    _share(axes, row, cause, start, end)


def _share(axes: Axes, row: int, cause: Cause, start: float, end: float) -> None:
    """The number: in a bar that is wide enough, else beside it, on the side where there is room; words at the left."""
    if not cause.share:
        axes.annotate(str(cause), (0, row), (8, 0), textcoords="offset points", va="center", color=QUIET)
        return
    inside, right = end - start > _ROOM, end < 100 - _ROOM
    axes.annotate(
        f"{cause} {cause.error_text}".strip(),
        xy=(end if inside or right else start, row),
        xytext=(8 if right and not inside else -8, 0),
        textcoords="offset points",
        ha="left" if right and not inside else "right",
        va="center",
        size=13,
        weight="bold",
        color="white" if inside and row else INK,
    )
