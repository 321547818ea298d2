"""The grid: the answer at every combination of some values, as a line for one key and as a map for two."""

import math
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from sim.results.run import Results
from sim.views.numbers import ABSENT, UNKNOWN, rounded, span
from sim.views.over_keys import Cell, as_number, draw_line, draw_map, key_value, shown
from sim.views.sensitivity.inputs import Named, called
from sim.views.sensitivity.part import Part, records
from sim.views.sensitivity.subject import Subject
from sim.views.style import Border, look, panel, run_sheet

GRID = "grid"
"""The table it is read from, and the name of its picture."""

DRAWN = 2
"""Keys that a picture can have."""

_COLUMNS = ("point", "statistic", "value", "error", "note", "target", "year", "unit")
_MOST = 60  # points in the table of a page


def part(results: Results) -> Part:
    """What the report shows of a grid."""
    table = results.tables[GRID]
    subject, keys, cells = Subject.of(table), keys_of(table), cells_of(table)
    spreads = any(not math.isnan(cell.low) for cell in cells)
    middle = "Mean" if _has_means(table) else "Median"
    named = [key_named(results, key) for key in keys]
    heads = [*map(_head, named), middle, "Monte Carlo error",
             *(["P10–P90"] if spreads else [])]  # fmt: skip
    rows = [_row(cell, named, subject, with_spread=spreads) for cell in cells[:_MOST]]
    return Part(
        GRID,
        "The answer at other values: the grid",
        sentence(results),
        "Every point has the same draws and the same chance, so that the difference of two is the values' alone.",
        heads,
        rows,
        _picture(keys),
        _notes(table, len(cells)),
    )


def sentence(results: Results) -> str:
    """Where the answer is lowest and highest: `Severe VOD in 2008 is lowest, 749, at VOD incidence 5 %, and …`."""
    table = results.tables[GRID]
    subject, keys = Subject.of(table), keys_of(table)
    there = [cell for cell in cells_of(table) if not math.isnan(cell.middle)]
    named = [key_named(results, key) for key in keys]
    said, refused = extremes(there, named, subject, _middle(table)), _refused(table)
    return f"{said} {refused}: see {GRID}.csv." if refused else said


def _refused(table: pd.DataFrame) -> str:
    """How many points have no answer: `1 point of 3 was refused`; empty where all have."""
    cells = cells_of(table)
    lost = sum(math.isnan(cell.middle) for cell in cells)
    told = "1 point" if lost == 1 else f"{rounded(lost, 0)} points"
    return f"{told} of {rounded(len(cells), 0)} {'was' if lost == 1 else 'were'} refused" if lost else ""


def extremes(cells: list[Cell], named: list[Named], subject: Subject, what: str) -> str:
    """Where an answer is lowest and where it is highest, in a sentence.

    Parameters
    ----------
    cells : those with an answer.
    named : the keys.
    subject : the answer.
    what : what the numbers are: `means`.
    """
    low, high = min(cells, key=lambda cell: cell.middle), max(cells, key=lambda cell: cell.middle)
    name = f"{subject.words[:1].upper()}{subject.words[1:]}"
    if low.middle == high.middle:
        return f"{name} is {shown(low, subject)} at every one of {len(cells)} points ({what})."
    first, last = ("earliest", "latest") if subject.is_date else ("lowest", "highest")
    return (
        f"{name} is {first}, {shown(low, subject)}, at {_at(low, named)}, "
        f"and {last}, {shown(high, subject)}, at {_at(high, named)} ({what})."
    )


def grid(results: Results) -> Figure:
    """A line with its band for one key, a map for two."""
    table = results.tables[GRID]
    subject, keys = Subject.of(table), keys_of(table)
    cells = cells_of(table)
    named = [key_named(results, key) for key in keys]
    there = [cell for cell in cells if not math.isnan(cell.middle)]
    title = extremes(there, named, subject, _middle(table)).rstrip(".")
    about = "; ".join(filter(None, (reading(cells, keys, _middle(table)), _refused(table))))
    with look():
        figure = run_sheet(results, title, subject=about)
        draw(figure, cells, named, subject)
        return figure


def draw(figure: Figure, cells: list[Cell], named: list[Named], subject: Subject) -> None:
    """Fill a sheet with the line of one key, or the map of two."""
    border = Border(left=2.4 if subject.is_date or len(named) == DRAWN else 1.4, top=1.5, bottom=1.35)
    axes = panel(figure, border)
    if len(named) == 1:
        draw_line(axes, cells, named[0], subject)
    else:
        draw_map(axes, cells, named, subject)


