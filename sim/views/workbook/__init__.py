"""The workbook of a run: the point case in live formulas, beside the summary of the simulation."""
