"""One played trial: what became of each patient, and when."""

import math
from typing import NamedTuple

import pandas as pd

from sim.dates import day_name
from sim.results.run import Results
from sim.results.trial import EVENTS, PATIENTS
from sim.views.trial_facts import trial_of


class Course(NamedTuple):
    """What became of a patient who was enrolled, in months since the trial's start; NaN for what did not come.

    Attributes
    ----------
    transplant, enrolled, treatment_end, response, death : when.
    visit : the last day of follow-up.
    """

    transplant: float
    enrolled: float
    treatment_end: float
    response: float
    death: float
    visit: float

    @property
    def end(self) -> float:
        """When there is nothing more to know of the patient."""
        return next((month for month in (self.death, self.visit) if not math.isnan(month)), self.enrolled)


def courses(results: Results) -> list[Course]:
    """The enrolled patients of the played trial, in the order of their enrolment."""
    columns = results.tables[PATIENTS].reindex(columns=list(Course._fields)).astype(float)
    found = [Course(*row) for row in columns.itertuples(index=False, name=None)]
    return sorted(found, key=lambda course: course.enrolled)


def happened(events: pd.DataFrame, what: str) -> float:
    """The month in which something happened first; NaN where it did not.

    Parameters
    ----------
    events : the log, columns month and what.
    what : as the log calls it.
    """
    found = events[events["what"] == what]["month"]
    return float(found.iloc[0]) if len(found) else math.nan


def is_played(results: Results) -> bool:
    """Whether the run has a trial played patient by patient, with any patient in it."""
    return EVENTS in results.tables and PATIENTS in results.tables and len(results.tables[PATIENTS]) > 0


def one_trial_message(results: Results) -> str:
    """`One trial of many: patient 80 enrolled on 20 February 2008, read-out on 2 August 2008`."""
    trial = trial_of(results)
    assert trial is not None
    known, done = courses(results), happened(results.tables[EVENTS], "read-out")
    ending = "no read-out" if math.isnan(done) else f"read-out on {day_name(trial.day(done))}"
    return f"One trial of many: patient {len(known)} enrolled on {day_name(trial.day(known[-1].enrolled))}, {ending}"
