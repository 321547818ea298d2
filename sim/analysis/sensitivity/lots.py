"""Chance from either of two independent sets of random numbers, row by row."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from sim.analysis.sensitivity.surface import BoolArray
from sim.draws.streams import FloatArray, Stream
from sim.model.cohort import WholePatients
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
    """

    other: int
    second: BoolArray

    def _uniform(self, stage: str, population: xr.DataArray) -> FloatArray:
        own = super()._uniform(stage, population)
        if not self.second.any():
            return own
        swapped = WholePatients(self.other, self.draws)._uniform(stage, population)
        return np.where(self.second.reshape(-1, *[1] * (own.ndim - 1)), swapped, own)


@dataclass(frozen=True)
class TrialLots(TrialStreams):
    """The random numbers of a trial, of which each row takes those of one of two seeds; see `PatientLots`."""

    other: int
    second: BoolArray

    def one(self, name: str) -> FloatArray:
        """See `TrialStreams.one`."""
        return np.where(self.second, TrialStreams(self.other, self.draws).one(name), super().one(name))

    def numbered(self, name: str, count: int) -> FloatArray:
        """See `TrialStreams.numbered`."""
        swapped = TrialStreams(self.other, self.draws).numbered(name, count)
        return np.where(self.second[:, None], swapped, super().numbered(name, count))


@dataclass(frozen=True)
class MarketLots(MarketStreams):
    """The random numbers of a market, of which each row takes those of one of two seeds; see `PatientLots`."""

    other: int
    second: BoolArray

    def one(self, name: str) -> FloatArray:
        """See `MarketStreams.one`."""
        return np.where(self.second, MarketStreams(self.other, self.draws).one(name), super().one(name))
