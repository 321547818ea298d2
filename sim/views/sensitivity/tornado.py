"""The tornado: a bar for each input, the widest first, with what the answer is at both its ends."""

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from sim.results.run import Results
from sim.views.numbers import error_text, rounded
from sim.views.sensitivity.bars import LEFT, MOST, ROW, capital, explain, frame_rows, the_others
from sim.views.sensitivity.inputs import Named, called
from sim.views.sensitivity.part import Part, records
from sim.views.sensitivity.subject import Subject
from sim.views.style import BLUE, INK, ORANGE, Border, look, panel, plain_numbers, run_sheet

TORNADO = "tornado"
"""The table it is read from, and the name of its picture."""

_SAMPLED = "mean of the draws given the input"
_AROUND = 0.28  # of the width of all bars, on either side, for the numbers at their ends
_EXACT = 0.0
_CLEARLY = 2  # errors from which on a swing is more than noise
_MONTHS = 12  # of a year


def part(results: Results) -> Part:
    """What the report shows of the tornado."""
    table = results.tables[TORNADO]
    subject = Subject.of(table)
    rows = []
    for row in records(_ranked(table)):
        named = called(results, row["input"])
        error = row["error"]
        rows.append(
            (
                named.name,
                f"{named.value(row['low_value'])} → {named.value(row['high_value'])}",
                named.unit,
                subject.number(row["low_answer"], error),
                subject.number(row["high_answer"], error),
                *_swing(subject, row["swing"], error),
                named.source,
            )
        )
    heads = ("Input", "From → to", "Unit", "Answer at the lower", "Answer at the higher", "Swing", "Monte Carlo error",
             "Source")  # fmt: skip
    return Part(
        TORNADO,
        "What moves the answer: the tornado",
        sentence(results),
        _reading(table),
        heads,
        rows,
        tornado,
        _notes(table),
    )


def _noise(table: pd.DataFrame) -> "pd.Series[bool]":
    """Which inputs move the answer by less than two Monte Carlo errors."""
    return table["swing"].abs() < _CLEARLY * table["error"]


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """The rows in their order, those last that are nothing beyond noise."""
    return table.loc[_noise(table).sort_values(kind="stable").index]


def _swing(subject: Subject, swing: float, error: float) -> tuple[str, str]:
    """The distance of the two answers and its error; that of two dates in months."""
    if not subject.is_date:
        return subject.number(swing, error), subject.error(swing, error)
    months, unsure = _MONTHS * swing, _MONTHS * error
    return f"{rounded(months, unsure if error > 0 else math.nan)} months", error_text(unsure)


def sentence(results: Results) -> str:
    """`VOD incidence moves severe VOD in 2008 most: from 2,400 to 3,560, 2,960 in between`."""
    table = results.tables[TORNADO]
    first, subject = _ranked(table).iloc[0], Subject.of(table)
    low, high, middle = (
        subject.number(float(first[f"{end}_answer"]), _shown(first)) for end in ("low", "high", "base")
    )
    return (
        f"{capital(called(results, str(first['input'])).name)} moves {subject.words} most: "
        f"{low} at its {_ordinal(first['low_percentile'])} percentile, {high} at its "
        f"{_ordinal(first['high_percentile'])}, {middle} at the base."
    )


def tornado(results: Results) -> Figure:
    """The bars of the inputs that move the answer most."""
    table = results.tables[TORNADO]
    subject, shown = Subject.of(table), _ranked(table).head(MOST)
    with look():
        figure = run_sheet(results, sentence(results).rstrip("."), height=3.0 + ROW * len(shown))
        axes = panel(figure, Border(left=LEFT, right=0.5, top=1.5, bottom=1.35))
        base = float(table["base_answer"].iloc[0]) / subject.scale
        nameds = [called(results, row["input"]) for row in records(shown)]
        frame_rows(axes, nameds, top=-0.9)
        for place, row in enumerate(records(shown)):
            _bar(axes, place, row, subject, nameds[place])
        _frame(axes, shown, subject, base)
        explain(axes, subject.axis, _how(table, len(table) - len(shown)))
        return figure


