"""What a point of a sweep costs beyond the model: composition, folder, comparison; and what a point of a grid costs.

Run it as `python benchmarks/sweep.py`. Everything is timed in one process, after a first sweep that pays for imports:
the same values by `simulate` alone and as a sweep, side by side in each round, the median of the rounds counts. A
sweep's fixed costs (its pictures, its page) are taken off by sweeping few points and many. What counts is how long one
waits; the processor's time is beside it, as a run is written and compared in a thread while the model of the next runs.
"""

import contextlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import sim
from sim.__main__ import dispatch

ROUNDS = 5
FEW, MANY = 6, 22  # fewer have bridges too
GOAL, GOAL_OF_GRID = 0.3, 0.05  # seconds a point
KEY = "vod.incidence.value"


def values(points: int) -> list[float]:
    """Incidences between 5 and 25 %."""
    return [round(0.05 + 0.2 * place / points, 4) for place in range(points)]


class Seconds(NamedTuple):
    """How long something takes: what one waits, and the processor's time."""

    wall: float
    processor: float

    def less(self, other: "Seconds", points: int) -> "Seconds":
        """A point's part of the difference."""
        return Seconds((self.wall - other.wall) / points, (self.processor - other.processor) / points)


NONE = Seconds(0.0, 0.0)


def median(found: list[Seconds]) -> Seconds:
    """Of either."""
    return Seconds(statistics.median(one.wall for one in found), statistics.median(one.processor for one in found))


def seconds(action: Callable[[], object]) -> Seconds:
    """Of this process, silently."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        started, used = time.perf_counter(), time.process_time()
        action()
        return Seconds(time.perf_counter() - started, time.process_time() - used)


def swept(points: int, words: list[str]) -> Seconds:
    """A sweep over so many points."""
    with tempfile.TemporaryDirectory() as folder:
        given, place = f"{KEY}={','.join(map(str, values(points)))}", f"hydra.run.dir={Path(folder) / 'sweep'}"
        return seconds(lambda: dispatch(["-m", given, "report=none", *words, place]))


def modelled(points: int, words: list[str]) -> Seconds:
    """The same points by the model alone, their assumptions at hand."""
    every = [sim.load(overrides=[f"{KEY}={value}", *words]) for value in values(points)]
    return seconds(lambda: [sim.simulate(assumptions) for assumptions in every])


def gridded(points: int, target: str, words: list[str]) -> float:
    """A grid over so many points, its run at hand."""
    assumptions = sim.load(overrides=words)
    results = sim.simulate(assumptions)
    settings: dict[str, Any] = {"over": {KEY: values(points)}, "target": target}
    return seconds(lambda: sim.ask(results, "grid", assumptions=assumptions, **settings)).processor / points


def main() -> None:
    """Measure and print."""
    for name, words in {"patients alone": ["trial=none", "market=none"], "trial and market": []}.items():
        swept(FEW, words)
        models, beyonds = [], []
        for _ in range(ROUNDS):
            few, model, many = swept(FEW, words), modelled(MANY - FEW, words), swept(MANY, words)
            models.append(model.less(NONE, MANY - FEW))
            beyonds.append(many.less(few, MANY - FEW).less(models[-1], 1))
        model, beyond = median(models), median(beyonds)
        said = "reached" if beyond.wall <= GOAL else "not reached"
        rounds = ", ".join(f"{one.wall:.2f}" for one in beyonds)
        print(f"{name}: the model {model.wall:.2f} s a point;")
        print(f"  beyond it {beyond.wall:.2f} s (rounds {rounds}; goal: at most {GOAL} s): {said};")
        print(f"  of the processor's time {beyond.processor:.2f} s")
    for target, words in {"severe_vod": ["trial=none", "market=none"], "net_present_value": []}.items():
        point = statistics.median(gridded(MANY, target, words) for _ in range(ROUNDS))
        said = ("reached" if point <= GOAL_OF_GRID else "not reached") if target == "severe_vod" else "no goal"
        print(
            f"grid of {target}: {1000 * point:.0f} ms a point "
            f"(goal for severe_vod: {1000 * GOAL_OF_GRID:.0f} ms): {said}"
        )


main()
