"""Counts whose chance is averaged rather than drawn: statistics of their laws, given each draw's quantities."""

import copy
from collections.abc import Sequence
from typing import Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import ndtr

from sim.results.batches import Batches
from sim.results.blend import Blend
from sim.results.kernels import Kernels
from sim.results.laws import FloatArray, Term
from sim.results.parts import Parts
from sim.results.sample import QUANTILES, Sample, Statistics
from sim.results.totals import column_labels
from sim.variables import VARIABLES

_LEVELS = np.array(list(QUANTILES.values()))

_SPANS = ("buckets", "few")
_SLIGHT = 1e-3  # patients; an error below it is none
_WIDE = 4.0  # errors from which rounding to a whole number is as good as evenly spread


class Smoothed(Sample):
    """A population of which each draw gives the law, not a number.

    Parameters
    ----------
    like : draws of it with totals, [draw, + strata, year]; of no account but for name, unit and labels.
    batches : how draws fall into independent batches.
    kernels : what adds laws up.
    factors : what is averaged over besides, of each cell; see `Blend`.
    """

    has_chance = False

    def __init__(
        self, like: xr.DataArray, batches: Batches, kernels: Kernels, factors: Sequence[Sequence[FloatArray]]
    ) -> None:
        """Nothing is added yet."""
        self.name, self.draws = str(like.name), 0
        self.unit = str(like.attrs.get("unit", VARIABLES[self.name].unit))
        self.labels = column_labels(like)
        self._batches, self._rows = batches, max(batches.number, 1)
        self._shape = like.shape[1:]
        self._cells = [Blend(self._rows, kernels, factor) for factor in factors]
        self._read: tuple[Statistics, Sequence[Statistics], FloatArray] | None = None

    def add(
        self, laws: Sequence[Sequence[Term]], first_draw: int, at_mean: Sequence[Sequence[Term]] | None = None
    ) -> None:
        """Add neighbouring draws.

        Parameters
        ----------
        laws : of each cell the binomial counts that it is the sum of.
        first_draw : the number of the first.
        at_mean : the same with the factors at their mean; None where there are none.
        """
        self.draws += len(laws[0][0].n)
        for cell, terms, middle in zip(self._cells, laws, at_mean or laws, strict=True):
            cell.add(terms, first_draw % self._rows, middle)

    def parts(self) -> Parts:
        """What is added up so far, for `add_parts`."""
        return {"draws": np.array(self.draws), **packed(self._cells)}

    def add_parts(self, parts: Parts) -> None:
        """Add what the same population of other draws has added up."""
        self.draws += int(parts["draws"])
        add_packed(self._cells, parts)
        self._read = None

    def fresh(self) -> Self:
        """The same population with nothing added."""
        smoothed = copy.copy(self)
        smoothed.draws, smoothed._cells, smoothed._read = 0, [cell.fresh() for cell in self._cells], None
        return smoothed

    def whole(self) -> Statistics:
        """See `Sample.whole`; quantiles are the smallest whole numbers that reach their level."""
        return self._statistics()[0]

    def by_batch(self) -> Sequence[Statistics]:
        """See `Sample.by_batch`; quantiles lie between whole numbers."""
        return self._statistics()[1] if self._batches.number else []

    def errors(self, batches: Batches) -> Statistics:
        """See `Sample.errors`; of a quantile the error with which a whole number is right."""
        found = dict(super().errors(batches))
        for name, place in zip(QUANTILES, np.moveaxis(self._statistics()[2], -1, 0), strict=True):
            found[name] = np.where(self._is_smooth(), error_of_rounded(place, found[name]), np.nan)
        return found

    def _is_smooth(self) -> NDArray[np.bool_]:
        """Of which cells the errors of quantiles are known."""
        return np.reshape([cell.is_smooth() for cell in self._cells], self._shape)

    def _statistics(self) -> tuple[Statistics, Sequence[Statistics], FloatArray]:
        """Of all draws, of each batch, and by how much a level lies above its whole number: […, level]."""
        if self._read is None:
            reads = [cell.quantiles(_LEVELS) for cell in self._cells]
            mean, sd = ([part(cell) for cell in self._cells] for part in (Blend.mean, Blend.sd))
            rows = [
                self._named(
                    [own[1][row] for own in mean], [own[1][row] for own in sd], [read.by_row[row] for read in reads]
                )
                for row in range(self._rows)
            ]
            whole = self._named([own[0] for own in mean], [own[0] for own in sd], [read.whole for read in reads])
            away = np.array([read.between - read.whole for read in reads]).reshape(*self._shape, -1)
            self._read = whole, rows, away
        return self._read

    def _named(self, mean: Sequence[float], sd: Sequence[float], quantiles: Sequence[FloatArray]) -> Statistics:
        levels = np.array(quantiles).T.reshape(-1, *self._shape)
        first = {"mean": np.reshape(mean, self._shape), "sd": np.reshape(sd, self._shape)}
        return {**first, **dict(zip(QUANTILES, levels, strict=True))}


def error_of_rounded(away: FloatArray, error: FloatArray) -> FloatArray:
    """How far the whole number nearest to a place is from that nearest to its estimate, root mean square.

    Between two whole numbers an estimate may be off by one however small its own error; near one of them it is right in
    spite of it.

    Parameters
    ----------
    away : by how much the estimate lies above its whole number, up to 1/2: […].
    error : its standard error, normal: […]; NaN is unknown.
    """
    some = np.where(error > 0, error, np.nan)
    squared = np.zeros(np.shape(error))
    for number in range(1, int(6 * _WIDE) + 1):
        beyond = ndtr(-(number - 0.5 - away) / some) + ndtr(-(number - 0.5 + away) / some)
        squared += (2 * number - 1) * beyond
    found = np.sqrt(np.where(some > _WIDE, some**2 + away**2 + 1 / 12, squared))
    return np.where((error == 0) | (found < _SLIGHT), 0.0, found)


def packed(blends: Sequence[Blend]) -> Parts:
    """What blends have added up, to be sent or kept; their sums one after the other."""
    moments, *spans = zip(*(blend.sums() for blend in blends), strict=True)
    found = {"moments": np.array(moments)}
    for name, own in zip(_SPANS, spans, strict=True):
        found[f"{name}_at"] = np.array([(first, sums.shape[1]) for first, sums in own], np.int64)
        found[name] = np.concatenate([sums for _, sums in own], axis=1)
    return found


def add_packed(blends: Sequence[Blend], parts: Parts) -> None:
    """Add what `packed` gave of blends of the same buckets."""
    starts = dict.fromkeys(_SPANS, 0)
    for cell, (blend, moments) in enumerate(zip(blends, parts["moments"], strict=True)):
        own = []
        for name in _SPANS:
            first, size = parts[f"{name}_at"][cell].tolist()
            own.append((first, parts[name][:, starts[name] : starts[name] + size]))
            starts[name] += size
        blend.add_sums(moments, *own)
