"""How the speed of a site changes with its age and with the calendar, and what that adds up to.

A site's speed rises linearly over its ramp while it falls exponentially with its age; the calendar multiplies the
speed of all sites alike. Everything here is a closed form: no step of time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import final

import numpy as np
from numpy.typing import NDArray

from sim.dates import MONTH
from sim.draws.streams import FloatArray
from sim.model.trial.plan import Calendar, SiteNumbers

SERIES_BELOW = 0.02
"""Exponents whose integrals are summed as a series, for there the closed form loses digits."""

SERIES_TERMS = 7
"""Terms that leave less than the rounding error below that."""


@final
@dataclass(frozen=True)
class Course:
    """How the speed of sites goes over time: a share of full speed, by age and calendar.

    Attributes
    ----------
    ramp : months of a site's age until full speed, [row].
    decline : fall of the logarithm of the speed per month of age, [row]; below 0 it grows.
    breaks : when the calendar's factor changes, months, rising, [segment - 1].
    factors : the calendar's factor before, between and after the breaks, [row, segment].
    """

    ramp: FloatArray
    decline: FloatArray
    breaks: FloatArray
    factors: FloatArray

    def rows(self, which: slice) -> "Course":
        """Some neighbouring rows."""
        return Course(self.ramp[which], self.decline[which], self.breaks, self.factors[which])

    def repeated(self, times: int) -> "Course":
        """Every row several times in a row, as for the sites of a draw."""
        ramp, decline, factors = (np.repeat(array, times, axis=0) for array in (self.ramp, self.decline, self.factors))
        return Course(ramp, decline, self.breaks, factors)

    def exposure(self, opening: FloatArray, until: FloatArray) -> FloatArray:
        """Months at full speed that have as much effect as the site's time so far.

        Parameters
        ----------
        opening : of the sites, months, [row, site]; infinite never.
        until : the time, months, finite, [row].

        Returns
        -------
        [row, site], months.
        """
        total = np.zeros(opening.shape)
        first = opening.min(initial=0.0, where=np.isfinite(opening))
        for segment, (start, stop) in enumerate(pairwise([first, *self.breaks, np.inf])):
            live = np.flatnonzero(until > start)
            end = np.minimum(until[live], stop)
            gained = _between(start, end, opening[live], self.ramp[live], self.decline[live])
            total[live] += self.factors[live, segment, None] * gained
        return total


def _between(start: float, end: FloatArray, opening: FloatArray, ramp: FloatArray, decline: FloatArray) -> FloatArray:
    """Months at full speed that the time from a start to an end is worth: [row, site].

    Parameters
    ----------
    start : months.
    end : months, later, [row].
    opening : of the sites, months, [row, site].
    ramp, decline : as for `age_integral`, [row].
    """
    settled = opening + ramp[:, None] <= start
    worth = decaying(end - start, decline)[:, None]
    if decline.any():
        worth = worth * np.exp(-decline[:, None] * np.where(settled, start - opening, 0.0))
    gained: FloatArray = np.where(settled, worth, 0.0)
    row, site = np.nonzero(~settled & (opening < end[:, None]))
    own, law = opening[row, site], (ramp[row], decline[row])
    gained[row, site] = age_integral(end[row] - own, *law) - age_integral(start - own, *law)
    return gained


def course(calendar: Calendar, numbers: SiteNumbers, horizon: float) -> Course:
    """The course of the sites of a trial.

    Parameters
    ----------
    calendar : what calendar time does to every site alike.
    numbers : of every draw.
    horizon : months that it is wanted for.

    Returns
    -------
    Its rows are the draws. The season is that of the calendar month a day lies in; once the expanded-access programme
    is open, the share it diverts is gone from every site.
    """
    changes = dict(_season(calendar, horizon))
    before, access = changes.pop(0.0), calendar.expanded_access
    marks = sorted({*changes, *([access] if access is not None and access < horizon else [])})
    seasonal = [before]
    for mark in marks:
        seasonal.append(changes.get(mark, seasonal[-1]))
    diverted = numbers.diverted[:, None] * np.array([access is not None and access <= mark for mark in (0.0, *marks)])
    return Course(numbers.ramp, numbers.decline, np.array(marks), np.array(seasonal) * (1.0 - diverted))


def _season(calendar: Calendar, horizon: float) -> Iterator[tuple[float, float]]:
    """When the season changes, months, and to what factor; the first is what it is at the start."""
    day = date.fromordinal(calendar.start)
    yield 0.0, calendar.season[day.month - 1] if calendar.season else 1.0
    while calendar.season:
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        months = (day.toordinal() - calendar.start) / MONTH
        if months >= horizon:
            return
        yield months, calendar.season[day.month - 1]


def age_integral(age: FloatArray, ramp: FloatArray, decline: FloatArray) -> FloatArray:
    """Months at full speed that a site's first months are worth.

    Parameters
    ----------
    age : of the site, months; below 0 it is not open.
    ramp : months until full speed.
    decline : fall of the logarithm of the speed per month.

    Returns
    -------
    The integral of min(a / ramp, 1) exp(-decline a) over a from 0 to the age.
    """
    age = np.maximum(age, 0.0)
    if not ramp.any():
        return decaying(age, decline)
    rising = np.minimum(age, ramp)
    slow = decaying_ramp(rising, decline) / np.where(ramp > 0, ramp, 1.0)
    return slow + np.exp(-decline * ramp) * decaying(age - rising, decline)


def decaying(x: FloatArray, decline: FloatArray) -> FloatArray:
    """The integral of exp(-decline u) over u from 0 to x."""
    if not decline.any():
        return x
    z = decline * x
    flat = z == 0
    return x * np.where(flat, 1.0, -np.expm1(-z) / np.where(flat, 1.0, z))


def decaying_ramp(x: FloatArray, decline: FloatArray) -> FloatArray:
    """The integral of u exp(-decline u) over u from 0 to x."""
    if not decline.any():
        return x * x / 2
    z = decline * x
    small: NDArray[np.bool_] = np.abs(z) < SERIES_BELOW
    if small.all():
        return x * x * _near_zero(z)
    far = np.where(small, 1.0, z)
    closed = (-np.expm1(-far) - far * np.exp(-far)) / far**2
    return x * x * (np.where(small, _near_zero(np.where(small, z, 0.0)), closed) if small.any() else closed)


def _near_zero(z: FloatArray) -> FloatArray:
    """The integral of u exp(-z u) over u from 0 to 1, where z is small."""
    series, term = np.zeros(z.shape), np.ones(z.shape)
    for n in range(SERIES_TERMS):
        series += term / (n + 2)
        term *= -z / (n + 1)
    return series
