"""The beta-binomial model against brute force, against limits, and its distribution against its definition."""

import math
import time

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import betaln
from scipy.stats import beta, binom

from sim.assumptions.distributions import BetaMixture, FloatArray
from sim.assumptions.distributions.base import U_MAX, U_MIN
from sim.assumptions.pooling_forms import beta_binomial_predictive
from sim.errors import InputError
from sim.evidence.beta_binomial import beta_binomial

Counts = list[tuple[int, int]]

CASES: dict[str, Counts] = {
    "three": [(291, 5418), (637, 13097), (93, 2886)],
    "small": [(1, 10), (3, 12), (4, 9)],
    "zeros": [(0, 50), (1, 30), (0, 40)],
    "none": [(0, 50), (0, 30)],
    "all": [(5, 5), (7, 7)],
    "opposite": [(0, 10), (10, 10)],
    "two": [(3, 10), (40, 100)],
    "ten": [(10, 100)] * 10,
}


def mixture(studies: Counts) -> BetaMixture:
    return beta_binomial_predictive(studies)


def brute_force(studies: Counts, at: float) -> tuple[float, float, float]:
    """Mean, mean correlation and P(share <= at) by adaptive integration over mean and root of the correlation."""

    def likelihood(m: float, root: float) -> tuple[float, float, float]:
        size = 1 / root**2 - 1
        a, b = m * size, (1 - m) * size
        log = sum(betaln(a + events, b + n - events) - betaln(a, b) for events, n in studies)
        return math.exp(log - 0.5 * math.log(m * (1 - m))), a, b

    def integral(of: str) -> float:
        def value(m: float, root: float) -> float:
            weight, a, b = likelihood(m, root)
            return weight * {"one": 1.0, "mean": m, "correlation": root**2, "cdf": float(beta.cdf(at, a, b))}[of]

        return float(dblquad(value, 1e-4, 1 - 1e-6, 1e-7, 1 - 1e-7, epsabs=1e-13, epsrel=1e-5)[0])

    total = integral("one")
    return integral("mean") / total, integral("correlation") / total, integral("cdf") / total


def test_small_counts_by_brute_force() -> None:
    found = beta_binomial(CASES["small"])
    mean, correlation, below = brute_force(CASES["small"], 0.2)
    print(mean, correlation, below)
    assert found.mean == pytest.approx(mean, abs=2e-4)
    assert found.correlation == pytest.approx(correlation, abs=5e-4)
    assert mixture(CASES["small"]).cdf(np.array([0.2]))[0] == pytest.approx(below, abs=5e-4)


def on_a_grid(studies: Counts, at: FloatArray) -> FloatArray:
    """P(share <= at) by the midpoint rule, 640,000 points over mean and root of the correlation."""
    m = (np.arange(800) + 0.5)[:, None] / 800
    root = (np.arange(800) + 0.5)[None, :] / 800
    size = 1 / root**2 - 1
    a, b = m * size, (1 - m) * size
    log = sum(betaln(a + events, b + n - events) - betaln(a, b) for events, n in studies) - 0.5 * np.log(m * (1 - m))
    weight = np.exp(log - log.max())
    kept = weight > 1e-9
    a, b, weight = a[kept], b[kept], weight[kept] / weight[kept].sum()
    return np.array([weight @ beta.cdf(x, a, b) for x in at])


def test_larger_counts_on_a_grid() -> None:
    studies, at = [(12, 40), (30, 60), (20, 90), (25, 50)], np.array([0.1, 0.3, 0.6])
    assert mixture(studies).cdf(at) == pytest.approx(on_a_grid(studies, at), abs=2e-5)


@pytest.mark.parametrize("name", CASES)
def test_the_table_is_the_mixture(name: str) -> None:
    found = mixture(CASES[name])
    u = np.concatenate([[1e-9, 1e-4], np.linspace(0.005, 0.995, 100), [1 - 1e-4]])
    x = found.ppf(u)
    exact = np.array([found.weights @ beta.cdf(share, found.a, found.b) for share in x])
    told = (x > 1e-290) & (x < 1 - 1e-9)  # nearer to an end shares cannot be told from it
    assert told.sum() > 40
    assert exact[told] == pytest.approx(u[told], abs=1e-6)
    assert found.cdf(x)[told] == pytest.approx(exact[told], abs=5e-6)
    assert (np.diff(x) >= 0).all()


