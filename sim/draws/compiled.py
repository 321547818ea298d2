"""Counts of whole patients by compiled code: the same integers as without a compiler, many times faster.

A count goes through as many ways as it takes until one is sure of it: in single precision, which settles most; in
double precision; and by the distribution function, as `sim.draws.counts` does. Each knows the bound of its own error,
so what comes out hangs neither on the way nor on the last bits of its arithmetic.
"""

import numpy as np
from numba import njit

from sim.draws import doubles, lanes
from sim.draws.counts import Counts, binomial_quantile
from sim.draws.doubles import decide, uniform_of, uniforms
from sim.draws.lanes import placed, upper_words
from sim.draws.singles import USUAL, Rates, Singles, Whole, Words, rates_of
from sim.draws.streams import FloatArray

_BLOCK = 1024
"""Draws of a cell that go through all steps together, so that they stay in the fastest cache; a multiple of 4."""

_FEW = 64
"""Draws among which it is looked for one in doubt."""

_LARGEST = 1 << 30
"""Patients up to which there is compiled code: more than there may be transplants."""


@njit(nogil=True, cache=True)
def _lowest(values: Whole) -> int:
    low = values[0]
    for place in range(len(values)):
        low = min(low, values[place])
    return int(low)


@njit(nogil=True, cache=True)
def _is_usual(n: int, p: float) -> bool:
    return n * p * (1.0 - p) >= USUAL[0] and n * p <= USUAL[1]


@njit(nogil=True, cache=True)
def _listed(out: Whole, cell: int, start: int, doubtful: Counts, listed: int) -> int:
    """List the doubtful draws of a block as cell and draw, as many as there is room for; how many are listed now."""
    for first in range(0, len(out), _FEW):  # most such groups have none
        stop = min(first + _FEW, len(out))
        if _lowest(out[first:stop]) < 0:
            for place in range(first, stop):
                if out[place] < 0:
                    if listed < len(doubtful):
                        doubtful[listed, 0], doubtful[listed, 1] = cell, start + place
                    listed += 1
    return listed


@njit(nogil=True, cache=True, error_model="numpy")
def _few(u: FloatArray, n: Whole, p: FloatArray, room: FloatArray, numbers: Counts, out: Whole) -> None:
    """Counts of a block in double precision; -1 where one is in doubt."""
    patients, found = numbers[0, : len(u)], numbers[1, : len(u)]
    for place in range(len(u)):
        patients[place] = n[place]
    decide(u, patients, p, room, found)
    for place in range(len(u)):
        out[place] = found[place]


