"""The model as a function of its inputs, each known by its quantiles, and of chance: what can be asked anew."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.draws.designs import Quantile
from sim.draws.streams import FloatArray

BoolArray = NDArray[np.bool_]
Answer = Callable[[FloatArray, BoolArray | None], FloatArray]

CHANCE = "chance"
"""The name of the input that chance is."""


@dataclass(frozen=True)
class Surface:
    """A function of inputs, each of which has one number a row, or one for each year.

    Attributes
    ----------
    names : of the inputs, in order; chance is none of them.
    columns : the columns of each input, in the order of the names.
    answer : values of the inputs, [row, column], and which rows take the second of two sets of chance, [row] or None
        for no chance at all, → the answer, [row]. The chance of a row is that of its place among the rows.
    has_chance : whether chance moves the answer.
    correlation : of the normal scores of the columns, [column, column]; None where all are independent.
    blocks : the same answer for several blocks of rows, one after the other, of which each has the same chance: rows,
        the second set's, and how many blocks; None where each block has to be asked alone.
    quantiles : of each column, from uniform number to value; None where the answer takes the uniform number itself, and
        none at all where it does so everywhere.
    swaps : the answers to two matrices of values, and to the first with each input, and chance, from the second:
        [2 + input, row]; None where each of these is asked as a block.
    """

    names: tuple[str, ...]
    columns: tuple[tuple[int, ...], ...]
    answer: Answer
    has_chance: bool = False
    correlation: FloatArray | None = None
    blocks: Callable[[FloatArray, BoolArray, int], FloatArray] | None = None
    quantiles: tuple[Quantile | None, ...] = ()
    swaps: Callable[[FloatArray, FloatArray], FloatArray] | None = None

    @property
    def width(self) -> int:
        """Columns there are."""
        return sum(map(len, self.columns))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names, chance the last where there is any."""
        return (*self.names, CHANCE) if self.has_chance else self.names

    def values(self, uniforms: FloatArray) -> FloatArray:
        """The values of the inputs, [row, column], at uniform numbers, [row, column]; a column lies side by side."""
        found = np.empty(uniforms.shape, order="F")
        for column, own in enumerate(uniforms.T):
            found[:, column] = self.quantile(column, own)
        return found

    def quantile(self, column: int, uniforms: FloatArray) -> FloatArray:
        """The values of one column at uniform numbers: [row]."""
        quantile = self.quantiles[column] if self.quantiles else None
        return uniforms if quantile is None else quantile(uniforms)

    def at(self, uniforms: FloatArray, second: BoolArray | None) -> FloatArray:
        """The answer at uniform numbers, [row, column], with chance as `answer` takes it: [row]."""
        return self.answer(self.values(uniforms), second)
