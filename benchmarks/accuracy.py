"""How many plain random draws a draw of each design is worth, and a processor second; tables in `docs/performance.md`.

`python benchmarks/accuracy.py` runs the six strata of `benchmarks/conf` by `sim` itself, with 200 seeds of each design,
some ten minutes of one core. The error of a number is its mean square over the seeds about a smoothed run of 2^19
Sobol' points. The ratio of two such errors at equal draws says how many times fewer draws are as accurate, since the
square of a random error falls with their number; divided by what a draw costs more, it is the ratio by processor time.
The median over strata, totals and years counts. A quantile is a whole number, and no error smaller than that of
rounding is claimed for it. `honest` is the share of numbers within two of their own Monte Carlo errors of the
reference: 95 % is meant.
"""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import sim
from sim.assumptions.schema import Assumptions

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "performance.md"
BEGIN, END = "<!-- measured by benchmarks/accuracy.py -->", "<!-- end of accuracy -->"
DRAWS, SEEDS, ROUNDS, REFERENCE = 16_384, 200, 7, 2**19
COUNTS = ("vod", "severe_vod", "deaths_day100")
KEYS = ["variable", "region", "transplant", "year", "statistic"]
KEPT = (f"sampling.draws={DRAWS}", "results.keep_draws=true")
WORDS = ("scenario=strata", "report=none", "execution=numba", "execution.threads=1")
DESIGNS = {
    "random draws": ("sampling.method=random",),
    "Latin hypercube": ("sampling.method=latin_hypercube",),
    "Sobol'": ("sampling.method=sobol",),
    "random draws, smoothed": ("sampling.method=random", "sampling.smooth=true"),
    "Sobol', smoothed": ("sampling.method=sobol", "sampling.smooth=true"),
    "Sobol', rates smoothed too": ("sampling.method=sobol", "sampling.smooth=rates"),
}


@dataclass(frozen=True)
class Goal:
    """What a design is to reach with some statistics.

    Attributes
    ----------
    design, names : which.
    goal, stretch : times fewer draws.
    populations : whose.
    """

    design: str
    names: tuple[str, ...]
    goal: float
    stretch: float
    populations: tuple[str, ...] = COUNTS


ROUNDING = 1 / 12
"""The least square error of a quantile that counts: that of a whole number."""

QUANTILES = ("p05", "p50", "p95")
GOALS = {
    "means by Sobol' points": Goal("Sobol'", ("mean",), 30, 80),
    "quantiles of VOD by Sobol' points": Goal("Sobol'", QUANTILES, 4, 8, COUNTS[:1]),
    "quantiles of all three by Sobol' points": Goal("Sobol'", QUANTILES, 4, 8),
    "quantiles, patients smoothed": Goal("Sobol', smoothed", QUANTILES, 30, 100),
    "quantiles, rates smoothed too": Goal("Sobol', rates smoothed too", QUANTILES, 30, 100),
}


@dataclass(frozen=True)
class Measured:
    """What the seeds of a design say.

    Attributes
    ----------
    square : mean square error of each number.
    honest : the share of seeds within two errors, of each number.
    """

    square: pd.Series
    honest: pd.Series


def assumed(*words: str) -> Assumptions:
    """The six strata with these words."""
    return sim.load(overrides=[*WORDS, *words], config_dir=HERE / "conf")


def numbers(assumptions: Assumptions) -> pd.DataFrame:
    """Value and error of the counted numbers of a run."""
    table = sim.simulate(assumptions).summary
    return table[table["variable"].isin(COUNTS)].set_index(KEYS)[["value", "mcse"]]


def measured(words: Sequence[str], true: pd.Series) -> Measured:
    """All seeds of a design, about what is true."""
    squares, near = [], []
    for seed in range(1, SEEDS + 1):
        found = numbers(assumed(*words, *KEPT, f"sampling.seed={seed}"))
        away = found["value"] - true
        squares.append(away**2)
        near.append(away.abs() <= 2 * found["mcse"] + 1e-9 * true.abs())
    return Measured(pd.concat(squares, axis=1).mean(axis=1), pd.concat(near, axis=1).mean(axis=1))


