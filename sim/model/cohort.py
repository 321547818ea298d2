"""The funnel: transplants → VOD → severe VOD → deaths and survivors at day 100, in whole patients."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr

from sim.draws.counts import binomial_quantile
from sim.draws.streams import Stream
from sim.variables import FUNNEL, STRATA, TRANSPLANTS, label_name


class Chance(ABC):
    """What becomes of a population of which each patient goes on with a given probability."""

    @abstractmethod
    def volume(self, expected: xr.DataArray) -> xr.DataArray:
        """Transplants from their expected number: [draw, region, transplant, age_group, year]."""

    @abstractmethod
    def passing(self, stage: str, /, population: xr.DataArray, rate: xr.DataArray) -> xr.DataArray:
        """How many of a population reach a stage: [draw, region, transplant, age_group, year]."""


class Expected(Chance):
    """No chance: expected numbers, not whole."""

    def volume(self, expected: xr.DataArray) -> xr.DataArray:
        """See `Chance.volume`."""
        return expected

    def passing(self, _stage: str, /, population: xr.DataArray, rate: xr.DataArray) -> xr.DataArray:
        """See `Chance.passing`; the stage, which names the stream of a count, is not needed."""
        return population * rate


@dataclass(frozen=True)
class WholePatients(Chance):
    """Binomial counts, each the quantile of one uniform number named by stage and stratum.

    Attributes
    ----------
    seed : the run's seed.
    draws : the draws that the populations are given for.
    """

    seed: int
    draws: range

    def volume(self, expected: xr.DataArray) -> xr.DataArray:
        """See `Chance.volume`: the nearest whole number."""
        return expected.round().astype(np.int64)

    def passing(self, stage: str, /, population: xr.DataArray, rate: xr.DataArray) -> xr.DataArray:
        """See `Chance.passing`."""
        uniform = self._uniform(stage, population)
        p = rate.broadcast_like(population).transpose(*population.dims)
        return population.copy(data=binomial_quantile(uniform, population.to_numpy(), p.to_numpy()))

    def _uniform(self, stage: str, population: xr.DataArray) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Uniform numbers in the shape of the population, each cell from the stream of its own labels."""
        uniform = np.empty(population.shape)
        strata = [population[dimension].to_numpy().tolist() for dimension in STRATA]
        for place in product(*(range(len(labels)) for labels in strata)):
            name = label_name(stage, tuple(labels[i] for labels, i in zip(strata, place, strict=True)))
            stream = Stream(self.seed, name)
            for column, year in enumerate(population["year"].to_numpy().tolist()):
                cell: tuple[slice | int, ...] = (slice(None), *place, column)
                uniform[cell] = stream.uniform(self.draws, year)
        return uniform


def cohort(expected: xr.DataArray, rates: Mapping[str, xr.DataArray], chance: Chance) -> xr.Dataset:
    """Every population of the funnel.

    Parameters
    ----------
    expected : transplants before chance, [draw, region, transplant, age_group, year].
    rates : the share that leads to each stage, by rate name, [draw, + strata].
    chance : whether patients are whole.

    Returns
    -------
    One variable per row of the funnel, [draw, region, transplant, age_group, year], patients per year of transplant.
    Deaths and survivors are among severe VOD, of all causes, untreated, counted in the year of the transplant.
    """
    populations = {TRANSPLANTS.name: chance.volume(expected)}
    for stage in FUNNEL[1:]:
        assert stage.of is not None
        parent = populations[stage.of]
        if stage.rate is not None:
            populations[stage.name] = chance.passing(stage.name, parent, rates[stage.rate])
        elif stage.rest_of is not None:
            populations[stage.name] = parent - populations[stage.rest_of]
    return xr.Dataset(populations)
