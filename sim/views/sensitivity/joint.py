"""Joint questions: how likely several things come true together."""

import calendar
import math
import re
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.dates import day_of
from sim.results.run import Results
from sim.variables import VARIABLES
from sim.views.market_facts import MILLION, month_of
from sim.views.numbers import ABSENT, NO_BREAK, error_text, rounded
from sim.views.sensitivity.aim import listed, share_text
from sim.views.sensitivity.bars import LEFT, ROW, capital
from sim.views.sensitivity.inputs import called
from sim.views.sensitivity.part import Part, records
from sim.views.sensitivity.subject import Subject
from sim.views.style import BLUE, FAINT, INK, ORANGE, QUIET, Border, look, panel, plain_numbers, run_sheet

JOINT, POINTS = "joint", "joint_draws"
"""The table it is read from, and the name of its picture; the draws that this shows."""

_EVENT, _TOGETHER, _INDEPENDENT, _GIVEN = "event", "all together", "if independent", "given the others"
_STATEMENT = re.compile(
    r"(?P<name>[\w.]+)\s*(?:\[(?P<label>[^\]]*)\])?(?:\s+in\s+(?P<year>\d{4}))?\s*(?P<sign>[<>≤≥]=?)\s*(?P<amount>.+)"
)
_SIGNS = {"<=": "≤", ">=": "≥"}
_LABEL = 36  # characters of an event beside its bar
_DATE = "decimal year"  # the unit of dates in a table
_FEW = 12  # different values of a variable, below which a scatter of it shows lines and no cloud
_HALF_A_YEAR = 0.5  # below which an axis of dates names days
_TAIL = 0.5  # per cent of the draws on either side that the axes may leave outside
_TOP = 100  # per cent
_CROWD = 1000  # dots, from which on they become smaller and lighter
_DOT, _SMALLEST = 4.0, 1.8  # points across
_DARKNESS, _LIGHTEST = 0.55, 0.25
_READING = (
    "Shares of the run's draws, each with its Monte Carlo error. What independence would give is the product of the "
    "single probabilities; “given the others” is the share among the draws in which all the others come true."
)


def part(results: Results) -> Part:
    """What the report shows of a joint question."""
    table = results.tables[JOINT]
    rows = []
    for row in records(table):
        words = {_TOGETHER: "all together", _INDEPENDENT: "all together, were they independent"}
        told = words.get(row["kind"], f"{capital(_words(results, row))}{_suffix(row['kind'])}")
        value, error = float(row["probability"]), float(row["error"])
        shown = ABSENT if np.isnan(value) else share_text(value, error)
        rows.append((told, shown, error_text(100 * error), f"{int(row['missing']):,}"))
    heads = ("Event", "Probability", "Monte Carlo error", "Draws without a value")
    title = "How likely all of it comes true"
    return Part(JOINT, title, sentence(results), _READING, heads, rows, joint, _notes(table))


def sentence(results: Results) -> str:
    """`Read-out by … and net present value > 0: 16 % likely; 15 % if they were independent`."""
    table = results.tables[JOINT]
    kinds = {row["kind"]: row for row in records(table)}
    row = kinds.get(_TOGETHER, kinds[_EVENT])
    likely = _likely(results, float(row["probability"]), float(row["error"]))
    said = [_words(results, row) for row in records(table) if row["kind"] == _EVENT]
    words = f"{capital(listed(said))}: {likely}"
    if _INDEPENDENT not in kinds:
        return f"{words}."
    apart = kinds[_INDEPENDENT]
    return f"{words}; were they independent, {share_text(float(apart['probability']), float(apart['error']))}."


def _likely(results: Results, probability: float, error: float) -> str:
    """How likely something is; of what no draw or every draw met, how many draws there were."""
    if 0 < probability < 1:
        return f"{share_text(probability, error)} likely"
    draws = rounded(int(results.provenance["draws"]), 0)
    return f"in {'every one' if probability else 'none'} of {draws} draws"


def joint(results: Results) -> Figure:
    """Of two events the draws, with the share of each quarter; else the probabilities as bars."""
    points = results.tables.get(POINTS)
    if points is None or not _is_cloud(points):
        return _bars(results)
    return _cloud(results, points)


