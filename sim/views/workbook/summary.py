"""The sheet of results: the summary of the simulation, which no formula moves, with its fans."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from sim.results.run import Results
from sim.variables import MONEY, STRATA, TOTAL, VARIABLES
from sim.views.workbook.book import Book, put_number
from sim.views.workbook.charts import fan, placed

SHEET = "Results"

STATISTICS = {"mean": "mean", "p10": "P10", "p50": "P50", "p90": "P90"}
"""What is shown of a simulated number, and its head."""

_NOTE = (
    "The simulation as it was run. Nothing here moves with a changed cell. P10 and P90: a tenth of the draws lie "
    "below, and a tenth above. summary.csv has every region and stratum."
)
_FANNED = ("severe_vod", "net_sales_if_approved", "net_sales")
_CHART_ROW, _HEAD, _FIRST_YEAR = 3, 25, 3
_WIDTHS = (44, 22, 17)
_ERROR, _BAND = "± error of the mean", "P90 less P10"


@dataclass(frozen=True)
class Simulated:
    """The summary of a run, ready to be asked.

    Attributes
    ----------
    results : the run.
    """

    results: Results

    def __call__(self, variable: str, statistic: str, year: int | None = None, region: str = TOTAL) -> float:
        """A number; missing where there is none."""
        return self._both(variable, statistic, year, region)[0]

    def has(self, variable: str, year: int) -> bool:
        """Whether a variable has numbers of a year."""
        return (variable, *[TOTAL] * len(STRATA), str(year), "mean") in self.results.numbers

    def error(self, variable: str, year: int | None = None, region: str = TOTAL) -> float:
        """The Monte Carlo error of its mean."""
        return self._both(variable, "mean", year, region)[1]

    def _both(self, variable: str, statistic: str, year: int | None, region: str) -> tuple[float, float]:
        labels = [region if name == STRATA[0] else TOTAL for name in STRATA]
        key = (variable, *labels, TOTAL if year is None else str(year), statistic)
        return self.results.numbers.get(key, (math.nan, math.nan))

    @cached_property
    def _known(self) -> Mapping[str, tuple[str, tuple[str, ...], bool]]:
        """Variable → unit, regions, and whether it has a number a year."""
        found: dict[str, tuple[str, tuple[str, ...], bool]] = {}
        rows = self.results.summary[["variable", "unit", "region", "year"]].astype(str).drop_duplicates()
        for name, unit, region, year in rows.itertuples(index=False, name=None):
            regions = found[name][1] if name in found else ()
            found[name] = (unit, tuple(dict.fromkeys((*regions, region))), year != TOTAL)
        return found

    def unit(self, variable: str) -> str:
        """The unit of a variable as the run has it; as the table of variables has it where the run has none."""
        return self._known[variable][0] if variable in self._known else VARIABLES[variable].unit

    def regions(self, variable: str) -> tuple[str, ...]:
        """The regions a variable is given for."""
        return self._known[variable][1]

    def names(self, *, by_year: bool) -> list[str]:
        """The variables there are, in order: those with a number a year, or with one in all."""
        return [name for name, known in self._known.items() if known[2] == by_year]


def form_of(variable: str, unit: str) -> str:
    """The form of a variable's numbers."""
    if MONEY in VARIABLES[variable].unit:
        return "#,##0"
    if unit == "calendar year":
        return "0"
    return {"probability": "0.0%", "decimal year": "0.00"}.get(unit, "#,##0.0")


def results_sheet(book: Book, results: Results, years: Sequence[int]) -> None:
    """Write the sheet.

    Parameters
    ----------
    book : the file.
    results : the run.
    years : of the columns.
    """
    sheet, find = book.sheet(SHEET), Simulated(results)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.set_column(_FIRST_YEAR, _FIRST_YEAR + len(years) - 1, 12.5)
    sheet.write_string(0, 0, "Results of the simulation", book.style("title"))
    sheet.write_string(1, 0, _NOTE, book.style("quiet"))
    _heads(book, sheet, _HEAD, ("by year, in all", "unit", "", *map(str, years)))
    row, fans = _HEAD + 1, 0
    for name in find.names(by_year=True):
        known = [year for year in years if find.has(name, year)]
        if name in _FANNED:
            last = _FIRST_YEAR + len(known) - 1
            chart = fan(book, SHEET, row, _FIRST_YEAR, last, _HEAD, _title(name), find.unit(name))
            sheet.insert_chart(_CHART_ROW, 0, chart, placed(fans, _fan_words(name)))
            fans += 1
        row = _variable(book, sheet, row, find, name, known)
    _single(book, sheet, row + 1, find)


def _fan_words(name: str) -> str:
    return f"{_title(name)} by year in the simulation: median, mean, and the band from P10 to P90"


def _title(name: str) -> str:
    known = VARIABLES[name]
    adjusted = f"{name}_if_approved" in VARIABLES
    return f"{known.long_name}{', risk-adjusted' if adjusted else ''}"


def _variable(book: Book, sheet: Worksheet, row: int, find: Simulated, name: str, years: Sequence[int]) -> int:
    """The lines of a variable by year; the row after them."""
    unit = find.unit(name)
    style = book.style("number", form_of(name, unit))
    lines = {head: [find(name, statistic, year) for year in years] for statistic, head in STATISTICS.items()}
    lines[_ERROR] = [find.error(name, year) for year in years]
    for at, (head, values) in enumerate(lines.items(), row):
        _label(book, sheet, at, (_title(name), unit, head), is_first=at == row)
        for column, value in enumerate(values, _FIRST_YEAR):
            put_number(sheet, at, column, value, style)
    below = row + len(lines)
    _label(book, sheet, below, (_title(name), unit, _BAND), is_first=False)
    for column, (high, low) in enumerate(zip(lines["P90"], lines["P10"], strict=True), _FIRST_YEAR):
        if math.isfinite(high - low):
            first, second = (xl_rowcol_to_cell(row + list(lines).index(head), column) for head in ("P90", "P10"))
            sheet.write_formula(below, column, f"={first}-{second}", style, high - low)
    return below + 1


def _label(book: Book, sheet: Worksheet, row: int, texts: Sequence[str], *, is_first: bool) -> None:
    for column, text in enumerate(texts):
        sheet.write_string(row, column, text, book.style("total" if is_first and column == 0 else "quiet"))


def _single(book: Book, sheet: Worksheet, row: int, find: Simulated) -> None:
    """The variables with one number a draw."""
    _heads(book, sheet, row, ("one number a draw", "unit", "region", *STATISTICS.values(), _ERROR))
    for name in find.names(by_year=False):
        unit = find.unit(name)
        plain = book.style("number", form_of(name, unit))
        for region in find.regions(name):
            row += 1
            sheet.write_string(row, 0, _title(name), book.style())
            sheet.write_string(row, 1, unit, book.style("quiet"))
            sheet.write_string(row, 2, "" if region == TOTAL else region, book.style("quiet"))
            values = [find(name, statistic, None, region) for statistic in STATISTICS]
            for column, value in enumerate([*values, find.error(name, None, region)], _FIRST_YEAR):
                put_number(sheet, row, column, value, plain)


def _heads(book: Book, sheet: Worksheet, row: int, heads: Sequence[str]) -> None:
    for column, head in enumerate(heads):
        if head.isdigit():
            sheet.write_number(row, column, int(head), book.style("right", "0"))
        else:
            sheet.write_string(row, column, head, book.style("head" if column < _FIRST_YEAR else "right"))
