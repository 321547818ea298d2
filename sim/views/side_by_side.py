"""The runs of a sweep in one picture: where each lies, and how it differs from the baseline draw by draw."""

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.results.run import Results
from sim.views.contrast import Contrast, baseline_of, contrasts
from sim.views.leading import lead_message
from sim.views.market_facts import month_of
from sim.views.messages import sampling_words
from sim.views.side_plan import Plan, difference_mark, plan_of, value_mark
from sim.views.style import HEIGHT, INK, QUIET, Border, look, panel, plain_numbers, sheet

_LABEL, _LINES = 36, 4  # characters of a line of a run's name, and its lines at most
_LETTER, _LINE = 0.092, 0.19  # inches of a letter's width, of a line's height
_ROW, _NUMBERED_ROW = 0.36, 0.48  # inches of a row at least, without and with numbers
_STILL = 0.01  # of the largest mean: a difference axis never shows less, which would make noise look large
_NUMBERED = 14  # runs up to which the numbers stand beside the dots; more would be a thicket


def comparison(runs: Mapping[str, Results], comparison: pd.DataFrame) -> Figure:
    """Mean and P10–P90 of each run, and beside it the difference with its 5–95 % interval.

    Of the net present value where all runs have a market; else of severe VOD and deaths, or of the read-out where
    the patients are the same.

    Parameters
    ----------
    runs : label → run, in the order they are to be shown.
    comparison : columns as `comparison.csv` has them.
    """
    labels, plan = list(runs), plan_of(runs, comparison)
    rows = {line.variable: contrasts(comparison, line.variable, plan.statistic) for line in plan.lines}
    with look():
        figure, border = _sheet(runs, comparison)
        values = panel(figure, border, 0, 1 if len(labels) == 1 else 0.56)
        _rows(values, plan, rows, labels, lambda row: value_mark(row, plan, rows))
        _names(values, plan, labels)
        _value_axis(values, plan)
        if len(labels) > 1:
            differences = panel(figure, border, 0.62, 1)
            _rows(differences, plan, rows, labels, lambda row: difference_mark(row, plan))
            _difference_axis(differences, plan, rows[plan.lines[0].variable])
        return figure


def _value_axis(axes: Axes, plan: Plan) -> None:
    axes.set_xlabel(", ".join(filter(None, (plan.what, plan.unit))))
    if plan.from_zero:
        axes.set_xlim(0, axes.get_xlim()[1] * 1.12)  # room for the numbers
        return
    axes.margins(x=0.25)
    if plan.is_dated:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
        axes.xaxis.set_major_formatter(FuncFormatter(_short_month))
    else:
        axes.axvline(0, color=INK, linewidth=1)


def _short_month(year: float, _: int) -> str:
    """`Aug 2008`."""
    month, *number = month_of(year).split()
    return " ".join([month[:3], *number])


def _difference_axis(axes: Axes, plan: Plan, rows: Sequence[Contrast]) -> None:
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks([])
    axes.margins(x=0.4 if plan.is_dated else 0.25)
    if not plan.is_dated:
        _not_too_near(axes, _STILL * max(abs(row.mean) for row in rows) / plan.scale)
    axes.set_xlabel(f"difference and its 5–95 %, {plan.difference_unit}")


def _sheet(runs: Mapping[str, Results], comparison: pd.DataFrame) -> tuple[Figure, Border]:
    """A sheet as high as the rows need and a border as wide as their names need."""
    lines = [_wrapped(label).splitlines() for label in runs]
    left = max(1.2, 0.6 + _LETTER * max(len(line) for label in lines for line in label))
    border = Border(left=left, right=0.5, top=1.6)
    row = max(_NUMBERED_ROW if len(runs) <= _NUMBERED else _ROW, 0.1 + _LINE * max(len(label) for label in lines))
    height = max(HEIGHT, len(runs) * row + border.top + border.bottom)
    titles = " / ".join(dict.fromkeys(str(run.provenance["title"]) for run in runs.values()))
    against = f"; differences to {baseline_of(comparison).replace(',', ', ')}" if len(runs) > 1 else ""
    return sheet(lead_message(runs, comparison), f"{titles}{against}", small_print(runs), height), border


def small_print(runs: Mapping[str, Results]) -> str:
    """Where the pictures of several runs come from."""
    first = next(iter(runs.values())).provenance
    kinds = {sampling_words(run.provenance) for run in runs.values()}
    sampled = kinds.pop() if len(kinds) == 1 else "draws differ between the runs"
    number = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    return f"{number} | {str(first['finished'])[:10]} | {sampled}, seed {first['seed']} | sim {first['program']}"


def _wrapped(label: str) -> str:
    """A run's name in a few lines, broken after a comma if it can be."""
    spaced = label.replace(",", ", ")
    return "\n".join(textwrap.wrap(spaced, _LABEL, max_lines=_LINES, placeholder=" …")) or label


def _names(axes: Axes, plan: Plan, labels: list[str]) -> None:
    size = 11 if len(labels) <= _NUMBERED else 9.5
    axes.set_yticks(range(len(labels)), [_wrapped(label) for label in labels], size=size)
    for place, line in enumerate(plan.lines):
        shared: dict[str, Any] = {"transform": axes.transAxes, "color": line.colour, "weight": "bold", "size": 12}
        axes.text(place * 0.3, 1.015, f"● {line.name}", **shared)


def _rows(
    axes: Axes,
    plan: Plan,
    contrasts: Mapping[str, Sequence[Contrast]],
    labels: list[str],
    numbers: Callable[[Contrast], tuple[float, float, float, str]],
) -> None:
    """A dot and an interval per run and variable."""
    for line in plan.lines:
        for row in contrasts[line.variable]:
            height = labels.index(row.run) + line.offset
            _mark(axes, height, numbers(row), line.colour, len(labels) <= _NUMBERED)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(plain_numbers())
    axes.grid(axis="x")
    for place in range(1, len(labels)):
        axes.axhline(place - 0.5, color=QUIET, linewidth=0.3)


def _mark(axes: Axes, height: float, numbers: tuple[float, float, float, str], colour: str, numbered: bool) -> None:
    """The interval, its dot and the number, on the side away from zero."""
    middle, low, high, text = numbers
    ends = (middle, middle) if math.isnan(low) else (low, high)
    if not math.isnan(low):
        axes.plot([low, high], [height, height], color=colour, linewidth=4, alpha=0.45, solid_capstyle="butt")
    if not math.isnan(middle):
        axes.plot(middle, height, "o", color=colour, markersize=6)
        if numbered:
            end, away, align = (ends[0], -7, "right") if middle < 0 else (ends[1], 7, "left")
            shared: dict[str, Any] = {"textcoords": "offset points", "va": "center", "size": 9.5, "color": colour}
            axes.annotate(text, (end, height), (away, 0), ha=align, **shared)


def _not_too_near(axes: Axes, least: float) -> None:
    low, high = axes.get_xlim()
    if max(-low, high) < least:
        axes.set_xlim(-least, least)
