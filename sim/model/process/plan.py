"""What one played trial is, in plain numbers: those of a single draw.

Months of 365.25 / 12 days are counted from the trial's start; what happens to a patient is counted in days.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.model.trial.plan import Law

Calendar = tuple[tuple[float, float], ...]
"""(month, factor) from which on a factor holds, ascending; the first holds before it, too."""


@dataclass(frozen=True)
class SiteNow:
    """One site with the numbers of this draw.

    Attributes
    ----------
    name : of the site; its streams carry it.
    country : whose cap it shares.
    opening : when it opens, months; inf is never.
    rate : patients who come to be screened per month at full speed; those who would decline are not in it where the
        rate counts consenting patients, and then `EnrolmentPlan.consent` stays 1.
    screening_pass : share of the screened who pass.
    dropout : share of the enrolled who are lost before they count.
    slots : patients it can screen at once; None is no limit.
    seen : patients it had enrolled by `EnrolmentPlan.seen_until`.
    """

    name: str
    country: str
    opening: float
    rate: float
    screening_pass: float = 1.0
    dropout: float = 0.0
    slots: int | None = None
    seen: int = 0


@dataclass(frozen=True)
class EnrolmentPlan:
    """How patients come to the sites and into the trial.

    Attributes
    ----------
    sites : in any order; each name once.
    target : patients who end the enrolment.
    shared : factor of all rates alike.
    ramp : months that a site's rate takes to rise linearly from 0 to full speed.
    decline : fall of the logarithm of a site's rate per month of its age.
    calendar : of the factors that hold for all sites.
    expanded_access : when a programme opens that draws patients away, months; inf is never.
    diverted : share of the patients who go there once it is open.
    consent : share of the patients who agree to be screened.
    screening_days : from the arrival to the enrolment of a patient who finds a slot, between patients.
    patience_days : a patient who waits longer than this for a slot is lost; None waits for ever.
    site_cap : patients that one site may enrol; None is no cap.
    country_caps : country → patients that its sites may enrol together.
    seen_until : when the sites' `seen` were counted, months; the chance of the play begins there. Who was seen
        is enrolled whatever the caps.
    seen_anywhere : patients enrolled by then of whom the site is not known, dealt to the sites by their intensities.
    """

    sites: tuple[SiteNow, ...]
    target: int
    shared: float = 1.0
    ramp: float = 0.0
    decline: float = 0.0
    calendar: Calendar = ()
    expanded_access: float = math.inf
    diverted: float = 0.0
    consent: float = 1.0
    screening_days: Law | None = None
    patience_days: float | None = None
    site_cap: int | None = None
    country_caps: Mapping[str, int] = field(default_factory=dict)
    seen_until: float = 0.0
    seen_anywhere: int = 0


@dataclass(frozen=True)
class PatientPlan:
    """What becomes of the patients who are enrolled.

    Attributes
    ----------
    since_transplant : days from transplant to enrolment, between patients; no less than those of screening.
    treatment_days : between patients; death ends the treatment.
    response : probability of a complete response.
    survival_responders, survival_others : probability of being alive at the end of follow-up, with and without it.
    response_time : when a response is complete, as a share of the time from enrolment to death or visit.
    death_time : when those who die do so, as a share of the time from enrolment to the visit.
    follow_up_days : to the visit that ends follow-up.
    from_transplant : whether these are counted from the transplant; else from the enrolment.
    ends_at_death : whether a death ends the follow-up at once; else it is collected on the day of the visit.
    bilirubin_first : share of responders whose bilirubin falls before their organ failure resolves; for the log alone.
    bilirubin_only : share of the others whose bilirubin falls although organ failure stays; for the log alone.
    """

    since_transplant: Law
    treatment_days: Law
    response: float
    survival_responders: float
    survival_others: float
    response_time: Law
    death_time: Law
    follow_up_days: float
    from_transplant: bool = True
    ends_at_death: bool = False
    bilirubin_first: float = 0.5
    bilirubin_only: float = 0.0


@dataclass(frozen=True)
class ReviewPlan:
    """How the team finds historical controls in charts.

    Attributes
    ----------
    target : controls wanted.
    start : when the team begins, months.
    charts_per_week : charts that it reads in a week.
    candidate_yield : share of charts that it puts before the review committee.
    committee_yield : share of these that the committee, which meets every week, takes as controls.
    charts_available : charts there are; inf is no end.
    re_review : probability that the controls found are reviewed again.
    kept : share of them that stands then.
    re_review_weeks : that this takes.
    """

    target: int
    start: float
    charts_per_week: float
    candidate_yield: float
    committee_yield: float
    charts_available: float = math.inf
    re_review: float = 0.0
    kept: float = 1.0
    re_review_weeks: float = 0.0


@dataclass(frozen=True)
class ProcessPlan:
    """One trial from its first site to its read-out.

    Attributes
    ----------
    enrolment : of the treated.
    patients : what becomes of them; None ends the prospective arm with the last enrolment.
    review : of the historical controls; None is a trial of one arm.
    lock_days : of monitoring and database lock, after both arms are complete.
    analysis_days : from the lock to the read-out.
    horizon : when enrolment is given up, months.
    """

    enrolment: EnrolmentPlan
    horizon: float
    patients: PatientPlan | None = None
    review: ReviewPlan | None = None
    lock_days: float = 0.0
    analysis_days: float = 0.0
