"""The average over the draws of a count's law given each draw: what the count is, all in all.

Laws that vary are put together by their mean, in buckets half a standard deviation wide or less, of which only the
first cumulants are kept: a bucket is a law of its own. So memory does not grow with the draws, and adding is all there
is to putting portions together. Laws that hardly vary are added up number by number.
"""

import copy
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from sim.results.factor import averaged_over, lowest, mean_square
from sim.results.kernels import Kernels
from sim.results.laws import FEW, Counts, FloatArray, Term, cumulants, distribution, powers, probabilities

_FINENESS = 2.0
"""Buckets for a standard deviation of the law that is the narrowest for its mean."""

MOST_BUCKETS = 512
"""Buckets at most among the first draws; a count that spreads over more of them has wider ones."""

_ROOM = 8  # buckets, or numbers, that a range is extended by, besides half of itself
_GAP = 2.5  # standard deviations, over the number of draws, that these lie apart in the middle of a bell
_FAR = 12.0  # standard deviations from a mean within which all of a law lies
_THIN = 1e-9  # density below which Newton's steps are not taken
_LONG = 40  # steps after which a search halves its bracket


class Read(NamedTuple):
    """Quantiles of a blend.

    Attributes
    ----------
    whole : the smallest whole numbers whose distribution function is at least the level: [level].
    between : where the level is met when each number is spread evenly over half a one on either side: [level].
    by_row : the same in each row, to first order: [row, level].
    """

    whole: FloatArray
    between: FloatArray
    by_row: FloatArray


class _Span:
    """Sums over whole places, which grow with what is added: [row, place]."""

    def __init__(self, rows: int) -> None:
        self.first, self.sums = 0, np.zeros((rows, 0))

    def make_room(self, low: int, high: int) -> None:
        """Hold these places too."""
        size = self.sums.shape[1]
        if size and low >= self.first and high < self.first + size:
            return
        if size:
            low, high = min(low, self.first), max(high, self.first + size - 1)
        room = (high - low) // 2 + _ROOM
        sums = np.zeros((len(self.sums), high - low + 1 + 2 * room))
        sums[:, self.first - low + room :][:, :size] = self.sums
        self.first, self.sums = low - room, sums

    def add(self, first: int, sums: FloatArray) -> None:
        """Add sums over neighbouring places: [row, place]."""
        if size := sums.shape[1]:
            self.make_room(first, first + size - 1)
            self.sums[:, first - self.first : first - self.first + size] += sums


