"""The model as a function of the uniform numbers of its inputs, and of chance: what can be asked anew."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.draws.streams import FloatArray

BoolArray = NDArray[np.bool_]
Answer = Callable[[FloatArray, BoolArray | None], FloatArray]

CHANCE = "chance"
"""The name of the input that chance is."""


@dataclass(frozen=True)
class Surface:
    """A function of inputs, each of which has one uniform number a row, or one for each year.

    Attributes
    ----------
    names : of the inputs, in order; chance is none of them.
    columns : the columns of each input, in the order of the names.
    answer : uniform numbers, [row, column], and which rows take the second of two sets of chance, [row] or None for
        no chance at all, → the answer, [row]. The chance of a row is that of its place among the rows.
    has_chance : whether chance moves the answer.
    correlation : of the normal scores of the columns, [column, column]; None where all are independent.
    blocks : the same answer for several blocks of rows, one after the other, of which each has the same chance: rows,
        the second set's, and how many blocks; None where each block has to be asked alone.
    """

    names: tuple[str, ...]
    columns: tuple[tuple[int, ...], ...]
    answer: Answer
    has_chance: bool = False
    correlation: FloatArray | None = None
    blocks: Callable[[FloatArray, BoolArray, int], FloatArray] | None = None

    @property
    def width(self) -> int:
        """Columns there are."""
        return sum(map(len, self.columns))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names, chance the last where there is any."""
        return (*self.names, CHANCE) if self.has_chance else self.names