def _frame(axes: Axes, shown: pd.DataFrame, subject: Subject, base: float) -> None:
    ends = shown[["low_answer", "high_answer"]].to_numpy(float) / subject.scale
    low, high = min(ends.min(), base), max(ends.max(), base)
    wide = (high - low) or abs(base) or 1.0
    axes.set_xlim(low - _AROUND * wide, high + _AROUND * wide)
    axes.axvline(base, color=INK, linewidth=1.2)
    words = f"{_base(shown)}: {subject.number(base * subject.scale, _shown(shown.iloc[0]))}"
    axes.annotate(words, (base, -0.9), (0, 3), textcoords="offset points", ha="center", va="bottom", color=INK, size=11)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(plain_numbers())


def _bar(axes: Axes, place: int, row: dict[str, Any], subject: Subject, named: Named) -> None:
    """Two halves from the base: where the input is low, and where it is high; the numbers at the ends."""
    base = row["base_answer"] / subject.scale
    for end, colour in (("low", ORANGE), ("high", BLUE)):
        answer = row[f"{end}_answer"] / subject.scale
        axes.barh(place, answer - base, 0.6, left=base, color=colour)
        is_left = answer < base or (answer == base and end == "low")
        words = f"{subject.number(row[f'{end}_answer'], _shown(row))}  at {named.value(row[f'{end}_value'])}"
        axes.annotate(
            words,
            (answer, place),
            (-6 if is_left else 6, 0),
            textcoords="offset points",
            ha="right" if is_left else "left",
            va="center",
            size=10.5,
            path_effects=[withStroke(linewidth=3, foreground="white")],
        )


def _shown(row: Any) -> float:
    """The error that a number is rounded by: three digits where it is exact."""
    return float("nan") if float(row["error"]) == _EXACT else float(row["error"])


def _base(table: pd.DataFrame) -> str:
    how = str(table["how"].iloc[0])
    own = how.removeprefix("others ").partition(",")[0]
    return "mean of all draws" if how.startswith(_SAMPLED) else f"all {own}"


def _how(table: pd.DataFrame, left: int) -> str:
    low, high = (rounded(float(table[f"{end}_percentile"].iloc[0]), 0) for end in ("low", "high"))
    further = the_others(left, "with smaller swings")
    return f"{low}th to {high}th percentile of each input, {table['how'].iloc[0]}{further}"


def _reading(table: pd.DataFrame) -> str:
    sampled = str(table["how"].iloc[0]).startswith(_SAMPLED)
    base = (
        "The base is the mean of all draws; a bar shows the mean of those with the input about there"
        if sampled
        else f"One input at a time, the {table['how'].iloc[0]}, {_chance(table)}; the base is the answer with all there"
    )
    lost = int(_noise(table).sum())
    noise = (
        f" Last in the table: {lost} whose swing is below two Monte Carlo errors, no more than noise." if lost else ""
    )
    return f"{base}. Orange is the input's lower end, blue its higher.{noise}"


def _chance(table: pd.DataFrame) -> str:
    return "chance left out" if (table["error"] == _EXACT).all() else "the mean over the same chance for each"


def _notes(table: pd.DataFrame) -> tuple[str, ...]:
    """What to mind where inputs are correlated."""
    how = str(table["how"].iloc[0])
    if "," not in how:
        return ()
    if how.startswith(_SAMPLED):
        return (
            "Inputs are correlated: a bar shows what goes with its input, also by those that hang together with it.",
        )
    return ("Inputs are correlated: each is moved alone all the same, to where the others would seldom let it be.",)


def _ordinal(percentile: float) -> str:
    return f"{rounded(float(percentile), 0)}th"
