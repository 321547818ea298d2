"""Rank correlations: a bar for each input, to the right where the answer rises with it, to the left where it falls."""

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.results.run import Results
from sim.views.numbers import ABSENT, error_text, rounded
from sim.views.sensitivity.bars import LEFT, MOST, ROW, capital, explain, frame_rows, the_others
from sim.views.sensitivity.inputs import called
from sim.views.sensitivity.part import Part, records
from sim.views.sensitivity.subject import Subject
from sim.views.style import BLUE, INK, ORANGE, Border, look, panel, run_sheet

RANK = "rank"
"""The table it is read from, and the name of its picture."""

_BEYOND = 1.28  # end of the axis, with room for a number beside a full bar


def part(results: Results) -> Part:
    """What the report shows of the rank correlations."""
    rows = []
    for row in records(results.tables[RANK]):
        named = called(results, row["input"])
        rows.append((named.name, *_cells(row, "partial"), *_cells(row, "spearman"), named.unit, named.source))
    heads = ("Input", "Partial rank correlation", "95 % interval", "Spearman's", "95 % interval", "Unit", "Source")
    reading = (
        "From -1 (the answer always falls as the input rises) to 1 (it always rises). The partial one is what is left "
        "when the other inputs are taken out of both; Spearman's takes nothing out. Neither says how far the answer "
        "moves, nor sees what rises first and then falls."
    )
    return Part(RANK, "What the answer goes with: rank correlation", sentence(results), reading, heads, rows, rank)


def sentence(results: Results) -> str:
    """`Severe VOD in 2008 rises most surely with VOD incidence: partial rank correlation 0.924 ± 0.001`."""
    table = results.tables[RANK]
    first = records(table)[0]
    name = called(results, first["input"]).name
    way = f"falls most surely as {name} rises" if first["partial"] < 0 else f"rises most surely with {name}"
    return f"{capital(Subject.of(table).words)} {way}: partial rank correlation {_number(first, 'partial')}."


def rank(results: Results) -> Figure:
    """The bars of the inputs with the strongest partial rank correlation; Spearman's as a mark."""
    table = results.tables[RANK]
    shown = records(table.head(MOST))
    with look():
        figure = run_sheet(results, sentence(results).rstrip("."), height=2.85 + ROW * len(shown))
        axes = panel(figure, Border(left=LEFT, right=0.5, top=1.5, bottom=1.2))
        frame_rows(axes, [called(results, row["input"]) for row in shown])
        for place, row in enumerate(shown):
            _bar(axes, place, row)
        axes.axvline(0, color=INK, linewidth=1.2)
        axes.set_xlim(-_BEYOND, _BEYOND)
        axes.set_xticks([-1, -0.5, 0, 0.5, 1])
        left = the_others(len(table) - len(shown), "with weaker ones")
        label = f"partial rank correlation with {Subject.of(table).words}, with its 95 % interval"
        explain(axes, label, f"blue: rises with it; orange: falls; diamond: Spearman's{left}")
        return figure


def _bar(axes: Axes, place: int, row: dict[str, Any]) -> None:
    value = row["partial"]
    if math.isnan(value):
        return
    axes.barh(place, value, 0.56, color=ORANGE if value < 0 else BLUE)
    axes.plot([row["partial_low"], row["partial_high"]], [place, place], color=INK, linewidth=1.6)
    axes.plot(row["spearman"], place, "D", color="white", markeredgecolor=INK, markersize=5.5)
    side = -1 if value < 0 else 1
    far = min(row["partial_low"], row["spearman"]) if value < 0 else max(row["partial_high"], row["spearman"])
    axes.annotate(
        rounded(value, row["partial_error"]),
        (far, place),
        (8 * side, 0),
        textcoords="offset points",
        ha="right" if value < 0 else "left",
        va="center",
        size=10.5,
    )


def _number(row: dict[str, Any], name: str) -> str:
    value, error = row[name], row[f"{name}_error"]
    marked = f" {error_text(error)}" if error > 0 else ""
    return f"{rounded(value, error)}{marked}"


def _cells(row: dict[str, Any], name: str) -> tuple[str, str]:
    """A correlation with its error, and its interval."""
    if math.isnan(row[name]):
        return ABSENT, ABSENT
    low, high = (rounded(row[f"{name}_{end}"], row[f"{name}_error"]) for end in ("low", "high"))
    return _number(row, name), f"{low} to {high}"
