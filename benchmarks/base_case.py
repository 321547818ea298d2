"""How long the base case takes, pictures included, beside the imports that any such program pays.

Run it as `python benchmarks/base_case.py`. The two are alternated, the first pair is discarded, and the median of the
ratios counts: seconds on a shared machine are only colour.
"""

import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 7
IMPORTS = "import hydra, numpy, scipy.special, xarray, pandas, netCDF4, matplotlib.figure, jinja2, pydantic"


def seconds(*words: str) -> float:
    """Wall time of one process, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        subprocess.run([sys.executable, *words], cwd=folder, check=True, capture_output=True)
        return time.perf_counter() - started


pairs = [(seconds("-c", IMPORTS), seconds("-m", "sim")) for _ in range(ROUNDS + 1)][1:]
ratios = [run / imports for imports, run in pairs]
print(f"imports alone   {statistics.median(imports for imports, _ in pairs):5.1f} s")
print(f"base case       {statistics.median(run for _, run in pairs):5.1f} s   (goal: below 10 s)")
print(
    f"ratio           {statistics.median(ratios):5.1f}     ({min(ratios):.1f} to {max(ratios):.1f} in {ROUNDS} rounds)"
)
