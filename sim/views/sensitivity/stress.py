"""Stress: what the run says where some inputs lie where they are said to, beside what it says of all draws."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.results.run import Results
from sim.views.numbers import ABSENT, NO_BREAK
from sim.views.sensitivity.aim import listed, share_text
from sim.views.sensitivity.bars import LEFT, capital, name_row
from sim.views.sensitivity.inputs import Named, called
from sim.views.sensitivity.part import Part, records
from sim.views.sensitivity.subject import Subject
from sim.views.style import BLUE, QUIET, Border, look, panel, run_sheet

STRESS = "stress"
"""The table it is read from, and the name of its picture."""

_NAMES = {"mean": "mean", "p10": "P10", "p50": "P50", "p90": "P90"}
_SIDES = (("of_all", "all draws", QUIET), ("given", "given this", BLUE))
_MOST = 11  # outputs in a picture; the others are in the table
_ROW = 0.86  # inches
_AROUND = 0.2  # of a row's width on either side, for the numbers at its ends
_READING = (
    "The run's own draws, of which those are kept in which the inputs lie as said; nothing is run anew. P10, P50 and "
    "P90 are percentiles."
)

Numbers = dict[str, dict[str, Any]]


def part(results: Results) -> Part:
    """What the report shows of a stress test."""
    table = results.tables[STRESS]
    rows = []
    for row in records(table):
        subject = _subject(row)
        numbers = [_number(subject, row, side) for side in ("given", "of_all")]
        errors = [subject.error(row[side], row[f"{side}_error"]) for side in ("given", "of_all")]
        name = f"{capital(subject.words)}, {_NAMES[row['statistic']]}"
        rows.append((name, numbers[0], errors[0], numbers[1], errors[1], subject.unit))
    heads = ("Answer", "Given this", "Monte Carlo error", "In all draws", "Monte Carlo error", "Unit")
    return Part(STRESS, f"Given {condition(results)}", sentence(results), _READING, heads, rows, stress, _notes(table))


def sentence(results: Results) -> str:
    """`With VOD incidence in its top 10 %, severe VOD in 2008 is 3,828 in the mean, against 2,999 in all draws`."""
    table = results.tables[STRESS]
    first = records(table)[0]
    subject = _subject(first)
    name = {"mean": "has a mean of", "p50": "has a median of"}.get(first["statistic"], f"has a {first['statistic']} of")
    verb = "is" if subject.is_chance else name
    return (
        f"With {condition(results)}, {_quoted(subject)} {verb} {_number(subject, first, 'given')}, against "
        f"{_number(subject, first, 'of_all')} in all draws."
    )


def condition(results: Results) -> str:
    """What was given, in words: `VOD incidence in its top 10 %`."""
    parts = str(results.tables[STRESS]["condition"].iloc[0]).split("; ")
    return listed(
        [_lying(called(results, name).name, text) for name, _, text in (one.partition(": ") for one in parts)]
    )


def stress(results: Results) -> Figure:
    """The 10th to the 90th percentile of each output in all draws and in those left, each row on a scale of its own."""
    table = results.tables[STRESS]
    groups = list(_groups(table).items())[:_MOST]
    with look():
        figure = run_sheet(results, sentence(results).rstrip("."), height=2.6 + _ROW * len(groups))
        axes = panel(figure, Border(left=LEFT + 0.35, right=0.5, top=1.6, bottom=0.75))
        for place, (_, numbers) in enumerate(groups):
            _row(axes, place, numbers)
        axes.set_xlim(-_AROUND, 1 + _AROUND)
        axes.set_ylim(len(groups) - 0.4, -0.75)
        axes.axis("off")
        _legend(axes, table)
        return figure


def _row(axes: Axes, place: int, numbers: Numbers) -> None:
    """One output: a line each for all draws and those left, its median or mean as a dot, the numbers at their ends."""
    subject = _subject(next(iter(numbers.values())))
    name_row(axes, place, Named(subject.variable, subject.words, "" if subject.is_date else subject.unit, ""))
    values = [float(row[side]) for row in numbers.values() for side, *_ in _SIDES]
    values = [0.0, 1.0] if subject.is_chance else values
    finite = [value for value in values if math.isfinite(value)]
    low, wide = (min(finite), (max(finite) - min(finite)) or 1.0) if finite else (0.0, 1.0)
    for offset, (side, _, colour) in zip((-0.13, 0.13), _SIDES, strict=True):
        dots = {name: (float(row[side]) - low) / wide for name, row in numbers.items() if math.isfinite(row[side])}
        line = [dots[name] for name in ("p10", "p90") if name in dots]
        middle = "p50" if "p50" in dots else "mean"
        if len(line) == 2:
            axes.plot(line, [place + offset] * 2, color=colour, linewidth=5, solid_capstyle="butt", alpha=0.55)
            _end(axes, line[0], place + offset, _number(subject, numbers["p10"], side), colour, "right")
            _end(axes, line[1], place + offset, _number(subject, numbers["p90"], side), colour, "left")
        if middle in dots:
            axes.plot(dots[middle], place + offset, "o", color=colour, markersize=8, markeredgecolor="white")
            words = _number(subject, numbers[middle], side)
            if len(line) < 2:
                _end(axes, dots[middle], place + offset, words, colour, "left")
            else:
                _over(axes, dots[middle], place + offset, words, colour, is_above=offset < 0)


def _end(axes: Axes, at: float, place: float, words: str, colour: str, side: str) -> None:
    shift = (-7 if side == "right" else 9, 0)
    axes.annotate(words, (at, place), shift, textcoords="offset points", ha=side, va="center", color=colour, size=10.5)


def _over(axes: Axes, at: float, place: float, words: str, colour: str, *, is_above: bool) -> None:
    """The median's number, above the line of all draws and below that of those left."""
    shift, side = (7, "bottom") if is_above else (-7, "top")
    axes.annotate(
        words, (at, place), (0, shift), textcoords="offset points", ha="center", va=side, color=colour, size=9.5
    )


