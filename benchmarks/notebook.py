"""How long a changed assumption takes to show its new fan in a notebook: read, run and drawn, at 10,000 draws.

Run it as `python benchmarks/notebook.py`. Each round changes the incidence, as a person would; the first, which makes
what a notebook has made by then, is discarded; the median of the others counts, in seconds of processor time.
"""

import io
import itertools
import statistics
import time

import sim
from sim.views.fan import fan

ROUNDS = 7
DRAWS = 10_000
PARTS = {
    "patients alone": ["trial=none", "market=none"],
    "with the trial": ["market=none"],
    "and the market": [],
}


def seconds(overrides: list[str], number: int) -> list[float]:
    """Processor time to read the changed assumption, to run it, and to draw its fan as a notebook shows it."""
    changed = [f"vod.incidence.value={0.15 + 0.01 * number:.2f} to 0.25", f"sampling.draws={DRAWS}", *overrides]
    marks = [time.process_time()]
    assumptions = sim.load("press_release", changed)
    marks.append(time.process_time())
    run = sim.simulate(assumptions)
    marks.append(time.process_time())
    fan(run).savefig(io.BytesIO(), format="png")
    marks.append(time.process_time())
    return [after - before for before, after in itertools.pairwise(marks)]


print(f"a changed incidence at {DRAWS:,} draws, processor seconds   (goal: below 1 s in all)")
print(f"{'':16s}  load   run   fan   all   (range)")
for label, overrides in PARTS.items():
    rounds = [seconds(overrides, number) for number in range(ROUNDS + 1)][1:]
    medians = [statistics.median(part) for part in zip(*rounds, strict=True)]
    whole = [sum(parts) for parts in rounds]
    shown = "".join(f"{value:6.2f}" for value in (*medians, statistics.median(whole)))
    print(f"{label:16s}{shown}   ({min(whole):.2f} to {max(whole):.2f})")
