"""How many vials a patient takes: weight, dose, what is thrown away, and the days until treatment ends."""

from typing import Literal, get_args

import numpy as np
from scipy.special import ndtr, ndtri

from sim.draws.streams import FloatArray

Wastage = Literal["none", "day", "infusion"]
"""What is thrown away: nothing; the rest of a day's last vial; the rest of every infusion's last vial."""

WASTAGE: tuple[Wastage, ...] = get_args(Wastage)

_NEGLIGIBLE = 1e-15
"""A probability that is left out of a mean."""

_TERMS = 1000
"""Vials a day from which on their sum is as good as an integral, so that no vial and no spread takes long."""

_ROUNDING = 1e-9
"""Relative excess over a whole number of vials that opens no further one."""


def vials_per_day(
    weight: FloatArray,
    dose: FloatArray | float,
    infusions: int,
    vial: FloatArray | float,
    wastage: Wastage,
    spread: FloatArray | float = 0.0,
) -> FloatArray:
    """Vials that a patient takes a day, on average over patients.

    Parameters
    ----------
    weight : mean of the patients, such as [draw, age_group], kg.
    dose : a day, mg/kg.
    infusions : that a day's dose is divided into.
    vial : content of one, mg.
    wastage : "none" is the exact dose; with "day" the infusions of a day share their vials; with "infusion" each opens
        its own.
    spread : coefficient of variation of weight between patients, who are lognormal; 0 is all of the mean weight.

    Returns
    -------
    In the shape that the arrays broadcast to, vials per patient and day.
    """
    exact: FloatArray = np.asarray(weight * dose / vial, dtype=np.float64)
    if wastage == "none":
        return exact
    openings = infusions if wastage == "infusion" else 1
    return openings * _mean_ceiling(exact / openings, np.asarray(spread, dtype=np.float64))


def mean_days(
    died: FloatArray | float,
    stopped: FloatArray | float,
    days_to_death: FloatArray | float,
    days_to_stop: FloatArray | float,
    days_of_course: FloatArray | float,
) -> FloatArray:
    """Days of treatment, on average over how treatment ends.

    Parameters
    ----------
    died : share of the treated who die on treatment.
    stopped : share of the treated who stop for toxicity; with the dead at most 1.
    days_to_death, days_to_stop : days of treatment of these.
    days_of_course : of all others, until response or the end of the course.

    Returns
    -------
    In the shape that the arrays broadcast to, days per patient.
    """
    rest = 1.0 - (np.asarray(died, dtype=np.float64) + stopped)
    return died * days_to_death + stopped * days_to_stop + rest * days_of_course


def _mean_ceiling(mean: FloatArray, spread: FloatArray) -> FloatArray:
    """The mean of a lognormal number that is rounded up: the probabilities that it is above 0, 1, 2, … added up.

    Parameters
    ----------
    mean : before it is rounded up.
    spread : its coefficient of variation.
    """
    sigma = np.sqrt(np.log1p(spread**2))
    whole = np.ceil(mean * (1.0 - _ROUNDING))
    varied = (sigma > 0) & (mean > 0)
    sigma = np.where(varied, sigma, 1.0)
    middle = np.log(np.where(varied, mean, 1.0)) - sigma**2 / 2.0
    total = np.ones(varied.shape)
    farthest = np.exp(middle - ndtri(_NEGLIGIBLE) * sigma).max(initial=0.0, where=varied)
    for count in range(1, int(min(np.ceil(farthest), _TERMS))):
        tail = ndtr((middle - np.log(count)) / sigma)
        # a draw's own last term decides, not that of the draws it is computed with
        total += np.where(tail < _NEGLIGIBLE, 0.0, tail)
    return np.where(varied, total + _beyond(_TERMS - 0.5, mean, middle, sigma), whole)


def _beyond(start: float, mean: FloatArray, middle: FloatArray, sigma: FloatArray) -> FloatArray:
    """The rest of the sum, by its integral from a start on and Euler and Maclaurin's first correction.

    The integral is the mean of a lognormal number's excess over the start.
    """
    place = (middle - np.log(start)) / sigma
    tail = ndtr(place)
    density = np.exp(-(place**2) / 2.0) / (np.sqrt(2.0 * np.pi) * sigma * start)
    excess = mean * ndtr(place + sigma) - start * tail
    return np.where(tail < _NEGLIGIBLE, 0.0, excess - density / 24.0)
