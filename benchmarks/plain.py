"""The workload of `benchmarks/conf` as a good NumPy user writes it: what an engine is measured against. Never tuned.

Chunks of 4,096 draws, `Generator.binomial` on whole arrays, four bytes a count, `np.quantile` for each output. Its own
closed-form check, which any candidate has to pass too: of every population the mean and the second factorial moment
are products of moments of its inputs.

`python benchmarks/plain.py 1000000` prints processor seconds, wall seconds, and the largest deviations in errors.
"""

import math
import sys
import time

import numpy as np
from numpy.typing import NDArray

CHUNK = 4096
YEARS, REGIONS, TYPES = 10, (0.58, 0.32, 0.10), (0.4, 0.6)
VOLUME = (math.log(60000.0), 0.10)
GROWTH = (0.02, 0.01)
RATES = ((30.0, 170.0), (33.0, 67.0), (40.0, 10.0))
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)

FloatArray = NDArray[np.float64]


def simulated(draws: int, seed: int) -> NDArray[np.int32]:
    """Volume, VOD, severe VOD and deaths: [stage, year, region, type, draw]."""
    rng = np.random.default_rng(seed)
    shares = np.outer(REGIONS, TYPES)[None, :, :, None]
    out = np.empty((1 + len(RATES), YEARS, len(REGIONS), len(TYPES), draws), np.int32)
    for first in range(0, draws, CHUNK):
        size = min(CHUNK, draws - first)
        volume, growth = rng.lognormal(*VOLUME, size), rng.normal(*GROWTH, size)
        factors = (1 + growth) ** np.arange(YEARS)[:, None]
        stage = np.rint((volume * factors)[:, None, None, :] * shares).astype(np.int64)
        out[0, ..., first : first + size] = stage
        for place, shape in enumerate(RATES, start=1):
            stage = rng.binomial(stage, rng.beta(*shape, size))
            out[place, ..., first : first + size] = stage
    return out


def summarised(out: NDArray[np.int32]) -> dict[str, FloatArray]:
    """Mean, standard deviation and quantiles of each output over the draws."""
    found = {"mean": out.mean(axis=-1), "sd": out.std(axis=-1, ddof=1)}
    quantiles = np.quantile(out, LEVELS, axis=-1)
    return found | {f"p{100 * level:02.0f}": quantiles[place] for place, level in enumerate(LEVELS)}


def expected() -> tuple[FloatArray, FloatArray]:
    """Mean of every stage, and of X (X - 1) of its counts: [stage, year, region, type] each."""
    volume = [math.exp(VOLUME[0] * power + (power * VOLUME[1]) ** 2 / 2) for power in (1, 2)]
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    grown = 1 + GROWTH[0] + GROWTH[1] * nodes
    powers = np.arange(YEARS)
    growth = [(grown ** (power * powers[:, None]) * weights).sum(axis=1) / weights.sum() for power in (1, 2)]
    shares = np.outer(REGIONS, TYPES)
    first = volume[0] * growth[0][:, None, None] * shares
    second = volume[1] * growth[1][:, None, None] * shares**2 - first
    means, pairs = [first], [second]
    for a, b in RATES:
        means.append(means[-1] * a / (a + b))
        pairs.append(pairs[-1] * a * (a + 1) / ((a + b) * (a + b + 1)))
    return np.array(means), np.array(pairs)


def deviations(mean: FloatArray, sd: FloatArray, draws: int) -> tuple[float, float]:
    """The largest deviation of the means and of the variances, in errors of a plain sample of so many draws.

    The error of a variance is taken from a normal distribution, half as large again for the tails of a product.
    """
    means, pairs = expected()
    variance = pairs + means - means**2
    of_means = np.abs(mean - means) / np.sqrt(variance / draws)
    of_variances = np.abs(sd**2 - variance) / (1.5 * variance * math.sqrt(2 / draws))
    return float(of_means.max()), float(of_variances.max())


def main() -> None:
    """Simulate, summarise, check and print."""
    draws = int(sys.argv[1])
    used, started = time.process_time(), time.perf_counter()
    found = summarised(simulated(draws, 1))
    seconds = time.process_time() - used, time.perf_counter() - started
    print(*seconds, *deviations(found["mean"], found["sd"], draws))


if __name__ == "__main__":
    main()
