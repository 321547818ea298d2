"""What happened in one played trial, for a person to read and for a picture to be drawn from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sim.dates import MONTH


class Event(NamedTuple):
    """One line of the log.

    Attributes
    ----------
    month : since the trial's start.
    who : a site, a patient, the control team or the trial.
    what : it did or had happen to it.
    detail : what explains it; often nothing.
    """

    month: float
    who: str
    what: str
    detail: str = ""


class Patient(NamedTuple):
    """One patient who came to a site; months since the trial's start, None for what never came.

    Attributes
    ----------
    site : where.
    number : at that site, from 1, in the order of arrival.
    fate : "enrolled", or what kept the patient from it.
    arrived : at the site; for one enrolled before the play begins, the enrolment.
    screened : when the screening began.
    enrolled : when it was passed.
    transplant : may lie before the trial's start.
    treatment_end : by plan, or by death.
    bilirubin, organ : when bilirubin fell below 2 mg/dL, and when organ failure resolved.
    response : when it was complete, that is both had happened.
    death : within the follow-up.
    visit : the last day of follow-up, day 100 of the transplant where it is counted from there.
    """

    site: str
    number: int
    fate: str
    arrived: float
    screened: float | None = None
    enrolled: float | None = None
    transplant: float | None = None
    treatment_end: float | None = None
    bilirubin: float | None = None
    organ: float | None = None
    response: float | None = None
    death: float | None = None
    visit: float | None = None

    @property
    def name(self) -> str:
        """As in the log."""
        return patient_name(self.site, self.number)


@dataclass(frozen=True)
class Story:
    """One trial from its first site to its read-out, in months since its start; inf for what was not reached.

    Attributes
    ----------
    events : the log, in order of time; nothing in it is later than the read-out.
    patients : all who came while enrolment was open, in the order in which their fate was known.
    enrolment : months of the enrolments that count, ascending.
    openings : site → month it opened; a site that did not is not in it.
    prospective : when the follow-up of the last patient ended.
    controls : historical controls found.
    charts : read for them.
    candidates : put before the review committee.
    controls_complete : when the control arm was complete; None for a trial of one arm.
    responders, survivors : of the patients enrolled.
    readout : when the results were there.
    """

    events: tuple[Event, ...]
    patients: tuple[Patient, ...]
    enrolment: tuple[float, ...]
    openings: dict[str, float]
    prospective: float
    controls: int
    charts: int
    candidates: int
    controls_complete: float | None
    responders: int
    survivors: int
    readout: float

    def enrolled(self) -> list[Patient]:
        """The patients who count, in the order of their enrolment: the rows of a picture of the trial."""
        return sorted((p for p in self.patients if p.fate == ENROLLED), key=lambda p: p.enrolled or 0.0)

    def rows(self, start: date) -> list[dict[str, str | float]]:
        """The log as a table: month, date, who, what, detail.

        Parameters
        ----------
        start : the trial's first day.
        """
        return [{"month": e.month, "date": _day(start, e.month), **e._asdict()} for e in self.events]

    def lines(self, start: date) -> Iterator[str]:
        """The log as text, a line an event."""
        for event in self.events:
            detail = f" ({event.detail})" if event.detail else ""
            yield f"{_day(start, event.month)}  month {event.month:6.2f}  {event.who}: {event.what}{detail}"


ENROLLED = "enrolled"
"""The fate of a patient who counts."""


TOO_LATE = "came too late"
"""The fate of a patient who waited or was screened when enrolment, or that of the site, closed."""

READ_OUT = "read-out"
"""The last line of a trial that has one."""


def patient_name(site: str, number: int) -> str:
    """How a patient is called."""
    return f"{site}, patient {number}"


def _day(start: date, month: float) -> str:
    return date.fromordinal(start.toordinal() + int(month * MONTH)).isoformat()