@njit(nogil=True, cache=True, error_model="numpy")
def _lanes(
    keys: Words, years: Counts, first_draw: int, n: Whole, at: Counts, p: FloatArray, single: Singles, row: Counts,
    out: Whole, doubtful: Counts,
) -> int:  # fmt: skip
    """Counts of cells, in single precision where that is worth while.

    How many are in doubt; they are listed as far as there is room.
    """
    draws, ahead = n.shape[1], first_draw % 4
    words, room = np.empty(_BLOCK + 8, np.uint32), np.empty((lanes.ROOM, _BLOCK), np.float32)
    real, numbers = np.empty((1 + doubles.ROOM, _BLOCK + 8)), np.empty((2, _BLOCK), np.int64)
    listed = 0
    for start in range(0, draws, _BLOCK):
        size = min(_BLOCK, draws - start)
        some, wide = slice(start, start + size), (size + ahead + 3) // 4 * 4
        for cell in range(len(keys)):
            own, target, rate = n[at[cell], some], out[at[cell], some], row[cell]
            if _is_usual(own[0], single[0, rate, start]):
                upper_words(words[:wide], (first_draw + start) // 4, years[cell], keys[cell, 0], keys[cell, 1])
                share, t, d = single[0, rate, some], single[1, rate, some], single[2, rate, some]
                placed(words[ahead : ahead + size], own, share, t, d, room, target)
            else:
                uniforms(real[0, :wide], (first_draw + start) // 4, years[cell], keys[cell, 0], keys[cell, 1])
                _few(real[0, ahead : ahead + size], own, p[rate, some], real[1:], numbers, target)
            listed = _listed(target, cell, start, doubtful, listed)
    return listed


@njit(nogil=True, cache=True, error_model="numpy")
def _decided(u: FloatArray, n: Counts, p: FloatArray, out: Counts) -> None:
    """Counts in double precision, [lane]; -1 where one is in doubt."""
    room = np.empty((doubles.ROOM, _BLOCK))
    for start in range(0, len(u), _BLOCK):
        some = slice(start, min(start + _BLOCK, len(u)))
        decide(u[some], n[some], p[some], room, out[some])


@njit(nogil=True, cache=True, error_model="numpy")
def _again(
    keys: Words, years: Counts, first_draw: int, n: Whole, at: Counts, p: FloatArray, row: Counts, out: Whole,
    doubtful: Counts, u: FloatArray,
) -> int:  # fmt: skip
    """Listed counts in double precision; the list is left with those that are in doubt yet, and their number."""
    size = len(doubtful)
    patients, shares, found = np.empty(size, np.int64), np.empty(size), np.empty(size, np.int64)
    for place in range(size):
        cell, draw = doubtful[place]
        u[place] = uniform_of(first_draw + draw, years[cell], keys[cell, 0], keys[cell, 1])
        patients[place], shares[place] = n[at[cell], draw], p[row[cell], draw]
    _decided(u, patients, shares, found)
    left = 0
    for place in range(size):
        cell, draw = doubtful[place]
        out[at[cell], draw] = found[place]
        if found[place] < 0:
            doubtful[left, 0], doubtful[left, 1], u[left] = cell, draw, u[place]
            left += 1
    return left


def count_into(
    keys: Words, years: Counts, first_draw: int, n: Whole, at: Counts, rates: Rates, row: Counts, out: Whole
) -> None:
    """See `sim.draws.singles.count_into`."""
    doubtful = np.empty((max(len(at) * n.shape[1] // 64, 1024), 2), np.int64)
    listed = int(_lanes(keys, years, first_draw, n, at, *rates, row, out, doubtful))
    if listed > len(doubtful):
        doubtful = np.empty((listed, 2), np.int64)
        _lanes(keys, years, first_draw, n, at, *rates, row, out, doubtful)
    u = np.empty(listed)
    left = int(_again(keys, years, first_draw, n, at, rates.p, row, out, doubtful[:listed], u))
    if left:
        cell, draw = doubtful[:left].T
        out[at[cell], draw] = binomial_quantile(u[:left], n[at[cell], draw].astype(np.int64), rates.p[row[cell], draw])


def count(keys: Words, years: Counts, first_draw: int, n: Counts, p: FloatArray, row: Counts) -> Counts:
    """The same of cells one by one, [cell, draw]: what `binomial_quantile` gives of the streams' uniform numbers."""
    out = np.empty(n.shape, np.int32)
    count_into(keys, years, first_draw, n.astype(np.int32), np.arange(len(n)), rates_of(p), row, out)
    return out.astype(np.int64)


def quantile(u: FloatArray, n: Counts, p: FloatArray) -> Counts:
    """`binomial_quantile` of arrays alike in shape, with one dimension, by compiled code."""
    words, single, out = (u * 2.0**32).astype(np.uint32), rates_of(p).single, np.empty(len(u), np.int32)
    _placed(words, np.minimum(n, _LARGEST).astype(np.int32), single, out)
    found = np.where(n > _LARGEST, -1, out.astype(np.int64))
    for way in (_decided, _by_distribution):
        left = np.flatnonzero(found < 0)
        again = np.empty(len(left), np.int64)
        way(u[left], n[left], p[left], again)
        found[left] = again
    return found


def _by_distribution(u: FloatArray, n: Counts, p: FloatArray, out: Counts) -> None:
    out[:] = binomial_quantile(u, n, p)


@njit(nogil=True, cache=True, error_model="numpy")
def _placed(words: Words, n: Whole, single: Singles, out: Whole) -> None:
    """Counts in single precision, [lane]; -1 where one is in doubt."""
    room = np.empty((lanes.ROOM, _BLOCK), np.float32)
    for start in range(0, len(words), _BLOCK):
        some = slice(start, min(start + _BLOCK, len(words)))
        placed(words[some], n[some], single[0, some], single[1, some], single[2, some], room, out[some])
