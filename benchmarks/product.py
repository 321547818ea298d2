"""A run of the product on the workload of `benchmarks/conf`, checked against its closed forms.

`python benchmarks/product.py DRAWS ENGINE THREADS` prints processor seconds, wall seconds, the peak of memory in MB,
above what the imports take and in all, then the largest deviations of means and variances in errors; start-up is left
out.
"""

import resource
import sys
import time
from pathlib import Path

import numpy as np
from plain import RATES, REGIONS, TYPES, YEARS, deviations

import sim
from sim.assumptions.schema import Assumptions
from sim.execution.engine import engine_of
from sim.execution.simulate import simulate  # with all that a run imports

STAGES = ("transplants", "vod", "severe_vod", "deaths_day100")
SHAPE = (1 + len(RATES), YEARS, len(REGIONS), len(TYPES))
LABELS = {"region": "abc", "transplant": ("allogeneic", "autologous")}


def peak() -> float:
    """The most memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def assumed(draws: int, engine: str, threads: int) -> Assumptions:
    """The six strata, counted."""
    words = [
        "scenario=strata", "report=none", "sampling=random", f"sampling.draws={draws}", f"execution={engine}",
        f"execution.threads={threads}", "results.keep_draws=false",
    ]  # fmt: skip
    return sim.load(overrides=words, config_dir=Path(__file__).parent / "conf")


def main() -> None:
    """Run, check and print."""
    draws, engine, threads = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    assumptions, few = assumed(draws, engine, threads), assumed(20_000, engine, threads)
    engine_of(assumptions)
    before = peak()
    simulate(few)  # loads compiled code
    used, started = time.process_time(), time.perf_counter()
    results = simulate(assumptions)
    seconds = time.process_time() - used, time.perf_counter() - started
    table = results.summary.set_index(["variable", "region", "transplant", "year", "statistic"])["value"]
    mean, sd = np.empty(SHAPE), np.empty(SHAPE)
    for place in np.ndindex(*SHAPE):
        stage, year, region, kind = place
        key = (STAGES[stage], LABELS["region"][region], LABELS["transplant"][kind], 2008 + year)
        mean[place], sd[place] = table[(*key, "mean")], table[(*key, "sd")]
    print(*seconds, peak() - before, peak(), *deviations(mean, sd, draws))


if __name__ == "__main__":
    main()
