"""The leading answer of a sweep over its keys: a line for one number, a map for two keys."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from sim.results.run import Results
from sim.variables import HEADLINE, VARIABLES
from sim.views.leading import READOUT, subject
from sim.views.over_keys import Cell, as_number
from sim.views.sensitivity.grid import DRAWN, draw, extremes, key_named, reading
from sim.views.sensitivity.inputs import Named
from sim.views.sensitivity.subject import Subject
from sim.views.side_by_side import small_print
from sim.views.style import look, sheet
from sim.views.value_contrast import VALUE

_COLUMNS = ("run", "variable", "year", "statistic", "value", "mcse", "unit")
_LEADING = {"value": (VALUE, "mean"), "patients": (HEADLINE, "mean"), "readout": (READOUT, "p50")}
_FEWEST_OF_LINE, _FEWEST_OF_MAP = 3, 2  # values of a key


def swept(runs: Mapping[str, Results], comparison: pd.DataFrame, table: pd.DataFrame) -> tuple[Figure, str] | None:
    """The picture and its message; None where a sweep is over something else than one number, or two keys.

    Parameters
    ----------
    runs : label → run.
    comparison : columns as `comparison.csv` has them.
    table : columns as `sweep.csv` has them.
    """
    keys = [str(name) for name in table.columns if name not in _COLUMNS]
    variable, statistic = _LEADING[subject(runs, comparison)]
    rows = table[table["variable"] == variable]
    first = next(iter(runs.values()))
    year = None if VARIABLES[variable].level == "run" else str(first.years[0])
    rows = rows if year is None else rows[rows["year"].astype(str) == year]
    cells = _cells(rows, keys, statistic)
    if not _can_be_drawn(cells, keys):
        return None
    asked = Subject(variable, year or "all", str(rows["unit"].iloc[0]))
    named = [_named(first, key) for key in keys]
    what = "medians" if statistic == "p50" else "means"
    message = extremes(cells, named, asked, what)
    with look():
        figure = sheet(message.rstrip("."), f"{len(runs)} runs: {reading(cells, keys, what)}", small_print(runs))
        draw(figure, cells, named, asked)
    return figure, message


def _cells(rows: pd.DataFrame, keys: list[str], middle: str) -> list[Cell]:
    """The answer of each run that has one."""
    places = {"p10": ("low", "low_error"), "p90": ("high", "high_error"), middle: ("middle", "error")}
    found = []
    for _, own in rows.groupby("run", sort=False):
        numbers = {
            place: float(row[column])
            for _, row in own.iterrows()
            if row["statistic"] in places
            for place, column in zip(places[row["statistic"]], ("value", "mcse"), strict=True)
        }
        values = tuple(own[key].iloc[0] for key in keys)
        if pd.notna(numbers.get("middle")):
            found.append(Cell(values, **{"error": float("nan"), **numbers}))
    return found


def _can_be_drawn(cells: list[Cell], keys: list[str]) -> bool:
    if not 1 <= len(keys) <= DRAWN or len({cell.place for cell in cells}) < len(cells):
        return False
    different = [len({cell.place[place] for cell in cells}) for place in range(len(keys))]
    if len(keys) == 1:
        return different[0] >= _FEWEST_OF_LINE and all(as_number(cell.place[0]) is not None for cell in cells)
    return min(different) >= _FEWEST_OF_MAP


def _named(run: Results, key: str) -> Named:
    """A key as people read it; one that chooses an option says so."""
    return key_named(run, key) if "." in key else Named(key, f"option of {key}", "", "")
