"""The trial played patient by patient: its numbers, its rules, and what the exact law cannot have."""

import math
import os
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaincinv, gammaincinv

from sim.dates import MONTH
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.model.process import shares
from sim.model.process.arrivals import intensities
from sim.model.process.numbers import Numbers
from sim.model.process.plan import EnrolmentPlan, PatientPlan, ProcessPlan, ReviewPlan, SiteNow
from sim.model.process.play import play
from sim.model.process.shares import in_processes
from sim.model.process.story import READ_OUT, TOO_LATE, Patient, Story
from sim.model.trial.plan import Law

START = date(2006, 7, 15)
WEEK = 7 / MONTH
SEED = 2007


def certain(value: float, uniform: FloatArray) -> FloatArray:
    return np.full_like(uniform, value)


def gamma(shape: float, scale: float, uniform: FloatArray) -> FloatArray:
    return np.asarray(gammaincinv(shape, uniform) * scale)


def beta(one: float, other: float, uniform: FloatArray) -> FloatArray:
    return np.asarray(betaincinv(one, other, uniform))


def refused(row: int) -> None:
    raise InputError(f"no such draw: {row}")


def fixed(value: float) -> Law:
    return Law(partial(certain, value), value)


SHARE = Law(partial(beta, 2.0, 3.0), 0.4)
TREATMENT = Law(partial(gamma, 3.0, 7.0), 21.0)
PATIENTS = PatientPlan(Law(partial(gamma, 4.0, 5.0), 20.0), TREATMENT, 0.4, 0.7, 0.3, SHARE, SHARE, 100.0)
SITES = tuple(
    SiteNow(f"site {name}", country, opening, rate, screening_pass=0.8, dropout=0.05, slots=1)
    for name, country, opening, rate in (("K", "A", 0, 0.3), ("L", "A", 1, 0.9), ("M", "B", 3, 0.5), ("N", "B", 8, 1.5))
)
ENROLMENT = EnrolmentPlan(SITES, target=15, screening_days=Law(partial(gamma, 2.0, 3.0), 6.0))
PLAN = ProcessPlan(
    ENROLMENT, 240.0, PATIENTS, ReviewPlan(20, 3.0, 25.0, 0.2, 1 / 3), lock_days=60.0, analysis_days=30.0
)
draws = st.integers(0, 10_000)


def with_enrolment(enrolment: EnrolmentPlan, plan: ProcessPlan = PLAN) -> ProcessPlan:
    return replace(plan, enrolment=enrolment)


def enrolment_of(enrolment: EnrolmentPlan, draw: int) -> list[float]:
    """Months of enrolment, with infinity for those that do not come."""
    months = list(play(ProcessPlan(enrolment, 240.0), SEED, draw).enrolment)
    return months + [math.inf] * (enrolment.target - len(months))


def never_slower(fast: list[float], slow: list[float]) -> bool:
    return all(first <= second + 1e-9 for first, second in zip(fast, slow, strict=True))


# numbers and arrivals


def test_numbers_are_the_same_alone_and_in_blocks() -> None:
    alone, blocks = Numbers(1, "site", 5), Numbers(1, "site", 5)
    one_by_one = [alone.uniform() for _ in range(24)]
    assert one_by_one == [*blocks.block(2, 3).ravel(), *blocks.block(6, 3).ravel()]
    assert len({Numbers(seed, name, draw).uniform() for seed in (1, 2) for name in "ab" for draw in (5, 6)}) == 8


