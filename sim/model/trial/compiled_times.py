"""When patients come, by compiled code: the loops of `sim.model.trial.compiled_enrolment`.

Where sites open at full speed and stay there, and the calendar changes nothing, the cumulative intensity is the sum of
w max(t - a, 0) over sites that open at a: convex, so that Newton's steps come down from the horizon to the month at
which it reaches a level, through all sites in any order, and mostly in one step where all have opened by then. For any
other course, and for every patient, the sites are put in order and the segments between changes are walked once.
"""

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.draws.doubles import uniforms
from sim.draws.streams import FloatArray
from sim.model.trial.compiled_walk import walk

Places = NDArray[np.int64]

_BLOCK = 576
"""Draws that go through the loops together, so that they stay in the fastest cache; a multiple of 64."""

_SORTED = 120
"""Draws whose sites are put in order together; no power of 2."""

_FACTORS = 16
"""Uniform numbers that are multiplied before powers of two are taken out: 2**-53 to this power is still a number."""


@njit(nogil=True, cache=True, error_model="numpy")
def levels(key: NDArray[np.uint32], first_draw: int, places: Places, out: FloatArray) -> None:
    """The operational time at which some patients come: running sums of unit exponentials.

    Parameters
    ----------
    key : of the stream, [2]; patient j has the number of its place j.
    first_draw : the number of the first draw.
    places : of the patients wanted, counted from 1, rising, [place].
    out : [place, draw].
    """
    draws, ahead = out.shape[1], first_draw % 4
    room, product, exponent, fraction = np.empty(_BLOCK + 8), np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    for start in range(0, draws, _BLOCK):
        size = min(_BLOCK, draws - start)
        words = room[: (size + ahead + 3) // 4 * 4]
        own, power = product[:size], exponent[:size]
        own[:], power[:] = 1.0, 0.0
        patient = 0
        for place in range(len(places)):
            while patient < places[place]:
                uniforms(words, (first_draw + start) // 4, patient, key[0], key[1])
                _multiply(own, words[ahead : ahead + size])
                patient += 1
                if patient % _FACTORS == 0:
                    _take_powers(own, power)
            _logarithm(own, power, fraction[:size], out[place, start : start + size])


@njit(nogil=True, cache=True, error_model="numpy")
def _multiply(product: FloatArray, by: FloatArray) -> None:
    for i in range(len(product)):
        product[i] *= by[i]


@njit(nogil=True, cache=True, error_model="numpy")
def _take_powers(product: FloatArray, power: FloatArray) -> None:
    """Of products, [draw], put what powers of two they hold with those before; what is left is from 1 to 2."""
    bits = product.view(np.int64)
    for i in range(len(product)):
        power[i] += np.float64((bits[i] >> 52) - 1023)
        bits[i] = (bits[i] & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000


@njit(nogil=True, cache=True, error_model="numpy")
def _logarithm(product: FloatArray, power: FloatArray, fraction: FloatArray, out: FloatArray) -> None:
    """Minus the logarithm of products times powers of two: [draw] each.

    Of the power of two, and of what it is multiplied by, from sqrt(1/2) to sqrt(2), by the series of artanh.
    """
    bits, rest = product.view(np.int64), fraction.view(np.int64)
    for i in range(len(product)):
        out[i] = power[i] + np.float64((bits[i] >> 52) - 1023)
        rest[i] = (bits[i] & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000
    for i in range(len(product)):
        is_large = fraction[i] > 1.4142135623730951
        within, twos = fraction[i] * 0.5 if is_large else fraction[i], out[i] + 1.0 if is_large else out[i]
        s = (within - 1.0) / (within + 1.0)
        s2 = s * s
        series = 1 / 13 + s2 * (1 / 15 + s2 * (1 / 17 + s2 * (1 / 19 + s2 * (1 / 21))))
        series = 1 / 3 + s2 * (1 / 5 + s2 * (1 / 7 + s2 * (1 / 9 + s2 * (1 / 11 + s2 * series))))
        out[i] = -(twos * 0.6931471805599453 + 2.0 * (s + s * s2 * series))


@njit(nogil=True, cache=True, error_model="numpy")
def at_full_speed(opening: FloatArray, weight: FloatArray, level: FloatArray, horizon: float, out: FloatArray) -> None:
    """The months at which some levels are reached by sites at full speed.

    Parameters
    ----------
    opening : months, [site, draw].
    weight : patients per month, [site, draw].
    level : patients expected, rising, [place, draw].
    horizon : months; nobody comes after it.
    out : months, infinite where a level is not reached, [place, draw].
    """
    draws = opening.shape[1]
    speed, due, latest = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    month = np.empty(_BLOCK)
    for start in range(0, draws, _BLOCK):
        size = min(_BLOCK, draws - start)
        p, c, last, t = speed[:size], due[:size], latest[:size], month[:size]
        t[:] = horizon
        for place in range(len(level) - 1, -1, -1):
            is_found = False
            while not is_found:
                p[:], c[:], last[:] = 0.0, 0.0, -np.inf
                for site in range(len(opening)):
                    _add(opening[site, start : start + size], weight[site, start : start + size], t, p, c, last)
                is_found = _step(level[place, start : start + size], p, c, last, t)
            _bound(t, horizon, out[place, start : start + size])


@njit(nogil=True, cache=True, error_model="numpy")
def _add(a: FloatArray, w: FloatArray, t: FloatArray, speed: FloatArray, due: FloatArray, latest: FloatArray) -> None:
    """Add a site where it opens before t: its patients a month, and these times its opening; [draw] each."""
    for i in range(len(t)):
        is_open = a[i] < t[i]
        own, begun = w[i] if is_open else 0.0, a[i] if is_open else 0.0
        speed[i] += own
        due[i] += own * begun
        latest[i] = max(latest[i], begun)


@njit(nogil=True, cache=True, error_model="numpy")
def _step(level: FloatArray, speed: FloatArray, due: FloatArray, latest: FloatArray, t: FloatArray) -> bool:
    """One of Newton's steps, [draw] each: whether all sites of all draws open before what was found.

    It stays where a level is never reached.
    """
    late = 0
    for i in range(len(t)):
        found = (level[i] + due[i]) / speed[i]
        t[i] = found if found < t[i] else t[i]
        late += t[i] < latest[i]
    return late == 0


@njit(nogil=True, cache=True, error_model="numpy")
def _bound(t: FloatArray, horizon: float, month: FloatArray) -> None:
    """Months as found; infinite where the steps stayed at the horizon."""
    for i in range(len(t)):
        month[i] = t[i] if t[i] < horizon else np.inf


@lru_cache
def network(sites: int) -> Places:
    """Batcher's odd-even merge sort (AFIPS 1968): what is compared with what, [comparison, 2]."""
    pairs = []
    for merged in (1 << power for power in range((sites - 1).bit_length())):
        for apart in (merged >> power for power in range(merged.bit_length())):
            firsts = (j + i for j in range(apart % merged, sites - apart, 2 * apart) for i in range(apart))
            ends = ((first, first + apart) for first in firsts if first + apart < sites)
            pairs += [pair for pair in ends if pair[0] // (2 * merged) == pair[1] // (2 * merged)]
    return np.array(pairs, np.int64).reshape(-1, 2)


@njit(nogil=True, cache=True, error_model="numpy")
def _exchange(a: FloatArray, b: FloatArray, v: FloatArray, w: FloatArray) -> None:
    """Put two sites in the order of their openings a and b, with their weights v and w: [draw] each."""
    for i in range(len(a)):
        one, other, first, second = a[i], b[i], v[i], w[i]
        is_right = one <= other
        a[i], b[i] = min(one, other), max(one, other)
        v[i], w[i] = first if is_right else second, second if is_right else first


@njit(nogil=True, cache=True, error_model="numpy")
def _sorted(pairs: Places, opening: FloatArray, weight: FloatArray) -> None:
    """Put the sites of each draw in the order of their openings, in place: [site, draw] each."""
    for pair in range(len(pairs)):
        one, other = pairs[pair, 0], pairs[pair, 1]
        _exchange(opening[one], opening[other], weight[one], weight[other])


@njit(nogil=True, cache=True, error_model="numpy")
def every_at_full_speed(
    pairs: Places, opening: FloatArray, weight: FloatArray, level: FloatArray, horizon: float, out: FloatArray
) -> None:
    """As `at_full_speed`, for many levels: [draw, place].

    Between two openings the cumulative intensity is a line, and being convex it is the highest of these lines: so a
    level is reached when the first of them reaches it, whichever that is.

    Parameters
    ----------
    pairs : of `network`.
    opening, weight, level, horizon, out : as for `at_full_speed`, but for the order of `out`.
    """
    (sites, draws), due = opening.shape, np.empty(len(level))
    begin, slope = np.full(sites + 3, np.inf), np.zeros(sites + 3)  # with lines to spare, as they go by fours
    for start in range(0, draws, _SORTED):
        some = slice(start, min(start + _SORTED, draws))
        a, w = opening[:, some].copy(), weight[:, some].copy()
        _sorted(pairs, a, w)
        _lines(a, w, horizon)
        for draw in range(some.start, some.stop):
            begin[:sites], slope[:sites], due[:] = a[:, draw - start], w[:, draw - start], level[:, draw]
            month = out[draw]
            month[:] = horizon
            for line in range(0, sites, 4):
                _first(due, begin[line : line + 4], slope[line : line + 4], month)
            _bound(month, horizon, month)


@njit(nogil=True, cache=True, error_model="numpy")
def _lines(opening: FloatArray, weight: FloatArray, horizon: float) -> None:
    """From sites in order, to the month of a level as a line in it: where it begins and its slope, in their place."""
    size = opening.shape[1]
    before, speed, reached = np.zeros(size), np.zeros(size), np.zeros(size)
    for site in range(len(opening)):
        _line(opening[site], weight[site], horizon, before, speed, reached)


@njit(nogil=True, cache=True, error_model="numpy")
def _line(
    a: FloatArray, w: FloatArray, horizon: float, before: FloatArray, speed: FloatArray, reached: FloatArray
) -> None:
    """The next line of each draw; that of a site that never enrols is never the first."""
    for i in range(len(a)):
        month = a[i]
        passed = month - before[i] if speed[i] > 0.0 else 0.0
        level, p = reached[i] + speed[i] * passed, speed[i] + w[i]
        is_open = (month < horizon) & (p > 0.0)
        slope = 1.0 / p
        a[i], w[i] = month - level / p if is_open else np.inf, slope if is_open else 0.0
        before[i], speed[i], reached[i] = month, p, level


@njit(nogil=True, cache=True, error_model="numpy")
def _first(level: FloatArray, begin: FloatArray, slope: FloatArray, month: FloatArray) -> None:
    """The months of the levels on four lines, where they come before those so far."""
    a, b, c, d = begin[0], begin[1], begin[2], begin[3]
    p, q, r, s = slope[0], slope[1], slope[2], slope[3]
    for place in range(len(level)):
        due, first = level[place], month[place]
        one, two, three, four = a + p * due, b + q * due, c + r * due, d + s * due
        first = one if one < first else first
        first = two if two < first else first
        first = three if three < first else first
        month[place] = four if four < first else first


@njit(nogil=True, cache=True, error_model="numpy")
def in_order(
    pairs: Places,
    opening: FloatArray,
    weight: FloatArray,
    level: FloatArray,
    ramp: FloatArray,
    decline: FloatArray,
    breaks: FloatArray,
    factors: FloatArray,
    horizon: float,
    out: FloatArray,
) -> None:
    """The months at which some levels are reached, whatever the course of the sites.

    Parameters
    ----------
    pairs : of `network`.
    opening, weight, level, horizon : as for `at_full_speed`.
    ramp, decline, breaks, factors : of the course, [draw], [draw], [break], [draw, segment].
    out : months, infinite where a level is not reached, [draw, place].
    """
    sites, draws = opening.shape
    months, weights, due = np.empty(sites), np.empty(sites), np.empty(len(level))
    for start in range(0, draws, _SORTED):
        some = slice(start, min(start + _SORTED, draws))
        a, w = opening[:, some].copy(), weight[:, some].copy()
        _sorted(pairs, a, w)
        for draw in range(some.start, some.stop):
            months[:], weights[:], due[:] = a[:, draw - start], w[:, draw - start], level[:, draw]
            walk(months, weights, due, ramp[draw], decline[draw], breaks, factors[draw], horizon, out[draw])
