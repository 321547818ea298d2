"""The bridge: from one mean to another, a bar for each input, each beginning where the one above it ends."""

import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from sim.results.run import Results
from sim.views.bridge_words import BRIDGE, Bridge, Step, bridge_message, bridges
from sim.views.estimates import Estimate
from sim.views.numbers import rounded
from sim.views.style import (
    BLUE,
    FAINT,
    HEIGHT,
    INK,
    ORANGE,
    QUIET,
    Border,
    look,
    panel,
    plain_numbers,
    sheet,
    small_print,
)

_LINE = 46  # letters of the values below an input's name
_ROW = 0.7  # inches
_ROOM = 0.2  # of the axis, at the right, for the numbers


def bridge(results: Results) -> Figure:
    """The bridge of a run: its table `bridge`."""
    (found,) = bridges(results.tables[BRIDGE])
    return waterfall(found, str(results.provenance["title"]), small_print(results))


def waterfall(found: Bridge, subtitle: str, small: str) -> Figure:
    """One bridge.

    Parameters
    ----------
    found : what is drawn.
    subtitle, small : of the sheet.
    """
    border = Border(left=5.2, right=0.7)
    height = max(HEIGHT, (len(found.steps) + 2) * _ROW + border.top + border.bottom)
    with look():
        figure = sheet(bridge_message(found), subtitle, small, height)
        axes = panel(figure, border)
        _whole(axes, 0, found, found.start, found.base)
        before = found.start.value
        for row, step in enumerate(found.steps, start=1):
            _part(axes, row, found, step, before)
            before = step.reached
        last = len(found.steps) + 1
        _whole(axes, last, found, found.end, found.other)
        _frame(axes, found, last)
        return figure


def _frame(axes: Axes, found: Bridge, last: int) -> None:
    means = (0.0, found.start.value, found.end.value, *(step.reached for step in found.steps))
    levels = [mean / found.scale for mean in means]
    wide = (max(levels) - min(levels)) or 1.0
    axes.set_xlim(min(levels) - 0.02 * wide * (min(levels) < 0), max(levels) + _ROOM * wide)
    axes.set_ylim(last + 0.6, -0.6)
    axes.set_yticks([])
    axes.axvline(0, color=INK, linewidth=1)
    axes.spines["left"].set_color(FAINT)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(plain_numbers())
    axes.grid(axis="x")
    draws = rounded(found.draws, 0)
    axes.set_xlabel(f"mean of {found.subject}, {found.axis_unit} (the first {draws} draws)")


def _whole(axes: Axes, row: int, found: Bridge, mean: Estimate, name: str) -> None:
    """The bar of one side, from zero."""
    end = mean.value / found.scale
    axes.barh(row, end, 0.6, color=QUIET)
    _number(axes, row, max(end, 0.0), f"{found.text(mean)} {found.error(mean)}")
    _label(axes, row, textwrap.wrap(name, _LINE, max_lines=2, placeholder=" …"), [])


def _part(axes: Axes, row: int, found: Bridge, step: Step, before: float) -> None:
    """The bar of an input, from the mean before it to the mean after it, and a line from the bar above."""
    start, end = before / found.scale, step.reached / found.scale
    axes.plot([start, start], [row - 0.7, row + 0.3], color=QUIET, linewidth=0.9)
    if step.part.value:
        axes.barh(row, end - start, 0.6, left=start, color=BLUE if end > start else ORANGE)
    words = f"{found.part(step)} {found.part_error(step)}" if step.part.value else "makes no difference"
    _number(axes, row, max(start, end), words)
    _label(axes, row, [step.name], _lines(step.change))


def _lines(change: str) -> list[str]:
    """From which value to which, in one line or two."""
    parts = [change] if len(change) <= _LINE else change.replace(" → ", "\n→ ").split("\n")
    return [textwrap.shorten(part, _LINE, placeholder=" …") for part in parts]


def _number(axes: Axes, row: int, place: float, words: str) -> None:
    """Words at the right of a bar."""
    shared: dict[str, Any] = {"textcoords": "offset points", "ha": "left", "va": "center"}
    halo = [withStroke(linewidth=3, foreground="white")]
    axes.annotate(words, (place, row), (7, 0), size=12, color=INK, path_effects=halo, **shared)


def _label(axes: Axes, row: int, name: list[str], change: list[str]) -> None:
    """The name at the left, and below it from which value to which."""
    beside: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "right"}
    height = row - 0.1 * len(change)
    axes.text(-0.02, height, "\n".join(name), va="bottom" if change else "center", weight="bold", size=12.5, **beside)
    axes.text(-0.02, height + 0.04, "\n".join(change), va="top", color=QUIET, size=10.5, **beside)
