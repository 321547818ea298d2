"""Sobol' indices against SciPy's and SALib's, in one process, turn by turn, each with its error from the closed form.

Two workloads, both products of independent inputs, of which the indices are known: S = cv² / (P - 1) and
T = cv² P / (1 + cv²) / (P - 1), with P the product of 1 + cv² over the inputs.

- Twelve inputs, 2^14 rows: eight betas, two lognormals, a normal and a uniform, those of `TWELVE`, whose first orders
  add up to 0.93. The product enters as a surface whose inputs are the house's own distributions.
- The funnel: deaths by day 100 of the base case, expected numbers, asked as `sim sensitivity=sobol` asks; a SciPy user
  writes the same as a product of four arrays.

`python benchmarks/sobol.py` takes a minute. The first round, which imports and fills caches, is discarded; the
median ratio of seven rounds of processor time counts. There is no verdict where the ratios spread by more than a factor
of 1.5, nor where an error is more than a quarter above the other's. Every answer has a seed of its own. A run of `sim`
has made the tables of its beta quantiles when it is asked something; a surface of new distributions has not, which has
a line of its own.
"""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from SALib.analyze import sobol as of_salib
from SALib.sample import sobol as rows_of_salib
from scipy import stats

import sim
from sim.analysis.sensitivity.sobol import indices
from sim.analysis.sensitivity.surface import Surface
from sim.assumptions.distributions import Beta, Distribution, LogNormal, Normal, Uniform, beta_quantile
from sim.draws.streams import FloatArray

ROUNDS, SPREAD, WORSE = 7, 1.5, 1.25
ROWS = 2**14
TWELVE: tuple[Distribution, ...] = (
    Beta(30, 170), Beta(33, 67), Beta(40, 10), Beta(25, 100), Beta(60, 40), Beta(36, 84), Beta(90, 10), Beta(50, 50),
    LogNormal(0.0, 0.10), LogNormal(0.0, 0.15), Normal(1.0, 0.05), Uniform(0.8, 1.2),
)  # fmt: skip
TARGET, YEAR = "deaths_day100", 2008
FUNNEL = sim.load(overrides=["trial=none", "market=none", "sampling.chance=false"])
FOUR = {name: leaf.distribution for name, leaf in FUNNEL.leaves.items() if leaf.distribution and not leaf.is_certain}

Orders = tuple[FloatArray, FloatArray]
"""First and total order of each input."""


def exact(inputs: Sequence[Distribution]) -> Orders:
    """The indices of a product."""
    squares = np.array([(one.sd / one.mean) ** 2 for one in inputs])
    whole = np.prod(1 + squares)
    return squares / (whole - 1), squares * whole / (1 + squares) / (whole - 1)


def orders(found: Orders | pd.DataFrame) -> FloatArray:
    """The indices that were found: [order, input]."""
    if isinstance(found, pd.DataFrame):
        known = found.set_index("input")
        own = known if "x1" in known.index else known.loc[list(FOUR)]
        return own[["first", "total"]].to_numpy().T
    return np.array(found)


def in_scipy(one: Distribution) -> Any:
    """The same distribution as SciPy has it."""
    if isinstance(one, Beta):
        return stats.beta(one.a, one.b)
    if isinstance(one, LogNormal):
        return stats.lognorm(one.sigma, scale=math.exp(one.mu))
    if isinstance(one, Normal):
        return stats.norm(one.mu, one.sigma)
    assert isinstance(one, Uniform)
    return stats.uniform(one.low, one.high - one.low)


def by_surface(seed: int) -> pd.DataFrame:
    """The product's own, of a surface."""
    names = tuple(f"x{place + 1}" for place in range(len(TWELVE)))
    columns = tuple((place,) for place in range(len(TWELVE)))
    quantiles = tuple(one.ppf for one in TWELVE)
    return indices(Surface(names, columns, lambda rows, _: rows.prod(axis=1), quantiles=quantiles), ROWS, seed)


def by_surface_anew(seed: int) -> pd.DataFrame:
    """The same by a process that has asked for none of these quantiles before."""
    beta_quantile._table.cache_clear()
    return by_surface(seed)


def by_asking(seed: int) -> pd.DataFrame:
    """The product's own, of the funnel, asked as a run is."""
    seeded = FUNNEL.model_copy(update={"sampling": FUNNEL.sampling.model_copy(update={"seed": seed})})
    return sim.ask(RUN, "sobol", assumptions=seeded, target=TARGET, year=YEAR, draws=ROWS).tables["sobol"]


