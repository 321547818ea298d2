"""Counts of whole patients in single precision, sixteen side by side; see `sim.draws.singles`.

Each loop is a function of its own, so that the compiler makes vector instructions of it.
"""

import math

import numpy as np
from numba import int32, njit, uint32, uint64

from sim.draws.singles import (
    BY_MEAN,
    BY_SD,
    CUT_FLAT,
    CUT_STEEP,
    LEAST,
    NEAR,
    SERIES,
    SIGN,
    F,
    Singles,
    Whole,
    Words,
)

Word = np.uint64

ROOM = 4
"""Numbers of four bytes that a draw of a block needs room for."""

_BEYOND = 1e3
"""Stands for a score beyond the polynomial: so large that no count is trusted."""

_ALL_BUT_SIGN = 0x7FFFFFFF
"""The bits of a number of four bytes but the first."""

_SQRT_HALF_BITS, _FRACTION = 0x3F3504F3, 0x7FFFFF
"""The bits of the root of 1/2 in four bytes, and of what such a number's power of two is multiplied by."""


@njit(inline="always", nogil=True, cache=True)
def philox(block: int, year: int, word: int, first: int, second: int) -> tuple[Word, Word, Word, Word]:
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


@njit(nogil=True, cache=True)
def upper_words(out: Words, first_block: int, year: int, first: int, second: int) -> None:
    """Fill a block of draws, [draw], beginning with a multiple of 4, with the upper halves of their uniforms' bits."""
    for place in range(len(out) // 4):
        a, b, c, d = philox(first_block + place, year, 0, first, second)
        out[4 * place] = uint32(a)
        out[4 * place + 1] = uint32(b)
        out[4 * place + 2] = uint32(c)
        out[4 * place + 3] = uint32(d)


@njit(nogil=True, cache=True, error_model="numpy")
def _split(words: Words, x: Singles, within: Singles, power: Singles) -> None:
    """2 u - 1, and 4 u (1 - u) as a power of two and what it is multiplied by: [draw] each.

    Both ends keep their digits, as the distance to the nearer is a whole number yet.
    """
    for i in range(len(words)):
        signed = int32(words[i] ^ uint32(SIGN))
        folded = int32(signed ^ int32(signed >> int32(31)))
        left = (F(int32(folded ^ int32(_ALL_BUT_SIGN))) + F(0.5)) * F(2.0**-31)
        within[i] = left * (F(2.0) - left)
        x[i] = (F(signed) + F(0.5)) * F(2.0**-31)
    bits = within.view(np.int32)
    for i in range(len(words)):
        above = int32(bits[i] - int32(_SQRT_HALF_BITS))
        power[i] = F(int32(above >> int32(23)))
        bits[i] = int32(int32(above & int32(_FRACTION)) + int32(_SQRT_HALF_BITS))


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _scores(x: Singles, within: Singles, power: Singles, z: Singles) -> None:
    """Normal quantiles, [draw]; beyond the middle one so large that none is trusted.

    The form of `sim.draws.compiled`, by a polynomial of fewer terms.
    """
    for i in range(len(x)):
        above = within[i] - F(1.0)
        s = above / (F(2.0) + above)
        s2 = s * s
        series = s2 * (F(1 / 3) + s2 * (F(1 / 5) + s2 * (F(1 / 7) + s2 * F(1 / 9))))
        w = -(power[i] * F(0.6931471805599453) + (F(2.0) * s + F(2.0) * s * series))
        place = w * F(2.0 / NEAR) - F(1.0)
        total = F(SERIES[0]) * place + F(SERIES[1])
        total = (total * place + F(SERIES[2])) * place + F(SERIES[3])
        total = (total * place + F(SERIES[4])) * place + F(SERIES[5])
        total = (total * place + F(SERIES[6])) * place + F(SERIES[7])
        total = (total * place + F(SERIES[8])) * place + F(SERIES[9])
        total = total * place + F(SERIES[10])
        z[i] = x[i] * total if w < F(NEAR) else F(_BEYOND)


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _place(z: Singles, n: Whole, p: Singles, t: Singles, d: Singles, out: Whole) -> None:
    """Counts by the series to second order, [draw]; -1 where one is in doubt."""
    for i in range(len(z)):
        number, score, spread = F(n[i]), z[i], t[i]
        z2 = score * score
        mean, variance = number * p[i], number * spread
        s = math.sqrt(variance)
        inverse = F(1.0) / s
        first = score * (spread * F(7 / 36) - F(1 / 36)) - score * z2 * (spread * F(1 / 36) + F(1 / 72))
        second = d[i] * (spread + F(2.0)) * (F(-4 / 405) + z2 * (F(7 / 1620) + z2 * F(1 / 540)))
        skew = d[i] * F(1 / 6) * (z2 - F(1.0))
        x = mean + (s * score + (F(0.5) + skew + inverse * (first + inverse * second)))
        cut = (F(CUT_FLAT) + F(CUT_STEEP) * z2 * z2 * z2) / (variance * s)
        error = cut + F(BY_MEAN) * (F(1.0) + mean) + F(BY_SD) * s
        serves = (abs(x - np.rint(x)) > error) & (variance >= F(LEAST))
        count = int32(min(max(np.floor(x), F(0.0)), number))
        out[i] = count if serves else int32(-1)


@njit(nogil=True, cache=True, error_model="numpy")
def placed(words: Words, n: Whole, p: Singles, t: Singles, d: Singles, room: Singles, out: Whole) -> None:
    """Counts of a block of draws, -1 where one is in doubt.

    Parameters
    ----------
    words : the upper halves of the uniforms' bits: [draw].
    n : whole patients: [draw].
    p, t, d : of the rates: [draw] each.
    room : for what is worked out on the way: [4, draw].
    out : takes the counts: [draw].
    """
    size = len(words)
    x, within, power, z = room[0, :size], room[1, :size], room[2, :size], room[3, :size]
    _split(words, x, within, power)
    _scores(x, within, power, z)
    _place(z, n, p, t, d, out)
