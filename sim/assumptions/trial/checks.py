"""Whether the parts of a trial can be so: units of time, rows of the evidence, endpoints of one patient."""

from collections.abc import Mapping
from typing import get_args

from sim.assumptions.quantity import Treatment
from sim.errors import InputError

UNITS = {
    "close_out.lock": "day", "close_out.analysis": "day", "follow_up.to_enrolment": "day", "play.screening": "day",
    "play.treatment": "day", "control.re_review_weeks": "week", "control.charts_per_week": "week",
    "enrolment.pooled.months": "month", "enrolment.sites.delay": "month", "enrolment.sites.ramp": "month",
    "enrolment.sites.rate": "month", "enrolment.sites.decline": "month", "enrolment.sites.transplants": "year",
}  # fmt: skip
"""The unit of time that each quantity's own unit must name."""

_ROUNDING = 1e-9  # by how much shares may miss each other


def check_row(place: str, row: Mapping[str, str], measure: str, treatment: str) -> None:
    """Refuse a row of the ledger that measures something else, or patients under another treatment.

    Parameters
    ----------
    place : the quantity that rests on it, for the message.
    row : of the ledger.
    measure, treatment : what the quantity is.

    Raises
    ------
    InputError : naming the quantity, the row and what does not fit.
    """
    if row["measure"] != measure:
        raise InputError(f"{place}: row '{row['id']}' measures {row['measure']}, not {measure}")
    if row["treated"] in get_args(Treatment) and row["treated"] != treatment:
        raise InputError(
            f"{place}: row '{row['id']}' is of patients with treatment '{row['treated']}', not '{treatment}'"
        )


def contradiction(response: float, survival: float, survival_given_response: float) -> str | None:
    """Why survival given response does not go with response and survival; None where it does.

    Parameters
    ----------
    response, survival, survival_given_response : shares from 0 to 1.
    """
    alive = response * survival_given_response
    if alive > survival + _ROUNDING:
        return (
            f"{survival_given_response:.3g} of the {response:.3g} who respond are {alive:.3g} alive, above the "
            f"survival of {survival:.3g}"
        )
    if alive + (1 - response) < survival - _ROUNDING:
        return (
            f"{survival_given_response:.3g} of the {response:.3g} who respond, with all others, are "
            f"{alive + 1 - response:.3g} alive, below the survival of {survival:.3g}"
        )
    return None
