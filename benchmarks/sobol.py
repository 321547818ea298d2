"""Sobol' indices against SciPy's and SALib's, in one process, turn by turn, each with its error from the closed form.

Two workloads, both products of independent inputs, of which the indices are known: S = cv² / (P - 1) and
T = cv² P / (1 + cv²) / (P - 1), with P the product of 1 + cv² over the inputs.

- Twelve inputs, 2^14 rows: eight betas, two lognormals, a normal and a uniform, as `TWELVE` has them; their first orders
  add up to 0.93. The product enters as a surface whose inputs are the house's own distributions.
- The funnel: deaths by day 100 of the base case, expected numbers, asked as `sim sensitivity=sobol` asks; a SciPy user
  writes the same as a product of four arrays.

`python benchmarks/sobol.py` takes two minutes. The first round, which imports and fills caches, is discarded; the median
ratio of seven rounds of processor time counts, and there is no verdict where the ratios spread by more than a factor of
1.5, nor where an error is more than a quarter above SciPy's. Every round has a seed of its own.
"""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
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
FOUR = tuple(leaf.distribution for leaf in FUNNEL.leaves.values() if leaf.distribution and not leaf.is_certain)

Orders = tuple[FloatArray, FloatArray]
"""First and total order of each input."""


def exact(inputs: Sequence[Distribution]) -> Orders:
    """The indices of a product."""
    squares = np.array([(one.sd / one.mean) ** 2 for one in inputs])
    whole = np.prod(1 + squares)
    return squares / (whole - 1), squares * whole / (1 + squares) / (whole - 1)


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


def by_surface(seed: int) -> Orders:
    """The product's own, of a surface."""
    names = tuple(f"x{place + 1}" for place in range(len(TWELVE)))
    columns = tuple((place,) for place in range(len(TWELVE)))
    quantiles = tuple(one.ppf for one in TWELVE)
    table = indices(Surface(names, columns, lambda rows, _: rows.prod(axis=1), quantiles=quantiles), ROWS, seed)
    return table["first"].to_numpy(), table["total"].to_numpy()


def by_surface_anew(seed: int) -> Orders:
    """The same by a process that has asked for none of these quantiles before."""
    beta_quantile._table.cache_clear()
    return by_surface(seed)


def by_asking(seed: int) -> Orders:
    """The product's own, of the funnel, asked as a run is."""
    seeded = FUNNEL.model_copy(update={"sampling": FUNNEL.sampling.model_copy(update={"seed": seed})})
    table = sim.ask(RUN, "sobol", assumptions=seeded, target=TARGET, year=YEAR, draws=ROWS).tables["sobol"]
    ordered = table.set_index("input").loc[[name for name, leaf in FUNNEL.leaves.items() if not leaf.is_certain]]
    return ordered["first"].to_numpy(), ordered["total"].to_numpy()


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
    seconds : of processor time, a round each.
    errors : of first and total order, [round, order, input].
    """

    name: str
    find: Callable[[int], Orders]
    known: Orders
    goal: float = 0.0
    seconds: list[float] = field(default_factory=list)
    errors: list[FloatArray] = field(default_factory=list)

    def run(self, seed: int) -> None:
        """One round."""
        started = time.process_time()
        found = self.find(seed)
        self.seconds.append(time.process_time() - started)
        self.errors.append(np.array(found) - np.array(self.known))

    def line(self) -> str:
        """Time and errors."""
        errors = np.array(self.errors[1:])
        largest = " and ".join(f"{error:.4f}" for error in np.abs(errors).max(axis=(0, 2)))
        typical = " and ".join(f"{error:.5f}" for error in self.typical)
        seconds = 1000 * statistics.median(self.seconds[1:])
        return f"{self.name:<44}{seconds:8.1f} ms   error at most {largest}, typically {typical}"

    @property
    def typical(self) -> FloatArray:
        """The root mean square of the errors of each order."""
        return np.asarray(np.sqrt(np.square(self.errors[1:]).mean(axis=(0, 2))))


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
    known, of_funnel = exact(TWELVE), exact(FOUR)
    print(f"{ROWS} rows; first orders of the twelve inputs add up to {known[0].sum():.3f}, of the four {of_funnel[0].sum():.3f}")
    product = [
        Contestant("sim, a surface", by_surface, known),
        Contestant("sim, a surface, tables made anew", by_surface_anew, known),
    ]
    others = [Contestant("SciPy", by_scipy(TWELVE), known, 10), Contestant("SALib, 100 resamples", by_salib, known, 200)]
    asked = Contestant("sim, the funnel", by_asking, of_funnel)
    written = Contestant("SciPy, the funnel", by_scipy(FOUR), of_funnel, 10)
    contestants = [*product, *others, asked, written]
    for seed in range(ROUNDS + 1):
        for one in contestants:
            one.run(seed)
    for one in contestants:
        print(one.line())
    for own in product:
        for other in others:
            print(compared(own, other))
    print(compared(asked, written))


RUN = sim.simulate(FUNNEL)

if __name__ == "__main__":
    main()
