"""Sites and countries that may enrol so many patients and no more.

Under caps the trial as a whole is no Poisson process, though every site is one until it is full: so each site's
patients are drawn by numbers of its own, the first of them up to its cap are kept, then the first of each country.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.draws.streams import FloatArray
from sim.model.trial.intensity import Intensity, intensity
from sim.model.trial.plan import SitePlan, TrialStreams
from sim.model.trial.profile import Course
from sim.model.trial.sites import Sites

_AT_ONCE = 2_000_000
"""Numbers that a step of the work holds in memory together."""

_FEW = 8
"""Patients of a site that are tried first; twice as many while that is too few."""


def is_capped(plan: SitePlan) -> bool:
    """Whether any site or country has a cap."""
    return plan.cap is not None or bool(plan.country_caps)


def capped_arrivals(
    plan: SitePlan,
    sites: Sites,
    course: Course,
    date: FloatArray,
    count: int,
    streams: TrialStreams,
    horizon: float,
) -> tuple[FloatArray, FloatArray]:
    """The next patients of a trial with caps.

    Parameters
    ----------
    plan, sites, course : of the trial; patients already enrolled have taken their places.
    date : after which they arrive, months, [draw]; minus infinity is from the beginning.
    count : how many of them.
    streams : of the same draws.
    horizon : months; nothing arrives after it.

    Returns
    -------
    Their times in order, months, [draw, patient], infinite where they never come; and how many of them each site
    enrols, [draw, site].
    """
    draws, names = sites.opening.shape
    most = count if plan.cap is None else min(count, plan.cap)
    expected = sites.weight * (
        course.exposure(sites.opening, np.full(draws, horizon)) - course.exposure(sites.opening, date)
    )
    level = _levels(plan.names, expected, most, streams)
    times, enrolled = np.full((draws, count), np.inf), np.zeros((draws, names))
    for block in _blocks(sites, course, level.shape[2]):
        law = _each_site(sites.rows(block), course.rows(block), horizon)
        due = level[block].reshape(-1, level.shape[2]) + law.cumulative(np.repeat(date[block], names)[:, None])
        arrivals = _admitted(plan, law.invert(due).reshape(-1, names, level.shape[2]), sites.enrolled[block])
        ordered = np.sort(arrivals.reshape(len(arrivals), -1), axis=1)[:, :count]
        times[block, : ordered.shape[1]] = ordered
        came = np.isfinite(arrivals) & (arrivals <= times[block, -1:, None])
        enrolled[block] = came.sum(axis=2)
    return times, enrolled


def _levels(names: tuple[str, ...], expected: FloatArray, most: int, streams: TrialStreams) -> FloatArray:
    """Operational times of each site's patients, as many as any site may have by the horizon: [draw, site, patient].

    Parameters
    ----------
    names : of the sites, which name their streams.
    expected : operational time of each site up to the horizon, [draw, site].
    most : patients that are enough of any site.
    """
    count = min(_FEW, most)
    while True:
        gaps = [-np.log(streams.numbered(f"accrual[{name}]", count)) for name in names]
        level = np.cumsum(np.stack(gaps, axis=1), axis=2)
        if count >= most or (level[:, :, -1] > expected).all():
            return level
        count = min(2 * count, most)


def _admitted(plan: SitePlan, arrivals: FloatArray, enrolled: FloatArray) -> FloatArray:
    """Arrivals that sites and countries have places for, the others infinite: months, [draw, site, patient].

    Parameters
    ----------
    arrivals : at each site in order, months, [draw, site, patient].
    enrolled : who have taken places before, [draw, site].
    """
    if plan.cap is not None:
        place = np.arange(arrivals.shape[2])
        arrivals = np.where(place < plan.cap - enrolled[:, :, None], arrivals, np.inf)
    for country, cap in (plan.country_caps or {}).items():
        within = _within(plan, country)
        arrivals[:, within] = _first(arrivals[:, within], cap - enrolled[:, within].sum(axis=1))
    return arrivals


def _within(plan: SitePlan, country: str) -> NDArray[np.bool_]:
    """Which sites lie in a country: [site]."""
    return np.array([name == country for name in plan.countries])


def _each_site(sites: Sites, course: Course, horizon: float) -> Intensity:
    """The intensity of every site by itself: its rows are the sites of the first draw, then of the second."""
    opening, weight = sites.opening.reshape(-1, 1), sites.weight.reshape(-1, 1)
    return intensity(opening, weight, course.repeated(sites.opening.shape[1]), horizon)


def _blocks(sites: Sites, course: Course, patients: int) -> Iterator[slice]:
    """Neighbouring draws whose sites and patients fit into memory together."""
    draws, names = sites.opening.shape
    size = max(1, _AT_ONCE // max(names * (patients + course.factors.shape[1]), 1))
    yield from (slice(start, start + size) for start in range(0, draws, size))


def _first(arrivals: FloatArray, places: FloatArray) -> FloatArray:
    """The first arrivals as far as there are places, the others infinite: [draw, site, patient]."""
    draws = len(arrivals)
    ordered = np.sort(arrivals.reshape(draws, -1), axis=1)
    padded = np.concatenate([np.full((draws, 1), -np.inf), ordered], axis=1)
    place = np.clip(places, 0, ordered.shape[1]).astype(np.int64)
    last = np.take_along_axis(padded, place[:, None], 1)
    return np.where(arrivals <= last[:, :, None], arrivals, np.inf)


def closings(plan: SitePlan, sites: Sites, course: Course, date: FloatArray, horizon: float) -> FloatArray:
    """When the sites are full without chance, each enrolling as many as is expected: months, [draw, site].

    Parameters
    ----------
    plan, sites, course : of the trial; patients already enrolled have taken their places.
    date : from which places are counted, months, [draw]; minus infinity is from the beginning.
    horizon : months.
    """
    draws, names = sites.opening.shape
    closing = np.full((draws, names), np.inf)
    for block in _blocks(sites, course, 1) if plan.cap is not None else ():
        own = _each_site(sites.rows(block), course.rows(block), horizon)
        left = ((plan.cap or 0) - sites.enrolled[block]).reshape(-1, 1)
        closing[block] = _full(own, left, np.repeat(date[block], names)).reshape(-1, names)
    for country, cap in (plan.country_caps or {}).items():
        within = _within(plan, country)
        together = intensity(sites.opening[:, within], sites.weight[:, within], course, horizon, closing[:, within])
        left = cap - sites.enrolled[:, within].sum(axis=1, keepdims=True)
        closing[:, within] = np.minimum(closing[:, within], _full(together, left, date))
    return closing


def _full(law: Intensity, left: FloatArray, date: FloatArray) -> FloatArray:
    """When so many places are taken from a date on: months, [row, 1]; the date itself where none are left."""
    taken = law.invert(law.cumulative(date[:, None]) + np.maximum(left, 0.0))
    return np.where(left > 0, taken, date[:, None])
