"""The funnel without chance: of what parameters alone do the moments are wanted, and no number by itself.

Expected patients are products. Where the strata of a year grow alike and rates and shares are those of all years, a
population of all years is a few columns by stratum times a few by year, and what it adds to the moments is worked out
product by product. Where moreover strata differ by a constant, as by certain shares under rates of all, their moments
differ by it and by its square.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from sim.draws.counts import Counts
from sim.draws.streams import FloatArray
from sim.execution.columns import Columns
from sim.model.chain import MOST
from sim.results.kernels import Kernels, Sums
from sim.results.moments import Moments
from sim.results.totals import Totals
from sim.variables import FUNNEL, TRANSPLANTS

_BLOCK = 2048
"""Draws that are worked on together, so that they stay in the processor's cache."""

_ROUNDING = 1e-15
"""Relative: so near to one another are numbers that differ by rounding."""


_STILL = 1e-14
"""Relative: a number that moves no more than this is certain, and moved by rounding alone."""


class WithoutChance:
    """Adds up the expected populations of further draws.

    Parameters
    ----------
    spread : moments of each population, begun already.
    totals : of the strata.
    years : their number.
    kernels : what adds up.
    """

    def __init__(self, spread: Mapping[str, Moments], totals: Totals, years: int, kernels: Kernels) -> None:
        """Look up about what numbers the sums are."""
        self._totals, self._years, self._kernels = totals, years, kernels
        origins = [spread[stage.name].origin.reshape(totals.size, years) for stage in FUNNEL]
        self._origin, self._batches = np.array(origins), spread[FUNNEL[0].name].batches

    def sums_of(
        self,
        volume: Columns,
        growth: Columns,
        rates: Mapping[str, Columns],
        first_draw: int,
        refuse: Callable[[], object],
    ) -> dict[str, Sums]:
        """What neighbouring draws add to the moments of each population.

        Parameters
        ----------
        volume, growth : their product is what transplants are expected.
        rates : by name.
        first_draw : the number of the first.
        refuse : is called where there may be more transplants than can be counted.
        """
        has_factors = growth.is_of_years and all(one.is_of_strata for one in (volume, *rates.values()))
        shares = self._shares(volume, rates) if has_factors else None
        origins = self._origin if shares is None else self._origin[:, -1:]  # of the total alone
        found = np.zeros((3, self._batches, *origins.shape))
        groups = [range(self._years)] if has_factors else [range(year, year + 1) for year in range(self._years)]
        for some in _blocks(volume.values.shape[1]):
            for years in groups:
                expected, by_year = volume.of_year(years[0], some), np.ascontiguousarray(growth.values[:, some])
                if not has_factors:
                    expected, by_year = expected * growth.of_year(years[0], some), np.ones((1, expected.shape[1]))
                own = {name: rate.of_year(years[0], some) for name, rate in rates.items()}
                stages = self._stages(expected, own) if shares is None else _of_total(expected, own)
                if not stages[0, -1].max() * by_year.max() <= MOST:
                    refuse()
                row, span = growth.row[0] if has_factors else np.zeros(1, np.int64), slice(years[0], years[-1] + 1)
                added = self._products(stages, by_year, row, origins[..., span], first_draw + some.start)
                found[..., span] += added.reshape(found[..., span].shape)
        found[1:, found[2] <= found[0] * (_STILL * origins) ** 2] = 0.0
        if shares is not None:
            found = found * np.stack([np.ones_like(shares), shares, shares**2])[:, None, None]
        return {stage.name: _as_sums(found[:, :, place]) for place, stage in enumerate(FUNNEL)}

    def _products(
        self, stages: FloatArray, by_year: FloatArray, row: Counts, origin: FloatArray, first_draw: int
    ) -> FloatArray:
        """Sums of the products of stages, [stage, place, draw], and years, [row, draw]: [3, batch, cell]."""
        columns = stages.reshape(-1, stages.shape[2])
        left, right = np.repeat(np.arange(len(columns)), len(row)), np.tile(row, len(columns))
        batches = self._batches
        return np.array(
            self._kernels.products(columns, left, by_year, right, origin.ravel(), first_draw % batches, batches)
        )

    def _shares(self, volume: Columns, rates: Mapping[str, Columns]) -> FloatArray | None:
        """Of the total that each stratum or total always has, [place]; None where these differ from draw to draw."""
        if not all(rate.is_of_years for rate in rates.values()):
            return None
        rows = volume.row[:, 0]
        first, shares = volume.values[rows[0]], np.empty((self._totals.size, 1))
        for place, row in zip(self._totals.cells, rows, strict=True):
            own = volume.values[row]
            shares[place] = own[0] / first[0] if first[0] > 0 else np.nan
            if not (np.abs(own - shares[place] * first) <= _ROUNDING * own).all():
                return None
        self._totals.add_up(shares)
        return np.asarray(shares / shares[-1])

    def _stages(self, expected: FloatArray, rates: Mapping[str, FloatArray]) -> FloatArray:
        """Every population from the transplants, [stratum, draw], with totals: [stage, place, draw]."""
        found = np.empty((len(FUNNEL), self._totals.size, expected.shape[1]))
        for to, part in zip(found, _populations(expected, rates), strict=True):
            to[self._totals.cells] = part
            self._totals.add_up(to)
        return found


def _of_total(expected: FloatArray, rates: Mapping[str, FloatArray]) -> FloatArray:
    """The same of the total alone, where strata share their rates."""
    one = {name: rate[:1] for name, rate in rates.items()}
    return np.array(_populations(expected.sum(axis=0, keepdims=True), one))


def _populations(expected: FloatArray, rates: Mapping[str, FloatArray]) -> list[FloatArray]:
    """Every population from the transplants, [stratum, draw] each; see `sim.model.cohort.cohort`."""
    found: dict[str, FloatArray] = {TRANSPLANTS.name: expected}
    for stage in FUNNEL[1:]:
        parent = found[str(stage.of)]
        found[stage.name] = parent * rates[stage.rate] if stage.rate else parent - found[str(stage.rest_of)]
    return list(found.values())


def _blocks(draws: int) -> Iterator[slice]:
    for start in range(0, draws, _BLOCK):
        yield slice(start, min(start + _BLOCK, draws))


def _as_sums(found: FloatArray) -> Sums:
    """[3, batch, place, year] as [batch, cell] each."""
    count, total, squares = found.reshape(3, found.shape[1], -1)
    return count, total, squares
