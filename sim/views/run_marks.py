"""How the runs of a sweep are told apart in one picture: a colour and a dash each, named above."""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from sim.views.style import BLUE, GREEN, ORANGE, RED

MOST = 6
"""Runs in one picture; more lines could not be told apart."""

_COLOURS = (ORANGE, BLUE, GREEN, RED, "#CC79A7", "#56B4E9")  # of Okabe and Ito's palette
_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 3)), (0, (8, 3)))
_NAME = 34  # letters
_LETTER, _GAP = 0.108, 0.75  # inches: of a letter's width, of a mark with the room behind a name
_LEFT = 0.45  # inches


class Mark(NamedTuple):
    """What tells a run apart."""

    name: str
    colour: str
    dash: object


def marks(runs: Sequence[str]) -> dict[str, Mark]:
    """Label → mark, of some runs."""
    return {
        run: Mark(textwrap.shorten(run.replace(",", ", "), _NAME, placeholder=" …") or run[:_NAME], colour, dash)
        for run, colour, dash in zip(runs, _COLOURS, _DASHES, strict=False)
    }


def key(figure: Figure, found: Sequence[Mark], height: float) -> None:
    """The names of the runs in their colours, in one line or more.

    Parameters
    ----------
    figure : on which they stand.
    found : the marks.
    height : of the first line, inches from the top.
    """
    width, tall = figure.get_size_inches()
    place, line = _LEFT, height
    for mark in found:
        needed = _GAP + _LETTER * len(mark.name)
        if place + needed > width and place > _LEFT:
            place, line = _LEFT, line + 0.24
        _sample(figure, mark, place / width, 1 - line / tall, 0.4 / width)
        figure.text((place + 0.5) / width, 1 - line / tall, mark.name, size=12, weight="bold", va="center",
                    color=mark.colour)  # fmt: skip
        place += needed


def _sample(figure: Figure, mark: Mark, left: float, height: float, width: float) -> None:
    """A short line of the run's own dash."""
    axes = figure.add_axes((left, height - 0.005, width, 0.01))
    axes.plot([0, 1], [0, 0], color=mark.colour, linestyle=mark.dash, linewidth=3)
    axes.set_axis_off()
