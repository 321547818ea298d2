"""What shards cost: 64 of them beside none, a run that is killed half-way and goes on, a worker that is killed.

Run it as `python benchmarks/shards.py`, some minutes. Of the first two the processor's time in one process, side by
side in each round, start-up left out; the median of seven ratios counts. Of the killed worker the waiting, of shards
that sleep, on a cluster of two workers that is started here, against the time they would sleep on two workers.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from sleeper import Sleeper

import sim
from sim.execution import shards
from sim.execution.cluster import on_cluster
from sim.execution.shards import work_out
from sim.execution.simulate import simulate
from sim.results.parts import Parts
from sim.results.run import Results

ROUNDS, SHARDS = 7, 64
DRAWS = 4_000_000
SLEEP, SLEEP_KILLED, KILLED_AFTER = 0.5, 0.2, 20
WORDS = ("scenario=strata", "report=none", "sampling=random", f"sampling.draws={DRAWS}", "execution=numba",
         "execution.threads=1", "results.keep_draws=false")  # fmt: skip


class KilledError(Exception):
    """Ends a run half-way."""


def seconds(number: int, kept: Path | None, ends_after: int | None = None) -> tuple[float, Results | None]:
    """Processor time of a run in shards, and the run; None where it is ended after so many."""
    own: Callable[..., Parts] = shards.shard
    done: list[range] = []

    def counted(account: Any, draws: range, chunk: int) -> Parts:
        if len(done) == ends_after:
            raise KilledError
        done.append(draws)
        return own(account, draws, chunk)

    assumptions = sim.load(overrides=[*WORDS, f"execution.shards={number}"], config_dir=Path(__file__).parent / "conf")
    results = None
    started = time.process_time()
    shards.shard = counted
    try:
        results = simulate(assumptions, kept=kept)
    except KilledError:
        pass
    finally:
        shards.shard = own
    return time.process_time() - started, results


def overhead() -> float:
    """Of 64 shards that are kept on disk, as a share of a run in one go."""
    with tempfile.TemporaryDirectory() as folder:
        whole, first = seconds(1, None)
        parted, second = seconds(SHARDS, Path(folder) / "kept")
    check(first, second)
    return parted / whole - 1


def resumed() -> float:
    """Both halves of a run that is killed half-way, against one run in as many shards."""
    with tempfile.TemporaryDirectory() as folder:
        whole, first = seconds(SHARDS, Path(folder) / "whole")
        half, nothing = seconds(SHARDS, Path(folder) / "kept", ends_after=SHARDS // 2)
        rest, second = seconds(SHARDS, Path(folder) / "kept")
    assert nothing is None
    check(first, second)
    return (half + rest) / whole


def check(one: Results | None, other: Results | None) -> None:
    """The same histograms."""
    assert one is not None
    assert other is not None
    assert one.dataset.identical(other.dataset)


def with_a_killed_worker(kills: bool) -> float:
    """How much longer 64 shards take than they sleep on two workers."""
    words = ["execution=dask", f"execution.shards={SHARDS}", "execution.workers=2"]
    assumptions = sim.load(overrides=words)
    draws = range(1024, 1024 * (SHARDS + 1))
    sleep = SLEEP_KILLED if kills else SLEEP
    sleeper, done = Sleeper(sleep / 1024, 1024), 0

    def progress(number: int) -> None:
        nonlocal done
        done += number
        if kills and done == KILLED_AFTER * 1024:
            workers = (one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline()))
            next(workers).kill()

    with tempfile.TemporaryDirectory() as folder, on_cluster(assumptions.execution) as work:
        begun: list[float] = []

        def timed(*words: Any) -> Any:
            for found in work(*words):
                begun.append(time.perf_counter())
                yield found

        work_out(timed, assumptions, sleeper, draws, 1024, Path(folder) / "kept", progress)
    assert sleeper.taken == draws.stop
    return (begun[-1] - begun[0]) / ((SHARDS / 2 - 1) * sleep) - 1


def show(name: str, found: list[float], goal: float, form: str) -> None:
    """A line: median, range, and whether it is reached."""
    middle = statistics.median(found)
    words = "reached" if middle <= goal else "not reached"
    print(f"{name:60} {middle:{form}} ({min(found):{form}} to {max(found):{form}}), goal {goal:{form}}: {words}")


if __name__ == "__main__":
    seconds(2, None)  # pays for imports
    show("64 shards, kept on disk, over none: processor time", [overhead() for _ in range(ROUNDS)], 0.01, "+.1%")
    show("killed half-way and gone on with, over one run", [resumed() for _ in range(ROUNDS)], 1.05, ".3f")
    for kills, goal in ((False, 0.01), (True, 0.15)):
        name = f"two workers, {'one' if kills else 'none'} killed: waiting over the sleep"
        show(name, [with_a_killed_worker(kills) for _ in range(ROUNDS)], goal, "+.1%")
