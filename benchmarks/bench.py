"""The engine, or its peers, against a frozen baseline, written as a table to `docs/performance.md`.

`make bench` measures the engine, `python -m benchmarks.bench peers` those peers that are installed; ten minutes each.

Baseline and candidate run alternately in fresh processes; the first pair fills caches and is discarded; the median of
seven pairwise ratios counts, of processor time, or of waiting where threads are compared, per draw. A verdict is
withheld where the ratios spread by more than a factor of 1.5. A run counts only if its own numbers pass their
closed-form check.
"""

import importlib.metadata
import importlib.util
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeVar

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "performance.md"
OF_ENGINE, OF_PEERS, END = "<!-- measured by make bench -->", "<!-- measured by bench peers -->", "<!-- end -->"
ROUNDS, SPREAD, FAR = 7, 1.5, 5.0


@dataclass(frozen=True)
class Measured:
    """What a run says of itself.

    Attributes
    ----------
    processor, wall : seconds.
    memory, peak : the most above what imports take, and in all, in MB; NaN where it is not said.
    """

    processor: float
    wall: float
    memory: float = float("nan")
    peak: float = float("nan")


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes
    ----------
    name : what is measured.
    draws : of the product's side.
    base : of the baseline, whose memory goes with them.
    candidate : the words of the product's side, behind the draws.
    by : `processor` or `wall`.
    goal, stretch : how many times as fast.
    script : the product's side.
    """

    name: str
    draws: int
    base: int
    candidate: tuple[str, ...]
    by: str
    goal: float
    stretch: float
    script: str = "product.py"

    @property
    def command(self) -> tuple[str, ...]:
        """The script and its words."""
        return self.script, str(self.draws), *self.candidate


@dataclass(frozen=True)
class Peer:
    """A line of the table of peers.

    Attributes
    ----------
    name : the program's own; in lower case, that of its package.
    draws : as many as are sensible.
    own : what of the work is its own, and what NumPy's.
    by : what is compared.
    """

    name: str
    draws: int
    own: str
    by: str = "processor"

    @property
    def command(self) -> tuple[str, ...]:
        """The script and its words."""
        return "peers.py", self.name.lower(), str(self.draws)

    @property
    def version(self) -> str:
        """Which is installed; empty where none is."""
        if self.name == "R":
            return printed("Rscript", "-e", "cat(format(getRversion()))") if shutil.which("Rscript") else ""
        package = self.name.lower()
        return importlib.metadata.version(package) if importlib.util.find_spec(package) else ""


Line = TypeVar("Line", Row, Peer)

_MILLION = 1_000_000
ROWS = (
    Row("the engine, one thread: processor time", _MILLION, _MILLION, ("numba", "1"), "processor", 15, 22, "kernel.py"),
    Row("the engine, two threads: waiting", _MILLION, _MILLION, ("numba", "2"), "wall", 25, 45, "kernel.py"),
    Row("the engine without a compiler: processor time", _MILLION, _MILLION, ("numpy", "1"), "processor", 2.5, 4,
        "kernel.py"),
    Row("a run of `sim`, one thread: processor time", 10 * _MILLION, _MILLION, ("numba", "1"), "processor", 12, 22),
    Row("a run of `sim`, two threads: waiting", 10 * _MILLION, _MILLION, ("numba", "2"), "wall", 20, 45),
)  # fmt: skip

PEERS = (
    Peer("SciPy", 100_000, "inputs, counts (`binom.rvs`); statistics by NumPy"),
    Peer("R", 100_000, "everything, a column of draws at a time, none kept"),
    Peer("squigglepy", 100_000, "inputs; counts and statistics by NumPy"),
    Peer("OpenTURNS", 100_000, "inputs, statistics; counts by NumPy"),
    Peer("monaco", 10_000, "inputs, a case for each draw, statistics; counts of a case by NumPy"),
)
BASE = 100_000
"""Draws of the baseline that peers are held against."""


def printed(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def measured(script: str, *words: object) -> Measured:
    """Run a script in a fresh process; stop where its numbers are wrong."""
    *seconds, of_means, of_variances = map(float, printed(sys.executable, str(HERE / script), *map(str, words)).split())
    if max(of_means, of_variances) > FAR:
        sys.exit(f"{script} {words}: its numbers are {of_means:.1f} and {of_variances:.1f} errors from the closed form")
    return Measured(*seconds)


def ratios_of(rows: Sequence[Line], draws: int) -> dict[Line, list[float]]:
    """How many times as fast a draw as the baseline rows are, in each round: in order."""
    found: dict[Line, list[float]] = {row: [] for row in rows}
    for number in range(ROUNDS + 1):
        base = measured("plain.py", draws)
        for row in rows:
            own = measured(*row.command)
            print(f"  {row.name}, round {number}: {base.processor:.1f} s and {own.processor:.1f} s", flush=True)
            found[row].append(getattr(base, row.by) / draws / (getattr(own, row.by) / row.draws))
    return {row: sorted(ratios[1:]) for row, ratios in found.items()}


def shown(ratios: Sequence[float]) -> str:
    """The median of ratios in order, and their range."""
    return f"{statistics.median(ratios):.2f} × ({ratios[0]:.2f}–{ratios[-1]:.2f})"


def spread_too_far(ratios: Sequence[float]) -> bool:
    """Whether ratios in order tell nothing for certain."""
    return ratios[-1] > SPREAD * ratios[0]


def line(row: Row, ratios: Sequence[float]) -> str:
    """A line of the table."""
    verdict = "reached" if statistics.median(ratios) >= row.goal else "not reached"
    if spread_too_far(ratios):
        verdict = "no verdict: the rounds spread too far"
    return f"| {row.name} | {row.draws:,} | {row.goal:g} × | {row.stretch:g} × | {shown(ratios)} | {verdict} |"


def line_of_peer(peer: Peer, ratios: Sequence[float]) -> str:
    """A line of the table of peers."""
    found = f"{shown(ratios)}{'; the rounds spread too far' if spread_too_far(ratios) else ''}"
    return f"| {peer.name} {peer.version} | {peer.draws:,} | {found} | {peer.own} |"


def memory() -> str:
    """The line of memory: at ten times the draws, and above the imports."""
    few, many = (measured("product.py", draws, "numba", "1") for draws in (100_000, 10_000_000))
    ratio = many.peak / few.peak
    found = f"{ratio:.2f}; {many.memory:.0f} | {'reached' if ratio <= 1.05 and many.memory <= 200 else 'not reached'}"
    return f"| memory at 10^7 draws over 10^5; MB above the imports | | 1.05; 200 | 1.05; 120 | {found} |"


def of_engine() -> str:
    """The table of the engine."""
    head = "| what | draws | goal | stretch | measured (rounds) | |\n|---|---|---|---|---|---|"
    groups = groupby(ROWS, lambda row: row.base)
    found = [pair for draws, rows in groups for pair in ratios_of(list(rows), draws).items()]
    return "\n".join([head, *(line(row, ratios) for row, ratios in found), memory()])


def of_peers() -> str:
    """The table of those peers that are installed."""
    baseline = f"plain NumPy {importlib.metadata.version('numpy')}"
    head = f"| peer | draws | as fast as {baseline} (rounds) | its own |\n|---|---|---|---|"
    missing = [peer.name for peer in PEERS if not peer.version]
    if missing:
        print(f"not installed: {', '.join(missing)}; pip install --group peers (pip 25.1 or later), R by its own means")
    found = ratios_of([peer for peer in PEERS if peer.name not in missing], BASE)
    return "\n".join([head, *(line_of_peer(peer, ratios) for peer, ratios in found.items())])


def write(begin: str, table: str) -> None:
    """Put a table into its page, between its own marks."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{begin}\n\n{table}\n\n{END}{after}", encoding="utf-8", newline="\n")


def main(words: Sequence[str]) -> None:
    """Measure, print, and write the table into its page."""
    begin, table = (OF_PEERS, of_peers()) if "peers" in words else (OF_ENGINE, of_engine())
    print(table)
    write(begin, table)


if __name__ == "__main__":
    main(sys.argv[1:])