@given(
    opening=st.floats(-3, 15),
    ramp=st.one_of(st.just(0.0), st.floats(0.1, 9)),
    decline=st.one_of(st.just(0.0), st.floats(-0.05, 0.2)),
    factors=st.lists(st.floats(0.1, 3), min_size=1, max_size=6),
    month=st.floats(0, 40),
)
@settings(max_examples=60, deadline=None)
def test_the_cumulative_intensity_is_the_integral_and_its_inverse_inverts(
    opening: float, ramp: float, decline: float, factors: list[float], month: float
) -> None:
    calendar = tuple((3.7 * place, factor) for place, factor in enumerate(factors))
    plan = EnrolmentPlan((SiteNow("K", "A", opening, 0.7),), 9, 1.3, ramp, decline, calendar)

    def rate(at: float) -> float:
        age = at - opening
        factor = [factor for start, factor in calendar if start <= max(at, 0.0)][-1]
        return 0.91 * factor * (min(age / ramp, 1.0) if ramp else 1.0) * math.exp(-decline * age)

    path = intensities(plan)["K"]
    edges = sorted({opening, opening + ramp, month, *(start for start, _ in calendar)})
    inside = [edge for edge in edges if opening <= edge <= month]
    expected = sum(quad(rate, low, high, epsabs=1e-12)[0] for low, high in pairwise(inside))
    assert path.cumulative(month) == pytest.approx(expected, rel=1e-9, abs=1e-11)
    levels = np.linspace(0.01, 1.0, 20) * expected
    if expected > 1e-6:
        assert [path.cumulative(at) for at in path.months_at(levels)] == pytest.approx(levels.tolist(), rel=1e-9)


def test_no_patients_come_once_a_declining_site_has_spent_itself() -> None:
    path = intensities(EnrolmentPlan((SiteNow("K", "A", 2.0, 1.0),), 9, decline=0.1))["K"]
    months = list(path.months_at([1.0, 9.0, 9.999, 10.001, 11.0]))
    assert months == pytest.approx([2 - 10 * math.log(1 - level / 10) for level in (1.0, 9.0, 9.999)])


# order, company, processes


def test_any_order_and_any_number_of_processes_give_the_same_stories(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "FEWEST", 1)
    one = partial(play, PLAN, SEED)
    stories = in_processes(one, 12, 1)
    assert len({story.readout for story in stories}) == 12
    assert [one(draw) for draw in reversed(range(12))][::-1] == stories
    assert in_processes(one, 12, 2) == stories


def test_few_draws_begin_no_process() -> None:
    assert in_processes(lambda row: row**2, shares.FEWEST - 1, 2) == [row**2 for row in range(shares.FEWEST - 1)]


def test_a_process_that_breaks_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "FEWEST", 1)
    with pytest.raises(InputError, match=r"^execution\.threads: a process that played trials ended") as found:
        in_processes(os._exit, 4, 2)
    assert "\n" not in str(found.value)


def test_a_wrong_input_in_another_process_is_the_same_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "FEWEST", 1)
    with pytest.raises(InputError, match="no such draw"):
        in_processes(refused, 4, 2)


@given(draw=draws, first=st.booleans())
@settings(max_examples=20, deadline=None)
def test_one_site_more_leaves_the_others_unchanged(draw: int, first: bool) -> None:
    endless = replace(ENROLMENT, target=500)
    new = SiteNow("new", "B", 0.0, 2.0)
    more = replace(endless, sites=(new, *SITES) if first else (*SITES, new))
    plain, added = (
        play(replace(PLAN, enrolment=plan, horizon=20.0, review=None), SEED, draw) for plan in (endless, more)
    )

    def others(story: Story) -> set[Patient]:
        return {patient for patient in story.patients if patient.site != "new"}

    assert others(plain) == others(added)
    assert len(others(plain)) > 10
    assert len(added.patients) > len(plain.patients)


# one way only, draw by draw


@given(draw=draws, faster=st.floats(1, 3))
@settings(max_examples=25, deadline=None)
def test_faster_more_or_larger_never_turns_the_wrong_way(draw: int, faster: float) -> None:
    plan = replace(ENROLMENT, ramp=2.0, decline=0.02, site_cap=9)
    slow = enrolment_of(plan, draw)
    assert never_slower(enrolment_of(replace(plan, shared=faster), draw), slow)
    assert never_slower(enrolment_of(replace(plan, sites=(*SITES, SiteNow("new", "B", 1.0, 0.4))), draw), slow)
    assert enrolment_of(replace(plan, target=20), draw)[:15] == slow


