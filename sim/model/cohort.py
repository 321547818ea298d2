"""The funnel: transplants → VOD → severe VOD → deaths and survivors at day 100, in whole patients."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import xarray as xr

from sim.draws.cells import CountCells, counts_of_cells
from sim.draws.counts import binomial_quantile
from sim.draws.labelled import rows_of
from sim.draws.streams import FloatArray, Stream
from sim.variables import CELL_DIMS, FUNNEL, STRATA, TRANSPLANTS, label_name


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
        cells = _cells(population)
        streams, years = cell_streams(self.seed, stage, cells)
        n = np.moveaxis(population.to_numpy(), 0, -1)
        p, row = rows_of(rate, cells, len(self.draws))
        found = self.count(streams, years, self.draws, n.reshape(len(years), -1), p, row)
        return population.copy(data=np.moveaxis(found.reshape(n.shape), -1, 0))

    def uniform(self, stage: str, population: xr.DataArray) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """The uniform numbers of the counts, in the shape of the population."""
        pairs = zip(*cell_streams(self.seed, stage, _cells(population)), strict=True)
        uniform = np.array([stream.uniform(self.draws, year) for stream, year in pairs])
        return np.moveaxis(uniform.reshape(*population.shape[1:], -1), -1, 0)


def cell_streams(seed: int, stage: str, cells: Mapping[str, Sequence[Any]]) -> tuple[list[Stream], list[int]]:
    """The stream of each cell, named by stage and labels, and its year: [cell] each.

    Parameters
    ----------
    seed : of the run.
    stage : of the patients who are counted.
    cells : region, transplant, age_group and year → their labels, in order.
    """
    strata, years = [cells[name] for name in STRATA], [int(year) for year in cells["year"]]
    streams = [Stream(seed, label_name(stage, labels)) for labels in product(*strata)]
    return [stream for stream in streams for _ in years], years * len(streams)


def _cells(population: xr.DataArray) -> dict[str, list[Any]]:
    """The dimensions of a population, without draws, and their labels."""
    return {name: population[name].to_numpy().tolist() for name in CELL_DIMS}


def counted(uniform: FloatArray, population: xr.DataArray, rate: xr.DataArray) -> xr.DataArray:
    """How many of a population go on, by uniform numbers in its shape: [draw, region, transplant, age_group, year]."""
    p = rate.broadcast_like(population).transpose(*population.dims)
    return population.copy(data=binomial_quantile(uniform, population.to_numpy(), p.to_numpy()))


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
