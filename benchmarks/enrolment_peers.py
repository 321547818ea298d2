"""The workload of `benchmarks/enrolment.py` as others would write it: what the law is measured against. Never tuned.

Every site has a gamma distributed rate and opens at any time within a year; patients come as Poisson processes until
the target is enrolled; the read-out is a hundred days and a lognormal close-out after the last of them.
"""

import math
import random
from collections.abc import Generator

import numpy as np
import simpy
from numpy.typing import NDArray

SITES, TARGET = 35, 80
SHAPE, MEAN = 1.5, 0.12
SCALE = MEAN / SHAPE
LAST_OPENING = 12.0
FOLLOW_UP = 100 / (365.25 / 12)
CLOSE_OUT = (math.log(2.0), 0.35)

FloatArray = NDArray[np.float64]
Months = tuple[FloatArray, FloatArray]
"""When the last patient is enrolled, and when the trial reads out: [draw] each."""


def by_processes(draws: int, seed: int) -> Months:
    """SimPy: a process for each site, an event for each patient, one trial after the other."""
    chance = random.Random(seed)
    last, readout = np.empty(draws), np.empty(draws)
    for draw in range(draws):
        last[draw] = _played(chance)
        readout[draw] = last[draw] + FOLLOW_UP + chance.lognormvariate(*CLOSE_OUT)
    return last, readout


def _played(chance: random.Random) -> float:
    clock = simpy.Environment()
    full, arrivals = clock.event(), list[float]()
    for _ in range(SITES):
        rate, opening = chance.gammavariate(SHAPE, SCALE), chance.uniform(0.0, LAST_OPENING)
        clock.process(_site(clock, full, arrivals, chance, rate, opening))
    clock.run(until=full)
    return arrivals[-1]


def _site(
    clock: simpy.Environment,
    full: simpy.Event,
    arrivals: list[float],
    chance: random.Random,
    rate: float,
    opening: float,
) -> Generator[simpy.Event, object, None]:
    yield clock.timeout(opening)
    while True:
        yield clock.timeout(chance.expovariate(rate))
        arrivals.append(clock.now)
        if len(arrivals) == TARGET:
            full.succeed()


def by_time_change(draws: int, seed: int) -> Months:
    """NumPy: the sites in the order of their openings, and the month at which their intensity has reached a gamma."""
    rng = np.random.default_rng(seed)
    opening = rng.uniform(0.0, LAST_OPENING, (draws, SITES))
    rate = rng.gamma(SHAPE, SCALE, (draws, SITES))
    order = np.argsort(opening, axis=1)
    opening, rate = np.take_along_axis(opening, order, 1), np.take_along_axis(rate, order, 1)
    speed = np.cumsum(rate, axis=1)
    due = np.cumsum(rate * opening, axis=1)
    reached = speed * opening - due
    wanted = rng.gamma(TARGET, 1.0, draws)
    place = ((reached < wanted[:, None]).sum(axis=1) - 1)[:, None]
    last = (wanted + np.take_along_axis(due, place, 1)[:, 0]) / np.take_along_axis(speed, place, 1)[:, 0]
    return last, last + FOLLOW_UP + rng.lognormal(*CLOSE_OUT, draws)


def expected() -> tuple[tuple[float, float], tuple[float, float]]:
    """Mean and variance of the months to the last patient, and to the read-out.

    With S the sum of the rates the last patient comes at (G + sum of rate times opening) / S, G gamma distributed with
    the target as its shape, once all sites are open by then, as they are here in all but one in billions of trials. The
    rates' shares in S do not depend on S.
    """
    shapes = SITES * SHAPE
    inverse = [1 / (SCALE * (shapes - 1)), 1 / (SCALE**2 * (shapes - 1) * (shapes - 2))]
    waited = TARGET * inverse[0], TARGET * (TARGET + 1) * inverse[1] - (TARGET * inverse[0]) ** 2
    opened = LAST_OPENING / 2, LAST_OPENING**2 / 12 * (SHAPE + 1) / (shapes + 1)
    last = waited[0] + opened[0], waited[1] + opened[1]
    spread = math.exp(CLOSE_OUT[1] ** 2)
    closed = math.exp(CLOSE_OUT[0]) * math.sqrt(spread)
    return last, (last[0] + FOLLOW_UP + closed, last[1] + closed**2 * (spread - 1))


def deviations(months: Months) -> tuple[float, float]:
    """The largest deviation of the two means and of the two variances, in errors of the sample."""
    of_means, of_variances = [], []
    for values, (mean, variance) in zip(months, expected(), strict=True):
        away = (values - mean) ** 2
        of_means.append(abs(values.mean() - mean) / math.sqrt(variance / len(values)))
        of_variances.append(abs(away.mean() - variance) / (away.std() / math.sqrt(len(values))))
    return max(of_means), max(of_variances)
