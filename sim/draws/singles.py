"""Counts of whole patients in single precision by NumPy: the twin of `sim.draws.lanes`, by the same bounds.

A count lies between two whole numbers, and few lie near one: so most need neither all bits of their uniform number nor
all digits. A lane takes the upper half of the bits, the normal quantile and the series of `sim.draws.counts` to second
order in four bytes each, and a bound on all that this leaves out. A lane within the bound of a doubt, in the tails, or
of few patients is left to `sim.draws.counts`.
"""

from functools import cache
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

SIGN = 0x80000000
"""The first bit of a number of four bytes."""

ROOM = 8
"""Numbers of four bytes that a draw of a block needs room for."""

_BLOCK = 16_384
"""Draws of a cell whose counts are placed together: so many that NumPy's steps pay. Random words pay in longer ones."""


@cache
def _single(number: float) -> NDArray[np.float32]:
    """A number of four bytes as an array: NumPy takes longer to look at a number than to add a thousand."""
    return np.array(number, F)


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


class Terms(NamedTuple):
    """What the series has of the probabilities alone, whoever the patients are: [draw] each."""

    p: Singles
    spread: Singles
    second: Singles
    first: Singles
    first_cubed: Singles
    skew: Singles
    middle: Singles


def terms_of(rates: Singles) -> Terms:
    """What the series has of p, p q and q - p: [3, draw]."""
    p, t, d = rates
    skew = d * _single(1 / 6)
    first, cubed = t * _single(7 / 36) - _single(1 / 36), t * _single(1 / 36) + _single(1 / 72)
    return Terms(p, t, d * (t + _single(2.0)), first, cubed, skew, _single(0.5) - skew)


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
    room = np.empty((ROOM, min(_BLOCK, n.shape[1])), F)
    words: dict[int, Words] = {}
    for start in range(0, n.shape[1], _BLOCK):
        some = slice(start, min(start + _BLOCK, n.shape[1]))
        terms = {rate: terms_of(rates.single[:, rate, some]) for rate in set(row.tolist())}
        for cell, (place, rate) in enumerate(zip(at.tolist(), row.tolist(), strict=True)):
            if _is_usual(int(n[place, start]), float(rates.p[rate, start])):
                if cell not in words:
                    key, year = (int(keys[cell, 0]), int(keys[cell, 1])), int(years[cell])
                    words[cell] = _upper_words(key, year, first_draw, n.shape[1])
                placed(words[cell][some], n[place, some], terms[rate], room, out[place, some])
            else:
                out[place, some] = -1
    doubtful = [np.flatnonzero(out[place] < 0) for place in at]
    draws, cells = np.concatenate(doubtful), np.repeat(np.arange(len(at)), [len(own) for own in doubtful])
    u = _uniforms(keys[cells].T.astype(np.uint64), years[cells], first_draw + draws)
    out[at[cells], draws] = binomial_quantile(u, n[at[cells], draws].astype(np.int64), rates.p[row[cells], draws])


def _is_usual(n: int, p: float) -> bool:
    return n * p * (1.0 - p) >= USUAL[0] and n * p <= USUAL[1]


def _upper_words(key: tuple[int, int], year: int, first_draw: int, size: int) -> Words:
    """The upper halves of the uniforms' bits of neighbouring draws: [draw]."""
    block = np.arange(first_draw // 4, -(-(first_draw + size) // 4), dtype=np.uint64)
    lanes = np.empty((len(block), 4), np.uint32)
    counter = block & np.uint64(0xFFFFFFFF), block >> np.uint64(32), np.array([year], np.uint64), np.zeros(1, np.uint64)
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


def placed(words: Words, n: Whole, terms: Terms, room: Singles, out: Whole) -> None:
    """Counts, -1 where one is in doubt.

    Parameters
    ----------
    words : the upper halves of the uniforms' bits: [draw].
    n : whole patients: [draw].
    terms : of the probabilities: [draw] each.
    room : for what is worked out on the way, in so few arrays that they stay in the processor's cache: [8, draw].
    out : takes the counts: [draw].
    """
    z, z2, number, mean, s, inverse, total, error = room[:, : len(words)]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # no patients, and scores that are not trusted
        serves = scores(words, z, error, total)
        number[:] = n
        np.multiply(number, terms.p, out=mean)
        np.multiply(number, terms.spread, out=s)
        serves &= s >= _single(LEAST)
        np.sqrt(s, out=s)
        np.divide(_single(1.0), s, out=inverse)
        np.multiply(z, z, out=z2)
        _series(z, z2, terms, mean, s, inverse, total, error)
        _bound(z2, mean, s, inverse, error)
        np.rint(total, out=s)
        np.subtract(total, s, out=s)
        serves &= np.abs(s, out=s) > error
        np.maximum(total, _single(0.0), out=total)
        out[:] = np.minimum(total, number, out=total)  # down to whole numbers
    out[~serves] = -1


def _series(
    z: Singles, z2: Singles, terms: Terms, mean: Singles, s: Singles, inverse: Singles, total: Singles, part: Singles
) -> None:
    """Where counts lie by the series of `sim.draws.counts`, to second order: `total`, [draw]."""
    np.multiply(z2, _single(1 / 540), out=total)
    total += _single(7 / 1620)
    total *= z2
    total += _single(-4 / 405)
    total *= terms.second
    total *= inverse
    np.multiply(z2, terms.first_cubed, out=part)
    np.subtract(terms.first, part, out=part)
    part *= z
    total += part
    total *= inverse
    np.multiply(z2, terms.skew, out=part)
    part += terms.middle
    total += part
    total += np.multiply(s, z, out=part)
    total += mean


def _bound(z2: Singles, mean: Singles, s: Singles, inverse: Singles, error: Singles) -> None:
    """What is left out of it at most, `error`, [draw]; what else is given has served."""
    np.multiply(z2, z2, out=error)
    error *= z2
    error *= _single(CUT_STEEP)
    error += _single(CUT_FLAT)
    error *= inverse
    error *= np.multiply(inverse, inverse, out=inverse)
    mean += _single(1.0)
    mean *= _single(BY_MEAN)
    error += mean
    s *= _single(BY_SD)
    error += s


def scores(words: Words, z: Singles, log: Singles, room: Singles) -> NDArray[np.bool_]:
    """Normal quantiles of the upper halves of uniforms' bits, `z`, and where they are right: [draw] each."""
    room[:] = np.minimum(words, ~words).view(np.int32)  # from the nearer end
    room += _single(0.5)
    room *= _single(2.0**-31)
    np.subtract(_single(2.0), room, out=log)
    log *= room
    np.log(log, out=log)
    np.multiply(log, _single(-2.0 / NEAR), out=room)
    room -= _single(1.0)
    np.multiply(room, _single(SERIES[0]), out=z)
    for term in SERIES[1:-1]:
        z += _single(term)
        z *= room
    z += _single(SERIES[-1])
    room[:] = (words ^ np.uint32(SIGN)).view(np.int32)
    room += _single(0.5)
    room *= _single(2.0**-31)
    z *= room
    return np.asarray(log > _single(-NEAR))
