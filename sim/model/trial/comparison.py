"""Tests of two proportions, two-sided: Fisher's exact, Pearson's chi-square, and Cochran, Mantel and Haenszel's.

Fisher 1935 (J R Stat Soc 98), two-sided by the sum of the probabilities no greater than the observed one; Pearson 1900
(Philos Mag 50) without continuity correction; Cochran 1954 (Biometrics 10) and Mantel & Haenszel 1959 (J Natl Cancer
Inst 22) without correction. A single arm is tested by the exact binomial test against a reference.

The first two know their answer for every pair of counts beforehand, as a table for each pair of sizes; so does their
power, which is added up over the table and not sampled.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, gammaln, xlog1py, xlogy

from sim.draws.streams import FloatArray
from sim.model.trial.plan import IntArray

BoolArray = NDArray[np.bool_]
Numbers = IntArray | FloatArray
Tabled = Literal["fisher", "pearson"]
Counted = IntArray | FloatArray
Comparison = Literal["fisher", "pearson", "stratified"]

_TABLES = 512
"""Pairs of sizes whose answers are kept; each size of a control arm brings one."""

_TIE = 1e-7
"""Relative difference below which two probabilities are the same number, so that rounding splits no tie."""


def rejects(test: Comparison, x1: IntArray, n1: IntArray, x2: IntArray, n2: IntArray, alpha: float) -> BoolArray:
    """Whether the test finds a difference between two arms, in either direction.

    Parameters
    ----------
    test : which one; "stratified" compares within strata, the others add their patients up.
    x1, x2 : patients with the endpoint, [draw] or [draw, stratum].
    n1, n2 : patients, in the same shape; an arm of none shows no difference.
    alpha : the two-sided level.

    Returns
    -------
    [draw].
    """
    if test == "stratified":
        surplus, variance = mantel_haenszel(x1, n1, x2, n2)
        return surplus**2 > chdtri(1.0, alpha) * variance
    x1, n1, x2, n2 = (_added(counts) for counts in (x1, n1, x2, n2))
    found = np.zeros(x1.shape, dtype=bool)
    for first, second, draws in _by_size(n1, n2):
        found[draws] = _table(test, first, second, alpha)[x1[draws], x2[draws]]
    return found


def succeeds(test: Comparison, x1: IntArray, n1: IntArray, x2: IntArray, n2: IntArray, alpha: float) -> BoolArray:
    """Whether the test finds a difference and the first arm does better; as `rejects`.

    By Pearson's test, one success more never loses. By Fisher's it may where the arms are unequal, as the other tail
    may grow faster than this one shrinks: 8 of 71 against 0 of 54 succeeds at 1 %, and 9 of 71 does not. By the
    stratified test it may where a stratum has many of one arm and few of the other.
    """
    if test == "stratified":
        better = mantel_haenszel(x1, n1, x2, n2)[0] > 0
    else:
        better = _added(x1) * _added(n2) > _added(x2) * _added(n1)
    return better & rejects(test, x1, n1, x2, n2, alpha)


def power(
    test: Tabled, p1: FloatArray, n1: IntArray, p2: FloatArray, n2: IntArray, alpha: float, better: bool = False
) -> FloatArray:
    """The probability that a test rejects, added up over all counts.

    Parameters
    ----------
    test : which one.
    p1, p2 : probability of the endpoint in each arm, [draw].
    n1, n2 : patients of each arm, [draw].
    alpha : the two-sided level.
    better : count only where the first arm does better, which is the chance of success.

    Returns
    -------
    [draw].
    """
    return power_of_each([(test, alpha)], p1, n1, p2, n2, better)[0]


def power_of_each(
    tests: Sequence[tuple[Tabled, float]], p1: FloatArray, n1: IntArray, p2: FloatArray, n2: IntArray, better: bool
) -> list[FloatArray]:
    """The same for several tests of the same arms.

    Parameters
    ----------
    tests : each with its two-sided level.
    p1, n1, p2, n2, better : as of `power`.

    Returns
    -------
    [draw] each.
    """
    found = [np.zeros(p1.shape) for _ in tests]
    for first, second, draws in _by_size(n1, n2):
        of_first, of_second = _binomial(first, p1[draws]), _binomial(second, p2[draws])
        for (test, alpha), shares in zip(tests, found, strict=True):
            counted = _table(test, first, second, alpha)
            if better:
                counted = counted & _first_better(first, second)
            shares[draws] = np.einsum("ij,ij->i", of_first @ counted.astype(np.float64), of_second)
    return found


def rejects_reference(x: IntArray, n: IntArray, reference: float, alpha: float) -> BoolArray:
    """Whether the exact binomial test finds a single arm different from a reference.

    Parameters
    ----------
    x, n : patients with the endpoint and all, [draw].
    reference : the share under the null hypothesis.
    alpha : the two-sided level.

    Returns
    -------
    [draw].
    """
    found = np.zeros(x.shape, dtype=bool)
    for size, _, draws in _by_size(n, n):
        found[draws] = _against(size, reference, alpha)[x[draws]]
    return found


def succeeds_reference(x: IntArray, n: IntArray, reference: float, alpha: float) -> BoolArray:
    """Whether the exact binomial test finds a single arm better than a reference; as `rejects_reference`."""
    return (x > n * reference) & rejects_reference(x, n, reference, alpha)


def power_reference(p: FloatArray, n: IntArray, reference: float, alpha: float, better: bool = False) -> FloatArray:
    """The probability that the exact binomial test rejects, added up over all counts: [draw]; as `power`."""
    found = np.zeros(p.shape)
    for size, _, draws in _by_size(n, n):
        counted = _against(size, reference, alpha)
        if better:
            counted = counted & (np.arange(size + 1) > size * reference)
        found[draws] = _binomial(size, p[draws]) @ counted.astype(np.float64)
    return found


def mantel_haenszel(x1: Counted, n1: Counted, x2: Counted, n2: Counted) -> tuple[FloatArray, FloatArray]:
    """The first arm's surplus over what its strata lead one to expect, and the variance of that: [draw] each.

    Parameters
    ----------
    x1, x2 : patients with the endpoint, [draw, stratum], or [draw] for one stratum; expected numbers will do.
    n1, n2 : patients, in the same shape.
    """
    strata = np.stack([counts.reshape(len(counts), -1) for counts in (x1, n1, x2, n2)]).astype(np.float64)
    events, patients = strata[0] + strata[2], strata[1] + strata[3]
    some, several = np.maximum(patients, 1.0), np.maximum(patients - 1.0, 1.0)
    surplus = strata[0] - strata[1] * events / some
    variance = strata[1] * strata[3] * events * (patients - events) / (some**2 * several)
    return surplus.sum(axis=-1), variance.sum(axis=-1)


@lru_cache(maxsize=_TABLES)
def _table(test: Tabled, n1: int, n2: int, alpha: float) -> BoolArray:
    """Whether the test rejects, for every pair of counts: [count of the first, count of the second]."""
    return _fisher(n1, n2, alpha) if test == "fisher" else _pearson(n1, n2, alpha)


def _fisher(n1: int, n2: int, alpha: float) -> BoolArray:
    """The hypergeometric distribution of the first count given both: a row for each sum of the two."""
    events, first = np.arange(n1 + n2 + 1)[:, None], np.arange(n1 + 1)
    second = events - first
    possible = (second >= 0) & (second <= n2)
    chance = _log_choose(n1)[first] + _log_choose(n2)[np.where(possible, second, 0)] - _log_choose(n1 + n2)[events]
    rejected = _least_likely(np.where(possible, np.exp(chance), 0.0), alpha)
    return np.asarray(rejected[first[:, None] + np.arange(n2 + 1), first[:, None]])


def _pearson(n1: int, n2: int, alpha: float) -> BoolArray:
    first, second = np.arange(n1 + 1.0)[:, None], np.arange(n2 + 1.0)
    events, patients = first + second, float(n1 + n2)
    spread = n1 * n2 * events * (patients - events)
    return np.asarray(patients * (first * n2 - second * n1) ** 2 > chdtri(1.0, alpha) * spread)


@lru_cache(maxsize=_TABLES)
def _against(n: int, reference: float, alpha: float) -> BoolArray:
    """Whether the exact binomial test rejects, for every count: [count]."""
    return np.asarray(_least_likely(_binomial(n, np.array([reference])), alpha)[0])


def _least_likely(chance: FloatArray, alpha: float) -> BoolArray:
    """Of the values of each row, those that with all as unlikely or more so add up to alpha at most: [row, value].

    Sorted from the least likely on, the running sum first passes alpha at some value; what is below that is rejected.
    """
    rising = np.sort(chance, axis=-1)
    passes = (rising.cumsum(axis=-1) > alpha * (1.0 + _TIE)).argmax(axis=-1)
    bound = np.take_along_axis(rising, passes[:, None], axis=-1)
    return np.asarray(chance * (1.0 + _TIE) < bound)


def _first_better(n1: int, n2: int) -> BoolArray:
    """Where the first arm's share is the greater one: [count of the first, count of the second]."""
    return np.arange(n1 + 1)[:, None] * n2 > np.arange(n2 + 1) * n1


