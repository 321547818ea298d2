"""Sobol' indices: for each input a dot for what it makes alone, and one for all it does together with others."""

import math
from typing import Any

import pandas as pd
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
from sim.views.style import BLUE, ORANGE, Border, look, panel, run_sheet

SOBOL = "sobol"
"""The table it is read from, and the name of its picture."""

_ORDERS = (("first", BLUE, "o", "alone", -0.13), ("total", ORANGE, "s", "with all it does together with others", 0.13))
_NAMED = 1.16  # of the largest value, the end of the axis, with room for a number


def part(results: Results) -> Part:
    """What the report shows of the Sobol' indices."""
    table = results.tables[SOBOL]
    rows = []
    for row in records(table):
        named = called(results, row["input"])
        rows.append((named.name, *_cells(row, "first"), *_cells(row, "total"), named.unit, named.source))
    interval = "95 % interval, %"
    heads = ("Input", "Alone (first order)", interval, "With others (total order)", interval, "Unit", "Source")
    title = "Shares of the variance: Sobol' indices"
    return Part(SOBOL, title, sentence(results), _reading(table), heads, rows, sobol)


def sentence(results: Results) -> str:
    """`VOD incidence makes 38 % ± 1 of the variance of severe VOD in 2008, alone; 38 % ± 1 with all …`."""
    table = results.tables[SOBOL]
    first = records(table)[0]
    alone = share_text(first["first"], first["first_error"])
    begun = (
        f"{capital(called(results, first['input']).name)} makes {alone} of the variance of {Subject.of(table).words}"
    )
    if math.isnan(first["total"]):
        return f"{begun}, alone; a finished run does not tell what it does together with others."
    together = share_text(first["total"], first["total_error"])
    return f"{begun}, alone; {together} with all it does together with others."


def sobol(results: Results) -> Figure:
    """The dots of the inputs with the largest shares, each with its interval."""
    table = results.tables[SOBOL]
    shown = records(table.head(MOST))
    orders = [order for order in _ORDERS if not math.isnan(shown[0][order[0]])]
    with look():
        figure = run_sheet(results, sentence(results).rstrip("."), height=2.95 + ROW * len(shown))
        axes = panel(figure, Border(left=LEFT, right=0.5, top=1.6, bottom=1.2))
        frame_rows(axes, [called(results, row["input"]) for row in shown])
        for name, colour, mark, words, beside in orders:
            _dots(axes, shown, name, colour, mark, words, beside if len(orders) > 1 else 0.0)
        ends = [row[f"{name}_high" if row[f"{name}_high"] > 0 else name] for row in shown for name, *_ in orders]
        axes.set_xlim(-0.01 * max(ends), _NAMED * max(*ends, 1e-3))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{rounded(100 * share, math.nan)} %"))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2, fontsize=11)
        left = the_others(len(table) - len(shown), "with smaller shares")
        label = f"share of the variance of {Subject.of(table).words}, with its 95 % interval"
        explain(axes, label, f"{_how(table)}{left}")
        return figure


def _dots(axes: Axes, rows: list[dict[str, Any]], name: str, colour: str, mark: str, words: str, beside: float) -> None:
    places = [place + beside for place in range(len(rows))]
    for row, place in zip(rows, places, strict=True):
        axes.plot([row[f"{name}_low"], row[f"{name}_high"]], [place, place], color=colour, linewidth=2)
        end = row[name] if math.isnan(row[f"{name}_high"]) else row[f"{name}_high"]
        axes.annotate(
            f"{rounded(100 * row[name], 100 * row[f'{name}_error'])} %",
            (end, place),
            (8, 0),
            textcoords="offset points",
            va="center",
            size=10,
        )
    axes.plot([row[name] for row in rows], places, mark, color=colour, markersize=7, label=words, linestyle="none")


def _cells(row: dict[str, Any], name: str) -> tuple[str, str]:
    if math.isnan(row[name]):
        return ABSENT, ABSENT
    error = row[f"{name}_error"]
    return share_text(row[name], error), interval_text(row[f"{name}_low"], row[f"{name}_high"], error) or ABSENT


def _how(table: pd.DataFrame) -> str:
    rows = rounded(float(table["draws"].iloc[0]), 0)
    if math.isnan(float(table["total"].iloc[0])):
        return f"from the {rows} draws of the run, in bins of each input"
    return f"two matrices of {rows} rows, and one more for each input"


def _reading(table: pd.DataFrame) -> str:
    alone = "Alone is how much less the variance would be, on average, if the input were known."
    error = math.sqrt(float(table["first_error"].pow(2).sum(skipna=False)))
    total = share_text(float(table["first"].sum()), error)
    if math.isnan(float(table["total"].iloc[0])):
        return f"{alone} These add up to {total}; the rest is chance and what inputs do together."
    return (
        f"{alone} With others is how much of it would be left if all but this input were known. The first add up to "
        f"{total}; the rest is what inputs do together. A share that came out below 0 by "
        "chance is given as 0."
    )
