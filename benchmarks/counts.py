"""What a count costs by each way, and what it would cost to step to it by the distribution function alone.

Run it as `python benchmarks/counts.py`. Ways are timed in turn in one process; the ratios count, not the nanoseconds.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np

from sim.draws.compiled import quantile
from sim.draws.counts import _stepped, binomial_quantile

LANES, ROUNDS = 50_000, 7
KINDS = ((20_000, 0.15), (1_500, 0.2), (100, 0.8), (100, 0.05), (1_000, 0.004), (30, 0.05), (20, 0.01), (5, 0.5))


def nanoseconds(action: Callable[[], object]) -> float:
    """Processor time a lane."""
    started = time.process_time()
    action()
    return 1e9 * (time.process_time() - started) / LANES


def main() -> None:
    """Measure and print."""
    rng = np.random.default_rng(1)
    u = rng.random(LANES).clip(2.0**-53, 1 - 2.0**-53)
    quantile(u, np.full(LANES, 9), u)  # compiles, or loads what is compiled
    for patients, probability in KINDS:
        n, p = np.full(LANES, patients), np.full(LANES, probability)
        start = np.floor(n * p).astype(np.int64)
        pairs = [
            (
                nanoseconds(lambda n=n, p=p: binomial_quantile(u, n, p)),
                nanoseconds(lambda n=n, p=p, start=start: _stepped(start.copy(), u, n, p)),
                nanoseconds(lambda n=n, p=p: rng.binomial(n, p)),
                nanoseconds(lambda n=n, p=p: quantile(u, n, p)),
            )
            for _ in range(ROUNDS)
        ]
        here, stepped, numpy, compiled = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(
            f"{patients:>6,} at {probability:<5g}: {here:5.0f} ns; by steps from the mean {stepped / here:5.1f} times,"
            f" NumPy's own random count {numpy / here:.1f} times as much; compiled {compiled:.0f} ns"
        )


main()
