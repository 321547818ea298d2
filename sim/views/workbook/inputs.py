"""What the formulas start from: every quantity at its mean, and the plain settings, each a cell with a name."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sim.results.run import Results
from sim.variables import VARIABLES, label_name
from sim.views.workbook.book import Book
from sim.views.workbook.formula import Formula, Word, largest, total

REST = "rest"
"""How a share is written that is what the others leave."""

_SHOCK_YEAR = "shock_year"  # years of which every one has its own growth, all the same at the mean
_DERIVED = "the mean over what a draw may choose, each weighted by who reaches it"


@dataclass(frozen=True)
class Line:
    """A row of the sheet of assumptions.

    Attributes
    ----------
    key : of the quantity and its labels, or of the setting.
    name : by which formulas call its cell; empty where none does.
    point : what the cell holds; None where a quantity has no number.
    row : unit, source and what else is known of it, as in the table of assumptions.
    options : the words it may hold, where it holds one.
    formula : of a share that the others leave.
    """

    key: str
    name: str
    point: float | str | None
    row: Mapping[str, Any]
    options: tuple[str, ...] = ()
    formula: Formula | None = None


class Inputs:
    """The cells that formulas start from.

    Parameters
    ----------
    point : the run at the means.
    book : that gives the names.
    """

    def __init__(self, point: Results, book: Book) -> None:
        self._book = book
        drawn = point.draws.isel(draw=0)
        self._arrays = {str(name): array for name, array in drawn.data_vars.items() if name not in VARIABLES}
        self._names: dict[str, str] = {}
        self._settings: dict[str, Line] = {}
        self._table = point.assumptions
        self._written = dict(zip(point.assumptions["quantity"], point.assumptions["value"], strict=True))
        self._points = {name: float(value) for name, value in self._numbers() if math.isfinite(value)}

    def _numbers(self) -> Iterator[tuple[str, float]]:
        for name, array in self._arrays.items():
            held = array.isel({_SHOCK_YEAR: 0}) if _SHOCK_YEAR in array.dims else array
            for labels, value in held.to_series().items() if held.ndim else [((), held.item())]:
                own = labels if isinstance(labels, tuple) else (labels,)
                yield label_name(name, tuple(str(label) for label in own)), value

    def has(self, quantity: str) -> bool:
        """Whether the run has this quantity."""
        return quantity in self._arrays

    def starting(self, prefix: str) -> list[str]:
        """The keys of the quantities that begin so, in order."""
        return [name for name in self._arrays if name.startswith(prefix)]

    def dims(self, quantity: str) -> tuple[str, ...]:
        """The dimensions that a quantity has labels along."""
        return tuple(str(d) for d in self._arrays[quantity].dims if d != _SHOCK_YEAR)

    def __call__(self, quantity: str, labels: Mapping[str, str] | None = None) -> Formula:
        """The cell of a quantity.

        Parameters
        ----------
        quantity : its key.
        labels : dimension → label; those that it has no labels along are left out.
        """
        key = label_name(quantity, tuple((labels or {})[d] for d in self.dims(quantity)))
        if key not in self._names:
            self._names[key] = self._book.free_name(key)
            if self._written.get(key) == REST:
                self._others(key)  # its formula names them
        return Formula(self._names[key], self._points[key])

    def setting(self, key: str, value: float, unit: str, why: str) -> Formula:
        """The cell of a plain setting."""
        if key not in self._settings:
            self._settings[key] = Line(key, self._book.free_name(key), value, {"unit": unit, "source": why})
        return Formula(self._settings[key].name, value)

    def choice(self, key: str, value: str, options: tuple[str, ...], why: str) -> Word:
        """The cell of a setting that is one of a few words."""
        if key not in self._settings:
            row = {"unit": " or ".join(options), "source": why}
            self._settings[key] = Line(key, self._book.free_name(key), value, row, options)
        return Word(self._settings[key].name, value)

    def settings(self) -> list[Line]:
        """The lines of the settings that are used, in the order they first were."""
        return list(self._settings.values())

    def quantities(self) -> list[Line]:
        """The lines of all quantities, as in the table of assumptions."""
        return [self._line(row) for row in _rows(self._table)]

    def derived(self) -> list[Line]:
        """The lines of numbers that formulas use and the table does not list."""
        return [
            Line(key, name, self._points[key], {"unit": self._unit(key), "source": _DERIVED})
            for key, name in self._names.items()
            if key not in self._written
        ]

    def _line(self, row: Mapping[str, Any]) -> Line:
        key = str(row["quantity"])
        rest = self._left_by(key) if key in self._names and row["value"] == REST else None
        return Line(key, self._names.get(key, ""), self._points.get(key), row, formula=rest)

    def _unit(self, key: str) -> str:
        return str(self._arrays[key.partition("[")[0]].attrs.get("unit", ""))

    def _left_by(self, key: str) -> Formula:
        others = [Formula(self._names[other], self._points[other]) for other in self._others(key)]
        return largest(1.0 - total(*others), 0)

    def _others(self, key: str) -> list[str]:
        """The other shares that add up to 1 with this one."""
        name, _, inside = key.rstrip("]").partition("[")
        shared = inside.split(", ")[:-1]
        beside = [
            other
            for other in self._points
            if other != key and other.partition("[")[0] == name and _labels(other)[:-1] == shared
        ]
        for other in beside:
            if other not in self._names:
                self._names[other] = self._book.free_name(other)
        return beside


def _labels(key: str) -> list[str]:
    return key.rstrip("]").partition("[")[2].split(", ")


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    found = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in found]
