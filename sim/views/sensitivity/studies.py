"""Studies that could be bought before deciding: what their data are worth, and what is left after their cost."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from sim.results.run import Results
from sim.views.market_facts import MILLION
from sim.views.numbers import rounded
from sim.views.sensitivity.bars import capital
from sim.views.sensitivity.inputs import called
from sim.views.sensitivity.part import Part, records
from sim.views.sensitivity.subject import Subject
from sim.views.style import BLUE, FAINT, INK, ORANGE, QUIET, Border, look, panel, run_sheet

STUDIES = "studies"
"""The table it is read from, and the name of its picture."""

_KINDS = {
    "chart_review": ("chart review", "charts"),
    "registry": ("registry cut", "entries"),
    "expert_panel": ("expert panel", "experts"),
    "normal": ("set of observations", "observations"),
}
_NOTHING = "No study here is worth its cost."
_CLEARLY = 2  # errors from which on a gain is spoken of as one
_MOST = 6  # studies in the picture
_LARGEST = "the largest offered"
_THOUSAND = 1e3
_ALIKE = 0.02  # of the scale, below which two lines are seen as one
_ROOM = 0.08  # of the scale, free above and below
_DARK_ORANGE = "#8a5f00"  # for letters, which orange is too pale for
_ACROSS = 3  # in a row of it
_TALL = 3.45  # inches of a row
_TOP, _BOTTOM = 1.9, 0.45  # inches above and below the panels
_READING = (
    "The value of a study is what its data would add to the choice on average (EVSI); net of its cost and of the delay "
    "it brings it is the expected net gain. The studies with the highest net gain come first, their best size is "
    "marked. Each is judged as the only one bought: two values do not add up."
)


def part(results: Results) -> Part:
    """What the report shows of the studies."""
    table = results.tables[STUDIES]
    subject = Subject.of(table)
    rows = []
    for row in _numbers(table):
        kind, each = _KINDS[row["kind"]]
        rows.append(
            (
                _words(row["study"]),
                f"{kind}, {rounded(row['n'], 0)} {each}",
                called(results, row["quantity"]).name,
                subject.number(row["evsi"], row["error"]),
                subject.error(row["evsi"], row["error"]),
                subject.number(row["cost"], 0.0),
                _net(subject, row),
                "best size" if row["is_best"] and row["net_gain"] > 0 else "",
            )
        )
    heads = ("Study", "Kind and size", "Learns about", "Value of its data", "Monte Carlo error", "Cost", "Net gain", "")
    notes = [
        f"{_words(row['study'])}: {row['note']}."
        for row in records(table)
        if isinstance(row["note"], str) and row["note"]
    ]
    figure = studies if rows else None
    return Part(STUDIES, "Which study to buy", sentence(results), _READING, heads, rows, figure, notes)


def sentence(results: Results) -> str:
    """`The study to buy: a chart review of 400 charts on VOD incidence, worth 1.3 M ± 0.1 M, 1.2 M net of its cost; …`.

    Of every other study it says whether it would be worth its cost too.
    """
    table = results.tables[STUDIES]
    subject, best = Subject.of(table), _best(table)
    if best is None:
        return _NOTHING if _numbers(table) else "No study here fits this decision."
    value, net = subject.number(best["evsi"], best["error"]), _net(subject, best)
    doubt = "" if best["net_gain"] > _CLEARLY * best["error"] else ", which is within its Monte Carlo error of nothing"
    worth = f"worth {value} {subject.error(best['evsi'], best['error'])}, {net} net of its cost{doubt}"
    largest = f" ({_LARGEST}; a larger one may be worth more)" if _is_largest(table, best) else ""
    others = _others(results, best)
    return (
        f"The study to buy: {_article(best)} {_size(results, best)}, {worth}{largest}{'; ' if others else ''}{others}."
    )


def _others(results: Results, best: dict[str, Any]) -> str:
    """Of the other studies, each at its best size: which are worth their cost, which may be and which are not."""
    table = results.tables[STUDIES]
    subject, found = Subject.of(table), dict[str, list[str]]()
    rows = [row for row in _numbers(table) if row["is_best"] and row["study"] != best["study"]]
    for row in rows:
        is_clear = row["net_gain"] > _CLEARLY * row["error"]
        group = "also worth their cost" if is_clear else "not clearly" if row["net_gain"] > 0 else "not"
        quantity = called(results, row["quantity"]).name
        sized = f"{_article(row)} {_KINDS[row['kind']][0]} of {rounded(row['n'], 0)} on {quantity}"
        words = (
            f"{sized} ({_net(subject, row)} net)"
            if is_clear
            else f"{_article(row)} {_KINDS[row['kind']][0]} on {quantity}"
        )
        found.setdefault(group, []).append(words)
    one = {"also worth their cost": "also worth its cost"}
    order = ("also worth their cost", "not clearly", "not")
    said = [(one.get(name, name) if len(found[name]) == 1 else name, found[name]) for name in order if name in found]
    return "; ".join(f"{name}: {', '.join(words)}" for name, words in said)


def _is_largest(table: pd.DataFrame, row: dict[str, Any]) -> bool:
    """Whether no larger size of its study was offered."""
    return bool(row["n"] >= table.loc[table["study"] == row["study"], "n"].max())


def _title(results: Results) -> str:
    best = _best(results.tables[STUDIES])
    if best is None:
        return _NOTHING.rstrip(".")
    return f"The study to buy: {_article(best)} {_size(results, best)}"


def _best(table: pd.DataFrame) -> dict[str, Any] | None:
    """The row to buy; None where none is worth its cost."""
    rows = [row for row in _numbers(table) if row["net_gain"] > 0]
    return max(rows, key=lambda row: float(row["net_gain"]), default=None)


def _article(row: dict[str, Any]) -> str:
    return "an" if _KINDS[row["kind"]][0].startswith("e") else "a"


def _size(results: Results, row: dict[str, Any]) -> str:
    kind, each = _KINDS[row["kind"]]
    return f"{kind} of {rounded(row['n'], 0)} {each} on {called(results, row['quantity']).name}"


def _net(subject: Subject, row: dict[str, Any]) -> str:
    """The net gain; where the data are worth nothing it is the cost alone, which is known exactly."""
    return subject.number(row["net_gain"], row["error"] if row["evsi"] > 0 else 0.0)


def studies(results: Results) -> Figure:
    """A panel for each study: the value of its data and its net gain, by size."""
    table = results.tables[STUDIES]
    subject, rows = Subject.of(table), _numbers(table)
    names = list(dict.fromkeys(row["study"] for row in rows))[:_MOST]
    down = math.ceil(len(names) / _ACROSS)
    with look():
        figure = run_sheet(results, _title(results), height=_TOP + down * _TALL + _BOTTOM)
        scale, unit = _scale(rows, subject)
        for place, name in enumerate(names):
            row, column = divmod(place, _ACROSS)
            border = Border(0.5, 0.3, _TOP + row * _TALL + 0.35, _BOTTOM + (down - 1 - row) * _TALL + 0.6)
            axes = panel(figure, border, column / _ACROSS + 0.045, (column + 1) / _ACROSS)
            _study(axes, [one for one in rows if one["study"] == name], results, scale)
            axes.set_ylim(*_limits([one for one in rows if one["study"] in names], scale))
            _as_one(axes, [one for one in rows if one["study"] == name], scale)
        _legend(figure, unit)
        return figure


def _limits(rows: list[dict[str, Any]], scale: float) -> tuple[float, float]:
    """The ends of the scale that all panels share, so that studies can be compared."""
    ends = [row["evsi"] + (2 * row["error"] if math.isfinite(row["error"]) else 0) for row in rows]
    low, high = min(0.0, *(row["net_gain"] for row in rows)) / scale, max(0.0, *ends) / scale
    room = _ROOM * ((high - low) or 1.0)
    return low - room, high + room


def _as_one(axes: Axes, rows: list[dict[str, Any]], scale: float) -> None:
    """Say so where the cost is so small that value and net gain are seen as one line."""
    low, high = axes.get_ylim()
    if max(row["evsi"] - row["net_gain"] for row in rows) / scale < _ALIKE * (high - low):
        is_high = max(row["evsi"] for row in rows) / scale > (low + high) / 2
        words = "value and net lie on each other:\nthe cost is small at this scale"
        at: dict[str, Any] = {"x": 0.97, "y": 0.14 if is_high else 0.9, "va": "bottom" if is_high else "top"}
        axes.text(
            s=words, ha="right", transform=axes.transAxes, size=9, color=QUIET, bbox={"color": "white", "pad": 1}, **at
        )


def _study(axes: Axes, rows: list[dict[str, Any]], results: Results, scale: float) -> None:
    sizes = [row["n"] for row in rows]
    values, errors, nets = (np.array([row[name] for row in rows]) / scale for name in ("evsi", "error", "net_gain"))
    if np.isfinite(errors).all():
        axes.fill_between(sizes, np.maximum(values - 2 * errors, 0), values + 2 * errors, color=FAINT)
    axes.axhline(0, color=INK, linewidth=1)
    axes.plot(sizes, values, "o-", color=BLUE, markersize=4)
    axes.plot(sizes, nets, "s--", color=ORANGE, markersize=4)
    best = next(row for row in rows if row["is_best"])
    kind, each = _KINDS[best["kind"]]
    words = f"{kind}: no size is worth its cost"
    if best["net_gain"] > 0:
        axes.plot(best["n"], best["net_gain"] / scale, "s", color="none", markeredgecolor=INK, markersize=10)
        words = f"{kind}; best: {rounded(best['n'], 0)} {each}, net {_net(Subject.of(results.tables[STUDIES]), best)}"
    name = capital(called(results, best["quantity"]).name)
    axes.set_title(f"{name}\n", loc="left", size=11.5, weight="bold", pad=3)
    axes.text(0, 1.03, words, transform=axes.transAxes, size=9.5, color=QUIET, va="bottom")
    is_end = best["net_gain"] > 0 and _is_largest(results.tables[STUDIES], best)
    _axes(axes, sizes, f"{each}; best: {_LARGEST}" if is_end else each)


def _axes(axes: Axes, sizes: list[float], label: str) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: rounded(round(value), 0)))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
    axes.tick_params(labelsize=9.5)
    axes.grid(axis="y", color=FAINT)
    axes.set_xlabel(label, size=10)


def _scale(rows: list[dict[str, Any]], subject: Subject) -> tuple[float, str]:
    """What the panels' numbers are divided by, and their unit: money in thousands where none reaches a million."""
    most = max(abs(float(row[name])) for row in rows for name in ("evsi", "net_gain"))
    if subject.is_money and most < MILLION:
        return _THOUSAND, f"thousand {subject.unit}"
    return subject.scale, subject.axis.rpartition(", ")[2]


def _legend(figure: Figure, unit: str) -> None:
    """What the lines are, once for all panels."""
    height = figure.get_size_inches()[1]
    at, size = 1 - 1.3 / height, 10.5
    figure.text(0.035, at, f"● value of the data, {unit}", color=BLUE, size=size, va="top")
    figure.text(0.33, at, "■ net of its cost", color=_DARK_ORANGE, size=size, va="top")
    figure.text(0.48, at, "□ best size; grey: two Monte Carlo errors either way", color=QUIET, size=size, va="top")


def _numbers(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of studies that are not left out."""
    return [row for row in records(table) if math.isfinite(float(row["n"]))]


def _words(name: object) -> str:
    return str(name).replace("_", " ")
