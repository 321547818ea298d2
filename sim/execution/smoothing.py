"""Statistics of counts from their laws given each draw, where `sampling.smooth` asks for it."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sim.assumptions.schema import Assumptions
from sim.draws.labelled import rows_of
from sim.draws.streams import FloatArray
from sim.execution.alone import RatesAlone
from sim.model.chain import TRIAL_STAGE, rates_of
from sim.model.conditional import shares
from sim.results.batches import Batches
from sim.results.kernels import Kernels, by_cell
from sim.results.laws import Counts, Term
from sim.results.parts import Parts, named, of
from sim.results.smoothed import Smoothed
from sim.results.totals import members_of, with_totals
from sim.variables import CELL_DIMS, TRANSPLANTS


class Smoothing:
    """The laws of a run's populations, added up portion by portion.

    Parameters
    ----------
    assumptions : what is assumed; `sampling.smooth` says which laws are averaged over.
    batches : how draws fall into independent batches.
    kernels : what adds laws up.

    Attributes
    ----------
    samples : of each population whose law is known, by name.
    """

    def __init__(self, assumptions: Assumptions, batches: Batches, kernels: Kernels) -> None:
        """Nothing is added yet."""
        self._batches, self._kernels = batches, kernels
        self._alone = RatesAlone(assumptions) if assumptions.sampling.smooth == "rates" else None
        self.samples: dict[str, Smoothed] = {}

    def parts(self) -> Parts:
        """What is added up so far, for `add_parts`."""
        found: dict[str, NDArray[Any]] = {}
        for name, one in self.samples.items():
            found |= named(name, one.parts())
        return found

    def add_parts(self, parts: Parts) -> None:
        """Add what others of the same run have added up."""
        for name, one in self.samples.items():
            one.add_parts(of(name, parts))

    def fresh(self) -> "Smoothing":
        """The same run with nothing added."""
        smoothing = copy.copy(self)
        smoothing.samples = {name: one.fresh() for name, one in self.samples.items()}
        return smoothing

    def add(self, parameters: xr.Dataset, outputs: xr.Dataset, first_draw: int) -> None:
        """Add neighbouring draws: inputs and outputs, [draw, …] each."""
        transplants = outputs[TRANSPLANTS.name]
        cells = {name: transplants[name].to_numpy().tolist() for name in CELL_DIMS}
        patients = Patients(by_cell(transplants.to_numpy()).astype(np.int64), cells)
        meets = parameters.get("trial.meets_criteria") if TRIAL_STAGE in outputs else None
        rates = rates_of(parameters)
        middle = {} if self._alone is None else shares(self._alone.at_mean(rates), meets)
        for name, share in shares(rates, meets).items():
            p, row = rows_of(share, cells, transplants.sizes["draw"])
            if name not in self.samples:
                factors = [()] * len(p) if self._alone is None else self._alone.factors(name, cells, row)
                like = with_totals(outputs[name].isel(draw=slice(1)))
                own = [factors[alike[0]] if len(alike) == 1 else () for alike in patients.rows(row)]
                self.samples[name] = Smoothed(like, self._batches, self._kernels, own)
            at_mean = patients.laws(rows_of(middle[name], cells, len(p[0]))[0], row) if middle else None
            self.samples[name].add(patients.laws(p, row), first_draw, at_mean)


class Patients:
    """The transplants of cells and totals, added up where cells share a probability.

    Parameters
    ----------
    transplants : [cell, draw].
    cells : region, transplant, age_group and year → their labels, in order.
    """

    def __init__(self, transplants: Counts, cells: Mapping[str, Sequence[object]]) -> None:
        """Nothing is added up yet."""
        self._transplants = transplants
        self._members = members_of(cells)
        self._sums: dict[tuple[int, ...], Counts] = {}

    def rows(self, row: Counts) -> list[list[int]]:
        """Which different rows the members of each cell, and of each total, have."""
        return [list(dict.fromkeys(row[members].tolist())) for members in self._members]

    def laws(self, p: FloatArray, row: Counts) -> list[list[Term]]:
        """The binomial counts that each cell, and each total, is the sum of: several where probabilities differ.

        Parameters
        ----------
        p : probabilities: [row, draw].
        row : which of these is each cell's: [cell].
        """
        return [
            [Term(self._sum(tuple(members[row[members] == own].tolist())), p[own]) for own in alike]
            for members, alike in zip(self._members, self.rows(row), strict=True)
        ]

    def _sum(self, cells: tuple[int, ...]) -> Counts:
        if cells not in self._sums:
            self._sums[cells] = self._transplants[list(cells)].sum(axis=0)
        return self._sums[cells]