def _cloud(results: Results, points: pd.DataFrame) -> Figure:
    with look():
        figure = run_sheet(results, sentence(results).rstrip("."))
        axes = panel(figure, Border(left=1.7, right=0.8, top=1.5, bottom=1.15))
        sides = [_Side(results, points, name) for name in ("one", "other")]
        there = np.isfinite(sides[0].numbers) & np.isfinite(sides[1].numbers)
        true = sides[0].true & sides[1].true
        size, alpha = _dots(int(there.sum()))
        for chosen, colour in ((there & ~true, QUIET), (there & true, BLUE)):
            one, other = (side.numbers[chosen] for side in sides)
            axes.plot(one, other, "o", color=colour, markersize=size, alpha=alpha, markeredgewidth=0)
        axes.axvline(sides[0].bound, color=ORANGE, linewidth=1.8)
        axes.axhline(sides[1].bound, color=ORANGE, linewidth=1.8)
        axes.set_xlim(*sides[0].limits(there))
        axes.set_ylim(*sides[1].limits(there))
        for side, axis in zip(sides, (axes.xaxis, axes.yaxis), strict=True):
            axis.set_major_formatter(side.ticks)
            axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
        _quarters(axes, results.tables[JOINT], sides)
        gone = int((~there).sum())
        absent = f"; {gone} of these draws, which never come or are missing, are not shown" if gone else ""
        axes.set_xlabel(f"{sides[0].axis}\n{len(points):,} draws of the run; blue: both come true{absent}")
        axes.set_ylabel(sides[1].axis)
        return figure


def _dots(many: int) -> tuple[float, float]:
    """How large and how dark dots are: the more of them, the smaller and lighter."""
    share = min(1.0, math.sqrt(_CROWD / many)) if many else 1.0
    return max(_DOT * share, _SMALLEST), max(_DARKNESS * share, _LIGHTEST)


class _Side:
    """One of two variables as an axis shows it."""

    def __init__(self, results: Results, points: pd.DataFrame, name: str) -> None:
        first = points.iloc[0]
        key, year, unit = (str(first[f"{name}_{part}"]) for part in ("name", "year", "unit"))
        subject = Subject(key, year, unit)
        self._is_date, values = unit == _DATE, points[name].to_numpy(float)
        is_output = "." not in key
        is_large = not is_output and bool(np.nanmax(np.abs(values)) >= MILLION)
        scale = subject.scale if is_output else MILLION if is_large else 1.0
        self.numbers, self.bound = values / scale, float(first[f"{name}_bound"]) / scale
        self.is_below = str(first[f"{name}_side"]) == "below"
        self.true = self.numbers <= self.bound if self.is_below else self.numbers >= self.bound
        if is_output:
            self.axis = capital(subject.axis)
        else:
            named = called(results, key)
            unit = "" if self._is_date else f", {'million ' if is_large else ''}{named.unit}"
            self.axis = f"{capital(named.name)}{unit}"

    @property
    def ticks(self) -> FuncFormatter:
        """Labels of the axis."""
        if not self._is_date:
            return plain_numbers()
        low, high = np.percentile(self.numbers[np.isfinite(self.numbers)], [_TAIL, 100 - _TAIL])
        return FuncFormatter(lambda value, _: _day(value) if high - low < _HALF_A_YEAR else month_of(value))

    def limits(self, there: Any) -> tuple[float, float]:
        """The ends of the axis: without the outermost draws, and with the bound."""
        low, high = np.percentile(self.numbers[there], [_TAIL, 100 - _TAIL])
        low, high = min(low, self.bound), max(high, self.bound)
        wide = (high - low) or 1.0
        return float(low - 0.06 * wide), float(high + 0.06 * wide)


def _day(value: float) -> str:
    day = day_of(value)
    return f"{day.day} {calendar.month_abbr[day.month]} {day.year}"


