"""The trial played patient by patient at its limits: nothing left to wait for, nobody to be found, no place left."""

import math
from dataclasses import replace

import numpy as np
import pytest

from sim.dates import MONTH
from sim.model.process.plan import EnrolmentPlan, ProcessPlan
from sim.model.process.play import play
from sim.model.trial.readout import follow_up_months, prospective_complete
from tests.test_process import ENROLMENT, PATIENTS, PLAN, SEED, SITES, WEEK, fixed


@pytest.mark.parametrize("days", [0, 20, 100])
@pytest.mark.parametrize("at_death", [False, True])
def test_a_death_on_the_day_of_the_visit_ends_one_follow_up(days: int, at_death: bool) -> None:
    """The arm is complete as the exact law says of the same enrolments, and no sooner."""
    patients = replace(PATIENTS, death_time=fixed(1.0), follow_up_days=days, ends_at_death=at_death)
    for draw in range(20):
        story = play(replace(PLAN, patients=patients), SEED, draw)
        enrolled = story.enrolled()
        waited = [MONTH * ((patient.enrolled or 0.0) - (patient.transplant or 0.0)) for patient in enrolled]
        assert story.survivors < len(enrolled) == 15
        law = prospective_complete(np.array([story.enrolment]), follow_up_months(days, True, np.array([waited])))
        assert story.prospective == pytest.approx(law[0])


def test_who_was_seen_is_enrolled_whatever_the_caps() -> None:
    sites = tuple(replace(site, seen=seen) for site, seen in zip(SITES, (6, 2, 4, 0), strict=True))
    seen = replace(ENROLMENT, sites=sites, seen_until=7.0)
    for capped in (replace(seen, site_cap=3), replace(seen, country_caps={"A": 5, "B": 9}), replace(seen, target=12)):
        for draw in range(10):
            story = play(ProcessPlan(capped, 240.0), SEED, draw)
            assert sum(month <= 7.0 for month in story.enrolment) == 12
            by_site = [sum(patient.site == site.name for patient in story.enrolled()) for site in SITES]
            if capped.site_cap is not None:
                assert by_site[0] == 6
                assert by_site[1] <= 3
                assert by_site[2] == 4
            elif capped.target > 12:
                assert by_site[:2] == [6, 2]
            assert len(story.enrolment) == capped.target


def test_a_review_that_finds_nobody_costs_no_work() -> None:
    """A week without a control is not played: an endless search for one in a million million is soon over."""
    assert PLAN.review is not None
    nobody = EnrolmentPlan((), 1)
    for candidates, taken in ((0.0, 0.5), (0.2, 0.0), (1e-12, 1.0)):
        barren = replace(PLAN.review, candidate_yield=candidates, committee_yield=taken)
        story = play(ProcessPlan(nobody, 0.0, review=barren), SEED, 0)
        assert len(story.events) <= 3
        assert story.controls_complete == math.inf
        assert (story.controls, story.charts) == (0, 0)
        few = play(ProcessPlan(nobody, 0.0, review=replace(barren, charts_available=990.5)), SEED, 0)
        assert few.charts == 990
        assert few.controls_complete == pytest.approx(3.0 + 40 * WEEK)
