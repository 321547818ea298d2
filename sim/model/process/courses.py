"""What chance has in store for each patient of each site, whoever else is in the trial."""

from typing import NamedTuple, final

import numpy as np

from sim.draws.streams import FloatArray
from sim.model.process.numbers import Numbers
from sim.model.process.plan import EnrolmentPlan, PatientPlan
from sim.model.process.stage import Stage
from sim.model.trial.plan import Law


class Course(NamedTuple):
    """One patient's numbers: a uniform each, but for those named in days and shares, which follow their laws.

    The order is that of the numbers in the site's stream, so that a new field goes to the end.
    """

    diverted: float
    consents: float
    passes: float
    drops_out: float
    response: float
    survival: float
    which_first: float
    screening_days: float
    since_transplant: float
    treatment_days: float
    response_time: float
    death_time: float


_FIRST_LAW = Course._fields.index("screening_days")


@final
class Courses:
    """The courses of all patients, worked out in blocks since a law is quicker asked for many values than for one.

    Parameters
    ----------
    stage : whose numbers they are.
    plan : the sites and the screening.
    patients : what becomes of the enrolled; None where the play ends with the enrolment.
    """

    def __init__(self, stage: Stage, plan: EnrolmentPlan, patients: PatientPlan | None) -> None:
        self._laws = _laws(plan, patients)
        self._numbers = [stage.numbers(f"site[{site.name}].patients") for site in plan.sites]
        self._rows = 2 + 2 * plan.target // max(len(plan.sites), 1)
        self._known = self._deal(self._numbers) if self._numbers else []

    def of(self, site: int, patient: int) -> Course:
        """The course of a patient: places of the site in the plan and of the patient at the site, both from 0."""
        known = self._known[site]
        while patient >= len(known):
            known += self._deal([self._numbers[site]])[0]
        return known[patient]

    def _deal(self, numbers: list[Numbers]) -> list[list[Course]]:
        """The next block of each of some sites."""
        uniform = np.concatenate([site.block(self._rows, len(Course._fields)) for site in numbers])
        columns = [uniform[:, place] for place in range(_FIRST_LAW)]
        columns += [_values(law, uniform[:, _FIRST_LAW + place]) for place, law in enumerate(self._laws)]
        courses = [Course(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]
        return [courses[first : first + self._rows] for first in range(0, len(courses), self._rows)]


def _laws(plan: EnrolmentPlan, patients: PatientPlan | None) -> tuple[Law | None, ...]:
    """The laws of the last fields of a course."""
    if patients is None:
        return plan.screening_days, None, None, None, None
    return (
        plan.screening_days,
        patients.since_transplant,
        patients.treatment_days,
        patients.response_time,
        patients.death_time,
    )


def _values(law: Law | None, uniform: FloatArray) -> FloatArray:
    return np.zeros_like(uniform) if law is None else law.ppf(uniform)
