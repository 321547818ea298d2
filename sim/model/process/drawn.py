"""One draw of the exact law's trial as a plan to be played: the same sites, the same rates, its own chance."""

import math
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from sim.dates import MONTH
from sim.model.process.arrivals import changed_from
from sim.model.process.plan import Calendar, EnrolmentPlan, PatientPlan, ProcessPlan, ReviewPlan, SiteNow
from sim.model.trial.control import ChartReview
from sim.model.trial.endpoints import Arm
from sim.model.trial.outcome import TrialNumbers, TrialPlan
from sim.model.trial.plan import Law, Seen
from sim.model.trial.profile import course
from sim.model.trial.sites import Sites


@final
@dataclass(frozen=True)
class Details:
    """What a played trial shows and the exact law has no need of.

    Attributes
    ----------
    treatment_days : between patients.
    response_time, death_time : as in `PatientPlan`.
    analysis_days : of the close-out; the days before them are monitoring and lock.
    screening_days : between patients; None is none.
    slots : patients a site can screen at once; None is no limit.
    patience_days : that a patient waits for a slot; None is for ever.
    consent : share of the patients who agree to be screened; 1 where the rates count those who do.
    ends_at_death : whether a death ends a patient's follow-up.
    bilirubin_first, bilirubin_only : as in `PatientPlan`.
    """

    treatment_days: Law
    response_time: Law
    death_time: Law
    analysis_days: float
    screening_days: Law | None = None
    slots: int | None = None
    patience_days: float | None = None
    consent: float = 1.0
    ends_at_death: bool = False
    bilirubin_first: float = 0.5
    bilirubin_only: float = 0.0


def process_plan(plan: TrialPlan, numbers: TrialNumbers, sites: Sites, details: Details, row: int) -> ProcessPlan:
    """The trial of one draw as a plan to be played.

    With details that take no time and lose nobody, the played trial follows the exact law.

    Parameters
    ----------
    plan, numbers : of the trial by the exact law.
    sites : as realised for the same draws.
    details : for the play.
    row : of the draw in these arrays.
    """
    close_out = float(numbers.close_out[row]) * MONTH
    analysis = min(details.analysis_days, close_out)
    return ProcessPlan(
        enrolment=_enrolment(plan, numbers, sites, details, row),
        horizon=plan.horizon,
        patients=_patients(plan, numbers.treated, details, row),
        review=None if numbers.control is None else review_plan(numbers.control, row),
        lock_days=close_out - analysis,
        analysis_days=analysis,
    )


def review_plan(control: ChartReview, row: int) -> ReviewPlan:
    """The chart review of one draw."""
    return ReviewPlan(
        target=control.target,
        start=float(control.start[row]),
        charts_per_week=float(control.charts_per_week[row]),
        candidate_yield=float(control.candidate_yield[row]),
        committee_yield=float(control.committee_yield[row]),
        charts_available=float(control.charts_available[row]),
        re_review=float(control.re_review[row]),
        kept=float(control.kept[row]),
        re_review_weeks=float(control.re_review_weeks[row]),
    )


def _enrolment(plan: TrialPlan, numbers: TrialNumbers, sites: Sites, details: Details, row: int) -> EnrolmentPlan:
    access, seen = plan.calendar.expanded_access, numbers.seen
    by_site, anywhere = _seen(sites, seen, row)
    calendar, shared = _season(plan, numbers, row), float(sites.shared[row])
    if seen is not None:  # what was seen is history: a new pace holds from its date on
        pace = float(np.broadcast_to(numbers.sites.pace, sites.shared.shape)[row])
        calendar, shared = changed_from(calendar, float(seen.date[row]), pace), shared / pace
    return EnrolmentPlan(
        sites=_sites(plan, numbers, sites, by_site, details, row),
        target=plan.target,
        shared=shared,
        ramp=float(numbers.sites.ramp[row]),
        decline=float(numbers.sites.decline[row]),
        calendar=calendar,
        expanded_access=math.inf if access is None else access,
        diverted=float(numbers.sites.diverted[row]),
        consent=details.consent,
        screening_days=details.screening_days,
        patience_days=details.patience_days,
        site_cap=plan.sites.cap,
        country_caps=plan.sites.country_caps or {},
        seen_until=0.0 if seen is None else float(seen.date[row]),
        seen_anywhere=anywhere,
    )


def _season(plan: TrialPlan, numbers: TrialNumbers, row: int) -> Calendar:
    """The calendar's factors without the expanded-access programme, which is played patient by patient."""
    one, every = slice(row, row + 1), numbers.sites
    alone = replace(every, ramp=every.ramp[one], decline=every.decline[one], diverted=every.diverted[one])
    path = course(replace(plan.calendar, expanded_access=None), alone, plan.horizon)
    return tuple(zip((0.0, *path.breaks.tolist()), path.factors[0].tolist(), strict=True))


def _seen(sites: Sites, seen: Seen | None, row: int) -> tuple[list[int], int]:
    """Patients seen at each site, and those of whom the site is not known.

    A total at sites whose rates are known stands undealt in the exact law, which has no need of it: there the numbers
    of the sites are expected ones.
    """
    counts = sites.enrolled[row]
    if seen is None or ((counts % 1 == 0).all() and counts.sum() == seen.enrolled):
        return [int(count) for count in counts], 0
    return [0] * len(counts), seen.enrolled


def _sites(
    plan: TrialPlan, numbers: TrialNumbers, sites: Sites, seen: list[int], details: Details, row: int
) -> tuple[SiteNow, ...]:
    stay = 1.0 - numbers.sites.dropout[row]
    passing = np.divide(sites.kept[row], stay, out=np.zeros(len(stay)), where=stay > 0)
    return tuple(
        SiteNow(
            name=name,
            country=plan.sites.countries[place],
            opening=float(sites.opening[row, place]),
            rate=float(sites.rate[row, place]),
            screening_pass=float(passing[place]),
            dropout=float(numbers.sites.dropout[row, place]),
            slots=details.slots,
            seen=seen[place],
        )
        for place, name in enumerate(plan.sites.names)
    )


def _patients(plan: TrialPlan, arm: Arm, details: Details, row: int) -> PatientPlan:
    return PatientPlan(
        since_transplant=plan.to_enrolment,
        treatment_days=details.treatment_days,
        response=float(arm.response[row]),
        survival_responders=float(arm.survival_responders[row]),
        survival_others=float(arm.survival_others[row]),
        response_time=details.response_time,
        death_time=details.death_time,
        follow_up_days=plan.follow_up_days,
        from_transplant=plan.from_transplant,
        ends_at_death=details.ends_at_death,
        bilirubin_first=details.bilirubin_first,
        bilirubin_only=details.bilirubin_only,
    )
