import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from benchmarks.verify_counts import CLASSES, PART, part, share_of_band
from sim.draws.counts import _series, _stepped, _summed, binomial_quantile

SMALLEST, LARGEST = 2.0**-53, 1 - 2.0**-53


def lanes(size: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Uniforms, patients and probabilities of every kind: n p q from 0 to 10^6, tails and edges included."""
    rng = np.random.default_rng(seed)
    n = np.exp(rng.uniform(0, 16, size)).astype(np.int64)
    p = np.where(rng.random(size) < 0.5, rng.beta(0.5, 2, size), np.exp(rng.uniform(-12, 0, size)))
    p = np.where(rng.random(size) < 0.5, p, 1 - p)
    u = rng.uniform(SMALLEST, 1, size)
    edge = size // 20
    n[:edge] = rng.integers(0, 3, edge)
    p[edge : 2 * edge], p[2 * edge : 3 * edge] = 0, 1
    u[3 * edge : 4 * edge], u[4 * edge : 5 * edge] = SMALLEST, LARGEST
    u[5 * edge : 6 * edge] = 10 ** rng.uniform(-15, -1, edge)
    u[6 * edge : 7 * edge] = 1 - 10 ** rng.uniform(-15, -1, edge)
    return u, n, p


def test_every_count_is_the_exact_quantile() -> None:
    u, n, p = lanes(200_000)
    x, _, sure = _series(u, n, p)
    exact = _stepped(np.clip(np.floor(x), 0, n).astype(np.int64), u, n, p)
    mismatches = int((binomial_quantile(u, n, p) != exact).sum())
    print(f"{sure.mean():.0%} of {len(u)} lanes by the series alone, {mismatches} differ from exact inversion")
    assert mismatches == 0
    assert sure.mean() > 0.4  # the shortcut is taken, so that this test tests it


def test_a_million_counts_of_every_size_are_exact() -> None:
    found = [part(seed) for seed in range(1_000_000 // PART)]
    lanes, wrong = (np.sum([getattr(one, name) for one in found], axis=0) for name in ("lanes", "wrong"))
    for low, number, bad in zip(CLASSES[:-1], lanes, wrong, strict=True):
        print(f"n p q from {low:g}: {number:,} counts, {bad} differ")
    assert not wrong.any()
    assert lanes.min() > 50_000
    assert lanes.sum() == 1_000_000


def test_the_series_stays_within_its_band() -> None:
    share = max(share_of_band(seed) for seed in range(2))
    print(f"largest error {share:.2f} of the band")
    assert 0.5 < share < 1  # not far below either: the band is no wider than it must be


@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(SMALLEST, LARGEST))
@settings(max_examples=300)
def test_few_patients_are_counted_by_a_sum_that_knows_its_doubts(n: int, p: float, u: float) -> None:
    p = min(p, 5.9 / max(n, 1)) if p < 0.5 else max(p, 1 - 5.9 / max(n, 1))
    lane = np.array([u]), np.array([n]), np.array([p])
    k, sure = _summed(*lane)
    assert not sure[0] or k[0] == _stepped(k.copy(), *lane)[0]


def test_scipy_agrees_outside_its_rounding() -> None:
    u, n, p = lanes(20_000, seed=2)
    inside = (u > 1e-10) & (u < 1 - 1e-10)
    reference = np.asarray(binom.ppf(u, n, p))
    assert np.array_equal(binomial_quantile(u, n, p)[inside], reference[inside])


@given(st.integers(0, 3000), st.floats(0, 1), st.floats(SMALLEST, LARGEST))
@settings(max_examples=300)
def test_the_count_brackets_its_uniform(n: int, p: float, u: float) -> None:
    k = int(binomial_quantile(np.array([u]), np.array([n]), np.array([p]))[0])
    assert 0 <= k <= n
    slack = 1e-9
    assert binom.cdf(k, n, p) >= u * (1 - slack)
    assert k == 0 or binom.sf(k - 1, n, p) >= (1 - u) * (1 - slack)


@given(st.integers(0, 500), st.floats(0, 1), st.lists(st.floats(SMALLEST, LARGEST), min_size=2, max_size=20))
def test_the_count_never_falls_in_uniform_patients_or_probability(n: int, p: float, us: list[float]) -> None:
    u = np.sort(us)
    k = binomial_quantile(u, np.array([n]), np.array([p]))
    assert (np.diff(k) >= 0).all()
    assert (binomial_quantile(u, np.array([n + 1]), np.array([p])) >= k).all()
    assert (binomial_quantile(u, np.array([n]), np.array([p + (1 - p) / 2])) >= k).all()


def test_many_counts_follow_their_law() -> None:
    n, p, size = 30, 0.27, 200_000
    u = np.random.default_rng(3).random(size).clip(SMALLEST, LARGEST)
    seen = np.bincount(binomial_quantile(u, np.array([n]), np.array([p])), minlength=n + 1)
    expected = binom.pmf(np.arange(n + 1), n, p) * size
    common = expected > 5
    chi_square = float(((seen - expected)[common] ** 2 / expected[common]).sum())
    assert chi_square < common.sum() + 5 * np.sqrt(2 * common.sum())


def test_shapes_broadcast() -> None:
    k = binomial_quantile(np.full((3, 1, 2), 0.5), np.array([[10], [20]]), np.array(0.5))
    assert k.shape == (3, 2, 2)
    assert k[0].tolist() == [[5, 5], [10, 10]]