def costs() -> dict[str, float]:
    """Processor time of a run of each design over that of random draws: the median of rounds in which all are run."""
    runs = {design: assumed(*words, *KEPT) for design, words in DESIGNS.items()}
    found: dict[str, list[float]] = {design: [] for design in runs}
    for _ in range(ROUNDS + 1):
        seconds = {}
        for design, assumptions in runs.items():
            started = time.process_time()
            sim.simulate(assumptions)
            seconds[design] = time.process_time() - started
        for design, own in seconds.items():
            found[design].append(own / seconds["random draws"])
    return {design: statistics.median(ratios[1:]) for design, ratios in found.items()}  # the first loads the compiler


def worth(
    found: Mapping[str, Measured], design: str, names: Sequence[str], populations: Sequence[str] = COUNTS
) -> float:
    """How many random draws a draw is worth: the median over the numbers of these statistics and populations."""
    quantile = found[design].square.index.get_level_values("statistic").str.startswith("p")
    least = np.where(quantile, ROUNDING, 0.0)
    ratio = np.maximum(found["random draws"].square, least) / np.maximum(found[design].square, least)
    of_statistics = ratio.index.get_level_values("statistic").isin(names)
    return float(ratio[of_statistics & ratio.index.get_level_values("variable").isin(populations)].median())


def line(found: Mapping[str, Measured], design: str, cost: float) -> str:
    """A design's line of the table."""
    shown = [worth(found, design, [name]) for name in ("mean", "sd", *QUANTILES)]
    all_quantiles = worth(found, design, QUANTILES)
    honest = float(found[design].honest.mean())
    cells = [*(f"{one:,.3g}" for one in shown), f"{all_quantiles:.3g}", f"{cost:.2f}", f"{all_quantiles / cost:.3g}"]
    return f"| {design} | {' | '.join(cells)} | {100 * honest:.0f} % |"


def line_of_populations(found: Mapping[str, Measured], design: str) -> str:
    """A design's line of the table of populations."""
    cells = (f"{worth(found, design, QUANTILES, [population]):.3g}" for population in COUNTS)
    return f"| {design} | {' | '.join(cells)} |"


def verdict(found: Mapping[str, Measured], name: str, goal: Goal) -> str:
    """A goal's line of the table."""
    reached = worth(found, goal.design, goal.names, goal.populations)
    words = "stretch" if reached >= goal.stretch else "goal" if reached >= goal.goal else "not"
    return f"| {name} | {goal.goal:g} × | {goal.stretch:g} × | {reached:,.3g} × | {words} reached |"


def main() -> None:
    """Measure, print, and write the tables into their page."""
    true = numbers(assumed(*DESIGNS["Sobol', rates smoothed too"], f"sampling.draws={REFERENCE}", "sampling.seed=77"))[
        "value"
    ]
    found = {}
    for design, words in DESIGNS.items():
        found[design] = measured(words, true)
        print(f"  {design}: measured", flush=True)
    rows = ["| fewer draws, median | goal | stretch | measured | |", "|---|---|---|---|---|"]
    rows += [verdict(found, name, goal) for name, goal in GOALS.items()]
    rows += [
        "",
        "| a draw is worth | mean | sd | p05 | p50 | p95 | quantiles | cost of a draw | by processor time | honest |",
    ]
    rows += ["|---" * 10 + "|", *(line(found, design, cost) for design, cost in costs().items())]
    rows += ["", "| for the quantiles of | VOD | severe VOD | deaths |", "|---" * 4 + "|"]
    rows += [line_of_populations(found, design) for design in DESIGNS]
    table = "\n".join(rows)
    print(table)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
