"""The funnel of many draws by compiled code, in blocks so small that they stay in the processor's cache.

The same stages in the same order as `sim.model.cohort.cohort` works them out with labelled arrays, from the same table,
and the same numbers. A run takes this way where its draws are counted and not kept, and has neither trial nor market.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sim.assumptions.schema import Assumptions
from sim.draws.compiled import count
from sim.draws.counts import Counts
from sim.draws.labelled import rows_of
from sim.draws.parameters import sample
from sim.draws.streams import FloatArray
from sim.model.chain import MOST, populations, rates_of, volume_and_growth
from sim.model.cohort import Expected, cell_streams
from sim.results.compiled import summed
from sim.results.kernels import Sums
from sim.results.moments import Moments
from sim.results.tally import Tally
from sim.results.totals import members_of
from sim.variables import FUNNEL, STRATA, TRANSPLANTS, Variable

Numbers = TypeVar("Numbers", FloatArray, Counts)

BLOCK = 1024
"""Draws that go through all stages together; a multiple of 4."""


class Columns(NamedTuple):
    """A number of each cell in each draw, of which many cells may share one.

    Attributes
    ----------
    values : [row, draw].
    row : which row is each cell's: [cell].
    """

    values: FloatArray
    row: Counts

    def some(self, some: slice) -> "Columns":
        """Of some draws."""
        return Columns(self.values[:, some], self.row)

    def of_cells(self, some: slice) -> FloatArray:
        """Of some draws: [cell, draw]."""
        return self.values[self.row, some]


class Portion(NamedTuple):
    """Neighbouring draws of the funnel.

    Attributes
    ----------
    draws : their numbers.
    whole : of each population the whole patients, with totals: [cell, draw].
    sums : what each adds to the moments without chance.
    """

    draws: range
    whole: Mapping[str, NDArray[np.int32]]
    sums: Sequence[tuple[str, Sums]]


class CompiledFunnel:
    """Counts the outputs of a run's funnel, portion by portion.

    Parameters
    ----------
    assumptions : what is assumed; neither with a trial nor with a market.
    tallies : of each population, begun already.
    spread : moments of each without chance, begun already.
    """

    def __init__(self, assumptions: Assumptions, tallies: Mapping[str, Tally], spread: Mapping[str, Moments]) -> None:
        """Look up the cells, their streams and their totals."""
        self._assumptions, self._tallies, self._spread = assumptions, tallies, spread
        strata = assumptions.transplants.strata
        self._cells: dict[str, Sequence[Any]] = {name: list(strata.of(name)) for name in STRATA}
        self._cells["year"] = list(assumptions.years.all)
        self._years = np.array(cell_streams(0, "", self._cells)[1], np.int64)
        seed = assumptions.sampling.seed
        self._keys = {
            stage.name: np.array([stream.key for stream in cell_streams(seed, stage.name, self._cells)[0]], np.uint32)
            for stage in FUNNEL
        }
        self._starts, self._members = members_of(self._cells)

    def work_out(self, draws: range) -> Portion:
        """Neighbouring draws, which are not counted yet: so this may be done in several threads.

        Raises
        ------
        InputError : as the model, when there are more transplants in some year than can be counted.
        """
        parameters = sample(self._assumptions, draws)
        volume, growth = (self._columns(one, draws) for one in volume_and_growth(self._assumptions, parameters))
        rates = {name: self._columns(rate, draws) for name, rate in rates_of(parameters).items()}
        whole = {stage.name: np.empty((len(self._starts) - 1, len(draws)), np.int32) for stage in FUNNEL}
        sums: list[tuple[str, Sums]] = []
        for start in range(0, len(draws), BLOCK):
            some = slice(start, min(start + BLOCK, len(draws)))
            transplants = volume.of_cells(some) * growth.of_cells(some)
            if not self._with_totals(transplants).max() <= MOST:
                populations(self._assumptions, parameters, Expected())  # which says it in words
            own = {name: rate.some(some) for name, rate in rates.items()}
            for name, values in self._expected(transplants, own).items():
                sums.append((name, self._spread[name].sums_of(self._with_totals(values), draws.start + start)))
            for name, counts in self._counted(draws[some], transplants, own).items():
                summed(counts, self._starts, self._members, whole[name][:, some])
        return Portion(draws, whole, sums)

    def add(self, portion: Portion) -> None:
        """Count draws that are worked out: many of a cell at once, whose bars lie nearer than those of all cells."""
        for name, found in portion.sums:
            self._spread[name].add_sums(found)
        for name, rows in portion.whole.items():
            self._tallies[name].add_cells(rows, portion.draws.start)

    def _expected(self, transplants: FloatArray, rates: Mapping[str, Columns]) -> dict[str, FloatArray]:
        """Every population without chance, from the transplants that are expected: [cell, draw]."""
        return self._stages(transplants, lambda stage, n: n * rates[str(stage.rate)].of_cells(slice(None)))

    def _counted(self, draws: range, transplants: FloatArray, rates: Mapping[str, Columns]) -> dict[str, Counts]:
        """Every population in whole patients, from the transplants that are expected: [cell, draw]."""

        def passing(stage: Variable, n: Counts) -> Counts:
            p, row = rates[str(stage.rate)]
            return count(self._keys[stage.name], self._years, draws.start, n, p, row)

        return self._stages(np.rint(transplants).astype(np.int64), passing)

    def _columns(self, array: xr.DataArray, draws: range) -> Columns:
        return Columns(*rows_of(array, self._cells, len(draws)))

    def _stages(self, transplants: Numbers, passing: Callable[[Variable, Numbers], Numbers]) -> dict[str, Numbers]:
        """Every population of the funnel from its root, [cell, draw] each; see `sim.model.cohort.cohort`."""
        found = {TRANSPLANTS.name: transplants}
        for stage in FUNNEL[1:]:
            parent = found[str(stage.of)]
            found[stage.name] = passing(stage, parent) if stage.rate is not None else parent - found[str(stage.rest_of)]
        return found

    def _with_totals(self, values: Numbers) -> Numbers:
        """[cell, draw] with the totals over strata."""
        out = np.empty((len(self._starts) - 1, values.shape[1]), values.dtype)
        summed(values, self._starts, self._members, out)
        return out