@pytest.mark.parametrize("name", CASES)
def test_moments_are_those_of_the_quantiles(name: str) -> None:
    found = mixture(CASES[name])
    x = found.ppf((np.arange(50_000) + 0.5) / 50_000)
    assert x.mean() == pytest.approx(found.mean, abs=1e-5)
    assert x.std() == pytest.approx(found.sd, abs=5e-5)
    assert 0 < found.between < 1


@pytest.mark.parametrize("name", CASES)
def test_the_event_and_its_absence_are_alike(name: str) -> None:
    found, mirrored = mixture(CASES[name]), mixture([(n - events, n) for events, n in CASES[name]])
    u = np.array([0.01, 0.2, 0.5, 0.9])
    assert mirrored.ppf(1 - u) == pytest.approx(1 - found.ppf(u), abs=1e-6)
    assert mirrored.mean == pytest.approx(1 - found.mean, abs=1e-7)


def test_every_draw_is_a_share_whatever_the_chunk() -> None:
    found = mixture(CASES["zeros"])
    assert found.ppf(np.array([U_MIN]))[0] >= 0.0
    assert found.ppf(np.array([U_MAX]))[0] <= 1.0
    u = np.random.default_rng(1).random(1001)
    whole = found.ppf(u)
    assert (np.concatenate([found.ppf(part) for part in np.array_split(u, 7)]) == whole).all()
    assert found.cdf(np.array([0.0, 1.0])).tolist() == [0.0, 1.0]


def test_alike_studies_come_to_their_sum() -> None:
    ten, pooled = beta_binomial(CASES["ten"]), beta(100.5, 900.5)
    assert ten.mean == pytest.approx(pooled.mean(), abs=1e-3)
    # no narrower than if they were one population, and wider the fewer they are
    low, high = ten.mean_interval
    print(ten.mean, low, high, ten.between, ten.correlation)
    assert low < pooled.ppf(0.025)
    assert high > pooled.ppf(0.975)
    two = beta_binomial([(50, 500)] * 2)
    assert two.mean_interval[0] < low < high < two.mean_interval[1]
    assert ten.between < two.between
    # as studies grow without limit, a new population is as they are
    assert mixture([(100_000, 1_000_000)] * 12).sd < 0.002


def test_many_studies_find_the_law_of_their_populations() -> None:
    law = beta(8, 92)
    shares = law.ppf((np.arange(60) + 0.5) / 60)
    studies = [(int(binom.ppf(0.5, 5000, share)), 5000) for share in shares]
    found = mixture(studies)
    u = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    assert found.ppf(u) == pytest.approx(law.ppf(u), rel=0.06)
    assert found.between > 0.95


def test_events_in_none_leave_a_small_share() -> None:
    found = beta_binomial(CASES["none"])
    assert 0 < found.mean_interval[0] < found.mean < 0.1
    more = beta_binomial([(0, 500), (0, 300)])
    assert more.mean < found.mean


def test_it_is_quick() -> None:
    started = time.perf_counter()
    found = mixture(CASES["three"])
    found.ppf(np.array([0.5]))
    built = time.perf_counter() - started
    u = np.random.default_rng(1).random(1_000_000)
    started = time.perf_counter()
    found.ppf(u)
    drawn = time.perf_counter() - started
    print(f"built in {built:.2f} s, a million draws in {drawn:.2f} s")
    assert built < 3.0  # ten times what it takes, on a machine that is busy
    assert drawn < 3.0


@pytest.mark.parametrize(
    ("a", "weights", "message"),
    [([], [], "at least one component"), ([0.0], [1.0], "shapes must be above 0"), ([1.0], [0.9], "add up to 0.9")],
)
def test_no_mixture_of_nothing(a: list[float], weights: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        BetaMixture(np.array(a), np.array(a), np.array(weights))