@given(draw=draws)
@settings(max_examples=25, deadline=None)
def test_fewer_screening_slots_are_never_sooner(draw: int) -> None:
    def slots(count: int | None) -> list[float]:
        sites = tuple(replace(site, slots=count, rate=3 * site.rate) for site in SITES)
        return enrolment_of(replace(ENROLMENT, sites=sites, screening_days=fixed(20.0)), draw)

    assert never_slower(slots(None), slots(2))
    assert never_slower(slots(2), slots(1))


def test_one_slot_bounds_the_accrual_and_slows_it() -> None:
    """A site that is always screening passes one patient each screening time, whatever comes to it."""
    crowded = EnrolmentPlan((SiteNow("K", "A", 0.0, 50.0, slots=1),), 15, screening_days=fixed(10.0))
    months = np.array(enrolment_of(crowded, 0))
    assert np.diff(months) == pytest.approx(np.full(14, 10.0 / MONTH), abs=1e-9)
    free = enrolment_of(replace(crowded, sites=(SiteNow("K", "A", 0.0, 50.0),)), 0)
    print(f"15 patients of a crowded site: month {months[-1]:.2f} with one slot, {free[-1]:.2f} with any number")
    assert free[-1] < 1.5 < months[-1]


def test_nobody_waits_beyond_his_patience() -> None:
    crowded = EnrolmentPlan((SiteNow("K", "A", 0.0, 6.0, slots=1),), 15, screening_days=fixed(10.0), patience_days=4.0)
    patients = play(ProcessPlan(crowded, 240.0), SEED, 0).patients
    waits = [MONTH * (patient.screened - patient.arrived) for patient in patients if patient.screened is not None]
    lost = [patient for patient in patients if patient.fate.startswith("gives up")]
    assert 0.0 < max(waits) <= 4.0 + 1e-9
    assert len(lost) > 5


# the rules of the trial


@given(draw=draws)
@settings(max_examples=25, deadline=None)
def test_a_story_is_in_order_and_adds_up(draw: int) -> None:
    story = play(PLAN, SEED, draw)
    months = [event.month for event in story.events]
    assert months == sorted(months)
    assert story.events[-1].what == READ_OUT
    assert story.events[-1].month == story.readout
    enrolled = story.enrolled()
    assert [patient.enrolled for patient in enrolled] == list(story.enrolment) == sorted(story.enrolment)
    assert len(enrolled) == 15
    assert story.responders == sum(patient.response is not None for patient in enrolled)
    assert story.survivors == sum(patient.death is None for patient in enrolled)
    assert story.prospective == pytest.approx(max(patient.visit or 0.0 for patient in enrolled))
    assert story.controls == 20
    assert story.controls_complete is not None
    assert (story.controls_complete - 3.0) / WEEK == pytest.approx(math.ceil(story.charts / 25))
    complete = max(story.prospective, story.controls_complete)
    assert story.readout == pytest.approx(complete + 90 / MONTH)
    assert {patient.fate for patient in story.patients if patient.arrived > story.enrolment[-1]} <= {TOO_LATE}


@given(draw=draws, from_transplant=st.booleans(), at_death=st.booleans())
@settings(max_examples=25, deadline=None)
def test_follow_up_response_and_death_of_each_patient(draw: int, from_transplant: bool, at_death: bool) -> None:
    patients = replace(PATIENTS, from_transplant=from_transplant, ends_at_death=at_death, bilirubin_only=0.5)
    story = play(replace(PLAN, patients=patients), SEED, draw)
    for patient in story.enrolled():
        assert patient.enrolled is not None
        assert patient.transplant is not None
        assert patient.visit is not None
        assert patient.treatment_end is not None
        assert patient.transplant <= patient.arrived <= patient.enrolled
        counted_from = patient.transplant if from_transplant else patient.enrolled
        assert patient.visit == pytest.approx(max(patient.enrolled, counted_from + 100 / MONTH))
        end = patient.visit if patient.death is None else patient.death
        assert patient.enrolled <= end <= patient.visit
        both = patient.bilirubin is not None and patient.organ is not None
        assert both == (patient.response is not None)
        if patient.response is not None and patient.bilirubin is not None and patient.organ is not None:
            assert patient.response == max(patient.bilirubin, patient.organ) <= end
        if patient.death is not None:
            assert patient.treatment_end <= patient.death
    ends = [patient.death if at_death and patient.death else patient.visit or 0.0 for patient in story.enrolled()]
    assert story.prospective == pytest.approx(max(ends))


