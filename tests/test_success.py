"""Tests of two proportions against enumeration, published tables and other programs."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2_contingency, fisher_exact

from sim.draws.counts import binomial_quantile
from sim.draws.streams import FloatArray
from sim.model.trial.comparison import (
    Comparison,
    Tabled,
    mantel_haenszel,
    power,
    power_reference,
    rejects,
    rejects_reference,
    succeeds,
    succeeds_reference,
)
from sim.model.trial.endpoints import Arm, Strata, outcomes
from sim.model.trial.plan import IntArray, TrialStreams

DRAWS = 8192
STREAMS = TrialStreams(11, range(DRAWS))
TABLED: tuple[Tabled, ...] = ("fisher", "pearson")
ALL_TESTS: tuple[Comparison, ...] = ("fisher", "pearson", "stratified")

shares = st.floats(0, 1)
sizes = st.integers(0, 40)


def every_pair(n1: int, n2: int) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """All counts of two arms, and the sizes beside them."""
    x1, x2 = (grid.ravel() for grid in np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1), indexing="ij"))
    return x1, np.full(x1.shape, n1), x2, np.full(x2.shape, n2)


def chance_of_rejecting(test: Tabled, p1: float, p2: float, n: int = 80) -> float:
    sizes_of_both = np.array([n])
    return float(power(test, np.array([p1]), sizes_of_both, np.array([p2]), sizes_of_both, 0.05)[0])


@pytest.mark.parametrize(
    ("test", "p1", "p2", "required"),
    [
        ("fisher", 0.40, 0.20, 0.745222),
        ("pearson", 0.40, 0.20, 0.800947),
        ("fisher", 0.25, 0.25, 0.032892),
        ("pearson", 0.25, 0.25, 0.051760),
    ],
)
def test_eighty_against_eighty(test: Tabled, p1: float, p2: float, required: float) -> None:
    found = chance_of_rejecting(test, p1, p2)
    print(f"{p1:.2f} v {p2:.2f}, {test}: {found:.6f}, required {required:.6f}")
    assert round(found, 6) == required


@pytest.mark.parametrize(("n1", "n2"), [(7, 7), (12, 5), (3, 17), (1, 1), (20, 18)])
@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.3])
def test_scipy_rejects_the_same_tables(n1: int, n2: int, alpha: float) -> None:
    pairs = every_pair(n1, n2)
    for test in TABLED:
        ours = rejects(test, *pairs, alpha)
        theirs = []
        for x1, x2 in zip(pairs[0].tolist(), pairs[2].tolist(), strict=True):
            table = np.array([[x1, n1 - x1], [x2, n2 - x2]])
            if test == "fisher":
                theirs.append(float(fisher_exact(table).pvalue) <= alpha * (1 + 1e-9))
            else:
                some = 0 < x1 + x2 < n1 + n2  # else scipy has no statistic, and there is no difference
                theirs.append(some and float(chi2_contingency(table, correction=False).pvalue) <= alpha)
        assert ours.tolist() == theirs
        assert ours.any() == any(theirs)


@pytest.mark.parametrize("reference", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.3])
def test_scipy_rejects_the_same_single_arms(reference: float, alpha: float) -> None:
    for n in (1, 8, 25, 80):
        x = np.arange(n + 1)
        ours = rejects_reference(x, np.full(n + 1, n), reference, alpha)
        theirs = [float(binomtest(k, n, reference).pvalue) <= alpha for k in x.tolist()]
        assert ours.tolist() == theirs
        better = succeeds_reference(x, np.full(n + 1, n), reference, alpha)
        assert better.tolist() == [bool(found) and k > n * reference for k, found in enumerate(theirs)]


def test_a_level_that_is_met_exactly_rejects() -> None:
    three = np.array([3])
    assert rejects("fisher", three, three, np.array([0]), three, 0.1).all()  # two tables in twenty
    assert not rejects("fisher", three, three, np.array([0]), three, 0.0999).any()
    assert rejects_reference(np.array([5]), np.array([5]), 0.5, 1 / 16).all()  # two in thirty-two


RABBITS = [[0, 6, 0, 5], [3, 3, 0, 6], [6, 0, 2, 4], [5, 1, 6, 0], [2, 0, 5, 0]]
"""Cured and died with penicillin at once, and an hour and a half later, by dose (Agresti 1990, pages 231–237)."""

BERKELEY = [
    [512, 313, 89, 19],
    [353, 207, 17, 8],
    [120, 205, 202, 391],
    [138, 279, 131, 244],
    [53, 138, 94, 299],
    [22, 351, 24, 317],
]
"""Men admitted and rejected, women admitted and rejected, by department (Bickel et al. 1975, Science 187:398–404)."""


def as_counts(tables: list[list[int]]) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    cells = np.array(tables)
    return cells[None, :, 0], cells[None, :, :2].sum(-1), cells[None, :, 2], cells[None, :, 2:].sum(-1)


@pytest.mark.parametrize(
    ("tables", "published", "correction"),
    [(RABBITS, 3.9286, 0.5), (BERKELEY, 1.4269, 0.5), (BERKELEY[:1], 17.2295, 0.0)],
)
def test_mantel_haenszel_of_published_tables(tables: list[list[int]], published: float, correction: float) -> None:
    # R's mantelhaen.test prints the first two, with the correction that is left out here; SAS the third, without
    surplus, variance = mantel_haenszel(*as_counts(tables))
    statistic = float(((np.abs(surplus) - correction) ** 2 / variance)[0])
    print(f"{len(tables)} strata: {statistic:.4f}, published {published}")
    assert round(statistic, 4) == published


def test_strata_undo_what_adding_up_does_to_berkeley() -> None:
    counts = as_counts(BERKELEY)
    assert rejects("pearson", *counts, 0.001).all()
    assert not rejects("stratified", *counts, 0.2).any()
    assert rejects("stratified", *counts, 0.22).all()  # without correction p = 0.2169


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_one_stratum_is_pearson_but_for_one_patient(n1: int, n2: int, data: st.DataObject) -> None:
    x1, x2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    surplus, variance = mantel_haenszel(*(np.array([number]) for number in (x1, n1, x2, n2)))
    events, patients = x1 + x2, n1 + n2
    pooled = n1 * n2 * events * (patients - events)
    pearson = patients * (x1 * n2 - x2 * n1) ** 2 / pooled if pooled else 0.0
    found = float(surplus[0] ** 2 / variance[0]) if variance[0] else 0.0
    assert found == pytest.approx(pearson * (patients - 1) / patients, abs=1e-9)


@given(sizes, sizes, st.sampled_from([0.01, 0.05, 0.2]))
@settings(max_examples=60)
def test_properties_of_every_test(n1: int, n2: int, alpha: float) -> None:
    x1, first, x2, second = every_pair(n1, n2)
    for test in ALL_TESTS:
        found = rejects(test, x1, first, x2, second, alpha)
        better = succeeds(test, x1, first, x2, second, alpha)
        assert np.array_equal(found, rejects(test, x2, second, x1, first, alpha))  # either arm may come first
        assert np.array_equal(found, better | succeeds(test, x2, second, x1, first, alpha))
        assert not (better & succeeds(test, x2, second, x1, first, alpha)).any()
        assert np.array_equal(found, rejects(test, first - x1, first, second - x2, second, alpha))  # or either outcome
        assert not (rejects(test, x1, first, x2, second, alpha / 2) & ~found).any()
        assert not found[x1 * n2 == x2 * n1].any()
        if test != "fisher" or n1 == n2:
            rising = better.reshape(n1 + 1, n2 + 1)
            assert (np.diff(rising.astype(int), axis=0) >= 0).all()
            assert (np.diff(rising.astype(int), axis=1) <= 0).all()


def test_fisher_may_lose_by_one_success_more_where_arms_are_unequal() -> None:
    # the other tail, which comes in by its probabilities, may grow faster than this one shrinks
    x1, x2 = np.array([8, 9, 10]), np.zeros(3, dtype=np.int64)
    found = succeeds("fisher", x1, np.full(3, 71), x2, np.full(3, 54), 0.01)
    theirs = [fisher_exact(np.array([[x, 71 - x], [0, 54]])).pvalue <= 0.01 for x in x1.tolist()]
    assert found.tolist() == theirs == [True, False, True]


def test_more_responders_never_lose_a_single_arm() -> None:
    for n in range(81):
        better = succeeds_reference(np.arange(n + 1), np.full(n + 1, n), 0.2, 0.05)
        assert (np.diff(better.astype(int)) >= 0).all()


def test_an_arm_of_nobody_shows_no_difference() -> None:
    some, none = np.array([20]), np.array([0])
    for test in ALL_TESTS:
        assert not rejects(test, some, some, none, none, 0.05).any()
        assert not rejects(test, none, none, none, none, 0.05).any()
    assert not rejects_reference(none, none, 0.2, 0.05).any()
    assert power("fisher", np.array([1.0]), some, np.array([0.0]), none, 0.05)[0] == 0
    assert power_reference(np.array([1.0]), none, 0.2, 0.05)[0] == 0


@given(shares, shares, st.integers(1, 12), st.integers(1, 12))
@settings(max_examples=60)
def test_power_is_the_sum_over_all_counts(p1: float, p2: float, n1: int, n2: int) -> None:
    x1, first, x2, second = every_pair(n1, n2)
    chance = mass(x1, n1, p1) * mass(x2, n2, p2)
    arguments = np.array([p1]), np.array([n1]), np.array([p2]), np.array([n2])
    for test in TABLED:
        both = power(test, *arguments, 0.2)[0]
        better = power(test, *arguments, 0.2, better=True)[0]
        assert both == pytest.approx(float(chance @ rejects(test, x1, first, x2, second, 0.2)), abs=1e-9)
        assert better == pytest.approx(float(chance @ succeeds(test, x1, first, x2, second, 0.2)), abs=1e-9)
    single = mass(np.arange(n1 + 1), n1, p1) @ succeeds_reference(np.arange(n1 + 1), np.full(n1 + 1, n1), 0.3, 0.2)
    assert power_reference(*arguments[:2], 0.3, 0.2, better=True)[0] == pytest.approx(float(single), abs=1e-9)


def mass(x: IntArray, n: int, p: float) -> FloatArray:
    """Binomial probabilities by plain multiplication."""
    triangle = [1]
    for place in range(n):
        triangle.append(triangle[-1] * (n - place) // (place + 1))
    return np.array([triangle[k] * p**k * (1 - p) ** (n - k) for k in x.tolist()])


@pytest.mark.parametrize("test", TABLED)
def test_assurance_is_the_mean_of_the_power(test: Tabled) -> None:
    rng = np.random.default_rng(5)
    p1, p2 = rng.beta(20, 30, DRAWS), rng.beta(12, 48, DRAWS)
    n1, n2 = np.full(DRAWS, 80), rng.integers(0, 81, DRAWS)
    x1, x2 = (binomial_quantile(STREAMS.one(name), n, p) for name, n, p in (("a", n1, p1), ("b", n2, p2)))
    success = succeeds(test, x1, n1, x2, n2, 0.05)
    chance = power(test, p1, n1, p2, n2, 0.05, better=True)
    error = (success - chance).std() / np.sqrt(DRAWS)
    print(f"{test}: sampled {success.mean():.4f} ± {error:.4f}, by enumeration {chance.mean():.4f}")
    assert abs(success.mean() - chance.mean()) < 4 * error


def test_many_sizes_take_one_table_each() -> None:
    rng = np.random.default_rng(6)
    n2 = rng.integers(0, 81, DRAWS)
    n1 = np.full(DRAWS, 80)
    x1, x2 = rng.binomial(n1, 0.4), rng.binomial(n2, 0.2)
    for test in TABLED:
        begun = time.process_time()
        whole = rejects(test, x1, n1, x2, n2, 0.049)
        print(f"{test}: {len(np.unique(n2))} sizes of control arm in {time.process_time() - begun:.3f} s")
        for d in range(500):
            one = slice(d, d + 1)
            assert rejects(test, x1[one], n1[one], x2[one], n2[one], 0.049)[0] == whole[d]


def test_stratified_success_gains_on_pearson_where_risk_differs() -> None:
    strong = Strata(np.array([0.5, 0.5]), np.array([0.0, -4.0]))
    sides = []
    for name, share in (("treated", 0.45), ("untreated", 0.3)):
        alike = np.full(DRAWS, share)
        sides.append(outcomes(Arm(alike, alike, alike), np.full(DRAWS, 80), STREAMS, name, strong))
    counts = sides[0].responders, sides[0].patients, sides[1].responders, sides[1].patients
    stratified, pearson = (succeeds(test, *counts, 0.05) for test in ("stratified", "pearson"))
    gain = stratified.astype(float) - pearson
    print(f"stratified {stratified.mean():.3f}, pearson {pearson.mean():.3f}")
    assert gain.mean() > 4 * gain.std() / np.sqrt(DRAWS)
