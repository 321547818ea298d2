"""An answer over the values of one or two keys: a line with its band, or a map with a number in each cell."""

import math
import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from sim.views.market_facts import month_of
from sim.views.numbers import ABSENT, NO_BREAK, UNKNOWN
from sim.views.sensitivity.inputs import Named
from sim.views.sensitivity.subject import Subject
from sim.views.style import BLUE, FAINT, INK, ORANGE, PALE, plain_numbers

MOST_CELLS = 15
"""Values of a key, up to which a map has a number in each cell."""

_DECADES = 100.0  # the largest is so many times the smallest, where an axis is logarithmic
_LABEL, _LINES = 22, 3  # characters of a line of a text beside an axis, and its lines
_DARK = 0.5  # of the colours' range: below it letters are white
_LETTER, _SMALLEST = 12, 7  # points of a number in a cell
_NUMBERED = 12  # points of a line, up to which the numbers stand beside them
_EDGE = FAINT  # between cells, of which one may be white
_MAP = "cividis"  # told apart by the colour-blind too, and in print


class Cell(NamedTuple):
    """The answer at one combination of values.

    Attributes
    ----------
    place : the value of each key, a number or a text.
    middle : mean, or median where there is none; NaN where it was refused.
    error : its Monte Carlo error.
    low, high : P10 and P90; NaN where there are none.
    low_error, high_error : their Monte Carlo errors.
    """

    place: tuple[Any, ...]
    middle: float
    error: float
    low: float = math.nan
    high: float = math.nan
    low_error: float = UNKNOWN
    high_error: float = UNKNOWN


def as_number(value: Any) -> float | None:
    """A value as a number; None for a text that is none."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def typed_value(value: Any) -> str:
    """A value as it is typed, with thousands marked: `0.05`, `45,000`, `beta(mean=0.2, sd=0.03)`."""
    number = as_number(value)
    if number is None or not math.isfinite(number):
        return str(value)
    return f"{number:,.0f}" if number.is_integer() else f"{number:,.6g}"


def key_value(named: Named, value: Any) -> str:
    """A value of a key as people read it: a share in per cent, anything else as it is typed."""
    number = as_number(value)
    if named.is_share and number is not None and math.isfinite(number):
        return f"{typed_value(100 * number)}{NO_BREAK}%"
    return typed_value(value)


def axis_of(named: Named) -> str:
    """The label of a key's axis: `VOD incidence, VOD cases per transplant`."""
    words = ", ".join(filter(None, (named.name, named.unit)))
    return words[:1].upper() + words[1:]


def draw_line(axes: Axes, cells: Sequence[Cell], named: Named, subject: Subject) -> None:
    """The answer over the values of one key, in the order of numbers, or as typed where they are texts.

    Parameters
    ----------
    axes : to draw on.
    cells : at least one of them with an answer; the others are left out.
    named : the key.
    subject : the answer.
    """
    there = [cell for cell in cells if math.isfinite(cell.middle)]
    numbers = [number for number in (as_number(cell.place[0]) for cell in there) if number is not None]
    is_numeric = len(numbers) == len(there)
    order = np.argsort(numbers, kind="stable") if is_numeric else np.arange(len(there))
    ordered = [there[place] for place in order]
    x = np.sort(numbers) if is_numeric else np.arange(len(there), dtype=float)
    middle, low, high = (
        np.array([getattr(cell, name) for cell in ordered]) / subject.scale for name in ("middle", "low", "high")
    )
    if is_numeric:
        axes.fill_between(x, low, high, color=PALE, alpha=0.6, linewidth=0)
    else:
        axes.vlines(x, low, high, color=PALE, linewidth=9)
    axes.plot(x, middle, color=BLUE, marker="o", linewidth=2 if is_numeric else 0, markersize=6)
    _frame(axes, x, [_wrapped(named, cell.place[0]) for cell in ordered], is_numeric=is_numeric)
    if is_numeric and len(x) > _NUMBERED:
        axes.xaxis.set_major_formatter(lambda value, _: key_value(named, value))
    _scale(axes, subject, np.concatenate([middle, low, high]))
    words = _texts(ordered, subject) if len(ordered) <= _NUMBERED else []
    for place, cell, text in zip(x, ordered, words, strict=False):
        spot, beside = (place, cell.middle / subject.scale), ((0, 9), "center") if is_numeric else ((10, -4), "left")
        axes.annotate(text, spot, beside[0], textcoords="offset points", ha=beside[1], size=11)
    axes.set_xlabel(axis_of(named))


def draw_map(axes: Axes, cells: Sequence[Cell], named: Sequence[Named], subject: Subject) -> None:
    """The answer over the values of two keys: the first upwards, the second to the right.

    Parameters
    ----------
    axes : to draw on.
    cells : at least one of them with an answer; a combination without one stays empty.
    named : both keys.
    subject : the answer.
    """
    rows, columns = (_values(cells, key) for key in (0, 1))
    found = {cell.place: cell for cell in cells}
    grid = np.full((len(rows), len(columns)), np.nan)
    for place in np.ndindex(grid.shape):
        cell = found.get((rows[place[0]], columns[place[1]]))
        grid[place] = math.nan if cell is None else cell.middle / subject.scale
    colours, scale = _colours(grid)
    axes.pcolormesh(np.ma.masked_invalid(grid), cmap=colours, norm=scale, edgecolors=_EDGE, linewidth=1.5)
    _ticks(axes, (named[0], rows), (named[1], columns))
    if max(grid.shape) <= MOST_CELLS:
        _numbers(axes, grid, [[found.get((row, column)) for column in columns] for row in rows], subject)
    else:
        axes.figure.colorbar(axes.collections[0], ax=axes, format=plain_numbers(), label=subject.axis)
    axes.set_ylabel(axis_of(named[0]))
    axes.set_xlabel(axis_of(named[1]))