def _quarters(axes: Axes, table: pd.DataFrame, sides: list[_Side]) -> None:
    """The share of all draws in each quarter, in its corner."""
    events = table.loc[table["kind"] == _EVENT, "probability"].to_numpy(float)
    both, error = table.loc[table["kind"] == _TOGETHER, ["probability", "error"]].to_numpy(float)[0]
    shares = {
        (True, True): both,
        (True, False): events[0] - both,
        (False, True): events[1] - both,
        (False, False): 1 - events[0] - events[1] + both,
    }
    for (first, second), share in shares.items():
        at_left, at_bottom = first == sides[0].is_below, second == sides[1].is_below
        is_meant = first and second
        axes.annotate(
            share_text(max(share, 0.0), error if is_meant else math.nan),
            (0.015 if at_left else 0.985, 0.02 if at_bottom else 0.98),
            xycoords="axes fraction",
            ha="left" if at_left else "right",
            va="bottom" if at_bottom else "top",
            size=22 if is_meant else 15,
            weight="bold",
            color=BLUE if is_meant else INK,
            path_effects=[withStroke(linewidth=4, foreground="white")],
        )


def _bars(results: Results) -> Figure:
    """A bar for each event, for all together, and for what independence would give."""
    table = results.tables[JOINT]
    rows = [row for row in records(table) if row["kind"] != _GIVEN]
    with look():
        figure = run_sheet(results, sentence(results).rstrip("."), height=2.95 + ROW * len(rows))
        axes = panel(figure, Border(left=LEFT, right=0.9, top=1.5, bottom=1.0))
        for place, row in enumerate(rows):
            _bar(axes, place, row)
        axes.set_xlim(0, _TOP)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_yticks(range(len(rows)), [_label(results, row) for row in rows])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("probability, per cent; line: ± 2 Monte Carlo errors")
        return figure


def _bar(axes: Axes, place: int, row: dict[str, Any]) -> None:
    value, error = 100 * float(row["probability"]), 100 * float(row["error"])
    axes.barh(place, _TOP, 0.55, color=FAINT)
    axes.barh(place, value, 0.55, color=BLUE if row["kind"] != _INDEPENDENT else QUIET)
    if np.isfinite(error):
        axes.plot([value - 2 * error, value + 2 * error], [place, place], color=INK, linewidth=1.6)
    inside = value > _TOP / 2
    axes.annotate(
        share_text(value / 100, error / 100),
        (value - (2 * error if inside and np.isfinite(error) else 0), place)
        if inside
        else (value + (2 * error if np.isfinite(error) else 0), place),
        (-8 if inside else 8, 0),
        textcoords="offset points",
        ha="right" if inside else "left",
        va="center",
        color="white" if inside else "black",
        weight="bold",
        size=11.5,
    )


def _label(results: Results, row: dict[str, Any]) -> str:
    words = {_TOGETHER: "all together", _INDEPENDENT: "were they independent"}
    return textwrap.fill(words.get(row["kind"], capital(_words(results, row))), _LABEL)


def _is_cloud(points: pd.DataFrame) -> bool:
    """Whether both variables have values enough to be spread over a plane."""
    return all(points[name].dropna().nunique() > _FEW for name in ("one", "other"))


def _words(results: Results, row: Mapping[str, Any]) -> str:
    """A statement with long names and the signs of print: `severe VOD in 2009 ≥ 3000`."""
    read = _STATEMENT.fullmatch(str(row["event"]))
    if read is None:
        return str(row["event"])
    name, label = read["name"], read["label"] or ""
    if name in VARIABLES:
        words = Subject(name, str(row["year"]), "").words + (f" ({label})" if label else "")
    else:
        words = called(results, f"{name}[{label}]" if label else name).name
    amount = read["amount"].replace("%", f"{NO_BREAK}%").replace(" ", NO_BREAK)
    return f"{words} {_SIGNS.get(read['sign'], read['sign'])}{NO_BREAK}{amount}"


def _suffix(kind: str) -> str:
    return "" if kind == _EVENT else ", given the others"


def _notes(table: pd.DataFrame) -> list[str]:
    missing = int(table["missing"].max())
    if not missing:
        return []
    return [
        f"In {missing:,} of {int(table['draws'].iloc[0]):,} draws a variable is missing, such as what follows a "
        "read-out that never comes; such a draw does not meet the statement."
    ]
