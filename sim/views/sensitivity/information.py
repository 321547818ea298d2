"""What it is worth to know more before deciding: a bar for each quantity or group that could be known first."""

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.results.run import Results
from sim.views.market_facts import MILLION
from sim.views.numbers import NO_BREAK, error_text, percent, rounded
from sim.views.sensitivity.bars import LEFT, MOST, ROW, capital, explain, frame_rows, the_others
from sim.views.sensitivity.inputs import Named, called
from sim.views.sensitivity.part import Part, records
from sim.views.sensitivity.subject import Subject
from sim.views.style import BLUE, GREEN, INK, Border, look, panel, plain_numbers, run_sheet

INFORMATION = "information"
"""The table it is read from, and the name of its picture."""

_OPTION, _EVERYTHING, _GROUP, _QUANTITY = "option", "EVPI", "group", "quantity"
_EVERY = "every quantity"
_SECTIONS = {"vod": "all rates of VOD", "transplants": "all of the transplants", "trial": "all of the trial",
             "market": "all of the market"}  # fmt: skip
_ROOM = 1.14  # of the EVPI, which no bar is longer than, with a number beside it
_CLEARLY = 2  # errors from which on a value is spoken of
_NOISE = "nothing found beyond noise"  # how the note of a row begins that has no value to speak of
_READING = (
    "An option's worth is its mean over the draws. The others say how much better the choice would turn out on average "
    "if that were known before choosing: everything, chance included (EVPI), or some quantities exactly (EVPPI). "
    "Nothing is worth more to learn than this. Values of several quantities do not add up; a quantity without a value "
    "may still have one together with others."
)


def part(results: Results) -> Part:
    """What the report shows of the value of information."""
    table = results.tables[INFORMATION]
    subject = Subject.of(table)
    rows = []
    for row in sorted(records(table), key=_is_noise):  # stable: the others stay in their order
        named = named_row(results, row)
        share = percent(row["share"]) if row["what"] in (_GROUP, _QUANTITY) and row["share"] > 0 else ""
        note = row["note"] if isinstance(row["note"], str) else ""
        value = subject.number(row["value"], row["error"])
        error = subject.error(row["value"], row["error"])
        rows.append((capital(named.name), value, error, share, note, named.unit, named.source))
    heads = ("Option, or what is known first", "Worth", "Monte Carlo error", "Share of EVPI", "Note", "Unit", "Source")
    figure = information if len(_bars(table)) else None
    return Part(INFORMATION, "What it is worth to know more", sentence(results), _READING, heads, rows, figure)


def sentence(results: Results) -> str:
    """`Deciding on what is known: go, worth 82.0 M ± 0.7 M. Knowing everything first would be worth 12.3 M …`.

    Where the two best options cannot be told apart: `Deciding on what is known: as good as even (go is worth 0.3 M …`.
    """
    table = results.tables[INFORMATION]
    whole, subject = _rows(table, _EVERYTHING)[0], Subject.of(table)
    said = f"Deciding on what is known: {_choice(table, subject)}."
    if whole["value"] <= 0:
        return f"{said} Nothing that could be known first would change that."
    known = f"Knowing everything first would be worth {_with_error(subject, whole)} more (EVPI)"
    every = next(row for row in _rows(table, _GROUP) if row["quantity"] == _EVERY)
    return f"{said} {known}; {_of_it(results, subject, every)}"


def _choice(table: pd.DataFrame, subject: Subject) -> str:
    """The option chosen and its worth; of two that are as good as even the worth of those that are uncertain."""
    chosen, what = _rows(table, _OPTION)[0], f"{subject.words} of " if not subject.is_money else ""
    even = _even(table)
    if not even:
        return f"{_words(chosen['quantity'])}, worth {what}{_with_error(subject, chosen)}"
    told = [row for row in even if row["error"] > 0]
    worth = [f"{_words(row['quantity'])} is worth {what}{_with_error(subject, row)}" for row in told]
    return f"as good as even ({', '.join(worth)})"


