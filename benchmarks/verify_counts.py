"""Whether every count is the exact quantile of its uniform number: a long check, and of the error bounds a scan.

Run it as `make verify-engine`, or `python benchmarks/verify_counts.py [lanes]`; without a number 10^8 lanes. A lane is
a uniform number, a number of patients and a probability; its count is right when the distribution function, by SciPy's
regularised beta function in the smaller tail, passes the uniform exactly there, and when single precision, as far as it
is sure of itself, and compiled code count the same.
The exit code is 1 if any differs.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, ndtr, ndtri

from sim.draws.cells import can_compile
from sim.draws.counts import Counts, _exceeds, _series, binomial_quantile
from sim.draws.singles import ROOM, placed, rates_of, terms_of
from sim.draws.streams import FloatArray

CLASSES = (0.0, 0.1, 1.0, 6.0, 100.0, 1e4, 1e7)
"""Ends of the classes of n p q."""

PART = 200_000
SMALLEST, LARGEST = 2.0**-53, 1 - 2.0**-53
EDGES = (SMALLEST, 2.0**-52, 1e-15, 1e-12, 1e-9, 0.5, 1 - 1e-9, 1 - 1e-12, 1 - 1e-15, 1 - 2.0**-52, LARGEST)


@dataclass(frozen=True)
class Found:
    """What a part of the check gives.

    Attributes
    ----------
    lanes, wrong : by class of n p q.
    """

    lanes: NDArray[np.int64]
    wrong: NDArray[np.int64]


def lanes(seed: int, size: int) -> tuple[FloatArray, Counts, FloatArray]:
    """Uniforms, patients and probabilities: n p q spread evenly over its orders from 10^-3 to 10^7, tails included."""
    rng = np.random.default_rng([2, seed])
    variance = 10 ** rng.uniform(-3, 7, size)
    p = np.where(rng.random(size) < 0.5, rng.uniform(0, 1, size), 10 ** rng.uniform(-7, -0.3, size))
    p = np.where(rng.random(size) < 0.5, p, 1 - p)
    n = np.minimum(np.ceil(variance / (p * (1 - p))), 1e12).astype(np.int64)
    u = rng.uniform(SMALLEST, LARGEST, size)
    tenth = size // 10
    u[:tenth] = 10 ** rng.uniform(-15.9, -1, tenth)
    u[tenth : 2 * tenth] = 1 - 10 ** rng.uniform(-15.9, -1, tenth)
    u[2 * tenth : 3 * tenth] = rng.choice(EDGES, tenth)
    n[3 * tenth : 4 * tenth] = rng.integers(0, 30, tenth)
    hundredth = size // 100
    p[4 * tenth : 4 * tenth + hundredth], p[5 * tenth : 5 * tenth + hundredth] = 0.0, 1.0
    return u.clip(SMALLEST, LARGEST), n, p


def by_single(u: FloatArray, n: Counts, p: FloatArray) -> Counts:
    """Counts by single precision, as far as it is sure of them; else -1."""
    found = np.empty(len(u), np.int32)
    few = np.minimum(n, 2**30).astype(np.int32)
    terms, room = terms_of(rates_of(p[None]).single[:, 0]), np.empty((ROOM, len(u)), np.float32)
    placed((u * 2.0**32).astype(np.uint32), few, terms, room, found)
    return np.where(n <= 2**30, found.astype(np.int64), -1)


def part(seed: int) -> Found:
    """Check one part."""
    u, n, p = lanes(seed, PART)
    k = binomial_quantile(u, n, p)
    single = by_single(u, n, p)
    k = np.where((single < 0) | (single == k), k, -1)  # which no count is
    if can_compile():
        from sim.draws.compiled import quantile

        k = np.where(quantile(u, n, p) == k, k, -1)
    inside = (k >= 0) & (k <= n)
    exact = inside & ~_exceeds(k, u, n, p) & ((k == 0) | _exceeds(k - 1, u, n, p))
    place = np.digitize(n * p * (1 - p), CLASSES[1:-1])
    return Found(np.bincount(place, minlength=len(CLASSES) - 1), np.bincount(place[~exact], minlength=len(CLASSES) - 1))


def share_of_band(seed: int, size: int = PART) -> float:
    """The largest error of the series at the boundaries of the distribution function, as a share of its band.

    At u = P[X <= k] the series should give k + 1.
    """
    rng = np.random.default_rng([3, seed])
    p = np.where(rng.random(size) < 0.5, 10 ** rng.uniform(-4, -0.3, size), 1 - 10 ** rng.uniform(-4, -0.3, size))
    variance = 10 ** rng.uniform(np.log10(6), 4, size)
    n = np.ceil(variance / (p * (1 - p))).astype(np.int64)
    z = rng.uniform(-7, 7, size)
    k = np.clip(np.floor(n * p + z * np.sqrt(n * p * (1 - p))), 0, n - 1).astype(np.int64)
    lower, upper = betaincc(k + 1.0, (n - k).astype(np.float64), p), betainc(k + 1.0, (n - k).astype(np.float64), p)
    inside = (np.minimum(lower, upper) > ndtr(-7.0)) & (lower < LARGEST) & (lower > SMALLEST)
    u, n, p, k = lower[inside], n[inside], p[inside], k[inside]
    x, error, _ = _series(u, n, p)
    density = np.exp(-0.5 * ndtri(u) ** 2) / np.sqrt(2 * np.pi * n * p * (1 - p))
    known = 2.0**-52 / density < 0.02 * error  # u itself is rounded: no more can be asked of x than u tells
    return float((np.abs(x - (k + 1)) / error)[known].max())


def main() -> int:
    """Check and print."""
    wanted = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**8
    parts = range(max(1, -(-wanted // PART)))
    counted, wrong = np.zeros(len(CLASSES) - 1, np.int64), np.zeros(len(CLASSES) - 1, np.int64)
    with ProcessPoolExecutor() as pool:
        for found in pool.map(part, parts, chunksize=1 + len(parts) // 100):
            counted += found.lanes
            wrong += found.wrong
        shares = list(pool.map(share_of_band, range(max(1, len(parts) // 20))))
    for place, (low, high) in enumerate(pairwise(CLASSES)):
        print(f"n p q from {low:g} to {high:g}: {counted[place]:>12,} lanes, {wrong[place]} differ")
    print(f"in all {counted.sum():,} lanes, {wrong.sum()} differ from exact inversion")
    print(f"the series errs by at most {max(shares):.2f} of its band, at {len(shares) * PART:,} boundaries")
    return int(wrong.sum() > 0 or max(shares) >= 1)


if __name__ == "__main__":
    sys.exit(main())
