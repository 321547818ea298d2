"""The sheet of evidence: the rows of the ledger that the assumptions cite."""

from sim.results.run import Results
from sim.views.workbook.book import Book, fit

SHEET = "Evidence"

_WIDTHS = {"citation": 70, "doi_or_pmid": 28, "id": 26, "denominator": 24, "measure": 26, "criterion": 22}
_WIDTH, _HEAD = 13, 3
_NOTE = "Each row a published figure. Recalled: cited from memory, and nobody has seen the source since."


def evidence_sheet(book: Book, results: Results) -> None:
    """Write the sheet.

    Parameters
    ----------
    book : the file.
    results : the run.
    """
    sheet, table = book.sheet(SHEET), results.evidence.astype(object).fillna("")
    sheet.write_string(0, 0, "Evidence cited", book.style("title"))
    sheet.write_string(1, 0, _NOTE, book.style("quiet"))
    for column, name in enumerate(map(str, table.columns)):
        sheet.set_column(column, column, _WIDTHS.get(name, _WIDTH))
        sheet.write_string(_HEAD, column, name.replace("_", " "), book.style("head"))
        for row, text in enumerate(table[name], _HEAD + 1):
            sheet.write_string(row, column, str(text), book.style("wrapped"))
    for row, texts in enumerate(table.astype(str).to_dict("records"), _HEAD + 1):
        fit(sheet, row, {text: _WIDTHS.get(str(name), _WIDTH) for name, text in texts.items()})
    sheet.set_row(_HEAD, 30)
    sheet.freeze_panes(_HEAD + 1, 1)
    sheet.repeat_rows(_HEAD)
