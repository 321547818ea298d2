"""The box: the ranges of several inputs within which the target is met, and how often it is met there."""

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from sim.results.run import Results
from sim.views.numbers import ABSENT, NO_BREAK, error_text
from sim.views.sensitivity.aim import aim_words, condition, listed, share_text
from sim.views.sensitivity.bars import LEFT, ROW, capital, name_row
from sim.views.sensitivity.inputs import Named, called
from sim.views.sensitivity.part import Part, records
from sim.views.style import BLUE, FAINT, QUIET, Border, look, panel, run_sheet

BOXES = "boxes"
"""The table it is read from, and the name of its picture."""

_READING = (
    "Each row is a restriction of the box: the input's own unit, where that lies among its draws, and how often the "
    "target would be met without it. The box was found in one half of the draws and judged in the other."
)
_MEASURES = (
    ("density", "of the draws in the box\nmeet the target"),
    ("of_all", "of all draws meet it"),
    ("coverage", "of the draws that meet it\nlie in the box"),
    ("mass", "of all draws lie in the box"),
)
_TOP = 100  # per cent
_NUMBERS = 3.1  # inches to the right, for the measures
_LEAST_ROWS = 5  # in height: the measures need as much


def part(results: Results) -> Part:
    """What the report shows of the box."""
    table = results.tables[BOXES]
    rows = []
    for row in _restrictions(table):
        named = called(results, row["input"])
        rows.append(
            (
                named.name,
                condition(named, row),
                named.unit,
                _percentiles(row),
                share_text(row["density_without"], row["density_error"]),
                named.source,
            )
        )
    heads = ("Input", "In the box", "Unit", "Percentiles", "Met without it", "Source")
    figure = boxes if rows else None
    return Part(BOXES, "What must be true: the box", sentence(results), _READING, heads, rows, figure, _notes(table))


def sentence(results: Results) -> str:
    """`Severe VOD in 2008 of at least 3,000 wants VOD incidence ≥ 0.19: then it is met in 91 % of the draws …`."""
    table = results.tables[BOXES]
    aim, first = aim_words(table), table.iloc[0]
    of_all = share_text(float(first["of_all"]), float(first["of_all_error"]))
    rows = _restrictions(table)
    if not rows:
        return f"{capital(aim)} is met in {of_all} of the draws, and no box of inputs says much more."
    parts = [f"{called(results, row['input']).name} {condition(called(results, row['input']), row)}" for row in rows]
    inside = share_text(float(first["density"]), float(first["density_error"]))
    return f"{capital(aim)} wants {listed(parts)}: then it is met in {inside} of the draws, against {of_all} of all."


def boxes(results: Results) -> Figure:
    """The range of each restricted input on the scale of its own percentiles, and the measures of the box."""
    table = results.tables[BOXES]
    rows = _restrictions(table)
    height = 2.95 + ROW * max(len(rows), _LEAST_ROWS)
    with look():
        figure = run_sheet(results, _message(table), height=height)
        axes = panel(figure, Border(left=LEFT, right=_NUMBERS + 0.6, top=1.65, bottom=1.1))
        for place, row in enumerate(rows):
            _bar(axes, place, row, called(results, row["input"]))
        axes.set_xlim(0, _TOP)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("percentile of the input's own draws; blue: inside the box")
        _measures(figure, table, height)
        return figure


def _message(table: pd.DataFrame) -> str:
    """The sentence without the conditions, which the bars show."""
    first = table.iloc[0]
    inside, of_all = (share_text(float(first[name]), float(first[f"{name}_error"])) for name in ("density", "of_all"))
    return f"{capital(aim_words(table))} is met in {inside} of the draws in this box, and in {of_all} of all"


def _bar(axes: Axes, place: int, row: dict[str, Any], named: Named) -> None:
    name_row(axes, place, named)
    axes.barh(place, _TOP, 0.5, color=FAINT)
    low, high = float(row["low_percentile"]), float(row["high_percentile"])
    words: dict[str, Any] = {"va": "center", "size": 11.5, "weight": "bold"}
    if math.isnan(low):
        axes.text(_TOP / 2, place, condition(named, row), color=BLUE, ha="center", **words)
        return
    axes.barh(place, high - low, 0.5, left=low, color=BLUE)
    edge = [withStroke(linewidth=3, foreground=BLUE)]
    axes.text((low + high) / 2, place, condition(named, row), color="white", ha="center", path_effects=edge, **words)


def _measures(figure: Figure, table: pd.DataFrame, height: float) -> None:
    """Density, coverage and mass, in large numbers beside the bars."""
    first, width = table.iloc[0], figure.get_size_inches()[0]
    left, top = 1 - (_NUMBERS + 0.2) / width, height - 1.65
    step = (top - 1.0) / len(_MEASURES)
    for number, (name, words) in enumerate(_MEASURES):
        at = (top - step * number) / height
        value = share_text(float(first[name]), float(first[f"{name}_error"]))
        colour = BLUE if name == "density" else QUIET
        figure.text(left, at, value, size=19, weight="bold", color=colour, va="top", ha="left")
        figure.text(left + 1.15 / width, at - 0.04 / height, words, size=10.5, color=QUIET, va="top", ha="left")


def _restrictions(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows that restrict an input."""
    return [row for row in records(table) if isinstance(row["input"], str) and row["input"]]


def _percentiles(row: dict[str, Any]) -> str:
    low, high = float(row["low_percentile"]), float(row["high_percentile"])
    return ABSENT if math.isnan(low) else f"{low:.0f} to {high:.0f}"


def _notes(table: pd.DataFrame) -> list[str]:
    first = table.iloc[0]
    density, error = float(first["density"]), float(first["density_error"])
    doubt = f" ({error_text(100 * error)})" if math.isfinite(error) else ""
    coverage = share_text(float(first["coverage"]), float(first["coverage_error"]))
    mass = share_text(float(first["mass"]), float(first["mass_error"]))
    if not _restrictions(table):
        return []
    notes = [
        f"The box holds {mass} of all draws and {coverage} of those that meet the target; the others meet it outside. "
        f"Inside, {share_text(density, error)}{doubt} meet it, as {int(first['judged']):,} draws say that had no part "
        "in the search."
    ]
    if density + 2 * (error if math.isfinite(error) else 0) < float(first["wanted"]):
        notes.append(
            f"A density of {100 * float(first['wanted']):g}{NO_BREAK}% was wanted; what no input says, such as chance, "
            "keeps the box below it."
        )
    return notes
