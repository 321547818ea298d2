"""Patients after their enrolment: treatment, response, death, and the visit that ends the follow-up."""

import math
from typing import final

from sim.dates import MONTH
from sim.model.process.courses import Course
from sim.model.process.plan import PatientPlan
from sim.model.process.stage import Acting, Stage
from sim.model.process.story import Patient


@final
class FollowUp:
    """The prospective arm after enrolment.

    Parameters
    ----------
    stage : clock, log and numbers.
    plan : what becomes of patients; None ends their follow-up at once.
    target : patients whose follow-up completes the arm.
    """

    def __init__(self, stage: Stage, plan: PatientPlan | None, target: int) -> None:
        self.complete = stage.clock.event()
        self.month = math.inf
        self.responders = 0
        self.survivors = 0
        self._stage = stage
        self._plan = plan
        self._pending = target

    def follow(self, patient: Patient, course: Course) -> Patient:
        """Take over a patient who has just been enrolled, and give back the dates of what is to come."""
        if self._plan is None:
            self._end()
            return patient
        patient = dated(self._plan, patient, course)
        self.responders += patient.response is not None
        self.survivors += patient.death is None
        self._stage.clock.process(self._course(patient, self._plan))
        return patient

    def _course(self, patient: Patient, plan: PatientPlan) -> Acting:
        """A patient's dates as they come."""
        end = _DIES if plan.ends_at_death and patient.death is not None else _visit(plan)
        since = (self._stage.clock.now - (patient.transplant or 0.0)) * MONTH
        self._stage.note(patient.name, "begins treatment", f"day {since:.0f} of the transplant")
        for month, what in _moments(patient, plan):
            yield self._stage.until(month)
            self._stage.note(patient.name, what, "" if what != _visit(plan) else _status(patient))
            if what == end:
                self._end()

    def _end(self) -> None:
        """A follow-up has ended."""
        self._pending -= 1
        if self._pending == 0:
            self.month = self._stage.clock.now
            self._stage.note("trial", "prospective arm is complete")
            self.complete.succeed()


_DIES = "dies"


def dated(plan: PatientPlan, patient: Patient, course: Course) -> Patient:
    """A patient with all dates of treatment and follow-up.

    Waiting for a screening slot takes from the days that are counted from the transplant.

    Parameters
    ----------
    plan : what becomes of patients.
    patient : enrolled.
    course : the patient's numbers.
    """
    enrolled, arrived = patient.enrolled or 0.0, patient.arrived
    waited = 0.0 if patient.screened is None else patient.screened - arrived
    transplant = min(arrived, enrolled - waited - course.since_transplant / MONTH)
    visit = max(enrolled, (transplant if plan.from_transplant else enrolled) + plan.follow_up_days / MONTH)
    responds = course.response < plan.response
    survives = course.survival < (plan.survival_responders if responds else plan.survival_others)
    death = None if survives else enrolled + course.death_time * (visit - enrolled)
    treated = enrolled + course.treatment_days / MONTH
    under_observation = (visit if death is None else death) - enrolled
    bilirubin, organ = _resolutions(plan, course)
    return patient._replace(
        transplant=transplant,
        treatment_end=treated if death is None else min(treated, death),
        bilirubin=None if bilirubin is None else enrolled + bilirubin * under_observation,
        organ=None if organ is None else enrolled + organ * under_observation,
        response=enrolled + course.response_time * under_observation if responds else None,
        death=death,
        visit=visit,
    )


def _resolutions(plan: PatientPlan, course: Course) -> tuple[float | None, float | None]:
    """When bilirubin falls and organ failure resolves, as shares of the time under observation.

    The later of both is the complete response; how much earlier the other came is even.
    """
    if course.response >= plan.response:
        only = course.response < plan.response + (1.0 - plan.response) * plan.bilirubin_only
        return course.response_time if only else None, None
    first = plan.bilirubin_first
    if course.which_first < first:
        return course.response_time * course.which_first / first, course.response_time
    return course.response_time, course.response_time * (course.which_first - first) / (1.0 - first)


def _moments(patient: Patient, plan: PatientPlan) -> list[tuple[float, str]]:
    """What is to be seen of a patient, in order."""
    dead = patient.death is not None
    moments = (
        (patient.bilirubin, "bilirubin falls below 2 mg/dL"),
        (patient.organ, "organ failure has resolved"),
        (patient.response, "complete response"),
        (patient.treatment_end, "treatment ends"),
        (patient.death, _DIES),
        (None if dead and plan.ends_at_death else patient.visit, _visit(plan)),
    )
    return sorted(((month, what) for month, what in moments if month is not None), key=lambda moment: moment[0])


def _status(patient: Patient) -> str:
    """What is found at the end of follow-up."""
    alive = "alive" if patient.death is None else "dead"
    return f"{alive}, {'complete' if patient.response is not None else 'no complete'} response"


def _visit(plan: PatientPlan) -> str:
    """What ends the follow-up of those who live, and of the dead where their death is collected on that day."""
    return f"day {plan.follow_up_days:g} {'of the transplant' if plan.from_transplant else 'of the trial'}"
