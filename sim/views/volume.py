"""The volume through the years: what was counted, and the fan of what is forecast."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.results.run import Results
from sim.variables import FUNNEL, STRATA, TOTAL
from sim.views.counted import HISTORY, counted_name, growth_words, volume_message
from sim.views.estimates import Estimates
from sim.views.style import BLUE, INK, ORANGE, QUIET, Border, look, plain_numbers, run_sheet

_BANDS = (("p05", "p95", 0.18), ("p10", "p90", 0.28), ("p25", "p75", 0.45))
_MOST = 4  # panels that a sheet holds
_GAP = (1.15, 1.0)  # inches between panels, across and down
_KEY = "dots are counted, the line is the median, bands hold 50, 80 and 90 % of the draws"


class Part(NamedTuple):
    """A population with a history of its own.

    Attributes
    ----------
    labels : dimension → label.
    counted : its rows of the table of the history, by year.
    """

    labels: dict[str, str]
    counted: pd.DataFrame

    @property
    def name(self) -> str:
        """As people read it; empty where the transplants are not divided."""
        return ", ".join(label for label in self.labels.values() if label != TOTAL)


def volume(results: Results) -> Figure:
    """Transplants by year: counted years as dots, the forecast as median and bands, a panel for each history."""
    with look():
        figure = run_sheet(results, volume_message(results))
        parts = _parts(results)
        panels = [_axes(figure, place, len(parts)) for place in range(len(parts))]
        for axes, part in zip(panels, parts, strict=True):
            _draw(axes, part, results)
        _same_scales(panels)
        _around(panels, f"{counted_name(results).lower()} per year")
        return figure


def _parts(results: Results) -> list[Part]:
    """The populations that have a history, those with the most transplants first to be shown."""
    found = [
        Part(dict(zip(STRATA, map(str, labels), strict=True)), rows.sort_values("year"))
        for labels, rows in results.tables[HISTORY].groupby(list(STRATA), sort=False)
    ]
    largest = sorted(found, key=lambda part: -float(part.counted["volume"].iloc[-1]))[:_MOST]
    return [part for part in found if any(part is kept for kept in largest)]


def _axes(figure: Figure, place: int, parts: int) -> Axes:
    """The panel at that place: one, two side by side, or two rows of two."""
    border = Border(left=1.3, top=1.55, bottom=1.25)
    columns, rows = min(parts, 2), -(-parts // 2)
    width, height = figure.get_size_inches()
    across = (width - border.left - border.right - (columns - 1) * _GAP[0]) / columns
    down = (height - border.top - border.bottom - (rows - 1) * _GAP[1]) / rows
    left = border.left + (place % columns) * (across + _GAP[0])
    bottom = border.bottom + (rows - 1 - place // columns) * (down + _GAP[1])
    return figure.add_axes((left / width, bottom / height, across / width, down / height))


def _draw(axes: Axes, part: Part, results: Results) -> None:
    find, years = Estimates(results), list(results.years)
    root = FUNNEL[0].name
    lines = {
        name: [find(root, name, year, part.labels).value for year in years]
        for name in ("p05", "p10", "p25", "p50", "p75", "p90", "p95")
    }
    for low, high, strength in _BANDS:
        axes.fill_between(years, lines[low], lines[high], color=BLUE, alpha=strength, linewidth=0)
    axes.plot(years, lines["p50"], color=BLUE, linewidth=2.5)
    seen, counted = part.counted["year"], part.counted["volume"]
    axes.plot(seen, counted, color=QUIET, linewidth=1, linestyle=":", zorder=1)
    axes.plot(seen, counted, "o", color=ORANGE, markeredgecolor=INK, markersize=7, clip_on=False, zorder=3)
    if part.name:  # the growth of all stands in the message
        growth = growth_words(part.counted) or f"counted in {seen.iloc[0]} only"
        axes.set_title(f"{part.name}: {growth}", loc="left", size=12, weight="bold", pad=8)


def _same_scales(panels: Sequence[Axes]) -> None:
    """One scale for all, from the first year anywhere to the last, and from 0."""
    first, last = (pick(axes.dataLim.intervalx[end] for axes in panels) for pick, end in ((min, 0), (max, 1)))
    highest = max(axes.dataLim.intervaly[1] for axes in panels)
    for axes in panels:
        axes.set_xlim(first, last)
        axes.set_ylim(0, highest * 1.08)


def _around(panels: Sequence[Axes], unit: str) -> None:
    """What stands at the scales: the unit at the left, the years below, the key under all."""
    for place, axes in enumerate(panels):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda year, _: f"{year:.0f}"))
        axes.yaxis.set_major_formatter(plain_numbers())
        axes.grid(axis="y")
        if place % 2 == 0:
            axes.set_ylabel(unit)
        if place >= len(panels) - 2:
            axes.set_xlabel("calendar year of transplant")
    panels[-1].annotate(
        _KEY, xy=(1, 0), xycoords="axes fraction", xytext=(0, -54), textcoords="offset points", ha="right",
        size=10, color=QUIET, annotation_clip=False,
    )  # fmt: skip
