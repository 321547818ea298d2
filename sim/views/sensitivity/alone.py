"""Each input alone: the value beyond which the target is met, and how likely that is."""

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.results.run import Results
from sim.views.numbers import ABSENT, NO_BREAK
from sim.views.sensitivity.aim import aim_words, condition, share_text
from sim.views.sensitivity.bars import LEFT, MOST, ROW, capital, name_row, the_others
from sim.views.sensitivity.inputs import Named, called
from sim.views.sensitivity.part import Part, records
from sim.views.style import BLUE, FAINT, GREEN, ORANGE, Border, look, panel, run_sheet

ALONE = "alone"
"""The table it is read from, and the name of its picture."""

_MODEL = "others at their medians"
_TOP = 100  # per cent
_THICK = 0.55  # of a row
_ALWAYS, _NEVER = "anywhere", "nowhere"


def part(results: Results) -> Part:
    """What the report shows of each input alone."""
    table = results.tables[ALONE]
    rows = []
    for row in records(table):
        named = called(results, row["input"])
        where = condition(named, row) or _extent(row)
        error = row["error"] or math.nan
        rows.append(
            (
                named.name,
                where,
                named.unit,
                share_text(row["probability"], error) if 0 < row["probability"] < 1 else ABSENT,
                ABSENT if math.isnan(row["inside"]) else share_text(row["inside"], row["inside_error"]),
                named.source,
            )
        )
    heads = ("Input", "Met at", "Unit", "Probability of that", "Share of the run's draws there that meet it", "Source")
    figure = alone if len(_deciding(table)) else None
    return Part(ALONE, "What must be true of each input alone", sentence(results), _reading(table), heads, rows, figure)


def sentence(results: Results) -> str:
    """`Severe VOD in 2008 of at least 3,000 is met from VOD incidence ≥ 0.202 on alone, which is 46 % likely`."""
    table = results.tables[ALONE]
    aim, rows = capital(aim_words(table)), _deciding(table)
    if not rows:
        every = bool((table["probability"] >= 1).all())
        return f"{aim} is met at every value of each input alone." if every else f"No input alone decides it: {aim}."
    named, row = called(results, rows[0]["input"]), rows[0]
    likely = share_text(row["probability"], row["error"] or math.nan)
    if _is_model(table):
        return f"{aim} is met with {named.name} {condition(named, row)}, all else at its median: {likely} likely."
    inside, of_all = (share_text(row[name], row["inside_error"]) for name in ("inside", "of_all"))
    where = f"{capital(named.name)} {condition(named, row)}"
    return f"{where} tells most: the target is met in {inside} of those draws, against {of_all} of all."


def alone(results: Results) -> Figure:
    """A bar for each input that can decide: how likely it lies where the target is met, and where that is."""
    table = results.tables[ALONE]
    deciding = _deciding(table)
    shown = deciding[:MOST]
    with look():
        title, target = sentence(results).rstrip("."), f"target: {aim_words(table)}"
        figure = run_sheet(results, title, height=3.15 + ROW * len(shown), subject=target)
        axes = panel(figure, Border(left=LEFT, right=1.0, top=1.7, bottom=1.2))
        for place, row in enumerate(shown):
            _bar(axes, place, row, called(results, row["input"]))
        axes.set_xlim(0, _TOP)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        further = the_others(len(table) - len(shown), "with less or no effect")
        if not _is_model(table):
            _of_all(axes, shown)
        axes.set_xlabel(f"{_axis(table)}\n{_how(table)}{further}")
        return figure


def _of_all(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """Where all draws stand: a line between the bars, so that it crosses no words in them."""
    value, half = float(rows[0]["of_all"]), _THICK / 2
    ends = [-0.6, *(place + side for place in range(len(rows)) for side in (-half, half)), len(rows) - 0.4]
    axes.vlines([100 * value] * (len(rows) + 1), ends[::2], ends[1::2], color=ORANGE, linewidth=2.5)
    words = f"all draws: {share_text(value, float(rows[0]['inside_error']))}"
    axes.annotate(words, (100 * value, -0.6), (0, 3), textcoords="offset points", ha="center", va="bottom", size=11)


def _bar(axes: Axes, place: int, row: dict[str, Any], named: Named) -> None:
    name_row(axes, place, named)
    axes.barh(place, _TOP, _THICK, color=FAINT)
    is_model = row["how"] == _MODEL
    shown = ("probability", "error") if is_model else ("inside", "inside_error")
    value, error = (float(row[name]) for name in shown)
    width = 100 * value
    axes.barh(place, width, _THICK, color=BLUE if is_model else GREEN)
    words = f"{condition(named, row) or _extent(row)}: {share_text(value, error or math.nan)}"
    inside = width > _TOP / 2
    axes.annotate(
        words,
        (width, place),
        (-8 if inside else 8, 0),
        textcoords="offset points",
        ha="right" if inside else "left",
        va="center",
        color="white" if inside else "black",
        weight="bold",
        size=11.5,
    )


def _deciding(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The inputs at some of whose values the target is met, and at some not."""
    return [row for row in records(table) if 0 < float(row["probability"]) < 1]


def _extent(row: dict[str, Any]) -> str:
    """Where an input meets the target that has no value to name: anywhere, nowhere, or between percentiles."""
    share = float(row["probability"])
    if math.isnan(share):
        return ABSENT
    if share <= 0 or share >= 1:
        return _NEVER if share <= 0 else _ALWAYS
    return f"percentiles {float(row['low_percentile']):.0f} to {float(row['high_percentile']):.0f}"


def _is_model(table: pd.DataFrame) -> bool:
    return str(table["how"].iloc[0]) == _MODEL


def _how(table: pd.DataFrame) -> str:
    return "the others at their medians, chance left out" if _is_model(table) else str(table["how"].iloc[0])


def _axis(table: pd.DataFrame) -> str:
    if _is_model(table):
        return "bars: how likely the input lies where the target is met, per cent"
    return "bars: share of the draws with the input there that meet the target, per cent; line: of all draws"


def _reading(table: pd.DataFrame) -> str:
    if not _is_model(table):
        return (
            f"The target: {aim_words(table)}. The threshold is the best single one in the draws: it tells best those "
            "that meet the target from those that do not. An input without one tells no more than chance could."
        )
    return (
        f"One input at a time, {_how(table)}. The share to the right is of the run's own draws, in which all the "
        f"others vary too: far from 100{NO_BREAK}%, and the input alone does not secure the target."
    )
