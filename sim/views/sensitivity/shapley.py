"""Shapley effects: a bar for each input, whose lengths add up to the whole variance."""

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.results.run import Results
from sim.views.numbers import ABSENT, rounded
from sim.views.sensitivity.bars import (
    LEFT,
    MOST,
    ROW,
    capital,
    explain,
    frame_rows,
    interval_text,
    share_text,
    the_others,
)
from sim.views.sensitivity.inputs import called
from sim.views.sensitivity.part import Part, records
from sim.views.sensitivity.subject import Subject
from sim.views.style import BLUE, INK, Border, look, panel, run_sheet

SHAPLEY = "shapley"
"""The table it is read from, and the name of its picture."""

_NAMED = 1.2  # of the largest value, the end of the axis, with room for a number
_READING = (
    "What inputs do only together, or because they hang together, is shared equally among them, so that the shares add "
    "up to the whole variance. As estimated they do so exactly; one that came out below 0 by chance is given as 0."
)


def part(results: Results) -> Part:
    """What the report shows of the Shapley effects."""
    rows = []
    for row in records(results.tables[SHAPLEY]):
        named = called(results, row["input"])
        interval = interval_text(row["effect_low"], row["effect_high"], row["error"])
        rows.append((named.name, share_text(row["effect"], row["error"]), interval or ABSENT, named.unit, named.source))
    heads = ("Input", "Share of the variance", "95 % interval, %", "Unit", "Source")
    title = "Shares of the variance that add up: Shapley effects"
    return Part(SHAPLEY, title, sentence(results), _READING, heads, rows, shapley)


def sentence(results: Results) -> str:
    """`VOD incidence accounts for 38 % ± 1 of the variance of severe VOD in 2008, what … shared equally among them`."""
    table = results.tables[SHAPLEY]
    first = records(table)[0]
    share = share_text(first["effect"], first["error"])
    return (
        f"{capital(called(results, first['input']).name)} accounts for {share} of the variance of "
        f"{Subject.of(table).words}, what inputs do together shared equally among them."
    )


def shapley(results: Results) -> Figure:
    """The bars of the inputs with the largest effects."""
    table = results.tables[SHAPLEY]
    shown = records(table.head(MOST))
    with look():
        figure = run_sheet(results, sentence(results).rstrip("."), height=2.85 + ROW * len(shown))
        axes = panel(figure, Border(left=LEFT, right=0.5, top=1.5, bottom=1.2))
        frame_rows(axes, [called(results, row["input"]) for row in shown])
        for place, row in enumerate(shown):
            _bar(axes, place, row)
        axes.set_xlim(0, _NAMED * max(row["effect_high"] for row in shown))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{rounded(100 * share, math.nan)} %"))
        left = the_others(len(table) - len(shown), "with smaller shares")
        rows = rounded(float(table["draws"].iloc[0]), 0)
        label = f"share of the variance of {Subject.of(table).words}, with its 95 % interval"
        explain(axes, label, f"random orders of the inputs, {rows} rows of each step{left}")
        return figure


def _bar(axes: Axes, place: int, row: dict[str, Any]) -> None:
    axes.barh(place, row["effect"], 0.56, color=BLUE)
    axes.plot([row["effect_low"], row["effect_high"]], [place, place], color=INK, linewidth=1.6)
    axes.annotate(
        share_text(row["effect"], row["error"]),
        (row["effect_high"], place),
        (8, 0),
        textcoords="offset points",
        va="center",
        size=10.5,
    )