def reading(cells: list[Cell], keys: list[str], middle: str) -> str:
    """What a picture's marks are: `means, and the band from P10 to P90`."""
    is_spread = len(keys) == 1 and any(not math.isnan(cell.low) for cell in cells)
    return f"{middle}, and the band from P10 to P90" if is_spread else middle


def keys_of(table: pd.DataFrame) -> list[str]:
    """The keys of a grid: the columns that are not those of every grid."""
    return [str(name) for name in table.columns if name not in _COLUMNS]


def cells_of(table: pd.DataFrame) -> list[Cell]:
    """The points of a grid; of an answer without a mean the median is its middle."""
    keys, middle = keys_of(table), "mean" if _has_means(table) else "p50"
    found: dict[int, Cell] = {}
    places = {middle: ("middle", "error"), "p10": ("low", "low_error"), "p90": ("high", "high_error")}
    for row in records(table):
        values = tuple(_number_or_text(row[key]) for key in keys)
        cell = found.get(row["point"], Cell(values, math.nan, UNKNOWN))
        statistic = str(row["statistic"])
        if statistic in places:
            numbers: dict[str, Any] = dict(
                zip(places[statistic], (float(row["value"]), float(row["error"])), strict=True)
            )
            cell = cell._replace(**numbers)
        found[row["point"]] = cell
    return [found[point] for point in sorted(found)]


def _number_or_text(value: object) -> object:
    number = as_number(value)
    return value if number is None else number


def _has_means(table: pd.DataFrame) -> bool:
    """Whether some point has a mean; what never comes in some draws has none."""
    return bool(table.loc[table["statistic"] == "mean", "value"].notna().any())


def _middle(table: pd.DataFrame) -> str:
    return "means" if _has_means(table) else "medians"


def _picture(keys: list[str]) -> Callable[[Results], Figure] | None:
    return grid if len(keys) <= DRAWN else None


def _row(cell: Cell, named: list[Named], subject: Subject, *, with_spread: bool) -> list[str]:
    spread = ABSENT
    if not math.isnan(cell.low):
        ends = ((cell.low, cell.low_error), (cell.high, cell.high_error))
        spread = span(*(shown(cell._replace(middle=end, error=error), subject) for end, error in ends))
    middle = "refused" if math.isnan(cell.middle) else subject.number(cell.middle, _doubt(cell.error))
    error = ABSENT if math.isnan(cell.middle) else subject.error(cell.middle, cell.error)
    places = [key_value(key, value) for key, value in zip(named, cell.place, strict=True)]
    return [*places, middle, error, *([spread] if with_spread else [])]


def _doubt(error: float) -> float:
    """The error that a number is rounded by: three digits where it is exact."""
    return UNKNOWN if error == 0 else error


def _notes(table: pd.DataFrame, points: int) -> list[str]:
    refused = table[table["statistic"].isna() | (table["statistic"] == "")]
    notes = []
    if len(refused):
        first = str(refused["note"].iloc[0])
        what = "point was" if len(refused) == 1 else "points were"
        notes.append(f"{len(refused)} {what} refused, the first because {first}; the others stand.")
    if points > _MOST:
        notes.append(f"The table shows the first {_MOST} of {rounded(points, 0)} points; all are in {GRID}.csv.")
    return notes


def _head(named: Named) -> str:
    name = f"{named.name[:1].upper()}{named.name[1:]}"
    return f"{name}, {named.unit}" if named.unit else name


def _at(cell: Cell, named: list[Named]) -> str:
    return " and ".join(f"{key.name} {key_value(key, value)}" for key, value in zip(named, cell.place, strict=True))


def key_named(results: Results, key: str) -> Named:
    """A key as people read it; its values are shares only where it is the value of a quantity that is one."""
    quantity = _quantity(key)
    named = called(results, quantity)
    is_value = quantity != key or bool((results.assumptions["quantity"].astype(str) == key).any())
    return named if is_value else named._replace(is_share=False)


def _quantity(key: str) -> str:
    """The quantity whose value a key is: `vod.incidence.value` → `vod.incidence`."""
    return re.sub(r"\.value$|\.values(?=\.)", "", key)
