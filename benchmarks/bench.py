"""The engine against frozen baselines, written as a table to `docs/performance.md`; `make bench`, some ten minutes.

Baseline and candidate run alternately in fresh processes; the first pair fills caches and is discarded; the median of
seven pairwise ratios counts, of processor time, or of waiting where threads are compared. A verdict is withheld where
the ratios spread by more than a factor of 1.5. A run counts only if its own numbers pass their closed-form check.
"""

import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "performance.md"
BEGIN, END = "<!-- measured by make bench -->", "<!-- end -->"
ROUNDS, SPREAD, FAR = 7, 1.5, 5.0


@dataclass(frozen=True)
class Measured:
    """What a run says of itself.

    Attributes
    ----------
    processor, wall : seconds.
    memory : the peak above what imports take, in MB; NaN where it is not said.
    """

    processor: float
    wall: float
    memory: float


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes
    ----------
    name : what is measured.
    draws : of either side.
    candidate : the words of the product's side.
    by : `processor` or `wall`.
    goal, stretch : how many times as fast.
    """

    name: str
    draws: int
    candidate: tuple[str, ...]
    by: str
    goal: float
    stretch: float


ROWS = (
    Row("a run of `sim`, one thread: processor time", 1_000_000, ("numba", "1"), "processor", 12, 22),
    Row("a run of `sim`, two threads: waiting", 1_000_000, ("numba", "2"), "wall", 20, 45),
    Row("a run of `sim` without a compiler: processor time", 200_000, ("numpy", "1"), "processor", 2.5, 4),
)


def measured(script: str, *words: object) -> Measured:
    """Run a script in a fresh process; stop where its numbers are wrong."""
    command = [sys.executable, str(HERE / script), *map(str, words)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    *seconds, of_means, of_variances = map(float, text.split())
    if max(of_means, of_variances) > FAR:
        sys.exit(f"{script} {words}: its numbers are {of_means:.1f} and {of_variances:.1f} errors from the closed form")
    return Measured(seconds[0], seconds[1], seconds[2] if len(seconds) > 2 else float("nan"))


def ratios_of(rows: Sequence[Row]) -> dict[Row, list[float]]:
    """How many times as fast as the baseline rows of as many draws are, in each round: in order."""
    found: dict[Row, list[float]] = {row: [] for row in rows}
    for number in range(ROUNDS + 1):
        base = measured("plain.py", rows[0].draws)
        for row in rows:
            own = measured("product.py", row.draws, *row.candidate)
            print(f"  {row.name}, round {number}: {base.processor:.1f} s and {own.processor:.1f} s", flush=True)
            found[row].append(getattr(base, row.by) / getattr(own, row.by))
    return {row: sorted(ratios[1:]) for row, ratios in found.items()}


def line(row: Row, ratios: Sequence[float]) -> str:
    """A line of the table."""
    middle = statistics.median(ratios)
    verdict = "reached" if middle >= row.goal else "not reached"
    if ratios[-1] > SPREAD * ratios[0]:
        verdict = "no verdict: the rounds spread too far"
    span = f"{ratios[0]:.2f}–{ratios[-1]:.2f}"
    return f"| {row.name} | {row.draws:,} | {row.goal:g} × | {row.stretch:g} × | {middle:.2f} × ({span}) | {verdict} |"


def memory() -> str:
    """The line of memory: at ten times the draws, and above the imports."""
    few, many = (measured("product.py", draws, "numba", "1").memory for draws in (100_000, 1_000_000))
    ratio, verdict = many / few, "reached" if many <= 1.05 * few and many <= 200 else "not reached"
    found = f"{ratio:.2f}; {many:.0f} | {verdict}"
    return f"| memory at 10^6 draws over 10^5; MB above the imports | | 1.05; 200 | 1.05; 120 | {found} |"


def main() -> None:
    """Measure, print, and write the table into its page."""
    head = "| what | draws | goal | stretch | measured (rounds) | |\n|---|---|---|---|---|---|"
    found = [pair for _, rows in groupby(ROWS, lambda row: row.draws) for pair in ratios_of(list(rows)).items()]
    table = "\n".join([head, *(line(row, ratios) for row, ratios in found), memory()])
    print(table)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
