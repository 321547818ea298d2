"""The file: its sheets, the look of its cells, and the names that formulas call them by."""

import io
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

NEVER = 9999.0
"""The year that stands for never, where no number of a sheet can be infinite."""

_CREATED = datetime(2000, 1, 1, tzinfo=UTC)  # the same for every file, so that the same run gives the same bytes
_NEVER_GUESS = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}

_INPUT, _BORDER, _HEAD, _INK, _QUIET = "#FFF2CC", "#BFBFBF", "#DDEBF7", "#1A1A1A", "#595959"

_LOOKS: dict[str, dict[str, Any]] = {
    "plain": {},
    "number": {"align": "right"},
    "title": {"bold": True, "font_size": 16},
    "quiet": {"font_color": _QUIET},
    "note": {"font_color": _QUIET, "text_wrap": True},
    "wrapped": {"text_wrap": True},
    "indented": {"text_wrap": True, "align": "left", "indent": 1},
    "section": {"bold": True, "bg_color": _HEAD},
    "head": {"bold": True, "bottom": 1, "text_wrap": True},
    "right": {"bold": True, "bottom": 1, "align": "right", "text_wrap": True},
    "total": {"bold": True, "top": 1},
    "input": {"bg_color": _INPUT, "border": 1, "border_color": _BORDER, "align": "right"},
}

_TITLE_HEIGHT = 24
_LINE, _LOOSE = 15, 1.05  # points of a line of text; by how much a text is longer for the words that do not fit a line

_WANTING, _NO_NUMBER = "–", "#N/A"


class Book:
    """A workbook in memory.

    Parameters
    ----------
    title : of the file, for its properties.
    sheets : the names of its sheets, in order.
    """

    def __init__(self, title: str, sheets: tuple[str, ...]) -> None:
        self._buffer = io.BytesIO()
        self._file = xlsxwriter.Workbook(self._buffer, {"in_memory": True, **_NEVER_GUESS})
        self._file.set_properties({"title": title, "created": _CREATED})
        self._sheets = {name: self._file.add_worksheet(name) for name in sheets}
        self._formats: dict[tuple[str, str], Format] = {}
        self._names: set[str] = set()

    def sheet(self, name: str) -> Worksheet:
        """A sheet, ready to be printed across a page."""
        sheet = self._sheets[name]
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&F&C&A&RPage &P of &N")
        sheet.hide_gridlines(2)
        sheet.set_row(0, _TITLE_HEIGHT)
        return sheet

    def style(self, look: str = "plain", numbers: str = "") -> Format:
        """The format of a cell, by its look and the form of its numbers."""
        key = (look, numbers)
        if key not in self._formats:
            form = {"num_format": numbers} if numbers else {}
            self._formats[key] = self._file.add_format({"font_color": _INK, "valign": "top", **_LOOKS[look], **form})
        return self._formats[key]

    def chart(self, kind: str, subtype: str = "") -> Any:
        """A chart to be put into a sheet."""
        return self._file.add_chart({"type": kind, **({"subtype": subtype} if subtype else {})})

    def free_name(self, wanted: str) -> str:
        """A name that formulas may use and no cell has yet: letters, digits and underscores."""
        plain = re.sub(r"\W+", "_", wanted, flags=re.ASCII).strip("_")
        found, further = plain, 2
        while found.lower() in self._names:  # names are the same in capitals
            found, further = f"{plain}_{further}", further + 1
        self._names.add(found.lower())
        return found

    def define(self, name: str, place: str) -> None:
        """Give a free name to a place such as `Market!$D$5:$W$5`."""
        self._file.define_name(name, f"={place}")

    def bytes(self) -> bytes:
        """The finished file."""
        self._file.close()
        return self._buffer.getvalue()


def fit(sheet: Worksheet, row: int, texts: Mapping[str, float]) -> None:
    """Make a row high enough for its texts, which not every program does by itself: text → characters of its column."""
    lines = max((math.ceil(len(text) * _LOOSE / width) for text, width in texts.items()), default=1)
    sheet.set_row(row, _LINE * max(lines, 1))


def cached(value: float) -> float | str:
    """What a cell shows until it is recalculated: its number, or the sign of an error."""
    return float(value) if math.isfinite(value) else _NO_NUMBER


def put_number(sheet: Worksheet, row: int, column: int, value: float, style: Format) -> None:
    """Write a number; a dash where there is none, a word where it is infinite."""
    if np.isfinite(value):
        sheet.write_number(row, column, float(value), style)
    else:
        sheet.write_string(row, column, _WANTING if np.isnan(value) else "never" if value > 0 else "-infinite", style)
