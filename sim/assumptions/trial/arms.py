"""What may be assumed of the control arm, the endpoints and the play of one trial."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from sim.assumptions.quantity import Closed, Quantity
from sim.assumptions.trial.kinds import PatientLaw, PatientShareLaw, TrialQuantity, TrialShare
from sim.errors import InputError


class ChartReview(Closed):
    """Historical controls, found by reviewing charts of transplanted patients.

    Attributes
    ----------
    target : controls wanted.
    starts : the first day of the review; None is the trial's start.
    charts_per_week : charts reviewed a week.
    candidates : whether a chart's probability of a candidate is `given` or follows from the `epidemiology` of the draw:
        incidence × severe share × meets criteria.
    candidate_yield : candidates per chart.
    committee_yield : share of candidates that the review committee keeps.
    charts_available : charts there are; None is no end.
    re_review : probability that those included are reviewed once more.
    kept : share that stands then.
    re_review_weeks : how long that takes.
    """

    target: int = Field(ge=1, le=20_000)
    starts: str | None = None
    charts_per_week: TrialQuantity
    candidates: Literal["given", "epidemiology"]
    candidate_yield: TrialShare | None = None
    committee_yield: TrialShare
    charts_available: TrialQuantity | None = None
    re_review: TrialShare
    kept: TrialShare
    re_review_weeks: TrialQuantity

    @model_validator(mode="after")
    def _yield_where_needed(self) -> Self:
        if self.candidates == "given" and self.candidate_yield is None:
            raise InputError(".candidate_yield: is missing where candidates are given")
        return self


class EndpointArm(Closed):
    """What becomes of the patients of one arm.

    Attributes
    ----------
    response : share with complete response.
    survival : share alive at day 100; None takes the survivors of the draw's untreated severe cases.
    survival_given_response : share of the complete responders alive at day 100.
    """

    response: TrialShare
    survival: TrialShare | None = None
    survival_given_response: TrialShare


class Reference(Closed):
    """The rates that a trial without controls is tested against, as its protocol fixes them."""

    response: float = Field(gt=0, lt=1)
    survival: float = Field(gt=0, lt=1)


class RiskStrata(Closed):
    """Strata of risk that the stratified test keeps apart.

    Attributes
    ----------
    shares : share of the patients in each, adding up to 1.
    log_odds : by how much each stratum's log odds of a good outcome differ from the first's.
    """

    shares: tuple[float, ...] = (1.0,)
    log_odds: tuple[float, ...] = (0.0,)
    source: str = ""

    @field_validator("shares")
    @classmethod
    def _add_up(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        if not shares or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
            raise InputError(f"{list(shares)} must be shares above 0 that add up to 1")
        return shares

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        if len(self.shares) != len(self.log_odds):
            raise InputError(f".log_odds: {len(self.log_odds)} for {len(self.shares)} strata")
        return self


class FollowUp(Closed):
    """How long patients are followed.

    Attributes
    ----------
    days : until the endpoints are read.
    counted_from : the day they are counted from.
    to_enrolment : days from a patient's transplant to enrolment.
    """

    days: int = Field(ge=0, le=3650)
    counted_from: Literal["transplant", "enrolment"]
    to_enrolment: PatientLaw


class CloseOut(Closed):
    """What lies between the last patient's end and the read-out, in days: monitoring and database lock, analysis."""

    lock: TrialQuantity
    analysis: TrialQuantity


class Play(Closed):
    """What only the play of one trial, patient by patient, needs.

    Attributes
    ----------
    screening_slots : patients one site can screen at a time; None is any number.
    screening : days that screening takes.
    treatment : days of treatment of those who live.
    response_time : when a response is complete, as a share of the time from enrolment to the visit or to death.
    death_time : when those who die do so, as a share of the time from enrolment to the visit.
    bilirubin_first : share of the responders whose bilirubin falls before their organ failure resolves.
    bilirubin_only : share of the others whose bilirubin falls although their organ failure stays.
    """

    screening_slots: int | None = Field(default=None, ge=1)
    screening: PatientLaw
    treatment: PatientLaw
    response_time: PatientShareLaw
    death_time: PatientShareLaw
    bilirubin_first: TrialShare
    bilirubin_only: TrialShare


def quantities_of(part: Closed | None) -> dict[str, Quantity]:
    """The quantities of one part of the trial, by name."""
    names = () if part is None else type(part).model_fields
    return {name: value for name in names if isinstance(value := getattr(part, name), Quantity)}
