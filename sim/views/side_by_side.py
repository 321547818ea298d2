"""The runs of a sweep in one picture: where each lies, and how it differs from the baseline draw by draw."""

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.results.run import Results
from sim.variables import HEADLINE, VARIABLES
from sim.views.contrast import Contrast, baseline_of, contrasts
from sim.views.messages import comparison_message, sampling_words
from sim.views.style import BLUE, HEIGHT, INK, QUIET, RED, Border, look, panel, plain_numbers, sheet

_SHOWN = ((HEADLINE, BLUE, -0.18), ("deaths_day100", RED, 0.18))  # variable, colour, place within its row
_LABEL, _LINES = 36, 4  # characters of a line of a run's name, and its lines at most
_LETTER, _LINE = 0.092, 0.19  # inches of a letter's width, of a line's height
_ROW, _NUMBERED_ROW = 0.36, 0.48  # inches of a row at least, without and with numbers
_STILL = 0.01  # of the largest mean: a difference axis never shows less, which would make noise look large
_NUMBERED = 14  # runs up to which the numbers stand beside the dots; more would be a thicket


def comparison(runs: Mapping[str, Results], comparison: pd.DataFrame) -> Figure:
    """P10–P90 and mean of severe VOD and deaths per run, and beside it the difference with its 5–95 % interval.

    Parameters
    ----------
    runs : label → run, in the order they are to be shown.
    comparison : columns as `comparison.csv` has them.
    """
    labels = list(runs)
    rows = {variable: contrasts(comparison, variable) for variable, _, _ in _SHOWN}
    with look():
        figure, border = _sheet(runs, comparison, rows[HEADLINE])
        values = panel(figure, border, 0, 1 if len(labels) == 1 else 0.56)
        _rows(values, rows, labels, _value)
        _names(values, labels)
        values.set_xlim(0, values.get_xlim()[1] * 1.12)  # room for the numbers
        values.set_xlabel("mean and P10–P90, patients per year")
        if len(labels) > 1:
            differences = panel(figure, border, 0.62, 1)
            _rows(differences, rows, labels, _difference)
            differences.axvline(0, color=INK, linewidth=1)
            differences.set_yticks([])
            differences.margins(x=0.22)
            _not_too_near(differences, _STILL * max(row.mean for row in rows[HEADLINE]))
            differences.set_xlabel("difference and its 5–95 %, patients per year")
        return figure


def _sheet(
    runs: Mapping[str, Results], comparison: pd.DataFrame, headline: Sequence[Contrast]
) -> tuple[Figure, Border]:
    """A sheet as high as the rows need and a border as wide as their names need."""
    lines = [_wrapped(label).splitlines() for label in runs]
    left = max(1.2, 0.6 + _LETTER * max(len(line) for label in lines for line in label))
    border = Border(left=left, right=0.5, top=1.6)
    row = max(_NUMBERED_ROW if len(runs) <= _NUMBERED else _ROW, 0.1 + _LINE * max(len(label) for label in lines))
    height = max(HEIGHT, len(runs) * row + border.top + border.bottom)
    titles = " / ".join(dict.fromkeys(str(run.provenance["title"]) for run in runs.values()))
    against = f"; differences to {baseline_of(comparison).replace(',', ', ')}" if len(runs) > 1 else ""
    return sheet(comparison_message(headline), f"{titles}{against}", _small_print(runs), height), border


def _small_print(runs: Mapping[str, Results]) -> str:
    first = next(iter(runs.values())).provenance
    kinds = {sampling_words(run.provenance) for run in runs.values()}
    sampled = kinds.pop() if len(kinds) == 1 else "draws differ between the runs"
    number = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    return f"{number} | {str(first['finished'])[:10]} | {sampled}, seed {first['seed']} | sim {first['program']}"


def _wrapped(label: str) -> str:
    """A run's name in a few lines, broken after a comma if it can be."""
    spaced = label.replace(",", ", ")
    return "\n".join(textwrap.wrap(spaced, _LABEL, max_lines=_LINES, placeholder=" …")) or label


def _names(axes: Axes, labels: list[str]) -> None:
    size = 11 if len(labels) <= _NUMBERED else 9.5
    axes.set_yticks(range(len(labels)), [_wrapped(label) for label in labels], size=size)
    for place, (variable, colour, _) in enumerate(_SHOWN):
        key = f"● {VARIABLES[variable].long_name}"
        axes.text(place * 0.3, 1.015, key, transform=axes.transAxes, color=colour, weight="bold", size=12)


def _rows(
    axes: Axes,
    contrasts: Mapping[str, Sequence[Contrast]],
    labels: list[str],
    numbers: Callable[[Contrast], tuple[float, float, float, str]],
) -> None:
    """A dot and an interval per run and variable."""
    for variable, colour, offset in _SHOWN:
        for row in contrasts[variable]:
            height = labels.index(row.run) + offset
            _mark(axes, height, numbers(row), colour, len(labels) <= _NUMBERED)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(plain_numbers())
    axes.grid(axis="x")
    for line in range(1, len(labels)):
        axes.axhline(line - 0.5, color=QUIET, linewidth=0.3)


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


def _value(row: Contrast) -> tuple[float, float, float, str]:
    return row.mean, row.p10, row.p90, row.mean_text


def _difference(row: Contrast) -> tuple[float, float, float, str]:
    if row.is_baseline:
        return row.difference, math.nan, math.nan, "baseline"
    return row.difference, row.low, row.high, row.difference_text
