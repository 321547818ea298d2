"""The native charts: fans of the simulation, and lines that follow the live cells."""

from collections.abc import Mapping
from typing import Any

from sim.views.workbook.book import Book

WIDTH, HEIGHT = 560, 400
"""Of a chart, in points of the screen."""

_BAND, _MIDDLE, _MEAN, _FAINT = "#9ECAE9", "#0072B2", "#D55E00", "#D9D9D9"
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00")
_P10, _P50, _MEAN_ROW, _SPREAD = 1, 2, 0, 5  # rows of a variable below its first


def fan(book: Book, sheet: str, row: int, first: int, last: int, head: int, title: str, unit: str) -> Any:
    """From P10 to P90 as an area on an unseen one, with the median and the mean.

    Parameters
    ----------
    book : the file.
    sheet, row : where the variable's lines begin.
    first, last : columns of the years.
    head : the row of the years.
    title, unit : of the variable.
    """

    def series(below: int, name: str, look: Mapping[str, Any]) -> dict[str, Any]:
        values = [sheet, row + below, first, row + below, last]
        return {"name": name, "categories": [sheet, head, first, head, last], "values": values, **look}

    area, lines = book.chart("area", "stacked"), book.chart("line")
    area.add_series(series(_P10, "below P10", {"fill": {"none": True}, "border": {"none": True}}))
    area.add_series(series(_SPREAD, "P10 to P90", {"fill": {"color": _BAND}, "border": {"none": True}}))
    lines.add_series(series(_P50, "median", {"line": {"color": _MIDDLE, "width": 2.25}}))
    lines.add_series(series(_MEAN_ROW, "mean", {"line": {"color": _MEAN, "width": 1.5, "dash_type": "dash"}}))
    area.combine(lines)
    return _finished(area, title, unit, {"delete_series": [0]})


def live(book: Book, heads: str, lines: Mapping[str, str], title: str, unit: str) -> Any:
    """Lines of live cells, a year each.

    Parameters
    ----------
    book : the file.
    heads : where the years stand.
    lines : name → where its cells are.
    title, unit : of all lines.
    """
    chart = book.chart("line")
    for (name, place), colour in zip(lines.items(), _COLOURS, strict=False):
        look = {"line": {"color": colour, "width": 2.25}}
        chart.add_series({"name": name, "categories": f"={heads}", "values": f"={place}", **look})
    return _finished(chart, title, unit, {})


def placed(place: int, words: str) -> dict[str, Any]:
    """Where a chart stands beside others, and what it shows, in words for those who cannot see it."""
    return {"x_offset": 10 + place * (WIDTH + 10), "description": words}


def _finished(chart: Any, title: str, unit: str, legend: Mapping[str, Any]) -> Any:
    """Title, axes and legend."""
    small = {"size": 9, "bold": False}
    axis = {
        "name": unit,
        "name_font": small,
        "num_font": {"size": 9},
        "major_gridlines": {"visible": True, "line": {"color": _FAINT}},
    }
    if len(unit) > 2 and unit[:3].isupper():  # money, which is long
        axis |= {"num_format": '#,##0,,"M"', "name": f"{unit}, M: million"}
    else:
        axis |= {"num_format": "#,##0"}
    chart.set_title({"name": title, "name_font": {"size": 12}, "overlay": False})
    chart.set_x_axis({"num_font": {"size": 9, "rotation": -45}, "position_axis": "on_tick"})
    chart.set_y_axis({**axis, "min": None})
    chart.set_legend({"position": "bottom", "font": {"size": 9}, **legend})
    chart.set_size({"width": WIDTH, "height": HEIGHT})
    chart.show_blanks_as("gap")
    return chart
