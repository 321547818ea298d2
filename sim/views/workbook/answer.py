"""The first sheet: the headline numbers, live beside simulated, and how to use the workbook."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.worksheet import Worksheet

from sim.results.run import Results
from sim.variables import HEADLINE, IF_APPROVED, MONEY, TOTAL, VARIABLES
from sim.views.estimates import typed
from sim.views.messages import sampling_words
from sim.views.workbook.book import Book, cached, put_number
from sim.views.workbook.charts import HEIGHT, live, placed
from sim.views.workbook.formula import Formula
from sim.views.workbook.market import Market
from sim.views.workbook.patients import Patients
from sim.views.workbook.summary import STATISTICS, Simulated, form_of

SHEET = "Answer"

_WIDTHS = (44, 24, 15, 15, 15, 3, 15, 15, 15, 15, 13)
_HEADS = ("", "unit", "now", "as run", "change", "", *STATISTICS.values(), "± error")
_NOW, _FIRST_SIMULATED, _HEAD = 2, 6, 5
_RUN = (
    "peak_sales",
    "peak_sales_year",
    "cumulative_sales",
    "net_present_value",
    "break_even_year",
    "largest_cash_need",
    "highest_upfront",
    "cost_per_death_averted",
    "cost_of_delay",
    "prob_npv_positive",
)
_MILLIONS = '#,##0.0,,"\u00a0M"'
_ERRORS = {"0": "0.0", "#,##0": "#,##0.0", "0.00": "0.000", _MILLIONS: '#,##0.00,,"\u00a0M"'}  # one digit more
_ROW = 20  # points of the screen

_HOW_TO = (
    "How to use it",
    "M: million. Dates are decimal years: 2010.25 is the end of March 2010.",
    "Columns C to E are the point case: every quantity at its mean, without chance. Change a coloured cell of the "
    "sheet Assumptions, and 'now' follows; 'as run' stays.",
    "Columns G to K are the simulation as it was run: every quantity drawn, whole patients. They do not follow. The "
    "mean of a simulation is not the result at the means, so the two need not agree.",
)
_OF_MARKET = (
    "Live: patients, launch, uptake, vials, sales, costs, tax, cash flow, net present value, break-even.",
    "Not live: the date of the read-out and the probability of success, which the trial's law gives and a sheet "
    "cannot. They are coloured cells of the sheet Assumptions, and do not follow changed patients or rates.",
    "A month later costs: add 1/12 to the read-out and look at the change of the net present value.",
    "If approved: the future in which the drug is approved. Risk-adjusted: both futures, weighed by their chances.",
)
_OF_ALL = (
    "Volumes by a fitted trend are coloured cells by year, on the sheet Patients.",
    "To simulate what you changed, type it on the command line: sim key.value=number, with the keys of the sheet "
    "Assumptions; of one with a label in brackets, key.values.label.value=number.",
)


@dataclass(frozen=True)
class Headline:
    """A line of the answer.

    Attributes
    ----------
    label : as people read it.
    variable : the output variable.
    cell : live; None where no formula gives it.
    year, region : of the simulated number, where it has these.
    """

    label: str
    variable: str
    cell: Formula | None
    year: int | None = None
    region: str = TOTAL


def answer_sheet(
    book: Book,
    results: Results,
    point: Results,
    patients: Patients,
    market: Market | None,
    worth: Mapping[str, Formula],
) -> None:
    """Write the sheet.

    Parameters
    ----------
    book : the file.
    results : the run.
    point : the run at the means.
    patients : the funnel.
    market : its lines; None where the run has none.
    worth : the headlines of value.
    """
    sheet = book.sheet(SHEET)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    _title(book, sheet, results)
    row = _HEAD + 1
    for title, lines in _blocks(results, patients, market, worth).items():
        row = _block(book, sheet, row, title, lines, Simulated(results), point)
    row = _charts(book, sheet, row + 1, patients, market)
    for place, text in enumerate((*_HOW_TO, *(() if market is None else _OF_MARKET), *_OF_ALL)):
        sheet.merge_range(row + place, 0, row + place, len(_WIDTHS) - 1, "", book.style("note"))
        sheet.write_string(row + place, 0, text, book.style("section" if place == 0 else "note"))


def _title(book: Book, sheet: Worksheet, results: Results) -> None:
    source = results.provenance
    changed = f"; with {typed(results)}" if typed(results) else ""
    sheet.write_string(0, 0, str(source["title"]), book.style("title"))
    drawn = f"{sampling_words(source)}, seed {source['seed']}"
    sheet.write_string(1, 0, f"Scenario {source['scenario']}{changed}", book.style())
    sheet.write_string(2, 0, f"Simulation: {drawn}; sim {source['program']}", book.style("quiet"))
    sheet.merge_range(_HEAD - 1, _NOW, _HEAD - 1, _NOW + 2, "Point case (live)", book.style("section"))
    last = _FIRST_SIMULATED + len(STATISTICS)
    sheet.merge_range(_HEAD - 1, _FIRST_SIMULATED, _HEAD - 1, last, "Simulation (as run)", book.style("section"))
    for column, head in enumerate(_HEADS):
        sheet.write_string(_HEAD, column, head, book.style("head" if column < _NOW else "right"))
    sheet.freeze_panes(_HEAD + 1, 1)


def _blocks(
    results: Results, patients: Patients, market: Market | None, worth: Mapping[str, Formula]
) -> dict[str, Sequence[Headline]]:
    blocks: dict[str, Sequence[Headline]] = {"Patients": list(_funnel(results, patients))}
    if market is None:
        return blocks
    return {
        **blocks,
        "Time": list(_time(market)),
        "If approved": [_worth(f"{name}{IF_APPROVED}", worth) for name in _RUN],
        "Risk-adjusted": [_worth(name, worth) for name in _RUN],
    }


def _funnel(results: Results, patients: Patients) -> Iterator[Headline]:
    for year in dict.fromkeys((results.years[0], results.years[-1])):
        for name, row in patients.totals.items():
            if name in ("transplants", HEADLINE, "deaths_day100"):
                yield Headline(f"{VARIABLES[name].long_name}, {year}", name, row[year], year)


def _time(market: Market) -> Iterator[Headline]:
    yield Headline("Read-out", "readout_date", market.readout)
    yield Headline("Approval", "prob_approval", market.approval)
    for region in market.regions:
        yield Headline(
            f"Launch in {region.name}, if approved", "launch_date_if_approved", region.dates.launch, None, region.name
        )


def _worth(name: str, worth: Mapping[str, Formula]) -> Headline:
    return Headline(VARIABLES[name.removesuffix(IF_APPROVED)].long_name, name, worth.get(name))


def _block(
    book: Book, sheet: Worksheet, row: int, title: str, lines: Sequence[Headline], find: Simulated, point: Results
) -> int:
    """Some lines below a heading; the row after them."""
    for column in range(len(_WIDTHS)):
        sheet.write_string(row, column, title if column == 0 else "", book.style("section"))
    for place, line in enumerate(lines, row + 1):
        unit = find.unit(line.variable)
        form = _form(line.variable, unit)
        sheet.write_string(place, 0, line.label, book.style())
        sheet.write_string(place, 1, unit, book.style("quiet"))
        _point(book, sheet, place, line, form, point)
        style = book.style("number", form)
        for column, statistic in enumerate(STATISTICS, _FIRST_SIMULATED):
            put_number(sheet, place, column, find(line.variable, statistic, line.year, line.region), style)
        error = find.error(line.variable, line.year, line.region)
        finer = book.style("number", _ERRORS.get(form, form))
        put_number(sheet, place, _FIRST_SIMULATED + len(STATISTICS), error, finer)
    return row + 1 + len(lines)


def _form(variable: str, unit: str) -> str:
    """The form of a number: money in millions, but for what is of one patient."""
    form = form_of(variable, unit)
    is_money = MONEY in VARIABLES[variable].unit and "cost_per" not in variable
    return _MILLIONS if is_money else "#,##0" if form == "#,##0.0" else form


def _point(book: Book, sheet: Worksheet, row: int, line: Headline, form: str, point: Results) -> None:
    """The live cell, what it was, and the change; of what no formula gives the number as it was."""
    never = '[>=9999]"never";' if form in ("0", "0.00") else ""
    style = book.style("number", f"{never}{form}")
    if line.cell is None:
        is_chance = VARIABLES[line.variable].only_mean  # at the means it is no chance but yes or no
        if line.variable in point.draws and not is_chance:
            put_number(sheet, row, _NOW + 1, float(point.draws[line.variable].item()), style)
        return
    value = cached(line.cell.value)
    sheet.write_formula(row, _NOW, f"={line.cell.text}", style, value)
    put_number(sheet, row, _NOW + 1, line.cell.value, style)
    sheet.write_formula(row, _NOW + 2, f"=C{row + 1}-D{row + 1}", book.style("quiet", form), 0)


def _charts(book: Book, sheet: Worksheet, row: int, patients: Patients, market: Market | None) -> int:
    """The charts that follow the live cells; the row after them."""
    shown = {VARIABLES[name].long_name: line.place for name, line in patients.totals.items() if name != "transplants"}
    title = "Patients a year (live)"
    charts = {title: live(book, patients.heads, shown, title, "patients per year")}
    if market is not None:
        lines = {"if approved": market.approved["net_sales"].place, "risk-adjusted": market.adjusted["net_sales"].place}
        title = "Net sales a year (live)"
        charts[title] = live(book, market.heads, lines, title, f"{market.money} per year")
    for place, (words, chart) in enumerate(charts.items()):
        sheet.insert_chart(row, 0, chart, placed(place, words))
    return row + HEIGHT // _ROW + 2
