"""The model asked in blocks of rows, of which each has the same chance, row by row."""

from collections.abc import Callable

import numpy as np
from tqdm import tqdm

from sim.analysis.sensitivity.model_surface import TOGETHER
from sim.analysis.sensitivity.surface import BoolArray, Surface
from sim.draws.streams import FloatArray
from sim.errors import InputError

Block = tuple[FloatArray, BoolArray]
"""Values of the inputs, [row, column], and the rows that take the second set of chance, [row]."""

_PATIENCE = 2.0
"""Seconds before a progress bar appears."""


def in_blocks(
    surface: Surface, number: int, block: Callable[[int], Block], check: Callable[[FloatArray], object] | None = None
) -> FloatArray:
    """The answers of several blocks of equally many rows.

    Parameters
    ----------
    surface : the model. Blocks go through together where there is no chance, or it knows how to repeat it; else each is
        a call of its own, since a row's chance is that of its place in the call.
    number : of blocks.
    block : makes one of them, by its number.
    check : raises where answers are of no use, before the others are asked.

    Returns
    -------
    [block, row].
    """
    parts: list[FloatArray] = []
    with tqdm(total=number, unit="blocks", delay=_PATIENCE, disable=None, leave=False) as bar:
        while len(parts) < number:
            first = block(len(parts))
            alone = surface.has_chance and surface.blocks is None
            several = 1 if alone else max(1, TOGETHER // len(first[0]))
            last = min(len(parts) + several, number)
            made = [first, *(block(place) for place in range(len(parts) + 1, last))]
            rows, second = first if several == 1 else (np.concatenate(parts_of) for parts_of in zip(*made, strict=True))
            if surface.has_chance and surface.blocks is not None:
                answers = surface.blocks(rows, second, len(made))
            else:
                answers = surface.answer(rows, second if surface.has_chance else None)
            if check is not None:
                check(answers)
            parts += list(answers.reshape(len(made), -1))
            bar.update(len(made))
    return np.stack(parts)


def for_variance(
    surface: Surface, number: int, block: Callable[[int], Block], method: str, variable: str
) -> FloatArray:
    """The same, of answers that have a variance.

    Parameters
    ----------
    surface, number, block : as `in_blocks` takes them.
    method : that divides the variance.
    variable : the target.

    Raises
    ------
    InputError : when the target never comes in some rows, or is the same in all, naming it.
    """
    answers = in_blocks(surface, number, block, lambda found: _check_coming(found, method, variable))
    check_varies(answers, variable)
    return answers


def checked(answers: FloatArray, method: str, variable: str) -> FloatArray:
    """Answers that have a variance; the others are refused as `for_variance` does."""
    _check_coming(answers, method, variable)
    check_varies(answers, variable)
    return answers


def check_varies(answers: FloatArray, variable: str) -> None:
    """Refuse a target that is the same everywhere.

    Raises
    ------
    InputError : naming the target.
    """
    if (answers == answers.flat[0]).all():
        raise InputError(f"sensitivity.target: {variable} is the same in every draw; there is nothing to explain")


def _check_coming(answers: FloatArray, method: str, variable: str) -> None:
    missing = int((~np.isfinite(answers)).sum())
    if missing:
        raise InputError(
            f"sensitivity.target: {variable} never comes in {missing:,} of {answers.size:,} calculations and has no "
            f"variance, which {method} divides; ask about a probability, or sensitivity=rank"
        )