def by_scipy(inputs: Sequence[Distribution]) -> Callable[[int], Orders]:
    """SciPy's, with its own distributions, without intervals."""
    frozen = [in_scipy(one) for one in inputs]

    def found(seed: int) -> Orders:
        own = stats.sobol_indices(
            func=lambda x: np.prod(x, axis=0), n=ROWS, dists=frozen, rng=np.random.default_rng(seed)
        )
        return own.first_order, own.total_order

    return found


def by_salib(seed: int) -> Orders:
    """SALib's, with its default intervals of 100 resamples; it has no betas, so SciPy's quantiles make all inputs."""
    frozen, width = [in_scipy(one) for one in TWELVE], len(TWELVE)
    problem = {"num_vars": width, "names": [str(place) for place in range(width)], "bounds": [[0, 1]] * width}
    rows = rows_of_salib.sample(problem, ROWS, calc_second_order=False, seed=seed)
    answers = np.prod([one.ppf(rows[:, place]) for place, one in enumerate(frozen)], axis=0)
    own = of_salib.analyze(problem, answers, calc_second_order=False, seed=seed)
    return own["S1"], own["ST"]


@dataclass
class Contestant:
    """One way to find the indices.

    Attributes
    ----------
    name : for the table.
    find : seed → indices.
    known : the indices.
    goal : how many times as fast as this the product is to be; none for the product.
    times : how often it is asked in a round, so that what is quick is timed as long as what is slow, but for SALib.
    seconds : of processor time for one answer, a round each.
    errors : of first and total order, [answer, order, input].
    """

    name: str
    find: Callable[[int], Orders | pd.DataFrame]
    known: Orders
    goal: float = 0.0
    times: int = 16
    seconds: list[float] = field(default_factory=list)
    errors: list[FloatArray] = field(default_factory=list)

    def run(self, number: int) -> None:
        """One round."""
        seeds = range(number * self.times, (number + 1) * self.times)
        started = time.process_time()
        found = [self.find(seed) for seed in seeds]
        self.seconds.append((time.process_time() - started) / self.times)
        self.errors += [orders(one) - np.array(self.known) for one in found]

    def line(self) -> str:
        """Time and errors."""
        largest = " and ".join(f"{error:.4f}" for error in np.abs(self.errors).max(axis=(0, 2)))
        typical = " and ".join(f"{error:.5f}" for error in self.typical)
        seconds = 1000 * statistics.median(self.seconds[1:])
        asked = f"error in {len(self.errors)} answers at most"
        return f"{self.name:<36}{seconds:8.1f} ms   {asked} {largest}, typically {typical}"

    @property
    def typical(self) -> FloatArray:
        """The root mean square of the errors of each order."""
        return np.asarray(np.sqrt(np.square(self.errors).mean(axis=(0, 2))))


def compared(own: Contestant, other: Contestant) -> str:
    """How many times as fast it is, and whether that is enough."""
    ratios = sorted(theirs / ours for ours, theirs in zip(own.seconds[1:], other.seconds[1:], strict=True))
    middle = statistics.median(ratios)
    verdict = "reached" if middle >= other.goal else "not reached"
    if ratios[-1] > SPREAD * ratios[0]:
        verdict = "no verdict: the rounds spread too far"
    if (own.typical > WORSE * other.typical).any():
        verdict = "no verdict: its errors are larger"
    span = f"{ratios[0]:.1f}-{ratios[-1]:.1f}"
    return f"{own.name} over {other.name}: {middle:.1f} x ({span}), goal {other.goal:g} x: {verdict}"


def main() -> None:
    """Measure and print."""
    known, of_funnel = exact(TWELVE), exact(list(FOUR.values()))
    print(f"{ROWS} rows; first orders add up to {known[0].sum():.3f} (twelve) and {of_funnel[0].sum():.3f} (funnel)")
    surface = Contestant("sim, a surface", by_surface, known)
    anew = Contestant("sim, a surface, tables made anew", by_surface_anew, known)
    scipy = Contestant("SciPy", by_scipy(TWELVE), known, 10, 3)
    salib = Contestant("SALib, 100 resamples", by_salib, known, 200, 1)
    asked = Contestant("sim, the funnel", by_asking, of_funnel)
    written = Contestant("SciPy, the funnel", by_scipy(list(FOUR.values())), of_funnel, 10, 3)
    contestants = [surface, anew, scipy, salib, asked, written]
    for number in range(ROUNDS + 1):
        for one in contestants:
            one.run(number)
    for one in contestants:
        print(one.line())
    for own, other in ((surface, scipy), (surface, salib), (anew, scipy), (anew, salib), (asked, written)):
        print(compared(own, other))


RUN = sim.simulate(FUNNEL)

if __name__ == "__main__":
    main()