def _binomial(n: int, p: FloatArray) -> FloatArray:
    """The probability of every count: [draw, count]."""
    count = np.arange(n + 1.0)
    chance: FloatArray = np.exp(_log_choose(n) + xlogy(count, p[:, None]) + xlog1py(n - count, -p[:, None]))
    return chance


def _log_choose(n: int) -> FloatArray:
    """Logarithms of the binomial coefficients: [count]."""
    count = np.arange(n + 1.0)
    logs: FloatArray = gammaln(n + 1.0) - gammaln(count + 1.0) - gammaln(n - count + 1.0)
    return logs


def _added(counts: IntArray) -> IntArray:
    """Patients of all strata together: [draw]."""
    return counts if counts.ndim == 1 else counts.sum(axis=-1)


def _by_size(n1: IntArray, n2: IntArray) -> Iterator[tuple[int, int, NDArray[np.intp]]]:
    """Draws whose arms have the same sizes, which both are some: sizes and places of the draws."""
    order = np.lexsort((n2, n1))
    sizes = np.stack([n1[order], n2[order]])
    starts = np.flatnonzero((np.diff(sizes, axis=-1) != 0).any(axis=0)) + 1
    for draws in np.split(order, starts):
        if draws.size and min(n1[draws[0]], n2[draws[0]]) > 0:
            yield int(n1[draws[0]]), int(n2[draws[0]]), draws
