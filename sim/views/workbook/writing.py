"""The workbook of a run, put together."""

from sim.results.run import Results
from sim.views.workbook import answer, assumptions, evidence, market, patients, summary, value
from sim.views.workbook.book import Book
from sim.views.workbook.facts import facts_of
from sim.views.workbook.inputs import Inputs

_LIVE = (market.SHEET, value.SHEET)  # sheets that only a run with a market has


def workbook(results: Results, point: Results) -> bytes:
    """The workbook of one run: the point case in live formulas, the summary of the simulation beside it.

    Parameters
    ----------
    results : the run.
    point : the same assumptions with every quantity at its mean, without chance, its years going on to the last of the
        market.

    Returns
    -------
    The file, the same bytes for the same run.
    """
    has_market = bool(point.configuration.get("market"))
    sheets = (
        answer.SHEET,
        assumptions.SHEET,
        patients.SHEET,
        *(_LIVE if has_market else ()),
        summary.SHEET,
        evidence.SHEET,
    )
    book = Book(str(results.provenance["title"]), sheets)
    inputs = Inputs(point, book)
    funnel = patients.patients_sheet(book, inputs, point)
    facts = facts_of(point, inputs)
    sold = None if facts is None else market.market_sheet(book, facts, funnel, point)
    worth = value.value_sheet(book, facts, sold) if facts is not None and sold is not None else {}
    years = [int(year) for year in point.draws["year"].to_numpy()]
    summary.results_sheet(book, results, years)
    evidence.evidence_sheet(book, results)
    answer.answer_sheet(book, results, point, funnel, sold, worth)
    assumptions.assumptions_sheet(book, inputs)
    return book.bytes()
