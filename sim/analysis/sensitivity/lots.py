"""Chance from either of two independent sets of random numbers, row by row, the same in each of several blocks."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from sim.analysis.sensitivity.surface import BoolArray
from sim.draws.streams import FloatArray, Stream
from sim.model.cohort import WholePatients, counted
from sim.model.market.plan import MarketStreams
from sim.model.trial.plan import TrialStreams


def seed_of(seed: int, side: str) -> int:
    """The seed of one of the two sets, which shares no stream with the run."""
    high, low = Stream(seed, f"sensitivity {side}").key
    return high << 32 | low


@dataclass(frozen=True)
class PatientLots(WholePatients):
    """Whole patients, of which each row takes the chance of one of two seeds.

    Attributes
    ----------
    other : the second seed.
    second : the rows that take it, [row].
    copies : blocks that the draws are made of, each with the same chance.
    """

    other: int
    second: BoolArray
    copies: int = 1

    def passing(self, stage: str, /, population: xr.DataArray, rate: xr.DataArray) -> xr.DataArray:
        """See `Chance.passing`."""
        return counted(self.uniform(stage, population), population, rate)

    def uniform(self, stage: str, population: xr.DataArray) -> FloatArray:
        """See `WholePatients.uniform`."""
        draws = self.draws[: len(self.draws) // self.copies]
        once = population.isel(draw=slice(len(draws)))
        again = (self.copies, *[1] * (population.ndim - 1))
        own = np.tile(WholePatients(self.seed, draws).uniform(stage, once), again)
        if not self.second.any():
            return own
        swapped = np.tile(WholePatients(self.other, draws).uniform(stage, once), again)
        return np.where(self.second.reshape(-1, *[1] * (own.ndim - 1)), swapped, own)


@dataclass(frozen=True)
class TrialLots(TrialStreams):
    """The random numbers of a trial, of which each row takes those of one of two seeds; see `PatientLots`."""

    other: int
    second: BoolArray
    copies: int = 1

    def one(self, name: str) -> FloatArray:
        """See `TrialStreams.one`."""
        draws = self.draws[: len(self.draws) // self.copies]
        both = (TrialStreams(seed, draws).one(name) for seed in (self.other, self.seed))
        return np.where(self.second, *(np.tile(one, self.copies) for one in both))

    def numbered(self, name: str, count: int) -> FloatArray:
        """See `TrialStreams.numbered`."""
        draws = self.draws[: len(self.draws) // self.copies]
        both = (TrialStreams(seed, draws).numbered(name, count) for seed in (self.other, self.seed))
        return np.where(self.second[:, None], *(np.tile(one, (self.copies, 1)) for one in both))


@dataclass(frozen=True)
class MarketLots(MarketStreams):
    """The random numbers of a market, of which each row takes those of one of two seeds; see `PatientLots`."""

    other: int
    second: BoolArray
    copies: int = 1

    def one(self, name: str) -> FloatArray:
        """See `MarketStreams.one`."""
        draws = self.draws[: len(self.draws) // self.copies]
        both = (MarketStreams(seed, draws).one(name) for seed in (self.other, self.seed))
        return np.where(self.second, *(np.tile(one, self.copies) for one in both))
