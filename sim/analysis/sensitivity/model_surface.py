"""The model of a run as a function of its inputs: only what the target hangs on is computed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from sim.analysis.sensitivity.lots import MarketLots, PatientLots, TrialLots, seed_of
from sim.analysis.sensitivity.patients import PatientSwaps
from sim.analysis.sensitivity.surface import BoolArray, Surface
from sim.analysis.sensitivity.target import Target
from sim.assumptions.schema import Assumptions
from sim.draws.correlation import blocks, score_matrix
from sim.draws.designs import Design, Quantile
from sim.draws.parameters import sample
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.execution.market import MarketRun
from sim.execution.trial import outputs as trial_outputs
from sim.model.chain import TRIAL_STAGE, candidates, populations, trial
from sim.model.cohort import Chance, Expected

TOGETHER = 16_384
"""Rows that go through the model together; any number gives the same results, but for chance, which is by row."""


class _Roll(Design):
    """Keeps a list of the streams and years that are asked for, and answers with medians.

    Attributes
    ----------
    asked : streams and years.
    quantiles : of the streams whose numbers become values by themselves; a trend's drift hangs on its noise too.
    """

    def __init__(self) -> None:
        self.asked: dict[tuple[str, int], None] = {}
        self.quantiles: dict[str, Quantile] = {}

    def uniform(self, name: str, draws: range, year: int = 0) -> FloatArray:
        """See `Design.uniform`."""
        self.asked[name, year] = None
        return np.full(len(draws), 0.5)

    def values(self, name: str, quantile: Quantile, /, uniform: FloatArray) -> FloatArray:
        """See `Design.values`."""
        self.quantiles[name] = quantile
        return super().values(name, quantile, uniform)


@dataclass(frozen=True)
class _Given(Design):
    """Values as they were given, or the uniform number where it becomes a value only with another.

    Attributes
    ----------
    places : stream and year → its column.
    rows : [row, column].
    """

    places: Mapping[tuple[str, int], int]
    rows: FloatArray

    def uniform(self, name: str, draws: range, year: int = 0) -> FloatArray:
        """See `Design.uniform`."""
        return self.rows[draws.start : draws.stop, self.places[name, year]]

    def values(self, _name: str, _quantile: Quantile, /, uniform: FloatArray) -> FloatArray:
        """See `Design.values`."""
        return uniform


def surface_of(assumptions: Assumptions, target: Target) -> Surface:
    """The target as a function of the uncertain quantities that it may hang on.

    Parameters
    ----------
    assumptions : of the run. A quantity with a number of its own for each year is one input of several columns.
    target : the answer.

    Raises
    ------
    InputError : when nothing is uncertain.
    """
    own = hangs_on(assumptions, target)
    plain = own.model_copy(update={"correlation": ()})
    roll = _Roll()
    sample(plain, range(1), roll)
    places = {asked: column for column, asked in enumerate(roll.asked)}
    if not places:
        raise InputError("sensitivity: every quantity of this run is certain; there is nothing to vary")
    names = tuple(dict.fromkeys(name for name, _ in places))
    columns = tuple(tuple(column for (own, _), column in places.items() if own == name) for name in names)
    sampling = assumptions.sampling
    seeds = seed_of(sampling.seed, "A"), seed_of(sampling.seed, "B")

    def answer(rows: FloatArray, second: BoolArray | None) -> FloatArray:
        parts = []
        for first in range(0, len(rows), TOGETHER):
            draws = range(first, min(first + TOGETHER, len(rows)))
            side = None if second is None else second[first : draws.stop]
            parts.append(answers(plain, sample(plain, draws, _Given(places, rows)), draws, target, seeds, side))
        return np.concatenate(parts)

    def blocks(rows: FloatArray, second: BoolArray, copies: int) -> FloatArray:
        parameters = sample(plain, range(len(rows)), _Given(places, rows))
        return answers(plain, parameters, range(len(rows)), target, seeds, second, copies)

    correlation = _correlation(own, tuple(name for name, _ in places))
    quantiles = tuple(roll.quantiles.get(name) for name, _ in places)
    swaps = None
    if "trial" not in target.sections:

        def parameters(values: FloatArray) -> xr.Dataset:
            return sample(plain, range(len(values)), _Given(places, values))

        chance = seeds if sampling.chance else None
        swaps = PatientSwaps(plain, target, names, columns, parameters, chance)
    return Surface(names, columns, answer, sampling.chance, correlation, blocks, quantiles, swaps)


def hangs_on(assumptions: Assumptions, target: Target) -> Assumptions:
    """Without the parts of the model and the years that the target does not hang on."""
    kept = assumptions.without(*(name for name in ("trial", "market") if name not in target.sections))
    if "market" in target.sections or target.year is None:
        return kept
    last = max(target.year, kept.years.first)
    return kept.model_copy(update={"years": kept.years.model_copy(update={"last": last})})


def answers(
    assumptions: Assumptions,
    parameters: xr.Dataset,
    draws: range,
    target: Target,
    seeds: tuple[int, int],
    second: BoolArray | None,
    copies: int = 1,
) -> FloatArray:
    """The target of some rows of parameters: [draw].

    Parameters
    ----------
    assumptions : without what the target does not hang on.
    parameters : values of every quantity, [draw, …].
    draws : their numbers, which their chance goes by.
    target : the answer.
    seeds : of two sets of chance.
    second : the rows that take the second, [draw]; None leaves chance out.
    copies : blocks that the draws are made of, one after the other, each with the same chance.
    """
    chance: Chance = Expected() if second is None else PatientLots(seeds[0], draws, seeds[1], second, copies)
    counted = populations(assumptions, parameters, chance)
    is_alone = assumptions.trial is None and assumptions.market is None  # the expected numbers move nothing then
    expected = counted if second is None or is_alone else populations(assumptions, parameters, Expected())
    found: dict[str, xr.DataArray] = {str(name): array for name, array in counted.data_vars.items()}
    read = None
    if assumptions.trial is not None:
        streams = None if second is None else TrialLots(seeds[0], draws, seeds[1], second, copies)
        plan, outcome = trial(assumptions, parameters, expected, streams)
        read = trial_outputs(plan, outcome, assumptions.trial.start)
        found |= {str(name): array for name, array in read.data_vars.items()}
        if target.variable == TRIAL_STAGE:
            found[TRIAL_STAGE] = candidates(counted, parameters, chance)
    if assumptions.market is not None:
        sold = None if second is None else MarketLots(seeds[0], draws, seeds[1], second, copies)
        market = MarketRun(assumptions).outputs(parameters, counted, expected, read, chance, sold)
        found |= {str(name): array for name, array in market.data_vars.items()}
    return target.of(found)


def _correlation(assumptions: Assumptions, names: tuple[str, ...]) -> FloatArray | None:
    """Of the normal scores of columns of these names; a quantity of several columns is never correlated."""
    pairs = {pair.between: pair.spearman for pair in assumptions.correlation}
    if not blocks(pairs):
        return None
    return score_matrix(names, pairs)
