"""Pooling against published results and against the definition of REML."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meta_analyze import meta_analysis
from scipy.optimize import minimize_scalar
from scipy.special import expit
from scipy.stats import norm, t

from sim.errors import InputError
from sim.evidence.beta_binomial import beta_binomial
from sim.evidence.pooling import FloatArray, pool, random_effects

STUDIES = [(291, 5418), (637, 13097), (93, 2886)]

BCG = np.array(
    [  # tuberculosis and no tuberculosis, vaccinated and not: 13 trials (Colditz et al. 1994, JAMA 271:698-702)
        (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
        (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232),
        (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
    ],
    dtype=float,
)  # fmt: skip


def log_risk_ratios() -> tuple[FloatArray, FloatArray]:
    ill, well, ill_control, well_control = BCG.T
    n, control = ill + well, ill_control + well_control
    return np.log(ill / n * control / ill_control), 1 / ill - 1 / n + 1 / ill_control - 1 / control


def test_the_trials_of_bcg() -> None:
    found = random_effects(*log_risk_ratios())
    print(found, found.wald, found.hartung_knapp, found.prediction)
    assert found.studies == 13
    assert found.q == pytest.approx(152.2330, abs=5e-5)
    assert found.tau2 == pytest.approx(0.313243, abs=5e-7)
    assert found.mean == pytest.approx(-0.714532, abs=5e-7)
    assert found.wald == pytest.approx((-1.066898, -0.362167), abs=6e-7)
    assert 100 * found.i2 == pytest.approx(92.22, abs=5e-3)
    assert found.hartung_knapp == pytest.approx((-1.108444, -0.320621), abs=6e-7)
    assert found.prediction == pytest.approx((-2.008376, 0.579311), abs=6e-7)


@pytest.mark.parametrize(
    ("model", "method", "tau2", "mean", "error"),
    [("common", None, 0.0, -0.4303, 0.0405), ("random", "DL", 0.308760, -0.714117, 0.178742)],
)
def test_the_library_has_the_common_effect_and_that_of_dersimonian_and_laird(
    model: str, method: str | None, tau2: float, mean: float, error: float
) -> None:
    effects, variances = log_risk_ratios()
    found = meta_analysis(effect=effects, variance=variances, model=model, tau2_method=method)
    print(found.tau2, found.estimate, found.standard_error)
    digits = 5e-5 if model == "common" else 5e-7
    assert (found.tau2, found.estimate, found.standard_error) == pytest.approx((tau2, mean, error), abs=digits)


def percents(ends: tuple[float, float] | None) -> list[float]:
    return [100 * end for end in ends or ()]


def test_three_studies() -> None:
    found = pool(STUDIES)
    print(found.share, found.logits.tau2, found.wald, found.hartung_knapp, found.prediction)
    assert found.logits.studies == 3
    assert 100 * found.share == pytest.approx(4.435, abs=5e-4)
    assert found.logits.tau2 == pytest.approx(0.0685, abs=5e-5)
    assert percents(found.wald) == pytest.approx([3.300, 5.936], abs=5e-4)
    assert percents(found.hartung_knapp) == pytest.approx([2.279, 8.453], abs=5e-4)
    assert percents(found.prediction) == pytest.approx([0.096, 69.14], rel=1e-3)


def test_intervals_are_those_of_their_distributions() -> None:
    found = pool([(12, 140), (30, 200), (8, 150), (25, 120)])
    logits = found.logits
    half = norm.ppf(0.975) * logits.se_wald
    assert found.wald == pytest.approx(tuple(expit([logits.mean - half, logits.mean + half])))
    half = t.ppf(0.975, 3) * logits.se_hartung_knapp
    assert found.hartung_knapp == pytest.approx(tuple(expit([logits.mean - half, logits.mean + half])))
    half = t.ppf(0.975, 2) * math.hypot(math.sqrt(logits.tau2), logits.se_wald)
    assert found.prediction == pytest.approx(tuple(expit([logits.mean - half, logits.mean + half])))
    assert sum(logits.weights) == pytest.approx(1)
    assert logits.between == pytest.approx(logits.tau2 / logits.se_prediction**2)


counts = st.integers(20, 5000).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))


@given(st.lists(counts, min_size=2, max_size=8))
def test_tau2_maximises_the_restricted_likelihood(studies: list[tuple[int, int]]) -> None:
    events, n = np.array(studies, dtype=float).T
    logits, variances = np.log(events / (n - events)), 1 / events + 1 / (n - events)

    def deviance(at: float) -> float:
        w = 1 / (variances + at)
        mean = w @ logits / w.sum()
        return float(-np.log(w).sum() + np.log(w.sum()) + w @ (logits - mean) ** 2)

    tau2 = pool(studies).logits.tau2
    top = 10 * float(np.var(logits)) + 1
    other = minimize_scalar(deviance, bounds=(0, top), method="bounded")
    # the likelihood may have a second peak: the answer must be one, and where there is one only, the same
    assert deviance(tau2) <= deviance(tau2 * 1.001 + 1e-9) + 1e-9
    assert deviance(tau2) <= deviance(max(tau2 * 0.999, 0.0)) + 1e-9
    if tau2 > 0:
        assert deviance(tau2) <= float(other.fun) + 1e-6


@given(st.lists(counts, min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_neither_order_nor_the_name_of_the_event_matters(studies: list[tuple[int, int]], chance: Random) -> None:
    found = pool(studies).logits
    shuffled = pool(chance.sample(studies, len(studies))).logits
    mirrored = pool([(n - events, n) for events, n in studies]).logits
    for other, sign in ((shuffled, 1), (mirrored, -1)):
        assert other.mean == pytest.approx(sign * found.mean, abs=1e-6)
        assert other.se_wald == pytest.approx(found.se_wald, rel=1e-6)


@given(st.lists(counts, min_size=2, max_size=8))
def test_the_mean_lies_among_the_studies_and_within_its_intervals(studies: list[tuple[int, int]]) -> None:
    found = pool(studies)
    shares = [events / n for events, n in studies]
    assert min(shares) * (1 - 1e-9) <= found.share <= max(shares) * (1 + 1e-9)
    for low, high in (found.wald, found.safeguarded, found.prediction or found.safeguarded):
        assert 0 <= low <= found.share <= high <= 1


def test_alike_studies_have_no_spread() -> None:
    found = pool([(20, 100), (40, 200)]).logits
    assert found.tau2 == 0.0
    assert found.i2 == 0.0
    assert found.between == 0.0
    assert found.mean == pytest.approx(math.log(0.25))
    assert found.se_wald == pytest.approx(1 / math.sqrt(300 * 0.2 * 0.8))
    assert found.se_hartung_knapp == pytest.approx(0.0, abs=1e-12)


def test_the_mean_is_never_surer_than_the_counts_allow() -> None:
    # as many patients in two studies that nearly agree: the spread alone would say 9.3 to 10.6 %
    found = pool([(10, 100), (10, 101)])
    assert percents(found.hartung_knapp) == pytest.approx([9.339, 10.597], abs=5e-4)
    assert found.logits.se_mean == found.logits.se_wald
    low, high = found.safeguarded
    assert low < 0.0651 < 0.1492 < high
    # where the spread is the greater, it is taken
    assert pool(STUDIES).safeguarded == pool(STUDIES).hartung_knapp


def test_ten_identical_studies_are_one_large_one() -> None:
    found = pool([(10, 100)] * 10)
    assert found.share == pytest.approx(0.1)
    assert found.logits.weights == pytest.approx([0.1] * 10)
    assert found.logits.se_wald == pytest.approx(1 / math.sqrt(1000 * 0.1 * 0.9))
    assert percents(found.prediction) == pytest.approx([8.015, 12.41], abs=5e-3)


def test_two_studies_have_no_prediction() -> None:
    found = pool([(10, 100), (30, 100)])
    assert found.prediction is None
    assert 0 < found.safeguarded[0] < found.share < found.safeguarded[1] < 1


def test_only_studies_without_a_finite_logit_are_corrected() -> None:
    none, some = pool([(0, 50), (5, 50)]).logits, pool([(5, 50), (5, 50)]).logits
    assert some.mean == pytest.approx(math.log(5 / 45))
    w = np.array([1 / (1 / 0.5 + 1 / 50.5 + none.tau2), 1 / (1 / 5 + 1 / 45 + none.tau2)])
    assert none.mean == pytest.approx(float(w @ np.log([0.5 / 50.5, 5 / 45]) / w.sum()))
    everybody = pool([(50, 50), (45, 50)]).logits
    assert everybody.mean == pytest.approx(-none.mean)


@pytest.mark.parametrize("studies", [[(0, 50), (0, 30)], [(5, 5), (7, 7)], [(0, 10), (10, 10)], [(0, 1), (1, 1)]])
def test_nobody_or_everybody_gives_a_finite_answer(studies: list[tuple[int, int]]) -> None:
    found = pool(studies)
    assert 0 <= found.safeguarded[0] < found.share < found.safeguarded[1] <= 1


@pytest.mark.parametrize(
    ("studies", "message"),
    [
        ([], "pooling 0 studies: needs at least 2"),
        ([(1, 10)], "pooling 1 study: needs at least 2"),
        ([(1, 10), (11, 10)], "11 events among 10"),
        ([(1, 10), (-1, 10)], "-1 events"),
        ([(1, 10), (0, 0)], "0 events among 0"),
    ],
)
def test_refusals(studies: list[tuple[int, int]], message: str) -> None:
    for pooling in (pool, beta_binomial):
        with pytest.raises(InputError, match=message):
            pooling(studies)
