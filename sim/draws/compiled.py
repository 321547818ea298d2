"""Counts of whole patients by compiled code: uniform number, normal quantile and series in one pass over each cell.

It decides no more than it can be sure of: a count that it places within an error of a doubt is left to
`sim.draws.counts`, which decides by the distribution function. So the counts are the same integers as without a
compiler, whatever the last bits of the arithmetic are.
"""

import math

import numpy as np
from numba import njit, uint64
from numpy.typing import NDArray

from sim.draws.counts import SMALL, SUM_ERROR, Counts, binomial_quantile
from sim.draws.streams import FloatArray

Word = np.uint64

_BLOCK = 1024
"""Draws of a cell that go through all steps together, so that they stay in the fastest cache; a multiple of 4."""

_NEAR = 6.25
"""-log(4 u (1 - u)) up to which one polynomial gives the normal quantile: scores up to 3.3."""

_FEW = 64
"""Draws among which it is looked for one beyond the middle: it is in about every sixteenth such group."""

_SCORE_ERROR = 1e-10
"""More than the error of a normal quantile here: 2e-12 in the middle, some roundings beyond."""


@njit(inline="always", nogil=True, cache=True)
def _philox(block: int, year: int, word: int, first: int, second: int) -> tuple[Word, Word, Word, Word]:
    """One block of Philox4x32-10, as `sim.draws.philox` has it: four words."""
    a, b = uint64(block) & uint64(0xFFFFFFFF), uint64(block) >> uint64(32)
    c, d = uint64(year), uint64(word)
    for number in range(10):
        one = (uint64(first) + uint64(number) * uint64(0x9E3779B9)) & uint64(0xFFFFFFFF)
        two = (uint64(second) + uint64(number) * uint64(0xBB67AE85)) & uint64(0xFFFFFFFF)
        left, right = a * uint64(0xD2511F53), c * uint64(0xCD9E8D57)
        a, b, c, d = (
            (right >> uint64(32)) ^ b ^ one,
            right & uint64(0xFFFFFFFF),
            (left >> uint64(32)) ^ d ^ two,
            left & uint64(0xFFFFFFFF),
        )
    return a, b, c, d


@njit(inline="always", nogil=True, cache=True)
def _to_uniform(high: Word, low: Word) -> float:
    """See `sim.draws.streams.to_uniform`."""
    bits = ((high << uint64(32)) | low) >> uint64(12)
    return (np.float64(bits) + 0.5) * 2.0**-52


@njit(nogil=True, cache=True)
def fill_block(out: FloatArray, first_block: int, year: int, first: int, second: int) -> None:
    """Fill a block of draws, [draw], beginning with a multiple of 4, with its uniform numbers."""
    for place in range(len(out) // 4):
        block = first_block + place
        a, b, c, d = _philox(block, year, 0, first, second)
        e, f, g, h = _philox(block, year, 1, first, second)
        out[4 * place] = _to_uniform(a, e)
        out[4 * place + 1] = _to_uniform(b, f)
        out[4 * place + 2] = _to_uniform(c, g)
        out[4 * place + 3] = _to_uniform(d, h)


@njit(nogil=True, cache=True, error_model="numpy")
def _far(u: float, q: float) -> float:
    """The normal quantile beyond the middle: Wichura, algorithm AS 241, PPND16, Applied Statistics 37 (1988)."""
    r = math.sqrt(-math.log(u if q < 0 else 1.0 - u))
    if r <= 5.0:
        r -= 1.6
        above = (((((((7.7454501427834140764e-4 * r + 2.27238449892691845833e-2) * r + 2.4178072517745061177e-1) * r
                     + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r
                  + 4.6303378461565452959) * r + 1.42343711074968357734)  # fmt: skip
        below = (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 1.51986665636164571966e-2) * r
                     + 1.4810397642748007459e-1) * r + 6.8976733498510000455e-1) * r + 1.6763848301838038494) * r
                  + 2.05319162663775882187) * r + 1.0)  # fmt: skip
    else:
        r -= 5.0
        above = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.2426609473880784386e-3) * r
                     + 2.6532189526576123093e-2) * r + 2.9656057182850489123e-1) * r + 1.7848265399172913358) * r
                  + 5.4637849111641143699) * r + 6.6579046435011037772)  # fmt: skip
        below = (((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r
                     + 7.868691311456132591e-4) * r + 1.48753612908506148525e-2) * r + 1.3692988092273580531e-1) * r
                  + 5.9983220655588793769e-1) * r + 1.0)  # fmt: skip
    return -above / below if q < 0 else above / below


