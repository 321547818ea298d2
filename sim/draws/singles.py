"""Counts of whole patients in single precision by NumPy: the twin of `sim.draws.lanes`, by the same bounds.

A count lies between two whole numbers, and few lie near one: so most need neither all bits of their uniform number nor
all digits. A lane takes the upper half of the bits, the normal quantile and the series of `sim.draws.counts` to second
order in four bytes each, and a bound on all that this leaves out. A lane within the bound of a doubt, in the tails, or
of few patients is left to `sim.draws.counts`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.draws.counts import SMALL, Counts, binomial_quantile
from sim.draws.philox import Words as Block
from sim.draws.philox import philox4x32
from sim.draws.streams import FloatArray, to_uniform

Words = NDArray[np.uint32]
Whole = NDArray[np.int32]
Singles = NDArray[np.float32]

F = np.float32
"""A number of four bytes."""

NEAR = 6.25
"""-log(4 u (1 - u)) up to which one polynomial gives the normal quantile: scores up to 3.3."""

BEYOND = 1e3
"""Stands for a score beyond that: so large that no count is trusted."""

SERIES = (
    8.392257160826112e-05, -0.00018489305331468483, -0.0003204439736525448, 0.0017512883583391166,
    -0.001825884691638033, -0.0058524126551756945, 0.02519120918007557, -0.03196749967881099,
    -0.08332963744595778, 1.0613592523604374, 2.3386207175474234,
)  # fmt: skip
"""The normal quantile over 2 u - 1, as a polynomial in that logarithm from -1 to 1: highest power first."""

CUT_FLAT, CUT_STEEP = 0.07, 0.004
"""Of a normal score z and a variance s^2 the series leaves out less than (first + second z^6) / s^3."""

BY_MEAN, BY_SD = 5e-7, 3e-6
"""The rounding of a count at most, by its mean and by its standard deviation; about twice what theory has it."""

LEAST = 1.001 * SMALL
"""The variance from which the series serves, rounding apart."""

USUAL = (SMALL, 2e4)
"""Variance from which, and mean up to which, single precision settles so many counts that it is worth while."""

SIGN, ALL_BUT_SIGN = 0x80000000, 0x7FFFFFFF
"""The bits of a number of four bytes."""

_BLOCK = 16_384
"""Draws of a cell that go through all steps together."""


class Rates(NamedTuple):
    """Probabilities and what single precision wants of them.

    Attributes
    ----------
    p : [row, draw].
    single : p, p q and q - p in four bytes, whose digits were not lost by a subtraction: [3, row, draw].
    """

    p: FloatArray
    single: Singles


def rates_of(p: FloatArray) -> Rates:
    """Probabilities, [row, draw], and what single precision wants of them."""
    single = np.empty((3, *p.shape), F)
    q = 1.0 - p
    single[0], single[1], single[2] = p, p * q, q - p
    return Rates(p, single)


def count_into(
    keys: Words, years: Counts, first_draw: int, n: Whole, at: Counts, rates: Rates, row: Counts, out: Whole
) -> None:
    """Counts of whole patients in cells that have streams of their own.

    Parameters
    ----------
    keys : of the streams: [cell, 2].
    years : of the cells: [cell].
    first_draw : the number of the first draw.
    n : whole patients: [place, draw].
    at : the place of each cell: [cell].
    rates : probabilities: [row, draw].
    row : which of these is the cell's: [cell].
    out : takes the patients who go on, at the same places: [place, draw].
    """
    for cell, (place, rate) in enumerate(zip(at, row, strict=True)):
        key, year = (int(keys[cell, 0]), int(keys[cell, 1])), int(years[cell])
        for start in range(0, n.shape[1], _BLOCK):
            some = slice(start, min(start + _BLOCK, n.shape[1]))
            if _is_usual(int(n[place, start]), float(rates.p[rate, start])):
                words = _upper_words(key, year, first_draw + start, some.stop - start)
                placed(words, n[place, some], rates.single[:, rate, some], out[place, some])
            else:
                out[place, some] = -1
    cells, draws = np.nonzero(out[at] < 0)
    u = _uniforms(keys[cells].T.astype(np.uint64), years[cells], first_draw + draws)
    out[at[cells], draws] = binomial_quantile(u, n[at[cells], draws].astype(np.int64), rates.p[row[cells], draws])


def _is_usual(n: int, p: float) -> bool:
    return n * p * (1.0 - p) >= USUAL[0] and n * p <= USUAL[1]


def _upper_words(key: tuple[int, int], year: int, first_draw: int, size: int) -> Words:
    """The upper halves of the uniforms' bits of neighbouring draws: [draw]."""
    block = np.arange(first_draw // 4, -(-(first_draw + size) // 4), dtype=np.uint64)
    lanes = np.empty((len(block), 4), np.uint32)
    counter = block & np.uint64(0xFFFFFFFF), block >> np.uint64(32), np.full_like(block, year), np.zeros_like(block)
    for lane, words in enumerate(philox4x32(counter, key)):
        lanes[:, lane] = words
    return lanes.ravel()[first_draw % 4 :][:size]


def _uniforms(keys: Block, years: Counts, draws: Counts) -> FloatArray:
    """The uniform numbers of any draws, [place], of streams whose keys are [2, place]."""
    block, word = draws.astype(np.uint64) // np.uint64(4), np.arange(2, dtype=np.uint64)[:, None]
    counter = block & np.uint64(0xFFFFFFFF), block >> np.uint64(32), years.astype(np.uint64), word
    lanes = np.array(philox4x32(counter, (keys[0], keys[1])))
    high, low = np.take_along_axis(lanes, (draws % 4)[None, None], axis=0)[0]
    return to_uniform(high, low)


def placed(words: Words, n: Whole, rates: Singles, out: Whole) -> None:
    """Counts, -1 where one is in doubt.

    Parameters
    ----------
    words : the upper halves of the uniforms' bits: [draw].
    n : whole patients: [draw].
    rates : p, p q and q - p: [3, draw].
    out : takes the counts: [draw].
    """
    p, spread, skew = rates
    z, number = scores(words), n.astype(F)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # no patients, and scores that are not trusted
        z2 = z * z
        mean, variance = number * p, number * spread
        s = np.sqrt(variance)
        total = z2 * F(1 / 540) + F(7 / 1620)
        total = (total * z2 + F(-4 / 405)) * (skew * (spread + F(2.0)))
        total /= s
        total += z * ((spread * F(7 / 36) - F(1 / 36)) - z2 * (spread * F(1 / 36) + F(1 / 72)))
        total /= s
        total += F(0.5) + skew * F(1 / 6) * (z2 - F(1.0))
        total += s * z
        total += mean
        error = (z2 * z2 * z2 * F(CUT_STEEP) + F(CUT_FLAT)) / (variance * s)
        error += F(BY_MEAN) * (mean + F(1.0)) + F(BY_SD) * s
        serves = (np.abs(total - np.rint(total)) > error) & (variance >= F(LEAST))
    np.minimum(np.maximum(np.floor(total, out=total), F(0.0), out=total), number, out=total)
    total[~serves] = -1.0
    out[:] = total


def scores(words: Words) -> Singles:
    """Normal quantiles of the upper halves of uniforms' bits, [draw]; beyond the middle one that none trusts."""
    signed = (words ^ np.uint32(SIGN)).view(np.int32)
    left = ((signed ^ (signed >> np.int32(31))) ^ np.int32(ALL_BUT_SIGN)).astype(F)  # from the nearer end
    left += F(0.5)
    left *= F(2.0**-31)
    w = np.log(left * (F(2.0) - left))
    place = w * F(-2.0 / NEAR)
    place -= F(1.0)
    total = np.full(len(words), F(SERIES[0]))
    for term in SERIES[1:]:
        total *= place
        total += F(term)
    total *= signed.astype(F) + F(0.5)
    total *= F(2.0**-31)
    total[w <= F(-NEAR)] = F(BEYOND)
    return total
