"""The patients of the funnel with one input after the other swapped: only what it moves is worked out anew.

The same stages from the same table as `sim.model.cohort.cohort` works out with labelled arrays, and the same numbers,
in the year of the target alone. Each population is the one before times a factor: the expected transplants at the root,
a rate after it. An input moves one of these factors, or a few; the populations before it stay as they are, and a factor
that hangs on this input alone is the other matrix's.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from tqdm import tqdm

from sim.analysis.sensitivity.target import Target
from sim.assumptions.schema import Assumptions
from sim.draws.cells import CountCells
from sim.draws.labelled import rows_of
from sim.draws.streams import FloatArray, Stream
from sim.execution.engine import engine_of
from sim.model.chain import MOST, populations, rates_of, volume_and_growth
from sim.model.cohort import Expected, cell_streams
from sim.variables import FUNNEL, RATES, STRATA, TRANSPLANTS, VARIABLES, Variable

Numbers = NDArray[Any]
"""Expected patients, or whole ones: [cell, row]."""

_TOGETHER = 16_384
"""Rows that go through the funnel together."""

_PATIENCE = 2.0
"""Seconds before a progress bar appears."""


class _Factor(NamedTuple):
    """A number of each cell in each row, of which several cells may share one.

    Attributes
    ----------
    values : [line, row].
    line : which line is each cell's: [cell].
    """

    values: FloatArray
    line: NDArray[np.int64]


_Factors = Mapping[str, _Factor]  # by the stage that each leads to


@dataclass(frozen=True)
class _Remembered(Stream):
    """A stream that keeps what it gave, for counts that are made again and again."""

    kept: dict[tuple[range, int], FloatArray] = field(default_factory=dict)

    def uniform(self, draws: range, year: int = 0) -> FloatArray:
        """See `Stream.uniform`."""
        if (draws, year) not in self.kept:
            self.kept[draws, year] = super().uniform(draws, year)
        return self.kept[draws, year]


@dataclass(frozen=True)
class _Lots:
    """One of two sets of chance, for some rows.

    Attributes
    ----------
    streams : of each stage, those of its cells.
    years : of the cells: [cell].
    draws : the numbers of the rows.
    count : counts the patients of several cells who go on.
    """

    streams: Mapping[str, Sequence[Stream]]
    years: Sequence[int]
    draws: range
    count: CountCells


@dataclass(frozen=True)
class PatientSwaps:
    """See `Surface.swaps`.

    Attributes
    ----------
    assumptions : of the run, with neither trial nor market.
    target : one of the populations, in some year.
    names : of the inputs.
    columns : of each input, those of its values.
    parameters : values of the columns, [row, column], → those of every quantity, [draw, …].
    seeds : of two sets of chance; None leaves chance out.
    """

    assumptions: Assumptions
    target: Target
    names: Sequence[str]
    columns: Sequence[Sequence[int]]
    parameters: Callable[[FloatArray], xr.Dataset]
    seeds: tuple[int, int] | None

    def __call__(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """The target of A, of B, and of A with each input and chance from B, [2 + input, row]; see `Surface.swaps`."""
        cells = math.prod(map(len, self._cells.values()))
        engine = engine_of(self.assumptions, len(a) * cells * len(RATES) * (2 + len(self.names)))
        portions = (range(i, min(i + _TOGETHER, len(a))) for i in range(0, len(a), _TOGETHER))
        found = [
            self._portion(a[one.start : one.stop], b[one.start : one.stop], one, engine.patients)
            for one in tqdm(list(portions), unit="portions", delay=_PATIENCE, disable=None, leave=False)
        ]
        return np.concatenate(found, axis=1)

    def _portion(self, a: FloatArray, b: FloatArray, draws: range, count: CountCells) -> FloatArray:
        """The same of neighbouring rows, whose numbers are these."""
        of_a, of_b = self._factors_of_both(a, b)
        lots, others = (None, None) if self.seeds is None else (self._lots(seed, draws, count) for seed in self.seeds)
        known: dict[str, Numbers] = {}
        answers = [self._total(of_a, lots, known), self._total(of_b, others, {})]
        for place, name in enumerate(self.names):
            moved = moved_by(name)
            swapped = {**of_a, **self._swapped(place, moved, a, b, of_b)}
            kept = {stage: found for stage, found in known.items() if not moved & _before(VARIABLES[stage])}
            answers.append(self._total(swapped, lots, kept))
        if self.seeds is not None:
            answers.append(self._total(of_a, others, {}))
        return np.stack(answers)

    def _swapped(self, place: int, moved: frozenset[str], a: FloatArray, b: FloatArray, of_b: _Factors) -> _Factors:
        """The factors that an input moves, with this input from B."""
        reached = moved & _before(VARIABLES[self.target.variable])
        alone = all(moved.isdisjoint(moved_by(name)) for name in (*self.names[:place], *self.names[place + 1 :]))
        if alone or not reached:
            return {name: of_b[name] for name in reached}
        mixed = a.copy(order="K")
        for column in self.columns[place]:
            mixed[:, column] = b[:, column]
        found = self._factors(mixed)
        return {name: found[name] for name in reached}

    def _factors_of_both(self, a: FloatArray, b: FloatArray) -> tuple[_Factors, _Factors]:
        """The factors of A and of B, of which labelled arrays are made together."""
        both, rows = self._factors(np.concatenate([a, b])), len(a)
        first, second = (
            {name: _Factor(np.ascontiguousarray(values[:, own]), line) for name, (values, line) in both.items()}
            for own in (slice(rows), slice(rows, None))
        )
        return first, second

    def _factors(self, values: FloatArray) -> dict[str, _Factor]:
        """The expected transplants, and the rates, from the values of the inputs, [row, column]."""
        parameters, cells, rows = self.parameters(values), self._cells, len(values)
        both = volume_and_growth(self.assumptions, parameters)
        volume, growth = (_Factor(*rows_of(one, cells, rows)) for one in both)
        transplants = volume.values[volume.line] * growth.values[growth.line]
        if not transplants.sum(axis=0).max() <= MOST:
            populations(self.assumptions, parameters, Expected())  # which says it in words
        found = {TRANSPLANTS.name: _Factor(transplants, np.arange(len(transplants)))}
        for rate, array in rates_of(parameters).items():
            found[RATES[rate].name] = _Factor(*rows_of(array, cells, rows))
        return found

    def _total(self, factors: _Factors, lots: _Lots | None, known: dict[str, Numbers]) -> FloatArray:
        """The target, all cells together: [row]."""
        found = _population(VARIABLES[self.target.variable], factors, lots, known)
        return np.asarray(found.sum(axis=0), dtype=np.float64)

    def _lots(self, seed: int, draws: range, count: CountCells) -> _Lots:
        streams = {stage.name: cell_streams(seed, stage.name, self._cells)[0] for stage in FUNNEL}
        kept = {stage: [_Remembered(one.seed, one.name) for one in several] for stage, several in streams.items()}
        return _Lots(kept, cell_streams(seed, "", self._cells)[1], draws, count)

    @property
    def _cells(self) -> dict[str, Sequence[Any]]:
        """The dimensions of the cells, those of the target's year alone, and their labels."""
        strata = self.assumptions.transplants.strata
        assert self.target.year is not None
        return {**{name: list(strata.of(name)) for name in STRATA}, "year": [self.target.year]}


