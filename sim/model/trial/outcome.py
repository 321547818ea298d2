"""A trial from its first site to its verdict: enrolment, follow-up, control arm, read-out, success.

The order of the trial's rooms, by the exact law for many draws at once. Time is in months since the trial's start.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.draws.streams import FloatArray
from sim.model.trial.comparison import Comparison
from sim.model.trial.control import ChartReview, Controls, expected_review, review
from sim.model.trial.endpoints import Arm, Strata
from sim.model.trial.enrolment import PLAIN, Enrolled, EnrolmentLaw, expected_times
from sim.model.trial.plan import Calendar, Law, Seen, SiteNumbers, SitePlan, TrialStreams
from sim.model.trial.readout import controls_last, follow_up_months, prospective_complete, read_out
from sim.model.trial.verdict import Arms, Verdict, powers, verdicts


@dataclass(frozen=True)
class TrialPlan:
    """What holds in every draw.

    Attributes
    ----------
    target : patients of the treated arm.
    horizon : months after which a target that is not enrolled never is.
    sites : of the trial; a trial taken as one process has one.
    calendar : what calendar time does to all sites.
    follow_up_days : until the endpoints are read.
    from_transplant : whether these count from the transplant.
    to_enrolment : days from transplant to enrolment, between patients.
    test : that decides.
    levels : two-sided levels, the one that decides first.
    strata : of risk.
    reference : endpoint → the rate that one arm is tested against; None where there are controls.
    promise : after what and by when results were promised, months; None where nothing was promised. A date stands for
        its end, so the window begins after the day before its first.
    """

    target: int
    horizon: float
    sites: SitePlan
    calendar: Calendar
    follow_up_days: int
    from_transplant: bool
    to_enrolment: Law
    test: Comparison
    levels: tuple[float, ...]
    strata: Strata
    reference: Mapping[str, float] | None
    promise: tuple[float, float] | None


@dataclass(frozen=True)
class TrialNumbers:
    """What differs from draw to draw.

    Attributes
    ----------
    sites : the numbers that sites enrol by.
    seen : what has been seen of the enrolment; None is nothing.
    control : the chart review; None is a trial of one arm.
    close_out : from the last patient's end to the read-out, [draw], months.
    treated, untreated : what becomes of the patients of either arm.
    """

    sites: SiteNumbers
    seen: Seen | None
    control: ChartReview | None
    close_out: FloatArray
    treated: Arm
    untreated: Arm | None


@dataclass(frozen=True)
class Outcome:
    """A trial as it came out.

    Attributes
    ----------
    times : when each patient is enrolled, [draw, patient], months; infinite is never. Of the last one alone where the
        others were not asked for.
    prospective : when the treated arm is complete, [draw], months.
    controls : the control arm; None where there is none.
    readout : when the trial reads out, [draw], months.
    verdicts : success by endpoint, test and level.
    enrolled : the enrolment with its sites; None without chance, and where the last patient alone was asked for.
    """

    times: FloatArray
    prospective: FloatArray
    controls: Controls | None
    readout: FloatArray
    verdicts: tuple[Verdict, ...]
    enrolled: Enrolled | None


def play_out(
    plan: TrialPlan,
    numbers: TrialNumbers,
    streams: TrialStreams,
    *,
    judged: bool = True,
    law: EnrolmentLaw = PLAIN,
    every_patient: bool = True,
) -> Outcome:
    """The trial with chance.

    Parameters
    ----------
    plan : what holds in every draw.
    numbers : of the same draws as the streams.
    streams : the random numbers.
    judged : whether success is wanted.
    law : what works the enrolment out.
    every_patient : whether the months of all patients are wanted, and what the sites were like; else the read-out is.
    """
    given, chance = (plan.sites, plan.calendar, numbers.sites), (numbers.seen, streams, plan.horizon)
    enrolled = law.enrol(*given, plan.target, *chance) if every_patient or plan.from_transplant else None
    times = law.milestones(*given, (plan.target,), *chance) if enrolled is None else enrolled.times
    waited = plan.to_enrolment.ppf(streams.numbered("to_enrolment", plan.target)) if plan.from_transplant else None
    controls = None if numbers.control is None else review(numbers.control, streams)
    prospective = _complete(plan, times, waited)
    return Outcome(
        times=times,
        prospective=prospective,
        controls=controls,
        readout=_read_out(prospective, controls, numbers.close_out),
        verdicts=tuple(verdicts(arms_of(plan, numbers, times, controls), streams)) if judged else (),
        enrolled=enrolled,
    )


def without_chance(plan: TrialPlan, numbers: TrialNumbers, *, judged: bool = True) -> Outcome:
    """The trial without chance: every patient when as many are expected, success as its probability.

    Parameters
    ----------
    plan : what holds in every draw.
    numbers : of the draws.
    judged : whether the probability of success is wanted, which takes longest.
    """
    times = expected_times(plan.sites, plan.calendar, numbers.sites, plan.target, numbers.seen, plan.horizon)
    controls = None if numbers.control is None else expected_review(numbers.control)
    prospective = _complete(plan, times, np.full(1, plan.to_enrolment.mean))
    return Outcome(
        times=times,
        prospective=prospective,
        controls=controls,
        readout=_read_out(prospective, controls, numbers.close_out),
        verdicts=tuple(powers(arms_of(plan, numbers, times, controls))) if judged else (),
        enrolled=None,
    )


def arms_of(plan: TrialPlan, numbers: TrialNumbers, times: FloatArray, controls: Controls | None) -> Arms:
    """Who is compared: a trial that never enrols its target is not read out, and succeeds in nothing."""
    enrolled = np.where(np.isfinite(times[:, -1]), plan.target, 0)
    return Arms(
        treated=numbers.treated,
        untreated=numbers.untreated if controls is not None else None,
        patients=enrolled,
        controls=None if controls is None else np.where(np.isfinite(controls.months), controls.found, 0),
        strata=plan.strata,
        reference=plan.reference,
        levels=plan.levels,
    )


def _complete(plan: TrialPlan, times: FloatArray, waited: FloatArray | None) -> FloatArray:
    """When the treated arm is complete; without days from transplant to enrolment it waits for the last patient."""
    months = follow_up_months(plan.follow_up_days, plan.from_transplant, np.zeros(1) if waited is None else waited)
    return prospective_complete(times[:, -1:] if waited is None else times, months)


def _read_out(prospective: FloatArray, controls: Controls | None, close_out: FloatArray) -> FloatArray:
    return read_out(prospective, None if controls is None else controls.months, close_out)


def control_is_last(outcome: Outcome) -> FloatArray:
    """1 where the read-out waited for the control arm, else 0: [draw]."""
    months = None if outcome.controls is None else outcome.controls.months
    return controls_last(outcome.prospective, months).astype(np.float64)
