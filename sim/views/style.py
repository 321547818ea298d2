"""How every picture looks: size, colours, lettering, small print; and the one place that writes files."""

import io
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sim.results.run import Results
from sim.views.estimates import as_of, typed
from sim.views.messages import sampling_words
from sim.views.numbers import rounded

WIDTH, HEIGHT = 12.8, 7.2
"""Inches: 16:9, as slides and screens are."""

DPI = 150

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
"""Of Okabe and Ito's palette (Color Universal Design, 2008), told apart by the colour-blind too."""

PALE = "#9ecae9"
"""What belongs to the blue but is not meant first."""

INK, QUIET, FAINT = "#1a1a1a", "#595959", "#d9d9d9"

_TITLE, _SUBTITLE, _SMALL = 17, 12, 9  # points
_MARGIN = 0.45  # inches
_TITLE_CHARACTERS, _SUBTITLE_CHARACTERS = 84, 125  # that fit the width in those sizes

_LOOK: Any = {  # Matplotlib's own type lists its keys one by one
    "font.family": ["DejaVu Sans"],  # comes with Matplotlib: the same letters on every machine
    "font.size": 12,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a title is money
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": False,
    "grid.color": FAINT,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "svg.fonttype": "path",  # letters as outlines: no font to be missing, no width to differ
}


class Border(NamedTuple):
    """Inches around a picture's axes."""

    left: float = 1.2
    right: float = 0.6
    top: float = 1.35
    bottom: float = 1.05


@contextmanager
def look() -> Iterator[None]:
    """Matplotlib's defaults, within this block, as every picture here has them."""
    with matplotlib.rc_context(_LOOK):
        yield


def sheet(title: str, subtitle: str, small_print: str, height: float = HEIGHT) -> Figure:
    """A figure with the message above and the small print below, and nothing between."""
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    left = _MARGIN / WIDTH
    lines = textwrap.wrap(title, _TITLE_CHARACTERS, max_lines=2, placeholder=" …")
    figure.text(left, 1 - 0.3 / height, "\n".join(lines), size=_TITLE, weight="bold", va="top", linespacing=1.15)
    below = 0.68 if len(lines) < 2 else 0.98
    figure.text(left, 1 - below / height, _line(subtitle), size=_SUBTITLE, color=QUIET, va="top")
    figure.text(left, 0.2 / height, _line(small_print, 180), size=_SMALL, color=QUIET, va="bottom")
    return figure


def run_sheet(results: Results, message: str, height: float = HEIGHT, subject: str = "") -> Figure:
    """The sheet of a single run, that says which run and what was changed by hand; first its subject, if it has one."""
    changed = f"; with {typed(results)}" if typed(results) else ""
    about = f"{subject}; " if subject else ""
    return sheet(message, f"{about}{results.provenance['title']}{changed}", small_print(results), height)


def small_print(results: Results) -> str:
    """Where a picture comes from: scenario, day, draws, program."""
    source = results.provenance
    name, day = source["scenario"], str(source["finished"])[:10]
    drawn = f"{sampling_words(source)}, seed {source['seed']}"
    known = f" | evidence by {as_of(results)}" if as_of(results) else ""
    return f"{name}: {source['title']} | {day} | {drawn}{known} | sim {source['program']}"


def plain_numbers() -> FuncFormatter:
    """Tick labels as the rest of the program writes numbers: 2,000."""
    return FuncFormatter(lambda value, _: rounded(value, 0))


def panel(figure: Figure, border: Border, start: float = 0, end: float = 1) -> Axes:
    """Axes within a border of inches, taking the given part of the width between."""
    width, height = figure.get_size_inches()
    across = width - border.left - border.right
    left, bottom = border.left + start * across, border.bottom
    size = ((end - start) * across, height - border.top - border.bottom)
    return figure.add_axes((left / width, bottom / height, size[0] / width, size[1] / height))


def save(figure: Figure, folder: Path, name: str) -> str:
    """Write a figure as name.png and name.svg, the same bytes for the same figure.

    Returns
    -------
    The text of the SVG, for a page that holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))  # no clock, no links
    with look(), matplotlib.rc_context({"svg.hashsalt": f"sim {name}"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a title in letters the font lacks shows boxes
        figure.savefig(folder / f"{name}.png", dpi=DPI, metadata={"Software": None})
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata=nothing)
    (folder / f"{name}.svg").write_text(written.getvalue(), encoding="utf-8", newline="\n")
    return written.getvalue()


def _line(text: str, characters: int = _SUBTITLE_CHARACTERS) -> str:
    """One line of text, cut where the sheet ends."""
    whole = " ".join(text.split())
    return whole if len(whole) <= characters else f"{whole[: characters - 2]} …"
