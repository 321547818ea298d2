"""Response and survival of the same patients: shares that fit each other, and whole patients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from sim.assumptions.trial.checks import contradiction
from sim.draws.counts import binomial_quantile
from sim.model.trial.endpoints import (
    ALL_ALIKE,
    Arm,
    Outcomes,
    Strata,
    by_stratum,
    feasible,
    outcomes,
    shifted,
)
from sim.model.trial.plan import IntArray, TrialStreams

DRAWS = 8192
STREAMS = TrialStreams(11, range(DRAWS))
VENTILATED = Strata(np.array([0.7, 0.3]), np.array([0.0, -1.5]))

shares = st.floats(0, 1)


def arm(response: float, survival: float, survival_given_response: float, draws: int = DRAWS) -> Arm:
    """An arm alike in every draw."""
    return Arm(*(np.full(draws, value) for value in (response, survival, survival_given_response)))


def treated(strata: Strata = ALL_ALIKE, patients: int = 80) -> Outcomes:
    return outcomes(arm(0.4, 0.45, 0.8), np.full(DRAWS, patients), STREAMS, "treated", strata)


@given(shares, shares, shares)
def test_survival_is_that_of_responders_and_others(response: float, survival: float, given_response: float) -> None:
    one = arm(response, survival, given_response, draws=1)
    responders, others = one.survival_responders[0], one.survival_others[0]
    assert 0 <= responders <= 1
    assert 0 <= others <= 1
    assert response * responders + (1 - response) * others == pytest.approx(survival, abs=1e-9)
    assert one.held[0] == (abs(responders - given_response) > 1e-9)
    assert one.held[0] or contradiction(response, survival, given_response) is None


def test_a_contradiction_is_held_at_the_nearer_end_and_said() -> None:
    both = Arm(np.array([0.4, 0.4, 0.4]), np.array([0.2, 0.9, 0.5]), np.array([0.8, 0.1, 0.8]))
    assert both.survival_responders.tolist() == pytest.approx([0.5, 0.75, 0.8])
    assert both.survival_others.tolist() == pytest.approx([0.0, 1.0, 0.3])
    assert both.held.tolist() == [True, True, False]
    assert contradiction(0.4, 0.5, 0.8) is None
    assert contradiction(0.4, 0.2, 0.8) == "0.8 of the 0.4 who respond are 0.32 alive, above the survival of 0.2"
    assert "below the survival of 0.9" in str(contradiction(0.4, 0.9, 0.1))


def test_nobody_or_everybody_responds() -> None:
    nobody, everybody = arm(0.0, 0.3, 0.9, draws=1), arm(1.0, 0.3, 0.9, draws=1)
    assert nobody.survival_others[0] == 0.3
    assert not nobody.held[0]
    assert everybody.survival_responders[0] == pytest.approx(0.3)
    assert everybody.held[0]
    assert [end[0] for end in feasible(np.array([0.0]), np.array([0.3]))] == [0, 1]


def near(found: IntArray, patients: int, share: float, what: str) -> None:
    """A mean count within 4 Monte Carlo errors of its binomial mean."""
    error = np.sqrt(patients * share * (1 - share) / DRAWS)
    print(f"{what} {found.mean():.3f} ± {error:.3f}, true {patients * share:.3f}")
    assert abs(found.mean() - patients * share) < 4 * error


def test_whole_patients_follow_the_arm() -> None:
    found = treated()
    near(found.responders, 80, 0.4, "responders")
    near(found.survivors, 80, 0.45, "survivors")
    near(found.both, 80, 0.32, "both")
    assert (found.both <= np.minimum(found.responders, found.survivors)).all()
    together = np.corrcoef(found.responders[:, 0], found.survivors[:, 0])[0, 1]
    truth = (0.32 - 0.4 * 0.45) / np.sqrt(0.4 * 0.6 * 0.45 * 0.55)
    print(f"correlation {together:.3f}, true {truth:.3f}")
    assert abs(together - truth) < 4 * (1 - truth**2) / np.sqrt(DRAWS)


def test_each_count_is_the_quantile_of_a_stream_of_its_own() -> None:
    found = treated()
    expected = binomial_quantile(STREAMS.one("treated_response"), np.array(80), np.array(0.4))
    assert np.array_equal(found.responders[:, 0], expected)
    both = binomial_quantile(STREAMS.one("treated_survival_responders"), expected, np.array(0.8))
    assert np.array_equal(found.both[:, 0], both)


def test_sizes_may_differ_and_be_none() -> None:
    patients = np.random.default_rng(8).integers(0, 81, DRAWS)
    patients[:10] = 0
    found = outcomes(arm(0.4, 0.45, 0.8), patients, STREAMS, "treated", VENTILATED)
    assert np.array_equal(found.patients.sum(axis=1), patients)
    assert found.survivors[:10].sum() == 0
    assert (found.responders <= found.patients).all()


def test_one_stratum_is_none() -> None:
    alone = Strata(np.array([1.0]), np.array([2.0]))
    assert np.array_equal(treated(alone).responders, treated().responders)
    assert np.array_equal(treated(alone).survivors, treated().survivors)
    assert np.array_equal(treated(alone).both, treated().both)


@given(st.floats(0.001, 0.999), st.floats(0.01, 0.99), st.floats(-6, 6))
def test_strata_differ_in_log_odds_and_keep_the_margin(margin: float, share: float, log_odds: float) -> None:
    strata = Strata(np.array([share, 1 - share]), np.array([0.0, log_odds]))
    found = shifted(np.array([margin]), strata)[0]
    assert found @ strata.shares == pytest.approx(margin, abs=1e-12)
    assert logit(found[1]) - logit(found[0]) == pytest.approx(log_odds, abs=1e-6)
    assert shifted(np.array([0.0, 1.0]), strata).tolist() == [[0, 0], [1, 1]]


@given(shares, shares, shares, st.floats(0, 1), st.floats(-4, 4))
def test_strata_together_are_the_arm(response: float, survival: float, given: float, share: float, odds: float) -> None:
    strata = Strata(np.array([share, 1 - share]), np.array([0.0, odds]))
    one = arm(response, survival, given, draws=1)
    responds, responders, others = (rates[0] for rates in by_stratum(one, strata))
    assert ((responders >= 0) & (responders <= 1) & (others >= 0) & (others <= 1)).all()
    survives = responds * responders + (1 - responds) * others
    assert responds @ strata.shares == pytest.approx(response, abs=1e-9)
    assert survives @ strata.shares == pytest.approx(survival, abs=1e-9)
    assert survives == pytest.approx(shifted(one.survival, strata)[0], abs=1e-9)


def test_survival_given_response_stays_where_strata_leave_room() -> None:
    responds, responders, _ = (rates[0] for rates in by_stratum(arm(0.4, 0.45, 0.8, draws=1), VENTILATED))
    assert (responds * responders) @ VENTILATED.shares == pytest.approx(0.32, abs=1e-12)
    found = treated(VENTILATED)
    near(found.patients[:, 1], 80, 0.3, "in the second stratum")
    near(found.responders.sum(axis=1), 80, 0.4, "responders")
    near(found.both.sum(axis=1), 80, 0.32, "both")
    assert responds[1] < responds[0]


def test_three_strata_fill_by_their_shares() -> None:
    found = treated(Strata(np.array([0.5, 0.3, 0.2]), np.array([0.0, -0.5, -1.0])))
    for place, share in enumerate((0.5, 0.3, 0.2)):
        near(found.patients[:, place], 80, share, f"in stratum {place}")