def _legend(axes: Axes, table: pd.DataFrame) -> None:
    """What the two colours are, above the rows."""
    first = table.iloc[0]
    counts = {"of_all": "all draws", "given": f"the {int(first['draws']):,} draws in which this holds"}
    for number, (side, _, colour) in enumerate(_SIDES):
        axes.annotate(
            f"● {counts[side]}",
            (0.24 * number, 1),
            (0, 2),
            xycoords="axes fraction",
            textcoords="offset points",
            color=colour,
            weight="bold",
            size=11,
        )
    axes.annotate(
        "line: P10 to P90; dot: P50; each row has a scale of its own, probabilities from 0 to 1",
        (0, 0),
        (0, -4),
        xycoords="axes fraction",
        textcoords="offset points",
        va="top",
        color=QUIET,
        size=10.5,
    )


def _groups(table: pd.DataFrame) -> dict[str, Numbers]:
    """The rows of each output, statistic by name."""
    found: dict[str, Numbers] = {}
    for row in records(table):
        found.setdefault(str(row["variable"]), {})[str(row["statistic"])] = row
    return found


def _subject(row: dict[str, Any]) -> Subject:
    return Subject(str(row["target"]), str(row["year"]), str(row["unit"]))


def _quoted(subject: Subject) -> str:
    """The words of an output; of a probability what it is one of."""
    return f"the probability of “{subject.words}”" if subject.is_chance else subject.words


def _number(subject: Subject, row: dict[str, Any], side: str) -> str:
    value, error = float(row[side]), float(row[f"{side}_error"])
    return ABSENT if math.isnan(value) else subject.number(value, error)


def _lying(name: str, text: str) -> str:
    words = text.replace("%", f"{NO_BREAK}%") if f"{NO_BREAK}%" not in text else text
    if text.startswith(("top ", "bottom ")):
        return f"{name} in its {words}"
    if text[:1] in "<>≤≥":
        return f"{name} {words.replace('>=', '≥').replace('<=', '≤')}"
    return f"{name} from {words}" if " to " in text else f"{name} {words}"


def _notes(table: pd.DataFrame) -> Sequence[str]:
    first = table.iloc[0]
    share = share_text(float(first["share"]))
    notes = [f"{int(first['draws']):,} draws are left, {share} of all."]
    notes += dict.fromkeys(str(note) for note in table["note"].dropna() if str(note))
    if table["given_error"].isna().any():
        notes.append("Where an error is unknown, too few draws of a batch lie there to judge it.")
    return notes
