"""Statistics of counts from their laws given each draw, where `sampling.smooth` asks for it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import xarray as xr

from sim.draws.labelled import rows_of
from sim.draws.streams import FloatArray
from sim.model.chain import TRIAL_STAGE, rates_of
from sim.model.conditional import shares
from sim.results.batches import Batches
from sim.results.kernels import Kernels, by_cell
from sim.results.laws import Counts, Term
from sim.results.smoothed import Smoothed
from sim.results.totals import members_of, with_totals
from sim.variables import CELL_DIMS, TRANSPLANTS


class Smoothing:
    """The laws of a run's populations, added up portion by portion.

    Parameters
    ----------
    batches : how draws fall into independent batches.
    kernels : what adds laws up.

    Attributes
    ----------
    samples : of each population whose law is known, by name.
    """

    def __init__(self, batches: Batches, kernels: Kernels) -> None:
        """Nothing is added yet."""
        self._batches, self._kernels = batches, kernels
        self.samples: dict[str, Smoothed] = {}

    def add(self, parameters: xr.Dataset, outputs: xr.Dataset, first_draw: int) -> None:
        """Add neighbouring draws: inputs and outputs, [draw, …] each."""
        transplants = outputs[TRANSPLANTS.name]
        cells = {name: transplants[name].to_numpy().tolist() for name in CELL_DIMS}
        patients = Patients(by_cell(transplants.to_numpy()).astype(np.int64), cells)
        meets = parameters.get("trial.meets_criteria") if TRIAL_STAGE in outputs else None
        for name, share in shares(rates_of(parameters), meets).items():
            if name not in self.samples:
                like = with_totals(outputs[name].isel(draw=slice(1)))
                self.samples[name] = Smoothed(like, self._batches, self._kernels)
            p, row = rows_of(share, cells, transplants.sizes["draw"])
            self.samples[name].add(patients.laws(p, row), first_draw)


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
        starts, members = members_of(cells)
        self._members = [members[start:end] for start, end in pairwise(starts)]
        self._sums: dict[tuple[int, ...], Counts] = {}

    def laws(self, p: FloatArray, row: Counts) -> list[list[Term]]:
        """The binomial counts that each cell, and each total, is the sum of: several where probabilities differ.

        Parameters
        ----------
        p : probabilities: [row, draw].
        row : which of these is each cell's: [cell].
        """
        return [self._terms(members, p, row[members]) for members in self._members]

    def _terms(self, members: Counts, p: FloatArray, row: Counts) -> list[Term]:
        alike: dict[int, list[int]] = {}
        for member, own in zip(members.tolist(), row.tolist(), strict=True):
            alike.setdefault(own, []).append(member)
        return [Term(self._sum(tuple(group)), p[own]) for own, group in alike.items()]

    def _sum(self, cells: tuple[int, ...]) -> Counts:
        if cells not in self._sums:
            self._sums[cells] = self._transplants[list(cells)].sum(axis=0)
        return self._sums[cells]
