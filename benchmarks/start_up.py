"""What starting costs: the help, and a small run without pictures, against the imports each cannot do without.

Run it as `python benchmarks/start_up.py`. Each pair runs in fresh processes, one after the other; the median of the
ratios of their processor time counts, and none is given where the ratios spread by more than half.
"""

import itertools
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS, SPREAD = 7, 1.5
ROOT = Path(__file__).resolve().parents[1]
ALONE = "import sys; sys.modules['dask'] = None; "  # as without the extra `cluster`: xarray loads it where it is
CACHED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # as users have it
SMALL_RUN = ("-c", f"{ALONE}from sim.__main__ import main; main()", "report=none", "sampling.draws=1024")
PAIRS = {
    "sim --help / import hydra": (("-c", "import hydra"), ("-m", "sim", "--help"), 1.3),
    "patients alone, 1,024 draws / import hydra, numpy, xarray": (
        ("-c", "import hydra, numpy, xarray"),
        (*SMALL_RUN, "trial=none", "market=none"),
        2.0,
    ),
    "the base case, 1,024 draws / the same": (("-c", "import hydra, numpy, xarray"), SMALL_RUN, None),
}


def seconds(words: tuple[str, ...]) -> float:
    """Processor time of a fresh Python."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], cwd=ROOT, env=CACHED, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        names = itertools.count()
        for name, (base, candidate, goal) in PAIRS.items():
            ratios = []
            for _ in range(ROUNDS + 1):
                place = (f"hydra.run.dir={folder}/{next(names)}",) if "--help" not in candidate else ()
                before = seconds(base)
                ratios.append(seconds((*candidate, *place)) / before)
            counted = sorted(ratios[1:])  # the first pair fills the caches
            found = statistics.median(counted)
            verdict = "no goal" if goal is None else f"goal {goal}: {'reached' if found <= goal else 'not reached'}"
            if goal is not None and counted[-1] <= goal:
                verdict = f"goal {goal}: reached in each round"
            elif counted[-1] > SPREAD * counted[0]:
                verdict = f"no verdict, the ratios go from {counted[0]:.2f} to {counted[-1]:.2f}"
            print(f"{name}: {found:.2f} times ({verdict})")


if __name__ == "__main__":
    main()
