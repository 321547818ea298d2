"""The engine alone on the workload of `benchmarks/conf`: its strata without totals, held against their closed forms.

`python benchmarks/kernel.py DRAWS ENGINE THREADS` prints the same as `benchmarks/product.py`. The loops are those of a
run of `sim`, from the inputs to mean, standard deviation and quantiles; left out are composing, totals, errors and the
tables of a run. Survivors and the moments without chance are counted beside what the baseline counts.
"""

import sys
import time

import numpy as np
from plain import FloatArray, deviations
from product import SHAPE, STAGES, assumed, peak

from sim.assumptions.schema import Assumptions
from sim.execution import funnel
from sim.execution.accounts import PILOT
from sim.execution.ahead import ahead
from sim.execution.engine import engine_of
from sim.execution.funnel import BlockFunnel, joined
from sim.execution.gathering import CHUNK
from sim.execution.portion import through_model
from sim.results.batches import Batches
from sim.results.moments import Moments
from sim.results.sample import Statistics
from sim.results.tallies import tally
from sim.results.totals import Counts, Totals
from sim.variables import FUNNEL, STRATA


def strata_alone(strata: dict[str, list[str]]) -> Totals:
    """Strata without their totals, as `sim.results.totals.totals_of` has both."""
    cells: Counts = np.arange(np.prod([len(strata[name]) for name in STRATA]))
    return Totals(len(cells), cells, [])


def simulated(assumptions: Assumptions) -> dict[str, Statistics]:
    """Statistics of each population, [+ strata, year]."""
    engine, sampling, draws = engine_of(assumptions), assumptions.sampling, assumptions.sampling.draws
    batches = Batches.of(sampling.method, sampling.replicates, draws)
    first = through_model(assumptions, range(PILOT), None, engine)
    tallies = {stage.name: tally(first.outputs[stage.name], batches, engine.kernels) for stage in FUNNEL}
    spread = {stage.name: Moments(batches, engine.kernels) for stage in FUNNEL}
    for name, one in tallies.items():
        one.add(first.outputs[name].to_numpy(), 0)
        spread[name].add(first.expected[name].to_numpy(), 0)
    counted = BlockFunnel(assumptions, tallies, spread, engine)
    portions = (range(start, min(start + CHUNK, draws)) for start in range(PILOT, draws, CHUNK))
    for portion in ahead(counted.work_out, joined(portions), assumptions.execution.threads or 1):
        counted.add(portion)
    return {name: one.whole() for name, one in tallies.items()}


def numbers(found: dict[str, Statistics], statistic: str) -> FloatArray:
    """One statistic of all, as the baseline has them: [stage, year, region, type]."""
    every = [np.moveaxis(np.asarray(found[stage][statistic]), -1, 0) for stage in STAGES]
    return np.array(every).reshape(SHAPE)


def main() -> None:
    """Run, check and print."""
    draws, engine, threads = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    funnel.totals_of = strata_alone
    assumptions, few = assumed(draws, engine, threads), assumed(20_000, engine, threads)
    engine_of(assumptions)
    before = peak()
    simulated(few)  # loads compiled code
    used, started = time.process_time(), time.perf_counter()
    found = simulated(assumptions)
    seconds = time.process_time() - used, time.perf_counter() - started
    print(*seconds, peak() - before, peak(), *deviations(numbers(found, "mean"), numbers(found, "sd"), draws))


if __name__ == "__main__":
    main()
