"""The file of a workbook to fill in."""

import io
import re
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from sim.configuration.workbook.names import READ, SUFFIX, WRITE
from sim.configuration.workbook.sheet import COLUMNS, INPUTS, VALUE, Row
from sim.errors import InputError

_WIDTHS = (46, 36, 28, 52, 52, 36)  # of the columns, in characters
_LOST = 5  # characters of a line that a word too long for it leaves empty
_LINE = 15.0  # height of a line, in points
_PLAIN = re.compile(r"[\w./:=+%-]+", re.ASCII)  # a word that no shell and no grammar takes apart

_HOW_TO = (
    "Change what you like in the coloured column 'value' of the sheet 'Inputs', save, and type:",
    "{command}",
    "",
    "How to write a value",
    "0.2, or 20%, or 1/3: a number that is certain.",
    "0.15 to 0.25: the 5th to the 95th percentile; 0.15 to 0.25 at 80% the 10th to the 90th.",
    "low 0.10 base 0.15 high 0.22: the 10th, 50th and 90th percentile.",
    "beta(mean=0.2, sd=0.03), lognormal(median=0.05, p95=0.08): a distribution by its name.",
    "count(events=87, n=1652): what 87 of 1652 patients tell.",
    "A date is a text: 2007-11-30. null says that there is none. Numbers have a decimal point in a text.",
    "",
    "Where a value comes from",
    "A source is 'assumption: why', or the id of a row of the evidence (the command 'sim evidence' lists them).",
    "The spread says the same of the range, where the source states the figure alone.",
    "A changed value whose source stays as it was becomes an assumption that names its cell.",
    "",
    "The first rows name the options that the sheet was made from. For other options write a new workbook, such as",
    "sim workbook_template=other.xlsx vod=cohorts",
)


def check_new(path: Path) -> None:
    """Refuse a file that cannot be written, or is there already.

    Raises
    ------
    InputError : naming the file.
    """
    if path.suffix.lower() != SUFFIX:
        raise InputError(f"{WRITE}: '{path}' must end in {SUFFIX}")
    if not path.parent.is_dir():
        raise InputError(f"{WRITE}: {path}: there is no folder {path.parent}")
    if path.exists():
        raise InputError(f"{WRITE}: {path} is there already; name another file, or remove it first")


def write_file(path: Path, choices: Sequence[Row], inputs: Sequence[Row], further: Sequence[str] = ()) -> str:
    """Write a workbook to fill in.

    Parameters
    ----------
    path : of a file that is not there yet.
    choices : the options it is made from.
    inputs : settings and quantities.
    further : words of the command line that no row can hold.

    Returns
    -------
    The command that runs it.

    Raises
    ------
    InputError : when it cannot be written.
    """
    check_new(path)
    command = " ".join(["sim", *(quoted(word) for word in (*further, f"{READ}={path.as_posix()}"))])
    content = _content(choices, inputs, command)
    try:
        with path.open("xb") as file:
            file.write(content)
    except OSError as fault:
        raise InputError(f"{WRITE}: {path} cannot be written ({fault.strerror or fault})") from fault
    return command


def quoted(word: str) -> str:
    """A word of the command line as it is typed, in quotes where it needs them."""
    key, sign, value = word.partition("=")
    if _PLAIN.fullmatch(word):
        return word
    if not sign or value[:1] in "'\"[{":
        return f'"{word}"' if '"' not in word else f"'{word}'"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"\"{key}='{escaped}'\""


def _content(choices: Sequence[Row], inputs: Sequence[Row], command: str) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for row in choices:  # so that a choice changed in the sheet is noticed: its rows would be the old option's
            book.set_custom_property(row.key, str(row.value), "text")
        words = {"text_wrap": True, "valign": "top", "align": "left"}
        plain, head = book.add_format(words), book.add_format({**words, "bold": True, "bottom": 1})
        filled = {**words, "bg_color": "#FFF2CC", "border": 1, "border_color": "#BFBFBF"}
        text, number = book.add_format({**filled, "num_format": "@"}), book.add_format(filled)
        sheet = book.add_worksheet(INPUTS)
        _lay_out(sheet, head, len(choices) + len(inputs))
        for place, row in enumerate(choices, 1):
            _write(sheet, place, row, plain, (plain, plain))
        for place, row in enumerate(inputs, 1 + len(choices)):
            _write(sheet, place, row, plain, (text, number))
        _how_to(book.add_worksheet("How to"), plain, command)
    return buffer.getvalue()


def _lay_out(sheet: Worksheet, head: Format, rows: int) -> None:
    for place, (name, width) in enumerate(zip(COLUMNS, _WIDTHS, strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, head)
    sheet.freeze_panes(1, 1)
    sheet.ignore_errors({"number_stored_as_text": f"B2:B{rows + 1}"})
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _write(sheet: Worksheet, place: int, row: Row, plain: Format, values: tuple[Format, Format]) -> None:
    """One row; a text is written as text, so that none becomes a formula, a date or a link."""
    text, number = values
    cells = (row.key, row.value, row.unit, row.source, row.spread, row.title)
    for column, (name, cell) in enumerate(zip(COLUMNS, cells, strict=True)):
        style = plain if name != VALUE else text if isinstance(cell, str) else number
        if isinstance(cell, str):
            sheet.write_string(place, column, cell, style)
        else:
            sheet.write_number(place, column, cell, style)
    lines = max(-(-len(str(cell)) // (width - _LOST)) for cell, width in zip(cells, _WIDTHS, strict=True))
    sheet.set_row(place, _LINE * lines)  # not every program finds the height of a wrapped text


def _how_to(sheet: Worksheet, plain: Format, command: str) -> None:
    sheet.set_column(0, 0, 110)
    for place, line in enumerate(_HOW_TO):
        sheet.write_string(place, 0, line.replace("{command}", command), plain)
