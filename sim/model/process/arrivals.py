"""When patients come to a site: a Poisson process of changing intensity, by inversion and not by steps of time.

The cumulative intensity turns months into operational time, in which the process is a plain one (Çinlar, 1975,
Introduction to Stochastic Processes): the months at which it reaches the running sums of unit exponentials are exact.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from sim.model.process.plan import Calendar, EnrolmentPlan, SiteNow
from sim.model.trial.profile import age_integral

_SERIES_BELOW = 0.01
"""Exponent below which the area under a declining ramp is summed as a series: the closed form cancels there."""

_STEPS = 60
"""Of Newton's method; bisection alone needs no more to exhaust the digits of a month."""


@final
@dataclass(frozen=True)
class Intensity:
    """Patients per month who come to one site, in stretches between the months at which something changes.

    Attributes
    ----------
    opening : when it opens, months.
    ramp : months of the linear rise from 0.
    decline : fall of its logarithm per month of age.
    edges : where the stretches begin, months, ascending; the last has no end.
    heights : patients per month at full speed and no age, by stretch.
    levels : patients expected before each stretch.
    """

    opening: float
    ramp: float
    decline: float
    edges: list[float]
    heights: list[float]
    levels: list[float]

    def cumulative(self, month: float) -> float:
        """Patients expected by a month."""
        place = bisect_right(self.edges, month) - 1
        if place < 0 or month <= self.opening:
            return 0.0
        start = max(self.edges[place] - self.opening, 0.0)
        return self.levels[place] + self._area(place, start, month - self.opening)

    def months_at(self, levels: Iterable[float]) -> Iterator[float]:
        """The months by which ascending levels of the cumulative intensity are reached; it ends where they are not."""
        for level in levels:
            place = bisect_left(self.levels, level) - 1
            age = self._age_at(place, level - self.levels[place])
            if math.isinf(age):
                return
            yield self.opening + age

    def _rises(self, place: int) -> bool:
        """Whether a stretch is on the ramp."""
        return self.edges[place] < self.opening + self.ramp

    def _area(self, place: int, start: float, end: float) -> float:
        """Patients expected between two ages of one stretch."""
        if self._rises(place):
            rising = _ramp_area(end, self.decline) - _ramp_area(start, self.decline)
            return self.heights[place] / self.ramp * rising
        return self.heights[place] * math.exp(-self.decline * start) * _plain_area(end - start, self.decline)

    def _age_at(self, place: int, level: float) -> float:
        """The age by which so many patients are expected since a stretch began; infinite where they never are."""
        start = max(self.edges[place] - self.opening, 0.0)
        last = place + 1 == len(self.edges)
        end = math.inf if last else self.edges[place + 1] - self.opening
        if self._rises(place):
            return self._age_on_ramp(place, level, start, end)
        if self.heights[place] == 0.0:
            return end
        width = level / (self.heights[place] * math.exp(-self.decline * start))
        if self.decline != 0.0:
            shrink = -self.decline * width
            width = -math.log1p(shrink) / self.decline if shrink > -1.0 else math.inf
        return min(start + width, end)

    def _age_on_ramp(self, place: int, level: float, start: float, end: float) -> float:
        """As `_age_at`, by Newton's method held inside the stretch."""
        slope, low, high = self.heights[place] / self.ramp, start, end
        age = min(math.sqrt(start**2 + 2.0 * level / slope), end)
        if self.decline == 0.0:
            return age
        for _ in range(_STEPS):
            excess = self._area(place, start, age) - level
            low, high = (low, age) if excess > 0 else (age, high)
            step = age - excess / (slope * age * math.exp(-self.decline * age))
            step = step if low <= step <= high else (low + high) / 2.0
            if abs(step - age) <= 1e-14 * high:
                break
            age = step
        return step


def intensities(plan: EnrolmentPlan) -> dict[str, Intensity]:
    """The intensity of each site that opens; patients whom another programme will draw away come, too.

    Parameters
    ----------
    plan : of the enrolment.
    """
    sites = [site for site in plan.sites if not math.isinf(site.opening)]
    if not sites:
        return {}
    months = np.array([month for month, _ in plan.calendar])
    factors = np.array([factor for _, factor in plan.calendar] or [1.0])
    opening = np.array([[site.opening] for site in sites], dtype=np.float64)
    rate = plan.shared * np.array([[site.rate] for site in sites])
    changes = np.broadcast_to(months, (len(sites), len(months)))
    edges = np.sort(np.concatenate([opening, opening + plan.ramp, changes], axis=1), axis=1)
    heights = rate * factors[np.maximum(np.searchsorted(months, edges, side="right") - 1, 0)]
    worth = age_integral(edges - opening, np.full_like(opening, plan.ramp), np.full_like(opening, plan.decline))
    levels = np.cumsum(heights[:, :-1] * np.diff(worth, axis=1), axis=1)
    levels = np.concatenate([np.zeros_like(opening), levels], axis=1)
    rows = zip(sites, edges.tolist(), heights.tolist(), levels.tolist(), strict=True)
    return {site.name: _intensity(plan, site, *row) for site, *row in rows}


def changed_from(calendar: Calendar, month: float, factor: float) -> Calendar:
    """A calendar whose factors are multiplied by another from a month on.

    Parameters
    ----------
    calendar : as in `EnrolmentPlan`.
    month : from which the factor holds.
    factor : that multiplies.
    """
    calendar = calendar or ((0.0, 1.0),)
    before = tuple(step for step in calendar if step[0] < month) or ((-math.inf, calendar[0][1]),)
    after = tuple((start, height * factor) for start, height in calendar if start >= month)
    return (*before, (month, before[-1][1] * factor), *after)


def _intensity(
    plan: EnrolmentPlan, site: SiteNow, edges: list[float], heights: list[float], levels: list[float]
) -> Intensity:
    return Intensity(site.opening, plan.ramp, plan.decline, edges, heights, levels)


def _plain_area(width: float, decline: float) -> float:
    """Area under exp(−decline·age) from 0 to a width, months."""
    return width if decline == 0.0 else -math.expm1(-decline * width) / decline


def _ramp_area(age: float, decline: float) -> float:
    """Area under age·exp(−decline·age) from 0 to an age, months²."""
    x = decline * age
    if abs(x) < _SERIES_BELOW:
        return age**2 * (1 / 2 - x / 3 + x**2 / 8 - x**3 / 30 + x**4 / 144)
    return (1.0 - math.exp(-x) * (1.0 + x)) / decline**2
