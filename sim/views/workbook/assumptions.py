"""The sheet of assumptions: every quantity with its source, and the coloured cells that formulas start from."""

import math
from collections.abc import Mapping
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from sim.views.workbook.book import Book, cached, fit
from sim.views.workbook.inputs import Inputs, Line

SHEET = "Assumptions"

_NOTE = (
    "Change a coloured cell, and the sheets Patients, Market and Value follow. It holds the quantity at its mean; what "
    "is not coloured goes into no formula here: the trial is worked out by the program, and the simulation is past."
)
_COLUMNS = (
    ("quantity", 44),
    ("point", 15),
    ("unit", 30),
    ("as written", 34),
    ("5th percentile", 13),
    ("95th percentile", 13),
    ("source", 60),
    ("verified", 12),
    ("citation", 44),
    ("flags", 40),
    ("name in formulas", 44),
)
_POINT, _PRINTED = 1, 7  # columns: of the cells that formulas start from; the last one on paper
_HEAD = 3
_LARGE, _SMALL = 1000.0, 0.001  # from here on a number has commas; below, it needs more than four decimals
_NEARLY = 1e-9  # relative difference to a whole number that rounding makes
_PLAIN, _DECIMALS, _COMMAS, _YEARS = "General", "0.0000", "#,##0", "0.000"


def assumptions_sheet(book: Book, inputs: Inputs) -> None:
    """Write the sheet, last of all, when it is known what the formulas use.

    Parameters
    ----------
    book : the file.
    inputs : the quantities and settings.
    """
    sheet = book.sheet(SHEET)
    sheet.write_string(0, 0, SHEET, book.style("title"))
    sheet.write_string(1, 0, _NOTE, book.style("quiet"))
    for column, (name, width) in enumerate(_COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(_HEAD, column, name, book.style("right" if column in (_POINT, 4, 5) else "head"))
    sheet.set_row(_HEAD, 30)
    sheet.freeze_panes(_HEAD + 1, 2)
    sheet.repeat_rows(_HEAD)
    row = _HEAD + 1
    blocks = {"Settings": inputs.settings(), "Quantities": inputs.quantities(), "Worked out": inputs.derived()}
    for title, lines in blocks.items():
        row = _block(book, sheet, row, title, lines) if lines else row
    sheet.print_area(0, 0, row - 1, _PRINTED)
    sheet.autofilter(_HEAD, 0, row - 1, len(_COLUMNS) - 1)


def _block(book: Book, sheet: Worksheet, row: int, title: str, lines: list[Line]) -> int:
    """Some lines below a heading; the row after them."""
    for column in range(len(_COLUMNS)):
        sheet.write_string(row, column, title if column == 0 else "", book.style("section"))
    for place, line in enumerate(lines, row + 1):
        _line(book, sheet, place, line)
    return row + 1 + len(lines)


def _line(book: Book, sheet: Worksheet, row: int, line: Line) -> None:
    known = line.row
    _point(book, sheet, row, line)
    written = {0: line.key, 2: known.get("unit"), 3: known.get("value"), 10: line.name}
    written |= {
        place: known.get(name) for place, name in ((6, "source"), (7, "verified"), (8, "citation"), (9, "flags"))
    }
    texts = {column: str(text or "") for column, text in written.items()}
    for column, text in texts.items():
        sheet.write_string(row, column, text, book.style("indented" if column in (2, 6) else "wrapped"))
    fit(sheet, row, {text: _COLUMNS[column][1] for column, text in texts.items()})
    for column, name in ((4, "p05"), (5, "p95")):
        if known.get(name) is not None:
            sheet.write_number(row, column, float(known[name]), book.style("plain", _form(known[name], known)))
    if line.name:
        book.define(line.name, f"{SHEET}!{xl_rowcol_to_cell(row, _POINT, True, True)}")


def _point(book: Book, sheet: Worksheet, row: int, line: Line) -> None:
    """The cell that formulas start from, coloured where it is to be changed."""
    if line.point is None:
        return
    if isinstance(line.point, str):
        sheet.write_string(row, _POINT, line.point, book.style("input"))
        sheet.data_validation(row, _POINT, row, _POINT, {"validate": "list", "source": list(line.options)})
        return
    form = _form(line.point, line.row)
    if line.formula is not None:
        sheet.write_formula(row, _POINT, f"={line.formula.text}", book.style("plain", form), cached(line.point))
    else:
        sheet.write_number(row, _POINT, line.point, book.style("input" if line.name else "quiet", form))


def _form(value: float, row: Mapping[str, Any]) -> str:
    """The form of a quantity's numbers."""
    unit = str(row.get("unit", ""))
    if unit in ("date", "decimal year"):
        return _YEARS
    is_whole = math.isclose(value, round(value), rel_tol=_NEARLY, abs_tol=0) and abs(value) < _LARGE
    if unit == "calendar year" or is_whole or abs(value) < _SMALL:
        return _PLAIN
    return _COMMAS if abs(value) >= _LARGE else _DECIMALS
