"""The funnel: transplants → VOD → severe VOD → deaths and survivors at day 100, in whole patients."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import xarray as xr

from sim.draws.cells import CountCells, counts_of_cells
from sim.draws.counts import Counts, binomial_quantile
from sim.draws.streams import FloatArray, Stream
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
    count : counts the patients of several cells who go on.
    """

    seed: int
    draws: range
    count: CountCells = field(default=counts_of_cells, kw_only=True)

    def volume(self, expected: xr.DataArray) -> xr.DataArray:
        """See `Chance.volume`: the nearest whole number."""
        return expected.round().astype(np.int64)

    def passing(self, stage: str, /, population: xr.DataArray, rate: xr.DataArray) -> xr.DataArray:
        """See `Chance.passing`."""
        streams, years = self._streams(stage, population)
        n = np.moveaxis(population.to_numpy(), 0, -1)
        p, row = _rows(rate, population)
        found = self.count(streams, years, self.draws, n.reshape(len(years), -1), p, row)
        return population.copy(data=np.moveaxis(found.reshape(n.shape), -1, 0))

    def uniform(self, stage: str, population: xr.DataArray) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """The uniform numbers of the counts, in the shape of the population."""
        cells = zip(*self._streams(stage, population), strict=True)
        uniform = np.array([stream.uniform(self.draws, year) for stream, year in cells])
        return np.moveaxis(uniform.reshape(*population.shape[1:], -1), -1, 0)

    def _streams(self, stage: str, population: xr.DataArray) -> tuple[list[Stream], list[int]]:
        """The stream of each cell, named by its labels, and its year: [cell] each."""
        strata, years = (
            [population[name].to_numpy().tolist() for name in STRATA],
            population["year"].to_numpy().tolist(),
        )
        streams = [Stream(self.seed, label_name(stage, labels)) for labels in product(*strata)]
        return [stream for stream in streams for _ in years], years * len(streams)


def counted(uniform: FloatArray, population: xr.DataArray, rate: xr.DataArray) -> xr.DataArray:
    """How many of a population go on, by uniform numbers in its shape: [draw, region, transplant, age_group, year]."""
    p = rate.broadcast_like(population).transpose(*population.dims)
    return population.copy(data=binomial_quantile(uniform, population.to_numpy(), p.to_numpy()))


def _rows(rate: xr.DataArray, population: xr.DataArray) -> tuple[FloatArray, Counts]:
    """The different rates, [row, draw], and which of them is each cell's, [cell]."""
    along = [name for name in population.dims if name in rate.dims and name != "draw"]
    own = (
        rate.transpose(*along, ...) if "draw" in rate.dims else rate.expand_dims(draw=population.sizes["draw"], axis=-1)
    )
    values = own.to_numpy().reshape(-1, population.sizes["draw"])
    shape = [population.sizes[name] if name in along else 1 for name in population.dims[1:]]
    whole = np.broadcast_to(np.arange(len(values)).reshape(shape), population.shape[1:])
    return values, np.ascontiguousarray(whole).ravel()


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