def moved_by(name: str) -> frozenset[str]:
    """The stages whose factors an input moves: a volume the root's, a rate its own, a choice of rates that of each."""
    if name.startswith("transplants."):
        return frozenset({TRANSPLANTS.name})
    rate = name.partition("[")[0].removeprefix("vod.")
    return frozenset({RATES[rate].name} if rate in RATES else {stage.name for stage in RATES.values()})


def _before(stage: Variable) -> frozenset[str]:
    """The stages whose factors a population is a product of: its own, and those of all before it."""
    own = {stage.name} if stage.rest_of is None else {stage.rest_of}
    return frozenset(own) if stage.of is None else _before(VARIABLES[stage.of]) | own


def _population(stage: Variable, factors: _Factors, lots: _Lots | None, known: dict[str, Numbers]) -> Numbers:
    """A population, [cell, row]; those that are known already are taken, and the others remembered."""
    if stage.name not in known:
        if stage.of is None:
            expected = factors[stage.name].values
            known[stage.name] = expected if lots is None else np.rint(expected).astype(np.int64)
        else:
            parent = _population(VARIABLES[stage.of], factors, lots, known)
            known[stage.name] = (
                _passing(stage, parent, factors[stage.name], lots)
                if stage.rest_of is None
                else parent - _population(VARIABLES[stage.rest_of], factors, lots, known)
            )
    return known[stage.name]


def _passing(stage: Variable, parent: Numbers, rate: _Factor, lots: _Lots | None) -> Numbers:
    """How many of a population reach a stage: [cell, row]."""
    if lots is None:
        return np.asarray(parent * rate.values[rate.line])
    return lots.count(lots.streams[stage.name], lots.years, lots.draws, parent, rate.values, rate.line)
