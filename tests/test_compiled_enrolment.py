"""Enrolment by compiled code: the same streams, the quantiles and months of NumPy, and the law's closed form."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import gammainccinv, gammaincinv

import sim
from sim.draws.compiled_streams import uniform_numbers
from sim.draws.streams import FloatArray, Stream
from sim.execution import engine, gathering, simulate
from sim.model.trial import compiled_enrolment
from sim.model.trial.compiled_gamma import quantiles
from sim.model.trial.compiled_times import network
from sim.model.trial.enrolment import PLAIN, compiled
from sim.model.trial.gamma_quantile import gamma_quantile
from sim.model.trial.plan import Calendar, Law, SiteNumbers, SitePlan, TrialStreams
from sim.results.run import Results

COMPILED = compiled()
HORIZON = 240.0
SEASON = tuple(1.0 + 0.2 * math.sin(month) for month in range(12))
EXTREMES = (2.0**-53, 2.0**-52, 1e-15, 1e-9, 0.25, 0.5 - 2.0**-53, 0.5 + 2.0**-53, 0.75, 1 - 1e-9, 1 - 2.0**-53)


def spread(uniform: FloatArray) -> FloatArray:
    return 12.0 * uniform


def half_to_all(uniform: FloatArray) -> FloatArray:
    return 0.5 + 0.5 * uniform


ALL, LATE, SOME = Law(np.ones_like, 1.0), Law(spread, 6.0), Law(half_to_all, 0.75)


def trial(
    sites: int, streams: TrialStreams, calendar: Calendar | None = None, laws: Sequence[Law] = (ALL, LATE), **own: Any
) -> tuple[SitePlan, Calendar, SiteNumbers]:
    """Sites that differ by what is given of `SiteNumbers`, one number for all or [draw, 1]."""
    draws = len(streams.draws)
    names = tuple(f"site {number}" for number in range(sites))
    passing, delay = laws
    plan = SitePlan(names, ("all",) * sites, np.zeros(sites), (delay,) * sites, (passing,) * sites)
    given = {"rate": 0.12, "rate_cv": 0.8, "never_opens": 0.0, "dropout": 0.0} | own
    by_site = {name: np.broadcast_to(given.pop(name) * np.ones((draws, 1)), (draws, sites)) for name in list(given)[:4]}
    by_draw = {name: given.get(name, 0.0) * np.ones(draws) for name in ("ramp", "decline", "shared_cv", "diverted")}
    return plan, calendar or Calendar(732507), SiteNumbers(**by_site, **by_draw)


@given(st.integers(0, 2**40), st.integers(1, 300), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_streams_give_the_same_bits(first: int, draws: int, rows: int) -> None:
    some = range(first, first + draws)
    streams, years = [Stream(4, f"trial.rate[{row}]") for row in range(rows)], list(range(rows))
    own = [stream.uniform(some, year) for stream, year in zip(streams, years, strict=True)]
    assert (uniform_numbers(streams, years, some) == np.array(own)).all()


@pytest.mark.parametrize("shape", [0.05, 0.5, 1.0, 1.5, 7.3, 80.0, 4_000.0, 9_000.0])
def test_quantiles_of_one_shape(shape: float) -> None:
    rng = np.random.default_rng(3)
    tails = 10 ** rng.uniform(-15.9, 0, 20_000)
    u = np.concatenate([rng.random(50_000), tails, 1.0 - tails, EXTREMES]).clip(2.0**-53, 1 - 2.0**-53)[None]
    found = quantiles(u.copy(), shape)
    exact = np.where(u < 0.5, gammaincinv(shape, u), gammainccinv(shape, 1.0 - u))
    assert_allclose(found, gamma_quantile(u, shape), rtol=2e-11)
    if shape >= 0.5:
        assert_allclose(found, exact, rtol=5e-12)


@pytest.mark.parametrize("sites", [1, 2, 3, 35, 64, 101])
def test_sites_are_put_in_order(sites: int) -> None:
    values = np.random.default_rng(sites).integers(0, 2, (300, sites))  # by the principle of zeros and ones
    for one, other in network(sites):
        values[:, [one, other]] = np.sort(values[:, [one, other]], axis=1)
    assert (np.diff(values, axis=1) >= 0).all()


COURSES: dict[str, dict[str, Any]] = {
    "even": {},
    "alike": {"rate_cv": 0.0},
    "few open": {"never_opens": 0.7},
    "far too slow": {"rate": 0.003},
    "ramp": {"ramp": 3.0},
    "decline": {"decline": 0.02},
    "growing": {"ramp": 2.0, "decline": -0.01},
    "season": {"calendar": Calendar(732507, SEASON)},
    "access": {"calendar": Calendar(732507, None, 14.5), "diverted": 0.4},
    "everything": {
        "calendar": Calendar(732507, SEASON, 14.5), "diverted": 0.4, "ramp": 3.0, "decline": 0.015, "shared_cv": 0.2,
        "never_opens": 0.1, "dropout": 0.05, "laws": (SOME, LATE),
    },
    "all at once": {"laws": (ALL, Law(np.zeros_like, 0.0))},
}  # fmt: skip


@pytest.mark.parametrize("own", COURSES.values(), ids=COURSES)
def test_months_are_those_of_numpy(own: dict[str, Any]) -> None:
    streams = TrialStreams(11, range(6, 1_609))
    given = trial(35, streams, **own)
    first, second = (law.enrol(*given, 80, None, streams, HORIZON) for law in (PLAIN, COMPILED))
    assert (np.isfinite(first.times) == np.isfinite(second.times)).all()
    assert_allclose(second.times, first.times, rtol=1e-11)
    comes = np.isfinite(first.times)
    assert np.quantile(np.abs(second.times[comes] / first.times[comes] - 1.0), 0.999) < 1e-12
    for name in ("opening", "rate", "kept", "shared", "enrolled"):
        assert_allclose(getattr(second.sites, name), getattr(first.sites, name), rtol=5e-12)
    assert_allclose(second.by_site, first.by_site, rtol=1e-9, atol=1e-12)


def test_numbers_that_differ_from_draw_to_draw() -> None:
    streams, rng = TrialStreams(12, range(700)), np.random.default_rng(5)
    names = ("rate", "rate_cv", "never_opens", "dropout")
    own: dict[str, Any] = {name: rng.uniform(0.05, 0.9, (700, 1)) for name in names}
    given = trial(12, streams, ramp=rng.uniform(0, 4, 700), decline=rng.uniform(0, 0.03, 700), **own)
    first, second = (law.enrol(*given, 40, None, streams, HORIZON).times for law in (PLAIN, COMPILED))
    assert_allclose(second, first, rtol=1e-11)


@pytest.mark.parametrize("sites", [1, 12])
def test_a_draw_that_is_a_block_by_itself_is_that_of_a_longer_block(sites: int) -> None:
    length = compiled_enrolment._BLOCK + 1
    cv = np.random.default_rng(6).uniform(0.2, 0.9, (length + 40, 1))
    found = []
    for draws in (length, length + 40):
        streams = TrialStreams(12, range(draws))
        found.append(COMPILED.enrol(*trial(sites, streams, rate_cv=cv[:draws]), 20, None, streams, HORIZON).times)
    assert (found[0] == found[1][:length]).all()


@pytest.mark.parametrize("own", [COURSES["even"], COURSES["everything"]], ids=["even", "everything"])
def test_milestones_are_those_of_every_patient(own: dict[str, Any]) -> None:
    streams = TrialStreams(13, range(2_200))
    given = trial(35, streams, **own)
    every = COMPILED.enrol(*given, 80, None, streams, HORIZON).times
    for places in ((80,), (1, 20, 40, 60, 80), tuple(range(8, 81, 8))):
        some = COMPILED.milestones(*given, places, None, streams, HORIZON)
        assert_allclose(some, every[:, np.array(places) - 1], rtol=1e-13)
        assert (some[:, -1] == every[:, -1]).all()  # to the last bit, so that no chunk's place is seen
        plain = PLAIN.milestones(*given, places, None, streams, HORIZON)
        assert_allclose(plain, some, rtol=1e-11)
        assert (plain == PLAIN.enrol(*given, 80, None, streams, HORIZON).times[:, np.array(places) - 1]).all()


def test_a_portion_of_draws_has_the_same_bits_and_a_site_more_moves_no_other() -> None:
    streams, part = TrialStreams(14, range(2_500)), TrialStreams(14, range(1_001, 2_003))
    whole = COMPILED.enrol(*trial(20, streams), 50, None, streams, HORIZON)
    some = COMPILED.enrol(*trial(20, part), 50, None, part, HORIZON)
    more = COMPILED.enrol(*trial(21, streams), 50, None, streams, HORIZON)
    assert (whole.times[1_001:2_003] == some.times).all()
    assert (more.sites.rate[:, :20] == whole.sites.rate).all()
    assert (more.times <= whole.times * (1 + 1e-14)).all()
    assert (np.diff(whole.times, axis=1) >= 0).all()


def test_mean_and_variance_are_those_of_the_closed_form() -> None:
    """With S the sum of the rates the last patient comes at (G + sum of rate times opening) / S; see docs/model.md."""
    streams, sites, target, mean = TrialStreams(15, range(200_000)), 35, 80, 0.12
    given = trial(sites, streams, rate_cv=1.5**-0.5)
    found = COMPILED.milestones(*given, (target,), None, streams, HORIZON)[:, 0]
    shapes, scale = 1.5 * sites, mean / 1.5
    waited = target / (scale * (shapes - 1))
    variance = target * (target + 1) / (scale**2 * (shapes - 1) * (shapes - 2)) - waited**2
    variance += 12.0 * (1.5 + 1) / (shapes + 1)
    away = (found - waited - 6.0) ** 2
    assert abs(found.mean() - waited - 6.0) < 5 * math.sqrt(variance / found.size)
    assert abs(away.mean() - variance) < 5 * away.std() / math.sqrt(found.size)


def test_what_it_does_not_know_is_left_to_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = TrialStreams(16, range(64))
    plan, calendar, numbers = trial(6, streams)
    capped = SitePlan(plan.names, plan.countries, plan.planned, plan.delay, plan.screening_pass, cap=4)
    monkeypatch.setattr(compiled_enrolment, "levels", None)
    first, second = (law.enrol(capped, calendar, numbers, 20, None, streams, HORIZON) for law in (PLAIN, COMPILED))
    assert (first.times == second.times).all()


def run(monkeypatch: pytest.MonkeyPatch, name: str, *words: str, chunk: int = 700) -> Results:
    """A run of a plan whose first portion is a thousand draws."""
    for module in (gathering, simulate):
        monkeypatch.setattr(module, "CHUNK", 1_000)
    words = ("trial=phase3_plan", "market=none", "sampling.draws=3000", f"execution={name}", *words)
    return sim.simulate(sim.load(overrides=[*words]), chunk)


@pytest.mark.parametrize("counted", ["transplant", "enrolment"])
def test_runs_by_either_engine_agree(counted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    word = f"trial.follow_up.counted_from={counted}"
    plain, own, other = (
        run(monkeypatch, name, word, chunk=chunk) for name, chunk in (("numpy", 700), ("numba", 700), ("numba", 333))
    )
    assert own.draws.equals(other.draws)
    for name in ("enrolment_months", "prospective_months", "readout_months"):
        assert_allclose(own.draws[name].to_numpy(), plain.draws[name].to_numpy(), rtol=1e-11)
    assert (own.draws["prob_success_response"] == plain.draws["prob_success_response"]).all()
    assert own.tables["sites"].drop(columns=["site", "country"]).shape == plain.tables["sites"].iloc[:, 2:].shape


def test_compiled_code_is_taken_where_a_plan_has_enough_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "can_compile", lambda: True)
    words = ("trial=phase3_plan", "market=none", "transplants=press_release")
    few, many, seen = (
        engine.engine_of(sim.load(overrides=[*words[1:], f"sampling.draws={draws}", f"trial={trial}"]))
        for draws, trial in ((8_192, "phase3_plan"), (40_000, "phase3_plan"), (40_000, "phase3_response"))
    )
    assert (few.is_compiled, many.is_compiled, seen.is_compiled) == (False, True, False)
