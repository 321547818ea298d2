"""Reading a workbook that was filled in: cells, each with its place; nothing in it is ever run."""

import hashlib
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from sim.configuration.workbook.names import READ, SUFFIX
from sim.configuration.workbook.sheet import INPUTS, KEY, SOURCE, SPREAD, UNIT, VALUE, Value
from sim.errors import InputError, nearest

MOST_BYTES = 50_000_000
"""A workbook may have so many, unpacked: a sheet of inputs has a hundredth of it."""

MOST_ROWS = 10_000
"""Rows that are read; a configuration has hundreds."""

_NEEDED = (KEY, VALUE, SOURCE, SPREAD)
_READ = (*_NEEDED, UNIT)  # whether that was changed is looked at, where the column is there


@dataclass(frozen=True)
class Filled:
    """One row of the sheet as it was filled in.

    Attributes
    ----------
    key : as it stands in the sheet.
    value : None where the cell is empty.
    source, spread, unit : None where the cell is empty.
    cells : column → where its cell is, in words: `my.xlsx, sheet Inputs, cell B7`.
    """

    key: str
    value: Value | None
    source: str | None
    spread: str | None
    unit: str | None
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Workbook:
    """A workbook that was filled in.

    Attributes
    ----------
    name : as it was typed.
    digest : SHA-256 of the file.
    rows : of the sheet of inputs, in order, each key once.
    made_from : group → the option it was written from, where the file says so.
    """

    name: str
    digest: str
    rows: tuple[Filled, ...]
    made_from: Mapping[str, str]


def read_workbook(name: str) -> Workbook:
    """Read a workbook.

    Parameters
    ----------
    name : path of the file.

    Raises
    ------
    InputError : naming file, sheet and cell of what is wrong.
    """
    path = Path(name)
    if path.suffix.lower() != SUFFIX:
        raise InputError(f"{READ}: '{name}' must end in {SUFFIX}")
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise InputError(f"{READ}: {name} cannot be read ({fault.strerror or fault})") from fault
    lines, made_from = _opened(name, content, with_formulas=False)
    formulas, _ = _opened(name, content, with_formulas=True)
    place = f"{path.name}, sheet {INPUTS}"
    rows = tuple(_rows(place, lines, formulas))
    _check_each_once(rows)
    return Workbook(name, hashlib.sha256(content).hexdigest(), rows, made_from)


def _opened(name: str, content: bytes, *, with_formulas: bool) -> tuple[list[Sequence[Any]], dict[str, str]]:
    """The lines of the sheet of inputs as cells, and the options that the file says it was written from."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > MOST_BYTES:
            raise InputError(f"{READ}: {name} holds {size} bytes, above {MOST_BYTES}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and other decoration that it does not know
            book: Any = openpyxl.load_workbook(  # its types know no custom properties
                io.BytesIO(content), read_only=True, data_only=not with_formulas
            )
            if INPUTS not in book.sheetnames:
                raise InputError(f"{READ}: {name} has no sheet '{INPUTS}'{nearest(INPUTS, book.sheetnames)}")
            sheet = book[INPUTS]
            sheet.reset_dimensions()  # some programs state them wrongly
            lines = list(sheet.iter_rows(max_row=MOST_ROWS + 1))
            made_from = {str(own.name): str(own.value) for own in book.custom_doc_props.props}
            book.close()
    except InputError:
        raise
    except Exception as fault:  # a broken file fails in any of a hundred places
        raise InputError(f"{READ}: {name} is no workbook that can be read ({type(fault).__name__})") from fault
    if len(lines) > MOST_ROWS:
        raise InputError(f"{READ}: {name}, sheet {INPUTS} has more than {MOST_ROWS} rows")
    return lines, made_from


def _rows(place: str, lines: Sequence[Sequence[Any]], formulas: Sequence[Sequence[Any]]) -> Iterator[Filled]:
    columns = _columns(place, lines)
    for number, (line, written) in enumerate(zip(lines[1:], formulas[1:], strict=True), 2):
        cells = {name: f"{place}, cell {get_column_letter(column + 1)}{number}" for name, column in columns.items()}
        found = {
            name: _content(cells[name], *(row[column] if column < len(row) else None for row in (line, written)))
            for name, column in columns.items()
        }
        if all(content is None for content in found.values()):
            continue
        if found[KEY] is None:
            raise InputError(f"{cells[KEY]}: is empty, where the key of the row belongs")
        texts = {name: None if found.get(name) is None else str(found[name]) for name in (SOURCE, SPREAD, UNIT)}
        yield Filled(str(found[KEY]), found[VALUE], texts[SOURCE], texts[SPREAD], texts[UNIT], cells)


def _columns(place: str, lines: Sequence[Sequence[Any]]) -> dict[str, int]:
    """Column → its place in the header."""
    header = [str(cell.value or "").strip().lower() for cell in lines[0]] if lines else []
    for name in _NEEDED:
        if header.count(name) != 1:
            fault = "has no column" if name not in header else "has more than one column"
            raise InputError(f"{place}, row 1: {fault} '{name}'; the header is {', '.join(_NEEDED)}")
    return {name: header.index(name) for name in _READ if name in header}


def _content(where: str, cell: Any, written: Any) -> Value | None:
    """What a cell holds, as number or text; of a formula what the spreadsheet made of it."""
    value = None if cell is None else cell.value
    if value is None and written is not None and written.data_type == "f":
        raise InputError(
            f"{where}: its formula has no result; open the file in a spreadsheet, save it, or write a value"
        )
    if cell is not None and cell.data_type == "e":
        raise InputError(f"{where}: {value} is an error of the spreadsheet, where a number or a text belongs")
    if isinstance(value, bool):
        raise InputError(f"{where}: {str(value).upper()} is neither a number nor a text; write it as a text: '{value}")
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()  # as a spreadsheet keeps a day that is typed
    if isinstance(value, date | time | timedelta):
        raise InputError(f"{where}: is a date to the spreadsheet; write it as a text, such as '2007-11-30, or '1/3")
    if isinstance(value, int | float):
        return int(value) if float(value).is_integer() else value
    text = " ".join(str(value if value is not None else "").split())
    if "${" in text:
        raise InputError(f"{where}: '{text}' refers to something else by ${{…}}; a workbook is data and cannot")
    return text or None


def _check_each_once(rows: Iterable[Filled]) -> None:
    seen: dict[str, Filled] = {}
    for row in rows:
        if row.key in seen:
            raise InputError(f"{row.cells[KEY]}: {row.key} stands before, in {seen[row.key].cells[KEY]}")
        seen[row.key] = row
