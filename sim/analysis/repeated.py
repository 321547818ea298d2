"""The chance of some draws, used again and again: drawn once, and repeated for several copies of the same draws."""

from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from sim.draws.streams import FloatArray
from sim.model.cohort import WholePatients, counted
from sim.model.market.plan import MarketStreams
from sim.model.trial.plan import TrialStreams
from sim.variables import CELL_DIMS

Drawn = dict[tuple[object, ...], FloatArray]
"""What was drawn already, by stage and labels."""


@dataclass(frozen=True)
class RepeatedPatients(WholePatients):
    """Several copies of the same draws one after the other, with the same chance in each.

    Attributes
    ----------
    copies : their number.
    drawn : what is remembered, to be shared among several of these for the same draws.
    """

    copies: int = 1
    drawn: Drawn = field(default_factory=dict, compare=False)

    def passing(self, stage: str, /, population: xr.DataArray, rate: xr.DataArray) -> xr.DataArray:
        """See `Chance.passing`."""
        return counted(self.uniform(stage, population), population, rate)

    def uniform(self, stage: str, population: xr.DataArray) -> FloatArray:
        """See `WholePatients.uniform`."""
        key = stage, *(tuple(population[dimension].to_numpy().tolist()) for dimension in CELL_DIMS)
        if key not in self.drawn:
            self.drawn[key] = super().uniform(stage, population.isel(draw=slice(len(self.draws))))
        once = self.drawn[key]
        return once if self.copies == 1 else np.tile(once, (self.copies, *[1] * (once.ndim - 1)))


@dataclass(frozen=True)
class RepeatedStreams(MarketStreams):
    """The random numbers of a market for several copies of the same draws, the same in each.

    Attributes
    ----------
    copies : their number.
    """

    copies: int = 1

    def one(self, name: str) -> FloatArray:
        """See `MarketStreams.one`."""
        return np.tile(super().one(name), self.copies)


@dataclass(frozen=True)
class RememberedStreams(TrialStreams):
    """The random numbers of a trial that is repeated on the same draws.

    Attributes
    ----------
    drawn : what is remembered.
    """

    drawn: Drawn = field(default_factory=dict, compare=False)

    def one(self, name: str) -> FloatArray:
        """See `TrialStreams.one`."""
        if (name,) not in self.drawn:
            self.drawn[(name,)] = super().one(name)
        return self.drawn[(name,)]

    def numbered(self, name: str, count: int) -> FloatArray:
        """See `TrialStreams.numbered`."""
        key = name, "numbered"
        if key not in self.drawn or self.drawn[key].shape[1] < count:
            self.drawn[key] = super().numbered(name, count)
        return self.drawn[key][:, :count]
