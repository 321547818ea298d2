"""What a point of a sweep costs beyond the model: composition, folder, comparison; and what a point of a grid costs.

Run it as `python benchmarks/sweep.py`. Everything is timed in one process, after a first sweep that pays for imports:
the same values once by `simulate` alone and once as a sweep, the two alternated, the median of the rounds counts. A
sweep's fixed costs (its pictures, its page) are taken off by sweeping few points and many.
"""

import contextlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sim
from sim.__main__ import dispatch

ROUNDS = 3
FEW, MANY = 4, 20
GOAL, GOAL_OF_GRID = 0.3, 0.05  # seconds a point
KEY = "vod.incidence.value"


def values(points: int) -> list[float]:
    """Incidences between 5 and 25 %."""
    return [round(0.05 + 0.2 * place / points, 4) for place in range(points)]


def seconds(action: Callable[[], object]) -> float:
    """Processor time of this process, silently."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        started = time.process_time()
        action()
        return time.process_time() - started


def swept(points: int, words: list[str]) -> float:
    """A sweep over so many points."""
    with tempfile.TemporaryDirectory() as folder:
        given, place = f"{KEY}={','.join(map(str, values(points)))}", f"hydra.run.dir={Path(folder) / 'sweep'}"
        return seconds(lambda: dispatch(["-m", given, "report=none", *words, place]))


def modelled(points: int, words: list[str]) -> float:
    """The same points by the model alone, their assumptions at hand."""
    every = [sim.load(overrides=[f"{KEY}={value}", *words]) for value in values(points)]
    return seconds(lambda: [sim.simulate(assumptions) for assumptions in every])


def gridded(points: int, target: str, words: list[str]) -> float:
    """A grid over so many points, its run at hand."""
    assumptions = sim.load(overrides=words)
    results = sim.simulate(assumptions)
    settings: dict[str, Any] = {"over": {KEY: values(points)}, "target": target}
    return seconds(lambda: sim.ask(results, "grid", assumptions=assumptions, **settings)) / points


def main() -> None:
    """Measure and print."""
    for name, words in {"patients alone": ["trial=none", "market=none"], "trial and market": []}.items():
        swept(FEW, words)
        alone, sweeps = [], []
        for _ in range(ROUNDS):
            alone.append(modelled(FEW, words) / FEW)
            sweeps.append((swept(MANY, words) - swept(FEW, words)) / (MANY - FEW))
        model, point = statistics.median(alone), statistics.median(sweeps)
        said = "reached" if point - model <= GOAL else "not reached"
        print(f"{name}: the model {model:.2f} s a point, the sweep {point:.2f} s, {point / model:.1f} times;")
        print(f"  beyond the model {point - model:.2f} s a point (goal: at most {GOAL} s): {said}")
    for target, words in {"severe_vod": ["trial=none", "market=none"], "net_present_value": []}.items():
        point = statistics.median(gridded(MANY, target, words) for _ in range(ROUNDS))
        said = ("reached" if point <= GOAL_OF_GRID else "not reached") if target == "severe_vod" else "no goal"
        print(
            f"grid of {target}: {1000 * point:.0f} ms a point "
            f"(goal for severe_vod: {1000 * GOAL_OF_GRID:.0f} ms): {said}"
        )


main()