def test_waiting_for_a_slot_takes_days_from_those_since_the_transplant() -> None:
    """Who waits is enrolled later, but day 100 of the transplant stays where it is."""
    crowded = EnrolmentPlan((SiteNow("K", "A", 0.0, 8.0, slots=1),), 15, screening_days=fixed(5.0))
    patients = replace(PATIENTS, since_transplant=fixed(18.0))
    for patient in play(ProcessPlan(crowded, 240.0, patients), SEED, 0).enrolled():
        assert patient.visit is not None
        assert patient.screened is not None
        assert (patient.visit - patient.arrived) * MONTH == pytest.approx(100 - 18 + 5)


def test_caps_hold_by_site_and_country() -> None:
    plan = replace(ENROLMENT, site_cap=5, country_caps={"B": 6})
    for draw in range(20):
        story = play(ProcessPlan(plan, 240.0), SEED, draw)
        by_site = [sum(patient.site == site.name for patient in story.enrolled()) for site in SITES]
        assert max(by_site) <= 5
        assert sum(by_site[2:]) <= 6
        assert len(story.enrolment) == 15


def test_a_trial_that_cannot_end_is_given_up_and_does_not_hang() -> None:
    nobody = replace(ENROLMENT, sites=tuple(replace(site, rate=0.0) for site in SITES))
    never = replace(ENROLMENT, sites=tuple(replace(site, opening=math.inf) for site in SITES))
    capped = replace(ENROLMENT, site_cap=2)
    for enrolment in (nobody, never, capped):
        story = play(with_enrolment(enrolment), SEED, 0)
        assert story.readout == story.prospective == math.inf
        assert story.controls == 20
        assert "enrolment is given up" in {event.what for event in story.events}
    assert PLAN.review is not None
    fruitless = play(replace(PLAN, review=replace(PLAN.review, committee_yield=0.0)), SEED, 0)
    assert fruitless.readout == fruitless.controls_complete == math.inf
    assert math.isfinite(fruitless.prospective)


def test_patients_seen_at_a_site_that_had_not_opened_are_refused_in_one_line() -> None:
    late = replace(SITES[0], opening=9.0, seen=3)
    with pytest.raises(InputError, match=r"^trial.interim.enrolled: 3 at site K, which had not opened by then$"):
        play(with_enrolment(replace(ENROLMENT, sites=(late,), seen_until=6.0)), SEED, 0)
    unseen = replace(late, seen=0)
    with pytest.raises(InputError, match=r"^trial.interim.enrolled: 3, but no site had opened by then$"):
        play(with_enrolment(replace(ENROLMENT, sites=(unseen,), seen_until=6.0, seen_anywhere=3)), SEED, 0)


def test_the_log_can_be_read() -> None:
    story = play(PLAN, SEED, 3)
    lines = list(story.lines(START))
    print(*lines[:24], "…", *lines[-6:], sep="\n")
    assert lines[0] == "2006-07-15  month   0.00  site K: opens (A)"
    assert lines[-1].endswith("trial: read-out")
    assert max(map(len, lines)) < 120
    rows = story.rows(START)
    assert list(rows[0]) == ["month", "date", "who", "what", "detail"]
    assert len(rows) == len(lines)
    assert date.fromisoformat(str(rows[-1]["date"])) > date(2007, 7, 15)