def _even(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The two best options, where their means lie within two Monte Carlo errors of each other; else none."""
    best = sorted(_rows(table, _OPTION), key=lambda row: -float(row["value"]))[:2]
    if len(best) < len(("one", "other")):
        return []
    apart, error = best[0]["value"] - best[1]["value"], math.hypot(*(row["error"] for row in best))
    return best if apart < _CLEARLY * error else []


def _of_it(results: Results, subject: Subject, every: dict[str, Any]) -> str:
    """How much of it the quantities make, and the best of them."""
    if every["value"] < _CLEARLY * every["error"]:
        return "no quantity makes a clear part of it, the rest is chance."
    first = _rows(results.tables[INFORMATION], _QUANTITY)[0]
    said = f"{subject.number(every['value'], every['error'])} of it by knowing every quantity, the rest is chance"
    if first["value"] < _CLEARLY * first["error"]:
        return f"{said}, and no quantity alone is clearly worth knowing."
    most = f"{called(results, first['quantity']).name} alone {subject.number(first['value'], first['error'])}"
    return f"{said}; {most}."


def information(results: Results) -> Figure:
    """The bars of what is worth most to know, with a line where everything is known."""
    table = results.tables[INFORMATION]
    subject, bars = Subject.of(table), _bars(table)
    shown = records(bars.head(MOST))
    whole = _rows(table, _EVERYTHING)[0]
    with look():
        figure = run_sheet(results, _title(results, subject, whole), height=2.95 + ROW * len(shown))
        axes = panel(figure, Border(left=LEFT, right=0.5, top=1.6, bottom=1.2))
        frame_rows(axes, [named_row(results, row) for row in shown], top=-0.75)
        for place, row in enumerate(shown):
            _bar(axes, place, row, subject)
        _line(axes, whole, subject)
        left = the_others(len(bars) - len(shown), "worth less")
        how = f"green: several together; whiskers: two Monte Carlo errors{left}"
        explain(axes, f"worth of knowing it before deciding, {_unit(subject)}", how)
        return figure


def _title(results: Results, subject: Subject, whole: dict[str, Any]) -> str:
    table, worth = results.tables[INFORMATION], subject.number(whole["value"], whole["error"])
    option = f"Chosen on what is known: {_words(_rows(table, _OPTION)[0]['quantity'])}"
    if even := _even(table):
        option = f"On what is known {' and '.join(_words(row['quantity']) for row in even)} are as good as even"
    return f"{option}; knowing everything first would be worth {worth} more"


def _bar(axes: Axes, place: int, row: dict[str, Any], subject: Subject) -> None:
    value, error = row["value"] / subject.scale, row["error"] / subject.scale
    axes.barh(place, value, 0.56, color=GREEN if row["what"] == _GROUP else BLUE)
    end = value
    if error > 0:
        end = value + _CLEARLY * error
        axes.plot([max(value - _CLEARLY * error, 0), end], [place, place], color=INK, linewidth=1.6)
    words = subject.number(row["value"], row["error"])
    axes.annotate(words, (end, place), (7, 0), textcoords="offset points", va="center", size=10.5)


def _line(axes: Axes, whole: dict[str, Any], subject: Subject) -> None:
    """Where everything is known, and the axis up to there."""
    at = whole["value"] / subject.scale
    axes.axvline(at, color=INK, linewidth=1.2)
    words = f"EVPI: {subject.number(whole['value'], whole['error'])}"
    axes.annotate(words, (at, -0.75), (0, 3), textcoords="offset points", ha="center", va="bottom", size=11)
    axes.set_xlim(0, at * _ROOM)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(plain_numbers())


def _bars(table: pd.DataFrame) -> pd.DataFrame:
    """What could be known first and is worth more than its Monte Carlo error, the most first."""
    known = table[table["what"].isin((_GROUP, _QUANTITY)) & (table["value"] > table["error"].fillna(0))]
    return known.sort_values("value", ascending=False, kind="stable")


def named_row(results: Results, row: dict[str, Any]) -> Named:
    """A row of the table as people read it."""
    what, name = row["what"], str(row["quantity"])
    if what == _QUANTITY:
        return called(results, name)
    if what == _EVERYTHING:
        return Named(name, "everything (EVPI)", "", "chance included")
    if what == _OPTION:
        return Named(name, f"option: {_words(name)}", "", "")
    members = str(row["members"]).split("; ")
    inside = (
        f"{len(members)} quantities"
        if name == _EVERY or name in _SECTIONS
        else ", ".join(called(results, one).name for one in members)
    )
    return Named(name, _SECTIONS.get(name, _words(name)), "", inside)


def _is_noise(row: dict[str, Any]) -> bool:
    """Whether what a row is about has no value beyond noise."""
    return isinstance(row["note"], str) and row["note"].startswith(_NOISE)


def _words(name: object) -> str:
    return str(name).replace("_", " ")


def _with_error(subject: Subject, row: dict[str, Any]) -> str:
    """A worth and its error; money that its error drowns in the error's unit: `0 ± 0.7 M`."""
    if subject.is_money and abs(row["value"]) < MILLION and row["error"] >= MILLION / 10:
        value, unsure = row["value"] / MILLION, row["error"] / MILLION
        shown = rounded(value, unsure)
        sign = f"{NO_BREAK}M"
        return f"{shown + sign if float(shown) else '0'} {error_text(unsure)}{sign}"
    number, error = subject.number(row["value"], row["error"]), subject.error(row["value"], row["error"])
    return f"{number} {error}" if error.startswith("±") else number


def _unit(subject: Subject) -> str:
    return subject.axis.rpartition(", ")[2]


def _rows(table: pd.DataFrame, what: str) -> list[dict[str, Any]]:
    return records(table[table["what"] == what])
