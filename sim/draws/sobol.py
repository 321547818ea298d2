"""Sobol' points with keyed scrambling: any point of any dimension as a pure function of its index.

Direction numbers: Joe & Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci.
Comput. 30 (2008), the first 256 dimensions of their table, in `sobol_directions.csv`. Scrambling: a random linear
matrix and a digital shift (Matoušek, "On the L2-discrepancy for anchored boxes", J. Complexity 14, 1998), both from a
named stream, so that each replicate is an independent, unbiased randomisation of the same points.
"""

import csv
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from sim.draws.streams import FloatArray, Stream, words_of

_INDEX_BITS = 32
_DIGITS = 52
_WORDS = 64  # a replicate's share of its stream: one word a digit, two for the shift, the rest unused

Bits = NDArray[np.uint64]


@cache
def direction_table() -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Primitive polynomial and initial numbers of each dimension."""
    with (files("sim.draws") / "sobol_directions.csv").open(encoding="utf-8") as file:
        return tuple(
            (int(row["polynomial"]), tuple(int(number) for number in row["initial"].split()))
            for row in csv.DictReader(file)
        )


@cache
def directions(dimension: int) -> tuple[int, ...]:
    """The direction vectors of a dimension, one for each bit of the index, as 32-bit fractions (first digit on top)."""
    polynomial, initial = direction_table()[dimension]
    degree = polynomial.bit_length() - 1
    numbers = list(initial) if degree else [1] * _INDEX_BITS
    for j in range(degree, _INDEX_BITS if degree else 0):
        number = numbers[j - degree] ^ (numbers[j - degree] << degree)
        for k in range(1, degree):
            if polynomial >> (degree - k) & 1:
                number ^= numbers[j - k] << k
        numbers.append(number)
    return tuple(number << (_INDEX_BITS - 1 - j) for j, number in enumerate(numbers))


def scrambled_directions(dimensions: Sequence[int], streams: Sequence[Stream], replicates: int) -> tuple[Bits, Bits]:
    """Direction vectors after a random linear scrambling, and the digital shifts.

    Returns
    -------
    Vectors [dimension, replicate, bit of the index] and shifts [dimension, replicate], as 52-digit binary fractions.
    """
    words = words_of(streams, range(replicates * _WORDS)).reshape(len(streams), replicates, _WORDS)
    place = np.arange(_DIGITS)
    # Row i of the lower triangular matrix: random before the diagonal, one on it; rows past the 32nd have no diagonal.
    above = np.uint64(2**32) - (np.uint64(1) << np.maximum(32 - place, 0).astype(np.uint64))
    diagonal = np.where(place < 32, np.uint64(1) << np.maximum(31 - place, 0).astype(np.uint64), 0).astype(np.uint64)
    rows = (words[..., :_DIGITS] & above) | diagonal
    columns = np.array([directions(dimension) for dimension in dimensions], dtype=np.uint64)
    digits = np.bitwise_count(rows[..., None] & columns[:, None, None, :]).astype(np.uint64) & np.uint64(1)
    weight = np.uint64(1) << (_DIGITS - 1 - place).astype(np.uint64)
    vectors = np.bitwise_or.reduce(digits * weight[:, None], axis=-2)
    shift = (words[..., _DIGITS] << np.uint64(20)) | (words[..., _DIGITS + 1] >> np.uint64(12))
    return vectors, shift


def scrambled_sobol(dimensions: Sequence[int], streams: Sequence[Stream], replicates: int, draws: range) -> FloatArray:
    """Coordinates of scrambled Sobol' points, replicates interleaved: draw d is point d // R of replicate d % R.

    Parameters
    ----------
    dimensions : of the sequence.
    streams : what each dimension is scrambled by.
    replicates : their number, R.
    draws : neighbouring draws.

    Returns
    -------
    Uniform numbers strictly between 0 and 1: [draw, dimension], those of a dimension side by side.
    """
    first, last = draws.start // replicates, -(-draws.stop // replicates)
    found = np.empty((len(draws), len(dimensions)), order="F")
    for column, own in enumerate(zip(*scrambled_directions(dimensions, streams, replicates), strict=True)):
        found[:, column] = _digits(*own, first, last).ravel()[draws.start - first * replicates :][: len(draws)]
    found += 0.5
    found *= 2.0**-_DIGITS
    return found


def _digits(vectors: Bits, shift: Bits, first: int, last: int) -> Bits:
    """The points of some indices in one dimension, [index, replicate], as 52-digit binary fractions.

    A point is the exclusive or of the vectors of its index's bits. So the points of all lower bits are made once, by
    doubling, and those of the higher bits, which take two values at most, are laid over them.
    """
    lower = (last - first - 1).bit_length()
    points = np.empty((1 << lower, len(shift)), dtype=np.uint64)
    points[0] = shift
    for bit in range(lower):
        np.bitwise_xor(points[: 1 << bit], vectors[:, bit], out=points[1 << bit : 2 << bit])
    parts = []
    for block in range(first >> lower, (last - 1 >> lower) + 1):
        higher = [vectors[:, lower + bit] for bit in range(block.bit_length()) if block >> bit & 1]
        parts.append(points ^ np.bitwise_xor.reduce(higher, axis=0) if higher else points)
    joined = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return joined[first - (first >> lower << lower) :][: last - first]
