"""A run of the product on the workload of `benchmarks/conf`, checked against its closed forms.

`python benchmarks/product.py DRAWS ENGINE THREADS` prints processor seconds, wall seconds and the peak of memory in MB
above what the imports take, then the largest deviations of means and variances in errors; start-up is left out.
"""

import resource
import sys
import time
from pathlib import Path

import numpy as np
from plain import RATES, REGIONS, TYPES, YEARS, deviations

import sim
from sim.execution.engine import engine_of

STAGES = ("transplants", "vod", "severe_vod", "deaths_day100")
LABELS = {"region": "abc", "transplant": ("allogeneic", "autologous")}


def peak() -> float:
    """The most memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run, check and print."""
    draws, engine, threads = sys.argv[1:]
    words = [
        "scenario=strata", "report=none", "sampling=random", f"sampling.draws={draws}", f"execution={engine}",
        f"execution.threads={threads}", "results.keep_draws=false",
    ]  # fmt: skip
    assumptions = sim.load(overrides=words, config_dir=Path(__file__).parent / "conf")
    engine_of(assumptions)  # loads the compiler, whose code is kept from run to run
    few = sim.load(overrides=[*words, "sampling.draws=20000"], config_dir=Path(__file__).parent / "conf")
    before = peak()
    sim.simulate(few)
    used, started = time.process_time(), time.perf_counter()
    results = sim.simulate(assumptions)
    seconds = time.process_time() - used, time.perf_counter() - started
    table = results.summary.set_index(["variable", "region", "transplant", "year", "statistic"])["value"]
    shape = (1 + len(RATES), YEARS, len(REGIONS), len(TYPES))
    mean, sd = np.empty(shape), np.empty(shape)
    for place in np.ndindex(*shape):
        stage, year, region, kind = place
        key = (STAGES[stage], LABELS["region"][region], LABELS["transplant"][kind], 2008 + year)
        mean[place], sd[place] = table[(*key, "mean")], table[(*key, "sd")]
    print(*seconds, peak() - before, *deviations(mean, sd, int(draws)))


if __name__ == "__main__":
    main()
