"""A sheet of formulas: a line an item, a column a year, the same column for the same year in every sheet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from sim.views.workbook.book import Book, cached
from sim.views.workbook.formula import Formula, Range, total

COUNT, PLAIN, SHARE, MONEY = "#,##0.0", "#,##0.0000", "0.0%", "#,##0;[Red]-#,##0"
YEAR, FACTOR = '[>=9999]"never";0', "0.0000"
DATE, DAY = '[>=9999]"never";0.000', '[>=2958101]"never";d mmm yyyy'
"""The forms of numbers; what is never is 9999 as a year, and in that year as a day."""

HEAD_ROW, FIRST_YEAR = 3, 3
"""The row of the years' heads and the first year's column, from 0."""

_LABEL, _UNIT, _ONCE = range(3)  # columns
_WIDTHS = (44, 27, 15)
_YEAR_WIDTH = 12


@dataclass(frozen=True)
class Row:
    """The cells of a line, a year each.

    Attributes
    ----------
    cells : by year.
    range : all of them, for a formula.
    place : the same for a chart or a name, which moves with no cell.
    """

    cells: Mapping[int, Formula]
    range: Range
    place: str

    def __getitem__(self, year: int) -> Formula:
        return self.cells[year]


def sum_of(parts: Sequence[Row], year: int) -> Formula:
    """The sum of a year's cells of several lines."""
    return total(*(part[year] for part in parts))


class Page:
    """A sheet of lines.

    Parameters
    ----------
    book : the file.
    name : of the sheet.
    title, note : above the lines.
    years : in order.
    """

    def __init__(self, book: Book, name: str, title: str, note: str, years: Sequence[int]) -> None:
        self._book, self._name, self.years = book, name, tuple(years)
        self.sheet: Worksheet = book.sheet(name)
        self._row = HEAD_ROW + 1
        self._lay_out(title, note)

    def _lay_out(self, title: str, note: str) -> None:
        sheet, book = self.sheet, self._book
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        sheet.set_column(FIRST_YEAR, FIRST_YEAR + len(self.years) - 1, _YEAR_WIDTH)
        sheet.write_string(0, 0, title, book.style("title"))
        sheet.write_string(1, 0, note, book.style("quiet"))
        for column, head in enumerate(("", "unit", "once, or in all")):
            sheet.write_string(HEAD_ROW, column, head, book.style("right" if column == _ONCE else "head"))
        for place, year in enumerate(self.years):
            sheet.write_number(HEAD_ROW, FIRST_YEAR + place, year, book.style("right", "0"))
        sheet.freeze_panes(HEAD_ROW + 1, 1)
        sheet.repeat_rows(HEAD_ROW)

    def year(self, year: int) -> Formula:
        """The cell at the head of a year's column."""
        return Formula(self._cell(HEAD_ROW, self._column(year), row_abs=True), float(year))

    @property
    def all_years(self) -> Range:
        """The heads of the columns."""
        return Range(self._span(HEAD_ROW, self.years), np.array(self.years, dtype=np.float64))

    @property
    def heads(self) -> str:
        """The same for a chart."""
        return self._span(HEAD_ROW, self.years, absolute=True)

    def section(self, text: str) -> None:
        """A heading across the sheet, after an empty line."""
        self._row += 1
        for column in range(FIRST_YEAR + len(self.years)):
            self.sheet.write_blank(self._row, column, None, self._book.style("section"))
        self.sheet.write_string(self._row, 0, text, self._book.style("section"))
        self._row += 1

    def once(self, label: str, unit: str, formula: Formula, form: str, name: str = "", look: str = "plain") -> Formula:
        """A line with one number.

        Parameters
        ----------
        label, unit : of the line.
        formula : of its number.
        form : of numbers.
        name : by which formulas may call it.
        look : of the line.

        Returns
        -------
        The cell, to be used in other formulas: by its name where it has one.
        """
        place = self._cell(self._row, _ONCE, row_abs=True, col_abs=True)
        self._head(label, unit, look)
        self._write(self._row, _ONCE, formula, form, look)
        self._row += 1
        if not name:
            return Formula(place, formula.value)
        called = self._book.free_name(name)
        self._book.define(called, place)
        return Formula(called, formula.value)

    def by_year(
        self,
        label: str,
        unit: str,
        formula: Callable[[int], Formula],
        form: str = COUNT,
        *,
        name: str = "",
        adds_up: bool = False,
        look: str = "plain",
    ) -> Row:
        """A line with a number a year.

        Parameters
        ----------
        label, unit : of the line.
        formula : year → its cell.
        form : of numbers.
        name : by which formulas may call all its years.
        adds_up : whether the sum over the years stands before them.
        look : of the line.
        """
        return self.running(label, unit, lambda year, _: formula(year), form, name=name, adds_up=adds_up, look=look)

    def running(
        self,
        label: str,
        unit: str,
        formula: Callable[[int, Formula | None], Formula],
        form: str = COUNT,
        *,
        name: str = "",
        adds_up: bool = False,
        look: str = "plain",
    ) -> Row:
        """A line whose cells go on from the year before, which a formula is given too; None in the first year."""
        self._head(label, unit, look)
        cells: dict[int, Formula] = {}
        before = None
        for year in self.years:
            found = formula(year, before)
            self._write(self._row, self._column(year), found, form, look)
            before = cells[year] = Formula(self._cell(self._row, self._column(year)), found.value)
        return self._finished(cells, form, name, look, adds_up=adds_up)

    def given(self, label: str, unit: str, values: Mapping[int, float], form: str = COUNT) -> Row:
        """A line of coloured cells, which may be changed by hand."""
        self._head(label, unit, "plain")
        cells = {}
        for year in self.years:
            column = self._column(year)
            self.sheet.write_number(self._row, column, values[year], self._book.style("input", form))
            cells[year] = Formula(self._cell(self._row, column), values[year])
        return self._finished(cells, form, "", "plain", adds_up=False)

    def _finished(self, cells: Mapping[int, Formula], form: str, name: str, look: str, *, adds_up: bool) -> Row:
        values = np.array([cell.value for cell in cells.values()])
        place = self._span(self._row, list(cells), absolute=True)
        row = Row(cells, Range(self._span(self._row, list(cells)), values), place)
        if adds_up:
            self._write(self._row, _ONCE, total(row.range), form, look)
        if name:
            self._book.define(self._book.free_name(name), place)
        self._row += 1
        return row

    def _head(self, label: str, unit: str, look: str) -> None:
        self.sheet.write_string(self._row, _LABEL, label, self._book.style(look))
        self.sheet.write_string(self._row, _UNIT, unit, self._book.style("total" if look == "total" else "quiet"))
        if look == "total":
            self.sheet.write_blank(self._row, _ONCE, None, self._book.style(look))

    def _write(self, row: int, column: int, formula: Formula, form: str, look: str) -> None:
        own = formula.text.replace(f"{self._name}!", "")
        self.sheet.write_formula(row, column, f"={own}", self._book.style(look, form), cached(formula.value))

    def _column(self, year: int) -> int:
        return FIRST_YEAR + year - self.years[0]

    def _cell(self, row: int, column: int, *, row_abs: bool = False, col_abs: bool = False) -> str:
        return f"{self._name}!{xl_rowcol_to_cell(row, column, row_abs, col_abs)}"

    def _span(self, row: int, years: Sequence[int], *, absolute: bool = False) -> str:
        first, last = (xl_rowcol_to_cell(row, self._column(years[end]), absolute, absolute) for end in (0, -1))
        return f"{self._name}!{first}:{last}"
