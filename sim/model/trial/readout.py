"""Read-out: both arms complete, then monitoring, database lock and analysis.

Time is in months since the trial's start; what never happens is at infinity.
"""

import numpy as np
from numpy.typing import NDArray

from sim.dates import MONTH
from sim.draws.streams import FloatArray


def follow_up_months(days: int, from_transplant: bool, to_enrolment: FloatArray) -> FloatArray:
    """How long each patient is followed from enrolment on.

    Parameters
    ----------
    days : after which the endpoint is read, such as 100.
    from_transplant : whether these days count from the transplant; if not, from the enrolment.
    to_enrolment : from the transplant to the enrolment, [draw, patient], days.

    Returns
    -------
    [draw, patient], months; 0 for a patient who is enrolled after the day of the endpoint.
    """
    left = np.maximum(days - to_enrolment, 0.0) if from_transplant else np.full(to_enrolment.shape, float(days))
    months: FloatArray = left / MONTH
    return months


def prospective_complete(enrolled: FloatArray, follow_up: FloatArray) -> FloatArray:
    """When the last follow-up of the treated ends, which need not be that of the patient enrolled last.

    Parameters
    ----------
    enrolled : when each patient is enrolled, [draw, patient], months; infinite is never.
    follow_up : from the enrolment on, [draw, patient], months.

    Returns
    -------
    [draw], months.
    """
    ends: FloatArray = (enrolled + follow_up).max(axis=-1)
    return ends


def read_out(prospective: FloatArray, controls: FloatArray | None, close_out: FloatArray) -> FloatArray:
    """When the trial reads out: the later of its arms, and the close-out after it.

    Parameters
    ----------
    prospective : when the treated are complete, [draw], months.
    controls : when the controls are complete, [draw], months; None is a trial without them.
    close_out : monitoring, database lock and analysis, [draw], months.

    Returns
    -------
    [draw], months.
    """
    complete = prospective if controls is None else np.maximum(prospective, controls)
    return complete + close_out


def controls_last(prospective: FloatArray, controls: FloatArray | None) -> NDArray[np.bool_]:
    """Where the read-out waited for the controls; not where both arms end together, or neither ever does: [draw]."""
    return np.zeros(prospective.shape, dtype=bool) if controls is None else controls > prospective