def shown(cell: Cell, subject: Subject) -> str:
    """The answer of a cell, with no more digits than its error supports, and three at most."""
    if not math.isfinite(cell.middle):
        return ABSENT
    coarse = 10.0 ** (math.floor(math.log10(abs(cell.middle))) - 2) if cell.middle else UNKNOWN
    error = cell.error if math.isnan(cell.error) or cell.error == 0 else max(cell.error, coarse)
    return subject.number(cell.middle, UNKNOWN if error == 0 else error)


def _values(cells: Sequence[Cell], key: int) -> list[Any]:
    """The values of a key, each once: numbers in order, texts as typed."""
    values = list(dict.fromkeys(cell.place[key] for cell in cells))
    return sorted(values, key=float) if all(as_number(value) is not None for value in values) else values


def _frame(axes: Axes, x: NDArray[np.float64], labels: Sequence[str], *, is_numeric: bool) -> None:
    axes.grid(axis="y", color=FAINT)
    axes.margins(x=0.06, y=0.14)
    if is_numeric and x[0] > 0 and x[-1] / x[0] >= _DECADES:
        axes.set_xscale("log")
    if not is_numeric or len(x) <= _NUMBERED:
        axes.set_xticks(x, labels)
        axes.xaxis.set_minor_locator(NullLocator())


def _scale(axes: Axes, subject: Subject, values: NDArray[np.float64]) -> None:
    """Of the answer: logarithmic where it spans decades, from zero where it is never below, dates by month."""
    there = values[np.isfinite(values)]
    if subject.is_date:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
        axes.yaxis.set_major_formatter(lambda value, _: month_of(value))
    elif there.min() > 0 and there.max() / there.min() >= _DECADES:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(plain_numbers())
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.yaxis.set_major_formatter(plain_numbers())
        if there.min() >= 0:
            axes.set_ylim(bottom=0)
        else:
            axes.axhline(0, color=INK, linewidth=1)
    axes.set_ylabel("\n".join(textwrap.wrap(subject.axis, 60)))


def _ticks(axes: Axes, rows: tuple[Named, Sequence[Any]], columns: tuple[Named, Sequence[Any]]) -> None:
    for axis, (named, values) in ((axes.yaxis, rows), (axes.xaxis, columns)):
        step = -(-len(values) // MOST_CELLS)  # not every value has its label where they are many
        places = range(0, len(values), step)
        axis.set_ticks([place + 0.5 for place in places], [_wrapped(named, values[place]) for place in places])
        axis.set_tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _numbers(axes: Axes, grid: NDArray[np.float64], cells: Sequence[Sequence[Cell | None]], subject: Subject) -> None:
    size = max(_SMALLEST, _LETTER - max(0, grid.shape[1] - 6) * 0.6)
    colours, scale = _colours(grid)
    there = [cell for row in cells for cell in row if cell is not None]
    words = dict(zip((cell.place for cell in there), _texts(there, subject), strict=True))
    for (row, column), value in np.ndenumerate(grid):
        cell = cells[row][column]
        red, green, blue, _ = colours(scale(value))
        is_dark = 0.299 * red + 0.587 * green + 0.114 * blue < _DARK  # how bright the eye takes it
        is_empty = cell is None or math.isnan(value)
        axes.text(column + 0.5, row + 0.5, "refused" if cell is not None and is_empty else
                  ABSENT if cell is None else words[cell.place], ha="center", va="center", size=size,
                  color=INK if is_empty or not is_dark else "white")  # fmt: skip


def _colours(grid: NDArray[np.float64]) -> tuple[Colormap, Normalize]:
    """The colours of a map and what they stand for; two of them meet at 0 where values lie on both sides of it."""
    low, high = float(np.nanmin(grid)), float(np.nanmax(grid))
    if low < 0 < high:
        far = max(-low, high)  # the same depth of colour is the same distance from 0
        return LinearSegmentedColormap.from_list("either side", [ORANGE, "white", BLUE]), Normalize(-far, far)
    return matplotlib.colormaps[_MAP], Normalize(low, high if high > low else low + 1)


def _texts(cells: Sequence[Cell], subject: Subject) -> list[str]:
    """The answers of cells, a 0 in the unit that the largest of them has."""
    words = [shown(cell, subject) for cell in cells]
    largest = max(cells, key=lambda cell: abs(cell.middle) if math.isfinite(cell.middle) else -1.0)
    unit = shown(largest, subject).lstrip("-0123456789.,") if subject.is_money else ""
    return [f"{text}{unit}" if text == "0" else text for text in words]


def _wrapped(named: Named, value: Any) -> str:
    return "\n".join(textwrap.wrap(key_value(named, value), _LABEL, max_lines=_LINES, placeholder=" …"))
