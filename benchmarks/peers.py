"""The workload of `benchmarks/plain.py` as a good user of another program writes it.

`python benchmarks/peers.py NAME DRAWS` prints processor seconds, wall seconds and the peak of memory in MB above what
the imports take, then the largest deviations of means and variances in errors; start-up and a few draws to warm up are
left out. The packages are the dependency group `peers`.
"""

import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from plain import CHUNK, GROWTH, LEVELS, RATES, REGIONS, TYPES, VOLUME, YEARS, FloatArray, deviations, summarised

STAGES = 1 + len(RATES)
SHAPE = (STAGES, YEARS, len(REGIONS), len(TYPES))
SHARES = np.outer(REGIONS, TYPES)
WARM_UP = 100
"""Draws before those that are measured."""

Binomial = Callable[[NDArray[np.int64], FloatArray], NDArray[np.int64]]
"""Patients [year, region, type, draw] and a probability [draw] → those who go on."""


class Moments(NamedTuple):
    """Of each population: [stage, year, region, type]. Its quantiles have been worked out as well."""

    mean: FloatArray
    sd: FloatArray


Work = Callable[[int], Moments]


class Measured(NamedTuple):
    """What a peer took.

    Attributes
    ----------
    seconds : of the processor and of waiting.
    memory : the peak above what was there before, in MB.
    found : what it gave.
    """

    seconds: tuple[float, float]
    memory: float
    found: Moments


def counted(inputs: Sequence[FloatArray], binomial: Binomial) -> NDArray[np.int32]:
    """Every population of inputs that are drawn already, in chunks as `plain.simulated` does it.

    Parameters
    ----------
    inputs : volume, growth and the rates, [draw] each.
    binomial : draws the patients who go on.

    Returns
    -------
    [stage, year, region, type, draw].
    """
    draws = len(inputs[0])
    out = np.empty((*SHAPE, draws), np.int32)
    for first in range(0, draws, CHUNK):
        some = slice(first, first + CHUNK)
        volume, growth, *rates = (values[some] for values in inputs)
        factors = (1 + growth) ** np.arange(YEARS)[:, None]
        stage = np.rint((volume * factors)[:, None, None, :] * SHARES[:, :, None]).astype(np.int64)
        out[0, ..., some] = stage
        for place, rate in enumerate(rates, start=1):
            stage = binomial(stage, rate)
            out[place, ..., some] = stage
    return out


def moments_of(out: NDArray[np.int32]) -> Moments:
    """All statistics of the baseline, of which the moments are kept."""
    found = summarised(out)
    return Moments(found["mean"], found["sd"])


def laws_of_scipy() -> list[tuple[Any, dict[str, float]]]:
    """The distribution of each input and its words."""
    from scipy import stats

    (log_median, log_sd), (mean, sd) = VOLUME, GROWTH
    volume, growth = {"s": log_sd, "scale": math.exp(log_median)}, {"loc": mean, "scale": sd}
    return [(stats.lognorm, volume), (stats.norm, growth), *((stats.beta, {"a": a, "b": b}) for a, b in RATES)]


def of_scipy() -> Work:
    """Frozen distributions for the inputs, `binom` for the counts."""
    from scipy import stats

    laws = [law(**words) for law, words in laws_of_scipy()]

    def work(draws: int) -> Moments:
        rng = np.random.default_rng(1)
        inputs = [law.rvs(draws, random_state=rng) for law in laws]
        return moments_of(counted(inputs, lambda n, p: stats.binom.rvs(n, p, random_state=rng)))

    return work


def of_squigglepy() -> Work:
    """Its distributions for the inputs; counts by NumPy, as its own binomial is an object for each n and p."""
    import squigglepy as sq

    laws = [sq.lognorm(norm_mean=VOLUME[0], norm_sd=VOLUME[1]), sq.norm(mean=GROWTH[0], sd=GROWTH[1])]
    laws += [sq.beta(*ab) for ab in RATES]

    def work(draws: int) -> Moments:
        sq.set_seed(1)
        return moments_of(counted([sq.sample(law, draws) for law in laws], np.random.default_rng(1).binomial))

    return work


