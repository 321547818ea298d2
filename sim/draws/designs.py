"""Designs: how the uniform numbers of the quantities are spread over the draws.

Each design is made of `replicates` independent randomisations, interleaved: draw d is point d // R of replicate d % R.
Whatever the design, the numbers of a quantity depend on seed, name, draw and year alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.draws.permutation import ROUNDS, permute_each
from sim.draws.sobol import scrambled_sobol
from sim.draws.streams import FloatArray, Stream, Uniforms

Quantile = Callable[[FloatArray], FloatArray]
"""From uniform numbers to values, element by element."""


class Design(ABC):
    """A rule that gives every quantity its uniform numbers."""

    @abstractmethod
    def uniform(self, name: str, draws: range, year: int = 0) -> FloatArray:
        """Uniform numbers strictly between 0 and 1 for one quantity in neighbouring draws: [draw]."""

    def values(self, _name: str, quantile: Quantile, /, uniform: FloatArray) -> FloatArray:
        """What the uniform numbers of that name, correlated as asked, become: quantiles, [draw]."""
        return quantile(uniform)


@dataclass(frozen=True)
class Random(Design):
    """Independent numbers: plain Monte Carlo."""

    seed: int
    uniforms: Uniforms = Stream.uniform

    def uniform(self, name: str, draws: range, year: int = 0) -> FloatArray:
        """See `Design.uniform`."""
        return self.uniforms(Stream(self.seed, name), draws, year)


@dataclass(frozen=True)
class LatinHypercube(Design):
    """One number in each of n equal slices, in an order of the quantity's own.

    McKay, Beckman & Conover, Technometrics 21 (1979). Another number of draws is another set of slices.
    """

    seed: int
    size: int
    replicates: int
    uniforms: Uniforms = Stream.uniform

    def uniform(self, name: str, draws: range, year: int = 0) -> FloatArray:
        """See `Design.uniform`."""
        draw = np.arange(draws.start, draws.stop, dtype=np.uint64)
        index, replicate = draw // np.uint64(self.replicates), draw % np.uint64(self.replicates)
        lengths = np.array([len(range(r, self.size, self.replicates)) for r in range(self.replicates)], np.uint64)
        order = Stream(self.seed, f"latin hypercube of {name}")
        keys = order.words(range(self.replicates * ROUNDS), year).reshape(self.replicates, ROUNDS)
        within = self.uniforms(Stream(self.seed, name), draws, year)
        slices = permute_each(index, replicate, lengths, keys)
        value: FloatArray = (slices.astype(np.float64) + within) / lengths[replicate]
        return value.clip(2.0**-53, 1.0 - 2.0**-53)  # the sum may round up to 1


@dataclass(frozen=True)
class Sobol(Design):
    """Scrambled Sobol' points; a quantity outside the list of dimensions gets its Latin hypercube instead.

    Owen, "Monte Carlo variance of scrambled net quadrature", SIAM J. Numer. Anal. 34 (1997). A quantity's dimension is
    its place in the list, so a name appended there moves no other.
    """

    seed: int
    size: int
    replicates: int
    dimensions: tuple[str, ...]
    uniforms: Uniforms = Stream.uniform

    def uniform(self, name: str, draws: range, year: int = 0) -> FloatArray:
        """See `Design.uniform`."""
        if year or name not in self.dimensions:
            hypercube = LatinHypercube(self.seed, self.size, self.replicates, self.uniforms)
            return hypercube.uniform(name, draws, year)
        stream = Stream(self.seed, f"scrambling of {name}")
        return scrambled_sobol([self.dimensions.index(name)], [stream], self.replicates, draws)[:, 0]