class Blend:
    """The blend of one count, as a whole and in each of several rows.

    Parameters
    ----------
    rows : draw after draw belongs to row after row.
    kernels : what adds laws to buckets.
    factor : independent quantities, over whose product is averaged where counts vary enough for that; see
        `averaged_over`.
    """

    def __init__(self, rows: int, kernels: Kernels, factor: Sequence[FloatArray] = ()) -> None:
        """Nothing is added yet."""
        self._rows, self._kernels, self._factor = rows, kernels, factor
        self._origin, self._fineness, self._is_begun = 0.0, _FINENESS, False
        self._moments = np.zeros((4, rows))  # draws, mean and its square from the origin, variance
        self._buckets, self._few = _Span(2 * rows + 5), _Span(rows)

    def add(self, terms: Sequence[Term], first_row: int, at_mean: Sequence[Term] = ()) -> None:
        """Add the laws of neighbouring draws.

        Parameters
        ----------
        terms : binomial counts that the count is the sum of, in each draw.
        first_row : of the first draw.
        at_mean : the same with the factor at its mean.
        """
        if not self._is_begun:
            self._begin(terms, at_mean)
        laws = powers(at_mean if self._factor else terms)
        variance = laws[0] - laws[1]
        values, origin = np.array([laws[0], variance]), np.array([self._origin, 0.0])
        number, total, squares = self._kernels.moments(values, origin, first_row, self._rows)
        self._moments += number[:, 0], total[:, 0], squares[:, 0], total[:, 1]
        row = (first_row + np.arange(len(variance))) % self._rows
        few = np.zeros(len(row), np.bool_) if self._factor else variance < FEW
        if few.any():
            self._add_few([Term(n[few], p[few]) for n, p in terms], row[few])
        if not few.all():
            self._add_many(laws[:, ~few], row[~few])

    def _begin(self, terms: Sequence[Term], at_mean: Sequence[Term]) -> None:
        """Fix by the first laws whether the factor is averaged over, and the width of buckets."""
        laws = powers(at_mean if self._factor else terms)
        if self._factor and (laws[0] - laws[1]).min() * lowest(self._factor) < FEW:
            self._factor, laws = (), powers(terms)
        mean, variance, self._is_begun = laws[0], laws[0] - laws[1], True
        self._origin, some = float(mean[0]), variance >= FEW
        if some.any():
            narrow = float((mean[some] / np.sqrt(variance[some])).max())
            span = float(np.ptp(np.log(mean[some])))
            self._fineness = min(_FINENESS * narrow, MOST_BUCKETS / max(span, 1e-3))

    def fresh(self) -> "Blend":
        """A blend of the same buckets with nothing added."""
        blend = copy.copy(self)
        blend._moments = np.zeros_like(self._moments)
        blend._buckets, blend._few = _Span(len(self._buckets.sums)), _Span(self._rows)
        return blend

    def sums(self) -> tuple[FloatArray, tuple[int, FloatArray], tuple[int, FloatArray]]:
        """Moments, [4, row], and the sums over buckets and over numbers, [row, place], with the first place of each."""
        return self._moments, (self._buckets.first, self._buckets.sums), (self._few.first, self._few.sums)

    def add_sums(self, moments: FloatArray, buckets: tuple[int, FloatArray], few: tuple[int, FloatArray]) -> None:
        """Add what `sums` gave of a blend of the same buckets."""
        self._moments += moments
        self._buckets.add(*buckets)
        self._few.add(*few)

    def _add_few(self, terms: Sequence[Term], row: Counts) -> None:
        base, weight = probabilities(terms)
        if not base.any():  # as where most do not go on, and all begin at none
            self._few.make_room(0, len(weight) - 1)
            first = -self._few.first
            member = (row[:, None] == np.arange(self._rows)).astype(np.float64)
            self._few.sums[:, first : first + len(weight)] += (weight @ member).T
            return
        number = np.maximum(base + np.arange(len(weight))[:, None], 0)  # below 0 there is no weight
        self._few.make_room(int(number.min()), int(number.max()))
        _, size = self._few.sums.shape
        place = row * size + number - self._few.first
        self._few.sums += np.bincount(place.ravel(), weight.ravel(), self._rows * size).reshape(self._rows, size)

    def _add_many(self, laws: FloatArray, row: Counts) -> None:
        bucket = np.floor(np.log(laws[0]) * self._fineness).astype(np.int64)
        self._buckets.make_room(int(bucket.min()), int(bucket.max()))
        self._kernels.buckets(bucket - self._buckets.first, row, laws, self._buckets.sums)

    def mean(self) -> tuple[float, FloatArray]:
        """The mean, and that of each row: [row]."""
        number, total = self._moments[:2]
        return self._origin + float(total.sum() / number.sum()), self._origin + total / number

    def sd(self) -> tuple[float, FloatArray]:
        """The standard deviation, and that of each row, [row]: variances within draws and of their means."""
        of_all, by_row = (self._spread(moments) for moments in (self._moments.sum(axis=1), self._moments))
        return float(of_all), by_row

    def _spread(self, moments: FloatArray) -> FloatArray:
        """The standard deviation from the moments of laws at the factor's mean: [4, …] → […].

        With the mean square m of a factor of mean 1 it is that of a mixture: mean squares grow m times, means do not.
        """
        number, total, squares, within = moments
        between = np.maximum(squares - np.square(total) / number, 0.0) / np.maximum(number - 1, 1)
        m, mean = mean_square(self._factor), self._origin + total / number
        return np.asarray(np.sqrt(m * (between + within / number) + (m - 1.0) * mean * (mean - 1.0)))

    def is_smooth(self) -> bool:
        """Whether laws are wide enough to close the gaps between those of neighbouring draws, in each row.

        Where they are not, as where all that is uncertain is the volume, the distribution function goes up in steps,
        and its scatter says nothing of where a step lies.
        """
        number, _, _, within = self._moments
        gap = _GAP * self.sd()[0] * self._rows / number.sum()
        return bool(np.sqrt(within.sum() / number.sum()) >= gap)

    def quantiles(self, levels: FloatArray) -> Read:
        """The whole numbers at which the distribution function passes some levels, [level]."""
        sums = self._buckets.sums
        if self._factor:
            sums = averaged_over(sums, self._fineness, self._factor)
        law = _Law(self._moments[0], self._few, sums)
        below, high, above = law.bracket(levels)
        step = above - below
        between = high - 0.5 + (levels - below) / step
        return Read(high, between, high + 0.5 + (levels - law.by_row(high)) / step)


