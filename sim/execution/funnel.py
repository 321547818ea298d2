"""The funnel of many draws year by year, in arrays that stay in the processor's cache.

The same stages in the same order as `sim.model.cohort.cohort` works them out with labelled arrays, from the same table,
and the same numbers. A run takes this way where its draws are counted and not kept, and has neither trial nor market.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from threading import Lock
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sim.assumptions.schema import Assumptions
from sim.draws.counts import Counts
from sim.draws.parameters import design_of, sample
from sim.draws.singles import Rates
from sim.draws.singles import rates_of as ready
from sim.execution.columns import Columns
from sim.execution.engine import Engine
from sim.execution.without_chance import WithoutChance
from sim.model.chain import populations, rates_of, volume_and_growth
from sim.model.cohort import Expected, cell_streams
from sim.results.kernels import Sums
from sim.results.moments import Moments
from sim.results.tally import Tally
from sim.results.totals import totals_of
from sim.variables import FUNNEL, STRATA, Variable

Whole = NDArray[np.int32]

JOINED = 6
"""Portions that are worked out as one: labelled arrays cost as much for few draws as for many."""


class Portion(NamedTuple):
    """Neighbouring draws of the funnel, whose histograms are counted.

    Attributes
    ----------
    draws : their numbers.
    whole : what they add to the moments of each population.
    without_chance : the same without chance.
    """

    draws: range
    whole: Mapping[str, Sums]
    without_chance: Mapping[str, Sums]


class Inputs(NamedTuple):
    """What the funnel of some draws is worked out from.

    Attributes
    ----------
    draws : their numbers.
    volume, growth : their product is what transplants are expected.
    rates : by name, and the rows of each as counts want them.
    """

    draws: range
    volume: Columns
    growth: Columns
    rates: Mapping[str, tuple[Columns, Rates]]


def joined(portions: Iterator[range]) -> Iterable[range]:
    """Fewer portions of as many draws."""
    while some := list(islice(portions, JOINED)):
        yield range(some[0].start, some[-1].stop)


class BlockFunnel:
    """Counts the outputs of a run's funnel, portion by portion.

    Parameters
    ----------
    assumptions : what is assumed; neither with a trial nor with a market.
    tallies : of each population, begun already.
    spread : moments of each without chance, begun already.
    engine : what it is worked out with.
    """

    def __init__(
        self, assumptions: Assumptions, tallies: Mapping[str, Tally], spread: Mapping[str, Moments], engine: Engine
    ) -> None:
        """Look up the cells, their streams and their totals."""
        self._assumptions, self._tallies, self._spread, self._engine = assumptions, tallies, spread, engine
        strata = {name: list(assumptions.transplants.strata.of(name)) for name in STRATA}
        self._years = list(assumptions.years.all)
        self._design = design_of(assumptions.sampling, engine.uniforms)
        self._cells: dict[str, Sequence[object]] = {**strata, "year": self._years}
        self._totals = totals_of(strata)
        self._without_chance = WithoutChance(spread, self._totals, len(self._years), engine.kernels)
        seed, one_year = assumptions.sampling.seed, {**self._cells, "year": [0]}
        self._keys = {
            stage.name: np.array([stream.key for stream in cell_streams(seed, stage.name, one_year)[0]], np.uint32)
            for stage in FUNNEL
        }
        # one for the histograms of each year, as threads may count different cells at once
        self._locks = {stage.name: [Lock() for _ in self._years] for stage in FUNNEL}

    def work_out(self, draws: range) -> Portion:
        """Neighbouring draws, in several threads if need be, whose moments alone are left to `add`.

        Raises
        ------
        InputError : as the model, when there are more transplants in some year than can be counted.
        """
        parameters = sample(self._assumptions, draws, self._design)
        volume, growth = (self._columns(one, draws) for one in volume_and_growth(self._assumptions, parameters))
        rates = {name: self._columns(rate, draws) for name, rate in rates_of(parameters).items()}
        without_chance = self._without_chance.sums_of(
            volume, growth, rates, draws.start, lambda: populations(self._assumptions, parameters, Expected())
        )
        inputs = Inputs(draws, volume, growth, {name: (rate, ready(rate.values)) for name, rate in rates.items()})
        room = {stage.name: np.empty((self._totals.size, len(draws)), np.int32) for stage in FUNNEL}
        by_year = [self._year(inputs, place, room) for place in range(len(self._years))]
        whole = {stage.name: _of_all([year[stage.name] for year in by_year]) for stage in FUNNEL}
        return Portion(draws, whole, without_chance)

    def add(self, portion: Portion) -> None:
        """Take in what draws add to the moments; in their order, so that no digit hangs on the threads."""
        for name, sums in portion.whole.items():
            self._tallies[name].took(sums, len(portion.draws))
            self._spread[name].add_sums(portion.without_chance[name])

    def _columns(self, array: xr.DataArray, draws: range) -> Columns:
        return Columns.of(array, self._cells, len(draws))

    def _year(self, inputs: Inputs, year: int, room: Mapping[str, Whole]) -> dict[str, Sums]:
        """Count the whole patients of one year, by its place; what each population adds to its moments."""
        sums: dict[str, Sums] = {}
        cells = np.arange(self._totals.size) * len(self._years) + year
        for stage in FUNNEL:
            self._stage(stage, inputs, year, room)
            own, tally = room[stage.name], self._tallies[stage.name]
            sums[stage.name] = tally.sums_of(own, inputs.draws.start, cells)
            with self._locks[stage.name][year]:
                tally.count_cells(own, inputs.draws.start, cells)
        return sums

    def _stage(self, stage: Variable, inputs: Inputs, year: int, room: Mapping[str, Whole]) -> None:
        """Fill in a population in one year, [place, draw], from those of the populations before it."""
        own, at = room[stage.name], self._totals.cells
        if stage.rest_of is not None:
            np.subtract(room[str(stage.of)], room[stage.rest_of], out=own)
            return
        if stage.rate is None:
            _round(inputs.volume, inputs.growth, year, at, own)
        else:
            columns, rates = inputs.rates[stage.rate]
            years, row = np.full(len(at), self._years[year]), columns.row[:, year]
            keys, parent = self._keys[stage.name], room[str(stage.of)]
            self._engine.into(keys, years, inputs.draws.start, parent, at, rates, row, own)
        self._totals.add_up(own)


def _round(volume: Columns, growth: Columns, year: int, at: Counts, to: Whole) -> None:
    """Whole transplants of the strata in a year, [stratum], at their places: [place, draw]."""
    line = np.empty(to.shape[1])
    for place, first, second in zip(at, volume.row[:, year], growth.row[:, year], strict=True):
        np.multiply(volume.values[first], growth.values[second], out=line)
        to[place] = np.rint(line, out=line)


def _of_all(years: list[Sums]) -> Sums:
    """Sums of the cells of each year, [batch, place], as those of all: [batch, cell]."""
    count, total, squares = (np.stack(part, axis=2).reshape(len(part[0]), -1) for part in zip(*years, strict=True))
    return count, total, squares
