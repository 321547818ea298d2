"""The runs of a sweep in one picture: where each lies, and how it differs from the baseline draw by draw."""

import math
import textwrap
from collections.abc import Callable, Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.results.run import Results
from sim.variables import HEADLINE, VARIABLES
from sim.views.contrast import Contrast, baseline_of, contrasts, headline_year
from sim.views.messages import comparison_message, sampling_words
from sim.views.numbers import rounded
from sim.views.style import BLUE, HEIGHT, INK, QUIET, RED, Border, look, panel, sheet

_SHOWN = ((HEADLINE, BLUE, -0.17), ("deaths_day100", RED, 0.17))  # variable, colour, place within its row
_LABEL = 36  # characters of a line of a run's name
_ROW = 0.36  # inches of a run's row, where there are many


def comparison(runs: Mapping[str, Results], comparison: pd.DataFrame) -> Figure:
    """P10–P90 and mean of severe VOD and deaths per run, and beside it the difference with its 5–95 % interval.

    Parameters
    ----------
    runs : label → run, in the order they are to be shown.
    comparison : columns as `comparison.csv` has them.
    """
    with look():
        border = Border(left=_left(list(runs)), right=0.5, top=1.75)
        figure = _sheet(runs, comparison, max(HEIGHT, len(runs) * _ROW + border.top + border.bottom))
        single = len(runs) == 1
        values = panel(figure, border, 0, 1 if single else 0.54)
        _rows(values, comparison, list(runs), _value)
        _names(values, list(runs))
        values.set_xlim(left=0)
        values.set_xlabel("mean and P10–P90, patients per year")
        if not single:
            differences = panel(figure, border, 0.6, 1)
            _rows(differences, comparison, list(runs), _difference)
            differences.axvline(0, color=INK, linewidth=1)
            differences.tick_params(labelleft=False)
            differences.set_xlabel("difference and its 5–95 %, patients per year")
        return figure


def _sheet(runs: Mapping[str, Results], comparison: pd.DataFrame, height: float) -> Figure:
    base, first = baseline_of(comparison), next(iter(runs.values())).provenance
    titles = list(dict.fromkeys(str(run.provenance["title"]) for run in runs.values()))
    message = comparison_message(list(runs), base, headline_year(comparison))
    kinds = list(dict.fromkeys(sampling_words(run.provenance) for run in runs.values()))
    sampled = kinds[0] if len(kinds) == 1 else "draws differ between the runs"
    small = f"{len(runs)} runs | {str(first['finished'])[:10]} | {sampled} | sim {first['program']}"
    return sheet(message, " / ".join(titles), small, height)


def _left(labels: list[str]) -> float:
    """Inches for the longest line of a run's name."""
    longest = max(len(line) for label in labels for line in _wrapped(label).splitlines())
    return max(1.2, 0.6 + 0.093 * longest)


def _wrapped(label: str) -> str:
    """A run's name in two lines at most, broken after a comma if it can be."""
    spaced = label.replace(",", ", ")
    return "\n".join(textwrap.wrap(spaced, _LABEL, max_lines=2, placeholder=" …")) or label


def _names(axes: Axes, labels: list[str]) -> None:
    axes.set_yticks(range(len(labels)), [_wrapped(label) for label in labels], size=11 if len(labels) <= 12 else 9.5)


def _rows(
    axes: Axes, comparison: pd.DataFrame, labels: list[str], numbers: Callable[[Contrast], tuple[float, float, float]]
) -> None:
    """A dot and an interval per run and variable, and what the colours mean above them."""
    for place, (variable, colour, offset) in enumerate(_SHOWN):
        for row in contrasts(comparison, variable):
            middle, low, high = numbers(row)
            height = labels.index(row.run) + offset
            if not math.isnan(low):
                axes.plot([low, high], [height, height], color=colour, linewidth=4, alpha=0.45, solid_capstyle="butt")
            axes.plot(middle, height, "o", color=colour, markersize=6)
        key = f"● {VARIABLES[variable].long_name}"
        axes.text(place * 0.34, 1.02, key, transform=axes.transAxes, color=colour, weight="bold", size=11)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)))
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: rounded(value, 0)))
    axes.grid(axis="x")
    for line in range(1, len(labels)):
        axes.axhline(line - 0.5, color=QUIET, linewidth=0.3)


def _value(row: Contrast) -> tuple[float, float, float]:
    return row.mean, row.p10, row.p90


def _difference(row: Contrast) -> tuple[float, float, float]:
    return row.difference, row.low, row.high
