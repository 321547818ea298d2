"""The model with some inputs of one set of assumptions and the rest of another, on the same draws and chance."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import xarray as xr

from sim.analysis.differences import PATIENTS, SECTIONS, Input, Side
from sim.analysis.repeated import Drawn, RememberedStreams, RepeatedPatients, RepeatedStreams
from sim.assumptions.schema import Assumptions
from sim.assumptions.transplants import Strata
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.execution.market import MarketRun
from sim.execution.trial import outputs as trial_outputs
from sim.model.chain import TRIAL_STAGE, candidates, populations, trial
from sim.model.cohort import Chance, Expected
from sim.variables import FUNNEL, MARKET, MARKET_YEAR, STRATA

_TOGETHER = 16_384
"""Draws, of several mixtures, that go through the market together; any number gives the same results."""

Mixture = frozenset[int]
"""The inputs that are taken from the other side, by their place."""


class Mixtures:
    """Answers the model for mixtures of two sides; what lies upstream of a change is computed once.

    Parameters
    ----------
    base, other : the two sides, for the same draws.
    inputs : what they differ in.
    draws : their numbers.
    """

    def __init__(self, base: Side, other: Side, inputs: Sequence[Input], draws: range) -> None:
        self._sides = base, other
        self._inputs = inputs
        self._draws = draws
        sampling = base.assumptions.sampling
        self._seed, self._is_chance = sampling.seed, sampling.chance
        self._drawn: Drawn = {}
        self._streams = RememberedStreams(sampling.seed, draws) if sampling.chance else None
        self._patients: dict[Mixture, tuple[xr.Dataset, xr.Dataset]] = {}
        self._trials: dict[Mixture, xr.Dataset | None] = {}

    def answers(self, mixtures: Sequence[Mixture], variable: str, year: int) -> list[FloatArray]:
        """A variable of each mixture, all strata and regions together: [draw] each.

        Parameters
        ----------
        mixtures : what is taken from the other side in each.
        variable, year : which number; a variable of the whole run has no year.
        """
        if variable in {row.name for row in FUNNEL}:
            return [_of_year(self._populations(one)[0][variable], year) for one in mixtures]
        if variable == TRIAL_STAGE:
            return [_of_year(self._candidates(one), year) for one in mixtures]
        if variable in {row.name for row in MARKET}:
            return self._markets(mixtures, variable, year)
        return [_of_year(_there(self._trial(one), variable), year) for one in mixtures]

    def _assumptions(self, mixture: Mixture) -> Assumptions:
        base, other = (side.assumptions for side in self._sides)
        taken = {section for place in mixture for section in self._inputs[place].sections}
        return base.model_copy(update={section: getattr(other, section) for section in taken})

    def _parameters(self, mixture: Mixture, sections: Iterable[str]) -> xr.Dataset:
        """Those of some sections: every one from the side that the mixture has it from."""
        base, other = self._sides
        taken = {name for place in mixture for name in self._inputs[place].parameters}
        whole = {section for place in mixture for section in self._inputs[place].sections}
        found = {}
        for section in sections:
            ruling = other if section in whole else base
            for name in ruling.names(section):
                source = other if name in taken else base
                found[name] = (source if name in source.parameters else ruling).parameters[name]
        strata = self._assumptions(mixture).transplants.strata
        return _together({name: _in_order(array, strata) for name, array in found.items()})

    def _upstream(self, mixture: Mixture, sections: Sequence[str]) -> Mixture:
        """What of a mixture touches some sections."""
        return frozenset(place for place in mixture if self._inputs[place].touches(sections))

    def _populations(self, mixture: Mixture) -> tuple[xr.Dataset, xr.Dataset]:
        """The populations, as chance has them and expected."""
        key = self._upstream(mixture, PATIENTS)
        if key not in self._patients:
            assumptions, parameters = self._assumptions(key), self._parameters(key, PATIENTS)
            expected = populations(assumptions, parameters, Expected())
            whole = populations(assumptions, parameters, self._chance()) if self._is_chance else expected
            self._patients[key] = whole, expected
        return self._patients[key]

    def _candidates(self, mixture: Mixture) -> xr.DataArray:
        return candidates(self._populations(mixture)[0], self._parameters(mixture, ["trial"]), self._chance())

    def _trial(self, mixture: Mixture) -> xr.Dataset | None:
        """The outputs of the trial; None where there is none."""
        key = self._upstream(mixture, [*PATIENTS, "trial"])
        if key not in self._trials:
            assumptions = self._assumptions(key)
            found = None
            if assumptions.trial is not None:
                expected = self._populations(key)[1]
                plan, outcome = trial(assumptions, self._parameters(key, ["trial"]), expected, self._streams)
                found = trial_outputs(plan, outcome, assumptions.trial.start)
            self._trials[key] = found
        return self._trials[key]

    def _chance(self, copies: int = 1) -> Chance:
        return RepeatedPatients(self._seed, self._draws, copies, self._drawn) if self._is_chance else Expected()

    def _markets(self, mixtures: Sequence[Mixture], variable: str, year: int) -> list[FloatArray]:
        """Those with the same plain settings go through the market together."""
        alike: dict[tuple[int, ...], list[Mixture]] = {}
        for mixture in mixtures:
            own = self._assumptions(mixture)
            alike.setdefault(tuple(id(getattr(own, section)) for section in SECTIONS), []).append(mixture)
        most = max(_TOGETHER // len(self._draws), 1)
        answers: dict[Mixture, FloatArray] = {}
        for group in alike.values():
            for first in range(0, len(group), most):
                some = group[first : first + most]
                found = self._market(some)[variable]
                answers |= dict(zip(some, np.split(_of_year(found, year), len(some)), strict=True))
        return [answers[mixture] for mixture in mixtures]

    def _market(self, mixtures: Sequence[Mixture]) -> xr.Dataset:
        """The outputs of the market, [draw, …], the draws of all these mixtures one after the other."""
        patients = [self._populations(one) for one in mixtures]
        trials = [found for one in mixtures if (found := self._trial(one)) is not None]
        streams = RepeatedStreams(self._seed, self._draws, len(mixtures)) if self._is_chance else None
        return MarketRun(self._assumptions(mixtures[0])).outputs(
            _one_after_the_other([self._parameters(one, ["trial", "market"]) for one in mixtures]),
            _one_after_the_other([whole for whole, _ in patients]),
            _one_after_the_other([expected for _, expected in patients]),
            _one_after_the_other(trials) if trials else None,
            self._chance(len(mixtures)),
            streams,
        )


def _there(found: xr.Dataset | None, variable: str) -> xr.DataArray:
    if found is None or variable not in found:
        raise InputError(f"bridge: {variable} needs a trial on both sides that gives it, with controls or a promise")
    return found[variable]


def _in_order(array: xr.DataArray, strata: Strata) -> xr.DataArray:
    """With its strata in the order of the transplants'."""
    return array.sel({name: list(strata.of(name)) for name in STRATA if name in array.dims})


def _together(arrays: Mapping[str, xr.DataArray]) -> xr.Dataset:
    """One dataset without draw numbers; arrays that share another dimension have the same labels along it."""
    labels = {
        name: array[name] for array in arrays.values() for name in array.dims if name != "draw" and name in array.coords
    }
    return xr.Dataset({name: array.variable for name, array in arrays.items()}, coords=labels)


def _of_year(array: xr.DataArray, year: int) -> FloatArray:
    """All strata and regions together, of one year where there are years: [draw]."""
    years = [name for name in ("year", MARKET_YEAR) if name in array.dims]
    chosen = array.sel(dict.fromkeys(years, year))
    total = chosen.sum([name for name in chosen.dims if name != "draw"], skipna=False)
    return np.asarray(total.to_numpy(), dtype=np.float64)


def _one_after_the_other(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Datasets of the same draws as one of so many times as many: [draw, …]."""
    first = parts[0]
    arrays: Mapping[str, xr.Variable] = {
        str(name): xr.Variable(array.dims, np.concatenate([part[name].to_numpy() for part in parts], axis=0))
        for name, array in first.data_vars.items()
    }
    labels = {name: first[name] for name in first.dims if name != "draw" and name in first.coords}
    return xr.Dataset(arrays, coords=labels)