class _Law:
    """The distribution function of a blend, as a whole and in each row.

    Parameters
    ----------
    draws : of each row: [row].
    few : probabilities of numbers: [row, number].
    sums : over buckets, as `Kernels.buckets` has them.
    """

    def __init__(self, draws: FloatArray, few: _Span, sums: FloatArray) -> None:
        rows = len(draws)
        self._draws, self._first, self._few = draws, few.first, np.cumsum(few.sums, axis=1)
        sums = sums[:, sums[:rows].any(axis=0)]
        self._number, total = sums[:rows], sums[rows : 2 * rows]
        self._all = self._number.sum(axis=0)
        mean, squares, products, *others = np.vstack([total.sum(axis=0), sums[2 * rows :]]) / self._all
        _, variance, third, fourth = cumulants((mean, *others))
        scatter, together = np.maximum(squares - mean**2, 0.0), products - mean * others[0]
        q = variance / mean
        fifth = variance * (2.0 * q - 1.0) * (1.0 - 12.0 * q * (1.0 - q))
        self._laws = (mean, variance + scatter, third + 3.0 * (scatter - together), fourth, fifth)
        self._shift = total - self._number * mean  # by which a row's own laws lie above those of all

    def _of_few(self, k: FloatArray) -> FloatArray:
        """Draws whose law hardly varies, up to these numbers: [row, k]."""
        if not self._few.shape[1]:
            return np.zeros((len(self._draws), len(k)))
        place = k.astype(np.int64) - self._first
        found = self._few[:, np.clip(place, 0, self._few.shape[1] - 1)]
        return np.where(place < 0, 0.0, found)

    def __call__(self, k: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The distribution function at whole numbers, and its density, roughly: [k] each."""
        below, density = distribution(k[:, None], self._laws)
        few, before = (self._of_few(place).sum(axis=0) for place in (k, k - 1))
        draws = self._draws.sum()
        return (few + below @ self._all) / draws, (few - before + density @ self._all) / draws

    def by_row(self, k: FloatArray) -> FloatArray:
        """The distribution function of each row: [row, k]."""
        below, density = distribution(k[:, None], self._laws)
        found = self._of_few(k) + self._number @ below.T - self._shift @ density.T
        return np.asarray(found / self._draws[:, None])

    def _guess(self, levels: FloatArray) -> FloatArray:
        """Where levels are passed by the draws' means, drawn out to the spread of all."""
        few = self._few.sum(axis=0)
        place = np.concatenate([np.arange(len(few)) + float(self._first), self._laws[0]])
        weight = np.concatenate([np.diff(few, prepend=0.0), self._all]) / self._draws.sum()
        middle = weight @ place
        between = weight @ (place - middle) ** 2
        within = self._all @ self._laws[1] / self._draws.sum()
        passed = np.interp(levels, np.cumsum(weight) - weight / 2, place)
        if between <= within:
            return np.asarray(middle + ndtri(levels) * np.sqrt(between + within))
        return np.asarray(middle + (passed - middle) * np.sqrt(1.0 + within / between))

    def bracket(self, levels: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The smallest whole numbers that reach some levels, between the distribution function below and at them.

        Newton's steps, held between what is known to be below and above, which are halved where steps do not end.
        """
        most = [self._first + self._few.shape[1], *(self._laws[0] + _FAR * np.sqrt(self._laws[1]))]
        low, high = np.full(len(levels), -1.0), np.full(len(levels), np.ceil(max(most)))
        below, above = np.zeros(len(levels)), np.ones(len(levels))
        k = np.floor(self._guess(levels))
        steps = 0
        while (going := high - low > 1).any():
            k = np.clip(k, low + 1, high - 1)
            found, density = self(k)
            is_above = found >= levels
            rises, falls = going & is_above, going & ~is_above
            high, above = np.where(rises, k, high), np.where(rises, found, above)
            low, below = np.where(falls, k, low), np.where(falls, found, below)
            step = np.divide(levels - found, density, where=density > _THIN, out=np.zeros(len(k)))
            stepped = k + np.where(is_above, np.minimum(np.floor(step), -1.0), np.maximum(np.ceil(step), 1.0))
            steps += 1
            k = stepped if steps < _LONG else np.floor((low + high) / 2)
        return below, high, above
