"""Counts of whole patients in double precision by compiled code: normal quantile and series, or a sum.

It decides no more than it can be sure of: a count that it places within an error of a doubt is left to
`sim.draws.counts`, which decides by the distribution function.
"""

import math

import numpy as np
from numba import njit, uint64

from sim.draws.counts import SMALL, SUM_ERROR, Counts
from sim.draws.lanes import Word, philox
from sim.draws.streams import FloatArray

ROOM = 4
"""Numbers that a draw of a block needs room for."""

_NEAR = 6.25
"""-log(4 u (1 - u)) up to which one polynomial gives the normal quantile: scores up to 3.3."""

_FEW = 64
"""Draws among which it is looked for one beyond the middle: it is in about every sixteenth such group."""

_SCORE_ERROR = 1e-10
"""More than the error of a normal quantile here: 2e-12 in the middle, some roundings beyond."""

_SUMMABLE = 256.0
"""Patients expected on the smaller side up to which probabilities are summed where the series leaves a doubt: the sum
errs by a power below exp(360) and some 2,000 roundings, 4e-13 at most, less than `SUM_ERROR`."""


@njit(inline="always", nogil=True, cache=True)
def _to_uniform(high: Word, low: Word) -> float:
    """See `sim.draws.streams.to_uniform`."""
    bits = ((high << uint64(32)) | low) >> uint64(12)
    return (np.float64(bits) + 0.5) * 2.0**-52


@njit(nogil=True, cache=True)
def uniforms(out: FloatArray, first_block: int, year: int, first: int, second: int) -> None:
    """Fill a block of draws, [draw], beginning with a multiple of 4, with its uniform numbers."""
    for place in range(len(out) // 4):
        block = first_block + place
        a, b, c, d = philox(block, year, 0, first, second)
        e, f, g, h = philox(block, year, 1, first, second)
        out[4 * place] = _to_uniform(a, e)
        out[4 * place + 1] = _to_uniform(b, f)
        out[4 * place + 2] = _to_uniform(c, g)
        out[4 * place + 3] = _to_uniform(d, h)


@njit(nogil=True, cache=True)
def uniform_of(draw: int, year: int, first: int, second: int) -> float:
    """The uniform number of one draw."""
    high, low = philox(draw // 4, year, 0, first, second), philox(draw // 4, year, 1, first, second)
    lane = draw % 4
    if lane == 0:
        return _to_uniform(high[0], low[0])
    if lane == 1:
        return _to_uniform(high[1], low[1])
    if lane == 2:
        return _to_uniform(high[2], low[2])
    return _to_uniform(high[3], low[3])


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
def decide(u: FloatArray, n: Counts, p: FloatArray, room: FloatArray, out: Counts) -> None:
    """Counts of a block of draws, -1 where one is in doubt.

    Parameters
    ----------
    u : uniform numbers: [draw].
    n : whole patients: [draw].
    p : probabilities: [draw].
    room : for what is worked out on the way: [4, draw].
    out : takes the counts: [draw].
    """
    size = len(u)
    z, x, error = room[0, :size], room[1, :size], room[2, :size]
    _normal_quantiles(u, z, room[1:])
    _place(z, n, p, x, error)
    for i in range(size):
        k = -1
        if abs(x[i] - np.rint(x[i])) > error[i]:
            k = min(max(np.int64(math.floor(x[i])), 0), n[i])
        elif n[i] * min(p[i], 1.0 - p[i]) < _SUMMABLE:
            k = _summed(u[i], n[i], p[i])
        out[i] = k