@njit(nogil=True, cache=True, error_model="numpy")
def _split(u: FloatArray, product: FloatArray, power: FloatArray, within: FloatArray) -> None:
    """4 u (1 - u) as a power of two and what it is multiplied by, from 1 to 2: [draw] each."""
    for i in range(len(u)):
        product[i] = 4.0 * u[i] * (1.0 - u[i])
    bits, fractions = product.view(np.int64), within.view(np.int64)
    for i in range(len(u)):
        power[i] = np.float64((bits[i] >> 52) - 1023)
        fractions[i] = (bits[i] & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000


@njit(nogil=True, cache=True, error_model="numpy")
def _middle(u: FloatArray, power: FloatArray, within: FloatArray, z: FloatArray, log: FloatArray) -> None:
    """Normal quantiles that are right in the middle, and -log(4 u (1 - u)), which says where that is: [draw] each.

    A polynomial in that logarithm, a form due to Giles (GPU Computing Gems Jade, 2011), fitted to the quantile over
    2 u - 1 at 400 of Chebyshev's points.
    """
    for i in range(len(u)):
        is_large = within[i] > 1.4142135623730951
        fraction = within[i] * 0.5 if is_large else within[i]
        exponent = power[i] + 1.0 if is_large else power[i]
        s = (fraction - 1.0) / (fraction + 1.0)
        s2 = s * s
        series = 1.0 + s2 * (1 / 3 + s2 * (1 / 5 + s2 * (1 / 7 + s2 * (1 / 9 + s2 * (1 / 11 + s2 * (1 / 13))))))
        w = -(exponent * 0.6931471805599453 + 2.0 * s * series)
        place = w * (2.0 / _NEAR) - 1.0
        total = 2.5194388848064026e-07
        total = (
            ((total * place - 1.181559491775102e-06) * place - 9.056676092598806e-08) * place + 9.364945259928218e-06
        ) * place - 1.676309077614036e-05
        total = (
            ((total * place - 2.0523179152060337e-05) * place + 0.00013252243356719765) * place - 0.00016570826929862431
        ) * place - 0.00037407194427674487
        total = (
            ((total * place + 0.0017431215356412978) * place - 0.0017984133055673737) * place - 0.005851066096022401
        ) * place + 0.02518482381105137
        total = (
            ((total * place - 0.031967514715415014) * place - 0.08332909341676185) * place + 1.0613592459107601
        ) * place + 2.3386207100259138
        z[i] = (2.0 * u[i] - 1.0) * total
        log[i] = w


@njit(nogil=True, cache=True, error_model="numpy")
def _normal_quantiles(u: FloatArray, z: FloatArray, room: FloatArray) -> None:
    """Normal quantiles of uniform numbers, [draw] each, to within `_SCORE_ERROR`.

    Each loop is a function of its own, so that the compiler makes vector instructions of it.
    """
    power, within, log = room[0, : len(u)], room[1, : len(u)], room[2, : len(u)]
    _split(u, z, power, within)
    _middle(u, power, within, z, log)
    for start in range(0, len(u), _FEW):  # most such groups have none that is far from the middle
        if log[start : start + _FEW].max() > _NEAR:
            for i in range(start, min(start + _FEW, len(u))):
                if log[i] > _NEAR:
                    z[i] = _far(u[i], u[i] - 0.5)


@njit(nogil=True, cache=True, error_model="numpy")
def _place(z: FloatArray, n: Counts, p: FloatArray, x: FloatArray, error: FloatArray) -> None:
    """The series of `sim.draws.counts`, term by term: [draw] each; no error where it does not serve."""
    for i in range(len(z)):
        number, share, score = np.float64(n[i]), p[i], z[i]
        q = 1.0 - share
        t, d = share * q, q - share
        variance = number * t
        s2 = max(variance, 1.0)
        s = math.sqrt(s2)
        z2 = score * score
        found = number * share + score * math.sqrt(variance) + 0.5 + d * (z2 - 1.0) * (1.0 / 6.0)
        first = score * (7.0 * t - 1.0) * (1.0 / 36.0) - score * z2 * (2.0 * t + 1.0) * (1.0 / 72.0)
        second = d * (t + 2.0) * (-4.0 / 405.0 + z2 * (7.0 / 1620.0 + z2 * (1.0 / 540.0)))
        third = score * (671.0 - 1354.0 * t - 433.0 * t * t) * (1.0 / 38880.0)
        third += (
            score
            * z2
            * (
                (256.0 * t * t + 403.0 * t - 137.0) * (1.0 / 38880.0)
                + z2 * (4.0 * t * t + 52.0 * t - 23.0) * (1.0 / 17280.0)
            )
        )
        inverse = 1.0 / s
        x[i] = found + inverse * (first + inverse * (second + inverse * third))
        within = (0.04 + 0.002 * z2 * z2 * z2) / (s2 * s2) + 1e-12 * (1.0 + number * share) + _SCORE_ERROR * (1.0 + s)
        serves = (variance >= SMALL) & (z2 < 49.0)
        error[i] = within if serves else 1.0


@njit(nogil=True, cache=True, error_model="numpy")
def _summed(u: float, n: int, p: float) -> int:
    """A count by adding up probabilities, as `sim.draws.counts` does; -1 where it is in doubt."""
    mirrored = p > 0.5
    share, level = (1.0 - p, 1.0 - u) if mirrored else (p, u)
    odds, left = share / (1.0 - share), np.float64(n)
    each = math.exp(n * math.log1p(-share))
    total, k = each, 0
    while level - total > SUM_ERROR:
        k += 1
        each *= left * odds / k
        left -= 1.0
        total += each
    if abs(level - total) <= SUM_ERROR:
        return -1
    return n - k if mirrored else k


@njit(nogil=True, cache=True, error_model="numpy")
def _decide(u: FloatArray, n: Counts, p: FloatArray, room: FloatArray, out: Counts) -> None:
    """Counts of a block, [draw]; -1 where one is in doubt. The room is for four numbers a draw."""
    size = len(u)
    z, x, error = room[0, :size], room[1, :size], room[2, :size]
    _normal_quantiles(u, z, room[1:])
    _place(z, n, p, x, error)
    for i in range(size):
        k = -1
        if abs(x[i] - np.rint(x[i])) > error[i]:
            k = min(max(np.int64(math.floor(x[i])), 0), n[i])
        elif n[i] * p[i] * (1.0 - p[i]) < SMALL:
            k = _summed(u[i], n[i], p[i])
        out[i] = k


@njit(nogil=True, cache=True, error_model="numpy")
def _cells(
    keys: NDArray[np.uint32],
    years: Counts,
    first_draw: int,
    n: Counts,
    p: FloatArray,
    row: Counts,
    out: Counts,
    doubtful: Counts,
    doubts: FloatArray,
) -> int:
    """Counts of every cell; doubtful ones are listed as cell, draw and uniform number, as many as there is room for."""
    draws, ahead = n.shape[1], first_draw % 4
    uniforms, room = np.empty(_BLOCK + 8), np.empty((4, _BLOCK))
    found = 0
    for start in range(0, draws, _BLOCK):
        size = min(_BLOCK, draws - start)
        place = slice(start, start + size)
        for cell in range(n.shape[0]):
            words = uniforms[: (size + ahead + 3) // 4 * 4]
            fill_block(words, (first_draw + start) // 4, years[cell], keys[cell, 0], keys[cell, 1])
            u = words[ahead : ahead + size]
            _decide(u, n[cell, place], p[row[cell], place], room, out[cell, place])
            for i in range(size):
                if out[cell, start + i] < 0:
                    if found < len(doubts):
                        doubtful[found, 0], doubtful[found, 1], doubts[found] = cell, start + i, u[i]
                    found += 1
    return found


def count(keys: NDArray[np.uint32], years: Counts, first_draw: int, n: Counts, p: FloatArray, row: Counts) -> Counts:
    """Counts of whole patients in cells that have streams of their own.

    Parameters
    ----------
    keys : of the streams: [cell, 2].
    years : of the cells: [cell].
    first_draw : the number of the first draw.
    n : whole patients: [cell, draw].
    p : probabilities: [row, draw].
    row : which of these is the cell's: [cell].

    Returns
    -------
    Whole patients who go on: [cell, draw]; the same as by `binomial_quantile` of the streams' uniform numbers.
    """
    out = np.empty(n.shape, np.int64)
    room = max(n.size // 64, 1024)
    while True:
        doubtful, doubts = np.empty((room, 2), np.int64), np.empty(room)
        found = int(_cells(keys, years, first_draw, n, p, row, out, doubtful, doubts))
        if found <= room:
            break
        room = found
    cell, draw = doubtful[:found].T
    out[cell, draw] = binomial_quantile(doubts[:found], n[cell, draw], p[row[cell], draw])
    return out


def quantile(u: FloatArray, n: Counts, p: FloatArray) -> Counts:
    """`binomial_quantile` of arrays alike in shape, with one dimension, by compiled code."""
    out, room = np.empty(len(u), np.int64), np.empty((4, _BLOCK))
    for first in range(0, len(u), _BLOCK):
        some = slice(first, first + _BLOCK)
        _decide(u[some], n[some], p[some], room, out[some])
    doubtful = out < 0
    out[doubtful] = binomial_quantile(u[doubtful], n[doubtful], p[doubtful])
    return out
