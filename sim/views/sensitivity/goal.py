"""Goal seek: the value of a key that brings a statistic of the target to its bound."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sim.results.run import Results
from sim.views.market_facts import MILLION
from sim.views.numbers import NO_BREAK, about, error_text, rounded
from sim.views.sensitivity.aim import share_text
from sim.views.sensitivity.bars import capital
from sim.views.sensitivity.inputs import Named, called
from sim.views.sensitivity.part import Part, records
from sim.views.sensitivity.subject import Subject
from sim.views.style import BLUE, GREEN, ORANGE, Border, look, panel, plain_numbers, run_sheet

GOAL = "goal"
"""The table it is read from, and the name of its picture."""

_PROBABILITY = "probability"
_MOST = "at most"
_STATISTICS = {"mean": "mean", "p10": "10th percentile", "p50": "median", "p90": "90th percentile"}
_WIDE = 10.0  # from this ratio of the ends on the axis of the key is logarithmic
_READING = "Every value that was computed, the lowest first: the same draws and the same chance at each."


def part(results: Results) -> Part:
    """What the report shows of a search."""
    table = results.tables[GOAL]
    named, subject = _key(results), _Statistic(table)
    rows = []
    for row in records(table):
        found = "the goal" if _is_found(row) else ""
        value = named.value(row["value"]) if not _is_found(row) else _value(named, row)
        answer, error = float(row["answer"]), float(row["error"])
        rows.append((value, subject.number(answer, error), subject.error(answer, error), found))
    heads = (f"{capital(named.name)}, {named.unit}", capital(subject.words), "Monte Carlo error", "")
    return Part(GOAL, "What it takes", sentence(results), _READING, heads, rows, goal, _notes(table))


def sentence(results: Results) -> str:
    """`The 10th percentile of net present value reaches -18 M at a list price (US) of 450 ± 90 USD per vial`."""
    table = results.tables[GOAL]
    named, subject, found = _key(results), _Statistic(table), _found(table)
    doubt = error_text(float(found["value_error"]))
    error = f" {doubt}" if doubt.startswith("±") else ""
    unit = "" if named.unit in ("", "date") else f" {named.unit}"
    level = subject.number(float(found["level"]), math.nan)
    return f"{capital(subject.words)} is {level} at {named.name} = {_value(named, found)}{error}{unit}."


def goal(results: Results) -> Figure:
    """The statistic along the key, with two errors on either side, the line to be reached and the value that does."""
    table = results.tables[GOAL]
    named, subject, found = _key(results), _Statistic(table), _found(table)
    with look():
        figure = run_sheet(results, sentence(results).rstrip("."))
        axes = panel(figure, Border(left=1.5, right=0.8, top=1.5))
        values, answers = (table[name].to_numpy(float) for name in ("value", "answer"))
        answers, errors = answers / subject.scale, table["error"].to_numpy(float) / subject.scale
        known = np.isfinite(errors)
        axes.fill_between(
            values[known],
            (answers - 2 * errors)[known],
            (answers + 2 * errors)[known],
            color=BLUE,
            alpha=0.2,
            linewidth=0,
        )
        axes.plot(values, answers, color=BLUE, linewidth=2.6, marker="o", markersize=4)
        level = float(found["level"]) / subject.scale
        axes.axhline(level, color=ORANGE, linewidth=1.8)
        axes.plot([found["value"]], [level], "o", color=GREEN, markersize=12, markeredgecolor="white", zorder=3)
        _name(axes, named, subject, found, level, rises=bool(answers[-1] > answers[0]))
        _frame(axes, values)
        unit = f", {named.unit}" if named.unit else ""
        axes.set_xlabel(f"{capital(named.name)}{unit}; band: ± 2 Monte Carlo errors")
        axes.set_ylabel(subject.axis)
        return figure


def _name(axes: Axes, named: Named, subject: "_Statistic", found: dict[str, Any], level: float, *, rises: bool) -> None:
    axes.annotate(
        f"{_value(named, found)}",
        (found["value"], level),
        (14, -14) if rises else (14, 14),
        textcoords="offset points",
        ha="left",
        va="top" if rises else "bottom",
        color=GREEN,
        weight="bold",
        size=15,
    )
    axes.annotate(
        f"goal: {subject.number(float(found['level']), math.nan)}",
        (1, level),
        (0, 5),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        ha="right",
        va="bottom",
        size=11.5,
    )


def _frame(axes: Axes, values: Any) -> None:
    if values[0] > 0 and values[-1] / values[0] > _WIDE:
        axes.set_xscale("log")
    axes.xaxis.set_major_formatter(plain_numbers())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: rounded(value, 0)))
    axes.grid(axis="y")


class _Statistic:
    """How a statistic of the target is written."""

    def __init__(self, table: pd.DataFrame) -> None:
        first = table.iloc[0]
        self._subject, self._first = Subject.of(table), first
        self._is_chance = str(first["statistic"]) == _PROBABILITY

    @property
    def words(self) -> str:
        """`the 10th percentile of net present value`; `the probability of peak net sales of at least 30 M`."""
        if not self._is_chance:
            return f"the {_STATISTICS[str(self._first['statistic'])]} of {self._subject.words}"
        bound = self._subject.number(float(self._first["bound"]))
        if self._subject.is_date:
            way = "by" if self._first["wish"] == _MOST else "not before"
            return f"the probability of {self._subject.words} {way} {bound}"
        return f"the probability of {self._subject.words} of {self._first['wish']} {bound}"

    @property
    def scale(self) -> float:
        """What it is divided by on an axis."""
        return 0.01 if self._is_chance or self._subject.is_chance else MILLION if self._subject.is_money else 1.0

    @property
    def axis(self) -> str:
        """The label of an axis that shows it."""
        if self._is_chance:
            return "probability, per cent"
        return f"{_STATISTICS[str(self._first['statistic'])]} of {self._subject.axis}"

    def number(self, value: float, error: float) -> str:
        """A value for people."""
        return share_text(value, error) if self._is_chance else self._subject.number(value, error)

    def error(self, value: float, error: float) -> str:
        """A Monte Carlo error for people."""
        if not self._is_chance:
            return self._subject.error(value, error)
        return f"{error_text(100 * error)}{NO_BREAK}%" if math.isfinite(error) else error_text(error)


def _key(results: Results) -> Named:
    return called(results, str(results.tables[GOAL]["key"].iloc[0]).removesuffix(".value"))


def _found(table: pd.DataFrame) -> dict[str, Any]:
    return next(row for row in records(table) if _is_found(row))


def _is_found(row: dict[str, Any]) -> bool:
    return str(row["is_found"]) == "True"


def _value(named: Named, row: dict[str, Any]) -> str:
    """The value that was found, with no more digits than its error supports."""
    value, error = float(row["value"]), float(row["value_error"])
    return about(value) if math.isnan(error) or named.unit == "date" else rounded(value, error)


def _notes(table: pd.DataFrame) -> list[str]:
    first = table.iloc[0]
    notes = [f"Each value was computed in {int(first['draws']):,} draws; its other settings are those of the run."]
    if int(first["crossings"]) > 1:
        notes.append(
            f"The course crosses the goal {int(first['crossings'])} times between the ends; the lowest value is given."
        )
    return notes