def of_openturns() -> Work:
    """Its joint distribution, a vectorised function in Python that counts by NumPy, its own statistics."""
    import openturns as ot

    inputs = ot.JointDistribution([ot.LogNormal(*VOLUME), ot.Normal(*GROWTH), *(ot.Beta(*ab, 0, 1) for ab in RATES)])
    rng = np.random.default_rng(1)

    outputs = math.prod(SHAPE)

    def populations(sample: Any) -> list[list[int]]:
        out = counted(np.ascontiguousarray(np.asarray(sample).T), rng.binomial)
        return np.ascontiguousarray(out.reshape(outputs, -1).T).tolist()  # which its wheels read faster than an array

    function = ot.PythonFunction(2 + len(RATES), outputs, func_sample=populations)

    def work(draws: int) -> Moments:
        ot.RandomGenerator.SetSeed(1)
        sample = function(inputs.getSample(draws))
        sample.computeQuantilePerComponent(LEVELS)
        mean, sd = (np.reshape(point, SHAPE) for point in (sample.computeMean(), sample.computeStandardDeviation()))
        return Moments(mean, sd)

    return work


def of_monaco() -> Work:
    """A case is a draw, counted by NumPy; its statistics of each stage, all in one process."""
    import monaco as mc

    inputs = {f"input {place}": law for place, law in enumerate(laws_of_scipy())}
    wanted = [("mean", {}), (np.std, {"ddof": 1}), *(("percentile", {"p": level}) for level in LEVELS)]

    def draw(case: Any) -> tuple[Any, ...]:
        return np.random.default_rng(case.seed), *(case.invals[name].val for name in inputs)

    def run(rng: np.random.Generator, *values: float) -> NDArray[np.int32]:
        return counted([np.array([value]) for value in values], rng.binomial)

    def keep(case: Any, *stages: NDArray[np.int32]) -> None:
        for place, stage in enumerate(stages):
            case.addOutVal(f"stage {place}", stage.ravel())

    def work(draws: int) -> Moments:
        steps = mc.SimulationFunctions(draw, run, keep)
        sim = mc.Sim("peer", draws, steps, samplemethod="random", seed=1, verbose=False, debug=True)
        for name, (law, words) in inputs.items():
            sim.addInVar(name, law, words)
        sim.runSim()
        stages = list(sim.outvars.values())
        for stage in stages:
            for statistic, words in wanted:
                stage.addVarStat(statistic, words)
        found = [np.reshape([stage.varstats[place].nums for stage in stages], SHAPE) for place in (0, 1)]
        return Moments(*found)

    return work


def in_r(draws: int) -> Measured:
    """The script beside this file, with the numbers of `plain.py`; R times itself."""

    def vector(values: Sequence[float]) -> str:
        return f"c({', '.join(map(repr, values))})"

    words = {
        "draws": draws, "warm_up": WARM_UP, "years": YEARS, "shares": vector(SHARES.ravel().tolist()),
        "volume": vector(VOLUME), "growth": vector(GROWTH), "rates": f"list({', '.join(map(vector, RATES))})",
        "levels": vector(LEVELS),
    }  # fmt: skip
    command = ["Rscript", "--vanilla", str(Path(__file__).with_suffix(".R"))]
    command += [f"{name} <- {value}" for name, value in words.items()]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    processor, wall, memory, *rest = map(float, text.split())
    mean, sd = np.moveaxis(np.reshape(rest, (*SHAPE, 2)), -1, 0)
    return Measured((processor, wall), memory, Moments(mean, sd))


def in_python(work: Work, draws: int) -> Measured:
    """Time a peer that is imported."""
    work(WARM_UP)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    used, started = time.process_time(), time.perf_counter()
    found = work(draws)
    seconds = time.process_time() - used, time.perf_counter() - started
    return Measured(seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, found)


IN_PYTHON = {"scipy": of_scipy, "squigglepy": of_squigglepy, "openturns": of_openturns, "monaco": of_monaco}


def main() -> None:
    """Simulate, summarise, check and print."""
    name, draws = sys.argv[1].lower(), int(sys.argv[2])
    measured = in_r(draws) if name == "r" else in_python(IN_PYTHON[name](), draws)
    print(*measured.seconds, measured.memory, *deviations(*measured.found, draws))


if __name__ == "__main__":
    main()
