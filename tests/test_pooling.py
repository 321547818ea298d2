"""Pooling against published results and against the definition of REML."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import expit
from scipy.stats import norm, t

from sim.errors import InputError
from sim.evidence.pooling import pool

STUDIES = [(291, 5418), (637, 13097), (93, 2886)]


def interval(centre: float, half: float) -> list[float]:
    return [100 * float(expit(centre - half)), 100 * float(expit(centre + half))]


def test_three_studies() -> None:
    found = pool(STUDIES)
    assert found.studies == 3
    assert 100 * expit(found.mean_logit) == pytest.approx(4.435, abs=5e-4)
    assert found.tau2 == pytest.approx(0.0685, abs=5e-5)
    wald = interval(found.mean_logit, norm.ppf(0.975) * found.se_wald)
    assert wald == pytest.approx([3.300, 5.936], abs=5e-4)
    hartung_knapp = interval(found.mean_logit, t.ppf(0.975, 2) * found.se_hartung_knapp)
    assert hartung_knapp == pytest.approx([2.279, 8.453], abs=5e-4)
    spread = t.ppf(0.975, 1) * math.hypot(math.sqrt(found.tau2), found.se_wald)
    assert interval(found.mean_logit, spread) == pytest.approx([0.096, 69.14], rel=1e-3)


counts = st.integers(20, 5000).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))


@given(st.lists(counts, min_size=2, max_size=8))
def test_tau2_maximises_the_restricted_likelihood(studies: list[tuple[int, int]]) -> None:
    events, n = np.array(studies, dtype=float).T
    logits, variances = np.log(events / (n - events)), 1 / events + 1 / (n - events)

    def deviance(tau2: float) -> float:
        w = 1 / (variances + tau2)
        mean = w @ logits / w.sum()
        return float(-np.log(w).sum() + np.log(w.sum()) + w @ (logits - mean) ** 2)

    found = pool(studies)
    top = 10 * float(np.var(logits)) + 1
    other = minimize_scalar(deviance, bounds=(0, top), method="bounded")
    # the likelihood may have a second peak: the answer must be one, and where there is one only, the same
    assert deviance(found.tau2) <= deviance(found.tau2 * 1.001 + 1e-9) + 1e-9
    assert deviance(found.tau2) <= deviance(max(found.tau2 * 0.999, 0.0)) + 1e-9
    if found.tau2 > 0:
        assert deviance(found.tau2) <= float(other.fun) + 1e-6


def test_alike_studies_have_no_spread() -> None:
    found = pool([(20, 100), (40, 200)])
    assert found.tau2 == 0.0
    assert found.mean_logit == pytest.approx(math.log(0.25))
    assert found.se_wald == pytest.approx(1 / math.sqrt(300 * 0.2 * 0.8))
    assert found.se_hartung_knapp == pytest.approx(0.0, abs=1e-12)


def test_only_studies_without_a_finite_logit_are_corrected() -> None:
    none, some = pool([(0, 50), (5, 50)]), pool([(5, 50), (5, 50)])
    assert some.mean_logit == pytest.approx(math.log(5 / 45))
    assert math.isfinite(none.mean_logit)
    w = np.array([1 / (1 / 0.5 + 1 / 50.5 + none.tau2), 1 / (1 / 5 + 1 / 45 + none.tau2)])
    assert none.mean_logit == pytest.approx(float(w @ np.log([0.5 / 50.5, 5 / 45]) / w.sum()))
    everybody = pool([(50, 50), (45, 50)])
    assert everybody.mean_logit == pytest.approx(-none.mean_logit)


@pytest.mark.parametrize(
    ("studies", "message"),
    [
        ([], "at least 2"),
        ([(1, 10)], "at least 2"),
        ([(1, 10), (11, 10)], "11 events among 10"),
        ([(1, 10), (-1, 10)], "-1 events"),
        ([(1, 10), (0, 0)], "0 events among 0"),
    ],
)
def test_refusals(studies: list[tuple[int, int]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        pool(studies)
