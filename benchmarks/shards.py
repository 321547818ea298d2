"""What a shard costs, what a run costs that is killed half-way and goes on, and a worker that is killed.

Run it as `python benchmarks/shards.py`, some minutes. What a shard costs whatever its draws is measured where it shows:
64 small ones, kept on disk, less as many draws in one go, over 64; processor time in one process, start-up left out,
side by side in each of seven rounds. As a share it is told of a shard of 2^20 draws, some two seconds, for which the
verdict holds, and of one as large as a run has that says nothing of them; their time is that of the draws in one go, of
the same round. Likewise what it costs to be killed half-way, as a share of a run of 64 shards of 2^20 draws. Of the
killed worker the waiting, of shards that sleep, on a cluster of two workers that is started here, against the time they
would sleep on two workers.
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from sleeper import Sleeper

import sim
from sim.execution import shards, simulate
from sim.execution.accounts import PILOT, Accounts
from sim.execution.cluster import on_cluster
from sim.execution.funnel import JOINED
from sim.execution.gathering import CHUNK
from sim.execution.shards import PATIENTS_AT_STAKE, work_out
from sim.results.parts import Parts
from sim.results.run import Results

ROUNDS, SHARDS = 7, 64
SMALL = JOINED * CHUNK  # draws of a shard, worked out as one
SIZE = 1 << 20  # draws of a shard that the verdict is of
SLEEP, SLEEP_KILLED, KILLED_AFTER = 0.5, 0.2, 20
WORDS = ("scenario=strata", "report=none", "sampling=random", f"sampling.draws={PILOT + SHARDS * SMALL}",
         "execution=numba", "execution.threads=1", "results.keep_draws=false")  # fmt: skip


class KilledError(Exception):
    """Ends a run half-way."""


class Run(NamedTuple):
    """A run, or as much of it as there was.

    Attributes
    ----------
    seconds : processor time of all.
    of_draws : of that, what went into all draws but the first.
    results : None where it was killed.
    """

    seconds: float
    of_draws: float
    results: Results | None


def run(number: int, kept: Path | None, ends_after: int | None = None) -> Run:
    """A run in so many shards, which is killed after some of them."""
    own, whole = shards.shard, simulate.work_out
    done: list[range] = []
    began = 0.0

    def counted(account: Accounts, draws: range, chunk: int) -> tuple[Parts, Accounts]:
        if len(done) == ends_after:
            raise KilledError
        done.append(draws)
        return own(account, draws, chunk)

    def timed(*words: Any) -> None:
        nonlocal began
        began = time.process_time()
        whole(*words)
        began = time.process_time() - began

    assumptions = sim.load(overrides=[*WORDS, f"execution.shards={number}"], config_dir=Path(__file__).parent / "conf")
    results = None
    started = time.process_time()
    shards.shard, simulate.work_out = counted, timed
    try:
        results = simulate.simulate(assumptions, kept=kept)
    except KilledError:
        pass
    finally:
        shards.shard, simulate.work_out = own, whole
    return Run(time.process_time() - started, began, results)


class Round(NamedTuple):
    """Seconds of processor time.

    Attributes
    ----------
    draws : of as many draws as a shard has that the verdict is of.
    shard : what a shard costs beside its draws.
    killed : what it costs a run to be killed half-way.
    """

    draws: float
    shard: float
    killed: float


def measured() -> Round:
    """One round."""
    with tempfile.TemporaryDirectory() as folder:
        at_once, parted = run(1, None), run(SHARDS, Path(folder) / "whole")
        half = run(SHARDS, Path(folder) / "kept", ends_after=SHARDS // 2)
        rest = run(SHARDS, Path(folder) / "kept")
    assert half.results is None
    check(at_once.results, parted.results)
    check(parted.results, rest.results)
    a_draw = at_once.of_draws / (SHARDS * SMALL)
    shard = (parted.of_draws - at_once.of_draws) / SHARDS
    return Round(a_draw * SIZE, shard, half.seconds + rest.seconds - parted.seconds)


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


def show(name: str, found: list[float], form: str, goal: float | None = None) -> None:
    """A line: median, range, and whether the goal is reached."""
    middle = statistics.median(found)
    words = "" if goal is None else f", goal {goal:{form}}: {'reached' if middle <= goal else 'not reached'}"
    print(f"{name:60} {middle:{form}} ({min(found):{form}} to {max(found):{form}}){words}")


if __name__ == "__main__":
    run(2, None)  # pays for imports
    rounds = [measured() for _ in range(ROUNDS)]
    default = PATIENTS_AT_STAKE / SIZE
    show("a shard, kept on disk: milliseconds", [1e3 * one.shard for one in rounds], ".1f")
    show("seconds of 2^20 draws", [one.draws for one in rounds], ".2f")
    show("a shard as a share of these", [one.shard / one.draws for one in rounds], "+.2%", 0.01)
    show("and of a shard as large as by default", [one.shard / one.draws / default for one in rounds], "+.2%")
    show("killed half-way: seconds", [one.killed for one in rounds], ".2f")
    over = [1 + one.killed / (SHARDS * (one.draws + one.shard)) for one in rounds]
    show("gone on with, over one run of 64 times 2^20 draws", over, ".3f", 1.05)
    for kills, goal in ((False, 0.01), (True, 0.15)):
        name = f"two workers, {'one' if kills else 'none'} killed: waiting over the sleep"
        show(name, [with_a_killed_worker(kills) for _ in range(ROUNDS)], "+.1%", goal)
