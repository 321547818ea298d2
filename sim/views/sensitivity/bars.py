"""What the pictures of inputs have in common: a row each, its long name, unit and source to the left."""

import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from sim.views.numbers import NO_BREAK, error_text, rounded
from sim.views.sensitivity.inputs import Named
from sim.views.style import FAINT, QUIET

MOST = 12
"""Rows of a picture; the other inputs are in the table."""

ROW = 0.62
"""Inches of a row."""

LEFT = 4.6
"""Inches that names and sources take."""

_EXPLAINED = 100  # characters of a line below the axis


def capital(name: str) -> str:
    """With a capital at its beginning, as a sentence or a label has it."""
    return name[:1].upper() + name[1:]


def name_row(axes: Axes, place: int, named: Named) -> None:
    """Long name, unit and source of an input, beside its row."""
    beside: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "right"}
    axes.text(-0.02, place - 0.04, capital(named.name), va="bottom", weight="bold", size=12, **beside)
    axes.text(-0.02, place + 0.02, named.short_grounds, va="top", color=QUIET, size=9.5, **beside)


def frame_rows(axes: Axes, nameds: Sequence[Named], top: float = -0.6) -> None:
    """Room for so many rows, the first on top, with their names."""
    axes.set_ylim(len(nameds) - 0.4, top)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=FAINT)
    for place, named in enumerate(nameds):
        name_row(axes, place, named)


def explain(axes: Axes, label: str, how: str) -> None:
    """What the axis shows, and below it how it was found."""
    axes.set_xlabel("\n".join([label, *textwrap.wrap(how, _EXPLAINED)]), size=10.5)


def the_others(left: int, doing: str) -> str:
    """What an axis says of inputs that are not shown: `; 41 with smaller shares are left out`."""
    return f"; {left} {doing} {'is' if left == 1 else 'are'} left out" if left else ""


def share_text(share: float, error: float) -> str:
    """A share in per cent with its error: `38 % ± 1`."""
    marked = f" {error_text(100 * error)}" if error > 0 else ""
    return f"{rounded(100 * share, 100 * error)}{NO_BREAK}%{marked}".replace(" ", NO_BREAK)


def interval_text(low: float, high: float, error: float) -> str:
    """An interval of shares in per cent: `33.9 to 44.9`."""
    return f"{rounded(100 * low, 10 * error)} to {rounded(100 * high, 10 * error)}" if low < high else ""
